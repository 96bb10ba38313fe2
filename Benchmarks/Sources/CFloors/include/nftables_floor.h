#pragma once
#include <stdint.h>

// libnftables with nothing around it: what the kernel and the library take by themselves.
typedef struct nft_floor nft_floor;

// NULL when the library cannot be opened.
nft_floor *nft_floor_open(void);
void nft_floor_close(nft_floor *floor);

// Runs nft commands as one transaction; 0 when they were taken.
int nft_floor_run(nft_floor *floor, const char *commands);

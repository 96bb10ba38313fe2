#pragma once
#include <stdint.h>

#include "nftables_floor.h"
#include "full_floor.h"
#include "index_floor.h"

// Reads a capture file with pcap_loop and an empty callback; the number of packets, or -1.
int64_t floor_pcap_loop(const char *path);

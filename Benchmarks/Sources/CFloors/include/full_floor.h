#pragma once
#include <stddef.h>
#include <stdint.h>

// The plainest detector there is: pcap_next_ex, Ethernet, IPv4, TCP and UDP, the name of a DNS query, of a
// ClientHello in one segment and of an HTTP request, and look-ups of both addresses and of the name with its
// parents. No flows, no reassembly, no IPv6, no fingerprint; its tables keep hashes of names only.
struct full_floor;

struct full_floor_hits {
  uint64_t addresses, names;
};

// Room for so many addresses and names; NULL without memory.
struct full_floor *full_floor_make(size_t addresses, size_t names);
void full_floor_free(struct full_floor *floor);

void full_floor_add_address(struct full_floor *floor, uint32_t address);
void full_floor_add_name(struct full_floor *floor, const uint8_t *name, size_t length);

// Packets of the capture file that have a listed address, and that have a listed name. The number of packets,
// or -1 when the file cannot be read.
int64_t full_floor_run(const struct full_floor *floor, const char *path, struct full_floor_hits *hits);

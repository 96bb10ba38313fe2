#pragma once
#include <stdint.h>

// Reads a capture file with pcap_loop and an empty callback; the number of packets, or -1.
int64_t floor_pcap_loop(const char *path);

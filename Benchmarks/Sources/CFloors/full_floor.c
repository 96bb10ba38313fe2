// For memmem.
#define _GNU_SOURCE
#include "full_floor.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

// In front of each table a bitmap of 2^24 bits, which answers most misses.
enum { filter_bits = 24 };

struct full_floor {
  size_t address_mask, name_mask;
  uint32_t *addresses;
  uint64_t *names;
  uint8_t *address_filter, *name_filter;
};

static size_t table_size(size_t count) {
  size_t size = 1024;
  while (size < count * 2) size *= 2;
  return size;
}

struct full_floor *full_floor_make(size_t addresses, size_t names) {
  struct full_floor *floor = calloc(1, sizeof *floor);
  if (floor == NULL) return NULL;
  floor->address_mask = table_size(addresses) - 1;
  floor->name_mask = table_size(names) - 1;
  floor->addresses = calloc(floor->address_mask + 1, sizeof *floor->addresses);
  floor->names = calloc(floor->name_mask + 1, sizeof *floor->names);
  floor->address_filter = calloc(1, (size_t)1 << (filter_bits - 3));
  floor->name_filter = calloc(1, (size_t)1 << (filter_bits - 3));
  if (floor->addresses && floor->names && floor->address_filter && floor->name_filter) return floor;
  full_floor_free(floor);
  return NULL;
}

void full_floor_free(struct full_floor *floor) {
  free(floor->addresses);
  free(floor->names);
  free(floor->address_filter);
  free(floor->name_filter);
  free(floor);
}

static int may_hold(const uint8_t *filter, uint64_t place) { return filter[place >> 3] >> (place & 7) & 1; }

static uint32_t address_hash(uint32_t address) { return (uint32_t)(address * 0x9E3779B97F4A7C15u >> 32); }

static uint64_t step(uint64_t hash, uint8_t byte) { return (hash ^ byte) * 0x100000001B3u; }

// Never 0, which marks an empty slot.
static uint64_t finish(uint64_t hash) {
  hash ^= hash >> 32;
  hash *= 0xD6E8FEB86659FD93u;
  return (hash ^ hash >> 32) | 1;
}

static const uint64_t start_of_name = 0xCBF29CE484222325u;

void full_floor_add_address(struct full_floor *floor, uint32_t address) {
  uint32_t hash = address_hash(address);
  uint32_t place = hash & ((1u << filter_bits) - 1);
  floor->address_filter[place >> 3] |= (uint8_t)(1 << (place & 7));
  size_t slot = hash & floor->address_mask;
  while (floor->addresses[slot] != 0) slot = (slot + 1) & floor->address_mask;
  floor->addresses[slot] = address;
}

void full_floor_add_name(struct full_floor *floor, const uint8_t *name, size_t length) {
  uint64_t hash = start_of_name;
  for (size_t index = length; index > 0; --index) hash = step(hash, name[index - 1]);
  hash = finish(hash);
  uint64_t place = hash >> (64 - filter_bits);
  floor->name_filter[place >> 3] |= (uint8_t)(1 << (place & 7));
  size_t slot = (hash >> 8) & floor->name_mask;
  while (floor->names[slot] != 0) slot = (slot + 1) & floor->name_mask;
  floor->names[slot] = hash;
}

static int holds_address(const struct full_floor *floor, uint32_t address) {
  uint32_t hash = address_hash(address);
  if (!may_hold(floor->address_filter, hash & ((1u << filter_bits) - 1))) return 0;
  for (size_t slot = hash & floor->address_mask; floor->addresses[slot] != 0;
       slot = (slot + 1) & floor->address_mask)
    if (floor->addresses[slot] == address) return 1;
  return 0;
}

static int holds_hash(const struct full_floor *floor, uint64_t hash) {
  hash = finish(hash);
  if (!may_hold(floor->name_filter, hash >> (64 - filter_bits))) return 0;
  for (size_t slot = (hash >> 8) & floor->name_mask; floor->names[slot] != 0;
       slot = (slot + 1) & floor->name_mask)
    if (floor->names[slot] == hash) return 1;
  return 0;
}

// From the end of the name, so that the hash of each parent is an intermediate state.
static int holds_name(const struct full_floor *floor, const uint8_t *name, size_t length) {
  uint64_t hash = start_of_name;
  for (size_t index = length; index > 0; --index) {
    uint8_t byte = name[index - 1];
    if (byte - 'A' < 26u) byte |= 32;
    if (byte == '.' && holds_hash(floor, hash)) return 1;
    hash = step(hash, byte);
  }
  return holds_hash(floor, hash);
}

static uint32_t big16(const uint8_t *bytes) { return (uint32_t)bytes[0] << 8 | bytes[1]; }
static uint32_t big32(const uint8_t *bytes) { return big16(bytes) << 16 | big16(bytes + 2); }

static int dns_query(const struct full_floor *floor, const uint8_t *message, size_t length) {
  if (length < 17 || big16(message + 4) != 1 || message[2] & 0x80) return 0;
  uint8_t name[256];
  size_t used = 0, offset = 12;
  while (offset < length && message[offset] != 0) {
    size_t label = message[offset++];
    if (label > 63 || offset + label > length || used + label + 1 > 255) return 0;
    if (used > 0) name[used++] = '.';
    memcpy(name + used, message + offset, label);
    used += label;
    offset += label;
  }
  return holds_name(floor, name, used);
}

static int client_hello(const struct full_floor *floor, const uint8_t *record, size_t length) {
  if (length < 48 || record[0] != 0x16 || record[5] != 1) return 0;
  size_t offset = 43;
  offset += 1 + (size_t)record[offset];
  if (offset + 2 > length) return 0;
  offset += 2 + big16(record + offset);
  if (offset + 1 > length) return 0;
  offset += 1 + (size_t)record[offset];
  if (offset + 2 > length) return 0;
  size_t end = offset + 2 + big16(record + offset);
  offset += 2;
  if (end > length) end = length;
  while (offset + 4 <= end) {
    uint32_t type = big16(record + offset), size = big16(record + offset + 2);
    offset += 4;
    if (type == 0 && size > 5 && offset + size <= end) {
      uint32_t name = big16(record + offset + 3);
      return name <= size - 5 && holds_name(floor, record + offset + 5, name);
    }
    offset += size;
  }
  return 0;
}

static int http_request(const struct full_floor *floor, const uint8_t *bytes, size_t length) {
  if (length < 16 || memchr("GPHDO", bytes[0], 5) == NULL) return 0;
  const uint8_t *host = memmem(bytes, length, "\r\nHost:", 7);
  if (host == NULL) host = memmem(bytes, length, "\r\nhost:", 7);
  if (host == NULL) return 0;
  const uint8_t *end = bytes + length;
  host += 7;
  while (host < end && *host == ' ') ++host;
  const uint8_t *stop = host;
  while (stop < end && *stop != '\r' && *stop != ':') ++stop;
  return holds_name(floor, host, (size_t)(stop - host));
}

static void packet(const struct full_floor *floor, const uint8_t *frame, size_t length,
                   struct full_floor_hits *hits) {
  if (length < 34) return;
  size_t offset = 14;
  uint32_t type = big16(frame + 12);
  while (type == 0x8100 && length > offset + 4) {
    type = big16(frame + offset + 2);
    offset += 4;
  }
  const uint8_t *ip = frame + offset;
  if (type != 0x0800 || length < offset + 20 || ip[0] >> 4 != 4) return;
  size_t header = (size_t)(ip[0] & 15) * 4, total = big16(ip + 2);
  if (total > length - offset) total = length - offset;
  if (header < 20 || total < header) return;
  hits->addresses +=
      (uint64_t)(holds_address(floor, big32(ip + 12)) | holds_address(floor, big32(ip + 16)));
  const uint8_t *segment = ip + header;
  size_t left = total - header;
  if (ip[9] == 6 && left >= 20) {
    size_t data = (size_t)(segment[12] >> 4) * 4;
    if (data < 20 || data >= left) return;
    const uint8_t *payload = segment + data;
    hits->names += (uint64_t)(payload[0] == 0x16 ? client_hello(floor, payload, left - data)
                                                 : http_request(floor, payload, left - data));
  } else if (ip[9] == 17 && left >= 8 && big16(segment + 2) == 53) {
    hits->names += (uint64_t)dns_query(floor, segment + 8, left - 8);
  }
}

int64_t full_floor_run(const struct full_floor *floor, const char *path, struct full_floor_hits *hits) {
  char text[PCAP_ERRBUF_SIZE];
  pcap_t *pcap = pcap_open_offline(path, text);
  if (pcap == NULL) return -1;
  *hits = (struct full_floor_hits){0, 0};
  int64_t packets = 0;
  struct pcap_pkthdr *header;
  const u_char *frame;
  int status;
  while ((status = pcap_next_ex(pcap, &header, &frame)) == 1) {
    packet(floor, frame, header->caplen, hits);
    ++packets;
  }
  pcap_close(pcap);
  return status == PCAP_ERROR_BREAK ? packets : -1;
}

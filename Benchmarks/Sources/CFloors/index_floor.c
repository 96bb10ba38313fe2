#include "index_floor.h"

#include <stdlib.h>

struct index_floor {
  size_t mask;
  uint64_t slots[];
};

struct index_floor *index_floor_make(size_t count) {
  size_t size = 64;
  while (size < count * 2) size *= 2;
  struct index_floor *floor = calloc(1, sizeof *floor + size * sizeof(uint64_t));
  if (floor != NULL) floor->mask = size - 1;
  return floor;
}

void index_floor_free(struct index_floor *floor) { free(floor); }

static uint64_t step(uint64_t hash, uint8_t byte) { return (hash ^ byte) * 0x100000001B3u; }

// Never 0, which marks an empty slot.
static uint64_t finish(uint64_t hash) {
  hash ^= hash >> 32;
  hash *= 0xD6E8FEB86659FD93u;
  return (hash ^ hash >> 32) | 1;
}

static uint64_t address_hash(uint32_t address) { return finish((address + 1) * 0x9E3779B97F4A7C15u); }

static void add(struct index_floor *floor, uint64_t hash) {
  size_t position = (hash >> 1) & floor->mask;
  while (floor->slots[position] != 0) position = (position + 1) & floor->mask;
  floor->slots[position] = hash;
}

static int holds(const struct index_floor *floor, uint64_t hash) {
  size_t position = (hash >> 1) & floor->mask;
  while (floor->slots[position] != 0) {
    if (floor->slots[position] == hash) return 1;
    position = (position + 1) & floor->mask;
  }
  return 0;
}

void index_floor_add_name(struct index_floor *floor, const uint8_t *name, size_t length) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (size_t index = length; index > 0; --index) hash = step(hash, name[index - 1]);
  add(floor, finish(hash));
}

void index_floor_add_address(struct index_floor *floor, uint32_t address) {
  add(floor, address_hash(address));
}

size_t index_floor_names(const struct index_floor *floor, const uint8_t *text, const uint32_t *ends,
                         size_t count) {
  size_t found = 0;
  uint32_t start = 0;
  for (size_t number = 0; number < count; ++number) {
    uint64_t hash = 0xCBF29CE484222325u;
    int labels = 0, hit = 0;
    for (uint32_t index = ends[number]; index > start; --index) {
      uint8_t byte = text[index - 1];
      if (byte == '.' && labels++ > 0) hit |= holds(floor, finish(hash));
      hash = step(hash, byte);
    }
    hit |= holds(floor, finish(hash));
    found += (size_t)hit;
    start = ends[number];
  }
  return found;
}

size_t index_floor_addresses(const struct index_floor *floor, const uint32_t *addresses, size_t count) {
  size_t found = 0;
  for (size_t index = 0; index < count; ++index)
    found += (size_t)holds(floor, address_hash(addresses[index]));
  return found;
}

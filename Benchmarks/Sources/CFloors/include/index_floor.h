#pragma once
#include <stddef.h>
#include <stdint.h>

// The plainest look-up there is: one open-addressed table of 64-bit hashes, a quarter to half full. It
// compares hashes only, so it can be wrong; it says what a probe of a table of this size costs.
struct index_floor;

// Room for `count` entries; NULL without memory.
struct index_floor *index_floor_make(size_t count);
void index_floor_free(struct index_floor *floor);

void index_floor_add_name(struct index_floor *floor, const uint8_t *name, size_t length);
void index_floor_add_address(struct index_floor *floor, uint32_t address);

// Looks up names that stand one after the other, the n-th from ends[n - 1] to ends[n], each with its
// parents of two labels and more. The number of names found.
size_t index_floor_names(const struct index_floor *floor, const uint8_t *text, const uint32_t *ends,
                         size_t count);
size_t index_floor_addresses(const struct index_floor *floor, const uint32_t *addresses, size_t count);

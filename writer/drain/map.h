#ifndef DWELL_DRAIN_MAP_H
#define DWELL_DRAIN_MAP_H

#include <stddef.h>
#include <stdint.h>

/* Pairs of 64-bit numbers to 32-bit ones that are not 0. All zero: empty. */
struct dwell_map {
	struct dwell_map_entry {
		uint64_t a, b;
		uint32_t value; /* 0: free */
	} * entries;
	size_t size; /* a power of two, or 0 */
	size_t used;
};

void dwell_map_release(struct dwell_map *map);

/* 0: not there. */
uint32_t dwell_map_get(const struct dwell_map *map, uint64_t a, uint64_t b);

/* Set, also anew. Returns 0 or DWELL_ENOMEM. */
int dwell_map_set(struct dwell_map *map, uint64_t a, uint64_t b, uint32_t value);

void dwell_map_remove(struct dwell_map *map, uint64_t a, uint64_t b);

#endif

#ifndef DWELL_GO_MAP_H
#define DWELL_GO_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Two small tables for the importer of Go traces. Both start zeroed, grow by
 * themselves, and are hashed with a fixed seed: a hostile file can make them
 * slow only as far as its own length pays for it, as every insert costs it bytes.
 */

/* From any 64-bit number to an index. */
struct go_map {
	uint32_t *dense; /* values of the small keys: goroutines are numbered from 1 on */
	size_t dense_size;
	uint64_t *key;
	uint32_t *value; /* UINT32_MAX: free */
	size_t capacity, used;
};

/* False when there is no memory. A key that is there gets the new value. */
bool go_map_put(struct go_map *map, uint64_t key, uint32_t value);
uint32_t go_map_get_far(const struct go_map *map, uint64_t key);

/* UINT32_MAX when it is not there. */
static inline uint32_t go_map_get(const struct go_map *map, uint64_t key)
{
	return key < map->dense_size ? map->dense[key] : go_map_get_far(map, key);
}
void go_map_remove(struct go_map *map, uint64_t key);
/* Empty it but keep its memory. */
void go_map_clear(struct go_map *map);
void go_map_release(struct go_map *map);

/* From byte strings to ids 1, 2, 3, ... in order of arrival. */
struct go_intern {
	uint64_t *hash;
	uint32_t *id; /* 0: free */
	size_t capacity;
	uint32_t count;
	size_t *start; /* of key i in bytes; start[count] is its end */
	size_t start_capacity;
	uint8_t *bytes;
	size_t bytes_capacity;
};

/* The id of a key; *fresh says whether it is new. 0 when there is no memory. */
uint32_t go_intern(struct go_intern *intern, const void *key, size_t size, bool *fresh);
void go_intern_release(struct go_intern *intern);

#endif

#ifndef DWELL_IMPORT_INTERN_H
#define DWELL_IMPORT_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts to numbers, from 1 in the order in which they come. All zero is empty. */
struct import_text {
	char *at;
	size_t size;
	uint64_t hash;
};

struct import_intern {
	struct import_text *texts; /* number - 1 */
	uint32_t count, room;
	uint32_t *slots;
	size_t slot_count;
};

/* The number of a text, kept where it is new; 0: no memory, or more than `limit` texts. */
uint32_t import_intern(
	struct import_intern *intern, const void *at, size_t size, uint32_t limit, bool *fresh);
void import_intern_release(struct import_intern *intern);

/* Keys of 64 bits to values that are not 0. All zero is empty. */
struct import_map {
	uint64_t *keys, *values; /* value 0: free */
	size_t count, room;
};

/* 0: not there. */
uint64_t import_map_get(const struct import_map *map, uint64_t key);
/* DWELL_ENOMEM. */
int import_map_put(struct import_map *map, uint64_t key, uint64_t value);
/* Takes a key's value out; 0: not there. */
uint64_t import_map_take(struct import_map *map, uint64_t key);
void import_map_release(struct import_map *map);

uint64_t import_hash(const void *at, size_t size, uint64_t seed);

#endif

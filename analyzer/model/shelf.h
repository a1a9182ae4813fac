#ifndef DWELL_MODEL_SHELF_H
#define DWELL_MODEL_SHELF_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/error.h"

/* Things of one size in the order in which they were told, and found by a key. All zero but for
 * `item` is empty. */
struct shelf {
	unsigned char *at;
	size_t count, cap, item;
	/* The key of each, and room for `order` behind all of them. */
	uint32_t *key_of;
	/* Key k's are order[first[k] .. first[k + 1]), in the order of telling. While things are
	 * told it counts them, two places on. */
	uint32_t *order, *first;
	size_t first_cap;
	uint32_t keys;
};

/* 0 or DWELL_ENOMEM: room for more things; for the key. */
int shelf_grow(struct shelf *shelf);
int shelf_meet(struct shelf *shelf, uint32_t key);

/* Room for one more of the key, to be filled; NULL: no memory, or *err says that it is too much. */
static inline void *shelf_add(struct shelf *shelf, uint32_t key, size_t limit, int *err)
{
	*err = shelf->count < limit ? DWELL_ENOMEM : DWELL_ELIMIT;
	if (shelf->count >= limit || (shelf->count == shelf->cap && shelf_grow(shelf)) ||
		((size_t)key + 3 > shelf->first_cap && shelf_meet(shelf, key)))
		return NULL;
	*err = DWELL_OK;
	shelf->first[key + 2]++;
	if (key >= shelf->keys)
		shelf->keys = key + 1;
	shelf->key_of[shelf->count] = key;
	return shelf->at + shelf->count++ * shelf->item;
}

/* All was told: put in order by keys. */
void shelf_index(struct shelf *shelf);

/* Empty again, with its memory. */
void shelf_clear(struct shelf *shelf);
void shelf_release(struct shelf *shelf);

static inline size_t shelf_count(const struct shelf *shelf, uint32_t key)
{
	return key < shelf->keys ? shelf->first[key + 1] - shelf->first[key] : 0;
}

static inline const void *shelf_get(const struct shelf *shelf, uint32_t key, size_t i)
{
	return shelf->at + shelf->order[shelf->first[key] + i] * shelf->item;
}

/* Things that begin with their start and end: the first of the key's that ends after a time. */
size_t shelf_find(const struct shelf *shelf, uint32_t key, uint64_t time_ns);

#endif

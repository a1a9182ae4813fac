#ifndef DWELL_SHAPES_H
#define DWELL_SHAPES_H

#include <string.h>

#include "src/rows.h"

/* The dictionary of shapes of a chunk that is being written. */
enum {
	SHAPES_MAX = 256,
	SHAPES_STREAMS = 8, /* of times, told apart by kind */
	SHAPES_SLOTS = 1024,
	SHAPES_HASH_SHIFT = 64 - 10,
	/* Of a key. */
	SHAPES_MODES_SHIFT = 32,
	SHAPES_EXECUTOR_BITS = 11
};

struct shapes {
	struct rows_shape list[SHAPES_MAX];
	unsigned count;
	struct shapes_slot {
		uint64_t key; /* 0: free */
		uint32_t number;
	} slots[SHAPES_SLOTS];
};

void dwell_shapes_clear(struct shapes *shapes);

/* What a shape's number is found by: what it has of a row, modes, executor; never 0. Of this
 * machine, not of the file. */
static inline uint64_t dwell_shapes_key(
	const struct dwell_event *row, uint64_t modes, uint32_t executor)
{
	uint32_t word;

	memcpy(&word, &row->kind, sizeof(word)); /* kind, state, reason, flags */
	return word | modes << SHAPES_MODES_SHIFT |
	       (uint64_t)executor << (64 - SHAPES_EXECUTOR_BITS);
}

static inline size_t dwell_shapes_slot(uint64_t key)
{
	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> SHAPES_HASH_SHIFT);
}

/* The number of a shape, a new one if it must be; -1: there is no room for a new one. */
int dwell_shapes_find(
	struct shapes *shapes, const struct dwell_event *row, uint64_t modes, uint32_t executor);

/* Modes of all fields in one number, three bits each. */
static inline uint64_t dwell_shapes_mode(unsigned field, unsigned mode)
{
	return (uint64_t)mode << (3 * field);
}

#endif

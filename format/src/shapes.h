#ifndef DWELL_SHAPES_H
#define DWELL_SHAPES_H

#include "src/rows.h"

/* The dictionary of shapes of a chunk that is being written. */
enum { SHAPES_MAX = 256, SHAPES_SLOTS = 1024 };

struct shapes {
	struct rows_shape list[SHAPES_MAX];
	unsigned count;
	uint64_t keys[SHAPES_MAX];
	uint16_t slots[SHAPES_SLOTS]; /* number + 1 */
};

void dwell_shapes_clear(struct shapes *shapes);

/* The number of a shape, a new one if it must be; -1: there is no room for a new one. */
int dwell_shapes_find(
	struct shapes *shapes, const struct dwell_event *row, uint64_t modes, uint32_t executor);

/* Modes of all fields in one number, three bits each. */
static inline uint64_t dwell_shapes_mode(unsigned field, unsigned mode)
{
	return (uint64_t)mode << (3 * field);
}

#endif

#include "src/shapes.h"

#include <string.h>

enum { MODE_BITS = 3, EXECUTOR_BITS = 11, HASH_SHIFT = 64 - 10 };

void dwell_shapes_clear(struct shapes *shapes)
{
	shapes->count = 0;
	memset(shapes->slots, 0, sizeof(shapes->slots));
}

/* Rows of one stream have times alike. */
static uint8_t stream_of(const struct rows_shape *shape)
{
	switch (shape->kind) {
	case DWELL_EVENT_WAKE:
		return 0;
	case DWELL_EVENT_SWITCH:
		if (shape->mode[ROWS_TASK] == WIRE_ZERO)
			return 1;
		if (shape->state == DWELL_RUNNABLE)
			return 2;
		return shape->mode[ROWS_PEER] == WIRE_ZERO ? 4 : 3;
	case DWELL_EVENT_WAIT_BEGIN:
		return 5;
	case DWELL_EVENT_WAIT_END:
		return 6;
	default:
		return 7;
	}
}

static int add(
	struct shapes *shapes, const struct dwell_event *row, uint64_t modes, uint32_t executor)
{
	struct rows_shape *shape = &shapes->list[shapes->count];

	*shape = (struct rows_shape){
		.kind = row->kind,
		.state = row->state,
		.reason = row->reason,
		.flags = row->flags,
		.executor = executor,
	};
	for (unsigned i = 0; i < WIRE_FIELDS; i++)
		shape->mode[i] = (uint8_t)(modes >> (MODE_BITS * i) & ((1 << MODE_BITS) - 1));
	shape->stream = stream_of(shape);
	return (int)shapes->count++;
}

int dwell_shapes_find(
	struct shapes *shapes, const struct dwell_event *row, uint64_t modes, uint32_t executor)
{
	const uint64_t key = (uint64_t)row->kind | (uint64_t)row->state << 8 |
			     (uint64_t)row->reason << 16 | (uint64_t)row->flags << 24 |
			     modes << 32 | (uint64_t)executor << (64 - EXECUTOR_BITS);
	size_t slot = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> HASH_SHIFT);

	while (shapes->slots[slot]) {
		const unsigned i = shapes->slots[slot] - 1u;

		if (shapes->keys[i] == key)
			return (int)i;
		slot = (slot + 1) % SHAPES_SLOTS;
	}
	if (shapes->count == SHAPES_MAX)
		return -1;
	shapes->keys[shapes->count] = key;
	shapes->slots[slot] = (uint16_t)(shapes->count + 1);
	return add(shapes, row, modes, executor);
}

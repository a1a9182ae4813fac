#include "src/shapes.h"

#include <string.h>

enum { MODE_BITS = 3 };

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
	const uint64_t key = dwell_shapes_key(row, modes, executor);
	size_t slot = dwell_shapes_slot(key);

	while (shapes->slots[slot].key) {
		if (shapes->slots[slot].key == key)
			return (int)shapes->slots[slot].number;
		slot = (slot + 1) % SHAPES_SLOTS;
	}
	if (shapes->count == SHAPES_MAX)
		return -1;
	shapes->slots[slot].key = key;
	shapes->slots[slot].number = shapes->count;
	return add(shapes, row, modes, executor);
}

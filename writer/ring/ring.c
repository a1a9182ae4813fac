#include "first.h"

bool dwell_ring_put2(struct dwell_writer *writer, uint64_t time, unsigned kind, uint64_t a,
	uint64_t x1, uint64_t y1)
{
	struct dwell_place place;

	if (!dwell_ring_reserve(writer, 2, time, &place))
		return false;
	dwell_ring_tail(&place, 1, x1, y1);
	dwell_ring_commit(&place, time, kind, 1, a);
	return true;
}

bool dwell_ring_put3(struct dwell_writer *writer, uint64_t time, unsigned kind, uint64_t a,
	uint64_t x1, uint64_t y1, uint64_t x2, uint64_t y2)
{
	struct dwell_place place;

	if (!dwell_ring_reserve(writer, 3, time, &place))
		return false;
	dwell_ring_tail(&place, 1, x1, y1);
	dwell_ring_tail(&place, 2, x2, y2);
	dwell_ring_commit(&place, time, kind, 2, a);
	return true;
}

uint64_t dwell_ring_refresh(struct dwell_writer *writer)
{
	uint64_t head = atomic_load_explicit(&writer->line->head, memory_order_relaxed);
	uint64_t size = atomic_load_explicit(&writer->mask, memory_order_relaxed) + 1;
	uint64_t index = head >> DWELL_RING_INDEX_SHIFT;
	uint64_t position = head & DWELL_RING_POSITION;
	uint64_t tail;

	if (writer->flight) {
		atomic_store_explicit(&writer->limit, UINT64_MAX, memory_order_relaxed);
		return size;
	}
	/* Acquire: the reader is done with the slots before it. */
	tail = atomic_load_explicit(
		&writer->tail->position[index % DWELL_RING_CHAIN], memory_order_acquire);
	/* A tail that cannot be right (a reader gone mad) frees nothing. */
	if (tail > position || position - tail > size)
		return 0;
	atomic_store_explicit(&writer->limit, index << DWELL_RING_INDEX_SHIFT | (tail + size),
		memory_order_relaxed);
	return size - (position - tail);
}

/*
 * Whatever handlers did meanwhile, they have moved the head back to where they found it, or found
 * room behind this slot, or left the ring.
 */
bool dwell_ring_take_back(struct dwell_writer *writer, uint64_t head, struct dwell_place *place)
{
	uint64_t limit;

	DWELL_TESTPOINT("head too far");
	if (dwell_head_move(&writer->line->head, head + 1, head))
		return false;
	limit = atomic_load_explicit(&writer->limit, memory_order_relaxed);
	*place = (struct dwell_place){
		.slots = atomic_load_explicit(&writer->slots, memory_order_relaxed),
		.mask = atomic_load_explicit(&writer->mask, memory_order_relaxed),
		.position = head & DWELL_RING_POSITION,
	};
	return head < limit && head >> DWELL_RING_INDEX_SHIFT == limit >> DWELL_RING_INDEX_SHIFT;
}

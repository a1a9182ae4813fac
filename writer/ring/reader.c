#include "reader.h"

enum dwell_ring_found dwell_ring_next(struct dwell_ring_reader *reader, struct dwell_record *out)
{
	uint64_t word[2];
	unsigned further;

	if (!dwell_ring_written(reader, reader->position, word))
		return DWELL_RING_EMPTY;
	if (dwell_slot_kind(word[0]) == DWELL_RECORD_TAIL) {
		reader->position++;
		return DWELL_RING_SKIPPED;
	}
	further = dwell_slot_further(word[0]);
	out->time = dwell_slot_time(word[0]);
	out->kind = (uint8_t)dwell_slot_kind(word[0]);
	out->slots = (uint8_t)(further + 1);
	out->a = word[1];
	for (unsigned i = 1; i <= further; i++) {
		/* Written before the first slot, so a writer of ours cannot fail this. */
		if (!dwell_ring_written(reader, reader->position + i, word)) {
			reader->position++;
			return DWELL_RING_SKIPPED;
		}
		out->x[i] = dwell_slot_time(word[0]);
		out->y[i] = word[1];
	}
	reader->position += further + 1;
	return DWELL_RING_RECORD;
}

static void mark_passed(struct dwell_ring_reader *reader, uint64_t position)
{
	dwell_slot_store(&reader->slots[position & reader->mask],
		dwell_slot_word(0, DWELL_RECORD_TAIL, 0, dwell_ring_lap(position, reader->mask)),
		0);
}

uint64_t dwell_ring_skip_hole(struct dwell_ring_reader *reader, uint64_t end)
{
	uint64_t word[2];
	uint64_t first = reader->position;
	uint64_t at = first + 1;

	if (end > first + reader->mask + 1)
		end = first + reader->mask + 1;
	while (at < end && !dwell_ring_written(reader, at, word))
		at++;
	if (at >= end)
		return 0;
	for (; reader->position < at; reader->position++)
		mark_passed(reader, reader->position);
	return at - first;
}

uint64_t dwell_ring_give_up(struct dwell_ring_reader *reader, uint64_t end)
{
	uint64_t first = reader->position;

	if (end < first || end - first > reader->mask + 1)
		return 0;
	for (; reader->position < end; reader->position++)
		mark_passed(reader, reader->position);
	return end - first;
}

void dwell_ring_snapshot(const struct dwell_slot *slots, uint64_t mask,
	const _Atomic uint64_t *head, struct dwell_slot *out, uint64_t *from, uint64_t *to)
{
	uint64_t size = mask + 1;
	uint64_t first, last, after;

	last = atomic_load_explicit(head, memory_order_acquire) & DWELL_RING_POSITION;
	first = last > size ? last - size : 0;
	for (uint64_t at = first; at < last; at++)
		dwell_slot_load(&slots[at & mask], out[at & mask].word);
	/* What was written during the copy had its head moved before: see it. */
	atomic_thread_fence(memory_order_acquire);
	after = atomic_load_explicit(head, memory_order_relaxed) & DWELL_RING_POSITION;
	if (after > size && after - size > first)
		first = after - size;
	*from = first < last ? first : last;
	*to = last;
}

/* A ring in plain memory, for tests that need no session. */
#ifndef DWELL_TESTS_RING_FIXTURE_H
#define DWELL_TESTS_RING_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "ring/reader.h"
#include "ring/ring.h"

struct fixture {
	struct dwell_ring_line *line;
	struct dwell_tail *tail;
	struct dwell_slot *slots;
	struct dwell_writer writer;
	struct dwell_ring_reader reader;
	uint64_t size;
};

static inline bool fixture_slow(struct dwell_writer *writer, unsigned slots, uint64_t time)
{
	(void)time;
	if (dwell_ring_refresh(writer) >= slots)
		return true;
	atomic_fetch_add(&writer->line->refused, 1);
	return false;
}

static inline void fixture_init(struct fixture *f, uint64_t size, uint64_t start, bool flight)
{
	f->size = size;
	f->line = aligned_alloc(64, sizeof(*f->line));
	f->tail = aligned_alloc(64, sizeof(*f->tail));
	f->slots = aligned_alloc(64, size * sizeof(*f->slots));
	memset(f->line, 0, sizeof(*f->line));
	memset(f->tail, 0, sizeof(*f->tail));
	/* As if all before `start` had been written and read. */
	for (uint64_t i = 0; i < size; i++) {
		uint64_t at = start + i;
		unsigned stale = dwell_ring_lap(at, size - 1) ^ 1;
		f->slots[at & (size - 1)] = (struct dwell_slot){ { stale, 0 } };
	}
	atomic_store(&f->line->head, start);
	atomic_store(&f->tail->position[0], start);
	memset(&f->writer, 0, sizeof(f->writer));
	f->writer.line = f->line;
	f->writer.tail = f->tail;
	f->writer.flight = flight;
	f->writer.slow = fixture_slow;
	atomic_store(&f->writer.slots, f->slots);
	atomic_store(&f->writer.mask, size - 1);
	f->reader = (struct dwell_ring_reader){ f->slots, size - 1, start };
}

static inline void fixture_release(struct fixture *f)
{
	free(f->line);
	free(f->tail);
	free(f->slots);
}

#endif

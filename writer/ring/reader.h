#ifndef DWELL_RING_READER_H
#define DWELL_RING_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"

/*
 * The other side of a ring. Everything that is read may be written meanwhile, or by a hostile
 * program: sizes and places are the reader's own, never taken from shared memory twice.
 */
struct dwell_record {
	uint64_t time;
	uint64_t a;
	uint64_t x[DWELL_SLOTS_MAX]; /* x[1], x[2], x[3]: of the further slots */
	uint64_t y[DWELL_SLOTS_MAX];
	uint8_t kind;
	uint8_t slots;
};

struct dwell_ring_reader {
	struct dwell_slot *slots;
	uint64_t mask;
	uint64_t position; /* of the next slot to read */
};

/* The slot at a position; false: it is not written (yet). */
static inline bool dwell_ring_written(
	const struct dwell_ring_reader *reader, uint64_t position, uint64_t out[2])
{
	dwell_slot_load(&reader->slots[position & reader->mask], out);
	return dwell_slot_lap(out[0]) == dwell_ring_lap(position, reader->mask);
}

enum dwell_ring_found {
	DWELL_RING_EMPTY = 0, /* the next slot is not written (yet) */
	DWELL_RING_RECORD = 1,
	DWELL_RING_SKIPPED = 2 /* a slot that belongs to no record: position went past it */
};

/* Take the next record of a ring whose writer does not overwrite (discard). */
enum dwell_ring_found dwell_ring_next(struct dwell_ring_reader *reader, struct dwell_record *out);

/*
 * The next slot is not written, but others behind it may be: a signal handler interrupted the
 * writer between reserve and commit, or it was killed there. Move to the next written slot before
 * `end` (a position; at most one turn is looked at). Returns how many slots were passed, 0 when
 * there is none written.
 *
 * The slots passed are marked as written: what an unwritten slot holds is two turns old when the
 * reader comes by again, and its lap bit would be right by then.
 */
uint64_t dwell_ring_skip_hole(struct dwell_ring_reader *reader, uint64_t end);

/*
 * No more will be written before `end` (the writer's head, taken as hostile): pass what is not
 * written. Returns how many slots.
 */
uint64_t dwell_ring_give_up(struct dwell_ring_reader *reader, uint64_t end);

/*
 * Copy what a ring that is overwritten (flight) holds, while it is written. from..to are
 * positions; out needs room for mask + 1 slots. On return *from is the position of the first slot
 * that was certainly not overwritten during the copy; slots that were reserved but never committed
 * read as not written. head: the writer's.
 */
void dwell_ring_snapshot(const struct dwell_slot *slots, uint64_t mask,
	const _Atomic uint64_t *head, struct dwell_slot *out, uint64_t *from, uint64_t *to);

#endif

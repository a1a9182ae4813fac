#ifndef DWELL_RING_RING_H
#define DWELL_RING_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

/*
 * One ring for one thread: a single writer (and the signal handlers that interrupt it), read by
 * another thread or process through shared memory.
 *
 * Positions count slots since the ring was made and never wrap (60 bits). A ring that is found full
 * is left for a bigger one; `head` says in which ring of the thread's chain it is, in its upper
 * bits, so that one compare tells both.
 */
enum { DWELL_RING_CHAIN = 4, DWELL_RING_INDEX_SHIFT = 60 };
#define DWELL_RING_POSITION ((UINT64_C(1) << DWELL_RING_INDEX_SHIFT) - 1)

/*
 * What a writer touches with each record: one cache line, shared. Everything is written by the
 * thread only.
 */
struct dwell_ring_line {
	_Atomic uint64_t head;    /* ring index << 60 | position of the next slot */
	_Atomic uint64_t refused; /* records refused because the ring was full, ever */
	/* What the thread does now: word 0 = since << 8 | reason (0: nothing, it runs), word 1 =
	   object; written as a slot is. */
	struct dwell_slot state;
	_Atomic uint64_t refused_told;  /* of `refused`, how many a LOST record in the ring tells */
	_Atomic uint64_t refused_since; /* time of the first one not told */
	_Atomic uint32_t state_what;    /* beside the state: object kind << 8 | flags */
	_Atomic uint32_t state_holder;  /* tid of who holds the object; 0: not known */
	_Atomic uint64_t state_caller;  /* the address that the wait returns to, or with
					   DWELL_CALLER_STACK its stack's entry; 0: not known */
} __attribute__((aligned(64)));

/* No address of a program has this bit. */
#define DWELL_CALLER_STACK (UINT64_C(1) << 63)

/* The reader's side, on a cache line of its own. */
struct dwell_tail {
	_Atomic uint64_t position[DWELL_RING_CHAIN]; /* slots before it may be written again */
	/* The one thing here that the writer writes: the position + 1 at which it left a ring of
	   the chain for the next; 0: it did not. */
	_Atomic uint64_t left[DWELL_RING_CHAIN];
} __attribute__((aligned(64)));

/* The writer's private view of its ring. */
struct dwell_writer {
	struct dwell_ring_line *line;
	struct dwell_tail *tail;
	_Atomic(struct dwell_slot *) slots;
	_Atomic uint64_t mask;  /* slots - 1 */
	_Atomic uint64_t limit; /* as head: the first position that must not be written */
	/* Called when the limit is reached: make room for n slots, or count a refused record. */
	bool (*slow)(struct dwell_writer *writer, unsigned slots, uint64_t time);
	void *owner;
	volatile bool busy; /* in slow: a signal handler that comes now must not enter it */
	bool flight;
};

/* head from `from` to `to` in one instruction, which a signal handler cannot split. No lock prefix:
 * there is no other writer. */
static inline bool dwell_head_move(_Atomic uint64_t *head, uint64_t from, uint64_t to)
{
#ifdef DWELL_TWO_STORES
	return atomic_compare_exchange_strong_explicit(
		head, &from, to, memory_order_relaxed, memory_order_relaxed);
#else
	bool moved;
	__asm__ volatile("cmpxchgq %[to], %[at]"
			 : "=@ccz"(moved), [at] "+m"(*head), "+a"(from)
			 : [to] "r"(to)
			 : "memory");
	return moved;
#endif
}

/*
 * Where a record goes that was reserved. Two records of one thread never share a slot: a handler
 * that interrupts between reserve and commit gets slots of its own.
 */
struct dwell_place {
	struct dwell_slot *slots;
	uint64_t mask;
	uint64_t position;
};

/* Reserve slots (1 to 4). false: refused and counted. time: for the count. */
static inline bool dwell_ring_reserve(
	struct dwell_writer *writer, unsigned slots, uint64_t time, struct dwell_place *place)
{
	for (;;) {
		uint64_t head = atomic_load_explicit(&writer->line->head, memory_order_relaxed);
		if (__builtin_expect(head + slots > atomic_load_explicit(
							    &writer->limit, memory_order_relaxed),
			    0)) {
			if (!writer->slow(writer, slots, time))
				return false;
			continue;
		}
		/* Read before the head moves: a handler may change ring after that. */
		place->slots = atomic_load_explicit(&writer->slots, memory_order_relaxed);
		place->mask = atomic_load_explicit(&writer->mask, memory_order_relaxed);
		place->position = head & DWELL_RING_POSITION;
		if (__builtin_expect(dwell_head_move(&writer->line->head, head, head + slots), 1)) {
			DWELL_TESTPOINT("reserved");
			return true;
		}
	}
}

/* The bit that says "written" at this position. */
static inline unsigned dwell_ring_lap(uint64_t position, uint64_t mask)
{
	return (position & (mask + 1)) == 0;
}

/* Write a further slot (index 1 to 3) of a record. */
static inline void dwell_ring_tail(
	const struct dwell_place *place, unsigned index, uint64_t x, uint64_t y)
{
	uint64_t position = place->position + index;

	dwell_slot_store(&place->slots[position & place->mask],
		dwell_slot_word(x, DWELL_RECORD_TAIL, 0, dwell_ring_lap(position, place->mask)), y);
	DWELL_TESTPOINT("tail written");
}

static inline struct dwell_slot *dwell_ring_slot(const struct dwell_place *place)
{
	return &place->slots[place->position & place->mask];
}

/* Write the first slot: from here on a reader may take the record. */
static inline void dwell_ring_commit(
	const struct dwell_place *place, uint64_t time, unsigned kind, unsigned further, uint64_t a)
{
	unsigned lap = dwell_ring_lap(place->position, place->mask);

	dwell_slot_store(dwell_ring_slot(place), dwell_slot_word(time, kind, further, lap), a);
	DWELL_TESTPOINT("committed");
}

/* Reserve, write, commit a record of one, two, three slots. */
static inline bool dwell_ring_put1(
	struct dwell_writer *writer, uint64_t time, unsigned kind, uint64_t a)
{
	struct dwell_place place;

	if (!dwell_ring_reserve(writer, 1, time, &place))
		return false;
	dwell_ring_commit(&place, time, kind, 0, a);
	return true;
}

bool dwell_ring_put2(struct dwell_writer *writer, uint64_t time, unsigned kind, uint64_t a,
	uint64_t x1, uint64_t y1);
bool dwell_ring_put3(struct dwell_writer *writer, uint64_t time, unsigned kind, uint64_t a,
	uint64_t x1, uint64_t y1, uint64_t x2, uint64_t y2);

/* Set the limit from the reader's tail. Returns how many slots are free. */
uint64_t dwell_ring_refresh(struct dwell_writer *writer);

/* Say that the thread waits since `since`, or (reason 0) that it does not. */
static inline void dwell_ring_state(
	struct dwell_ring_line *line, uint64_t since, unsigned reason, uint64_t object)
{
	dwell_slot_store(&line->state, since << 8 | reason, object);
}

#endif

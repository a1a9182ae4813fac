#ifndef DWELL_RING_FIRST_H
#define DWELL_RING_FIRST_H

#include "ring.h"

/* head moved on by `slots`, in one instruction likewise. Returns what it was. */
static inline uint64_t dwell_head_add(_Atomic uint64_t *head, uint64_t slots)
{
#ifdef DWELL_TWO_STORES
	return atomic_fetch_add_explicit(head, slots, memory_order_relaxed);
#else
	__asm__ volatile("xaddq %[by], %[at]"
			 : [by] "+r"(slots), [at] "+m"(*head)
			 :
			 : "memory", "cc");
	return slots;
#endif
}

/*
 * Reserve a slot by moving the head first and looking then: for who reads the clock after that,
 * which is the fastest. *head: what it was. False: it was moved beyond the limit; see below.
 */
static inline bool dwell_ring_reserve_first(
	struct dwell_writer *writer, struct dwell_place *place, uint64_t *head)
{
	const uint64_t limit = atomic_load_explicit(&writer->limit, memory_order_relaxed);

	/* Read after the limit: where a handler changes ring, the head is beyond that limit. */
	atomic_signal_fence(memory_order_seq_cst);
	place->slots = atomic_load_explicit(&writer->slots, memory_order_relaxed);
	place->mask = atomic_load_explicit(&writer->mask, memory_order_relaxed);
	*head = dwell_head_add(&writer->line->head, 1);
	/* With the ring's index: what is above the bits of the mask does not matter. */
	place->position = *head;
	DWELL_TESTPOINT("head moved");
	return *head < limit;
}

/* Move the head back where dwell_ring_reserve_first moved it too far. True: a handler has found
 * room since then, and the slot may be used: *place. */
bool dwell_ring_take_back(struct dwell_writer *writer, uint64_t head, struct dwell_place *place);

#endif

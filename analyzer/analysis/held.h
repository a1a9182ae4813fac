#ifndef DWELL_ANALYSIS_HELD_H
#define DWELL_ANALYSIS_HELD_H

#include "dwell/error.h"
#include "model/arena.h"

/*
 * Who held an executor, as far back as somebody may still ask who ran instead of it. The latest
 * pieces are kept one by one. Older ones are condensed: a latency that has not ended began at one
 * of a few known times, so between two of these times only sums by task are kept, and before the
 * first nothing is.
 */
struct held {
	uint64_t start_ns, end_ns;
	uint64_t told_ns; /* none that was kept before ends after this */
	uint32_t task;    /* 0: idle */
	uint32_t order;   /* in which it was told, of running ones */
};

/* In the order in which they were told. */
struct pile {
	struct held *at;
	uint32_t count, cap;
	uint64_t told_ns; /* the latest end of any so far */
};

struct share {
	uint64_t ns;
	uint32_t task;
};

/* What was condensed of the time from start_ns to the next such time. */
struct heap {
	uint64_t start_ns;
	struct share *shares;
	uint32_t count;
};

/* All zero is empty. */
struct helds {
	struct pile running, idle;
	struct heap *heaps;
	size_t heap_count, heap_cap;
	size_t shares;       /* in all heaps */
	uint64_t dropped_ns; /* what was before this is forgotten */
};

/* Sums while they are being made. */
struct condenser {
	const uint64_t *starts; /* in order, each once */
	size_t count;
	struct table sums; /* uint64_t, by task */
	uint32_t *touched; /* tasks of which the sum is not 0 */
	size_t touched_count, touched_cap;
	size_t at; /* the sums are of the time from starts[at] on */
};

void helds_release(struct helds *helds);

/* Condense all to what a latency that began at one of the condenser's starts needs. 0 or
 * DWELL_ENOMEM. */
int helds_condense(struct helds *helds, struct condenser *condenser);
void condenser_release(struct condenser *condenser);

/* What `from` holds comes after what `into` holds, of which all is condensed. `from` is empty then.
 * 0 or DWELL_ENOMEM. */
int helds_move(struct helds *into, struct helds *from);

/* Forget all before now. */
void helds_drop(struct helds *helds, uint64_t now_ns);

int pile_grow(struct pile *pile);

/* One more piece, idle time if nothing more is said; NULL: no memory. Filled in where it lies: to
 * copy what was just written in other widths costs more than all the rest. */
static inline struct held *pile_add(struct pile *pile, uint64_t start_ns, uint64_t end_ns)
{
	struct held *at;

	if (pile->count == pile->cap && pile_grow(pile))
		return NULL;
	/* One that a loss ended is told late: ends are not in order. */
	if (end_ns > pile->told_ns)
		pile->told_ns = end_ns;
	at = &pile->at[pile->count++];
	at->start_ns = start_ns;
	at->end_ns = end_ns;
	at->told_ns = pile->told_ns;
	at->task = DWELL_NONE;
	at->order = 0;
	return at;
}

#endif

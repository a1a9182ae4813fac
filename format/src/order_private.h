#ifndef DWELL_ORDER_PRIVATE_H
#define DWELL_ORDER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/limits.h"
#include "dwell/order.h"

enum {
	/* How far clocks of CPUs, or a waker who writes it down late, may be off. */
	ORDER_SLACK_NS = 10000,
	ORDER_TASK_BITS = 8,
	ORDER_PAGE_TASKS = 1 << ORDER_TASK_BITS,
	ORDER_TASK_PAGES = (DWELL_MAX_TASKS >> ORDER_TASK_BITS) + 1,
	ORDER_RUNS = 32 /* that are merged at once; with more, all is sorted */
};

/* What a row is sorted by, and where it is: 16 bytes are moved instead of 48. */
struct order_ref {
	uint64_t time_ns;
	uint32_t ring; /* executors after tasks; ties keep the order of arrival */
	uint32_t index;
};

static inline uint32_t order_ring(const struct dwell_event *row)
{
	return row->executor ? 1u << 31 | row->executor : row->task;
}

/*
 * Sort refs, stable by (time_ns, ring); they are best in runs, as from one ring after another.
 * spare has room for as many. Returns refs or spare: where the result is.
 */
struct order_ref *order_sort(struct order_ref *refs, struct order_ref *spare, size_t count);

/* Rows that are in order; where they arrived in the order of runs, ties keep it. */
struct order_run {
	struct dwell_event *at, *end;
};

/* The next row of a run, or what is later than all: time_ns << 64 | ring << 32 | run, so that one
 * comparison tells which is earlier. */
__extension__ typedef unsigned __int128 order_key;

/* Runs being merged: a tree of losers. */
struct order_merge {
	size_t leaves; /* a power of two */
	order_key loser[ORDER_RUNS];
	order_key winner;
	struct order_run *runs;
};

void order_merge_init(struct order_merge *merge, struct order_run *runs, size_t count);
/* Copy the earliest rows, at most `room`, of those before time_ns, and in any case the first
 * `least`. Returns how many. */
size_t order_merge_some(struct order_merge *merge, struct dwell_event *out, size_t room,
	uint64_t time_ns, size_t least);

struct whereabouts;

struct dwell_order {
	struct dwell_sink sink;
	struct dwell_sink *next;
	size_t max_rows;
	struct dwell_event *held; /* run after run */
	size_t held_count, held_cap;
	size_t runs[ORDER_RUNS];   /* where each begins */
	size_t run_count;          /* one more than ORDER_RUNS: too many to tell */
	struct dwell_event *spare; /* takes turns with held */
	size_t spare_cap;
	uint64_t earliest_ns; /* of those held */
	uint64_t floor_ns;    /* rows before it are late */
	struct order_ref *refs[2];
	size_t refs_cap;
	struct dwell_event *ready;
	size_t ready_count, ready_cap;
	size_t ready_due; /* with so many, those that are final are handed on */
	struct whereabouts **tasks;
	uint64_t repairs;
};

/* The row that stands behind those that are ready is the next in order of time: one more is ready.
 * There must be room. DWELL_ELIMIT, DWELL_ENOMEM. */
int order_look_at(struct dwell_order *order);
/* Hand on what is ready: so many; what is before time_ns. */
int order_hand_on(struct dwell_order *order, size_t count);
int order_hand_on_before(struct dwell_order *order, uint64_t time_ns);

#endif

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

/* The next row of a run, or one that is later than all. */
struct order_head {
	uint64_t time_ns;
	uint64_t tie; /* ring << 32 | run */
};

/* Runs being merged: a tree of losers. */
struct order_merge {
	size_t leaves; /* a power of two */
	struct order_head loser[ORDER_RUNS];
	struct order_head winner; /* time_ns is UINT64_MAX and run is `leaves`: there is none */
	struct order_run *runs;
};

void order_merge_init(struct order_merge *merge, struct order_run *runs, size_t count);
/* The earliest row; its run goes on. NULL after the last. */
struct dwell_event *order_merge_next(struct order_merge *merge);

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

/* The next row in order of time goes to those that are ready; there must be room. DWELL_ELIMIT,
 * DWELL_ENOMEM. */
int order_look_at(struct dwell_order *order, const struct dwell_event *row);
/* Hand on what is ready: so many; what is before time_ns. */
int order_hand_on(struct dwell_order *order, size_t count);
int order_hand_on_before(struct dwell_order *order, uint64_t time_ns);

#endif

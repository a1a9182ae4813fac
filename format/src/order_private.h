#ifndef DWELL_ORDER_PRIVATE_H
#define DWELL_ORDER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/limits.h"
#include "dwell/order.h"
#include "dwell/relay.h"

enum {
	/* How far clocks of CPUs, or a waker who writes it down late, may be off. */
	ORDER_SLACK_NS = 10000,
	ORDER_TASK_BITS = 8,
	ORDER_PAGE_TASKS = 1 << ORDER_TASK_BITS,
	ORDER_TASK_PAGES = (DWELL_MAX_TASKS >> ORDER_TASK_BITS) + 1,
	ORDER_RUN_BITS = 6,
	ORDER_RUNS = 1 << ORDER_RUN_BITS, /* that are merged at once; with more, all is sorted */
	ORDER_CHUNK_ROWS = 1024
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

static inline bool order_is_before(const struct dwell_event *a, const struct dwell_event *b)
{
	if (__builtin_expect(a->time_ns > b->time_ns, 1))
		return false;
	return a->time_ns < b->time_ns || order_ring(a) < order_ring(b);
}

/*
 * Sort refs, stable by (time_ns, ring); they are best in runs, as from one ring after another.
 * spare has room for as many. Returns refs or spare: where the result is.
 */
struct order_ref *order_sort(struct order_ref *refs, struct order_ref *spare, size_t count);

struct order_chunk {
	struct order_chunk *next; /* that is free */
	size_t segments;          /* that have rows in it */
	struct dwell_event rows[ORDER_CHUNK_ROWS];
};

/* Rows that came one after the other and are in order. */
struct order_segment {
	struct order_segment *next; /* of its run, or that is free */
	struct order_chunk *chunk;
	struct dwell_event *at, *end;
	uint64_t number; /* segments are numbered as they come */
};

/* Segments that are in order one after the other. */
struct order_run {
	struct order_segment *first, *last;
};

/* The rows that wait. */
struct order_hold {
	struct order_run runs[ORDER_RUNS];
	size_t run_count;
	/* With too many runs: all that came since, in order of arrival only. */
	struct order_run loose;
	struct order_run *run; /* what came last is at its end */
	size_t count;
	uint64_t earliest_ns;
	uint64_t numbers;
	struct order_chunk *chunk; /* that is being filled */
	struct dwell_event *room;  /* in it; NULL: there is none */
	struct order_chunk *free_chunks;
	struct order_segment *free_segments;
};

void order_hold_init(struct order_hold *hold);
void order_hold_release(struct order_hold *hold);
/* Where the next rows, so many at most, may be made before they are put; NULL: nowhere. */
struct dwell_event *order_hold_room(struct order_hold *hold, size_t count);
/* DWELL_ENOMEM. */
int order_hold_put(struct order_hold *hold, const struct dwell_event *row);
/* Of those that come right after it, as many as go on where it was put, but no losses. */
size_t order_hold_put_on(struct order_hold *hold, const struct dwell_event *rows, size_t count);
/* All of a segment's rows were taken. Returns the one behind it. */
struct order_segment *order_hold_drop(struct order_hold *hold, struct order_segment *segment);
/* Bring what is loose into order: one run. DWELL_ENOMEM. */
int order_hold_settle(struct order_hold *hold);

/* The next row of a run: time since the merge's base << ORDER_RUN_BITS | run; later than all where
 * there is none. Rows of one time are told apart by their rings. */
typedef uint64_t order_key;

/* Runs being merged: a tree of losers. */
struct order_merge {
	struct order_hold *hold;
	size_t leaves;
	uint64_t base_ns;
	size_t taken;
	order_key loser[ORDER_RUNS];
	order_key winner;
	struct order_leaf {
		struct dwell_event *at, *end;
		struct order_segment *segment; /* NULL: no more rows */
		order_key next;                /* of the row behind `at` */
	} leaf[ORDER_RUNS];
};

/* What is held and not loose; it must not be changed until the end. */
void order_merge_begin(struct order_merge *merge, struct order_hold *hold);
/* Copy the earliest rows, at most `room`, of those before time_ns, and in any case the first
 * `least`. Returns how many; less than `room` where no more of them are foreseen (times of years:
 * more may be found by merging again). */
size_t order_merge_some(struct order_merge *merge, struct dwell_event *out, size_t room,
	uint64_t time_ns, size_t least);
/* What was copied is held no more. */
void order_merge_end(struct order_merge *merge);

struct whereabouts;

struct dwell_order {
	struct dwell_relay relay; /* what is not a row goes through at once */
	size_t max_rows;
	struct order_hold hold;
	uint64_t floor_ns;         /* rows before it are late */
	struct dwell_event *ready; /* from ready_begin to ready_end */
	size_t ready_begin, ready_end, ready_cap;
	size_t ready_due; /* with so many, those that are final are handed on */
	struct whereabouts **tasks;
	uint64_t repairs;
};

/* `count` rows that stand behind those that are ready are the next in order of time: so many more
 * are ready. DWELL_ELIMIT, DWELL_ENOMEM. */
int order_look_at(struct dwell_order *order, size_t count);
/* Hand on what is ready: so many; what is before time_ns. */
int order_hand_on(struct dwell_order *order, size_t count);
int order_hand_on_before(struct dwell_order *order, uint64_t time_ns);

#endif

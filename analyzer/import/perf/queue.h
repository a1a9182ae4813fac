#ifndef DWELL_IMPORT_PERF_QUEUE_H
#define DWELL_IMPORT_PERF_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/error.h"

/* What a record says, cut down to what rows are made of; tasks are slots of perf_tasks. */
enum perf_item_kind {
	/* Who runs, who is woken: */
	PERF_ITEM_SWITCH, /* a leaves, b enters; value: state, reason << 8 */
	PERF_ITEM_WAKING, /* a is woken by current */
	PERF_ITEM_IN,     /* a enters (context switch record) */
	PERF_ITEM_OUT,    /* a leaves */
	PERF_ITEM_CPU,    /* current was found running; value: nanoseconds */
	/* What else is known: */
	PERF_ITEM_FORK, /* b makes a */
	PERF_ITEM_NEW,  /* a is made runnable for the first time by current */
	PERF_ITEM_EXIT, /* a */
	PERF_ITEM_COMM, /* a is called comm */
	PERF_ITEM_OF,   /* a is of the process of slot b */
	PERF_ITEM_PRIO, /* a has priority value */
	PERF_ITEM_MMAP, /* mapping `value` of perf_mmaps into the process of slot a */
	PERF_ITEM_LOST  /* value records */
};

enum perf_item_flag {
	PERF_ITEM_IN_INTERRUPT = 1 << 0, /* current is not who did it */
	PERF_ITEM_PREEMPTED = 1 << 1,
	PERF_ITEM_EXEC = 1 << 2
};

enum { PERF_NO_CPU = UINT16_MAX };

struct perf_item {
	uint64_t time_ns;
	uint32_t a;
	union {
		struct {
			uint32_t b, current;
			uint32_t value;
			uint32_t chain; /* call chain, 0: none */
		};
		char comm[16];
	};
	uint16_t cpu;
	uint8_t kind;
	uint8_t flags;
};

/*
 * Puts the records of all CPUs in order of time. perf writes what each CPU's ring holds, one
 * after the other, and then a mark (a round): what is younger than the end of the round before may
 * still be joined by records of the next one, all else may go on.
 *
 * Memory: what two rounds hold, and PERF_QUEUE_MOST records at most; beyond that the older
 * half goes on early, and what comes too late for it is told late (and counted).
 */
enum { PERF_QUEUE_MOST = 1 << 21 };

struct perf_queue {
	struct perf_item *items, *spare;
	size_t count, room;
	size_t sorted;      /* so many are in order already */
	uint64_t newest_ns; /* of all records so far */
	uint64_t round_ns;  /* what it was when the last round ended */
	uint64_t told_ns;   /* nothing older may be told any more */
	uint64_t late;      /* records that came too late */
};

int perf_queue_grow(struct perf_queue *queue);

/*
 * A new item at this time, its other members not set; NULL: no memory. Members are set one by one
 * where it lies: a copy of one that was just made waits until its stores have left the CPU.
 */
static inline struct perf_item *perf_queue_add(struct perf_queue *queue, uint64_t time_ns)
{
	if (queue->count == queue->room && perf_queue_grow(queue))
		return NULL;

	struct perf_item *item = &queue->items[queue->count++];
	if (time_ns > queue->newest_ns)
		queue->newest_ns = time_ns;
	if (time_ns < queue->told_ns) {
		time_ns = queue->told_ns;
		queue->late++;
	}
	item->time_ns = time_ns;
	return item;
}

/* A copy of an item. DWELL_ENOMEM. */
int perf_queue_put(struct perf_queue *queue, const struct perf_item *item);

/*
 * How many of items may go on now, in order: at the end of a round, at the end of the trace.
 * Whoever takes them calls perf_queue_took.
 */
size_t perf_queue_round(struct perf_queue *queue);
size_t perf_queue_all(struct perf_queue *queue);
/* The queue is full: as if a round had ended long ago. */
size_t perf_queue_half(struct perf_queue *queue);
void perf_queue_took(struct perf_queue *queue, size_t count);

void perf_queue_release(struct perf_queue *queue);

#endif

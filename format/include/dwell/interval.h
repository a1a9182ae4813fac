#ifndef DWELL_INTERVAL_H
#define DWELL_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/types.h"

/*
 * What dwell/states.h tells: intervals and waits, one by one or in batches.
 */

/* One stretch of a task's life in one state, now that it has ended. */
struct dwell_interval {
	uint64_t start_ns;
	uint64_t end_ns;
	uint32_t task;
	uint32_t executor; /* running: on it. runnable: the one it then entered, 0 if it did not */
	uint32_t object;
	uint32_t stack; /* blocked: where */
	uint32_t waker; /* blocked: who ended it. runnable: who made it so */
	uint32_t waker_stack;
	uint32_t holder;
	uint8_t state;
	uint8_t reason; /* blocked: the program's own word where it is in a wait, else the row's */
	uint8_t cause;  /* runnable: enum dwell_cause */
	uint8_t next;   /* the state that follows, as the rows say: it may turn out otherwise */
	uint8_t flags;  /* enum dwell_interval_flag */
	uint8_t holder_how; /* 0 none, 1 read, 2 inferred */
	/* These are 0 but in a batch. */
	uint8_t told;        /* enum dwell_told_flag */
	uint8_t wait_flags;  /* of a wait: enum dwell_event_flag of the row that ended it */
	uint16_t row;        /* that ended it */
	uint8_t next_reason; /* of the state that follows */
};

enum dwell_interval_flag {
	DWELL_INTERVAL_PREEMPTED = 1 << 0, /* running: ended as it had to make way; */
	DWELL_INTERVAL_IN_WAIT = 1 << 1,   /* lies in a wait that the program itself told */
	DWELL_INTERVAL_OPEN = 1 << 2       /* the trace or window ended, not the state */
};

/* One wait, now that it has ended: a blocked interval, or all of a wait that the program itself
 * told. */
struct dwell_wait {
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t blocked_ns; /* of it in state blocked; the whole where no other states are known */
	uint64_t runnable_ns;
	uint64_t running_ns;
	uint64_t unknown_ns;
	uint32_t task;
	uint32_t object;
	uint32_t stack;
	uint32_t holder;
	uint32_t waker;
	uint32_t waker_stack;
	uint8_t reason;
	uint8_t flags;      /* enum dwell_event_flag of the rows that began and ended it */
	uint8_t holder_how; /* 0 none, 1 read, 2 inferred */
	uint32_t row;       /* in a batch: that ended it */
};

enum dwell_told_flag {
	/* Blocked, and a wait of its own: there is no struct dwell_wait of it in the batch. */
	DWELL_TOLD_WAIT = 1 << 0
};

/* Limits of a batch: a row ends so many intervals at most, and one wait of the program's. */
enum { DWELL_TOLD_OF_A_ROW = 4, DWELL_TOLD_ROWS = 4096 };

/* Intervals that who asks for a batch does not look at. They may be left out, and most are; all are
 * in the sums. */
enum dwell_told_skip {
	DWELL_SKIP_RUNNING = 1 << 0,
	DWELL_SKIP_RUNNABLE = 1 << 1,
	DWELL_SKIP_BLOCKED = 1 << 2,   /* any */
	DWELL_SKIP_REASONLESS = 1 << 3 /* blocked, and nothing says why */
};

/* Of the waits of a batch, the program's own and others, left out or not. */
struct dwell_told_waits {
	uint64_t count, with_stack, with_object, with_holder, with_waker;
};

/*
 * What a batch of rows ended. Order: by row; of one row its intervals, then its wait. The lists
 * are of indices into intervals, each in order: so that a loop over what it wants need not look
 * at the rest.
 */
struct dwell_told {
	struct dwell_interval *intervals; /* room for DWELL_TOLD_OF_A_ROW of each row */
	struct dwell_wait *waits;         /* told by the program itself; room for one of each row */
	uint16_t *running, *runnable, *own_waits; /* room as intervals; the last: DWELL_TOLD_WAIT */
	size_t count, wait_count;
	size_t running_count, runnable_count, own_count;
	/* Rows, switches all, but for those by which a task that was known to be on the executor
	 * made way for another: at the rest it may be, or have been, idle. NULL: not asked for. */
	uint16_t *gaps;
	size_t gap_count;
	/*
	 * Rows that were not plain. A plain one is a switch by which a running task leaves its
	 * executor blocked or ready, or nobody does, and a ready one or nobody enters; or a wake
	 * that ends the wait of a blocked task, told as an interval. No loss nor wait of the
	 * program's is around it. NULL: not asked for.
	 */
	uint16_t *odd;
	size_t odd_count;
	/* Asked for: */
	uint32_t skips;        /* bits of enum dwell_told_skip; 0: all is told */
	const uint64_t *scope; /* a bit for each task whose waits are counted; NULL: all are */
	size_t scope_words;
	struct dwell_told_waits counted;
};

/* Of one task, of all that was told. */
struct dwell_task_sums {
	uint64_t unknown_ns, running_ns, runnable_ns, blocked_ns;
	uint64_t intervals;
	uint64_t switches; /* rows by which it left an executor; of them, preempted: */
	uint64_t preemptions;
	uint64_t wakes; /* that changed something: it was not running, nor runnable */
};

/* The wait that an interval of a batch flagged DWELL_TOLD_WAIT is. */
static inline struct dwell_wait dwell_wait_of(const struct dwell_interval *interval)
{
	return (struct dwell_wait){
		.start_ns = interval->start_ns,
		.end_ns = interval->end_ns,
		.blocked_ns = interval->end_ns - interval->start_ns,
		.task = interval->task,
		.object = interval->object,
		.stack = interval->stack,
		.waker = interval->waker,
		.waker_stack = interval->waker_stack,
		.reason = interval->reason,
		.flags = interval->wait_flags,
		.row = interval->row,
	};
}

#endif

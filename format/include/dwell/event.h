#ifndef DWELL_EVENT_H
#define DWELL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "dwell/types.h"

/*
 * One row of a trace: what happened, when, to whom. Rows hold what was
 * recorded; what follows from them (states, waits, holders) is worked out by
 * dwell/states.h, in one place for recorder, reader, importers and analyses.
 *
 * Rows of a trace are in order of time. Rows of one time are in the order in
 * which their source recorded them, sources in the order of executor, then task.
 */
enum dwell_event_kind {
	/*
	 * On `executor`, `task` leaves (0: the executor was idle, or it is not
	 * known who left) for `state` with `reason`, `object`, `stack`, and `peer`
	 * enters (0: idle). DWELL_EVENT_PREEMPTED when it had to leave, or may have: ready without
	 * that it asked to, at `stack`.
	 */
	DWELL_EVENT_SWITCH = 1,
	/*
	 * `peer` (0: not a task, or not known) on `executor` makes `task` runnable;
	 * `stack` is the waker's. state: DWELL_RUNNABLE; DWELL_STATE_SAME where it
	 * is known that it changed nothing.
	 */
	DWELL_EVENT_WAKE,
	/* `task` is in `state` (with `reason`, `object`, `stack`) from now on; its executor is not
	   known. */
	DWELL_EVENT_STATE,
	/* `task` exists from now on, in `state`; made by `peer` at `stack`. */
	DWELL_EVENT_CREATE,
	/* `task` ended; value: its exit status as wait(2) has it, where DWELL_EVENT_HAS_VALUE. */
	DWELL_EVENT_EXIT,
	/*
	 * The program itself says that `task` begins to wait: `reason`, `object`,
	 * `stack`, holder `peer` where known. state: DWELL_BLOCKED where nothing else
	 * tells the task's state, DWELL_STATE_SAME where the kernel's rows do.
	 */
	DWELL_EVENT_WAIT_BEGIN,
	/* The end of the task's wait; what is 0 here is as WAIT_BEGIN had it. state: DWELL_RUNNING
	   or DWELL_STATE_SAME. */
	DWELL_EVENT_WAIT_END,
	DWELL_EVENT_ACQUIRE,    /* `task` owns `object` from now on */
	DWELL_EVENT_RELEASE,    /* `task` released, signalled or posted `object` at `stack`; `peer`:
				   whom it woke, where known. HAS_VALUE: nobody waited for it, and
				   the signal was lost */
	DWELL_EVENT_SPAN_BEGIN, /* `task`, object: label, value: span's id, extra: parent span's id
				   or 0, reason: enum dwell_span_kind */
	DWELL_EVENT_SPAN_END,   /* `task`, value: span's id */
	DWELL_EVENT_MARK, /* `task`, object: label of the text, stack; extra: label of the category
			     or 0 */
	DWELL_EVENT_COUNTER, /* object: counter, `task` or `executor` it belongs to or 0, value:
				int64_t */
	DWELL_EVENT_SAMPLE,  /* `task` on `executor` at `stack`; reason: enum dwell_sample_kind,
				value: its weight */
	DWELL_EVENT_POOL, /* `task` at `stack`; object: the pool, reason: enum dwell_pool_op, value:
			     the item */
	/*
	 * From `extra` to now, `value` records are missing (0: it is not known how
	 * many); reason: enum dwell_loss_cause. Of `task`'s own ring when task is not
	 * 0, of `executor`'s ring when that is not 0, else of anything.
	 * Where `extra` is later than now, the loss is told ahead: from now to `extra`. Who can
	 * (the records of all rings up to then lie before it) should: what other rings say
	 * inside the loss is then not taken for the whole truth.
	 */
	DWELL_EVENT_LOSS,
	/* `executor` (a worker) is carried by thread `task` from now on (0: by none). */
	DWELL_EVENT_CARRY,
	/* `task` has the priority `value` (int64_t, the kernel's: lower is more urgent) from now
	   on. */
	DWELL_EVENT_PRIORITY,
	DWELL_EVENT_KIND_COUNT
};

enum dwell_event_flag {
	DWELL_EVENT_PREEMPTED = 1 << 0,
	DWELL_EVENT_HAS_VALUE = 1 << 1,
	DWELL_EVENT_HOLDER_READ =
		1 << 2, /* WAIT_*: peer is the holder, read from the object's owner word */
	DWELL_EVENT_TIMED_OUT =
		1 << 3, /* WAIT_END: ended by its time limit. WAIT_BEGIN: it has one. ACQUIRE: by
			   a try or with a time limit, so it would not have waited for ever */
	DWELL_EVENT_INTERRUPTED = 1 << 4, /* WAIT_END: ended by a signal or cancelled. In struct
					     dwell_wait also: its task ended */
	DWELL_EVENT_FOREIGN_PUT =
		1 << 5, /* POOL put: known to be put back by a mistake of the program (twice) */
	DWELL_EVENT_SHARED = 1 << 6, /* WAIT_*, ACQUIRE, RELEASE: of the read side of a rwlock.
					WAKE: for any number of those who wait for an object, which
					is no lock then: a lock goes to one */
	DWELL_EVENT_SPUN = 1 << 7    /* WAIT_*: waited by spinning on the CPU */
};

/* 48 bytes. A field that the kind does not name is 0. */
struct dwell_event {
	uint64_t time_ns;
	uint64_t value;
	uint64_t extra;
	uint32_t task;
	uint32_t peer;
	uint32_t executor;
	uint32_t object;
	uint32_t stack;
	uint8_t kind;   /* enum dwell_event_kind */
	uint8_t state;  /* enum dwell_state */
	uint8_t reason; /* enum dwell_reason, or as the kind says */
	uint8_t flags;  /* enum dwell_event_flag */
};

const char *dwell_event_kind_name(unsigned kind);

/* A signal that found nobody: it released nothing, and ended no wait. */
static inline bool dwell_event_is_unheard(const struct dwell_event *event)
{
	return event->kind == DWELL_EVENT_RELEASE && event->flags & DWELL_EVENT_HAS_VALUE;
}

/* A loss that spans no time where the file ends early: what is missing lies behind it. */
static inline bool dwell_event_is_early_end(const struct dwell_event *event)
{
	return event->kind == DWELL_EVENT_LOSS && event->reason == DWELL_LOSS_CUT &&
	       event->extra == event->time_ns;
}

#endif

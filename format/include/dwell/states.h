#ifndef DWELL_STATES_H
#define DWELL_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/event.h"
#include "dwell/interval.h"
#include "dwell/tables.h"

/*
 * The one state machine: rows in, intervals out. Recorder, encoder (keyframes,
 * pyramid), analyses, cuts and views all use this one, so that they agree.
 *
 * Invariants, whatever rows come in (they may be hostile):
 *   - the intervals of a task are contiguous, from its creation to its end;
 *   - an executor has one occupant at most, a task is on one executor at most;
 *   - no state is extended over a contradiction or a loss: what is not known is an
 *     interval of DWELL_UNKNOWN.
 *
 * An interval is told when it ends, because only then is it known what it was:
 *   - the rows contradict it (its task leaves an executor it was not on, another
 *     enters the executor it held, it blocks while it was runnable): all of it is unknown;
 *   - a loss lies in it: known until the loss, unknown from there to the task's next row;
 *   - a wake that came while the task still ran, and then it left blocked and
 *     entered again without another: that wake was the one that overtook the
 *     leaving, and the interval was runnable, not blocked;
 *   - blocked, then entered without a wake: unknown where the trace has wakes
 *     (DWELL_LEVEL_SCHEDULER or DWELL_LEVEL_RUNTIME), blocked where it has none.
 *
 * Which loss concerns which task: one of everything, all; one of an executor's ring, all but
 * those that run on another executor (what ends that is in the other's ring), those last on an
 * executor of another kind and those whose state only the program itself tells; one of a task's own
 * ring, that task, where its state is the program's word (scheduler rows are in other rings), and
 * its open wait, whose end may be missing. A file's early end (event.h) ends no state.
 *
 * Rows of a task that has ended are ignored. A row that is the first of a task implies no state
 * before it: that time, since its created_ns, is unknown.
 */

/*
 * What is known of one task at one moment: also a row of a keyframe. All that is needed to go
 * on: a run that starts from a keyframe tells exactly what one from the beginning tells after it.
 */
struct dwell_task_state {
	uint64_t since_ns; /* the state began */
	uint64_t wake_ns;  /* of a wake that came while it ran; 0: none */
	/* Not 0: a loss came into the state; it is known until here and unknown from here on. */
	uint64_t lost_ns;
	uint32_t task;
	uint32_t executor; /* running: on it, 0 where not known; else the last one, or 0 */
	uint32_t object;   /* blocked: on it */
	uint32_t stack;
	uint32_t waker; /* runnable: who made it so; else of the wake at wake_ns */
	uint32_t waker_stack;
	uint8_t state;          /* enum dwell_state */
	uint8_t reason;         /* blocked: why */
	uint8_t cause;          /* runnable: enum dwell_cause */
	uint8_t own_word;       /* 1: the state is the program's word, not a scheduler's */
	uint8_t wait_reason;    /* of the program's own wait; 0: not in one */
	uint8_t wait_flags;     /* enum dwell_event_flag of WAIT_BEGIN */
	uint8_t wait_waker_how; /* enum dwell_waker_how */
	uint64_t created_ns;    /* knowledge of the task began */
	uint64_t wait_since_ns; /* the program's own wait began; meaningful when wait_reason is not
				   0 */
	/* Of that wait, in the intervals that have ended; what is missing to its length is unknown.
	 */
	uint64_t wait_blocked_ns;
	uint64_t wait_runnable_ns;
	uint64_t wait_running_ns;
	uint32_t wait_object; /* told by no row of the wait: that of its first blocked stretch with
				 one, whose reason also stands for a wait_reason of SYSCALL */
	uint32_t wait_stack;
	uint32_t wait_holder;
	uint32_t wait_waker; /* who last ended a blocked stretch of the wait, as far as is known */
	uint32_t wait_waker_stack;
};

/* How the waker of a program's wait is known; a lower one is not replaced by a higher one. */
enum dwell_waker_how {
	DWELL_WAKER_NONE = 0,
	DWELL_WAKER_WAKE,    /* a WAKE row */
	DWELL_WAKER_RELEASE, /* a RELEASE row that names the woken one */
	DWELL_WAKER_OBJECT,  /* the last RELEASE since then of the object that WAIT_BEGIN named */
	DWELL_WAKER_HOW_COUNT
};

/*
 * Called by dwell_states_apply, in order of the rows that end them. Members may be NULL.
 *
 * Intervals of no length are told too where rows say so (a latency of 0 is a latency), but for
 * unknown ones that do not end the task. A blocked interval whose end is not known (a loss, a
 * contradiction, the end of the trace) is no wait; so is a wait of the program whose end is
 * missing, but where its task ended in it: that is told at the end of the task, flagged
 * interrupted, without a waker.
 */
struct dwell_states_ops {
	void (*interval)(void *context, const struct dwell_interval *interval);
	void (*wait)(void *context, const struct dwell_wait *wait);
};

struct dwell_states;

/*
 * levels: of the trace (enum dwell_level). ops is copied. Returns DWELL_ENOMEM. One thread at
 * a time. dwell_states_free takes NULL.
 */
int dwell_states_new(struct dwell_states **out, uint32_t levels, const struct dwell_states_ops *ops,
	void *context);
void dwell_states_free(struct dwell_states *states);

/*
 * A task was defined: knowledge of it starts at its created_ns, in state unknown until its first
 * row. Without this call it starts at its first row. Told again (a renamed task) it changes
 * nothing, but for an earlier created_ns while the task has no row: that is taken, or the time of
 * the latest row where it is later. Returns DWELL_ENOMEM, DWELL_ELIMIT.
 */
int dwell_states_task(struct dwell_states *states, const struct dwell_task *task);

/* Its created_ns as the states have it, if that definition is told next: whoever keeps definitions
 * keeps this. DWELL_FOREVER, of which nothing is known, stays. */
uint64_t dwell_states_created(const struct dwell_states *states, const struct dwell_task *task);

/* An executor was defined. Without this call all executors are taken to be of one kind. */
int dwell_states_executor(struct dwell_states *states, const struct dwell_executor *executor);

/*
 * Take over a keyframe; before the first row. A task that was defined before with a created_ns
 * before time_ns and is not in the keyframe has ended.
 * Returns DWELL_ENOMEM, DWELL_ELIMIT, DWELL_EFORMAT (states that cannot be, ids out of order).
 */
int dwell_states_load(struct dwell_states *states, uint64_t time_ns,
	const struct dwell_task_state *keyframe, size_t count);

/* Apply rows in order of time. Rows that go back in time are applied at the latest time seen.
 * Returns DWELL_ENOMEM, DWELL_ELIMIT. */
int dwell_states_apply(struct dwell_states *states, const struct dwell_event *events, size_t count);

/*
 * The same, but what ends is told all at once, into *told (its counts are set), which has the room
 * that dwell/interval.h says: for analyses, whose loops over many are faster. The functions of
 * dwell_states_ops are not called. On an error what was told until then is there.
 */
int dwell_states_batch(struct dwell_states *states, const struct dwell_event *events, size_t count,
	struct dwell_told *told);

/* Sums begin there, inside of an interval too. Not later than the first row. */
void dwell_states_sum_from(struct dwell_states *states, uint64_t from_ns);

/* A task of which something was told. */
struct dwell_life {
	uint32_t task;
	uint64_t created_ns;
	uint64_t ended_ns; /* DWELL_FOREVER: it lives */
	struct dwell_task_sums sums;
};

/* Visit them in order of task id; stops at what is not 0, and returns it. */
int dwell_states_lives(const struct dwell_states *states,
	int (*visit)(void *context, const struct dwell_life *life), void *context);

/*
 * Forget tasks that have ended, so that memory goes by how many live. `visit` (NULL is allowed) is
 * told of 64 neighbours at once, first to first + 63, which have all ended, and of what those of
 * them did of which something was told. From then on nothing is known of them but that they were.
 * To be called now and then, between rows; mostly it does nothing. Returns 0, what is not 0 from
 * visit, or DWELL_ENOMEM.
 */
int dwell_states_forget(struct dwell_states *states,
	int (*visit)(void *context, uint32_t first, const struct dwell_life *lives, size_t count),
	void *context);

/* Tell the open intervals of all live tasks up to time_ns, flagged DWELL_INTERVAL_OPEN, in order of
 * task id; the states go on: each will be told again, whole, when it ends. */
int dwell_states_flush(struct dwell_states *states, uint64_t time_ns);

/* The states of all live tasks in order of task id; valid until the next call. Ended tasks are not
 * among them, nor tasks created at or after the latest row that have no row yet. Returns
 * DWELL_ENOMEM. */
int dwell_states_save(
	struct dwell_states *states, const struct dwell_task_state **out, size_t *count);

/*
 * False while a loss that was told ahead (an event whose `extra` is later than its time) goes on
 * at the latest row: a keyframe does not hold it, so none should be taken then.
 */
bool dwell_states_can_save(const struct dwell_states *states);

/* The state of one task; NULL when it never was or has ended. Valid until the next call. */
const struct dwell_task_state *dwell_states_get(const struct dwell_states *states, uint32_t task);

/* Tasks from here on never were. The first one from `task` on that may live, or that end. */
uint32_t dwell_states_end(const struct dwell_states *states);
uint32_t dwell_states_next(const struct dwell_states *states, uint32_t task);

/* The task on an executor; 0: none or not known. */
uint32_t dwell_states_occupant(const struct dwell_states *states, uint32_t executor);

#endif

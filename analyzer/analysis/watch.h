#ifndef DWELL_ANALYSIS_WATCH_H
#define DWELL_ANALYSIS_WATCH_H

#include "analysis/loops.h"
#include "analysis/sites.h"
#include "analysis/teams.h"

/*
 * What rules need and no other analysis has: how many tasks of each process were in which state,
 * over time, and what other processes took meanwhile; who ended whose waits; wakes in vain; pairs
 * of tasks that wake each other.
 *
 * Time is cut into stretches of one length that doubles as the window grows, so memory does not
 * depend on it. Only processes with more than one task are watched.
 */
/* A task that did nothing before it waited again; or before it gave its CPU away. */
#define WATCH_NOTHING_NS UINT64_C(100000)
#define WATCH_MOMENT_NS UINT64_C(50000)
enum { WATCH_STRETCHES = 512, WATCH_WAITERS = 4, WATCH_BURSTS = 16, WATCH_CROWD = 3 };
enum { WATCH_TURNS = 1000, WATCH_YIELDS = 1000 }; /* fewer are none */

struct watch_stretch {
	uint64_t running_ns, runnable_ns; /* of all its tasks */
	uint64_t waiting_ns;              /* blocked on another task, but for joins */
	uint64_t barrier_ns;              /* of it, at a barrier */
	/* Who ran most, by vote: right where one task ran more than half of running_ns. */
	uint64_t votes_ns;
	uint32_t leader;
};

/* Of the whole machine: what the tasks in scope lacked, and what the others took. */
struct watch_share {
	uint64_t ready_ns;  /* tasks in scope were ready and did not run */
	uint64_t others_ns; /* others ran */
};

struct watch_other {
	uint64_t running_ns, most_ns;
	uint32_t task; /* the one that ran for most_ns at once */
};

struct watch_process {
	uint32_t first_task;
	uint64_t begin_ns, end_ns;       /* of what its tasks did */
	struct watch_stretch *stretches; /* NULL: one task only */
	struct team_member busiest;      /* at last; task 0: none ran */
};

struct watch_task {
	struct watch_process *process; /* NULL: not known so far */
	uint64_t lived_ns, running_ns;
	uint64_t waited_ns; /* for what others do */
	/* Waits of others that it ended. */
	uint64_t ended_ns, ended;
	uint32_t waiters[WATCH_WAITERS]; /* the first ones */
	uint32_t waiter_count;
	/* How long they ran then, each until its next wait that somebody ended. */
	uint64_t led_ns;
	/* Who ended its last such wait, and how long it had run by then. */
	uint32_t leader;
	uint64_t led_from_ns;
	/* Its last wait. */
	uint64_t awake_ns, awake_runnable_ns;
	uint32_t awake_object, burst;
	uint32_t waker, executor; /* of its last wait; that it ran on last */
	/* It gave its CPU away, having run for a moment; that it had run then; where, if known. */
	uint64_t yields, yielded_ns, yielded_at_ns;
	uint32_t yield_stack;
	uint64_t job; /* that Python started it for (analysis/python.h); 0: not known */
	bool python;  /* it did */
	/* Turns: it was woken by whom it had woken before. With one partner at a time; the most. */
	uint32_t partner, most_partner;
	uint64_t turns, moved, most_turns, most_moved;
	/* Its last wait, if that ran out of time, and whether a signal had been lost before it. */
	uint64_t timed_ns;
	uint32_t timed_object;
	uint64_t timed_gap_ns; /* from that signal to the wait */
	bool timed_unheard;
	/* The condition for which a signal ended its last wait; else 0. How long it was busy then,
	 * a signal, of how many. */
	uint32_t signalled_object;
	uint64_t busy_ns, busy;
	/* How urgent it is, as the kernel counts. */
	bool has_priority;
	int32_t priority;
};

/* Wakes of several at once, for one object. */
struct watch_object {
	uint64_t burst_ns, last_ns; /* the burst began; its last wake */
	uint32_t burst;             /* its number, from 1 */
	uint32_t sizes[WATCH_BURSTS];
	uint32_t crowd[WATCH_CROWD]; /* the first of the burst */
	uint64_t wakes;              /* all */
	uint64_t bursts, crowded;    /* of three or more, and the wakes in them */
	uint64_t vain, vain_ns;      /* wakes in them after which the task waited again at once */
	uint64_t at_ns;              /* the first that was in vain */
	uint32_t most, stack, task, waker, waker_stack;
	/* Signals that nobody waited for: the last one. */
	uint64_t unheard_ns;
	uint32_t unheard_task, unheard_stack;
	/* Waits that ran out of time and were not begun again, as there was something to do: after
	 * such a signal, and others. */
	uint64_t late, late_ns, late_at_ns, in_time;
	uint32_t late_task, late_stack;
	/* Waits for less urgent tasks; the most urgent one that had such. */
	uint64_t inverted_ns;
	uint32_t inverted_task, inverted_stack;
	int32_t inverted_priority;
};

struct watch {
	const struct model *model;
	uint64_t stretch_ns;
	unsigned shift; /* stretch_ns is 1 << shift */
	struct table processes, tasks, objects;
	struct table others; /* watch_other by process: those that are not in scope */
	struct watch_share shares[WATCH_STRETCHES];
	struct loops loops;
	/* Of lives that are whole: what tasks were ready or ran, who was ready for longest, those
	 * that are alike; of those that were settled by shapes instead of classes. */
	uint64_t active_ns;
	struct team_member victim;
	struct teams teams, settled;
	/* The first of each page of these of which something is kept, and how many it was last. */
	uint32_t *ended;
	size_t ended_count, ended_cap, ended_kept;
	const struct dwell_states *states;
	struct sites sites; /* only where tasks are settled */
	bool looks_back;    /* at tasks that may have ended long ago */
};

/* Tasks have ended: a fold_ops.settle. */
int watch_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count);
/* All was told, and classes have names: add up those that were not settled. 0 or DWELL_ENOMEM. */
int watch_finish(struct watch *watch, struct model *model);

/* Rows, before what they ended: signals that nobody heard, priorities. 0 or DWELL_ENOMEM. */
int watch_row(struct watch *watch, const struct dwell_event *event);
/* An interval of a task, and the rows among which it ended: whether it gave way. */
void watch_yield(struct watch_task *task, const struct dwell_interval *interval,
	const struct fold_batch *batch);
/* A wait that ended, before it is the task's last one; the object may be NULL. */
void watch_signals(struct watch *watch, struct watch_task *task, struct watch_object *object,
	const struct dwell_wait *wait);
void watch_urgency(struct watch *watch, struct watch_object *object, const struct dwell_wait *wait);

/* What those did then whose waits the task ended, those that still run too. */
uint64_t watch_led_ns(const struct watch *watch, uint32_t leader);

/* How many stretches the process's life takes, and where it begins. */
size_t watch_stretches(
	const struct watch *watch, const struct watch_process *process, size_t *first);

#endif

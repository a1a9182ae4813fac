#ifndef DWELL_STATES_PLAIN_H
#define DWELL_STATES_PLAIN_H

#include "src/states_private.h"

/*
 * What nearly all rows do: a running task leaves the executor it is on, a runnable one enters, a
 * blocked one is woken, and there is no loss in that state and no wait of the program around it.
 * states.c does the same for all cases and so says what is right; this says it with a third of
 * the instructions: an interval for each state is kept, of which most fields never change.
 */
static inline bool is_plain(const struct dwell_task_state *s, unsigned state)
{
	return s->state == state && !s->wait_reason && !s->lost_ns;
}

static inline void plain_tell(
	struct dwell_states *states, struct dwell_interval *out, const struct dwell_task_state *s)
{
	out->start_ns = s->since_ns;
	out->end_ns = states->now_ns;
	out->task = s->task;
	states->ops.interval(states->context, out);
}

/* False: it is not plain, and nothing was done. */
static inline bool plain_leave(
	struct dwell_states *states, struct slot *slot, const struct dwell_event *event)
{
	struct dwell_task_state *s = &slot->s;
	struct dwell_interval *out = &states->plain[DWELL_RUNNING];

	if (!is_plain(s, DWELL_RUNNING) || s->executor != event->executor || !s->executor ||
		(event->state != DWELL_BLOCKED && event->state != DWELL_RUNNABLE))
		return false;
	out->executor = s->executor;
	out->next = event->state;
	out->flags = event->flags & DWELL_EVENT_PREEMPTED ? DWELL_INTERVAL_PREEMPTED : 0;
	plain_tell(states, out, s);
	states_enter(states, slot, event->state);
	if (event->state == DWELL_BLOCKED) {
		s->reason = event->reason;
		s->object = event->object;
		s->stack = event->stack;
		return true;
	}
	s->cause = DWELL_CAUSE_PREEMPTED;
	s->wake_ns = 0;
	s->waker = DWELL_NONE;
	s->waker_stack = DWELL_NONE;
	return true;
}

static inline bool plain_enter(struct dwell_states *states, struct slot *slot, uint32_t executor)
{
	struct dwell_task_state *s = &slot->s;
	struct dwell_interval *out = &states->plain[DWELL_RUNNABLE];

	if (!is_plain(s, DWELL_RUNNABLE))
		return false;
	out->executor = executor;
	out->waker = s->waker;
	out->waker_stack = s->waker_stack;
	out->cause = s->cause;
	out->next = DWELL_RUNNING;
	plain_tell(states, out, s);
	states_enter(states, slot, DWELL_RUNNING);
	s->executor = executor;
	s->wake_ns = 0;
	s->waker = DWELL_NONE;
	s->waker_stack = DWELL_NONE;
	return true;
}

static inline bool plain_wake(
	struct dwell_states *states, struct slot *slot, const struct dwell_event *event)
{
	struct dwell_task_state *s = &slot->s;
	struct dwell_interval *out = &states->plain[DWELL_BLOCKED];

	if (!is_plain(s, DWELL_BLOCKED))
		return false;
	out->object = s->object;
	out->stack = s->stack;
	out->reason = s->reason;
	out->waker = event->peer;
	out->waker_stack = event->stack;
	out->next = DWELL_RUNNABLE;
	plain_tell(states, out, s);
	if (states->ops.wait)
		states_tell_wait(states, out, event->flags);
	states_enter(states, slot, DWELL_RUNNABLE);
	s->cause = DWELL_CAUSE_WAKE;
	s->wake_ns = 0;
	s->waker = event->peer;
	s->waker_stack = event->stack;
	return true;
}

#endif

#ifndef DWELL_STATES_PLAIN_H
#define DWELL_STATES_PLAIN_H

#include "src/states_tell.h"

/* Begin a state now, after states_finish. */
static inline void states_enter(struct dwell_states *states, struct slot *slot, unsigned state)
{
	slot->s.state = (uint8_t)state;
	slot->s.since_ns = states->now_ns;
	slot->s.lost_ns = 0;
	slot->s.cause = DWELL_CAUSE_NONE;
	slot->s.reason = DWELL_REASON_NONE;
	slot->s.object = DWELL_NONE;
	slot->s.stack = DWELL_NONE;
	slot->s.own_word = 0;
	slot->seen = states->losses_open;
}

static inline void states_count_switch(struct dwell_task_sums *sums, uint8_t flags)
{
	sums->switches++;
	sums->intervals--;
	sums->preemptions += (flags & DWELL_EVENT_PREEMPTED) != 0;
}

static inline void states_count_wake(struct dwell_task_sums *sums)
{
	sums->wakes++;
	sums->intervals--;
}

/*
 * What nearly all rows do: a running task leaves the executor it is on, a runnable one enters, a
 * blocked one is woken, and there is no loss in that state and no wait of the program around it.
 * states.c does the same for all cases and so says what is right; this says it with a third of
 * the instructions.
 */
static inline bool is_plain(const struct dwell_task_state *s, unsigned state)
{
	return s->state == state && !s->wait_reason && !s->lost_ns;
}

/* False: it is not plain, and nothing was done. */
static inline bool plain_leave(
	struct dwell_states *states, struct slot *slot, const struct dwell_event *event)
{
	struct dwell_task_state *s = &slot->s;
	const bool blocks = event->state == DWELL_BLOCKED;

	if (!is_plain(s, DWELL_RUNNING) || s->executor != event->executor || !s->executor ||
		(!blocks && event->state != DWELL_RUNNABLE))
		return false;
	*states->at = (struct dwell_interval){
		.start_ns = s->since_ns,
		.end_ns = states->now_ns,
		.task = s->task,
		.executor = s->executor,
		.state = DWELL_RUNNING,
		.next = event->state,
		.flags = event->flags & DWELL_EVENT_PREEMPTED ? DWELL_INTERVAL_PREEMPTED : 0,
		.row = (uint16_t)states->row,
	};
	states_sum(states, &slot->sums, &slot->sums.running_ns, s->since_ns, states->now_ns);
	states_tell(states, false, 0);
	states_enter(states, slot, event->state);
	s->reason = blocks ? event->reason : DWELL_REASON_NONE;
	s->object = blocks ? event->object : (uint32_t)DWELL_NONE;
	s->stack = blocks ? event->stack : (uint32_t)DWELL_NONE;
	s->cause = blocks ? DWELL_CAUSE_NONE : DWELL_CAUSE_PREEMPTED;
	s->wake_ns = blocks ? s->wake_ns : 0;
	s->waker = blocks ? s->waker : (uint32_t)DWELL_NONE;
	s->waker_stack = blocks ? s->waker_stack : (uint32_t)DWELL_NONE;
	return true;
}

static inline bool plain_enter(struct dwell_states *states, struct slot *slot, uint32_t executor)
{
	struct dwell_task_state *s = &slot->s;

	if (!is_plain(s, DWELL_RUNNABLE))
		return false;
	*states->at = (struct dwell_interval){
		.start_ns = s->since_ns,
		.end_ns = states->now_ns,
		.task = s->task,
		.executor = executor,
		.waker = s->waker,
		.waker_stack = s->waker_stack,
		.state = DWELL_RUNNABLE,
		.cause = s->cause,
		.next = DWELL_RUNNING,
		.row = (uint16_t)states->row,
	};
	states_sum(states, &slot->sums, &slot->sums.runnable_ns, s->since_ns, states->now_ns);
	states_tell(states, false, 0);
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

	if (!is_plain(s, DWELL_BLOCKED))
		return false;
	*states->at = (struct dwell_interval){
		.start_ns = s->since_ns,
		.end_ns = states->now_ns,
		.task = s->task,
		.object = s->object,
		.stack = s->stack,
		.waker = event->peer,
		.waker_stack = event->stack,
		.state = DWELL_BLOCKED,
		.reason = s->reason,
		.next = DWELL_RUNNABLE,
		.told = states->told ? DWELL_TOLD_WAIT : 0,
		.wait_flags = states->told ? event->flags : 0,
		.row = (uint16_t)states->row,
	};
	states_sum(states, &slot->sums, &slot->sums.blocked_ns, s->since_ns, states->now_ns);
	states_count_wake(&slot->sums);
	states_tell(states, true, event->flags);
	states_enter(states, slot, DWELL_RUNNABLE);
	s->cause = DWELL_CAUSE_WAKE;
	s->wake_ns = 0;
	s->waker = event->peer;
	s->waker_stack = event->stack;
	return true;
}

#endif

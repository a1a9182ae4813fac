/*
 * Rows in batches. Nearly all rows say that a running task leaves the executor it is on and a
 * runnable one enters, or that a blocked one is woken, without a loss or a wait of the program's
 * around it. What states.c does with such a row is done here in one loop, with what it needs in
 * registers; all other rows go there. states.c says what is right.
 */
#include "src/states_slot.h"

/* Of the loop. */
struct batch {
	struct dwell_interval *intervals, *at;
	uint16_t *running, *runnable, *own_waits;
	uint64_t now_ns;
	uint32_t row;
};

static inline uint16_t index_of(const struct batch *batch)
{
	return (uint16_t)(batch->at - batch->intervals);
}

static inline struct dwell_interval *tell(
	struct batch *batch, const struct dwell_task_state *s, unsigned state, unsigned next)
{
	struct dwell_interval *out = batch->at++;

	out->start_ns = s->since_ns;
	out->end_ns = batch->now_ns;
	out->task = s->task;
	out->holder = DWELL_NONE;
	out->state = (uint8_t)state;
	out->next = (uint8_t)next;
	out->holder_how = 0;
	out->row = (uint16_t)batch->row;
	out->next_reason = DWELL_REASON_NONE;
	return out;
}

static inline uint64_t to_sum(
	const struct dwell_states *states, const struct batch *batch, uint64_t start_ns)
{
	return batch->now_ns - (start_ns > states->sum_from_ns ? start_ns : states->sum_from_ns);
}

/* A state begins in which there is nothing to say of a place to wait at. */
static inline void enter(struct dwell_states *states, const struct batch *batch, struct slot *slot,
	unsigned state, unsigned cause)
{
	struct dwell_task_state *s = &slot->s;

	slot->seen.as_one = states->losses_open.as_one;
	s->since_ns = batch->now_ns;
	s->wake_ns = 0;
	s->object = DWELL_NONE;
	s->stack = DWELL_NONE;
	s->state = (uint8_t)state;
	s->reason = DWELL_REASON_NONE;
	s->cause = (uint8_t)cause;
	s->own_word = 0;
}

static inline void switch_out(struct dwell_states *states, struct batch *batch, struct slot *slot,
	const struct dwell_event *event)
{
	struct dwell_task_state *s = &slot->s;
	const uint64_t wake_ns = s->wake_ns;
	struct dwell_interval *out;

	*batch->running++ = index_of(batch);
	out = tell(batch, s, DWELL_RUNNING, event->state);
	slot->sums.running_ns += to_sum(states, batch, s->since_ns);
	slot->sums.intervals++;
	slot->sums.switches++;
	slot->sums.preemptions += (event->flags & DWELL_EVENT_PREEMPTED) != 0;

	out->executor = s->executor;
	out->object = DWELL_NONE;
	out->stack = DWELL_NONE;
	out->waker = DWELL_NONE;
	out->waker_stack = DWELL_NONE;
	out->reason = DWELL_REASON_NONE;
	out->cause = DWELL_CAUSE_NONE;
	out->flags = event->flags & DWELL_EVENT_PREEMPTED ? DWELL_INTERVAL_PREEMPTED : 0;
	out->told = 0;
	out->wait_flags = 0;
	enter(states, batch, slot, event->state, DWELL_CAUSE_NONE);
	if (event->state == DWELL_BLOCKED) {
		s->wake_ns = wake_ns; /* it may have overtaken this */
		out->next_reason = event->reason;
		s->reason = event->reason;
		s->object = event->object;
		s->stack = event->stack;
	} else {
		s->cause = DWELL_CAUSE_PREEMPTED;
		s->waker = DWELL_NONE;
		s->waker_stack = DWELL_NONE;
	}
}

static inline void switch_in(
	struct dwell_states *states, struct batch *batch, struct slot *slot, uint32_t executor)
{
	struct dwell_task_state *s = &slot->s;
	struct dwell_interval *out;

	*batch->runnable++ = index_of(batch);
	out = tell(batch, s, DWELL_RUNNABLE, DWELL_RUNNING);
	slot->sums.runnable_ns += to_sum(states, batch, s->since_ns);
	slot->sums.intervals++;

	out->executor = executor;
	out->object = DWELL_NONE;
	out->stack = DWELL_NONE;
	out->waker = s->waker;
	out->waker_stack = s->waker_stack;
	out->reason = DWELL_REASON_NONE;
	out->cause = s->cause;
	out->flags = 0;
	out->told = 0;
	out->wait_flags = 0;
	enter(states, batch, slot, DWELL_RUNNING, DWELL_CAUSE_NONE);
	s->executor = executor;
	s->waker = DWELL_NONE;
	s->waker_stack = DWELL_NONE;
}

static inline void wake(struct dwell_states *states, struct batch *batch, struct slot *slot,
	const struct dwell_event *event)
{
	struct dwell_task_state *s = &slot->s;
	struct dwell_interval *out;

	*batch->own_waits++ = index_of(batch);
	out = tell(batch, s, DWELL_BLOCKED, DWELL_RUNNABLE);
	slot->sums.blocked_ns += to_sum(states, batch, s->since_ns);
	slot->sums.intervals++;
	slot->sums.wakes++;

	out->executor = DWELL_NONE;
	out->object = s->object;
	out->stack = s->stack;
	out->waker = event->peer;
	out->waker_stack = event->stack;
	out->reason = s->reason;
	out->cause = DWELL_CAUSE_NONE;
	out->flags = 0;
	out->told = DWELL_TOLD_WAIT;
	out->wait_flags = event->flags;
	enter(states, batch, slot, DWELL_RUNNABLE, DWELL_CAUSE_WAKE);
	s->waker = event->peer;
	s->waker_stack = event->stack;
}

/* False: it is not plain, and nothing was done. */
static inline bool plain_switch(
	struct dwell_states *states, struct batch *batch, const struct dwell_event *event)
{
	const uint32_t executor = event->executor;
	struct slot *out = NULL, *in = NULL;

	if (!executor || executor >= states->occupant_count ||
		(states->occupants[executor] && states->occupants[executor] != event->task) ||
		event->task == event->peer)
		return false;
	if (event->task) {
		out = states_plain_slot(states, event->task, DWELL_RUNNING);
		if (!out || out->s.executor != executor ||
			(event->state != DWELL_BLOCKED && event->state != DWELL_RUNNABLE))
			return false;
	}
	if (event->peer) {
		in = states_plain_slot(states, event->peer, DWELL_RUNNABLE);
		if (!in)
			return false;
	}
	if (out)
		switch_out(states, batch, out, event);
	if (in)
		switch_in(states, batch, in, executor);
	states->occupants[executor] = event->peer;
	return true;
}

static inline bool plain_wake(
	struct dwell_states *states, struct batch *batch, const struct dwell_event *event)
{
	struct slot *slot = event->task && event->state != DWELL_STATE_SAME
				    ? states_plain_slot(states, event->task, DWELL_BLOCKED)
				    : NULL;

	if (slot)
		wake(states, batch, slot, event);
	return slot;
}

static void any_row(
	struct dwell_states *states, struct batch *batch, const struct dwell_event *event)
{
	states->at = batch->at;
	states->now_ns = batch->now_ns;
	states->row = batch->row;
	states_apply(states, event);
	for (; batch->at < states->at; batch->at++) {
		const struct dwell_task_state *s = &states_find(states, batch->at->task)->s;

		batch->at->next_reason = s->wait_reason ? s->wait_reason : s->reason;
		if (batch->at->state == DWELL_RUNNING)
			*batch->running++ = index_of(batch);
		else if (batch->at->state == DWELL_RUNNABLE)
			*batch->runnable++ = index_of(batch);
		else if (batch->at->told & DWELL_TOLD_WAIT)
			*batch->own_waits++ = index_of(batch);
	}
}

int dwell_states_batch(struct dwell_states *states, const struct dwell_event *events, size_t count,
	struct dwell_told *told)
{
	struct batch batch = {
		.intervals = told->intervals,
		.at = told->intervals,
		.running = told->running,
		.runnable = told->runnable,
		.own_waits = told->own_waits,
		.now_ns = states->now_ns,
	};

	told->wait_count = 0;
	states->told = told;
	states->err = 0;
	for (size_t i = 0; i < count && !states->err; i++) {
		const struct dwell_event *event = &events[i];
		bool done = false;

		if (event->time_ns > batch.now_ns)
			batch.now_ns = event->time_ns;
		batch.row = (uint32_t)i;
		if (event->kind == DWELL_EVENT_SWITCH)
			done = plain_switch(states, &batch, event);
		else if (event->kind == DWELL_EVENT_WAKE)
			done = plain_wake(states, &batch, event);
		if (!done)
			any_row(states, &batch, event);
	}
	told->count = (size_t)(batch.at - told->intervals);
	told->running_count = (size_t)(batch.running - told->running);
	told->runnable_count = (size_t)(batch.runnable - told->runnable);
	told->own_count = (size_t)(batch.own_waits - told->own_waits);
	states->told = NULL;
	states->at = &states->one;
	states->now_ns = batch.now_ns;
	states->row = 0;
	return states->err;
}

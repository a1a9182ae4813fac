/*
 * Rows in batches. Nearly all rows say that a running task leaves the executor it is on and a
 * runnable one enters, or that a blocked one is woken, without a loss or a wait of the program's
 * around it. What states.c does with such a row is done here in one loop, with what it needs in
 * registers; all other rows go there. states.c says what is right.
 */
#include "src/states_slot.h"

#define always_inline __attribute__((always_inline)) static inline

/*
 * Of a row. What is asked for is a constant where it is inlined: there is a loop for each. All that
 * goes from row to row is in memory, where states.c has it too.
 */
struct batch {
	struct dwell_states *states;
	struct dwell_told *told;
	uint64_t now_ns;
	uint32_t skips;
	uint32_t row;
};

static inline bool skips(const struct batch *batch, unsigned what)
{
	return batch->skips & what;
}

static bool is_held(unsigned reason)
{
	return reason == DWELL_REASON_MUTEX || reason == DWELL_REASON_RWLOCK;
}

/* A branch only on what hardly ever changes. */
always_inline void count_wait(struct dwell_told *told, const struct dwell_interval *wait)
{
	struct dwell_told_waits *counted = &told->counted;
	const uint32_t task = wait->task;
	const bool has_waker = wait->waker != 0, has_holder = wait->holder != 0;
	const uint64_t in = !told->scope || (task / 64 < told->scope_words &&
						    (told->scope[task / 64] >> (task % 64) & 1));

	counted->count += in;
	counted->with_waker += in & has_waker;
	if (!(wait->stack | wait->object | wait->reason | wait->holder))
		return;
	counted->with_stack += in & (wait->stack != 0);
	counted->with_object += in & (wait->object != 0);
	/* What is owned was held by who gave it up. */
	counted->with_holder += in & (has_holder | (is_held(wait->reason) & has_waker));
}

always_inline struct dwell_interval *tell(
	const struct batch *batch, const struct dwell_task_state *s, unsigned state, unsigned next)
{
	struct dwell_interval *out = &batch->told->intervals[batch->told->count++];

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

static inline uint64_t to_sum(const struct batch *batch, uint64_t start_ns)
{
	const uint64_t from_ns = batch->states->sum_from_ns;

	return batch->now_ns - (start_ns > from_ns ? start_ns : from_ns);
}

/* A state begins in which there is nothing to say of a place to wait at. */
always_inline void enter(
	const struct batch *batch, struct slot *slot, unsigned state, unsigned cause)
{
	struct dwell_task_state *s = &slot->s;

	slot->seen.as_one = batch->states->losses_open.as_one;
	s->since_ns = batch->now_ns;
	s->wake_ns = 0;
	s->object = DWELL_NONE;
	s->stack = DWELL_NONE;
	s->state = (uint8_t)state;
	s->reason = DWELL_REASON_NONE;
	s->cause = (uint8_t)cause;
	s->own_word = 0;
}

always_inline void tell_running(const struct batch *batch, const struct dwell_task_state *s,
	const struct dwell_event *event)
{
	struct dwell_interval *out;

	batch->told->running[batch->told->running_count++] = (uint16_t)batch->told->count;
	out = tell(batch, s, DWELL_RUNNING, event->state);
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
	if (event->state == DWELL_BLOCKED)
		out->next_reason = event->reason;
}

always_inline void switch_out(
	const struct batch *batch, struct slot *slot, const struct dwell_event *event)
{
	struct dwell_task_state *s = &slot->s;
	const uint64_t wake_ns = s->wake_ns;

	if (!skips(batch, DWELL_SKIP_RUNNING))
		tell_running(batch, s, event);
	slot->sums.running_ns += to_sum(batch, s->since_ns);
	slot->sums.intervals++;
	slot->sums.switches++;
	slot->sums.preemptions += (event->flags & DWELL_EVENT_PREEMPTED) != 0;
	enter(batch, slot, event->state, DWELL_CAUSE_NONE);
	if (event->state == DWELL_BLOCKED) {
		s->wake_ns = wake_ns; /* it may have overtaken this */
		s->reason = event->reason;
		s->object = event->object;
		s->stack = event->stack;
	} else {
		s->cause = DWELL_CAUSE_PREEMPTED;
		s->waker = DWELL_NONE;
		s->waker_stack = DWELL_NONE;
	}
}

always_inline void tell_runnable(
	const struct batch *batch, const struct dwell_task_state *s, uint32_t executor)
{
	struct dwell_interval *out;

	batch->told->runnable[batch->told->runnable_count++] = (uint16_t)batch->told->count;
	out = tell(batch, s, DWELL_RUNNABLE, DWELL_RUNNING);
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
}

always_inline void switch_in(const struct batch *batch, struct slot *slot, uint32_t executor)
{
	struct dwell_task_state *s = &slot->s;

	if (!skips(batch, DWELL_SKIP_RUNNABLE))
		tell_runnable(batch, s, executor);
	slot->sums.runnable_ns += to_sum(batch, s->since_ns);
	slot->sums.intervals++;
	enter(batch, slot, DWELL_RUNNING, DWELL_CAUSE_NONE);
	s->executor = executor;
	s->waker = DWELL_NONE;
	s->waker_stack = DWELL_NONE;
}

always_inline void tell_blocked(const struct batch *batch, const struct dwell_task_state *s,
	const struct dwell_event *event)
{
	struct dwell_interval *out;

	batch->told->own_waits[batch->told->own_count++] = (uint16_t)batch->told->count;
	out = tell(batch, s, DWELL_BLOCKED, DWELL_RUNNABLE);
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
}

always_inline void wake(
	const struct batch *batch, struct slot *slot, const struct dwell_event *event)
{
	struct dwell_task_state *s = &slot->s;

	if (!skips(batch, DWELL_SKIP_BLOCKED) &&
		(!skips(batch, DWELL_SKIP_REASONLESS) || s->reason))
		tell_blocked(batch, s, event);
	count_wait(batch->told, &(struct dwell_interval){ .task = s->task,
					.stack = s->stack,
					.object = s->object,
					.reason = s->reason,
					.waker = event->peer });
	slot->sums.blocked_ns += to_sum(batch, s->since_ns);
	slot->sums.intervals++;
	slot->sums.wakes++;
	enter(batch, slot, DWELL_RUNNABLE, DWELL_CAUSE_WAKE);
	s->waker = event->peer;
	s->waker_stack = event->stack;
}

/* False: it is not plain, and nothing was done. */
always_inline bool plain_switch(const struct batch *batch, const struct dwell_event *event)
{
	struct dwell_states *states = batch->states;
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
	if (batch->told->gaps && (!in || states->occupants[executor] != event->task || !out))
		batch->told->gaps[batch->told->gap_count++] = (uint16_t)batch->row;
	if (out)
		switch_out(batch, out, event);
	if (in)
		switch_in(batch, in, executor);
	states->occupants[executor] = event->peer;
	return true;
}

always_inline bool plain_wake(const struct batch *batch, const struct dwell_event *event)
{
	struct slot *slot = event->task && event->state != DWELL_STATE_SAME
				    ? states_plain_slot(batch->states, event->task, DWELL_BLOCKED)
				    : NULL;

	if (slot)
		wake(batch, slot, event);
	return slot;
}

/* What states.c told, into the lists. */
static void list(struct dwell_told *told, const struct dwell_interval *interval)
{
	const uint16_t i = (uint16_t)told->count++;

	if (interval->state == DWELL_RUNNING)
		told->running[told->running_count++] = i;
	else if (interval->state == DWELL_RUNNABLE)
		told->runnable[told->runnable_count++] = i;
	else if (interval->told & DWELL_TOLD_WAIT)
		told->own_waits[told->own_count++] = i;
	if (interval->told & DWELL_TOLD_WAIT)
		count_wait(told, interval);
}

/* Any row, as states.c has it. */
__attribute__((noinline)) static void any_row(
	struct dwell_states *states, const struct dwell_event *event, uint32_t row)
{
	struct dwell_told *told = states->told;
	struct dwell_interval *at = &told->intervals[told->count];
	size_t wait = told->wait_count;

	if (told->gaps && event->kind == DWELL_EVENT_SWITCH)
		told->gaps[told->gap_count++] = (uint16_t)row;
	states->at = at;
	states->row = row;
	states_apply(states, event);
	for (; at < states->at; at++) {
		const struct dwell_task_state *s = &states_find(states, at->task)->s;

		at->next_reason = s->wait_reason ? s->wait_reason : s->reason;
		list(told, at);
	}
	for (; wait < told->wait_count; wait++) {
		const struct dwell_wait *of = &told->waits[wait];

		count_wait(told, &(struct dwell_interval){ .task = of->task,
					 .stack = of->stack,
					 .object = of->object,
					 .reason = of->reason,
					 .holder = of->holder,
					 .waker = of->waker });
	}
}

always_inline void apply(struct dwell_states *states, const struct dwell_event *events,
	size_t count, struct dwell_told *told, uint32_t skipped)
{
	for (size_t i = 0; i < count && !states->err; i++) {
		const struct dwell_event *event = &events[i];
		const struct batch batch = {
			.states = states,
			.told = told,
			.now_ns = event->time_ns > states->now_ns ? event->time_ns : states->now_ns,
			.skips = skipped,
			.row = (uint32_t)i,
		};
		bool done = false;

		states->now_ns = batch.now_ns;
		if (event->kind == DWELL_EVENT_SWITCH)
			done = plain_switch(&batch, event);
		else if (event->kind == DWELL_EVENT_WAKE)
			done = plain_wake(&batch, event);
		if (!done)
			any_row(states, event, (uint32_t)i);
	}
}

static void begin(struct dwell_told *told)
{
	told->count = told->wait_count = 0;
	told->running_count = told->runnable_count = told->own_count = 0;
	told->gap_count = 0;
	told->counted = (struct dwell_told_waits){ 0 };
}

int dwell_states_batch(struct dwell_states *states, const struct dwell_event *events, size_t count,
	struct dwell_told *told)
{
	const uint32_t runs = DWELL_SKIP_RUNNING | DWELL_SKIP_RUNNABLE;

	begin(told);
	states->told = told;
	states->err = 0;
	if ((told->skips & runs) == runs && told->skips & DWELL_SKIP_BLOCKED)
		apply(states, events, count, told, runs | DWELL_SKIP_BLOCKED);
	else if ((told->skips & runs) == runs && told->skips & DWELL_SKIP_REASONLESS)
		apply(states, events, count, told, runs | DWELL_SKIP_REASONLESS);
	else if ((told->skips & runs) == runs)
		apply(states, events, count, told, runs);
	else if (told->skips & DWELL_SKIP_BLOCKED)
		apply(states, events, count, told, DWELL_SKIP_BLOCKED);
	else
		apply(states, events, count, told, 0);
	states->told = NULL;
	states->at = &states->one;
	states->row = 0;
	return states->err;
}

/*
 * Rows in batches. Nearly all rows say that a running task leaves the executor it is on and a
 * runnable one enters, or that a blocked one is woken, without a loss or a wait of the program's
 * around it. What states.c does with such a row is done here in one loop, with what it needs in
 * registers; all other rows go there. states.c says what is right.
 */
#include "src/states_slot.h"

#define always_inline __attribute__((always_inline)) static inline

/*
 * What goes from row to row, with what it needs of the states: to be loaded again where states.c
 * may have changed it. What is asked for is a constant where it is inlined: there is a loop for
 * each.
 */
struct batch {
	struct dwell_states *states;
	struct dwell_told *told;
	uint64_t now_ns;
	uint32_t skips;
	uint32_t row;
	/* Of slots, by what they are: */
	uint64_t running, runnable, blocked;
	uint64_t to_running, to_runnable,
		to_left[2]; /* from now on; of who left: whether it waits */
	struct dwell_told_waits counted;
};

static inline bool skips(const struct batch *batch, unsigned what)
{
	return batch->skips & what;
}

static bool is_held(unsigned reason)
{
	return reason == DWELL_REASON_MUTEX || reason == DWELL_REASON_RWLOCK;
}

/* Of a wait: who, and what is known of it. */
struct known {
	uint32_t task, waker, holder, object, stack;
	uint8_t reason;
};

always_inline void count_details(
	struct dwell_told_waits *counted, const struct known known, uint64_t in)
{
	const bool has_waker = known.waker != 0, has_holder = known.holder != 0;

	counted->with_stack += in & (known.stack != 0);
	counted->with_object += in & (known.object != 0);
	/* What is owned was held by who gave it up. */
	counted->with_holder += in & (has_holder | (is_held(known.reason) & has_waker));
}

/* Where not all tasks count. */
__attribute__((noinline)) static void count_scoped(
	struct dwell_told *told, const struct known known)
{
	const uint32_t task = known.task;
	const uint64_t in =
		task / 64 < told->scope_words && (told->scope[task / 64] >> (task % 64) & 1);

	told->counted.count += in;
	told->counted.with_waker += in & (known.waker != 0);
	count_details(&told->counted, known, in);
}

/* Branches only on what hardly ever changes. */
always_inline void count_wait(
	struct dwell_told *told, struct dwell_told_waits *counted, const struct known known)
{
	if (__builtin_expect(told->scope != NULL, 0)) {
		count_scoped(told, known);
		return;
	}
	counted->count++;
	counted->with_waker += known.waker != 0;
	if (__builtin_expect((known.stack | known.object | known.reason | known.holder) != 0, 0))
		count_details(counted, known, 1);
}

/* All that is not 0 is still to be said, but for these. */
always_inline struct dwell_interval *tell(
	const struct batch *batch, const struct dwell_task_state *s, uint16_t *list, size_t *count)
{
	struct dwell_told *told = batch->told;
	const size_t at = told->count++;
	struct dwell_interval *out = &told->intervals[at];

	list[(*count)++] = (uint16_t)at;
	*out = (struct dwell_interval){
		.start_ns = s->since_ns,
		.end_ns = batch->now_ns,
		.task = s->task,
		.row = (uint16_t)batch->row,
	};
	return out;
}

always_inline void tell_running(const struct batch *batch, const struct dwell_task_state *s,
	const struct dwell_event *event, uint64_t mask)
{
	struct dwell_told *told = batch->told;
	struct dwell_interval *out = tell(batch, s, told->running, &told->running_count);

	out->executor = s->executor;
	out->state = DWELL_RUNNING;
	out->next = event->state;
	out->flags = event->flags & DWELL_EVENT_PREEMPTED ? DWELL_INTERVAL_PREEMPTED : 0;
	out->next_reason = event->reason & (uint8_t)mask;
}

/*
 * Why it waits, on what and where, if it does; else it may go on. Without a branch: which of them
 * it is, is hard to foresee.
 */
always_inline void switch_out(
	const struct batch *batch, struct slot *slot, const struct dwell_event *event)
{
	static const struct states_word words[] = {
		{ .state = DWELL_RUNNABLE, .cause = DWELL_CAUSE_PREEMPTED },
		{ .state = DWELL_BLOCKED },
	};
	struct dwell_task_state *s = &slot->s;
	const unsigned blocks = event->state == DWELL_BLOCKED;
	const uint64_t mask = 0 - (uint64_t)blocks;

	if (!skips(batch, DWELL_SKIP_RUNNING))
		tell_running(batch, s, event, mask);
	slot->sums.running_ns += batch->now_ns - s->since_ns;
	slot->sums.switches++;
	slot->sums.preemptions += (event->flags & DWELL_EVENT_PREEMPTED) != 0;
	slot->seen.as_one = batch->to_left[blocks];
	s->since_ns = batch->now_ns;
	s->wake_ns &= mask; /* it may have overtaken this */
	states_put_pair(&s->object, states_pair(&event->object) & mask);
	states_put_pair(&s->waker, states_pair(&s->waker) & mask);
	states_put_word(s, words[blocks]);
	s->reason = event->reason & (uint8_t)mask;
}

always_inline void tell_runnable(
	const struct batch *batch, const struct dwell_task_state *s, uint32_t executor)
{
	struct dwell_told *told = batch->told;
	struct dwell_interval *out = tell(batch, s, told->runnable, &told->runnable_count);

	out->executor = executor;
	out->waker = s->waker;
	out->waker_stack = s->waker_stack;
	out->state = DWELL_RUNNABLE;
	out->cause = s->cause;
	out->next = DWELL_RUNNING;
}

always_inline void switch_in(const struct batch *batch, struct slot *slot, uint32_t executor)
{
	struct dwell_task_state *s = &slot->s;

	if (!skips(batch, DWELL_SKIP_RUNNABLE))
		tell_runnable(batch, s, executor);
	slot->sums.runnable_ns += batch->now_ns - s->since_ns;
	slot->sums.intervals++;
	slot->seen.as_one = batch->to_running;
	s->since_ns = batch->now_ns;
	s->wake_ns = 0;
	s->executor = executor;
	s->waker = DWELL_NONE;
	s->waker_stack = DWELL_NONE;
	states_put_word(s, (struct states_word){ .state = DWELL_RUNNING });
}

always_inline void tell_blocked(const struct batch *batch, const struct dwell_task_state *s,
	const struct dwell_event *event)
{
	struct dwell_told *told = batch->told;
	struct dwell_interval *out = tell(batch, s, told->own_waits, &told->own_count);

	out->object = s->object;
	out->stack = s->stack;
	out->waker = event->peer;
	out->waker_stack = event->stack;
	out->state = DWELL_BLOCKED;
	out->reason = s->reason;
	out->next = DWELL_RUNNABLE;
	out->told = DWELL_TOLD_WAIT;
	out->wait_flags = event->flags;
}

always_inline void wake(struct batch *batch, struct slot *slot, const struct dwell_event *event)
{
	struct dwell_task_state *s = &slot->s;

	if (!skips(batch, DWELL_SKIP_BLOCKED) &&
		(!skips(batch, DWELL_SKIP_REASONLESS) || s->reason))
		tell_blocked(batch, s, event);
	count_wait(batch->told, &batch->counted,
		(struct known){ .task = event->task,
			.waker = event->peer,
			.object = s->object,
			.stack = s->stack,
			.reason = s->reason });
	slot->sums.blocked_ns += batch->now_ns - s->since_ns;
	slot->sums.wakes++;
	slot->seen.as_one = batch->to_runnable;
	s->since_ns = batch->now_ns;
	s->wake_ns = 0;
	s->object = DWELL_NONE;
	s->stack = DWELL_NONE;
	s->waker = event->peer;
	s->waker_stack = event->stack;
	states_put_word(
		s, (struct states_word){ .state = DWELL_RUNNABLE, .cause = DWELL_CAUSE_WAKE });
}

/* NULL: it is not plain. Of task 0 no slot is. */
always_inline struct slot *plain_slot(
	const struct batch *batch, uint32_t task, unsigned state, uint64_t seen)
{
	const struct dwell_states *states = batch->states;
	const size_t page = task >> STATES_SLOT_BITS;

	if (page >= states->page_count || !states->pages[page])
		return NULL;

	struct slot *slot = &states->pages[page][task & (STATES_SLOTS - 1)];

	if (__builtin_expect(slot->seen.as_one != seen, 0) &&
		!states_turn_plain(states, slot, state))
		return NULL;
	return slot;
}

/* NULL: it cannot leave the executor plainly. */
always_inline struct slot *leaving(
	const struct batch *batch, const struct dwell_event *event, uint32_t executor)
{
	struct slot *out = plain_slot(batch, event->task, DWELL_RUNNING, batch->running);
	const bool goes_on = event->state == DWELL_BLOCKED || event->state == DWELL_RUNNABLE;

	return out && out->s.executor == executor && goes_on ? out : NULL;
}

/* From or to nobody. */
always_inline bool idle_switch(
	const struct batch *batch, const struct dwell_event *event, uint32_t executor)
{
	struct dwell_told *told = batch->told;
	struct slot *slot;

	if (event->task)
		slot = leaving(batch, event, executor);
	else
		slot = plain_slot(batch, event->peer, DWELL_RUNNABLE, batch->runnable);
	if (!slot || !executor)
		return false;
	if (event->task)
		switch_out(batch, slot, event);
	else
		switch_in(batch, slot, executor);
	if (told->gaps)
		told->gaps[told->gap_count++] = (uint16_t)batch->row;
	batch->states->occupants[executor] = event->peer;
	return true;
}

/* False: it is not plain, and nothing was done. Nobody is on executor 0. */
always_inline bool plain_switch(const struct batch *batch, const struct dwell_event *event)
{
	struct dwell_states *states = batch->states;
	const uint32_t executor = event->executor;
	struct slot *out, *in;

	if (executor >= states->occupant_count || states->occupants[executor] != event->task)
		return false;
	if (!event->task || !event->peer)
		return idle_switch(batch, event, executor);
	out = leaving(batch, event, executor);
	in = out ? plain_slot(batch, event->peer, DWELL_RUNNABLE, batch->runnable) : NULL;
	if (!in)
		return false;
	switch_out(batch, out, event);
	switch_in(batch, in, executor);
	states->occupants[executor] = event->peer;
	return true;
}

always_inline bool plain_wake(struct batch *batch, const struct dwell_event *event)
{
	struct slot *slot = plain_slot(batch, event->task, DWELL_BLOCKED, batch->blocked);

	if (!slot || event->state == DWELL_STATE_SAME)
		return false;
	wake(batch, slot, event);
	return true;
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
		count_wait(told, &told->counted,
			(struct known){ interval->task, interval->waker, interval->holder,
				interval->object, interval->stack, interval->reason });
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
	if (told->odd)
		told->odd[told->odd_count++] = (uint16_t)row;
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

		count_wait(told, &told->counted,
			(struct known){ of->task, of->waker, of->holder, of->object, of->stack,
				of->reason });
	}
}

static inline void learn_losses(struct batch *batch)
{
	const union states_seen told = batch->states->losses_told;
	const union states_seen open = batch->states->losses_open;

	batch->running = states_plain(told, DWELL_RUNNING);
	batch->runnable = states_plain(told, DWELL_RUNNABLE);
	batch->blocked = states_plain(told, DWELL_BLOCKED);
	batch->to_running = states_plain(open, DWELL_RUNNING);
	batch->to_runnable = states_plain(open, DWELL_RUNNABLE);
	batch->to_left[0] = batch->to_runnable;
	batch->to_left[1] = states_plain(open, DWELL_BLOCKED);
}

static void add_waits(struct dwell_told_waits *into, const struct dwell_told_waits *from)
{
	into->count += from->count;
	into->with_stack += from->with_stack;
	into->with_object += from->with_object;
	into->with_holder += from->with_holder;
	into->with_waker += from->with_waker;
}

always_inline void apply(struct dwell_states *states, const struct dwell_event *events,
	size_t count, struct dwell_told *told, uint32_t skipped)
{
	struct batch batch = {
		.states = states, .told = told, .now_ns = states->now_ns, .skips = skipped
	};

	learn_losses(&batch);
	for (size_t i = 0; i < count; i++) {
		const struct dwell_event *event = &events[i];
		bool done = false;

		batch.row = (uint32_t)i;
		if (event->time_ns > batch.now_ns)
			batch.now_ns = event->time_ns;
		if (event->kind == DWELL_EVENT_SWITCH)
			done = plain_switch(&batch, event);
		else if (event->kind == DWELL_EVENT_WAKE)
			done = plain_wake(&batch, event);
		if (done)
			continue;
		states->now_ns = batch.now_ns;
		any_row(states, event, (uint32_t)i);
		if (states->err)
			break;
		learn_losses(&batch);
	}
	states->now_ns = batch.now_ns;
	add_waits(&told->counted, &batch.counted);
}

static void begin(struct dwell_told *told)
{
	told->count = told->wait_count = 0;
	told->running_count = told->runnable_count = told->own_count = 0;
	told->gap_count = told->odd_count = 0;
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

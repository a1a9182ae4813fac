/* Rows in: what each kind of row does to the states of the tasks it names. */
#include "src/states_plain.h"
#include "src/states_slot.h"

/* Another task entered the executor that this one held: nobody knows when it left. */
static void displace(struct dwell_states *states, uint32_t task, uint32_t executor)
{
	struct slot *slot = states_touch(states, task);

	/* It may have gone on elsewhere, after a loss. */
	if (!slot || states_known(&slot->s) != DWELL_RUNNING || slot->s.executor != executor)
		return;
	slot->s.state = DWELL_UNKNOWN;
	slot->s.wake_ns = 0;
	slot->s.waker = DWELL_NONE;
	slot->s.waker_stack = DWELL_NONE;
}

static unsigned left_for(unsigned state)
{
	return state == DWELL_RUNNABLE || state == DWELL_BLOCKED || state == DWELL_EXITED
		       ? state
		       : DWELL_UNKNOWN;
}

static void leave(struct dwell_states *states, const struct dwell_event *event)
{
	struct slot *slot = states_touch(states, event->task);

	if (!slot)
		return;
	states_count_switch(&slot->sums, event->flags);
	if (plain_leave(states, slot, event))
		return;

	struct dwell_task_state *s = &slot->s;
	const bool held = states_known(s) == DWELL_RUNNING &&
			  (s->executor == event->executor || !s->executor || !event->executor);
	const unsigned next = left_for(event->state);
	const struct states_end end = {
		.time_ns = states->now_ns,
		.as = held ? DWELL_RUNNING : DWELL_UNKNOWN,
		.next = (uint8_t)next,
		.interval_flags =
			event->flags & DWELL_EVENT_PREEMPTED ? DWELL_INTERVAL_PREEMPTED : 0,
	};

	states_off(states, s);
	states_finish(states, slot, &end);
	states_enter(states, slot, next);
	s->executor = event->executor;
	if (next != DWELL_BLOCKED || !held) {
		s->wake_ns = 0;
		s->waker = DWELL_NONE;
		s->waker_stack = DWELL_NONE;
	}
	if (next == DWELL_BLOCKED) {
		s->reason = event->reason;
		s->object = event->object;
		s->stack = event->stack;
	} else if (next == DWELL_RUNNABLE) {
		s->cause = DWELL_CAUSE_PREEMPTED;
	} else if (next == DWELL_EXITED) {
		slot->seen.life = SLOT_ENDED;
	}
}

/* What was taken for blocked turns out to have been runnable: the wake came before the leaving. */
static bool overtook(const struct dwell_task_state *s, unsigned as)
{
	return as == DWELL_RUNNABLE && s->state == DWELL_BLOCKED;
}

/* What the time before an entry turns out to have been. */
static unsigned before_entry(const struct dwell_states *states, struct dwell_task_state *s)
{
	switch (states_known(s)) {
	case DWELL_RUNNABLE:
		return DWELL_RUNNABLE;
	case DWELL_BLOCKED:
		if (s->wake_ns) { /* the wake overtook the leaving */
			s->cause = DWELL_CAUSE_WAKE;
			return DWELL_RUNNABLE;
		}
		return states->has_wakes ? DWELL_UNKNOWN : DWELL_BLOCKED;
	default:
		return DWELL_UNKNOWN;
	}
}

static void note_wait_waker(struct dwell_task_state *s, uint32_t waker, uint32_t stack)
{
	if (!s->wait_reason)
		return;
	s->wait_waker = waker;
	s->wait_waker_stack = stack;
	s->wait_waker_how = DWELL_WAKER_WAKE;
}

/* False: the task has ended, or states->err is set. */
static bool enter(struct dwell_states *states, uint32_t task, uint32_t executor)
{
	struct slot *slot = states_touch(states, task);

	if (!slot)
		return false;
	if (plain_enter(states, slot, executor))
		return true;

	struct dwell_task_state *s = &slot->s;
	const unsigned as = before_entry(states, s);
	const struct states_end end = {
		.time_ns = states->now_ns,
		.executor = as == DWELL_RUNNABLE ? executor : (uint32_t)DWELL_NONE,
		.waker = s->waker,
		.waker_stack = s->waker_stack,
		.as = (uint8_t)as,
		.next = DWELL_RUNNING,
	};

	if (overtook(s, as))
		states_count_wake(&slot->sums);
	if (s->wake_ns && as == DWELL_RUNNABLE)
		note_wait_waker(s, s->waker, s->waker_stack);
	states_off(states, s);
	states_finish(states, slot, &end);
	states_enter(states, slot, DWELL_RUNNING);
	s->executor = executor;
	s->wake_ns = 0;
	s->waker = DWELL_NONE;
	s->waker_stack = DWELL_NONE;
	return true;
}

static void row_switch(struct dwell_states *states, const struct dwell_event *event)
{
	uint32_t *occupant = event->executor ? states_occupant(states, event->executor) : NULL;

	if (states->err)
		return;
	if (occupant) {
		if (*occupant && *occupant != event->task)
			displace(states, *occupant, event->executor);
		*occupant = DWELL_NONE;
	}
	/* NULL where it has ended before, by a row of its own. */
	struct slot *ending = event->task && event->state == DWELL_EXITED
				      ? states_touch(states, event->task)
				      : NULL;

	if (event->task)
		leave(states, event);
	if (event->peer && enter(states, event->peer, event->executor) && occupant)
		*occupant = event->peer;
	if (ending && !states->err)
		states_wait_exit(states, ending);
}

static void row_wake(struct dwell_states *states, const struct dwell_event *event)
{
	if (!event->task || event->state == DWELL_STATE_SAME)
		return;

	struct slot *slot = states_touch(states, event->task);
	if (!slot || plain_wake(states, slot, event))
		return;

	struct dwell_task_state *s = &slot->s;
	const unsigned known = states_known(s);

	if (known == DWELL_RUNNABLE)
		return;
	if (known != DWELL_RUNNING) {
		const struct states_end end = {
			.time_ns = states->now_ns,
			.waker = event->peer,
			.waker_stack = event->stack,
			.as = (uint8_t)known,
			.next = DWELL_RUNNABLE,
			.flags = event->flags,
		};

		states_count_wake(&slot->sums);
		note_wait_waker(s, event->peer, event->stack);
		states_finish(states, slot, &end);
		states_enter(states, slot, DWELL_RUNNABLE);
		s->cause = DWELL_CAUSE_WAKE;
	}
	/* 0 means none. */
	s->wake_ns = known != DWELL_RUNNING ? 0 : states->now_ns ? states->now_ns : 1;
	s->waker = event->peer;
	s->waker_stack = event->stack;
}

void states_told(struct dwell_states *states, struct slot *slot, const struct dwell_event *event,
	unsigned state, unsigned as)
{
	struct dwell_task_state *s = &slot->s;
	struct states_end end = {
		.time_ns = states->now_ns,
		.as = (uint8_t)as,
		.next = (uint8_t)state,
		.flags = event->flags,
	};

	if (overtook(s, as))
		states_count_wake(&slot->sums);
	if (as == DWELL_RUNNABLE) {
		end.waker = s->waker;
		end.waker_stack = s->waker_stack;
	} else if (as == DWELL_BLOCKED && event->kind == DWELL_EVENT_WAIT_END) {
		end.waker = s->wait_waker;
		end.waker_stack = s->wait_waker_stack;
	}
	states_off(states, s);
	states_finish(states, slot, &end);
	states_enter(states, slot, state);
	s->wake_ns = 0;
	s->waker = DWELL_NONE;
	s->waker_stack = DWELL_NONE;
	if (state == DWELL_RUNNING) {
		s->executor = DWELL_NONE;
		s->own_word = 1;
	}
	if (state == DWELL_BLOCKED) {
		s->own_word = event->kind == DWELL_EVENT_WAIT_BEGIN;
		s->reason = event->reason;
		s->object = event->object;
		s->stack = event->stack;
	}
	if (state == DWELL_EXITED) {
		states_wait_exit(states, slot);
		slot->seen.life = SLOT_ENDED;
	}
}

/* What the time before a told state turns out to have been. */
static unsigned before_told(
	const struct dwell_states *states, struct dwell_task_state *s, unsigned state)
{
	const unsigned known = states_known(s);

	if (known == DWELL_RUNNING || state == DWELL_UNKNOWN || state == DWELL_EXITED)
		return known;
	if (state == DWELL_RUNNING)
		return before_entry(states, s);
	/* Who is blocked or was runnable must have run before it blocks. */
	return state == DWELL_RUNNABLE ? known : DWELL_UNKNOWN;
}

/*
 * The row repeats what is known, maybe with more detail. One that says "running"
 * of a task on an executor says something new: it goes on elsewhere, nobody knows where.
 */
static bool confirms(const struct dwell_task_state *s, const struct dwell_event *event)
{
	if (states_known(s) != event->state)
		return false;
	if (event->state == DWELL_RUNNING)
		return !s->executor;
	return event->state != DWELL_BLOCKED || !event->reason || !s->reason ||
	       (event->reason == s->reason && event->object == s->object);
}

static void refine(struct dwell_task_state *s, const struct dwell_event *event)
{
	if (event->state != DWELL_BLOCKED || s->reason || !event->reason)
		return;
	s->reason = event->reason;
	s->object = event->object;
	s->stack = event->stack;
}

static void row_state(struct dwell_states *states, const struct dwell_event *event)
{
	if (!event->task || event->state == DWELL_STATE_SAME || event->state >= DWELL_STATE_COUNT)
		return;

	struct slot *slot = states_touch(states, event->task);
	if (!slot)
		return;
	if (confirms(&slot->s, event)) {
		refine(&slot->s, event);
		return;
	}
	states_told(states, slot, event, event->state, before_told(states, &slot->s, event->state));
	if (event->state == DWELL_RUNNABLE)
		slot->s.cause = DWELL_CAUSE_WAKE;
}

/* A second creation contradicts the life so far, unless nothing was known of it. */
static void row_create(struct dwell_states *states, const struct dwell_event *event)
{
	struct slot *slot = event->task ? states_touch(states, event->task) : NULL;

	if (!slot)
		return;

	const bool tells = event->state != DWELL_STATE_SAME && event->state < DWELL_STATE_COUNT;
	const unsigned state = tells ? event->state : DWELL_UNKNOWN;

	states_close_wait(&slot->s);
	states_told(states, slot, event, state, DWELL_UNKNOWN);
	if (state == DWELL_RUNNABLE) {
		slot->s.cause = DWELL_CAUSE_CREATED;
		slot->s.waker = event->peer;
		slot->s.waker_stack = event->stack;
	}
}

static void row_exit(struct dwell_states *states, const struct dwell_event *event)
{
	struct slot *slot = event->task ? states_touch(states, event->task) : NULL;

	if (slot)
		states_told(states, slot, event, DWELL_EXITED, states_known(&slot->s));
}

void states_apply(struct dwell_states *states, const struct dwell_event *event)
{
	switch (event->kind) {
	case DWELL_EVENT_SWITCH:
		row_switch(states, event);
		break;
	case DWELL_EVENT_WAKE:
		row_wake(states, event);
		break;
	case DWELL_EVENT_STATE:
		row_state(states, event);
		break;
	case DWELL_EVENT_CREATE:
		row_create(states, event);
		break;
	case DWELL_EVENT_EXIT:
		row_exit(states, event);
		break;
	case DWELL_EVENT_WAIT_BEGIN:
		states_wait_begin(states, event);
		break;
	case DWELL_EVENT_WAIT_END:
		states_wait_end(states, event);
		break;
	case DWELL_EVENT_RELEASE:
		if (!dwell_event_is_unheard(event))
			states_release_row(states, event);
		break;
	case DWELL_EVENT_LOSS:
		states_loss(states, event);
		break;
	default: /* says nothing of states */
		break;
	}
}

int dwell_states_apply(struct dwell_states *states, const struct dwell_event *events, size_t count)
{
	states->err = 0;
	for (size_t i = 0; i < count && !states->err; i++) {
		if (events[i].time_ns > states->now_ns)
			states->now_ns = events[i].time_ns;
		states_apply(states, &events[i]);
	}
	return states->err;
}

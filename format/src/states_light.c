/*
 * Rows for who wants only how long tasks were in which state. Of the rows that nearly all are (see
 * states_batch.c) no interval is made. states.c says what is right.
 */
#include "src/states_light.h"

#include "src/states_slot.h"

/* The open state ends at now_ns; another begins in which there is nothing to say of a place. */
static inline void turn(struct pyramid_build *build, struct slot *slot, uint64_t now_ns,
	unsigned state, unsigned next)
{
	struct dwell_task_state *s = &slot->s;

	dwell_pyramid_add(build, s->task, state, s->since_ns, now_ns);
	s->since_ns = now_ns;
	s->object = DWELL_NONE;
	s->stack = DWELL_NONE;
	s->state = (uint8_t)next;
	s->reason = DWELL_REASON_NONE;
	s->cause = DWELL_CAUSE_NONE;
	s->own_word = 0;
}

static inline void made_ready(
	struct dwell_task_state *s, unsigned cause, uint32_t waker, uint32_t stack)
{
	s->cause = (uint8_t)cause;
	s->wake_ns = 0;
	s->waker = waker;
	s->waker_stack = stack;
}

static inline void leave(
	struct pyramid_build *build, struct slot *slot, const struct dwell_event *event)
{
	struct dwell_task_state *s = &slot->s;

	turn(build, slot, event->time_ns, DWELL_RUNNING, event->state);
	if (event->state == DWELL_RUNNABLE) {
		made_ready(s, DWELL_CAUSE_PREEMPTED, DWELL_NONE, DWELL_NONE);
		return;
	}
	/* A wake may have overtaken this: it stays. */
	s->reason = event->reason;
	s->object = event->object;
	s->stack = event->stack;
}

/* False: it is not plain, and nothing was done. */
static inline bool light_switch(
	struct dwell_states *states, const struct dwell_event *event, struct pyramid_build *build)
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
	if (out) {
		leave(build, out, event);
		out->seen.as_one = states_plain(states->losses_open, event->state);
	}
	if (in) {
		turn(build, in, event->time_ns, DWELL_RUNNABLE, DWELL_RUNNING);
		made_ready(&in->s, DWELL_CAUSE_NONE, DWELL_NONE, DWELL_NONE);
		in->s.executor = executor;
		in->seen.as_one = states_plain(states->losses_open, DWELL_RUNNING);
	}
	states->occupants[executor] = event->peer;
	return true;
}

static inline bool light_wake(
	struct dwell_states *states, const struct dwell_event *event, struct pyramid_build *build)
{
	struct slot *slot = event->task && event->state != DWELL_STATE_SAME
				    ? states_plain_slot(states, event->task, DWELL_BLOCKED)
				    : NULL;

	if (!slot)
		return false;
	turn(build, slot, event->time_ns, DWELL_BLOCKED, DWELL_RUNNABLE);
	made_ready(&slot->s, DWELL_CAUSE_WAKE, event->peer, event->stack);
	slot->seen.as_one = states_plain(states->losses_open, DWELL_RUNNABLE);
	return true;
}

/* A slot that knows all losses and is in none, to be changed, or NULL. */
static inline struct slot *known_slot(const struct dwell_states *states, uint32_t task)
{
	const size_t page = task >> STATES_SLOT_BITS;

	if (!task || page >= states->page_count || !states->pages[page])
		return NULL;

	struct slot *slot = &states->pages[page][task & (STATES_SLOTS - 1)];

	return states_aware(states, slot) && !slot->s.lost_ns ? slot : NULL;
}

static inline bool light_wait_begin(
	struct dwell_states *states, const struct dwell_event *event, struct pyramid_build *build)
{
	struct slot *slot = known_slot(states, event->task);
	struct dwell_task_state *s = slot ? &slot->s : NULL;

	if (!slot || s->wait_reason)
		return false;
	if (event->state == DWELL_BLOCKED) {
		/* The wait is the state: nothing else tells. */
		if (s->state != DWELL_RUNNING || s->executor || event->flags & DWELL_EVENT_SPUN)
			return false;
		turn(build, slot, event->time_ns, DWELL_RUNNING, DWELL_BLOCKED);
		made_ready(s, DWELL_CAUSE_NONE, DWELL_NONE, DWELL_NONE);
		s->own_word = 1;
		s->reason = event->reason;
		s->object = event->object;
		s->stack = event->stack;
	}
	s->wait_reason = event->reason ? event->reason : DWELL_REASON_OTHER;
	s->wait_flags = event->flags;
	s->wait_since_ns = event->time_ns;
	s->wait_object = event->object;
	s->wait_stack = event->stack;
	s->wait_holder = event->peer;
	slot->seen.as_one = states->losses_open.as_one;
	return true;
}

/* Nobody is told how long the wait was and who ended it. */
static inline bool light_wait_end(
	struct dwell_states *states, const struct dwell_event *event, struct pyramid_build *build)
{
	struct slot *slot = known_slot(states, event->task);
	struct dwell_task_state *s = slot ? &slot->s : NULL;

	if (!slot || !s->wait_reason)
		return false;
	if (event->state == DWELL_RUNNING && s->state != DWELL_RUNNING) {
		if (s->state != DWELL_BLOCKED)
			return false;
		turn(build, slot, event->time_ns, DWELL_BLOCKED, DWELL_RUNNING);
		made_ready(s, DWELL_CAUSE_NONE, DWELL_NONE, DWELL_NONE);
		s->executor = DWELL_NONE;
		s->own_word = 1;
		slot->seen.as_one = states->losses_open.as_one;
	}
	states_close_wait(s);
	return true;
}

/* It says nothing of states. */
static inline bool says_nothing(unsigned kind)
{
	const uint32_t kinds = 1u << DWELL_EVENT_ACQUIRE | 1u << DWELL_EVENT_SPAN_BEGIN |
			       1u << DWELL_EVENT_SPAN_END | 1u << DWELL_EVENT_MARK |
			       1u << DWELL_EVENT_COUNTER | 1u << DWELL_EVENT_SAMPLE |
			       1u << DWELL_EVENT_POOL | 1u << DWELL_EVENT_PRIORITY;

	return kind < 32 && kinds >> kind & 1;
}

/* As many as are neither switches nor wakes and can be done here. */
__attribute__((noinline)) static size_t light_others(struct dwell_states *states,
	const struct dwell_event *events, size_t count, struct pyramid_build *build)
{
	uint64_t now_ns = states->now_ns;
	size_t i;

	for (i = 0; i < count && events[i].time_ns >= now_ns; i++) {
		const struct dwell_event *event = &events[i];

		if (event->kind == DWELL_EVENT_WAIT_BEGIN ? !light_wait_begin(states, event, build)
			: event->kind == DWELL_EVENT_WAIT_END
				? !light_wait_end(states, event, build)
				: !says_nothing(event->kind))
			break;
		now_ns = event->time_ns;
	}
	states->now_ns = now_ns;
	return i;
}

/* Switches and wakes; the same. */
static inline size_t light_sched(struct dwell_states *states, const struct dwell_event *events,
	size_t count, struct pyramid_build *build)
{
	size_t i;

	for (i = 0; i < count && events[i].time_ns >= states->now_ns; i++) {
		const struct dwell_event *event = &events[i];

		if (event->kind == DWELL_EVENT_SWITCH ? !light_switch(states, event, build)
						      : event->kind != DWELL_EVENT_WAKE ||
								!light_wake(states, event, build))
			break;
		states->now_ns = event->time_ns;
	}
	return i;
}

int dwell_states_light(struct dwell_states *states, const struct dwell_event *events, size_t count,
	struct pyramid_build *build)
{
	size_t i = 0, some;

	states->err = 0;
	while (i < count && !states->err) {
		some = light_sched(states, events + i, count - i, build);
		some += light_others(states, events + i + some, count - i - some, build);
		i += some;
		if (some || i == count)
			continue;
		if (events[i].time_ns > states->now_ns)
			states->now_ns = events[i].time_ns;
		states_apply(states, &events[i++]);
	}
	return states->err;
}

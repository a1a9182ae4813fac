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

/* Whether a wait that begins is plain in that slot. */
static inline bool can_begin(const struct slot *slot, const struct dwell_event *event)
{
	const struct dwell_task_state *s = &slot->s;

	/* Where the wait is the state nothing else may tell. */
	return !s->wait_reason &&
	       (event->state != DWELL_BLOCKED || (s->state == DWELL_RUNNING && !s->executor &&
							 !(event->flags & DWELL_EVENT_SPUN)));
}

static void wait_begin(struct dwell_states *states, struct slot *slot,
	const struct dwell_event *event, struct pyramid_build *build)
{
	struct dwell_task_state *s = &slot->s;

	if (event->state == DWELL_BLOCKED) {
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

/*
 * Waits that have begun in a stretch of rows that are only of waits or say nothing of states: each
 * is put into its slot when its end is there, both rows as one, or when the stretch ends. Nobody
 * looks at the slot between.
 */
struct begun {
	bool later;    /* nothing ends within the stretch that the rows must be told apart for */
	uint64_t bits; /* of `wait` that are taken */
	struct begun_wait {
		const struct dwell_event *event;
		struct slot *slot;
	} wait[64]; /* by task */
};

/* Whether waits may be put that late: a loss that goes on is looked at by each row; and where the
 * summary's buckets become wider, all that came before must be in them. */
static bool may_be_late(const struct dwell_states *states, const struct dwell_event *events,
	size_t count, const struct pyramid_build *build)
{
	return states->losses_open.as_one == states->losses_told.as_one && count &&
	       events[count - 1].time_ns >> build->shift <= UINT32_MAX;
}

__attribute__((noinline)) static void put_begun(
	struct dwell_states *states, struct begun *begun, unsigned at, struct pyramid_build *build)
{
	begun->bits &= ~(UINT64_C(1) << at);
	wait_begin(states, begun->wait[at].slot, begun->wait[at].event, build);
}

static inline void put_all_begun(
	struct dwell_states *states, struct begun *begun, struct pyramid_build *build)
{
	while (begun->bits)
		put_begun(states, begun, (unsigned)__builtin_ctzll(begun->bits), build);
}

static inline bool light_wait_begin(struct dwell_states *states, const struct dwell_event *event,
	struct begun *begun, struct pyramid_build *build)
{
	const unsigned at = event->task % 64;
	struct slot *slot;

	if (__builtin_expect(begun->bits >> at & 1, 0))
		put_begun(states, begun, at, build);
	slot = known_slot(states, event->task);
	if (!slot || !can_begin(slot, event))
		return false;
	begun->bits |= UINT64_C(1) << at;
	begun->wait[at] = (struct begun_wait){ event, slot };
	return true;
}

/* A wait of a task that ran and runs on, in the open bucket, or one beside the states. False: it is
 * neither, and nothing was done. */
static inline bool wait_within(struct dwell_states *states, const struct begun_wait *wait,
	const struct dwell_event *end, struct pyramid_build *build)
{
	const uint64_t begin_ns = wait->event->time_ns, end_ns = end->time_ns;
	struct slot *slot = wait->slot;
	struct dwell_task_state *s = &slot->s;

	if (wait->event->state == DWELL_BLOCKED) {
		struct pyramid_task *task = dwell_pyramid_task(build, s->task);

		if (end->state != DWELL_RUNNING || !task || end_ns >= task->end_ns)
			return false;
		dwell_pyramid_add_in(task, DWELL_RUNNING, begin_ns - s->since_ns);
		dwell_pyramid_add_in(task, DWELL_BLOCKED, end_ns - begin_ns);
		s->since_ns = end_ns;
		s->wake_ns = 0;
		s->executor = DWELL_NONE;
		states_put_pair(&s->object, 0);
		states_put_pair(&s->waker, 0);
		states_put_word(s, (struct states_word){ .state = DWELL_RUNNING, .own_word = 1 });
	} else if (end->state == DWELL_RUNNING) {
		return false;
	}
	states_close_wait(s);
	slot->seen.as_one = states->losses_open.as_one;
	return true;
}

static inline bool light_wait(struct dwell_states *states, const struct dwell_event *end,
	struct begun *begun, struct pyramid_build *build)
{
	const unsigned at = end->task % 64;

	if (begun->bits >> at & 1) {
		const struct begun_wait *wait = &begun->wait[at];

		if (wait->event->task == end->task && wait_within(states, wait, end, build)) {
			begun->bits &= ~(UINT64_C(1) << at);
			return true;
		}
		put_begun(states, begun, at, build);
	}
	return light_wait_end(states, end, build);
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
	const bool late = may_be_late(states, events, count, build);
	struct begun begun;
	uint64_t now_ns = states->now_ns;
	size_t i;

	begun.bits = 0;
	for (i = 0; i < count && events[i].time_ns >= now_ns; i++) {
		const struct dwell_event *event = &events[i];

		if (event->kind == DWELL_EVENT_WAIT_BEGIN
				? !light_wait_begin(states, event, &begun, build)
			: event->kind == DWELL_EVENT_WAIT_END
				? !light_wait(states, event, &begun, build)
				: !says_nothing(event->kind))
			break;
		now_ns = event->time_ns;
		if (!late)
			put_all_begun(states, &begun, build);
	}
	put_all_begun(states, &begun, build);
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

/* Waits that the program itself tells, and who ended them. */
#include "src/states_slot.h"

#include <stdlib.h>

#include "dwell/error.h"

/* WAIT_BEGIN in state blocked: where nothing else tells, the wait is the state. */
static void begin_state(
	struct dwell_states *states, struct slot *slot, const struct dwell_event *event)
{
	const unsigned known = states_known(&slot->s);
	const unsigned state =
		event->flags & DWELL_EVENT_SPUN ? DWELL_RUNNING : (unsigned)DWELL_BLOCKED;

	/* The scheduler's rows tell after all; or it runs on, spinning. */
	if (known == DWELL_RUNNING && (slot->s.executor || state == DWELL_RUNNING))
		return;
	/* To begin to wait it must have run, so blocked or runnable it was not, or not all along.
	 */
	states_told(states, slot, event, state, known == DWELL_RUNNING ? known : DWELL_UNKNOWN);
}

void states_wait_begin(struct dwell_states *states, const struct dwell_event *event)
{
	struct slot *slot = event->task ? states_touch(states, event->task) : NULL;

	if (!slot)
		return;

	struct dwell_task_state *s = &slot->s;

	if (s->wait_reason) { /* left without an end, as by siglongjmp */
		if (s->own_word && s->state == DWELL_BLOCKED)
			s->state = DWELL_UNKNOWN;
		states_close_wait(s);
	}
	if (event->state == DWELL_BLOCKED)
		begin_state(states, slot, event);
	s->wait_reason = event->reason ? event->reason : DWELL_REASON_OTHER;
	s->wait_flags = event->flags;
	s->wait_since_ns = states->now_ns;
	s->wait_object = event->object;
	s->wait_stack = event->stack;
	s->wait_holder = event->peer;
	/* What a loss that goes on leaves out may be this wait's end. */
	slot->seen = states->losses_open;
}

static struct states_release *find_release(const struct dwell_states *states, uint32_t object)
{
	const size_t page = object >> STATES_RELEASE_BITS;

	if (page >= states->release_pages || !states->releases[page])
		return NULL;
	return &states->releases[page][object & (STATES_RELEASES - 1)];
}

void states_resolve_waker(const struct dwell_states *states, struct dwell_task_state *s)
{
	if (!s->wait_reason || !s->wait_object ||
		(s->wait_waker_how != DWELL_WAKER_NONE && s->wait_waker_how != DWELL_WAKER_OBJECT))
		return;

	const struct states_release *release = find_release(states, s->wait_object);
	if (!release || !release->task || release->task == s->task ||
		release->time_ns < s->wait_since_ns)
		return;
	s->wait_waker = release->task;
	s->wait_waker_stack = release->stack;
	s->wait_waker_how = DWELL_WAKER_OBJECT;
}

static uint64_t of_open_state(const struct dwell_states *states, const struct dwell_task_state *s)
{
	const uint64_t start = s->since_ns > s->wait_since_ns ? s->since_ns : s->wait_since_ns;
	const uint64_t end = s->lost_ns ? s->lost_ns : states->now_ns;

	return end > start ? end - start : 0;
}

static void tell_wait(struct dwell_states *states, const struct dwell_task_state *s,
	const struct dwell_event *event)
{
	const uint64_t length = states->now_ns - s->wait_since_ns;
	const uint64_t known = s->wait_blocked_ns + s->wait_runnable_ns + s->wait_running_ns;
	/* That it might have ended by a time limit does not say that it did. */
	const uint8_t flags = (uint8_t)(event->flags | (s->wait_flags & ~DWELL_EVENT_TIMED_OUT));
	const struct dwell_wait wait = {
		.start_ns = s->wait_since_ns,
		.end_ns = states->now_ns,
		.blocked_ns = s->wait_blocked_ns,
		.runnable_ns = s->wait_runnable_ns,
		.running_ns = s->wait_running_ns,
		.unknown_ns = length > known ? length - known : 0,
		.task = s->task,
		.object = s->wait_object,
		.stack = s->wait_stack,
		.holder = s->wait_holder,
		.waker = s->wait_waker,
		.waker_stack = s->wait_waker_stack,
		.reason = s->wait_reason,
		.flags = flags,
		.row = states->row,
		.holder_how = s->wait_holder && (flags & DWELL_EVENT_HOLDER_READ) ? 1 : 0,
	};

	if (states->told)
		states->told->waits[states->told->wait_count++] = wait;
	else if (states->ops.wait)
		states->ops.wait(states->context, &wait);
}

/* What WAIT_END knows better than WAIT_BEGIN, and than who told of states meanwhile. */
static void amend(struct dwell_task_state *s, const struct dwell_event *event)
{
	if (event->reason && event->reason != DWELL_REASON_SYSCALL)
		s->wait_reason = event->reason;
	if (event->object)
		s->wait_object = event->object;
	if (event->stack)
		s->wait_stack = event->stack;
	if (event->peer) {
		s->wait_holder = event->peer;
		s->wait_flags = (uint8_t)((s->wait_flags & ~DWELL_EVENT_HOLDER_READ) |
					  (event->flags & DWELL_EVENT_HOLDER_READ));
	}
}

/* What the time before the end of a wait was, where its end says that the task runs. */
static unsigned before_end(const struct dwell_states *states, const struct dwell_task_state *s)
{
	const unsigned known = states_known(s);

	if (known != DWELL_BLOCKED || s->wait_reason)
		return known;
	return states->has_wakes ? DWELL_UNKNOWN : known;
}

void states_wait_end(struct dwell_states *states, const struct dwell_event *event)
{
	struct slot *slot = event->task ? states_touch(states, event->task) : NULL;

	if (!slot)
		return;

	struct dwell_task_state *s = &slot->s;

	if (s->wait_reason) {
		states_resolve_waker(states, s);
		amend(s, event);
	}
	if (event->state == DWELL_RUNNING && states_known(s) != DWELL_RUNNING)
		states_told(states, slot, event, DWELL_RUNNING, before_end(states, s));
	if (!s->wait_reason)
		return;
	/* Its end says that the task runs: an open state that says otherwise is not counted. */
	if (s->state == DWELL_RUNNING)
		s->wait_running_ns += of_open_state(states, s);
	tell_wait(states, s, event);
	states_close_wait(s);
}

/* The task ends within the wait: nobody ended that. Its fields stay, as they were left. */
void states_wait_exit(struct dwell_states *states, struct slot *slot)
{
	const struct dwell_event cut_off = { .flags = DWELL_EVENT_INTERRUPTED };
	struct dwell_task_state *s = &slot->s;

	if (!s->wait_reason)
		return;
	s->wait_waker = DWELL_NONE;
	s->wait_waker_stack = DWELL_NONE;
	tell_wait(states, s, &cut_off);
}

static struct states_release *make_release(struct dwell_states *states, uint32_t object)
{
	const size_t page = object >> STATES_RELEASE_BITS;

	if (object > DWELL_MAX_OBJECTS) {
		states->err = DWELL_ELIMIT;
		return NULL;
	}
	if (page >= states->release_pages) {
		const size_t pages = (page + 1) * 2;
		struct states_release **grown =
			realloc(states->releases, pages * sizeof(struct states_release *));

		if (!grown) {
			states->err = DWELL_ENOMEM;
			return NULL;
		}
		for (size_t i = states->release_pages; i < pages; i++)
			grown[i] = NULL;
		states->releases = grown;
		states->release_pages = pages;
	}
	if (!states->releases[page])
		states->releases[page] = calloc(STATES_RELEASES, sizeof(struct states_release));
	if (!states->releases[page]) {
		states->err = DWELL_ENOMEM;
		return NULL;
	}
	return &states->releases[page][object & (STATES_RELEASES - 1)];
}

/* The row names whom it woke. */
static void release_to(struct dwell_states *states, const struct dwell_event *event)
{
	struct slot *slot = states_find(states, event->peer);

	if (!slot || slot->seen.life != SLOT_LIVE)
		return;
	states_settle(states, slot);
	if (!slot->s.wait_reason)
		return;

	struct dwell_task_state *s = &slot->s;

	if (s->wait_waker_how == DWELL_WAKER_WAKE) {
		/* The scheduler's word stands; where it lacks the stack, the program has it. */
		if (s->wait_waker == event->task && !s->wait_waker_stack)
			s->wait_waker_stack = event->stack;
		return;
	}
	s->wait_waker = event->task;
	s->wait_waker_stack = event->stack;
	s->wait_waker_how = DWELL_WAKER_RELEASE;
}

void states_release_row(struct dwell_states *states, const struct dwell_event *event)
{
	if (event->peer)
		release_to(states, event);
	if (!event->object || states->err)
		return;

	struct states_release *release = make_release(states, event->object);
	if (release)
		*release = (struct states_release){
			.time_ns = states->now_ns,
			.task = event->task,
			.stack = event->stack,
		};
}

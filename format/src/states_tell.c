/* Intervals out: the end of a state, and its share of the program's wait it lies in. */
#include "src/states_tell.h"

#include "dwell/error.h"
#include "src/states_pages.h"

/* Add [start, end) to the sums of the program's open wait. */
static void add_to_wait(struct dwell_task_state *s, uint64_t start_ns, uint64_t end_ns, unsigned as)
{
	if (start_ns < s->wait_since_ns)
		start_ns = s->wait_since_ns;
	if (end_ns <= start_ns)
		return;
	if (as == DWELL_BLOCKED)
		s->wait_blocked_ns += end_ns - start_ns;
	else if (as == DWELL_RUNNABLE)
		s->wait_runnable_ns += end_ns - start_ns;
	else if (as == DWELL_RUNNING)
		s->wait_running_ns += end_ns - start_ns;
}

/* Why, on what and where it was blocked: the program's own word first. */
static void say_why(struct dwell_interval *out, const struct dwell_task_state *s, bool in_wait)
{
	out->reason = s->reason;
	out->object = s->object;
	out->stack = s->stack;
	if (!in_wait)
		return;
	out->reason = s->wait_reason;
	if (s->wait_object)
		out->object = s->wait_object;
	if (s->wait_stack)
		out->stack = s->wait_stack;
	out->holder = s->wait_holder;
	out->holder_how = s->wait_holder && (s->wait_flags & DWELL_EVENT_HOLDER_READ) ? 1 : 0;
}

void states_tell_wait(
	struct dwell_states *states, const struct dwell_interval *interval, uint8_t flags)
{
	struct dwell_wait wait = dwell_wait_of(interval);

	wait.flags = flags;
	states->ops.wait(states->context, &wait);
}

static uint64_t *sum_of(struct dwell_task_sums *sums, unsigned state)
{
	switch (state) {
	case DWELL_RUNNING:
		return &sums->running_ns;
	case DWELL_RUNNABLE:
		return &sums->runnable_ns;
	case DWELL_BLOCKED:
		return &sums->blocked_ns;
	default:
		return &sums->unknown_ns;
	}
}

/* What the program could not say of its wait (it knows a descriptor's number, not its file), who
 * tells of its states said. */
static void adopt(struct dwell_task_state *s)
{
	if (!s->wait_object)
		s->wait_object = s->object;
	if (s->wait_reason == DWELL_REASON_SYSCALL && s->reason)
		s->wait_reason = s->reason;
}

/* Tell [start_ns, end->time_ns) of the slot's state. */
static inline void tell(struct dwell_states *states, struct slot *slot, uint64_t start_ns,
	const struct states_end *end)
{
	struct dwell_task_state *s = &slot->s;
	const bool in_wait = s->wait_reason && start_ns >= s->wait_since_ns;
	const bool is_wait = end->as == DWELL_BLOCKED && !in_wait && end->next != DWELL_UNKNOWN &&
			     !(end->interval_flags & DWELL_INTERVAL_OPEN);
	struct dwell_interval out = {
		.start_ns = start_ns,
		.end_ns = end->time_ns,
		.task = s->task,
		.state = end->as,
		.next = end->next,
		.flags = (uint8_t)(end->interval_flags | (in_wait ? DWELL_INTERVAL_IN_WAIT : 0)),
		.row = (uint16_t)states->row,
	};

	if (states->told) {
		out.told = is_wait ? DWELL_TOLD_WAIT : 0;
		out.wait_flags = is_wait ? end->flags : 0;
	}

	switch (end->as) {
	case DWELL_RUNNING:
		out.executor = s->executor;
		break;
	case DWELL_RUNNABLE:
		out.executor = end->executor;
		out.cause = s->cause;
		out.waker = end->waker;
		out.waker_stack = end->waker_stack;
		break;
	case DWELL_BLOCKED:
		out.waker = end->waker;
		out.waker_stack = end->waker_stack;
		if (in_wait)
			adopt(s);
		say_why(&out, s, in_wait);
		break;
	default:
		if (start_ns == end->time_ns && end->next != DWELL_EXITED)
			return;
		out.flags &= (uint8_t)~DWELL_INTERVAL_PREEMPTED;
		break;
	}
	states_sum(states, &slot->sums, sum_of(&slot->sums, end->as), start_ns, end->time_ns);
	*states->at = out;
	states_tell(states, is_wait, end->flags);
}

/* A loss came into the state: it was so until then, and unknown after. */
static void finish_lost(
	struct dwell_states *states, struct slot *slot, const struct states_end *end)
{
	struct dwell_task_state *s = &slot->s;
	uint64_t lost_ns = s->lost_ns < end->time_ns ? s->lost_ns : end->time_ns;
	struct states_end part = { .time_ns = lost_ns, .as = s->state, .next = DWELL_UNKNOWN };

	part.waker = s->state == DWELL_RUNNABLE ? s->waker : DWELL_NONE;
	part.waker_stack = s->state == DWELL_RUNNABLE ? s->waker_stack : DWELL_NONE;
	/*
	 * Blocked, or runnable by a wake that overtook the leaving: the next wake would have told.
	 * At the end of the trace it is told as it stands, as without the loss.
	 */
	if (s->state == DWELL_BLOCKED && s->wake_ns && !(end->interval_flags & DWELL_INTERVAL_OPEN))
		lost_ns = s->since_ns;
	if (lost_ns > s->since_ns) {
		if (s->wait_reason)
			add_to_wait(s, s->since_ns, lost_ns, s->state);
		tell(states, slot, s->since_ns, &part);
	}
	part = *end;
	part.as = DWELL_UNKNOWN;
	tell(states, slot, lost_ns, &part);
}

void states_finish(struct dwell_states *states, struct slot *slot, const struct states_end *end)
{
	struct dwell_task_state *s = &slot->s;

	if (__builtin_expect(s->lost_ns != 0, 0)) {
		finish_lost(states, slot, end);
		return;
	}
	if (s->wait_reason)
		add_to_wait(s, s->since_ns, end->time_ns, end->as);
	tell(states, slot, s->since_ns, end);
}

/* One task's open interval; its state goes on. */
static void flush_slot(struct dwell_states *states, struct slot *slot, uint64_t time_ns)
{
	if (slot->seen.life == SLOT_LIVE)
		states_settle(states, slot);

	/* A copy: the sums of an open wait must not take this interval twice. */
	struct slot copy = *slot;
	const unsigned known = states_known(&copy.s);
	const struct states_end end = {
		.time_ns = time_ns,
		.waker = known == DWELL_RUNNABLE ? copy.s.waker : DWELL_NONE,
		.waker_stack = known == DWELL_RUNNABLE ? copy.s.waker_stack : DWELL_NONE,
		.as = (uint8_t)known,
		.next = (uint8_t)known,
		.interval_flags = DWELL_INTERVAL_OPEN,
	};

	states_finish(states, &copy, &end);
	slot->sums = copy.sums;
}

int dwell_states_flush(struct dwell_states *states, uint64_t time_ns)
{
	if (states_meet(states, time_ns))
		return DWELL_ENOMEM;
	for (size_t page = 0; page < states->page_count; page++) {
		struct slot *slots = states_kept(states, page);

		for (size_t i = 0; slots && i < STATES_SLOTS; i++) {
			struct slot *slot = &slots[i];
			const bool lives =
				slot->seen.life == SLOT_LIVE || slot->seen.life == SLOT_DEFINED;

			if (lives && slot->s.since_ns <= time_ns)
				flush_slot(states, slot, time_ns);
		}
	}
	return DWELL_OK;
}

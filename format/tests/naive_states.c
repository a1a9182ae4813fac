/*
 * The states by their definitions (dwell/states.h), one task at a time over all rows of a history,
 * with nothing kept that can be looked up again in the rows. Shares no code with src/states*.c.
 */
#include <string.h>

#include "tests/naive_private.h"

static void interval(struct life *l, uint64_t start, uint64_t end, unsigned state, unsigned next,
	const struct dwell_event *row, uint32_t entered)
{
	struct dwell_interval out = { .start_ns = start,
		.end_ns = end,
		.task = l->task,
		.state = (uint8_t)state,
		.next = (uint8_t)next };
	const bool in_wait = l->waits && start >= l->wait.time_ns;

	if (state == DWELL_UNKNOWN && start == end && next != DWELL_EXITED)
		return;
	if (in_wait)
		out.flags |= DWELL_INTERVAL_IN_WAIT;
	if (state == DWELL_RUNNING) {
		out.executor = l->executor;
		if (row && row->kind == DWELL_EVENT_SWITCH && row->task == l->task &&
			(row->flags & DWELL_EVENT_PREEMPTED))
			out.flags |= DWELL_INTERVAL_PREEMPTED;
	}
	if (state == DWELL_RUNNABLE) {
		out.executor = entered;
		out.cause = (uint8_t)l->cause;
		out.waker = l->waker;
		out.waker_stack = l->waker_stack;
	}
	if (state == DWELL_BLOCKED && in_wait) {
		l->wait.object = l->wait.object ? l->wait.object : l->why.object;
		if (l->wait.reason == DWELL_REASON_SYSCALL && l->why.reason)
			l->wait.reason = l->why.reason;
	}
	if (state == DWELL_BLOCKED) {
		const struct dwell_event *why = in_wait ? &l->wait : &l->why;

		out.reason = why->reason ? why->reason : in_wait ? DWELL_REASON_OTHER : 0;
		out.object = why->object ? why->object : l->why.object;
		out.stack = why->stack ? why->stack : l->why.stack;
		if (in_wait) {
			out.holder = l->wait.peer;
			out.holder_how =
				l->wait.peer && (l->wait.flags & DWELL_EVENT_HOLDER_READ) ? 1 : 0;
		}
		if (row && row->kind == DWELL_EVENT_WAKE) {
			out.waker = row->peer;
			out.waker_stack = row->stack;
		}
	}
	told_interval(l->out, &out);
	if (state == DWELL_BLOCKED && !in_wait && next != DWELL_UNKNOWN) {
		const struct dwell_wait wait = { .start_ns = start,
			.end_ns = end,
			.blocked_ns = end - start,
			.task = l->task,
			.object = out.object,
			.stack = out.stack,
			.waker = out.waker,
			.waker_stack = out.waker_stack,
			.reason = out.reason,
			.flags = row->kind == DWELL_EVENT_SWITCH ? 0 : row->flags };

		told_wait(l->out, &wait);
	}
}

/* The state ends at row `index`, and was `as` if no loss came into it. */
static void finish(struct life *l, size_t index, unsigned as, unsigned next, uint32_t entered)
{
	const struct dwell_event *row = &l->h->rows[index];
	const uint64_t lost = naive_lost_at(l, index);

	if (lost == UINT64_MAX) {
		interval(l, l->since, row->time_ns, as, next, row, entered);
	} else if (lost <= l->since || (l->state == DWELL_BLOCKED && l->wake.time_ns) ||
		   l->state == DWELL_UNKNOWN) {
		interval(l, l->since, row->time_ns, DWELL_UNKNOWN, next, row, 0);
	} else {
		interval(l, l->since, lost, l->state, DWELL_UNKNOWN, NULL, 0);
		interval(l, lost, row->time_ns, DWELL_UNKNOWN, next, row, 0);
	}
	l->state = next;
	l->since = row->time_ns;
	memset(&l->why, 0, sizeof(l->why));
	l->cause = 0;
	/* Only the program says that it runs, but not where. */
	l->own_word = row->kind != DWELL_EVENT_SWITCH &&
		      (next == DWELL_RUNNING ||
			      (next == DWELL_BLOCKED && row->kind == DWELL_EVENT_WAIT_BEGIN));
	if (next == DWELL_EXITED)
		l->ended = true;
}

static void no_wake(struct life *l)
{
	l->wake.time_ns = 0;
	l->waker = 0;
	l->waker_stack = 0;
}

/* What was before the task is seen to run without a row that said so. */
static unsigned before_running(struct life *l, size_t index)
{
	const unsigned was = naive_known(l, index);

	if (was == DWELL_BLOCKED && l->wake.time_ns) {
		l->cause = DWELL_CAUSE_WAKE;
		l->waker = l->wake.peer;
		l->waker_stack = l->wake.stack;
		return DWELL_RUNNABLE;
	}
	if (was == DWELL_BLOCKED)
		return l->h->levels & (DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_RUNTIME) ? DWELL_UNKNOWN
										    : DWELL_BLOCKED;
	return was == DWELL_RUNNABLE ? DWELL_RUNNABLE : DWELL_UNKNOWN;
}

static void on_leave(struct life *l, size_t index)
{
	const struct dwell_event *row = &l->h->rows[index];
	const bool held = naive_known(l, index) == DWELL_RUNNING &&
			  (l->executor == row->executor || !l->executor);
	unsigned next = row->state;

	if (next != DWELL_RUNNABLE && next != DWELL_BLOCKED && next != DWELL_EXITED)
		next = DWELL_UNKNOWN;
	finish(l, index, held ? DWELL_RUNNING : DWELL_UNKNOWN, next, 0);
	l->executor = row->executor;
	if (next != DWELL_BLOCKED || !held)
		no_wake(l);
	if (next == DWELL_BLOCKED)
		l->why = *row;
	if (next == DWELL_RUNNABLE)
		l->cause = DWELL_CAUSE_PREEMPTED;
}

static void on_switch(struct life *l, size_t index)
{
	const struct dwell_event *row = &l->h->rows[index];

	if (row->executor && l->executor == row->executor && row->task != l->task &&
		naive_known(l, index) == DWELL_RUNNING) {
		l->state = DWELL_UNKNOWN; /* put off it, nobody knows when */
		no_wake(l);
	}
	if (row->task == l->task)
		on_leave(l, index);
	if (row->peer == l->task && !l->ended) {
		const unsigned as = before_running(l, index);

		if (l->wake.time_ns && as == DWELL_RUNNABLE && l->waits) {
			l->wait_wake = l->wake;
			l->wait_woken = true;
		}
		finish(l, index, as, DWELL_RUNNING, row->executor);
		l->executor = row->executor;
		no_wake(l);
	}
}

static void on_wake(struct life *l, size_t index)
{
	const struct dwell_event *row = &l->h->rows[index];
	const unsigned was = naive_known(l, index);

	if (row->state == DWELL_STATE_SAME || was == DWELL_RUNNABLE)
		return;
	if (was == DWELL_RUNNING) {
		l->wake = *row;
		l->wake.time_ns = 1;
		return;
	}
	if (l->waits) {
		l->wait_wake = *row;
		l->wait_woken = true;
	}
	finish(l, index, was, DWELL_RUNNABLE, 0);
	l->cause = DWELL_CAUSE_WAKE;
	l->wake.time_ns = 0;
	l->waker = row->peer;
	l->waker_stack = row->stack;
}

static void on_create(struct life *l, size_t index)
{
	const struct dwell_event *row = &l->h->rows[index];

	l->waits = false;
	finish(l, index, DWELL_UNKNOWN, row->state ? row->state : DWELL_UNKNOWN, 0);
	no_wake(l);
	if (l->state == DWELL_RUNNING)
		l->executor = 0;
	if (l->state == DWELL_BLOCKED)
		l->why = *row;
	if (l->state == DWELL_RUNNABLE) {
		l->cause = DWELL_CAUSE_CREATED;
		l->waker = row->peer;
		l->waker_stack = row->stack;
	}
}

static void on_wait_begin(struct life *l, size_t index)
{
	const struct dwell_event *row = &l->h->rows[index];
	const unsigned state = row->flags & DWELL_EVENT_SPUN ? DWELL_RUNNING : DWELL_BLOCKED;
	unsigned was;

	if (l->waits && l->own_word && l->state == DWELL_BLOCKED)
		l->state = DWELL_UNKNOWN;
	l->waits = false;
	was = naive_known(l, index);
	if (row->state == DWELL_BLOCKED &&
		!(was == DWELL_RUNNING && (l->executor || state == DWELL_RUNNING))) {
		finish(l, index, was == DWELL_RUNNING ? DWELL_RUNNING : DWELL_UNKNOWN, state, 0);
		no_wake(l);
		if (state == DWELL_RUNNING)
			l->executor = 0;
		else
			l->why = *row;
	}
	l->waits = true;
	l->wait = *row;
	l->wait_row = index;
	l->wait_woken = false;
}

/* A loss that may hold the end of the wait. */
static bool wait_is_lost(const struct life *l, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		const struct dwell_event *row = &l->h->rows[i];

		if (row->kind != DWELL_EVENT_LOSS || dwell_event_is_early_end(row) ||
			(!row->task && row->executor))
			continue;
		if (row->task ? row->task == l->task && i > l->wait_row : true)
			if (naive_loss_end(row) > l->wait.time_ns)
				return true;
	}
	return false;
}

/* Who ended the wait: the last wake; else the last release that names the task; else the last
 * of the object. */
static void find_waker(const struct life *l, size_t index, struct dwell_wait *wait)
{
	const struct dwell_event *named = NULL, *last = NULL;

	if (l->wait_woken) {
		wait->waker = l->wait_wake.peer;
		wait->waker_stack = l->wait_wake.stack;
	}
	for (size_t i = 0; i < index; i++) {
		const struct dwell_event *row = &l->h->rows[i];

		if (row->kind != DWELL_EVENT_RELEASE || row->time_ns < l->wait.time_ns)
			continue;
		if (row->peer == l->task && i > l->wait_row)
			named = row;
		if (row->object == l->wait.object && row->object)
			last = row;
	}
	if (l->wait_woken)
		return;
	if (!named && last && last->task != l->task)
		named = last;
	if (named) {
		wait->waker = named->task;
		wait->waker_stack = named->stack;
	}
}

/* The share of a state in the wait, in the intervals that were told of the task so far. */
static uint64_t share(const struct life *l, uint64_t end, unsigned state)
{
	uint64_t sum = 0;

	for (size_t i = l->first_told; i < l->out->interval_count; i++) {
		const struct dwell_interval *n = &l->out->intervals[i];
		const uint64_t a = n->start_ns > l->wait.time_ns ? n->start_ns : l->wait.time_ns;
		const uint64_t b = n->end_ns < end ? n->end_ns : end;

		if (n->state == state && b > a)
			sum += b - a;
	}
	return sum;
}

static void tell_own(struct life *l, struct dwell_wait *wait, unsigned flags)
{
	wait->object = l->wait.object;
	wait->stack = l->wait.stack;
	wait->holder = l->wait.peer;
	wait->reason = l->wait.reason ? l->wait.reason : DWELL_REASON_OTHER;
	wait->flags = (uint8_t)(flags | (l->wait.flags & (uint8_t)~DWELL_EVENT_TIMED_OUT));
	wait->holder_how = wait->holder && (wait->flags & DWELL_EVENT_HOLDER_READ) ? 1 : 0;
	told_wait(l->out, wait);
	l->waits = false;
}

static void on_wait_end(struct life *l, size_t index)
{
	const struct dwell_event *row = &l->h->rows[index];
	struct dwell_wait wait = { .task = l->task, .end_ns = row->time_ns };
	const bool told = l->waits;
	const unsigned was = naive_known(l, index);
	uint64_t until, from;

	if (told) {
		find_waker(l, index, &wait);
		if (row->reason != DWELL_REASON_SYSCALL && row->reason)
			l->wait.reason = row->reason;
		l->wait.object = row->object ? row->object : l->wait.object;
		l->wait.stack = row->stack ? row->stack : l->wait.stack;
		if (row->peer) {
			l->wait.peer = row->peer;
			l->wait.flags &= (uint8_t)~DWELL_EVENT_HOLDER_READ;
			l->wait.flags |= row->flags & DWELL_EVENT_HOLDER_READ;
		}
	}
	if (row->state == DWELL_RUNNING && was != DWELL_RUNNING) {
		unsigned as = was;

		if (was == DWELL_BLOCKED && !told)
			as = before_running(l, index) == DWELL_UNKNOWN ? DWELL_UNKNOWN
								       : DWELL_BLOCKED;
		const size_t before = l->out->interval_count;
		finish(l, index, as, DWELL_RUNNING, 0);
		if (l->out->interval_count > before) {
			struct dwell_interval *n = &l->out->intervals[l->out->interval_count - 1];

			if (n->state == DWELL_BLOCKED && told) {
				n->waker = wait.waker;
				n->waker_stack = wait.waker_stack;
			}
		}
		no_wake(l);
		l->executor = 0;
	}
	if (!told)
		return;
	wait.start_ns = l->wait.time_ns;
	wait.blocked_ns = share(l, row->time_ns, DWELL_BLOCKED);
	wait.runnable_ns = share(l, row->time_ns, DWELL_RUNNABLE);
	wait.running_ns = share(l, row->time_ns, DWELL_RUNNING);
	until = naive_lost_at(l, index) < row->time_ns ? naive_lost_at(l, index) : row->time_ns;
	from = l->since > wait.start_ns ? l->since : wait.start_ns;
	if (l->state == DWELL_RUNNING && until > from)
		wait.running_ns += until - from;
	wait.unknown_ns =
		wait.end_ns - wait.start_ns - wait.blocked_ns - wait.runnable_ns - wait.running_ns;
	tell_own(l, &wait, row->flags);
}

/* It ends, and what it waited for did not come. */
static void on_exit(struct life *l, size_t index)
{
	const uint64_t end = l->h->rows[index].time_ns;
	struct dwell_wait wait = { .task = l->task, .end_ns = end };

	if (!l->waits)
		return;
	wait.start_ns = l->wait.time_ns;
	wait.blocked_ns = share(l, end, DWELL_BLOCKED);
	wait.runnable_ns = share(l, end, DWELL_RUNNABLE);
	wait.running_ns = share(l, end, DWELL_RUNNING);
	wait.unknown_ns =
		end - wait.start_ns - wait.blocked_ns - wait.runnable_ns - wait.running_ns;
	tell_own(l, &wait, DWELL_EVENT_INTERRUPTED);
}

static bool names(const struct life *l, const struct dwell_event *row)
{
	if (row->kind == DWELL_EVENT_SWITCH)
		return row->task == l->task || row->peer == l->task;
	if (row->kind == DWELL_EVENT_WAKE)
		return row->task == l->task && row->state != DWELL_STATE_SAME;
	return row->task == l->task &&
	       (row->kind == DWELL_EVENT_CREATE || row->kind == DWELL_EVENT_EXIT ||
		       row->kind == DWELL_EVENT_WAIT_BEGIN || row->kind == DWELL_EVENT_WAIT_END);
}

static void on_row(struct life *l, size_t index)
{
	const struct dwell_event *row = &l->h->rows[index];

	if (l->waits && wait_is_lost(l, index))
		l->waits = false;
	switch (row->kind) {
	case DWELL_EVENT_SWITCH:
		on_switch(l, index);
		break;
	case DWELL_EVENT_WAKE:
		on_wake(l, index);
		break;
	case DWELL_EVENT_CREATE:
		on_create(l, index);
		break;
	case DWELL_EVENT_EXIT:
		finish(l, index, naive_known(l, index), DWELL_EXITED, 0);
		break;
	case DWELL_EVENT_WAIT_BEGIN:
		on_wait_begin(l, index);
		break;
	default:
		on_wait_end(l, index);
		break;
	}
}

static bool displaces(const struct life *l, const struct dwell_event *row)
{
	return row->kind == DWELL_EVENT_SWITCH && row->executor && l->state == DWELL_RUNNING &&
	       l->executor == row->executor;
}

static void at_end(struct life *l)
{
	const size_t all = l->h->count;
	const uint64_t lost = naive_lost_at(l, all);
	const unsigned state = naive_known(l, all);
	uint64_t from = l->since;

	if (l->waits && wait_is_lost(l, all))
		l->waits = false;
	if (lost != UINT64_MAX && lost > l->since && l->state != DWELL_UNKNOWN) {
		interval(l, l->since, lost, l->state, DWELL_UNKNOWN, NULL, 0);
		from = lost;
	}
	const size_t last = l->out->interval_count;
	const size_t waits = l->out->wait_count;
	const struct dwell_event nothing = { 0 };
	interval(l, from, l->h->end_ns, state, state, &nothing, 0);
	l->out->wait_count = waits; /* its end is not known */
	if (l->out->interval_count > last)
		l->out->intervals[last].flags |= DWELL_INTERVAL_OPEN;
}

static void one_task(const struct collect *history, uint32_t task, struct told *out)
{
	struct life l = { .h = history, .out = out, .task = task, .state = DWELL_UNKNOWN };

	l.first_told = out->interval_count;
	for (size_t i = 0; i < history->task_count; i++)
		if (history->tasks[i].id == task) {
			l.alive = true;
			l.since = history->tasks[i].created_ns;
		}
	for (size_t i = 0; i < history->count && !l.ended; i++) {
		const struct dwell_event *row = &history->rows[i];

		if (names(&l, row)) {
			if (!l.alive)
				l.since = row->time_ns;
			l.alive = true;
			on_row(&l, i);
			if (l.ended)
				on_exit(&l, i);
		} else if (displaces(&l, row)) {
			on_switch(&l, i);
		}
	}
	if (l.alive && !l.ended)
		at_end(&l);
}

void naive_states(const struct collect *history, struct told *out)
{
	uint32_t last = 0;

	for (size_t i = 0; i < history->task_count; i++)
		last = history->tasks[i].id > last ? history->tasks[i].id : last;
	for (size_t i = 0; i < history->count; i++) {
		const struct dwell_event *row = &history->rows[i];
		const bool peer = row->kind == DWELL_EVENT_SWITCH;

		last = row->task > last ? row->task : last;
		last = peer && row->peer > last ? row->peer : last;
	}
	for (uint32_t task = 1; task <= last; task++)
		one_task(history, task, out);
}

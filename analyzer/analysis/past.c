/* What each task did lately. */
#include "analysis/past.h"

#include <stdlib.h>

/* Where tasks are many most live shortly: room for what such a one does; doubled up to PAST. */
enum { PAST_FIRST = 4 };

struct stretch {
	uint64_t start_ns, end_ns;
	uint32_t stack;
	uint8_t state, reason, cause;
	bool gave_way; /* running: it could have gone on, and did not have to leave */
};

struct task_past {
	_Alignas(64) struct stretch now; /* without an end; state 0: not known */
	uint32_t count, next, room;
	struct stretch *at; /* a ring, once there are PAST */
};

void past_init(struct past *past)
{
	*past = (struct past){ .tasks = { .item = sizeof(struct task_past) } };
}

void past_release(struct past *past)
{
	for (uint32_t task = 0; task < past->tasks.end; task++) {
		struct task_past *of = table_get(&past->tasks, task);

		if (of)
			free(of->at);
	}
	table_release(&past->tasks);
}

void past_drop(struct past *past, uint32_t first, uint64_t but)
{
	for (uint32_t i = 0; i < TABLE_PAGE; i++) {
		struct task_past *of = table_get(&past->tasks, first + i);

		if (!of || but >> i & 1)
			continue;
		free(of->at);
		*of = (struct task_past){ 0 };
	}
	if (!but)
		table_drop(&past->tasks, first);
}

static struct task_past *past_of(struct past *past, uint32_t task)
{
	struct task_past *of = task < past->tasks.end ? table_get(&past->tasks, task) : NULL;

	return of ? of : table_make(&past->tasks, task);
}

static struct stretch goes_on_as(const struct dwell_task_state *state)
{
	return (struct stretch){
		.start_ns = state->since_ns,
		.state = state->lost_ns ? (uint8_t)DWELL_UNKNOWN : state->state,
		.reason = state->wait_reason ? state->wait_reason : state->reason,
		.stack = state->wait_stack ? state->wait_stack : state->stack,
		.cause = state->cause,
	};
}

int past_begin(struct past *past, const struct dwell_states *states, uint32_t end)
{
	past->begun = true;
	past->states = states;
	for (uint32_t task = 1; task < end; task++) {
		const struct dwell_task_state *state = dwell_states_get(states, task);
		struct task_past *of = state ? past_of(past, task) : NULL;

		if (!state)
			continue;
		if (!of)
			return DWELL_ENOMEM;
		of->now = goes_on_as(state);
	}
	return DWELL_OK;
}

void past_fetch(const struct past *past, const struct dwell_interval *intervals, size_t count)
{
	for (size_t i = 0; i < count; i++)
		__builtin_prefetch(table_get(&past->tasks, intervals[i].task));
	for (size_t i = 0; i < count; i++) {
		const struct task_past *of = table_get(&past->tasks, intervals[i].task);

		if (of && of->at)
			__builtin_prefetch(&of->at[of->next]);
	}
}

void past_lose(struct past *past, const struct dwell_event *loss)
{
	const uint64_t end_ns = loss->extra > loss->time_ns ? loss->extra : loss->time_ns;

	if (end_ns > past->lost_ns)
		past->lost_ns = end_ns;
}

static bool has_room(struct task_past *of)
{
	if (of->count < of->room || of->room == PAST)
		return true;

	const uint32_t room = of->room ? of->room * 2 : PAST_FIRST;
	struct stretch *at = realloc(of->at, room * sizeof(*at));

	if (!at)
		return false;
	of->at = at;
	of->room = room;
	return true;
}

/* A semaphore whose holder was read is a lock. */
static uint8_t reason_of(const struct dwell_interval *interval)
{
	const bool is_lock = interval->reason == DWELL_REASON_SEMAPHORE &&
			     interval->holder_how == DWELL_HOW_READ;

	return is_lock ? (uint8_t)DWELL_REASON_MUTEX : interval->reason;
}

static bool gives_way(const struct dwell_interval *interval)
{
	return interval->state == DWELL_RUNNING && interval->next == DWELL_RUNNABLE &&
	       !(interval->flags & (DWELL_INTERVAL_PREEMPTED | DWELL_INTERVAL_OPEN));
}

/* Why it was ready. Who asked to leave its CPU was not preempted. */
static uint8_t cause_of(const struct task_past *of, const struct dwell_interval *interval)
{
	const struct stretch *last = of->count ? &of->at[(of->next + PAST - 1) % PAST] : NULL;

	return last && last->gave_way && last->end_ns == interval->start_ns
		       ? (uint8_t)DWELL_CAUSE_NONE
		       : interval->cause;
}

int past_add(struct past *past, const struct dwell_interval *interval, unsigned next_reason)
{
	struct task_past *of = past_of(past, interval->task);

	if (!of || !has_room(of))
		return DWELL_ENOMEM;
	of->at[of->next] = (struct stretch){ interval->start_ns, interval->end_ns, interval->stack,
		interval->state, reason_of(interval), cause_of(of, interval), gives_way(interval) };
	of->next = (of->next + 1) % PAST;
	of->count += of->count < PAST;
	of->now = (struct stretch){
		.start_ns = interval->end_ns,
		.state = interval->next,
		.reason = (uint8_t)next_reason,
	};
	return DWELL_OK;
}

static void add_reason(struct dwell_holder *holder, unsigned reason, uint64_t ns)
{
	unsigned i = 0;

	while (i < holder->reason_count && holder->reasons[i].reason != reason)
		i++;
	if (i == holder->reason_count)
		holder->reasons[holder->reason_count++] =
			(struct dwell_reason_time){ .reason = (uint8_t)reason };
	holder->reasons[i].ns += ns;
}

static void add(struct dwell_holder *holder, const struct stretch *s)
{
	const uint64_t ns = s->end_ns - s->start_ns;
	const bool preempted = s->state == DWELL_RUNNABLE && s->cause == DWELL_CAUSE_PREEMPTED;
	struct dwell_worst_stretch *worst = s->state == DWELL_BLOCKED ? &holder->blocked
					    : preempted               ? &holder->preempted
								      : NULL;

	add_state(&holder->times, s->state, ns);
	if (preempted)
		holder->preempted_ns += ns;
	if (s->state == DWELL_BLOCKED)
		add_reason(holder, s->reason < DWELL_REASON_COUNT ? s->reason : 0, ns);
	if (worst && ns > worst->ns)
		*worst = (struct dwell_worst_stretch){ s->start_ns, ns, s->stack, s->reason };
}

/* The state that goes on, from from_ns on. */
static struct stretch current(
	const struct past *past, const struct stretch *now, uint64_t from_ns, uint64_t to_ns)
{
	struct stretch goes_on = *now;

	if (goes_on.start_ns < past->lost_ns)
		goes_on.state = DWELL_UNKNOWN;
	if (goes_on.start_ns < from_ns)
		goes_on.start_ns = from_ns;
	goes_on.end_ns = to_ns;
	return goes_on;
}

/* How long it was ready after it was woken. */
static uint64_t late(const struct stretch *s)
{
	return s->state == DWELL_RUNNABLE && s->cause == DWELL_CAUSE_WAKE ? s->end_ns - s->start_ns
									  : 0;
}

static bool is_lock(unsigned reason)
{
	return reason == DWELL_REASON_MUTEX || reason == DWELL_REASON_RWLOCK;
}

/*
 * No state of it has ended yet: it was born after the past was begun. Its first one is among what
 * this batch ends, or it goes on.
 */
static const struct task_past *meet(struct past *past, uint32_t task)
{
	struct task_past *of = past_of(past, task);
	const struct fold_batch *batch = past->batch;

	if (!of || of->now.state || of->count || !past->begun || !batch)
		return of;
	for (size_t i = 0; i < batch->told->count; i++) {
		const struct dwell_interval *first = &batch->told->intervals[i];

		if (first->task != task)
			continue;
		of->now = (struct stretch){ .start_ns = first->start_ns,
			.stack = first->stack,
			.state = first->state,
			.reason = reason_of(first),
			.cause = first->cause };
		return of;
	}
	for (size_t i = 0; i < batch->first_count; i++)
		if (batch->firsts[i].task == task)
			of->now = goes_on_as(&batch->firsts[i]);
	return of;
}

/* Of those that were met in the batch before this one, and did not change. */
static int keep_firsts(struct past *past, const struct fold_batch *batch)
{
	for (size_t i = 0; i < batch->first_count; i++) {
		const struct dwell_task_state *state = &batch->firsts[i];
		struct task_past *of = past_of(past, state->task);

		if (!of)
			return DWELL_ENOMEM;
		if (!of->now.state && !of->count)
			of->now = goes_on_as(state);
	}
	return DWELL_OK;
}

int past_batch(struct past *past, const struct fold_batch *batch)
{
	const struct fold_batch *before = past->batch;

	past->batch = batch;
	return batch || !past->begun ? DWELL_OK : keep_firsts(past, before);
}

int past_end(struct past *past, uint32_t task)
{
	const struct dwell_task_state *state =
		past->begun ? dwell_states_get(past->states, task) : NULL;
	struct task_past *of = state ? past_of(past, task) : NULL;

	if (of)
		of->now = goes_on_as(state);
	return of || !state ? DWELL_OK : DWELL_ENOMEM;
}

/* The i-th latest, from 1 on. */
static const struct stretch *latest(const struct task_past *of, uint32_t i)
{
	return &of->at[(of->next + PAST - i) % PAST];
}

/* Which of the latest is the first that began before a time: who held something for long is asked
 * for one of its stretches after the other, and most are later. */
static uint32_t first_before(const struct task_past *of, uint64_t time_ns)
{
	uint32_t low = 1, high = of->count + 1;

	while (low < high) {
		const uint32_t middle = (low + high) / 2;

		if (latest(of, middle)->start_ns >= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void past_split(struct past *past, uint64_t from_ns, uint64_t to_ns, struct dwell_holder *holder)
{
	const struct task_past *of = meet(past, holder->task);
	const struct stretch *now = of && of->now.state ? &of->now : NULL;
	uint64_t woken_ns = 0;

	if (now && now->start_ns < to_ns) {
		const struct stretch goes_on = current(past, now, from_ns, to_ns);

		add(holder, &goes_on);
		woken_ns = late(&goes_on);
		to_ns = goes_on.start_ns;
	}
	for (uint32_t i = of ? first_before(of, to_ns) : 0; of && i <= of->count && to_ns > from_ns;
		i++) {
		struct stretch s = *latest(of, i);

		if (s.start_ns >= to_ns)
			continue;
		if (s.start_ns < from_ns)
			s.start_ns = from_ns;
		if (s.end_ns <= s.start_ns)
			break;
		if (s.end_ns > to_ns)
			s.end_ns = to_ns;
		holder->times.unknown_ns += to_ns - s.end_ns;
		add(holder, &s);
		/* Backwards: what it was woken from comes after. */
		if (s.state == DWELL_BLOCKED && !is_lock(s.reason))
			holder->late_ns += woken_ns;
		woken_ns = late(&s);
		to_ns = s.start_ns;
	}
	if (to_ns > from_ns)
		holder->times.unknown_ns += to_ns - from_ns;
}

/* What each task did lately. */
#include "analysis/past.h"

struct stretch {
	uint64_t start_ns, end_ns;
	uint8_t state, reason;
};

struct task_past {
	struct stretch now; /* without an end; state 0: not known */
	uint32_t count, next;
	struct stretch at[PAST];
};

void past_init(struct past *past)
{
	*past = (struct past){ .tasks = { .item = sizeof(struct task_past) } };
}

void past_release(struct past *past)
{
	table_release(&past->tasks);
}

static struct task_past *past_of(struct past *past, uint32_t task)
{
	struct task_past *of = task < past->tasks.end ? table_get(&past->tasks, task) : NULL;

	return of ? of : table_make(&past->tasks, task);
}

int past_begin(struct past *past, const struct dwell_states *states, uint32_t end)
{
	past->begun = true;
	for (uint32_t task = 1; task < end; task++) {
		const struct dwell_task_state *state = dwell_states_get(states, task);
		struct task_past *of = state ? past_of(past, task) : NULL;

		if (!state)
			continue;
		if (!of)
			return DWELL_ENOMEM;
		of->now = (struct stretch){
			.start_ns = state->since_ns,
			.state = state->lost_ns ? (uint8_t)DWELL_UNKNOWN : state->state,
			.reason = state->wait_reason ? state->wait_reason : state->reason,
		};
	}
	return DWELL_OK;
}

void past_lose(struct past *past, const struct dwell_event *loss)
{
	const uint64_t end_ns = loss->extra > loss->time_ns ? loss->extra : loss->time_ns;

	if (end_ns > past->lost_ns)
		past->lost_ns = end_ns;
}

int past_add(struct past *past, const struct dwell_interval *interval)
{
	struct task_past *of = past_of(past, interval->task);

	if (!of)
		return DWELL_ENOMEM;
	of->at[of->next] = (struct stretch){ interval->start_ns, interval->end_ns, interval->state,
		interval->reason };
	of->next = (of->next + 1) % PAST;
	of->count += of->count < PAST;
	of->now = (struct stretch){
		.start_ns = interval->end_ns,
		.state = interval->next,
		.reason = interval->next_reason,
	};
	return DWELL_OK;
}

static void add(struct dwell_times *times, uint64_t blocked_by[DWELL_REASON_COUNT], unsigned state,
	unsigned reason, uint64_t ns)
{
	add_state(times, state, ns);
	if (state == DWELL_BLOCKED)
		blocked_by[reason < DWELL_REASON_COUNT ? reason : 0] += ns;
}

void past_split(const struct past *past, uint32_t task, uint64_t from_ns, uint64_t to_ns,
	struct dwell_times *times, uint64_t blocked_by[DWELL_REASON_COUNT])
{
	const struct task_past *of = table_get(&past->tasks, task);
	const struct stretch *now = of && of->now.state ? &of->now : NULL;

	if (now && now->start_ns < to_ns) {
		const uint64_t start_ns = now->start_ns > from_ns ? now->start_ns : from_ns;
		const bool lost = now->start_ns < past->lost_ns;

		add(times, blocked_by, lost ? (unsigned)DWELL_UNKNOWN : now->state, now->reason,
			to_ns - start_ns);
		to_ns = start_ns;
	}
	for (uint32_t i = 1; of && i <= of->count && to_ns > from_ns; i++) {
		const struct stretch *s = &of->at[(of->next + PAST - i) % PAST];

		if (s->start_ns >= to_ns)
			continue;

		const uint64_t start_ns = s->start_ns > from_ns ? s->start_ns : from_ns;
		if (s->end_ns <= start_ns)
			break;

		const uint64_t end_ns = s->end_ns < to_ns ? s->end_ns : to_ns;
		times->unknown_ns += to_ns - end_ns;
		add(times, blocked_by, s->state, s->reason, end_ns - start_ns);
		to_ns = start_ns;
	}
	if (to_ns > from_ns)
		times->unknown_ns += to_ns - from_ns;
}

/* What each task did lately. */
#include "analysis/past.h"

struct stretch {
	uint64_t start_ns, end_ns;
	uint8_t state, reason;
};

struct task_past {
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

int past_add(struct past *past, const struct dwell_interval *interval)
{
	struct task_past *of = table_get(&past->tasks, interval->task);

	if (!of)
		of = table_make(&past->tasks, interval->task);
	if (!of)
		return DWELL_ENOMEM;
	of->at[of->next] = (struct stretch){ interval->start_ns, interval->end_ns, interval->state,
		interval->reason };
	of->next = (of->next + 1) % PAST;
	of->count += of->count < PAST;
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
	const struct dwell_task_state *now = dwell_states_get(past->states, task);
	const struct task_past *of = table_get(&past->tasks, task);

	if (now && now->since_ns < to_ns) {
		const uint64_t start_ns = now->since_ns > from_ns ? now->since_ns : from_ns;

		add(times, blocked_by, now->lost_ns ? (unsigned)DWELL_UNKNOWN : now->state,
			now->wait_reason ? now->wait_reason : now->reason, to_ns - start_ns);
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

/* Where each task's time went. */
#include <stdlib.h>

#include "analysis/fold.h"

struct task_sums {
	struct dwell_times times;
	uint64_t blocked_by[DWELL_REASON_COUNT];
	uint64_t first_ns; /* start of the first interval that was told */
	uint64_t ended_ns;
	uint64_t switches, preemptions, wakes;
	uint64_t woken_ns;
	int64_t status; /* of wait(2) */
	bool seen, ended, has_status;
	bool woken; /* a wake was counted, at woken_ns */
};

struct tasks {
	const struct model *model;
	const struct dwell_states *states;
	struct table sums;
};

static int tasks_make(void **fold, const struct model *model)
{
	struct tasks *tasks = calloc(1, sizeof(*tasks));

	if (!tasks)
		return DWELL_ENOMEM;
	tasks->model = model;
	tasks->sums.item = sizeof(struct task_sums);
	*fold = tasks;
	return DWELL_OK;
}

static void tasks_drop(void *fold)
{
	struct tasks *tasks = fold;

	if (tasks)
		table_release(&tasks->sums);
	free(tasks);
}

static inline struct task_sums *sums_of(struct tasks *tasks, uint32_t task)
{
	if (__builtin_expect(task < tasks->sums.end, 1)) {
		struct task_sums *sums = table_get(&tasks->sums, task);

		if (sums)
			return sums;
	}
	return table_make(&tasks->sums, task);
}

/* A wake that was counted before is not to be taken for one that overtook a leaving. */
static int tasks_begin(void *fold, const struct fold_start *start)
{
	struct tasks *tasks = fold;

	tasks->states = start->states;
	for (size_t i = 0; i < start->count; i++) {
		const struct dwell_task_state *state = &start->keyframe[i];

		if (state->state != DWELL_RUNNABLE)
			continue;

		struct task_sums *sums = sums_of(tasks, state->task);
		if (!sums)
			return DWELL_ENOMEM;
		sums->woken = true;
		sums->woken_ns = state->since_ns;
	}
	return DWELL_OK;
}

/* A wake counts where it changes something. */
static int count_wake(struct tasks *tasks, const struct dwell_event *event)
{
	const struct dwell_task_state *state = dwell_states_get(tasks->states, event->task);

	if (!event->task || event->state != DWELL_RUNNABLE)
		return DWELL_OK;
	if (state && !state->lost_ns &&
		(state->state == DWELL_RUNNING || state->state == DWELL_RUNNABLE))
		return DWELL_OK;

	struct task_sums *sums = sums_of(tasks, event->task);
	if (!sums)
		return DWELL_ENOMEM;
	sums->wakes++;
	sums->woken = true;
	sums->woken_ns = event->time_ns;
	return DWELL_OK;
}

/* A task that is said to be runnable was not woken by anybody: no wake overtook anything. */
static int note_runnable(struct tasks *tasks, const struct dwell_event *event)
{
	const struct dwell_task_state *state = dwell_states_get(tasks->states, event->task);
	struct task_sums *sums = event->task ? sums_of(tasks, event->task) : NULL;

	if (!sums)
		return event->task ? DWELL_ENOMEM : DWELL_OK;
	if (event->state == DWELL_RUNNABLE &&
		!(state && !state->lost_ns && state->state == DWELL_RUNNABLE)) {
		sums->woken = true;
		sums->woken_ns = event->time_ns;
	}
	return DWELL_OK;
}

/* One that overtook the leaving is seen to have counted by what the interval turned out to be. */
static void count_overtaken(struct task_sums *sums, const struct dwell_interval *interval)
{
	const bool counted = sums->woken && sums->woken_ns == interval->start_ns;

	if (interval->state != DWELL_RUNNABLE || interval->next != DWELL_RUNNING)
		return;
	/* It stands for this stretch only, even where the next one begins at the same time. */
	sums->woken = false;
	if (interval->cause != DWELL_CAUSE_WAKE || counted)
		return;
	sums->wakes++;
}

static int tasks_event(void *fold, const struct dwell_event *event)
{
	struct tasks *tasks = fold;

	if (event->kind == DWELL_EVENT_WAKE)
		return count_wake(tasks, event);
	if (event->kind == DWELL_EVENT_STATE)
		return note_runnable(tasks, event);
	if (!event->task)
		return DWELL_OK;

	struct task_sums *sums = sums_of(tasks, event->task);
	if (!sums)
		return DWELL_ENOMEM;
	if (event->kind == DWELL_EVENT_SWITCH) {
		sums->switches++;
		sums->preemptions += (event->flags & DWELL_EVENT_PREEMPTED) != 0;
	} else if (event->flags & DWELL_EVENT_HAS_VALUE) {
		sums->status = (int64_t)event->value;
		sums->has_status = true;
	}
	return DWELL_OK;
}

static int tasks_interval(void *fold, const struct dwell_interval *interval)
{
	struct tasks *tasks = fold;
	struct task_sums *sums = sums_of(tasks, interval->task);
	const uint64_t ns = in_window(tasks->model, interval->start_ns, interval->end_ns);

	if (!sums)
		return DWELL_ENOMEM;
	if (!sums->seen) {
		sums->seen = true;
		sums->first_ns = interval->start_ns;
	}
	add_state(&sums->times, interval->state, ns);
	if (interval->state == DWELL_BLOCKED)
		sums->blocked_by[interval->reason < DWELL_REASON_COUNT ? interval->reason : 0] +=
			ns;
	count_overtaken(sums, interval);
	if (interval->next == DWELL_EXITED) {
		sums->ended = true;
		sums->ended_ns = interval->end_ns;
	}
	return DWELL_OK;
}

static int tasks_merge(void *into_fold, void *from_fold)
{
	struct tasks *into = into_fold, *from = from_fold;

	for (uint32_t task = 0; task < from->sums.end; task++) {
		const struct task_sums *b = table_get(&from->sums, task);

		if (!b || !(b->seen || b->switches || b->wakes || b->has_status))
			continue;

		struct task_sums *a = sums_of(into, task);
		if (!a)
			return DWELL_ENOMEM;
		add_times(&a->times, &b->times);
		for (size_t i = 0; i < DWELL_REASON_COUNT; i++)
			a->blocked_by[i] += b->blocked_by[i];
		a->switches += b->switches;
		a->preemptions += b->preemptions;
		a->wakes += b->wakes;
		if (b->seen && !a->seen)
			a->first_ns = b->first_ns;
		a->seen |= b->seen;
		if (b->ended) {
			a->ended = true;
			a->ended_ns = b->ended_ns;
		}
		if (b->has_status) {
			a->has_status = true;
			a->status = b->status;
		}
	}
	return DWELL_OK;
}

const struct fold_ops tasks_fold = {
	.kinds = 1u << DWELL_EVENT_SWITCH | 1u << DWELL_EVENT_WAKE | 1u << DWELL_EVENT_STATE |
		 1u << DWELL_EVENT_EXIT,
	.make = tasks_make,
	.free = tasks_drop,
	.begin = tasks_begin,
	.event = tasks_event,
	.interval = tasks_interval,
	.merge = tasks_merge,
};

static void say_end(struct dwell_tasks_row *row, const struct task_sums *sums)
{
	row->ended_ns = sums->ended ? sums->ended_ns : DWELL_FOREVER;
	row->end = sums->ended ? DWELL_END_ENDED : DWELL_END_ALIVE;
	if (!sums->ended || !sums->has_status)
		return;
	/* As wait(2) has it: a signal in the low bits, else an exit status above them. */
	row->end = sums->status & 0x7f ? DWELL_END_KILLED : DWELL_END_EXITED;
	row->status =
		(int32_t)(sums->status & 0x7f ? sums->status & 0x7f : sums->status >> 8 & 0xff);
}

static void add_row(struct dwell_tasks_row *row, const struct dwell_catalog *catalog, unsigned by,
	uint32_t task, const struct task_sums *sums)
{
	const struct dwell_catalog_task *known = dwell_catalog_task(catalog, task);
	const uint64_t created_ns =
		known && known->created_ns < sums->first_ns ? known->created_ns : sums->first_ns;
	const bool first = !row->count++;

	if (first) {
		row->key = key_of(catalog, by, group_of(catalog, by, task));
		row->task = task;
		row->created_ns = created_ns;
		say_end(row, sums);
	} else {
		const uint64_t ended_ns = sums->ended ? sums->ended_ns : DWELL_FOREVER;

		row->task = 0;
		row->end = row->end == DWELL_END_ALIVE || !sums->ended ? DWELL_END_ALIVE
								       : DWELL_END_ENDED;
		row->status = 0;
		if (created_ns < row->created_ns)
			row->created_ns = created_ns;
		if (ended_ns > row->ended_ns)
			row->ended_ns = ended_ns;
	}
	add_times(&row->times, &sums->times);
	for (size_t i = 0; i < DWELL_REASON_COUNT; i++)
		row->blocked_by[i] += sums->blocked_by[i];
	row->switches += sums->switches;
	row->preemptions += sums->preemptions;
	row->wakes += sums->wakes;
}

static int longest_first(const void *a, const void *b)
{
	const struct dwell_tasks_row *x = a, *y = b;
	const uint64_t x_ns = x->times.blocked_ns + x->times.runnable_ns;
	const uint64_t y_ns = y->times.blocked_ns + y->times.runnable_ns;

	if (x_ns != y_ns)
		return x_ns > y_ns ? -1 : 1;
	return (x->key.id > y->key.id) - (x->key.id < y->key.id);
}

/* Rows by their group, then without the empty ones. */
static int collect(
	struct dwell_tasks *out, const struct model *model, const struct tasks *tasks, unsigned by)
{
	uint32_t groups = tasks->sums.end + 1;

	if (by == DWELL_BY_CLASS)
		groups = dwell_catalog_classes(model->catalog) + 1;
	else if (by == DWELL_BY_PROCESS)
		groups = dwell_catalog_processes(model->catalog) + 1;
	out->rows = calloc(groups, sizeof(*out->rows));
	if (!out->rows)
		return DWELL_ENOMEM;
	for (uint32_t task = 1; task < tasks->sums.end; task++) {
		const struct task_sums *sums = table_get(&tasks->sums, task);
		const uint32_t group = group_of(model->catalog, by, task);

		if (sums && sums->seen && wants_task(model, task))
			add_row(&out->rows[group < groups ? group : 0], model->catalog, by, task,
				sums);
	}
	for (uint32_t i = 0; i < groups; i++)
		if (out->rows[i].count)
			out->rows[out->count++] = out->rows[i];
	qsort(out->rows, out->count, sizeof(*out->rows), longest_first);
	return DWELL_OK;
}

int tasks_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	answer->tasks = calloc(1, sizeof(*answer->tasks));
	if (!answer->tasks)
		return DWELL_ENOMEM;
	return collect(
		answer->tasks, model, fold, query->tasks_by ? query->tasks_by : DWELL_BY_TASK);
}

void tasks_free(struct dwell_tasks *tasks)
{
	if (tasks)
		free(tasks->rows);
	free(tasks);
}

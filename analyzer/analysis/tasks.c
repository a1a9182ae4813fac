/* Where each task's time went. */
#include <stdlib.h>

#include "analysis/fold.h"

/* What the model does not count of every task. */
struct task_more {
	uint64_t blocked_by[DWELL_REASON_COUNT]; /* [0] is nothing: see reasonless */
	int64_t status;                          /* of wait(2) */
	bool has_status;
};

struct tasks {
	const struct model *model;
	struct table more;
};

static int tasks_make(void **fold, const struct model *model)
{
	struct tasks *tasks = calloc(1, sizeof(*tasks));

	if (!tasks)
		return DWELL_ENOMEM;
	tasks->model = model;
	tasks->more.item = sizeof(struct task_more);
	*fold = tasks;
	return DWELL_OK;
}

static void tasks_drop(void *fold)
{
	struct tasks *tasks = fold;

	if (tasks)
		table_release(&tasks->more);
	free(tasks);
}

static inline struct task_more *more_of(struct tasks *tasks, uint32_t task)
{
	struct task_more *more = table_get(&tasks->more, task);

	return more && task < tasks->more.end ? more : table_make(&tasks->more, task);
}

static int add_exits(struct tasks *tasks, const struct fold_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct dwell_event *row = &batch->rows[i];
		struct task_more *more;

		if (row->kind != DWELL_EVENT_EXIT || !(row->flags & DWELL_EVENT_HAS_VALUE))
			continue;
		more = more_of(tasks, row->task);
		if (!more)
			return DWELL_ENOMEM;
		more->status = (int64_t)row->value;
		more->has_status = true;
	}
	return DWELL_OK;
}

static unsigned all_reasons(const struct dwell_told *told)
{
	unsigned all = 0;

	for (size_t i = 0; i < told->count; i++)
		all |= told->intervals[i].reason;
	return all;
}

/* Only blocked intervals have a reason: no branch on it, it could not be foreseen. */
static int add_reasons(struct tasks *tasks, const struct dwell_told *told)
{
	for (size_t i = 0; i < told->count; i++) {
		const struct dwell_interval *of = &told->intervals[i];
		struct task_more *more = more_of(tasks, of->task);

		if (!more)
			return DWELL_ENOMEM;
		more->blocked_by[of->reason < DWELL_REASON_COUNT ? of->reason : 0] +=
			in_window(tasks->model, of->start_ns, of->end_ns);
	}
	return DWELL_OK;
}

static int tasks_batch(void *fold, const struct fold_batch *batch)
{
	const int err = all_reasons(batch->told) ? add_reasons(fold, batch->told) : DWELL_OK;

	return err || !(batch->kinds >> DWELL_EVENT_EXIT & 1) ? err : add_exits(fold, batch);
}

/* How long a task was in each state the model counts; here is only why it was blocked. */
static uint32_t tasks_skips(const void *fold)
{
	(void)fold;
	return DWELL_SKIP_RUNNING | DWELL_SKIP_RUNNABLE | DWELL_SKIP_REASONLESS;
}

static int tasks_merge(void *into_fold, void *from_fold)
{
	struct tasks *into = into_fold, *from = from_fold;

	for (uint32_t task = 1; task < from->more.end; task++) {
		const struct task_more *b = table_get(&from->more, task);
		struct task_more *a = b ? more_of(into, task) : NULL;

		if (!b)
			continue;
		if (!a)
			return DWELL_ENOMEM;
		for (size_t i = 0; i < DWELL_REASON_COUNT; i++)
			a->blocked_by[i] += b->blocked_by[i];
		if (b->has_status) {
			a->has_status = true;
			a->status = b->status;
		}
	}
	return DWELL_OK;
}

const struct fold_ops tasks_fold = {
	.make = tasks_make,
	.free = tasks_drop,
	.batch = tasks_batch,
	.skips = tasks_skips,
	.merge = tasks_merge,
};

static void say_end(
	struct dwell_tasks_row *row, const struct task_life *life, const struct task_more *more)
{
	const bool ended = life->ended_ns != DWELL_FOREVER;

	row->ended_ns = life->ended_ns;
	row->end = ended ? DWELL_END_ENDED : DWELL_END_ALIVE;
	if (!ended || !more || !more->has_status)
		return;
	/* As wait(2) has it: a signal in the low bits, else an exit status above them. */
	row->end = more->status & 0x7f ? DWELL_END_KILLED : DWELL_END_EXITED;
	row->status =
		(int32_t)(more->status & 0x7f ? more->status & 0x7f : more->status >> 8 & 0xff);
}

/* What was blocked without a reason is what is left. */
static void add_blocked_by(
	struct dwell_tasks_row *row, const struct task_life *life, const struct task_more *more)
{
	uint64_t reasonless = life->sums.blocked_ns;

	for (size_t i = 1; more && i < DWELL_REASON_COUNT; i++) {
		row->blocked_by[i] += more->blocked_by[i];
		reasonless -= more->blocked_by[i];
	}
	row->blocked_by[0] += reasonless;
}

static void add_to_row(
	struct dwell_tasks_row *row, const struct task_life *life, uint64_t created_ns)
{
	row->task = 0;
	row->end = row->end == DWELL_END_ALIVE || life->ended_ns == DWELL_FOREVER ? DWELL_END_ALIVE
										  : DWELL_END_ENDED;
	row->status = 0;
	if (created_ns < row->created_ns)
		row->created_ns = created_ns;
	if (life->ended_ns > row->ended_ns)
		row->ended_ns = life->ended_ns;
}

static void add_row(struct dwell_tasks_row *row, const struct dwell_catalog *catalog, unsigned by,
	uint32_t task, const struct task_life *life, const struct task_more *more)
{
	const struct dwell_catalog_task *known = dwell_catalog_task(catalog, task);
	const uint64_t created_ns = known && known->created_ns < life->created_ns
					    ? known->created_ns
					    : life->created_ns;

	if (!row->count++) {
		row->key = key_of(catalog, by, group_of(catalog, by, task));
		row->task = task;
		row->created_ns = created_ns;
		say_end(row, life, more);
	} else {
		add_to_row(row, life, created_ns);
	}
	row->times.unknown_ns += life->sums.unknown_ns;
	row->times.running_ns += life->sums.running_ns;
	row->times.runnable_ns += life->sums.runnable_ns;
	row->times.blocked_ns += life->sums.blocked_ns;
	add_blocked_by(row, life, more);
	row->switches += life->sums.switches;
	row->preemptions += life->sums.preemptions;
	row->wakes += life->sums.wakes;
}

static int more_first(uint64_t x, uint64_t y)
{
	return (x < y) - (x > y);
}

/* Who wanted an executor most; of those that did not, who waited. */
static int most_active_first(const void *a, const void *b)
{
	const struct dwell_tasks_row *x = a, *y = b;
	const struct dwell_times *p = &x->times, *q = &y->times;
	const int active =
		more_first(p->running_ns + p->runnable_ns, q->running_ns + q->runnable_ns);
	const int lost = more_first(p->runnable_ns + p->blocked_ns, q->runnable_ns + q->blocked_ns);

	if (active || lost)
		return active ? active : lost;
	return (x->key.id > y->key.id) - (x->key.id < y->key.id);
}

/* Rows by their group, then without the empty ones. */
static int collect(
	struct dwell_tasks *out, const struct model *model, const struct tasks *tasks, unsigned by)
{
	uint32_t groups = model->tally.lives.end + 1;

	if (by == DWELL_BY_CLASS)
		groups = dwell_catalog_classes(model->catalog) + 1;
	else if (by == DWELL_BY_PROCESS)
		groups = dwell_catalog_processes(model->catalog) + 1;
	out->rows = calloc(groups, sizeof(*out->rows));
	if (!out->rows)
		return DWELL_ENOMEM;
	for (uint32_t task = 1; task < model->tally.lives.end; task++) {
		const struct task_life *life = model_life(model, task);
		const uint32_t group = group_of(model->catalog, by, task);

		if (life && wants_task(model, task))
			add_row(&out->rows[group < groups ? group : 0], model->catalog, by, task,
				life, table_get(&tasks->more, task));
	}
	for (uint32_t i = 0; i < groups; i++)
		if (out->rows[i].count)
			out->rows[out->count++] = out->rows[i];
	qsort(out->rows, out->count, sizeof(*out->rows), most_active_first);
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

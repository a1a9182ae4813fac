/* Where each task's time went. */
#include <stdlib.h>

#include "analysis/tasks.h"

struct tasks {
	struct model *model;
	struct table more;        /* struct task_more, by task */
	struct task_rows settled; /* those that have ended and are forgotten */
};

static int tasks_make(void **fold, const struct model *model)
{
	struct tasks *tasks = calloc(1, sizeof(*tasks));

	if (!tasks)
		return DWELL_ENOMEM;
	tasks->model = (struct model *)model;
	tasks->more.item = sizeof(struct task_more);
	task_rows_init(&tasks->settled, model->query);
	*fold = tasks;
	return DWELL_OK;
}

static void tasks_drop(void *fold)
{
	struct tasks *tasks = fold;

	if (tasks) {
		table_release(&tasks->more);
		task_rows_release(&tasks->settled);
	}
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

/* Where all are wanted there is a row of each anyway. */
static bool tasks_keeps_lives(const void *fold)
{
	const struct tasks *tasks = fold;

	return !tasks->settled.most && tasks->settled.by == DWELL_BY_TASK;
}

/* All that is asked for of a task follows from its life now, but how its class is called. */
static int tasks_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct tasks *tasks = fold;
	int err = DWELL_OK;

	for (size_t i = 0; i < count && !err; i++)
		if (wants_task(tasks->model, lives[i].task))
			err = task_rows_settle(&tasks->settled, tasks->model->catalog, &lives[i],
				table_get(&tasks->more, lives[i].task));
	table_drop(&tasks->more, first);
	return err;
}

const struct fold_ops tasks_fold = {
	.make = tasks_make,
	.free = tasks_drop,
	.batch = tasks_batch,
	.skips = tasks_skips,
	.merge = tasks_merge,
	.settle = tasks_settle,
	.settles_some = true,
	.keeps_lives = tasks_keeps_lives,
	.names_none = true, /* but of its rows, of which it has copies */
};

int tasks_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct tasks *tasks = fold;
	int err = task_rows_name(&tasks->settled, model->catalog);

	(void)query;
	for (uint32_t task = 1; task < model->tally.lives.end && !err; task++) {
		const struct task_life *life = model_life(model, task);

		if (life && wants_task(model, task))
			err = task_rows_add(&tasks->settled, model->catalog, task, life,
				table_get(&tasks->more, task));
	}
	table_release(&tasks->more); /* room for rows */
	answer->tasks = calloc(1, sizeof(*answer->tasks));
	if (err || !answer->tasks)
		return DWELL_ENOMEM;
	return task_rows_take(&tasks->settled, model->catalog, answer->tasks);
}

void tasks_free(struct dwell_tasks *tasks)
{
	if (tasks)
		free(tasks->rows);
	free(tasks);
}

/* What tasks did, for a digest: their time by states, and how long they were ready. */
#include <stdlib.h>

#include "analysis/digest_fold.h"
#include "model/histogram_add.h"

/* An interval, as far as a digest has it. */
struct stint {
	uint64_t start_ns, end_ns;
	uint8_t state;
	bool open, late; /* late: it is a latency */
};

int digest_tasks_init(struct digest_tasks *tasks, const struct model *model)
{
	*tasks = (struct digest_tasks){
		.model = model,
		.of = { .item = sizeof(struct digest_task) },
		.shapes = { .item = sizeof(struct digest_shape) },
		.stints = malloc(TURNS * sizeof(*tasks->stints)),
		.states = { .from_ns = model->from_ns },
		.late = { .from_ns = model->from_ns },
	};

	const int err = turns_init(&tasks->turns);
	digest_late_init(&tasks->instead);
	return tasks->stints ? err : DWELL_ENOMEM;
}

static void release_task(struct digest_task *task)
{
	if (!task)
		return;
	free(task->held);
	free(task->late);
	free(task->states.cells);
	series_release(&task->latency);
}

void digest_tasks_release(struct digest_tasks *tasks)
{
	for (uint32_t id = 0; id < tasks->of.end; id++)
		release_task(table_get(&tasks->of, id));
	for (uint32_t id = 0; id < tasks->shapes.end; id++) {
		struct digest_shape *shape = table_get(&tasks->shapes, id);

		release_task(shape ? &shape->sum : NULL);
	}
	table_release(&tasks->of);
	table_release(&tasks->shapes);
	late_pairs_release(&tasks->settled_late.shapes);
	late_pairs_release(&tasks->settled_late.tasks);
	turns_release(&tasks->turns);
	digest_late_release(&tasks->instead);
	free(tasks->stints);
}

struct digest_task *digest_task(struct digest_tasks *tasks, uint32_t id)
{
	struct digest_task *task = id < tasks->of.end ? table_get(&tasks->of, id) : NULL;

	return task ? task : table_make(&tasks->of, id);
}

/*
 * Its time in a state, divided over windows as they are at its end: so it does not matter when it
 * is added.
 */
static int add_state_time(
	struct digest_tasks *tasks, struct digest_task *task, const struct stint *stint)
{
	const uint64_t from_ns = tasks->model->from_ns;
	const unsigned shift = windows_shift(from_ns, stint->end_ns, 0);
	struct tip *tip = &tasks->states;
	uint64_t start_ns = stint->start_ns < from_ns ? from_ns : stint->start_ns;
	int err = DWELL_OK;

	if (stint->end_ns > start_ns) {
		add_state(&task->times, stint->state, stint->end_ns - start_ns);
		err = tip_reach(tip, stint->end_ns);
	}
	while (start_ns < stint->end_ns && !err) {
		const uint64_t next_ns = ((start_ns >> shift) + 1) << shift;
		const uint64_t until_ns =
			next_ns > start_ns && next_ns < stint->end_ns ? next_ns : stint->end_ns;

		err = tip_add(tip, &task->states, start_ns, stint->state, until_ns - start_ns);
		start_ns = until_ns;
	}
	return err;
}

static int add_stint(
	struct digest_tasks *tasks, struct digest_task *task, const struct stint *stint)
{
	const uint64_t from_ns = tasks->model->from_ns, ns = stint->end_ns - stint->start_ns;
	const uint64_t at_ns = stint->end_ns < from_ns ? from_ns : stint->end_ns;
	int err = add_state_time(tasks, task, stint);

	task->seen = true;
	task->alive = stint->open;
	if (err || !stint->late)
		return err;
	err = histogram_add_one(&task->latency.whole, ns);
	return err ? err
		   : tip_add(&tasks->late, &task->latency.windows, at_ns, windows_bucket(ns), ns);
}

enum { AHEAD = 8 };

/* Ask for where a latency will be counted. */
__attribute__((always_inline)) static inline void fetch(
	const struct digest_tasks *tasks, uint16_t place)
{
	const struct stint *stint = &tasks->stints[place];
	const struct digest_task *task = table_get(&tasks->of, tasks->turns.owners[place]);

	if (stint->late && task)
		histogram_fetch(&task->latency.whole, stint->end_ns - stint->start_ns);
}

int digest_tasks_flush(struct digest_tasks *tasks)
{
	const struct turns *turns = &tasks->turns;
	struct digest_task *task = NULL;
	int err = DWELL_OK;

	turns_sort(&tasks->turns);
	for (size_t i = 0; i < turns->count && !err; i++) {
		const uint32_t id = turns->owners[turns->order[i]];

		if (i + AHEAD < turns->count)
			fetch(tasks, turns->order[i + AHEAD]);

		if (!i || id != turns->owners[turns->order[i - 1]])
			task = digest_task(tasks, id);
		err = task ? add_stint(tasks, task, &tasks->stints[turns->order[i]]) : DWELL_ENOMEM;
	}
	tasks->turns.count = 0;
	if (!err)
		err = tip_flush(&tasks->states);
	return err ? err : tip_flush(&tasks->late);
}

static bool is_late(const struct dwell_interval *of)
{
	return of->state == DWELL_RUNNABLE && of->next == DWELL_RUNNING &&
	       !(of->flags & DWELL_INTERVAL_OPEN);
}

static int look_into(struct digest_tasks *tasks, const struct dwell_interval *of)
{
	struct digest_task *task = digest_task(tasks, of->task);

	return task ? digest_late_add(&tasks->instead, &task->late, of) : DWELL_ENOMEM;
}

/* What it does at the end; the word of the program, where it has one, is the interval's. */
static int keep_end(struct digest_tasks *tasks, const struct dwell_interval *of)
{
	struct digest_task *task = digest_task(tasks, of->task);

	if (!task)
		return DWELL_ENOMEM;
	task->end_state = of->state;
	task->end_reason = of->reason;
	task->end_stack = of->stack;
	task->end_since_ns =
		of->start_ns < tasks->model->from_ns ? tasks->model->from_ns : of->start_ns;
	return DWELL_OK;
}

int digest_tasks_add(struct digest_tasks *tasks, const struct dwell_told *told)
{
	const bool all = !tasks->model->task_bits;
	struct turns *turns = &tasks->turns;
	int err = DWELL_OK;

	for (size_t i = 0; i < told->count && !err; i++) {
		const struct dwell_interval *of = &told->intervals[i];

		if (of->state == DWELL_RUNNING)
			err = digest_late_ran(&tasks->instead, of);
		if (!all && !wants_task(tasks->model, of->task))
			continue;
		if (is_late(of))
			err = look_into(tasks, of);
		if (!err && of->flags & DWELL_INTERVAL_OPEN)
			err = keep_end(tasks, of);
		turns->owners[turns->count] = of->task;
		tasks->stints[turns->count++] = (struct stint){
			.start_ns = of->start_ns,
			.end_ns = of->end_ns,
			.state = of->state,
			.open = of->flags & DWELL_INTERVAL_OPEN,
			.late = is_late(of),
		};
		if (turns->count == TURNS && !err)
			err = digest_tasks_flush(tasks);
	}
	return err;
}

/* Windows of both as long as they have become by now. */
static int add_windows(
	struct dwell_windows *into, struct dwell_windows *from, const struct tip *tip)
{
	windows_widen(into, tip->from_ns, tip->shift);
	windows_widen(from, tip->from_ns, tip->shift);
	return windows_merge(into, from);
}

/* Of who ran instead only the sums are kept here. */
static int add_late(struct digest_task *into, const struct late_task *from)
{
	if (!into->late)
		into->late = calloc(1, sizeof(*into->late));
	if (!into->late)
		return DWELL_ENOMEM;
	into->late->count += from->count;
	into->late->total_ns += from->total_ns;
	return DWELL_OK;
}

static int settle_task(struct digest_tasks *tasks, uint32_t id, struct digest_task *task)
{
	struct dwell_catalog *catalog = tasks->model->catalog;
	const struct dwell_catalog_task *known = dwell_catalog_task(catalog, id);
	const uint32_t shape = catalog_shape(catalog, id);
	struct digest_shape *into = table_make(&tasks->shapes, shape);
	int err = into ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	if (!into->tasks++ || id < into->first_task)
		into->first_task = id;
	into->born += known && known->born;
	add_times(&into->sum.times, &task->times);
	err = add_windows(&into->sum.states, &task->states, &tasks->states);
	if (!err)
		err = add_windows(&into->sum.latency.windows, &task->latency.windows, &tasks->late);
	if (!err)
		err = dwell_histogram_merge(&into->sum.latency.whole, &task->latency.whole);
	if (!err && task->late)
		err = add_late(&into->sum, task->late);
	return err || !task->late ? err
				  : late_settle(&tasks->settled_late, catalog, shape, task->late);
}

int digest_tasks_settle(struct digest_tasks *tasks, uint32_t first)
{
	int err = tasks->turns.count ? digest_tasks_flush(tasks) : DWELL_OK;

	for (uint32_t id = first; id < first + TABLE_PAGE && !err; id++) {
		struct digest_task *task = table_get(&tasks->of, id);

		if (task && task->seen)
			err = settle_task(tasks, id, task);
	}
	for (uint32_t id = first; id < first + TABLE_PAGE && !err; id++)
		release_task(table_get(&tasks->of, id));
	if (!err)
		table_drop(&tasks->of, first);
	return err;
}

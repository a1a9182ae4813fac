/*
 * What is kept of tasks that have ended by themselves: how many of each shape, and how long the
 * longest of them lived. Who ended just now may turn out to have ended with its process, and who
 * lived for long may have been one of ever more: those are kept one by one, for a while.
 */
#include <stdlib.h>

#include "analysis/leaks.h"

/* Only of a runtime's tasks there may be very many; nobody joins them, and none is the main one. */
static bool is_plain(const struct leaks *leaks, uint32_t task)
{
	const struct dwell_catalog *catalog = leaks->model->catalog;
	const struct dwell_catalog_task *known = dwell_catalog_task(catalog, task);
	const struct dwell_catalog_process *process =
		known ? dwell_catalog_process(catalog, known->process) : NULL;
	const struct leak_task *of = table_get(&leaks->tasks, task);

	if (!of || (!of->seen && !of->given_up))
		return true;
	return !of->reason && !of->given_up && process && process->pid < 0 &&
	       known->kind != DWELL_TASK_THREAD;
}

static bool may_be_left(const struct leak_ended *ended, const struct leak_gone *gone)
{
	return ended->died_ns + LEAK_TEARDOWN_NS >= gone->last_ns;
}

/* It may have lived through one of the parts that its process's life is divided into. */
static bool may_be_long(
	const struct leaks *leaks, const struct leak_ended *ended, const struct leak_gone *gone)
{
	const uint64_t from_ns = leaks->model->from_ns;
	const uint64_t begin_ns = gone->first_ns > from_ns ? gone->first_ns : from_ns;

	if (!ended->born || gone->last_ns <= begin_ns)
		return ended->born;
	return ended->died_ns + LEAK_TEARDOWN_NS - ended->created_ns >=
	       (gone->last_ns - begin_ns) / LEAK_PARTS;
}

void leak_kin_end(struct leak_shape *shape, const struct leak_ended *ended)
{
	const uint64_t lived_ns = ended->died_ns - ended->created_ns;

	shape->ended++;
	if (lived_ns > shape->longest_ns)
		shape->longest_ns = lived_ns;
}

/* Forget those of which all is known that will be asked. */
static void prune(struct leaks *leaks)
{
	size_t kept = 0;

	for (size_t i = 0; i < leaks->ended_count; i++) {
		struct leak_ended *ended = &leaks->ended[i];
		const struct leak_gone *gone = table_get(&leaks->gone, ended->process);

		if (!may_be_left(ended, gone)) {
			if (ended->born && !ended->counted)
				leak_kin_end(table_get(&leaks->shapes, ended->shape), ended);
			ended->counted = true;
			if (!may_be_long(leaks, ended, gone))
				continue;
		}
		leaks->ended[kept++] = *ended;
	}
	leaks->ended_count = kept;
	leaks->ended_kept = kept;
}

static int add_ended(struct leaks *leaks, const struct leak_ended *ended)
{
	enum { LEAST = 1 << 12 };

	if (leaks->ended_count >= LEAST && leaks->ended_count >= 2 * leaks->ended_kept)
		prune(leaks);
	if (leaks->ended_count == leaks->ended_cap) {
		const size_t cap = leaks->ended_cap ? leaks->ended_cap * 2 : LEAST;
		struct leak_ended *at = realloc(leaks->ended, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		leaks->ended = at;
		leaks->ended_cap = cap;
	}
	leaks->ended[leaks->ended_count++] = *ended;
	return DWELL_OK;
}

static int settle(struct leaks *leaks, uint32_t task, const struct leak_task *of)
{
	const struct dwell_catalog_task *known = dwell_catalog_task(leaks->model->catalog, task);
	const struct leak_ended ended = {
		.created_ns = known->created_ns,
		.died_ns = of->died_ns,
		.task = task,
		.process = known->process,
		.shape = catalog_shape(leaks->model->catalog, task),
		.born = known->born,
	};
	struct leak_gone *gone = table_make(&leaks->gone, ended.process);
	struct leak_shape *shape = table_make(&leaks->shapes, ended.shape);
	uint64_t *seen = table_make(&leaks->settled, task >> TABLE_BITS);

	if (!gone || !shape || !seen || !ended.shape)
		return DWELL_ENOMEM;
	*seen |= UINT64_C(1) << (task & (TABLE_PAGE - 1));
	if (!gone->any || ended.created_ns < gone->first_ns)
		gone->first_ns = ended.created_ns;
	if (ended.died_ns > gone->last_ns)
		gone->last_ns = ended.died_ns;
	gone->any = true;
	if (ended.born && (!shape->born++ || task < shape->first_task))
		shape->first_task = task;
	return add_ended(leaks, &ended);
}

int leaks_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct leaks *leaks = fold;
	int err = DWELL_OK;

	(void)lives;
	(void)count;
	for (uint32_t task = first; task < first + TABLE_PAGE; task++)
		if (!is_plain(leaks, task))
			return DWELL_OK;
	for (uint32_t task = first; task < first + TABLE_PAGE && !err; task++) {
		const struct leak_task *of = table_get(&leaks->tasks, task);

		if (of && of->seen)
			err = settle(leaks, task, of);
	}
	table_drop(&leaks->tasks, first);
	return err;
}

static int by_task(const void *a, const void *b)
{
	const struct leak_ended *x = a, *y = b;

	return (x->task > y->task) - (x->task < y->task);
}

void leaks_judge_settled(struct leak_judge *judge)
{
	const struct leaks *leaks = judge->leaks;

	if (leaks->ended_count)
		qsort(leaks->ended, leaks->ended_count, sizeof(*leaks->ended), by_task);
	for (uint32_t id = 1; id < leaks->gone.end && id < judge->process_count; id++) {
		const struct leak_gone *gone = table_get(&leaks->gone, id);
		struct leak_process *process = &judge->processes[id];

		if (!gone || !gone->any)
			continue;
		if (process->end_ns == DWELL_FOREVER || process->end_ns < gone->last_ns)
			process->end_ns = gone->last_ns;
	}
}

bool leak_ended_left(const struct leak_judge *judge, const struct leak_ended *ended)
{
	return ended->died_ns + LEAK_TEARDOWN_NS >= judge->processes[ended->process].end_ns;
}

static bool is_settled(const struct leak_judge *judge, uint32_t task)
{
	const uint64_t *seen = table_get(&judge->leaks->settled, task >> TABLE_BITS);

	return seen && *seen >> (task & (TABLE_PAGE - 1)) & 1;
}

bool leak_has_died(const struct leak_judge *judge, uint32_t task)
{
	const struct leak_task *of = leak_task_of(judge, task);

	return of ? of->died_ns != DWELL_FOREVER : is_settled(judge, task);
}

bool leak_has_ended(const struct leak_judge *judge, uint32_t task)
{
	const struct leaks *leaks = judge->leaks;
	const struct leak_task *of = leak_task_of(judge, task);
	const struct leak_ended key = { .task = task }, *ended;

	if (of)
		return of->died_ns != DWELL_FOREVER && !leak_is_left(judge, task, of);
	if (!is_settled(judge, task))
		return false;
	ended = leaks->ended_count ? bsearch(&key, leaks->ended, leaks->ended_count,
					     sizeof(*leaks->ended), by_task)
				   : NULL;
	return !ended || !leak_ended_left(judge, ended);
}

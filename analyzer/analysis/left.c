/*
 * Tasks of a runtime that are left at the end and wait: those that nobody ever let go on from where
 * they wait, and, where all are asked for, each. What can still reach a channel or a lock is not in
 * a trace; which waits ended is.
 */
#include "analysis/leaks.h"

#include <string.h>

/* Shorter ones are about to end for all that is known. */
#define LEAST_NS UINT64_C(1000000000)

static bool is_runtimes(const struct dwell_catalog_task *task)
{
	return task->kind == DWELL_TASK_GOROUTINE || task->kind == DWELL_TASK_COROUTINE ||
	       task->kind == DWELL_TASK_ASYNC;
}

static bool begins_with(struct dwell_string text, const char *prefix)
{
	const size_t size = strlen(prefix);

	return text.size >= size && !memcmp(text.at, prefix, size);
}

/* Goroutines of Go's own: its collector, the tracer, the one that waits for signals, main. */
static bool keeps_house(const struct leak_judge *judge, const struct dwell_catalog_task *task)
{
	const struct dwell_string start =
		catalog_place(judge->catalog, task->start_location).function;

	return task->kind == DWELL_TASK_GOROUTINE &&
	       (task->native_id == 1 || begins_with(start, "runtime.") ||
		       begins_with(start, "runtime/trace.") || begins_with(start, "os/signal."));
}

/* NULL: it is no task that is left and waits. */
static const struct leak_task *left_waiting(const struct leak_judge *judge, uint32_t id)
{
	const struct leak_task *of = leak_task_of(judge, id);
	const struct dwell_catalog_task *known = of ? dwell_catalog_task(judge->catalog, id) : NULL;

	if (!known || !is_runtimes(known) || of->died_ns != DWELL_FOREVER || !of->reason)
		return NULL;
	return of->named || keeps_house(judge, known) ? NULL : of;
}

/* Some wait at the same place ended: it is one where tasks wait for their work. */
static bool was_passed(const struct leak_judge *judge, const struct leak_task *of)
{
	const uint32_t stack = of->stack ? of->stack : of->switch_stack;
	const uint8_t *passed = table_get(&judge->leaks->passed, stack);

	return !stack || (passed && *passed);
}

/* A server's goroutines, which its main one made, may wait for their first work at any length. */
static unsigned why_abandoned(
	const struct leak_judge *judge, uint32_t id, const struct leak_task *of)
{
	const struct dwell_catalog_task *known = dwell_catalog_task(judge->catalog, id);

	if (!known->born || judge->end_ns < of->since_ns + LEAST_NS || !leak_waits(of) ||
		was_passed(judge, of))
		return DWELL_FOREVER_NONE;
	if (of->reason == DWELL_REASON_MUTEX || of->reason == DWELL_REASON_RWLOCK)
		return DWELL_FOREVER_LOCKED_OUT;
	/* A select may hold a timer. */
	if (of->reason == DWELL_REASON_SELECT || !leak_has_died(judge, known->parent))
		return DWELL_FOREVER_NONE;
	return DWELL_FOREVER_ABANDONED;
}

static int add_left(struct leak_judge *judge, uint32_t id, unsigned why)
{
	struct leak_task *of = leak_task_of(judge, id);
	struct dwell_leak *row = leak_row(judge, DWELL_LEAK_ALIVE_AT_END, id);

	if (!row)
		return DWELL_ENOMEM;
	row->reason = of->reason;
	row->why = (uint8_t)why;
	of->named = true;
	return leak_add_step(judge, row, id);
}

int leaks_find_abandoned(struct leak_judge *judge)
{
	int err = DWELL_OK;

	/* Where records were lost, a wait may have ended unseen. */
	if (judge->leaks->model->tally.by_kind[DWELL_EVENT_LOSS])
		return DWELL_OK;
	for (uint32_t id = 1; id < judge->task_count && !err; id++) {
		const struct leak_task *of = left_waiting(judge, id);
		const unsigned why = of ? why_abandoned(judge, id, of) : DWELL_FOREVER_NONE;

		if (why)
			err = add_left(judge, id, why);
	}
	return err;
}

int leaks_find_left(struct leak_judge *judge)
{
	int err = DWELL_OK;

	for (uint32_t id = 1; id < judge->task_count && !err; id++) {
		if (!left_waiting(judge, id))
			continue;
		if (judge->leaks->model->query->leaks_left)
			err = add_left(judge, id, DWELL_FOREVER_NONE);
		else
			judge->out->left++;
	}
	return err;
}

/* From docs/causes.md: everything is looked for in all intervals and rows. */
#include "naive_waits.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "tampered.h"

/* The row that ended a wait. */
static size_t end_row(const struct naive *n, const struct dwell_wait *wait)
{
	for (size_t i = 0; i < n->rows.count; i++) {
		const struct dwell_event *e = &n->rows.rows[i];

		if (e->kind == DWELL_EVENT_WAIT_END && e->task == wait->task &&
			e->time_ns == wait->end_ns)
			return i;
	}
	return n->rows.count;
}

static uint32_t process_of(const struct naive *n, uint32_t task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(n->catalog, task);

	return of ? of->process : 0;
}

/* A child of the waiter's process: and the one that the object names, if it is a process. */
static bool is_child(const struct naive *n, const struct dwell_wait *wait, uint32_t task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(n->catalog, task);
	const struct dwell_catalog_object *object = dwell_catalog_object(n->catalog, wait->object);

	if (!of || !of->parent || process_of(n, of->parent) == of->process ||
		process_of(n, of->parent) != process_of(n, wait->task))
		return false;
	return !object || object->kind != DWELL_OBJECT_PROCESS || !object->native_id ||
	       (int64_t)object->native_id == of->tid;
}

/* Nobody woke it: it waited for the end of who was to be joined, or of a child. */
static void add_ended(struct naive *n, const struct dwell_wait *wait, struct dwell_interval *last)
{
	const bool joins = wait->reason == DWELL_REASON_JOIN && wait->holder &&
			   wait->holder_how == DWELL_HOW_READ && last->holder == wait->holder;
	uint64_t *go = &n->let_go[last - n->told.intervals];
	const struct dwell_event *end = NULL;

	if (wait->flags & (DWELL_EVENT_TIMED_OUT | DWELL_EVENT_INTERRUPTED) ||
		last->reason != wait->reason || last->object != wait->object ||
		last->holder != wait->holder)
		return;
	if (!joins && wait->reason != DWELL_REASON_PROCESS)
		return;
	n->for_child[last - n->told.intervals] = !joins;
	if (joins)
		last->waker = wait->holder;
	for (size_t i = 0; i < end_row(n, wait); i++) {
		const struct dwell_event *e = &n->rows.rows[i];

		if (e->kind == DWELL_EVENT_EXIT && e->time_ns > last->start_ns &&
			(joins ? e->task == wait->holder : is_child(n, wait, e->task)))
			end = e;
	}
	if (!end)
		return;
	last->waker = end->task;
	*go = end->time_ns < last->end_ns ? end->time_ns : last->end_ns;
	n->ended[joins]++;
}

/* Who ended a wait of the program ended its last blocked interval, when it released the object. */
static void add_wait(struct naive *n, const struct dwell_wait *wait)
{
	struct dwell_interval *last = NULL;
	const struct dwell_event *release = NULL;

	for (size_t i = 0; i < n->told.interval_count; i++) {
		struct dwell_interval *v = &n->told.intervals[i];

		if (v->task == wait->task && v->state == DWELL_BLOCKED &&
			v->flags & DWELL_INTERVAL_IN_WAIT && !(v->flags & DWELL_INTERVAL_OPEN) &&
			v->start_ns >= wait->start_ns && v->end_ns <= wait->end_ns &&
			v->start_ns < v->end_ns)
			last = v;
	}
	if (!last)
		return;
	n->ran_out[last - n->told.intervals] |= wait->flags & DWELL_EVENT_TIMED_OUT;
	if (!last->object)
		last->object = wait->object;
	if (!last->stack)
		last->stack = wait->stack;
	if (!last->holder)
		last->holder = wait->holder;
	if (!last->waker && !wait->waker)
		add_ended(n, wait, last);
	if (last->waker || !wait->waker)
		return;
	last->waker = wait->waker;
	if (last->object != wait->object || !wait->object)
		return;
	for (size_t i = 0; i < end_row(n, wait); i++)
		if (n->rows.rows[i].kind == DWELL_EVENT_RELEASE &&
			n->rows.rows[i].object == wait->object)
			release = &n->rows.rows[i];
	if (release && release->task == wait->waker && release->time_ns > last->start_ns)
		n->let_go[last - n->told.intervals] =
			release->time_ns < last->end_ns ? release->time_ns : last->end_ns;
}

static bool only_tasks_end(unsigned reason)
{
	return reason == DWELL_REASON_MUTEX || reason == DWELL_REASON_RWLOCK ||
	       reason == DWELL_REASON_COND || reason == DWELL_REASON_SEMAPHORE ||
	       reason == DWELL_REASON_BARRIER || reason == DWELL_REASON_JOIN ||
	       reason == DWELL_REASON_FUTEX;
}

static bool begun_again(
	const struct naive *n, const struct dwell_interval *a, const struct dwell_interval *wait)
{
	const bool same_stack = a->stack == wait->stack && (a->stack || a->object);
	const bool no_stack = a->object && (!a->stack || !wait->stack);

	if (a->state != DWELL_BLOCKED || a->waker || a->flags & DWELL_INTERVAL_OPEN)
		return false;
	if (!n->ran_out[a - n->told.intervals] && !(n->has_wakes && only_tasks_end(a->reason)))
		return false;
	return wait->reason && a->reason == wait->reason && a->object == wait->object &&
	       (same_stack || no_stack);
}

/* The task's interval that ended last before a moment, and within n's. */
static const struct dwell_interval *ended_by(const struct naive *n, uint32_t task, uint64_t at)
{
	for (size_t i = 0; at > n->from && i < n->told.interval_count; i++) {
		const struct dwell_interval *v = &n->told.intervals[i];

		if (v->task == task && v->end_ns == at && v->start_ns < at)
			return v;
	}
	return NULL;
}

const struct dwell_interval *naive_first(const struct naive *n, const struct dwell_interval *wait)
{
	const struct dwell_interval *first = wait, *v = wait;
	uint64_t ran = 0;

	while ((v = ended_by(n, wait->task, v->start_ns))) {
		if (v->state == DWELL_RUNNING)
			ran += v->end_ns - v->start_ns;
		else if (v->state != DWELL_RUNNABLE && !begun_again(n, v, wait))
			break;
		if (ran > 10000000)
			break;
		if (v->state == DWELL_BLOCKED) {
			const uint64_t start = v->start_ns > n->from ? v->start_ns : n->from;

			if (ran > 100000 && ran > (v->end_ns - start) / 16)
				break;
			first = v;
			ran = 0;
		}
	}
	return first;
}

static void drive(
	const struct gen_options *options, struct dwell_sink *sink, enum naive_history history)
{
	if (history == NAIVE_ENDS)
		drive_tampered(options, sink);
	else if (history == NAIVE_AGAIN)
		drive_again(options, sink);
	else
		cr_assert(eq(int, gen_drive(options, sink), 0));
}

void naive_read(struct naive *n, const struct gen_options *options,
	const struct dwell_catalog *catalog, enum naive_history history)
{
	memset(n, 0, sizeof(*n));
	n->catalog = catalog;
	collect_init(&n->rows);
	drive(options, &n->rows.sink, history);
	n->has_wakes = n->rows.levels & (DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_RUNTIME);
	naive_states(&n->rows, &n->told);
	n->let_go = calloc(n->told.interval_count + 1, sizeof(*n->let_go));
	n->for_child = calloc(n->told.interval_count + 1, sizeof(*n->for_child));
	n->ran_out = calloc(n->told.interval_count + 1, sizeof(*n->ran_out));
	n->start_v = calloc(n->told.interval_count + 1, sizeof(*n->start_v));
	n->start_known = calloc(n->told.interval_count + 1, sizeof(*n->start_known));
	for (size_t i = 0; i < n->told.interval_count; i++)
		if (n->told.intervals[i].state == DWELL_BLOCKED && n->told.intervals[i].waker)
			n->let_go[i] = n->told.intervals[i].end_ns;
	for (size_t i = 0; i < n->told.wait_count; i++)
		if (end_row(n, &n->told.waits[i]) < n->rows.count)
			add_wait(n, &n->told.waits[i]);
}

void naive_release(struct naive *n)
{
	collect_release(&n->rows);
	told_release(&n->told);
	free(n->let_go);
	free(n->for_child);
	free(n->ran_out);
	free(n->start_v);
	free(n->start_known);
}

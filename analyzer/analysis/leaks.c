/* How each task was left: what the rules of leaks are judged by. */
#include "analysis/leaks.h"

#include <stdlib.h>
#include <string.h>

const char *dwell_forever_text(unsigned why)
{
	static const char *const texts[] = { NULL, "its holder ended without giving it up",
		"its holder is stuck itself", "every task of the process waits for another",
		"all who ever ended such a wait have ended", "its signal came before it waited",
		"no wait there ever ended, and who made it has",
		"no wait for a lock there ever ended" };

	return why < sizeof(texts) / sizeof(texts[0]) ? texts[why] : NULL;
}

const char *dwell_leak_name(unsigned kind)
{
	static const char *const names[DWELL_LEAK_KIND_COUNT] = { "deadlock", "waits-forever",
		"never-joined", "alive-at-end", "growing" };

	return kind < DWELL_LEAK_KIND_COUNT ? names[kind] : NULL;
}

static int leaks_make(void **fold, const struct model *model)
{
	struct leaks *leaks = calloc(1, sizeof(*leaks));

	if (!leaks)
		return DWELL_ENOMEM;
	leaks->model = model;
	leaks->tasks.item = sizeof(struct leak_task);
	leaks->objects.item = sizeof(struct leak_object);
	leaks->passed.item = sizeof(uint8_t);
	leaks->settled.item = sizeof(uint64_t);
	leaks->shapes.item = sizeof(struct leak_shape);
	leaks->gone.item = sizeof(struct leak_gone);
	*fold = leaks;
	return DWELL_OK;
}

static void leaks_drop(void *fold)
{
	struct leaks *leaks = fold;

	if (!leaks)
		return;
	table_release(&leaks->tasks);
	table_release(&leaks->objects);
	table_release(&leaks->passed);
	table_release(&leaks->settled);
	table_release(&leaks->shapes);
	table_release(&leaks->gone);
	free(leaks->ended);
	free(leaks);
}

static int leaks_begin(void *fold, const struct fold_start *start)
{
	((struct leaks *)fold)->states = start->states;
	return DWELL_OK;
}

static void leave(struct leak_task *task, const struct dwell_task_state *state)
{
	const bool told = state->wait_reason != 0;

	task->seen = true;
	task->reason = 0;
	if (!told && state->state != DWELL_BLOCKED)
		return;
	task->told = told || state->own_word;
	task->reason = told ? state->wait_reason : state->reason;
	task->since_ns = told ? state->wait_since_ns : state->since_ns;
	task->object = told ? state->wait_object : state->object;
	task->stack = told ? state->wait_stack : 0;
	task->switch_stack = state->state == DWELL_BLOCKED ? state->stack : 0;
	task->holder = told ? state->wait_holder : 0;
	task->flags = told ? state->wait_flags : 0;
	/* Lost rows may have ended it. */
	if (state->lost_ns)
		task->reason = 0;
}

static int on_exit(struct leaks *leaks, const struct dwell_event *event)
{
	const struct dwell_task_state *state = dwell_states_get(leaks->states, event->task);
	struct leak_task *task = state ? table_make(&leaks->tasks, event->task) : NULL;

	if (!task)
		return state ? DWELL_ENOMEM : DWELL_OK;
	leave(task, state);
	task->died_ns = event->time_ns;
	task->has_status = event->flags & DWELL_EVENT_HAS_VALUE;
	task->status = (int32_t)event->value;
	return DWELL_OK;
}

static void add_waker(struct leak_object *object, uint32_t task)
{
	for (uint32_t i = 0; i < object->waker_count; i++)
		if (object->wakers[i] == task)
			return;
	if (object->waker_count < LEAK_WAKERS)
		object->wakers[object->waker_count++] = task;
	else
		object->many = true;
}

static int give_up(struct leaks *leaks, uint32_t task)
{
	struct leak_task *of = task ? table_make(&leaks->tasks, task) : NULL;

	if (of)
		of->given_up = true;
	return of || !task ? DWELL_OK : DWELL_ENOMEM;
}

static int on_release(struct leaks *leaks, const struct dwell_event *event)
{
	struct leak_object *object =
		event->object ? table_make(&leaks->objects, event->object) : NULL;

	if (!object)
		return event->object ? DWELL_ENOMEM : DWELL_OK;
	if (dwell_event_is_unheard(event)) {
		object->unheard_ns = event->time_ns;
		object->unheard_task = event->task;
		object->unheard_stack = event->stack;
		return DWELL_OK;
	}
	object->released_ns = event->time_ns;
	object->released_task = event->task;
	object->released_stack = event->stack;
	add_waker(object, event->task);
	return DWELL_OK;
}

static int leaks_event(void *fold, const struct dwell_event *event)
{
	return event->kind == DWELL_EVENT_EXIT ? on_exit(fold, event) : on_release(fold, event);
}

/* A switch ends a task too; then it ran until its end. */
static int on_end(struct leaks *leaks, const struct dwell_interval *interval)
{
	struct leak_task *task = table_make(&leaks->tasks, interval->task);

	if (!task)
		return DWELL_ENOMEM;
	if (task->died_ns)
		return DWELL_OK;
	task->seen = true;
	task->died_ns = interval->end_ns;
	return DWELL_OK;
}

static int on_open(struct leaks *leaks, const struct dwell_interval *interval)
{
	const struct dwell_task_state *state;
	struct leak_task *task;

	state = dwell_states_get(leaks->states, interval->task);
	task = state ? table_make(&leaks->tasks, interval->task) : NULL;
	if (!task)
		return state ? DWELL_ENOMEM : DWELL_OK;
	leave(task, state);
	task->died_ns = DWELL_FOREVER;
	return DWELL_OK;
}

/* Its task ended in it: nobody let it go. Rows come before what they ended. */
static bool died_in(const struct leaks *leaks, const struct dwell_wait *wait)
{
	const struct leak_task *task = table_get(&leaks->tasks, wait->task);

	return task && task->died_ns && task->died_ns != DWELL_FOREVER &&
	       wait->end_ns >= task->died_ns;
}

static void pass(struct leak_object *object, const struct dwell_wait *wait)
{
	if (!object->passed++ || wait->end_ns < object->first_end_ns)
		object->first_end_ns = wait->end_ns;
	if (wait->start_ns > object->last_start_ns)
		object->last_start_ns = wait->start_ns;
}

static int on_wait(struct leaks *leaks, const struct dwell_wait *wait)
{
	struct leak_object *object =
		wait->object ? table_make(&leaks->objects, wait->object) : NULL;

	if (wait->object && !object)
		return DWELL_ENOMEM;
	if (wait->reason == DWELL_REASON_JOIN && !(wait->flags & DWELL_EVENT_TIMED_OUT)) {
		if (object && !wait->holder)
			object->joined++;
		return give_up(leaks, wait->holder);
	}
	if (!object)
		return DWELL_OK;
	if (wait->flags & DWELL_EVENT_TIMED_OUT)
		object->timed_out++;
	else if (!died_in(leaks, wait))
		pass(object, wait);
	if (wait->waker && wait->waker != wait->task) {
		object->woken++;
		object->ended_ns = wait->end_ns;
		add_waker(object, wait->waker);
	}
	return DWELL_OK;
}

static int on_interval(struct leaks *leaks, const struct dwell_interval *interval)
{
	if (interval->next == DWELL_EXITED)
		return on_end(leaks, interval);
	return interval->flags & DWELL_INTERVAL_OPEN ? on_open(leaks, interval) : (int)DWELL_OK;
}

/* Who waited there went on. */
static int pass_place(struct leaks *leaks, uint32_t stack)
{
	uint8_t *passed = table_get(&leaks->passed, stack);

	if (stack && !passed)
		passed = table_make(&leaks->passed, stack);
	if (passed)
		*passed = true;
	return passed || !stack ? DWELL_OK : DWELL_ENOMEM;
}

/* Of most waits nothing else is to be learned. */
static bool is_of_use(unsigned reason, uint32_t object)
{
	return object || reason == DWELL_REASON_JOIN;
}

static int leaks_batch(void *fold, const struct fold_batch *batch)
{
	const struct dwell_told *told = batch->told;
	size_t waits = 0;
	int err = DWELL_OK;

	for (size_t i = 0; i < told->count && !err; i++) {
		const struct dwell_interval *interval = &told->intervals[i];

		for (; waits < told->wait_count && told->waits[waits].row < interval->row && !err;
			waits++)
			err = on_wait(fold, &told->waits[waits]);
		if (!err)
			err = on_interval(fold, interval);
		if (!err && interval->told & DWELL_TOLD_WAIT && interval->next != DWELL_EXITED)
			err = pass_place(fold, interval->stack);
		if (!err && interval->told & DWELL_TOLD_WAIT &&
			is_of_use(interval->reason, interval->object)) {
			const struct dwell_wait wait = dwell_wait_of(interval);

			err = on_wait(fold, &wait);
		}
	}
	for (; waits < told->wait_count && !err; waits++)
		err = on_wait(fold, &told->waits[waits]);
	return err;
}

static int merge_objects(struct leaks *leaks, const struct leaks *more)
{
	for (uint32_t id = 1; id < more->objects.end; id++) {
		const struct leak_object *from = table_get(&more->objects, id);
		struct leak_object *into;

		if (!from || (!from->released_ns && !from->timed_out && !from->waker_count &&
				     !from->unheard_ns && !from->joined && !from->passed))
			continue;
		into = table_make(&leaks->objects, id);
		if (!into)
			return DWELL_ENOMEM;
		if (from->released_ns) {
			into->released_ns = from->released_ns;
			into->released_task = from->released_task;
			into->released_stack = from->released_stack;
		}
		if (from->passed && (!into->passed || from->first_end_ns < into->first_end_ns))
			into->first_end_ns = from->first_end_ns;
		if (from->last_start_ns > into->last_start_ns)
			into->last_start_ns = from->last_start_ns;
		into->passed += from->passed;
		if (from->ended_ns)
			into->ended_ns = from->ended_ns;
		if (from->unheard_ns) {
			into->unheard_ns = from->unheard_ns;
			into->unheard_task = from->unheard_task;
			into->unheard_stack = from->unheard_stack;
		}
		into->timed_out += from->timed_out;
		into->woken += from->woken;
		into->joined += from->joined;
		into->many |= from->many;
		for (uint32_t i = 0; i < from->waker_count; i++)
			add_waker(into, from->wakers[i]);
	}
	return DWELL_OK;
}

static int merge_places(struct leaks *leaks, const struct leaks *more)
{
	int err = merge_objects(leaks, more);

	for (uint32_t stack = 1; stack < more->passed.end && !err; stack++) {
		const uint8_t *passed = table_get(&more->passed, stack);

		if (passed && *passed)
			err = pass_place(leaks, stack);
	}
	return err;
}

static int leaks_merge(void *fold, void *other)
{
	struct leaks *leaks = fold;
	const struct leaks *more = other;

	for (uint32_t id = 1; id < more->tasks.end; id++) {
		const struct leak_task *from = table_get(&more->tasks, id);
		struct leak_task *into;
		bool given_up;

		if (!from || (!from->seen && !from->given_up))
			continue;
		into = table_make(&leaks->tasks, id);
		if (!into)
			return DWELL_ENOMEM;
		given_up = into->given_up || from->given_up;
		if (from->seen)
			*into = *from;
		into->given_up = given_up;
	}
	return merge_places(leaks, more);
}

const struct fold_ops leaks_fold = {
	.kinds = 1u << DWELL_EVENT_EXIT | 1u << DWELL_EVENT_RELEASE,
	.make = leaks_make,
	.free = leaks_drop,
	.begin = leaks_begin,
	.event = leaks_event,
	.batch = leaks_batch,
	.merge = leaks_merge,
	.settle = leaks_settle,
};

/* What the watch sees in single rows: signals that nobody heard, and how urgent tasks are. */
#include "analysis/watch.h"

static struct watch_task *known(struct watch *watch, uint32_t task)
{
	return task && task < watch->tasks.end ? table_get(&watch->tasks, task) : NULL;
}

/* It begins as urgent as who made it. */
static int inherit(struct watch *watch, const struct dwell_event *event)
{
	const struct watch_task *maker = known(watch, event->peer);
	const bool has = maker && maker->has_priority;
	const int32_t priority = has ? maker->priority : 0;
	struct watch_task *task =
		has && event->task ? table_make(&watch->tasks, event->task) : NULL;

	if (!task)
		return has && event->task ? DWELL_ENOMEM : DWELL_OK;
	/* The task's own word may stand before the row of its creation. */
	if (!task->has_priority) {
		task->has_priority = true;
		task->priority = priority;
	}
	return DWELL_OK;
}

static int set_priority(struct watch *watch, const struct dwell_event *event)
{
	struct watch_task *task = event->task ? table_make(&watch->tasks, event->task) : NULL;

	if (!task)
		return event->task ? DWELL_ENOMEM : DWELL_OK;
	task->has_priority = true;
	task->priority = (int32_t)event->value;
	return DWELL_OK;
}

static int note_unheard(struct watch *watch, const struct dwell_event *event)
{
	struct watch_object *object =
		event->object ? table_make(&watch->objects, event->object) : NULL;

	if (!object)
		return event->object ? DWELL_ENOMEM : DWELL_OK;
	object->unheard_ns = event->time_ns;
	object->unheard_task = event->task;
	object->unheard_stack = event->stack;
	return DWELL_OK;
}

int watch_row(struct watch *watch, const struct dwell_event *event)
{
	watch->looks_back |= event->kind != DWELL_EVENT_CREATE;
	switch (event->kind) {
	case DWELL_EVENT_CREATE:
		return inherit(watch, event);
	case DWELL_EVENT_PRIORITY:
		return set_priority(watch, event);
	default:
		return dwell_event_is_unheard(event) ? note_unheard(watch, event) : (int)DWELL_OK;
	}
}

/* A signal of another came since the task was awake, before it waited, and nobody heard it. */
static bool came_before(const struct watch_object *object, const struct watch_task *task,
	const struct dwell_wait *wait)
{
	return object->unheard_ns > task->awake_ns && object->unheard_ns <= wait->start_ns &&
	       object->unheard_task != wait->task;
}

/* A signal had ended its wait before: how long it is busy with one, and with those that came then.
 */
static void measure_busy(
	struct watch *watch, struct watch_task *task, const struct dwell_wait *wait)
{
	const struct watch_object *object =
		task->signalled_object ? table_get(&watch->objects, task->signalled_object) : NULL;
	const uint64_t busy_ns = wait->start_ns - task->awake_ns;

	if (!object || wait->object != task->signalled_object || busy_ns <= WATCH_NOTHING_NS)
		return;
	task->busy_ns += came_before(object, task, wait) ? busy_ns / 2 : busy_ns;
	task->busy++;
}

/*
 * Before it waited it saw to what was signalled: since then it was busy for as long as with a
 * signal that it heard, or for longer than it is now, with what it does each time.
 */
static bool was_seen_to(const struct watch_task *task, const struct dwell_wait *wait)
{
	return task->timed_gap_ns > wait->start_ns - task->awake_ns ||
	       (task->busy && task->timed_gap_ns >= task->busy_ns / task->busy);
}

/* The wait before ran out of time: whether that brought something to do shows now. */
static void judge_timeout(
	struct watch *watch, const struct watch_task *task, const struct dwell_wait *wait)
{
	struct watch_object *object =
		task->timed_object ? table_get(&watch->objects, task->timed_object) : NULL;

	if (!object || (wait->object == task->timed_object &&
			       wait->start_ns - task->awake_ns <= WATCH_NOTHING_NS))
		return;
	if (!task->timed_unheard || was_seen_to(task, wait)) {
		object->in_time++;
		return;
	}
	if (!object->late)
		object->late_at_ns = task->awake_ns - task->timed_ns;
	object->late++;
	object->late_ns += task->timed_ns;
	object->late_task = wait->task;
}

void watch_signals(struct watch *watch, struct watch_task *task, struct watch_object *object,
	const struct dwell_wait *wait)
{
	judge_timeout(watch, task, wait);
	measure_busy(watch, task, wait);
	task->timed_object = task->signalled_object = 0;
	if (!object || wait->reason != DWELL_REASON_COND)
		return;
	if (!(wait->flags & DWELL_EVENT_TIMED_OUT)) {
		task->signalled_object = wait->object;
		return;
	}
	task->timed_object = wait->object;
	task->timed_ns = wait->end_ns - wait->start_ns;
	task->timed_unheard = came_before(object, task, wait);
	task->timed_gap_ns = wait->start_ns - object->unheard_ns;
	object->late_stack = wait->stack;
}

/* Who held it, or else who gave it up, was less urgent than who waited. */
void watch_urgency(struct watch *watch, struct watch_object *object, const struct dwell_wait *wait)
{
	const struct watch_task *task = known(watch, wait->task);
	const struct watch_task *holder = known(watch, wait->holder ? wait->holder : wait->waker);

	if (!task || !holder || !task->has_priority || !holder->has_priority ||
		task->priority >= holder->priority)
		return;
	if (!object->inverted_ns || task->priority < object->inverted_priority) {
		object->inverted_priority = task->priority;
		object->inverted_task = wait->task;
		object->inverted_stack = wait->stack;
	}
	object->inverted_ns += wait->end_ns - wait->start_ns;
}

/* It ran for a moment and gave way unasked: it looks again and again at what another is to change.
 */
static bool is_yield(const struct dwell_interval *interval)
{
	return interval->state == DWELL_RUNNING && interval->next == DWELL_RUNNABLE &&
	       !(interval->flags & (DWELL_INTERVAL_PREEMPTED | DWELL_INTERVAL_OPEN)) &&
	       interval->end_ns - interval->start_ns <= WATCH_MOMENT_NS;
}

void watch_yield(struct watch_task *task, const struct dwell_interval *interval,
	const struct fold_batch *batch)
{
	const uint64_t ns = interval->end_ns - interval->start_ns;
	const uint32_t stack = interval->row < batch->count ? batch->rows[interval->row].stack : 0;

	if (!is_yield(interval))
		return;
	if (!task->yields++)
		task->yielded_at_ns = interval->end_ns;
	task->yielded_ns += ns;
	if (stack)
		task->yield_stack = stack;
}

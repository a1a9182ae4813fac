/* States over time, who ended whose waits, wakes in vain. */
#include "analysis/watch.h"

#include <stdlib.h>

#include "analysis/python.h"
#include "analysis/roles.h"
#include "analysis/waits.h"

enum { FIRST_SHIFT = 16 };
/* Wakes of one moment, and a task that did nothing before it waited again. */
#define NEAR_NS UINT64_C(500000)
#define BURST_NS UINT64_C(5000000)

static int watch_make(void **fold, const struct model *model)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return DWELL_ENOMEM;
	watch->model = model;
	watch->shift = FIRST_SHIFT;
	watch->stretch_ns = UINT64_C(1) << FIRST_SHIFT;
	watch->processes.item = sizeof(struct watch_process);
	watch->tasks.item = sizeof(struct watch_task);
	watch->objects.item = sizeof(struct watch_object);
	watch->others.item = sizeof(struct watch_other);
	loops_init(&watch->loops);
	*fold = watch;
	return DWELL_OK;
}

static void watch_drop(void *fold)
{
	struct watch *watch = fold;

	if (!watch)
		return;
	for (uint32_t id = 0; id < watch->processes.end; id++) {
		struct watch_process *process = table_get(&watch->processes, id);

		if (process)
			free(process->stretches);
	}
	table_release(&watch->processes);
	table_release(&watch->tasks);
	table_release(&watch->objects);
	table_release(&watch->others);
	loops_release(&watch->loops);
	teams_release(&watch->teams);
	teams_release(&watch->settled);
	sites_release(&watch->sites);
	free(watch->ended);
	free(watch);
}

static void add_votes(struct watch_stretch *stretch, uint32_t task, uint64_t ns)
{
	if (stretch->leader == task) {
		stretch->votes_ns += ns;
	} else if (ns <= stretch->votes_ns) {
		stretch->votes_ns -= ns;
	} else {
		stretch->leader = task;
		stretch->votes_ns = ns - stretch->votes_ns;
	}
}

static void join_stretches(struct watch_stretch *into, const struct watch_stretch *from)
{
	into->running_ns += from->running_ns;
	into->runnable_ns += from->runnable_ns;
	into->waiting_ns += from->waiting_ns;
	into->barrier_ns += from->barrier_ns;
	add_votes(into, from->leader, from->votes_ns);
}

/* Two stretches become one, in every process. */
static void coarsen(struct watch *watch)
{
	watch->shift++;
	watch->stretch_ns *= 2;
	for (size_t i = 0; i < WATCH_STRETCHES; i++) {
		struct watch_share both = { 0 };

		if (2 * i + 1 < WATCH_STRETCHES) {
			const struct watch_share *from = &watch->shares[2 * i];

			both = (struct watch_share){ from[0].ready_ns + from[1].ready_ns,
				from[0].others_ns + from[1].others_ns };
		}
		watch->shares[i] = both;
	}
	for (uint32_t id = 0; id < watch->processes.end; id++) {
		struct watch_process *process = table_get(&watch->processes, id);

		if (!process || !process->stretches)
			continue;
		for (size_t i = 0; i < WATCH_STRETCHES; i++) {
			struct watch_stretch both = { 0 };

			if (2 * i + 1 < WATCH_STRETCHES) {
				both = process->stretches[2 * i];
				join_stretches(&both, &process->stretches[2 * i + 1]);
			}
			process->stretches[i] = both;
		}
	}
}

/* What a task that is blocked so waits for is another task. */
static bool is_for_task(unsigned reason)
{
	return only_tasks_end(reason) || reason == DWELL_REASON_CHANNEL_SEND ||
	       reason == DWELL_REASON_CHANNEL_RECEIVE;
}

static void add_piece(
	struct watch_stretch *stretch, const struct dwell_interval *interval, uint64_t ns)
{
	if (interval->state == DWELL_RUNNING) {
		stretch->running_ns += ns;
		add_votes(stretch, interval->task, ns);
	} else if (interval->state == DWELL_RUNNABLE) {
		stretch->runnable_ns += ns;
	} else if (interval->state == DWELL_BLOCKED && interval->reason != DWELL_REASON_JOIN &&
		   is_for_task(interval->reason)) {
		stretch->waiting_ns += ns;
		stretch->barrier_ns += interval->reason == DWELL_REASON_BARRIER ? ns : 0;
	}
}

static void add_share(
	struct watch_share *share, const struct dwell_interval *interval, uint64_t ns, bool own)
{
	if (own && interval->state == DWELL_RUNNABLE)
		share->ready_ns += ns;
	else if (!own && interval->state == DWELL_RUNNING)
		share->others_ns += ns;
}

/* The part of the interval in each stretch, of its process and of the machine. */
static void spread(struct watch *watch, struct watch_process *process,
	const struct dwell_interval *interval, uint64_t start_ns)
{
	const uint64_t zero_ns = watch->model->from_ns;

	while ((interval->end_ns - zero_ns) >> watch->shift >= WATCH_STRETCHES)
		coarsen(watch);
	for (uint64_t at_ns = start_ns; at_ns < interval->end_ns;) {
		const size_t i = (size_t)((at_ns - zero_ns) >> watch->shift);
		uint64_t end_ns = zero_ns + (i + 1) * watch->stretch_ns;

		if (end_ns > interval->end_ns)
			end_ns = interval->end_ns;
		add_share(&watch->shares[i], interval, end_ns - at_ns, process);
		if (process && process->stretches)
			add_piece(&process->stretches[i], interval, end_ns - at_ns);
		at_ns = end_ns;
	}
}

/* A task of a program that was not to be recorded: it matters when it runs. */
static int watch_other(
	struct watch *watch, const struct dwell_interval *interval, uint64_t start_ns)
{
	const struct dwell_catalog_task *of =
		dwell_catalog_task(watch->model->catalog, interval->task);
	const uint64_t ns = interval->end_ns - start_ns;
	struct watch_other *other;

	if (!of || interval->state != DWELL_RUNNING || in_scope(watch->model, interval->task))
		return DWELL_OK;
	other = table_make(&watch->others, of->process);
	if (!other)
		return DWELL_ENOMEM;
	other->running_ns += ns;
	if (ns > other->most_ns) {
		other->most_ns = ns;
		other->task = interval->task;
	}
	spread(watch, NULL, interval, start_ns);
	return DWELL_OK;
}

static inline struct watch_task *task_of(struct watch *watch, uint32_t id)
{
	struct watch_task *task = id < watch->tasks.end ? table_get(&watch->tasks, id) : NULL;

	return task ? task : table_make(&watch->tasks, id);
}

/* NULL: it is of none, or there is no memory. */
static struct watch_process *process_of(struct watch *watch, struct watch_task *task, uint32_t id)
{
	const struct dwell_catalog_task *of =
		task->process ? NULL : dwell_catalog_task(watch->model->catalog, id);

	if (of) {
		task->process = table_make(&watch->processes, of->process);
		task->python = python_starts(watch->model->catalog, id);
	}

	struct watch_process *process = task->process;
	if (!process)
		return NULL;
	if (!process->first_task) {
		process->first_task = id;
		process->begin_ns = DWELL_FOREVER;
	}
	if (process->first_task != id && !process->stretches)
		process->stretches = calloc(WATCH_STRETCHES, sizeof(*process->stretches));
	return process;
}

/* It has nothing to do until others have done something. */
static bool is_idle(unsigned reason)
{
	return reason == DWELL_REASON_BARRIER || reason == DWELL_REASON_COND ||
	       reason == DWELL_REASON_JOIN || reason == DWELL_REASON_SEMAPHORE ||
	       reason == DWELL_REASON_FUTEX || reason == DWELL_REASON_CHANNEL_RECEIVE;
}

static int watch_interval(
	struct watch *watch, const struct fold_batch *batch, const struct dwell_interval *interval)
{
	const uint64_t start_ns = interval->start_ns > watch->model->from_ns
					  ? interval->start_ns
					  : watch->model->from_ns;
	struct watch_process *process;
	struct watch_task *task;

	if (interval->end_ns <= start_ns)
		return DWELL_OK;
	if (!wants_task(watch->model, interval->task))
		return watch_other(watch, interval, start_ns);
	task = task_of(watch, interval->task);
	if (!task)
		return DWELL_ENOMEM;
	process = process_of(watch, task, interval->task);
	task->lived_ns += interval->end_ns - start_ns;
	if (interval->state == DWELL_RUNNING) {
		task->running_ns += interval->end_ns - start_ns;
		task->executor = interval->executor;
	} else if (is_idle(interval->reason)) {
		task->waited_ns += interval->end_ns - start_ns;
	}
	watch_yield(task, interval, batch);
	if (!process)
		return DWELL_OK;
	if (start_ns < process->begin_ns)
		process->begin_ns = start_ns;
	if (interval->end_ns > process->end_ns)
		process->end_ns = interval->end_ns;
	if (process->stretches || interval->state == DWELL_RUNNABLE)
		spread(watch, process, interval, start_ns);
	return DWELL_OK;
}

static void add_waiter(struct watch_task *waker, uint32_t task)
{
	for (uint32_t i = 0; i < waker->waiter_count; i++)
		if (waker->waiters[i] == task)
			return;
	if (waker->waiter_count < WATCH_WAITERS)
		waker->waiters[waker->waiter_count++] = task;
}

/* A task was let go by another; what it ran since the last such time was thanks to who let it go
 * then. */
static void follow(
	struct watch *watch, struct watch_task *task, struct watch_task *waker, uint32_t waker_id)
{
	struct watch_task *before = task->leader ? table_get(&watch->tasks, task->leader) : NULL;

	waker->ended++;
	if (before)
		before->led_ns += task->running_ns - task->led_from_ns;
	task->leader = waker_id;
	task->led_from_ns = task->running_ns;
}

/* Two tasks that wake each other, one after the other. */
static void take_turn(struct watch_task *task, uint32_t partner, bool moved)
{
	if (task->partner != partner) {
		task->partner = partner;
		task->turns = 0;
		task->moved = 0;
	}
	task->turns++;
	task->moved += moved;
	if (task->turns > task->most_turns) {
		task->most_turns = task->turns;
		task->most_moved = task->moved;
		task->most_partner = partner;
	}
}

/* The burst before the wait that ends now: was the task woken in it for nothing? */
static void judge_burst(
	struct watch_object *object, const struct watch_task *task, const struct dwell_wait *wait)
{
	const uint32_t size = object->sizes[task->burst % WATCH_BURSTS];

	if (!task->burst || object->burst - task->burst >= WATCH_BURSTS || size < WATCH_CROWD)
		return;
	if (wait->start_ns - task->awake_ns > WATCH_NOTHING_NS)
		return;
	if (!object->vain)
		object->at_ns = task->awake_ns;
	object->vain++;
	object->vain_ns += wait->start_ns - task->awake_ns + task->awake_runnable_ns;
	object->task = wait->task;
	object->stack = wait->stack;
}

/* It is woken once more, not together with itself. */
static bool is_in_burst(const struct watch_object *object, uint32_t size, uint32_t task)
{
	for (uint32_t i = 0; i < size && i < WATCH_CROWD; i++)
		if (object->crowd[i] == task)
			return true;
	return false;
}

static void add_to_burst(
	struct watch_object *object, const struct watch_task *task, const struct dwell_wait *wait)
{
	const uint64_t ready_ns = wait->end_ns - wait->runnable_ns;
	uint32_t *size = &object->sizes[object->burst % WATCH_BURSTS];

	/* Those woken at once get the mutex one after the other. */
	if (!object->burst || ready_ns > object->last_ns + NEAR_NS ||
		ready_ns > object->burst_ns + BURST_NS ||
		(task->burst == object->burst && task->awake_object == wait->object) ||
		is_in_burst(object, *size, wait->task)) {
		object->burst++;
		object->burst_ns = ready_ns;
		size = &object->sizes[object->burst % WATCH_BURSTS];
		*size = 0;
	}
	if (ready_ns > object->last_ns)
		object->last_ns = ready_ns;
	if (*size < WATCH_CROWD)
		object->crowd[*size] = wait->task;
	if (++*size == WATCH_CROWD) {
		object->bursts++;
		object->crowded += WATCH_CROWD - 1;
		object->waker = wait->waker;
		object->waker_stack = wait->waker_stack;
	}
	object->wakes++;
	object->crowded += *size >= WATCH_CROWD;
	if (*size > object->most)
		object->most = *size;
}

/* Locks are handed over one by one: who comes too late for one waits on, and was not woken. */
static bool may_be_herd(const struct dwell_wait *wait)
{
	return wait->object && !(wait->flags & DWELL_EVENT_TIMED_OUT) &&
	       wait->reason != DWELL_REASON_BARRIER && wait->reason != DWELL_REASON_JOIN &&
	       wait->reason != DWELL_REASON_MUTEX && wait->reason != DWELL_REASON_RWLOCK;
}

static int watch_wait(struct watch *watch, const struct dwell_wait *wait)
{
	struct watch_task *task, *waker;
	struct watch_object *object;

	if (!wants_task(watch->model, wait->task))
		return DWELL_OK;
	if (watch->model->settles && !never_waited(wait) && sites_add(&watch->sites, wait))
		return DWELL_ENOMEM;
	object = wait->object ? table_make(&watch->objects, wait->object) : NULL;
	waker = wait->waker && wait->waker != wait->task ? task_of(watch, wait->waker) : NULL;
	task = task_of(watch, wait->task);
	if (!task)
		return DWELL_ENOMEM;
	if (waker && is_for_task(wait->reason)) {
		waker->ended_ns += wait->end_ns - wait->start_ns;
		follow(watch, task, waker, wait->waker);
		add_waiter(waker, wait->task);
	}
	if (waker && waker->waker == wait->task)
		take_turn(task, wait->waker, task->executor != waker->executor);
	if (object && task->awake_object == wait->object && may_be_herd(wait))
		judge_burst(object, task, wait);
	if (object && may_be_herd(wait))
		add_to_burst(object, task, wait);
	watch_signals(watch, task, object, wait);
	if (object)
		watch_urgency(watch, object, wait);
	/* A call that went through at once has no waker, and is no turn of anybody. */
	if (wait->waker)
		task->waker = wait->waker;
	if (task->python && !task->job)
		task->job = python_job(watch->model->catalog, wait->stack);
	task->awake_ns = wait->end_ns;
	task->awake_runnable_ns = wait->runnable_ns;
	task->awake_object = wait->object;
	task->burst = object && may_be_herd(wait) ? object->burst : 0;
	return loops_wait(&watch->loops, watch->model->catalog, wait, task->running_ns);
}

/* The rows from *at to `until`, where the batch has any that matter. */
static int watch_rows(struct watch *watch, const struct fold_batch *batch, size_t *at, size_t until)
{
	const uint32_t kinds =
		1u << DWELL_EVENT_RELEASE | 1u << DWELL_EVENT_CREATE | 1u << DWELL_EVENT_PRIORITY;
	int err = DWELL_OK;

	if (!(batch->kinds & kinds))
		return DWELL_OK;
	for (; *at < until && *at < batch->count && !err; ++*at)
		if (kinds >> batch->rows[*at].kind & 1)
			err = watch_row(watch, &batch->rows[*at]);
	return err;
}

static int watch_told_wait(struct watch *watch, const struct fold_batch *batch, size_t *at,
	const struct dwell_wait *wait)
{
	const int err = watch_rows(watch, batch, at, wait->row);

	return err ? err : watch_wait(watch, wait);
}

static int watch_batch(void *fold, const struct fold_batch *batch)
{
	const struct dwell_told *told = batch->told;
	size_t waits = 0, at = 0;
	int err = DWELL_OK;

	for (size_t i = 0; i < told->count && !err; i++) {
		const struct dwell_interval *interval = &told->intervals[i];

		for (; waits < told->wait_count && told->waits[waits].row < interval->row && !err;
			waits++)
			err = watch_told_wait(fold, batch, &at, &told->waits[waits]);
		if (!err)
			err = watch_rows(fold, batch, &at, interval->row);
		if (!err)
			err = watch_interval(fold, batch, interval);
		if (!err && interval->told & DWELL_TOLD_WAIT) {
			const struct dwell_wait wait = dwell_wait_of(interval);

			err = watch_wait(fold, &wait);
		}
	}
	for (; waits < told->wait_count && !err; waits++)
		err = watch_told_wait(fold, batch, &at, &told->waits[waits]);
	return err ? err : watch_rows(fold, batch, &at, batch->count);
}

static int watch_begin(void *fold, const struct fold_start *start)
{
	struct watch *watch = fold;

	watch->states = start->states;
	return DWELL_OK;
}

/* Never called: the fold is serial. */
static int watch_merge(void *into, void *from)
{
	(void)into;
	(void)from;
	return DWELL_EINVAL;
}

size_t watch_stretches(
	const struct watch *watch, const struct watch_process *process, size_t *first)
{
	const uint64_t zero_ns = watch->model->from_ns;

	if (!process->stretches || process->begin_ns >= process->end_ns)
		return 0;
	*first = (size_t)((process->begin_ns - zero_ns) / watch->stretch_ns);
	return (size_t)((process->end_ns - 1 - zero_ns) / watch->stretch_ns) + 1 - *first;
}

const struct fold_ops watch_fold = {
	.serial = true,
	.make = watch_make,
	.free = watch_drop,
	.begin = watch_begin,
	.batch = watch_batch,
	.merge = watch_merge,
	.settle = watch_settle,
};

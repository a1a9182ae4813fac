/* Waits into groups. */
#include "analysis/waits.h"

#include <stdlib.h>

#include "model/histogram_add.h"

bool is_held(unsigned reason)
{
	return reason == DWELL_REASON_MUTEX || reason == DWELL_REASON_RWLOCK;
}

bool may_be_held(unsigned reason)
{
	return is_held(reason) || reason == DWELL_REASON_SEMAPHORE || reason == DWELL_REASON_FUTEX;
}

bool may_be_lock(unsigned reason)
{
	return may_be_held(reason) || reason == DWELL_REASON_COND;
}

int waits_make(void **fold, const struct model *model, unsigned by, bool held_only)
{
	struct waits *waits = calloc(1, sizeof(*waits));

	if (!waits)
		return DWELL_ENOMEM;
	waits->model = model;
	waits->by = by;
	waits->held_only = held_only;
	waits->waiters.item = sizeof(struct waiter);
	past_init(&waits->past);
	releases_init(&waits->releases);
	active_init(&waits->active, model);
	*fold = waits;
	return DWELL_OK;
}

void waits_drop(void *fold)
{
	struct waits *waits = fold;

	if (!waits)
		return;
	groups_release(&waits->groups);
	past_release(&waits->past);
	releases_release(&waits->releases);
	active_release(&waits->active);
	table_release(&waits->waiters);
	free(waits);
}

int waits_merge(void *into, void *from)
{
	(void)into;
	(void)from;
	return DWELL_EINVAL;
}

static int begin_past(struct waits *waits)
{
	const uint32_t known = dwell_catalog_tasks(waits->model->catalog);
	const uint32_t seen = waits->active.tasks.end;

	return past_begin(&waits->past, waits->states, known > seen ? known : seen);
}

/* Somebody begins to wait for what may be held, or gives it up. */
static bool needs_past(const struct dwell_event *row)
{
	switch (row->kind) {
	case DWELL_EVENT_SWITCH:
	case DWELL_EVENT_STATE:
	case DWELL_EVENT_CREATE:
		return row->state == DWELL_BLOCKED && (row->object || may_be_held(row->reason));
	case DWELL_EVENT_WAIT_BEGIN:
	case DWELL_EVENT_ACQUIRE:
	case DWELL_EVENT_RELEASE:
		return true;
	default:
		return false;
	}
}

int waits_ahead(void *fold, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	const uint32_t always = 1u << DWELL_EVENT_WAIT_BEGIN | 1u << DWELL_EVENT_ACQUIRE |
				1u << DWELL_EVENT_RELEASE;
	struct waits *waits = fold;
	uint32_t any = kinds & always;

	/* Most traces that do not need it have neither reasons nor objects. */
	for (size_t i = 0; i < count; i++)
		any |= rows[i].reason | rows[i].object;
	for (size_t i = 0; any && i < count && !waits->past.begun; i++)
		if (needs_past(&rows[i]))
			return begin_past(waits);
	return DWELL_OK;
}

int waits_begin(void *fold, const struct fold_start *start)
{
	struct waits *waits = fold;
	const int err = active_begin(&waits->active, start);

	if (err)
		return err;
	waits->begin_ns = start->time_ns;
	waits->states = start->states;
	for (size_t i = 0; i < start->count; i++)
		if (start->keyframe[i].wait_reason || start->keyframe[i].reason)
			return begin_past(waits);
	return DWELL_OK;
}

struct waiter *waiter_of(struct waits *waits, uint32_t task)
{
	struct waiter *waiter = table_get(&waits->waiters, task);

	return waiter && task < waits->waiters.end ? waiter : table_make(&waits->waiters, task);
}

/* The task waits in the queue of an object from now on, or of none. */
static int queue(struct waits *waits, uint32_t task, uint32_t object)
{
	struct waiter *waiter = waiter_of(waits, task);

	if (!waiter)
		return DWELL_ENOMEM;
	if (waiter->queued) {
		struct released *of = releases_of(&waits->releases, waiter->queued);

		if (of && of->queue && !--of->queue)
			released_calm(of);
		waiter->queued = 0;
	}
	if (!object)
		return DWELL_OK;

	struct released *of = releases_of(&waits->releases, object);
	if (!of)
		return DWELL_ENOMEM;
	of->waited = true;
	of->queue++;
	waiter->queued = object;
	return DWELL_OK;
}

static int on_release(struct waits *waits, const struct dwell_event *event)
{
	struct released *of = event->object ? releases_of(&waits->releases, event->object) : NULL;

	if (!of)
		return event->object ? DWELL_ENOMEM : DWELL_OK;
	const struct release release = { event->time_ns, event->task, event->stack };
	const struct dwell_catalog_object *object =
		dwell_catalog_object(waits->model->catalog, event->object);

	of->has_rows = true;
	if (object && (object->kind == DWELL_OBJECT_MUTEX || object->kind == DWELL_OBJECT_RWLOCK))
		released_pass(of, &release, object->kind == DWELL_OBJECT_RWLOCK);
	return waits_release(waits, of, &release);
}

static int on_wake(struct waits *waits, const struct dwell_event *event)
{
	struct waiter *waiter = event->task && event->peer ? waiter_of(waits, event->task) : NULL;

	if (!waiter)
		return event->task && event->peer ? DWELL_ENOMEM : DWELL_OK;
	waiter->woken_by = event->peer;
	waiter->woken_ns = event->time_ns;
	return DWELL_OK;
}

/* Of a lock neither replies nor unused CPUs are told. */
static bool is_of_use(const struct waits *waits, const struct dwell_event *event)
{
	if (!waits->held_only)
		return true;
	if (event->kind == DWELL_EVENT_SWITCH)
		return event->state == DWELL_BLOCKED && may_be_held(event->reason);
	return event->kind != DWELL_EVENT_WAKE;
}

static int on_row(struct waits *waits, const struct dwell_event *event)
{
	struct released *of;

	switch (event->kind) {
	case DWELL_EVENT_RELEASE:
		return on_release(waits, event);
	case DWELL_EVENT_ACQUIRE:
		of = event->object ? releases_of(&waits->releases, event->object) : NULL;
		if (of)
			released_member(of, event->task);
		return of || !event->object ? DWELL_OK : DWELL_ENOMEM;
	case DWELL_EVENT_WAKE:
		if (on_wake(waits, event))
			return DWELL_ENOMEM;
		break;
	case DWELL_EVENT_WAIT_BEGIN:
		if (event->task && may_be_held(event->reason) &&
			queue(waits, event->task, event->object))
			return DWELL_ENOMEM;
		break;
	case DWELL_EVENT_SWITCH:
		if (event->task && event->state == DWELL_BLOCKED && may_be_held(event->reason) &&
			queue(waits, event->task, event->object))
			return DWELL_ENOMEM;
		break;
	case DWELL_EVENT_LOSS:
		past_lose(&waits->past, event);
		break;
	default:
		break;
	}
	return waits->held_only ? (int)DWELL_OK : active_event(&waits->active, event);
}

/*
 * What tells one site's objects apart: a lock or a file is one of its kind, but of the sockets,
 * pipes and timers that a program goes through at one place nobody wants a row each.
 */
static uint64_t kind_or_object(const struct waits *waits, uint32_t object)
{
	const struct dwell_catalog_object *of =
		object ? dwell_catalog_object(waits->model->catalog, object) : NULL;

	switch (of ? of->kind : DWELL_OBJECT_OTHER) {
	case DWELL_OBJECT_PIPE:
	case DWELL_OBJECT_SOCKET:
	case DWELL_OBJECT_EPOLL:
	case DWELL_OBJECT_EVENTFD:
	case DWELL_OBJECT_TIMER:
	case DWELL_OBJECT_PROCESS:
	case DWELL_OBJECT_THREAD:
		return UINT64_C(1) << 32 | of->kind;
	default:
		return object;
	}
}

/* What waits have in common. */
static uint64_t key_of_wait(const struct waits *waits, uint32_t task, uint32_t object,
	uint32_t stack, unsigned reason, uint32_t *id)
{
	switch (waits->by) {
	case DWELL_BY_OBJECT:
		*id = object;
		/* Without an object a wait is told by its reason at least, a lock by its place. */
		return object ? hash_mix(1, object)
			      : hash_mix(hash_mix(2, reason), waits->held_only ? stack : 0);
	case DWELL_BY_REASON:
		*id = reason;
		return hash_mix(1, reason);
	case DWELL_BY_TASK:
	case DWELL_BY_CLASS:
		*id = task;
		return hash_mix(1, task);
	default:
		/* Where no stack tells the place, who waits does. */
		*id = stack ? 0 : task;
		return hash_mix(
			hash_mix(hash_mix(hash_mix(1, reason), kind_or_object(waits, object)),
				stack),
			*id);
	}
}

static struct group *group_of_wait(
	struct waits *waits, uint32_t task, uint32_t object, uint32_t stack, unsigned reason)
{
	uint32_t id;
	bool made;
	const uint64_t key = key_of_wait(waits, task, object, stack, reason, &id);
	struct group *group = groups_get(&waits->groups, key, &made);

	if (!group || idset_add(&group->tasks, task))
		return NULL;
	if (made) {
		group->id = id;
		group->reason = (uint8_t)reason;
		group->object = object;
		group->stack = stack;
	}
	if (group->object != object)
		group->several = true;
	return group;
}

/* Waits that go on. */
static int add_open(struct waits *waits, const struct dwell_interval *interval)
{
	const struct dwell_wait as_wait = {
		.task = interval->task,
		.object = interval->object,
		.reason = interval->reason,
	};
	struct group *group;

	if (!wants_wait(waits->model, &as_wait) ||
		(waits->held_only && !may_be_lock(as_wait.reason)))
		return DWELL_OK;
	group = group_of_wait(
		waits, interval->task, interval->object, interval->stack, interval->reason);
	if (!group)
		return DWELL_ENOMEM;
	group->open_count++;
	group->open_ns += in_window(waits->model, interval->start_ns, interval->end_ns);
	return DWELL_OK;
}

static int add_waker(struct waits *waits, struct group *group, const struct dwell_wait *wait)
{
	const struct dwell_waker waker = { wait->waker, wait->waker_stack, 1,
		wait->end_ns - wait->start_ns };
	const struct waiter *me = waiter_of(waits, wait->task);
	const struct waiter *other = wait->waker ? waiter_of(waits, wait->waker) : NULL;

	if (!wait->waker)
		return DWELL_OK;
	if (!me || !other)
		return DWELL_ENOMEM;
	group->woken++;
	/* It had been woken by who waits now, since that one was awake: so this is its reply. */
	if (other->woken_by == wait->task && other->woken_ns >= me->awake_ns &&
		other->woken_ns <= wait->start_ns)
		group->replies++;
	return group_add_waker(group, &waker);
}

static struct group *group_of_waiter(
	struct waits *waits, struct waiter *waiter, const struct dwell_wait *wait)
{
	if (!waiter->group || waiter->object != wait->object || waiter->stack != wait->stack ||
		waiter->reason != wait->reason) {
		waiter->group =
			group_of_wait(waits, wait->task, wait->object, wait->stack, wait->reason);
		waiter->object = wait->object;
		waiter->stack = wait->stack;
		waiter->reason = wait->reason;
	}
	return waiter->group;
}

static int fold_wait(struct waits *waits, const struct dwell_wait *wait)
{
	const uint64_t ns = wait->end_ns - wait->start_ns;
	struct waiter *waiter = waiter_of(waits, wait->task);
	struct group *group = waiter ? group_of_waiter(waits, waiter, wait) : NULL;
	int err = group ? histogram_add_one(&group->waits, ns) : DWELL_ENOMEM;

	if (err)
		return err;
	if (!group->last_ns || wait->start_ns < group->first_ns) {
		group->first_ns = wait->start_ns;
		group->first_task = wait->task;
	}
	if (wait->end_ns > group->last_ns)
		group->last_ns = wait->end_ns;
	group->times.blocked_ns += wait->blocked_ns;
	group->times.runnable_ns += wait->runnable_ns;
	group->times.running_ns += wait->running_ns;
	group->times.unknown_ns += wait->unknown_ns;
	group->timed_out += (wait->flags & DWELL_EVENT_TIMED_OUT) != 0;
	if (!waits->held_only) {
		group->underused_ns += active_unused(&waits->active, wait->task, ns);
		err = add_waker(waits, group, wait);
	}
	return err ? err : waits_blame(waits, group, wait);
}

bool never_waited(const struct dwell_wait *wait)
{
	return !is_held(wait->reason) && wait->running_ns && !wait->blocked_ns && !wait->unknown_ns;
}

static int on_wait(struct waits *waits, const struct dwell_wait *wait)
{
	int err = DWELL_OK;

	if (waits->held_only && !may_be_lock(wait->reason))
		return queue(waits, wait->task, 0);
	if (!never_waited(wait) && wants_wait(waits->model, wait))
		err = fold_wait(waits, wait);
	if (!err)
		err = queue(waits, wait->task, 0);

	struct waiter *waiter = waiter_of(waits, wait->task);
	if (!waiter)
		return DWELL_ENOMEM;
	waiter->awake_ns = wait->end_ns;
	if (wait->object && may_be_lock(wait->reason) && !(wait->flags & DWELL_EVENT_TIMED_OUT)) {
		struct released *of = releases_of(&waits->releases, wait->object);

		if (!of)
			return DWELL_ENOMEM;
		released_got(of, wait->task);
	}
	if (is_held(wait->reason)) {
		waiter->got_ns = wait->end_ns;
		waiter->giver = wait->waker;
		waiter->giver_stack = wait->waker_stack;
	}
	return err;
}

static int on_interval(struct waits *waits, const struct dwell_interval *interval)
{
	const int err = waits->past.begun ? past_add(&waits->past, interval) : DWELL_OK;

	if (!err && interval->told & DWELL_TOLD_WAIT) {
		const struct dwell_wait wait = dwell_wait_of(interval);

		return on_wait(waits, &wait);
	}
	return err;
}

static int add_open_ones(struct waits *waits, const struct dwell_told *told)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < told->count && !err; i++)
		if (told->intervals[i].state == DWELL_BLOCKED &&
			told->intervals[i].flags & DWELL_INTERVAL_OPEN)
			err = add_open(waits, &told->intervals[i]);
	return err;
}

/* Row by row, and after each what it ended: all of it, or only the waits. */
int waits_batch(void *fold, const struct fold_batch *batch)
{
	struct waits *waits = fold;
	const struct dwell_told *told = batch->told;
	const bool all = waits->past.begun;
	const size_t count = all ? told->count : told->own_count;
	size_t i = 0, wait = 0;
	int err = batch->count ? DWELL_OK : add_open_ones(waits, told);

	active_batch(&waits->active);
	for (size_t row = 0; row < batch->count && !err; row++) {
		if (is_of_use(waits, &batch->rows[row]))
			err = on_row(waits, &batch->rows[row]);
		for (; i < count && !err; i++) {
			const struct dwell_interval *of =
				&told->intervals[all ? i : told->own_waits[i]];

			if (of->row != row)
				break;
			err = on_interval(waits, of);
		}
		for (; wait < told->wait_count && told->waits[wait].row == row && !err; wait++)
			err = on_wait(waits, &told->waits[wait]);
	}
	return err;
}

/* Rows and what they ended, one after the other, into waits. */
#include "analysis/waits.h"

int waits_queue(struct waits *waits, struct waiter *waiter, uint32_t object)
{
	struct released *of;

	if (waiter->queued) {
		of = releases_of(&waits->releases, waiter->queued);
		if (of && of->queue && !--of->queue)
			released_calm(of);
		waiter->queued = 0;
	}
	if (!object)
		return DWELL_OK;
	of = releases_of(&waits->releases, object);
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

static int on_acquire(struct waits *waits, const struct dwell_event *event)
{
	struct released *of = event->object ? releases_of(&waits->releases, event->object) : NULL;

	for (unsigned view = 0; of && view < waits->view_count; view++)
		members_add(&of->members[view], event->task);
	return of || !event->object ? DWELL_OK : DWELL_ENOMEM;
}

/* A task of a row is ready or runs from now on, or not. */
static inline int set_active(struct waits *waits, uint32_t task, bool is_active)
{
	struct waiter *waiter = waiter_of(waits, task);

	return waiter ? active_set(&waits->active, task, &waiter->active, is_active) : DWELL_ENOMEM;
}

/* The wait in which it ended, if any, goes on from where it began. */
static int on_exit(struct waits *waits, uint32_t task)
{
	struct waiter *waiter = waiter_of(waits, task);
	const uint64_t left_ns = waiter ? waiter->active.left_ns : 0;
	const int err =
		waiter ? active_set(&waits->active, task, &waiter->active, false) : DWELL_ENOMEM;

	if (!err)
		waiter->active.left_ns = left_ns;
	return err;
}

static bool is_for_lock(const struct dwell_event *event)
{
	return event->reason == DWELL_REASON_SEMAPHORE && event->peer &&
	       event->flags & DWELL_EVENT_HOLDER_READ;
}

/* A wait begins of which rows tell: for what may be held, or for nothing. */
static int ask(struct waits *waits, struct waiter *waiter, const struct dwell_event *event)
{
	struct released *of = NULL;
	int err = DWELL_OK;

	waiter->for_lock = is_for_lock(event);
	if (!may_be_held(event->reason))
		return DWELL_OK;
	err = waits_queue(waits, waiter, event->object);
	if (!err && event->object && event->reason == DWELL_REASON_SEMAPHORE && !waiter->for_lock)
		of = releases_of(&waits->releases, event->object);
	if (of) {
		of->asked = event->task;
		of->asked_ns = event->time_ns;
	}
	return err;
}

static inline int on_switch(struct waits *waits, const struct dwell_event *event)
{
	struct waiter *out = event->task ? waiter_of(waits, event->task) : NULL;
	int err = event->task && !out ? DWELL_ENOMEM : DWELL_OK;

	if (out && !out->queued && event->state == DWELL_BLOCKED && may_be_held(event->reason))
		err = ask(waits, out, event);
	if (out && !err)
		err = event->state == DWELL_EXITED
			      ? on_exit(waits, event->task)
			      : active_set(&waits->active, event->task, &out->active,
					event->state == DWELL_RUNNABLE);
	return err || !event->peer ? err : set_active(waits, event->peer, true);
}

/* Of a lock one waiter is let go, not all. */
static void on_wake_for_all(struct waits *waits, const struct dwell_event *event)
{
	const struct waiter *waiter = table_get(&waits->waiters, event->task);
	struct released *of = waiter && waiter->queued
				      ? table_get(&waits->releases.objects, waiter->queued)
				      : NULL;

	if (of)
		of->for_all++;
}

static inline int on_wake(struct waits *waits, const struct dwell_event *event)
{
	struct waiter *waiter = event->task ? waiter_of(waits, event->task) : NULL;

	if (!waiter)
		return event->task ? DWELL_ENOMEM : DWELL_OK;
	if (event->peer) {
		waiter->woken_by = event->peer;
		waiter->woken_ns = event->time_ns;
	}
	if (event->flags & DWELL_EVENT_SHARED)
		on_wake_for_all(waits, event);
	return event->state == DWELL_STATE_SAME
		       ? DWELL_OK
		       : active_set(&waits->active, event->task, &waiter->active, true);
}

static int on_wait_begin(struct waits *waits, const struct dwell_event *event)
{
	struct waiter *waiter = waiter_of(waits, event->task);
	const int err = waiter ? ask(waits, waiter, event) : DWELL_ENOMEM;

	if (err)
		return err;
	return event->state == DWELL_BLOCKED
		       ? active_set(&waits->active, event->task, &waiter->active, false)
		       : active_wait(&waits->active, event->task, &waiter->active);
}

/* Rows that there are few of. */
static int on_other(struct waits *waits, const struct dwell_event *event)
{
	switch (event->kind) {
	case DWELL_EVENT_RELEASE:
		return dwell_event_is_unheard(event) ? (int)DWELL_OK : on_release(waits, event);
	case DWELL_EVENT_ACQUIRE:
		return on_acquire(waits, event);
	case DWELL_EVENT_LOSS:
		past_lose(&waits->past, event);
		return DWELL_OK;
	case DWELL_EVENT_WAIT_BEGIN:
		return event->task ? on_wait_begin(waits, event) : DWELL_OK;
	case DWELL_EVENT_WAIT_END:
		return event->task && event->state == DWELL_RUNNING
			       ? set_active(waits, event->task, true)
			       : DWELL_OK;
	case DWELL_EVENT_EXIT:
		return event->task ? on_exit(waits, event->task) : DWELL_OK;
	case DWELL_EVENT_STATE:
	case DWELL_EVENT_CREATE:
		return event->task ? set_active(waits, event->task,
					     event->state == DWELL_RUNNABLE ||
						     event->state == DWELL_RUNNING)
				   : DWELL_OK;
	default:
		return DWELL_OK;
	}
}

static inline int on_row(struct waits *waits, const struct dwell_event *event)
{
	/* What the rows of objects say is not of this moment alone. */
	if (event->kind != DWELL_EVENT_RELEASE && event->kind != DWELL_EVENT_ACQUIRE)
		active_now(&waits->active, event->time_ns);
	if (event->kind == DWELL_EVENT_SWITCH)
		return on_switch(waits, event);
	if (event->kind == DWELL_EVENT_WAKE)
		return on_wake(waits, event);
	return on_other(waits, event);
}

/* Of locks nobody asks how many CPUs were left unused, or who woke whom. */
static inline int on_lock_row(struct waits *waits, const struct dwell_event *event)
{
	struct waiter *waiter;

	switch (event->kind) {
	case DWELL_EVENT_SWITCH:
		if (event->state != DWELL_BLOCKED)
			return DWELL_OK;
		/* fallthrough */
	case DWELL_EVENT_WAIT_BEGIN:
		if (!event->task || !may_be_held(event->reason))
			return DWELL_OK;
		waiter = waiter_of(waits, event->task);
		if (!waiter)
			return DWELL_ENOMEM;
		/* The program told what it waits for: the kernel names the futex in it. */
		if (event->kind == DWELL_EVENT_SWITCH && waiter->queued)
			return DWELL_OK;
		return ask(waits, waiter, event);
	case DWELL_EVENT_WAKE:
		if (event->flags & DWELL_EVENT_SHARED)
			on_wake_for_all(waits, event);
		return DWELL_OK;
	case DWELL_EVENT_RELEASE:
	case DWELL_EVENT_ACQUIRE:
	case DWELL_EVENT_LOSS:
		return on_other(waits, event);
	default:
		return DWELL_OK;
	}
}

/* What a holder did is of interest once somebody waits for what may be held. */
uint32_t waits_skips(const void *fold)
{
	const struct waits *waits = fold;

	if (waits->past.begun)
		return 0;
	return DWELL_SKIP_RUNNING | DWELL_SKIP_RUNNABLE |
	       (waits->held_only ? DWELL_SKIP_REASONLESS : 0);
}

bool waits_firsts(const void *fold)
{
	return ((const struct waits *)fold)->past.begun;
}

static int add_open_ones(struct waits *waits, const struct dwell_told *told)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < told->count && !err; i++)
		if (told->intervals[i].state == DWELL_BLOCKED &&
			told->intervals[i].flags & DWELL_INTERVAL_OPEN)
			err = waits_open(waits, &told->intervals[i]);
	return err;
}

/* While nobody waits for what may be held, no row says anything of locks. */
static bool rows_say_nothing(const struct waits *waits, const struct fold_batch *batch)
{
	return waits->held_only && !waits->past.begun && !batch->told->wait_count &&
	       !(batch->kinds >> DWELL_EVENT_LOSS & 1);
}

static int add_own_waits(struct waits *waits, const struct dwell_told *told)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < told->own_count && !err; i++)
		err = waits_own(waits, &told->intervals[told->own_waits[i]]);
	return err;
}

/* Rows that come before `end`, from *row on. */
__attribute__((always_inline)) static inline int rows_before(
	struct waits *waits, const struct fold_batch *batch, size_t *row, size_t end)
{
	int err = DWELL_OK;

	if (waits->held_only)
		for (; *row < end && !err; ++*row)
			err = on_lock_row(waits, &batch->rows[*row]);
	else
		for (; *row < end && !err; ++*row)
			err = on_row(waits, &batch->rows[*row]);
	return err;
}

/* The program's own waits that rows before `end` ended, from *wait on. */
static int waits_before(
	struct waits *waits, const struct fold_batch *batch, size_t *row, size_t *wait, size_t end)
{
	const struct dwell_told *told = batch->told;
	int err = DWELL_OK;

	for (; *wait < told->wait_count && told->waits[*wait].row < end && !err; ++*wait) {
		err = rows_before(waits, batch, row, told->waits[*wait].row + (size_t)1);
		if (!err)
			err = waits_wait(waits, &told->waits[*wait]);
	}
	return err;
}

/* Row by row, and after each all that it ended. */
static int add_rows(struct waits *waits, const struct fold_batch *batch)
{
	const struct dwell_told *told = batch->told;
	size_t row = 0, wait = 0;
	int err = DWELL_OK;

	for (size_t i = 0; i < told->count && !err; i++) {
		const struct dwell_interval *of = &told->intervals[i];

		if (told->wait_count)
			err = waits_before(waits, batch, &row, &wait, of->row);
		if (!err)
			err = rows_before(waits, batch, &row, of->row + (size_t)1);
		if (!err)
			err = waits_interval(waits, of);
	}
	if (!err)
		err = waits_before(waits, batch, &row, &wait, batch->count);
	return err ? err : rows_before(waits, batch, &row, batch->count);
}

/* The same, where only waits are of interest. */
static int add_waits(struct waits *waits, const struct fold_batch *batch)
{
	const struct dwell_told *told = batch->told;
	size_t row = 0, wait = 0;
	int err = DWELL_OK;

	for (size_t i = 0; i < told->own_count && !err; i++) {
		const struct dwell_interval *of = &told->intervals[told->own_waits[i]];

		if (told->wait_count)
			err = waits_before(waits, batch, &row, &wait, of->row);
		if (!err)
			err = rows_before(waits, batch, &row, of->row + (size_t)1);
		if (!err)
			err = waits_own(waits, of);
	}
	if (!err)
		err = waits_before(waits, batch, &row, &wait, batch->count);
	return err ? err : rows_before(waits, batch, &row, batch->count);
}

/* An odd row, and then what it ended. */
static int add_odd_row(
	struct waits *waits, const struct fold_batch *batch, size_t *row, size_t *own, size_t *wait)
{
	const struct dwell_told *told = batch->told;
	const size_t end = *row + 1;
	int err = rows_before(waits, batch, row, end);

	for (; *own < told->own_count && told->intervals[told->own_waits[*own]].row < end && !err;
		++*own)
		err = waits_own(waits, &told->intervals[told->own_waits[*own]]);
	return err ? err : waits_before(waits, batch, row, wait, end);
}

/* Between the few that are odd, all rows are plain. */
static int add_plain_rows(struct waits *waits, const struct fold_batch *batch)
{
	const struct dwell_told *told = batch->told;
	size_t row = 0, own = 0, wait = 0;
	int err = DWELL_OK;

	for (size_t i = 0; i < told->odd_count && !err; i++) {
		err = waits_plain(waits, batch, &row, told->odd[i], &own);
		if (!err)
			err = add_odd_row(waits, batch, &row, &own, &wait);
	}
	return err ? err : waits_plain(waits, batch, &row, batch->count, &own);
}

static int add_batch(struct waits *waits, const struct fold_batch *batch)
{
	if (!batch->count)
		return add_open_ones(waits, batch->told);
	active_batch(&waits->active);
	waits_fetch(waits, batch->told);
	if (rows_say_nothing(waits, batch))
		return add_own_waits(waits, batch->told);
	if (waits->past.begun)
		return add_rows(waits, batch);
	return waits->held_only ? add_waits(waits, batch) : add_plain_rows(waits, batch);
}

int waits_batch(void *fold, const struct fold_batch *batch)
{
	struct waits *waits = fold;
	int err = past_batch(&waits->past, batch);

	if (!err)
		err = add_batch(waits, batch);
	return err ? err : past_batch(&waits->past, NULL);
}

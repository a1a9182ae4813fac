/* A window of a trace in memory. */
#include "analysis/history.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_LIMIT = 4000000 };

static int keep_piece(void *context, const struct piece *piece)
{
	struct dwell_history *h = context;
	int err;
	struct dwell_occupied *occupied = shelf_add(&h->occupied, piece->executor, h->limit, &err);

	if (occupied)
		*occupied = (struct dwell_occupied){ piece->start_ns, piece->end_ns,
			piece->executor, piece->task };
	return err;
}

void history_init(
	struct dwell_history *history, const struct model *model, unsigned parts, size_t limit)
{
	*history = (struct dwell_history){
		.model = model,
		.parts = parts,
		.limit = limit ? limit : DEFAULT_LIMIT,
		.from_ns = model->from_ns,
		.to_ns = model->end_ns,
		.stretches.item = sizeof(struct dwell_stretch),
		.waits.item = sizeof(struct dwell_wait),
		.occupied.item = sizeof(struct dwell_occupied),
		.handles.item = sizeof(struct dwell_handle),
		.blocked.item = sizeof(uint32_t),
		.released.item = sizeof(struct dwell_handle),
		.ended.item = sizeof(uint64_t),
		.children.item = sizeof(struct ends),
	};
	occupants_init(&history->occupants, model, keep_piece, history);
}

void history_release(struct dwell_history *history)
{
	shelf_release(&history->stretches);
	shelf_release(&history->waits);
	shelf_release(&history->occupied);
	shelf_release(&history->handles);
	occupants_release(&history->occupants);
	table_release(&history->blocked);
	table_release(&history->released);
	table_release(&history->ended);
	ends_release(&history->children);
	free(history->late);
	history->late = NULL;
	history->late_count = history->late_cap = 0;
}

static int history_begin(void *fold, const struct fold_start *start)
{
	struct dwell_history *h = fold;

	h->told_ns = start->time_ns;
	return h->parts & DWELL_HISTORY_EXECUTORS ? occupants_begin(&h->occupants, start)
						  : (int)DWELL_OK;
}

static int keep_handle(struct dwell_history *h, const struct dwell_event *event)
{
	const struct dwell_handle handle = {
		.time_ns = event->time_ns,
		.object = event->object,
		.task = event->task,
		.stack = event->stack,
		.peer = event->kind == DWELL_EVENT_RELEASE ? event->peer : DWELL_NONE,
		.kind = event->kind,
	};
	struct dwell_handle *kept;
	int err;

	if (!event->object || dwell_event_is_unheard(event))
		return DWELL_OK;
	if (event->kind == DWELL_EVENT_RELEASE) {
		kept = table_make(&h->released, event->object);
		if (!kept)
			return DWELL_ENOMEM;
		*kept = handle;
	}
	if (!(h->parts & DWELL_HISTORY_HANDLES))
		return DWELL_OK;
	kept = shelf_add(&h->handles, handle.object, h->limit, &err);
	if (kept)
		*kept = handle;
	return err;
}

static int history_event(void *fold, const struct dwell_event *event)
{
	struct dwell_history *h = fold;

	if (event->kind == DWELL_EVENT_EXIT && event->task && history_end(h, event))
		return DWELL_ENOMEM;
	if (event->kind == DWELL_EVENT_ACQUIRE || event->kind == DWELL_EVENT_RELEASE)
		return keep_handle(h, event);
	return h->parts & DWELL_HISTORY_EXECUTORS ? occupants_event(&h->occupants, event)
						  : (int)DWELL_OK;
}

static void fill_stretch(struct dwell_stretch *out, const struct dwell_interval *interval)
{
	*out = (struct dwell_stretch){
		.start_ns = interval->start_ns,
		.end_ns = interval->end_ns,
		.task = interval->task,
		.executor = interval->executor,
		.object = interval->object,
		.stack = interval->stack,
		.waker = interval->waker,
		.waker_stack = interval->waker_stack,
		.holder = interval->holder,
		.state = interval->state,
		.reason = interval->reason,
		.cause = interval->cause,
		.next = interval->next,
		.flags = interval->flags,
		.holder_how = interval->holder_how,
	};
	if (out->state == DWELL_BLOCKED && out->waker)
		out->let_go_ns = out->end_ns;
}

static int history_interval(struct dwell_history *h, const struct dwell_interval *interval)
{
	struct dwell_stretch *stretch;
	int err = DWELL_OK;

	if (interval->state == DWELL_RUNNING && h->parts & DWELL_HISTORY_EXECUTORS)
		err = occupants_interval(&h->occupants, interval);
	if (err || interval->start_ns >= interval->end_ns)
		return err;
	stretch = shelf_add(&h->stretches, interval->task, h->limit, &err);
	if (!stretch)
		return err;
	fill_stretch(stretch, interval);
	h->unordered |= stretch->end_ns < h->last_end_ns;
	h->last_end_ns = stretch->end_ns;
	if (stretch->state != DWELL_BLOCKED || !(stretch->flags & DWELL_INTERVAL_IN_WAIT))
		return err;

	uint32_t *last = table_make(&h->blocked, stretch->task);
	if (!last)
		return DWELL_ENOMEM;
	*last = (uint32_t)h->stretches.count;
	return err;
}

/* Whose end ended the wait: who was to be joined, or a child; nobody is known to have woken it. */
static bool is_for_end(const struct dwell_wait *wait)
{
	if (wait->waker || wait->flags & (DWELL_EVENT_TIMED_OUT | DWELL_EVENT_INTERRUPTED))
		return false;
	return wait->reason == DWELL_REASON_PROCESS ||
	       (wait->reason == DWELL_REASON_JOIN && wait->holder &&
		       wait->holder_how == DWELL_HOW_READ);
}

static int keep_wait(struct dwell_history *h, const struct dwell_wait *wait)
{
	int err;
	struct dwell_wait *kept = shelf_add(&h->waits, wait->task, h->limit, &err);

	if (kept)
		*kept = *wait;
	return err;
}

/* A wait of the program: its end says more of the blocked stretches in it. */
static int history_wait(struct dwell_history *h, const struct dwell_wait *wait)
{
	struct late_wait late = {
		.start_ns = wait->start_ns,
		.for_end = is_for_end(wait),
		.timed_out = wait->flags & DWELL_EVENT_TIMED_OUT,
		.task = wait->task,
		.object = wait->object,
		.stack = wait->stack,
		.waker = wait->waker,
		.waker_stack = wait->waker_stack,
		.holder = wait->holder,
		.holder_how = wait->holder_how,
		.reason = wait->reason,
	};
	int err = DWELL_OK;

	if (!history_late(h, &late) && wait->start_ns < h->told_ns)
		err = history_keep_late(h, &late);
	return err || !(h->parts & DWELL_HISTORY_WAITS) ? err : keep_wait(h, wait);
}

/* A stretch that is a wait by itself says all of it. */
static int told_one(struct dwell_history *h, const struct dwell_interval *interval)
{
	const int err = history_interval(h, interval);

	if (err || !(h->parts & DWELL_HISTORY_WAITS) || !(interval->told & DWELL_TOLD_WAIT))
		return err;

	const struct dwell_wait wait = dwell_wait_of(interval);
	return keep_wait(h, &wait);
}

static int history_batch(void *fold, const struct fold_batch *batch)
{
	const struct dwell_told *told = batch->told;
	size_t waits = 0;
	int err = DWELL_OK;

	for (size_t i = 0; i < told->count && !err; i++) {
		for (; waits < told->wait_count &&
			told->waits[waits].row < told->intervals[i].row && !err;
			waits++)
			err = history_wait(fold, &told->waits[waits]);
		if (!err)
			err = told_one(fold, &told->intervals[i]);
	}
	for (; waits < told->wait_count && !err; waits++)
		err = history_wait(fold, &told->waits[waits]);
	return err;
}

const struct fold_ops history_ops = {
	.kinds = OCCUPANTS_KINDS | 1u << DWELL_EVENT_ACQUIRE | 1u << DWELL_EVENT_RELEASE |
		 1u << DWELL_EVENT_EXIT,
	.begin = history_begin,
	.event = history_event,
	.batch = history_batch,
};

const struct fold_ops history_tasks_ops = {
	.kinds = 1u << DWELL_EVENT_ACQUIRE | 1u << DWELL_EVENT_RELEASE | 1u << DWELL_EVENT_EXIT,
	.begin = history_begin,
	.event = history_event,
	.batch = history_batch,
};

/* Told late, after a later one: only where a loss ended it. */
static int by_start(const void *a, const void *b)
{
	const struct dwell_occupied *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return (x->executor > y->executor) - (x->executor < y->executor);
}

static void sort_occupied(struct shelf *occupied)
{
	if (occupied->count)
		qsort(occupied->at, occupied->count, occupied->item, by_start);
	for (size_t i = 0; i < occupied->count; i++)
		occupied->key_of[i] = ((struct dwell_occupied *)(void *)occupied->at)[i].executor;
}

void history_index(struct dwell_history *h)
{
	sort_occupied(&h->occupied);
	shelf_index(&h->stretches);
	shelf_index(&h->waits);
	shelf_index(&h->occupied);
	shelf_index(&h->handles);
}

void dwell_history_window(const struct dwell_history *history, uint64_t *from_ns, uint64_t *to_ns)
{
	*from_ns = history->from_ns;
	*to_ns = history->to_ns;
}

uint32_t dwell_history_tasks(const struct dwell_history *history)
{
	return history->stretches.keys;
}

size_t dwell_history_stretches(const struct dwell_history *history, uint32_t task)
{
	return shelf_count(&history->stretches, task);
}

const struct dwell_stretch *dwell_history_stretch(
	const struct dwell_history *history, uint32_t task, size_t i)
{
	return shelf_get(&history->stretches, task, i);
}

size_t dwell_history_find(const struct dwell_history *history, uint32_t task, uint64_t time_ns)
{
	return shelf_find(&history->stretches, task, time_ns);
}

size_t dwell_history_waits(const struct dwell_history *history, uint32_t task)
{
	return shelf_count(&history->waits, task);
}

const struct dwell_wait *dwell_history_wait(
	const struct dwell_history *history, uint32_t task, size_t i)
{
	return shelf_get(&history->waits, task, i);
}

size_t dwell_history_occupants(const struct dwell_history *history, uint32_t executor)
{
	return shelf_count(&history->occupied, executor);
}

const struct dwell_occupied *dwell_history_occupant(
	const struct dwell_history *history, uint32_t executor, size_t i)
{
	return shelf_get(&history->occupied, executor, i);
}

size_t dwell_history_find_occupant(
	const struct dwell_history *history, uint32_t executor, uint64_t time_ns)
{
	return shelf_find(&history->occupied, executor, time_ns);
}

size_t dwell_history_handles(const struct dwell_history *history, uint32_t object)
{
	return shelf_count(&history->handles, object);
}

const struct dwell_handle *dwell_history_handle(
	const struct dwell_history *history, uint32_t object, size_t i)
{
	return shelf_get(&history->handles, object, i);
}

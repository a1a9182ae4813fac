/* What a digest has of each task, site, lock and span. */
#include "analysis/digest_fold.h"

#include <stdlib.h>

#include "analysis/waits.h"

enum { HELD_MOST = 64 };

static void digest_drop(void *context)
{
	struct digest_fold *fold = context;

	if (!fold)
		return;
	digest_tasks_release(&fold->tasks);
	digest_waits_release(&fold->waits);
	items_release(&fold->items);
	free(fold->spans);
	free(fold->span_slots);
	free(fold);
}

static int digest_make(void **out, const struct model *model)
{
	struct digest_fold *fold = calloc(1, sizeof(*fold));
	int err = fold ? digest_tasks_init(&fold->tasks, model) : DWELL_ENOMEM;

	if (!err)
		err = digest_waits_init(&fold->waits, model);
	if (err) {
		digest_drop(fold);
		return err;
	}
	fold->model = model;
	*out = fold;
	return DWELL_OK;
}

static uint64_t item_key(uint64_t key, unsigned kind)
{
	return hash_mix(key, kind);
}

static struct item *item_of(
	struct digest_fold *fold, uint64_t key, unsigned kind, const struct dwell_wait *wait)
{
	bool made;
	struct item *item = items_get(&fold->items, item_key(key, kind), &made);

	if (item && made) {
		item->kind = (uint8_t)kind;
		item->reason = wait->reason;
		item->object = wait->object;
		item->stack = wait->stack;
		item->task = wait->task;
	}
	return item;
}

/* Where no stack tells the place, who waits does. */
static uint64_t site_key(unsigned reason, uint32_t stack, uint32_t task)
{
	return hash_mix(hash_mix(3, reason), stack ? stack : UINT64_C(1) << 32 | task);
}

static uint64_t lock_key(const struct dwell_wait *wait)
{
	return wait->object ? hash_mix(1, wait->object)
			    : hash_mix(hash_mix(2, wait->reason), wait->stack);
}

/* From now on the task holds what it waited for, or said that it took. */
static int hold(struct digest_fold *fold, uint32_t id, uint32_t object, uint64_t since_ns)
{
	struct digest_task *task = digest_task(&fold->tasks, id);
	uint32_t i = 0;

	if (!task)
		return DWELL_ENOMEM;
	while (i < task->held_count && task->held[i].object != object)
		i++;
	if (i == HELD_MOST)
		return DWELL_OK;
	if (i == task->held_cap) {
		const uint32_t cap = task->held_cap ? task->held_cap * 2 : 4;
		struct held *held = realloc(task->held, cap * sizeof(*held));

		if (!held)
			return DWELL_ENOMEM;
		task->held = held;
		task->held_cap = cap;
	}
	task->held[i] = (struct held){ since_ns, object };
	if (i == task->held_count)
		task->held_count++;
	return DWELL_OK;
}

/* Held by a task of another class than was asked for, it is no figure of theirs. */
static int give_up(struct digest_fold *fold, const struct dwell_event *event)
{
	struct digest_task *task = digest_task(&fold->tasks, event->task);
	const struct dwell_wait as_wait = { .object = event->object };

	for (uint32_t i = 0; task && i < task->held_count; i++) {
		struct item *item;
		uint64_t since_ns;

		if (task->held[i].object != event->object)
			continue;
		since_ns = task->held[i].since_ns;
		task->held[i] = task->held[--task->held_count];
		if (!wants_task(fold->model, event->task))
			return DWELL_OK;
		item = item_of(fold, lock_key(&as_wait), DWELL_SUBJECT_LOCK, &as_wait);
		return item ? series_add(&item->hold, fold->model->from_ns, event->time_ns,
				      event->time_ns - since_ns)
			    : DWELL_ENOMEM;
	}
	return task ? DWELL_OK : DWELL_ENOMEM;
}

static void add_place(struct item *item, uint32_t stack, uint64_t ns)
{
	struct place *least = &item->places[0];

	for (size_t i = 0; i < ITEM_PLACES; i++) {
		struct place *place = &item->places[i];

		if (place->stack == stack && place->total_ns) {
			place->total_ns += ns;
			return;
		}
		if (place->total_ns < least->total_ns)
			least = place;
	}
	if (ns > least->total_ns)
		*least = (struct place){ stack, ns };
}

static int add_wait(
	struct digest_fold *fold, unsigned kind, uint64_t key, const struct dwell_wait *wait)
{
	struct item *item = item_of(fold, key, kind, wait);

	if (!item)
		return DWELL_ENOMEM;
	item->times.blocked_ns += wait->blocked_ns;
	item->times.runnable_ns += wait->runnable_ns;
	item->times.running_ns += wait->running_ns;
	item->times.unknown_ns += wait->unknown_ns;
	if (kind == DWELL_SUBJECT_LOCK && wait->stack)
		add_place(item, wait->stack, wait->end_ns - wait->start_ns);
	return digest_waits_add(&fold->waits, &fold->items, item, wait);
}

static int take_wait(struct digest_fold *fold, const struct dwell_wait *wait)
{
	int err = DWELL_OK;

	if (is_held(wait->reason) && wait->object && !(wait->flags & DWELL_EVENT_TIMED_OUT))
		err = hold(fold, wait->task, wait->object, wait->end_ns);
	if (err || never_waited(wait) || !wants_wait(fold->model, wait))
		return err;
	err = add_wait(
		fold, DWELL_SUBJECT_SITE, site_key(wait->reason, wait->stack, wait->task), wait);
	if (!err && is_held(wait->reason))
		err = add_wait(fold, DWELL_SUBJECT_LOCK, lock_key(wait), wait);
	return err;
}

static uint32_t *span_slot(const struct digest_fold *fold, uint64_t id)
{
	size_t i = hash_mix(0, id) & (fold->span_slot_count - 1);

	while (fold->span_slots[i] && fold->spans[fold->span_slots[i] - 1].id != id)
		i = (i + 1) & (fold->span_slot_count - 1);
	return &fold->span_slots[i];
}

/* Without those that have ended, in a table that is at most half full. */
static int grow_spans(struct digest_fold *fold)
{
	size_t kept = 0;
	size_t cap;

	for (size_t i = 0; i < fold->span_count; i++)
		if (fold->spans[i].label)
			fold->spans[kept++] = fold->spans[i];
	fold->span_count = kept;
	cap = kept * 2 < fold->span_cap ? fold->span_cap : fold->span_cap ? fold->span_cap * 2 : 64;

	struct digest_span *spans = realloc(fold->spans, cap * sizeof(*spans));
	uint32_t *slots = calloc(cap * 2, sizeof(*slots));
	if (spans)
		fold->spans = spans;
	if (!spans || !slots) {
		free(slots);
		return DWELL_ENOMEM;
	}
	free(fold->span_slots);
	fold->span_slots = slots;
	fold->span_slot_count = cap * 2;
	fold->span_cap = cap;
	for (size_t i = 0; i < kept; i++)
		*span_slot(fold, spans[i].id) = (uint32_t)i + 1;
	return DWELL_OK;
}

static int begin_span(struct digest_fold *fold, const struct dwell_event *event)
{
	uint32_t *slot;

	if (!event->object)
		return DWELL_OK;
	if (fold->span_count == fold->span_cap && grow_spans(fold))
		return DWELL_ENOMEM;
	slot = span_slot(fold, event->value);
	if (!*slot)
		*slot = (uint32_t)++fold->span_count;
	fold->spans[*slot - 1] = (struct digest_span){
		.id = event->value,
		.start_ns = event->time_ns,
		.label = event->object,
		.task = event->task,
		.kind = event->reason,
	};
	return DWELL_OK;
}

static int end_span(struct digest_fold *fold, const struct dwell_event *event)
{
	const uint32_t *slot = fold->span_cap ? span_slot(fold, event->value) : NULL;
	struct digest_span *span = slot && *slot ? &fold->spans[*slot - 1] : NULL;
	const struct dwell_wait none = { .task = 0 };
	struct item *item;

	if (!span || !span->label || !wants_task(fold->model, span->task))
		return DWELL_OK;
	item = item_of(fold, hash_mix(hash_mix(4, span->label), span->kind),
		span->kind >= DWELL_SPAN_GC_CYCLE ? DWELL_SUBJECT_PAUSE : DWELL_SUBJECT_SPAN,
		&none);
	if (!item)
		return DWELL_ENOMEM;
	item->label = span->label;
	span->label = 0;
	return series_add(&item->series, fold->model->from_ns, event->time_ns,
		event->time_ns - span->start_ns);
}

static int digest_event(void *fold, const struct dwell_event *event)
{
	switch (event->kind) {
	case DWELL_EVENT_SPAN_BEGIN:
		return begin_span(fold, event);
	case DWELL_EVENT_SPAN_END:
		return end_span(fold, event);
	case DWELL_EVENT_ACQUIRE:
		return event->object && event->task
			       ? hold(fold, event->task, event->object, event->time_ns)
			       : DWELL_OK;
	default:
		return event->object && event->task ? give_up(fold, event) : DWELL_OK;
	}
}

/* Where a batch's waits are taken from: those that are intervals, and the program's own. */
struct waiting {
	const struct dwell_told *told;
	size_t own, wait;
};

/* The next one, in the order in which they were told; false: none. */
static bool next_wait(struct waiting *at, struct dwell_wait *out)
{
	const struct dwell_told *told = at->told;
	const struct dwell_interval *own =
		at->own < told->own_count ? &told->intervals[told->own_waits[at->own]] : NULL;
	const struct dwell_wait *wait = at->wait < told->wait_count ? &told->waits[at->wait] : NULL;

	if (wait && (!own || wait->row < own->row)) {
		*out = *wait;
		at->wait++;
		return true;
	}
	if (!own)
		return false;
	*out = dwell_wait_of(own);
	at->own++;
	return true;
}

/* Sites may be many, and then none is near: they are asked for all at once, as in waits_fetch.c,
 * and inlined as there. */
__attribute__((always_inline)) static inline void fetch_sites(
	const struct digest_fold *fold, const struct dwell_told *told)
{
	enum { AT_ONCE = 256, TIMES = offsetof(struct item, times) };
	struct item **slots[AT_ONCE];
	size_t count = 0;

	for (size_t i = 0; i < told->own_count && count < AT_ONCE; i++) {
		const struct dwell_interval *of = &told->intervals[told->own_waits[i]];

		if (!wants_task(fold->model, of->task))
			continue;
		slots[count] = items_first_slot(&fold->items,
			item_key(site_key(of->reason, of->stack, of->task), DWELL_SUBJECT_SITE));
		__builtin_prefetch(slots[count++]);
	}
	for (size_t i = 0; i < count && fold->items.slots; i++) {
		__builtin_prefetch(*slots[i]);
		__builtin_prefetch((const char *)*slots[i] + TIMES);
	}
}

static int digest_batch(void *context, const struct fold_batch *batch)
{
	struct digest_fold *fold = context;
	struct waiting at = { .told = batch->told };
	struct dwell_wait wait;
	int err = digest_tasks_add(&fold->tasks, batch->told);

	if (fold->items.count >= DIGEST_MANY)
		fetch_sites(fold, batch->told);
	while (!err && batch->count && next_wait(&at, &wait))
		err = take_wait(fold, &wait);
	return err;
}

static int digest_merge(void *into, void *from)
{
	(void)into;
	(void)from;
	return DWELL_EINVAL; /* serial: there is nothing to merge */
}

static int digest_settle(
	void *context, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct digest_fold *fold = context;

	(void)lives;
	(void)count;
	return digest_tasks_settle(&fold->tasks, first);
}

const struct fold_ops digest_fold_ops = {
	.serial = true,
	.kinds = 1u << DWELL_EVENT_SPAN_BEGIN | 1u << DWELL_EVENT_SPAN_END |
		 1u << DWELL_EVENT_ACQUIRE | 1u << DWELL_EVENT_RELEASE,
	.make = digest_make,
	.free = digest_drop,
	.event = digest_event,
	.batch = digest_batch,
	.merge = digest_merge,
	.settle = digest_settle,
};

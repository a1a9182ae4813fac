/* When a wait was let go, and by whom: what stands in its end and in other rows. */
#include <stdlib.h>

#include "analysis/history.h"

/* The process that a task's maker is of, where that is another than its own; else 0. */
static uint32_t parent_process(const struct dwell_catalog *catalog, uint32_t task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(catalog, task);
	const struct dwell_catalog_task *maker =
		of && of->parent ? dwell_catalog_task(catalog, of->parent) : NULL;

	return maker && maker->process != of->process ? maker->process : 0;
}

void ends_release(struct table *children)
{
	for (uint32_t id = 0; id < children->end; id++) {
		struct ends *of = table_get(children, id);

		if (of)
			free(of->at);
	}
	table_release(children);
}

int history_end(struct dwell_history *h, const struct dwell_event *event)
{
	const uint32_t process = parent_process(h->model->catalog, event->task);
	uint64_t *ended = table_make(&h->ended, event->task);
	struct ends *of = process ? table_make(&h->children, process) : NULL;

	if (!ended || (process && !of))
		return DWELL_ENOMEM;
	*ended = event->time_ns + 1;
	if (of && of->count == of->cap) {
		const size_t cap = of->cap ? of->cap * 2 : 4;
		struct end_of *at = realloc(of->at, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		of->at = at;
		of->cap = cap;
	}
	if (of)
		of->at[of->count++] = (struct end_of){ event->time_ns, event->task };
	return DWELL_OK;
}

/* The last child that ended since the wait began: the one whose number the object is, or any. */
static const struct end_of *last_child(const struct dwell_history *h, const struct late_wait *late)
{
	const struct dwell_catalog *catalog = h->model->catalog;
	const struct dwell_catalog_task *waits = dwell_catalog_task(catalog, late->task);
	const struct dwell_catalog_object *object = dwell_catalog_object(catalog, late->object);
	const struct ends *of = waits ? table_get(&h->children, waits->process) : NULL;
	const bool named = object && object->kind == DWELL_OBJECT_PROCESS && object->native_id != 0;

	for (size_t i = of ? of->count : 0; i > 0 && of->at[i - 1].time_ns > late->start_ns; i--) {
		const struct dwell_catalog_task *child =
			dwell_catalog_task(catalog, of->at[i - 1].task);

		if (!named || (child && child->tid == (int64_t)object->native_id))
			return &of->at[i - 1];
	}
	return NULL;
}

static void decide_end(const struct dwell_history *h, struct late_wait *late)
{
	const uint64_t *ended = table_get(&h->ended, late->holder);
	const struct end_of *child;

	if (late->reason == DWELL_REASON_JOIN) {
		late->decided = ended && *ended;
		late->let_go_ns = late->decided ? *ended - 1 : 0;
		return;
	}
	child = last_child(h, late);
	late->decided = child;
	late->waker = child ? child->task : DWELL_NONE;
	late->let_go_ns = child ? child->time_ns : 0;
}

/* The last release of the wait's object so far decides when it was let go; or the end of a task. */
static void decide(const struct dwell_history *h, struct late_wait *late)
{
	const struct dwell_handle *last = table_get(&h->released, late->object);

	if (late->decided)
		return;
	if (late->for_end) {
		decide_end(h, late);
	} else if (late->object && last && last->object) {
		late->decided = true;
		late->let_go_ns = last->task == late->waker ? last->time_ns : 0;
	}
}

static uint64_t within(const struct dwell_stretch *stretch, uint64_t let_go_ns)
{
	if (let_go_ns <= stretch->start_ns)
		return 0;
	return let_go_ns < stretch->end_ns ? let_go_ns : stretch->end_ns;
}

static void let_go(struct dwell_stretch *stretch, const struct late_wait *late)
{
	stretch->let_go_ns = within(stretch, late->let_go_ns);
	/* A child that ended outside of the stretch did not end it. */
	if (!stretch->waker && stretch->let_go_ns)
		stretch->waker = late->waker;
}

void history_resolve(const struct dwell_history *h, struct dwell_stretch *stretch)
{
	struct late_wait late = {
		.start_ns = stretch->start_ns,
		.for_end = stretch->let_go_ns == END_EARLIER,
		.task = stretch->task,
		.object = stretch->object,
		.waker = stretch->waker,
		.holder = stretch->holder,
		.holder_how = stretch->holder_how,
		.reason = stretch->reason,
	};

	if (!is_earlier(stretch->let_go_ns))
		return;
	decide(h, &late);
	if (late.decided)
		let_go(stretch, &late);
	else if (stretch->start_ns >= h->told_ns)
		stretch->let_go_ns = 0;
}

/* It waited for the end of a task, and the stretch is of that wait: its begin said so, too. */
static bool take_end(
	const struct dwell_history *h, struct dwell_stretch *stretch, const struct late_wait *late)
{
	if (stretch->reason != late->reason || stretch->object != late->object ||
		stretch->holder != late->holder)
		return true;
	stretch->flags |= DWELL_STRETCH_FOR_END;
	if (late->reason == DWELL_REASON_JOIN)
		stretch->waker = late->holder;
	if (late->decided)
		let_go(stretch, late);
	else if (stretch->start_ns < h->told_ns)
		stretch->let_go_ns = END_EARLIER;
	return true;
}

bool history_late(struct dwell_history *h, struct late_wait *late)
{
	const uint32_t *last = table_get(&h->blocked, late->task);
	struct dwell_stretch *stretch = last && *last ? history_told(h, *last - 1) : NULL;

	decide(h, late);
	if (!stretch || stretch->start_ns < late->start_ns)
		return false;
	if (late->timed_out)
		stretch->flags |= DWELL_STRETCH_TIMED_OUT;
	if (!stretch->object)
		stretch->object = late->object;
	if (!stretch->stack)
		stretch->stack = late->stack;
	if (!stretch->holder) {
		stretch->holder = late->holder;
		stretch->holder_how = late->holder_how;
	}
	if (stretch->waker)
		return true;
	if (late->for_end)
		return take_end(h, stretch, late);
	if (!late->waker)
		return true;
	stretch->waker = late->waker;
	stretch->waker_stack = late->waker_stack;
	/* An end that names another object than the begin did does not say which release it was. */
	if (stretch->object != late->object)
		return true;
	if (late->decided)
		stretch->let_go_ns = within(stretch, late->let_go_ns);
	else if (stretch->start_ns < h->told_ns && late->object)
		stretch->let_go_ns = LET_GO_EARLIER;
	return true;
}

int history_keep_late(struct dwell_history *h, const struct late_wait *late)
{
	if (h->late_count == h->late_cap) {
		const size_t cap = h->late_cap ? h->late_cap * 2 : 16;
		struct late_wait *at = realloc(h->late, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		h->late = at;
		h->late_cap = cap;
	}
	h->late[h->late_count++] = *late;
	return DWELL_OK;
}

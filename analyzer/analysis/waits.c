/* Waits into groups. */
#include "analysis/waits_add.h"

#include <stdlib.h>

int waits_make(void **fold, const struct model *model, unsigned by, bool held_only)
{
	struct waits *waits = calloc(1, sizeof(*waits));

	if (!waits)
		return DWELL_ENOMEM;
	waits->model = model;
	waits->only_sums = model->query->only_sums;
	waits->held_only = true;
	waits_add_view(waits, by, held_only);
	waits->waiters.item = sizeof(struct waiter);
	waits->gots.item = sizeof(struct waits_gots);
	waits->places.item = sizeof(struct waits_place);
	waits->lived.item = sizeof(unsigned char *);
	past_init(&waits->past);
	releases_init(&waits->releases);
	active_init(&waits->active, model);
	*fold = waits;
	return DWELL_OK;
}

void waits_add_view(struct waits *waits, unsigned by, bool held_only)
{
	struct waits_view *view = &waits->views[waits->view_count++];

	view->by = by;
	view->held_only = held_only;
	waits->held_only &= held_only;
}

void waits_drop(void *fold)
{
	struct waits *waits = fold;

	if (!waits)
		return;
	for (unsigned i = 0; i < waits->view_count; i++)
		groups_release(&waits->views[i].groups);
	past_release(&waits->past);
	releases_release(&waits->releases);
	active_release(&waits->active);
	table_release(&waits->waiters);
	table_release(&waits->gots);
	table_release(&waits->places);
	waits_drop_lived(waits);
	free(waits->ended);
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
	return past_begin(&waits->past, waits->states, dwell_states_end(waits->states));
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

enum { TOGETHER = 8 };

static inline bool say_why(const struct dwell_event *rows)
{
	uint32_t any = 0;

	for (size_t i = 0; i < TOGETHER; i++)
		any |= rows[i].reason | rows[i].object;
	return any;
}

/* Does any row say so? */
static bool any_needs_past(const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	const uint32_t always = 1u << DWELL_EVENT_WAIT_BEGIN | 1u << DWELL_EVENT_ACQUIRE |
				1u << DWELL_EVENT_RELEASE;
	size_t i = 0;

	/* Most traces that do not need it have neither reasons nor objects. */
	while (!(kinds & always) && i + TOGETHER <= count && !say_why(&rows[i]))
		i += TOGETHER;
	for (; i < count; i++)
		if (needs_past(&rows[i]))
			return true;
	return false;
}

bool waits_looks(const void *fold, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	const struct waits *waits = fold;

	return !waits->past.begun && any_needs_past(rows, count, kinds);
}

int waits_ahead(void *fold, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	return waits_looks(fold, rows, count, kinds) ? begin_past(fold) : DWELL_OK;
}

/* Who runs or is ready at the start. */
static int begin_active(struct waits *waits, const struct fold_start *start)
{
	int err = DWELL_OK;

	active_begin(&waits->active, start->time_ns);
	for (size_t i = 0; i < start->count && !err; i++) {
		const struct dwell_task_state *state = &start->keyframe[i];
		struct waiter *waiter;

		if (state->lost_ns ||
			(state->state != DWELL_RUNNING && state->state != DWELL_RUNNABLE))
			continue;
		waiter = waiter_of(waits, state->task);
		err = waiter ? active_set(&waits->active, state->task, &waiter->active, true)
			     : DWELL_ENOMEM;
	}
	return err;
}

int waits_begin(void *fold, const struct fold_start *start)
{
	struct waits *waits = fold;
	const int err = begin_active(waits, start);

	if (err)
		return err;
	waits->any = !waits->model->selection.reasons && !waits->model->object_bits &&
		     !waits->model->task_bits;
	waits->begin_ns = start->time_ns;
	waits->states = start->states;
	for (size_t i = 0; i < start->count; i++)
		if (start->keyframe[i].wait_reason || start->keyframe[i].reason)
			return begin_past(waits);
	return DWELL_OK;
}

void waits_go_on(void *fold, const struct dwell_states *states)
{
	struct waits *waits = fold;

	waits->states = states;
	waits->past.states = states;
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

/* Stacks that read the same are one place: each process has its own. */
static uint64_t place_of(struct waits *waits, uint32_t stack)
{
	struct waits_place *place = stack ? table_make(&waits->places, stack) : NULL;

	if (!place)
		return stack ? catalog_stack_hash(waits->model->catalog, stack) : 0;
	if (!place->hash)
		place->hash = catalog_stack_hash(waits->model->catalog, stack) | 1;
	return place->hash;
}

uint64_t waits_key(struct waits *waits, const struct waits_view *view, uint32_t task,
	uint32_t object, uint32_t stack, unsigned reason, uint32_t *id)
{
	switch (view->by) {
	case DWELL_BY_OBJECT:
		*id = object;
		/* Without an object a wait is told by its reason at least, a lock by its place. */
		return object ? hash_mix(1, object)
			      : hash_mix(hash_mix(2, reason),
					view->held_only ? place_of(waits, stack) : 0);
	case DWELL_BY_REASON:
		*id = reason;
		return hash_mix(1, reason);
	case DWELL_BY_TASK:
	case DWELL_BY_CLASS:
		/* Of several reasons the one that took longest stands for them all. */
		*id = task;
		return hash_mix(hash_mix(1, task), reason);
	default:
		/* Where no stack tells the place, who waits does. */
		*id = stack ? 0 : task;
		return hash_mix(
			hash_mix(hash_mix(hash_mix(1, reason), kind_or_object(waits, object)),
				stack),
			*id);
	}
}

struct group *waits_group(struct waits *waits, struct waits_view *view, uint32_t task,
	uint32_t object, uint32_t stack, unsigned reason)
{
	uint32_t id;
	bool made;
	const uint64_t key = waits_key(waits, view, task, object, stack, reason, &id);
	struct group *group = groups_get(&view->groups, key, &made);

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

/* Is it a wait for a lock of which neither its reason nor its object tells? */
static inline bool is_handed(struct waits *waits, unsigned reason, uint32_t stack)
{
	const bool may_be = reason == DWELL_REASON_POLL || reason == DWELL_REASON_COND ||
			    reason == DWELL_REASON_FUTEX;
	struct waits_place *place;

	if (!may_be || !stack)
		return false;
	place = table_make(&waits->places, stack);
	if (!place)
		return stack_is_handed(waits->model->catalog, reason, stack);
	if (place->asked != reason)
		place->handed = stack_is_handed(waits->model->catalog, reason, stack);
	place->asked = (uint8_t)reason;
	return place->handed;
}

/* What one is in the view: among locks a mutex that is known by its place, as Go's. */
static inline struct dwell_interval as_shown(
	const struct waits_view *view, const struct dwell_interval *wait, bool handed)
{
	struct dwell_interval shown = *wait;

	if (handed && view->held_only) {
		shown.reason = DWELL_REASON_MUTEX;
		shown.object = DWELL_NONE;
	}
	return shown;
}

struct group *waits_group_anew(struct waits *waits, unsigned view, struct waiter *waiter,
	const struct dwell_interval *wait, bool handed)
{
	if (!is_as_before(waiter, wait)) {
		for (unsigned i = 0; i < WAITS_VIEWS; i++)
			waiter->groups[i] = NULL;
		waits->strangers++;
		waiter->object = wait->object;
		waiter->stack = wait->stack;
		waiter->reason = wait->reason;
	}
	if (!waiter->groups[view]) {
		const struct dwell_interval shown = as_shown(&waits->views[view], wait, handed);

		waiter->groups[view] = waits_group(waits, &waits->views[view], shown.task,
			shown.object, shown.stack, shown.reason);
	}
	return waiter->groups[view];
}

/* lock: the same wait, as what it is for. */
static int fold_wait(struct waits *waits, struct waiter *waiter, const struct dwell_wait *wait,
	const struct dwell_wait *lock)
{
	const struct dwell_interval all = {
		.start_ns = wait->start_ns,
		.end_ns = wait->end_ns,
		.task = wait->task,
		.object = wait->object,
		.stack = wait->stack,
		.reason = wait->reason,
		.waker = wait->waker,
		.waker_stack = wait->waker_stack,
	};
	struct group *groups[WAITS_VIEWS] = { NULL };

	for (unsigned i = 0; i < waits->view_count; i++) {
		if (!waits_shows(&waits->views[i], lock->reason))
			continue;
		groups[i] = add_wait(waits, i, waiter, &all, wait->flags, lock != wait);
		if (!groups[i])
			return DWELL_ENOMEM;
		groups[i]->times.blocked_ns += wait->blocked_ns;
		groups[i]->times.runnable_ns += wait->runnable_ns;
		groups[i]->times.running_ns += wait->running_ns;
		groups[i]->times.unknown_ns += wait->unknown_ns;
	}
	return waits_blame(waits, groups, lock);
}

bool never_waited(const struct dwell_wait *wait)
{
	return !is_held(wait->reason) && wait->running_ns && !wait->blocked_ns && !wait->unknown_ns;
}

static int add_got(struct waits *waits, const struct dwell_wait *wait)
{
	struct waits_gots *gots = table_make(&waits->gots, wait->task);

	if (!gots)
		return DWELL_ENOMEM;
	gots->last[gots->count++ % WAITS_GOT] =
		(struct waits_got){ wait->end_ns, wait->waker, wait->waker_stack };
	return DWELL_OK;
}

int waits_wait(struct waits *waits, const struct dwell_wait *wait)
{
	struct waiter *waiter = waiter_of(waits, wait->task);
	const struct dwell_wait *lock = wait;
	int err = waiter ? DWELL_OK : DWELL_ENOMEM;
	struct dwell_wait handed;

	if (is_handed(waits, wait->reason, wait->stack)) {
		handed = *wait;
		handed.reason = DWELL_REASON_MUTEX;
		handed.object = handed.holder = DWELL_NONE;
		handed.holder_how = 0;
		lock = &handed;
	}
	if (!err && !never_waited(wait) && wants_wait(waits->model, wait) &&
		!(waits->held_only && !may_be_lock(lock->reason)))
		err = fold_wait(waits, waiter, wait, lock);
	if (!err)
		err = waits_queue(waits, waiter, 0);
	if (err)
		return err;
	waiter->awake_ns = wait->end_ns;
	if (wait->object && may_be_lock(wait->reason) && !(wait->flags & DWELL_EVENT_TIMED_OUT)) {
		struct released *of = releases_of(&waits->releases, wait->object);

		if (!of)
			return DWELL_ENOMEM;
		released_got(of, wait->task);
	}
	if (is_held(lock->reason))
		err = add_got(waits, wait);
	return err;
}

static int on_other_wait(struct waits *waits, const struct dwell_interval *of)
{
	const struct dwell_wait wait = dwell_wait_of(of);

	return waits_wait(waits, &wait);
}

int waits_own(struct waits *waits, const struct dwell_interval *interval)
{
	if (interval->object || may_be_lock(interval->reason) ||
		is_handed(waits, interval->reason, interval->stack))
		return on_other_wait(waits, interval);

	struct waiter *waiter = waiter_of(waits, interval->task);

	return waiter ? on_plain_wait(waits, waiter, interval) : (int)DWELL_ENOMEM;
}

/* Why it is blocked from now on: a semaphore that is a lock counts as one. */
static unsigned next_reason(struct waits *waits, const struct dwell_interval *interval)
{
	const struct waiter *waiter = interval->next_reason == DWELL_REASON_SEMAPHORE
					      ? table_get(&waits->waiters, interval->task)
					      : NULL;

	return waiter && waiter->for_lock ? DWELL_REASON_MUTEX : interval->next_reason;
}

int waits_interval(struct waits *waits, const struct dwell_interval *interval)
{
	const bool handed = interval->state == DWELL_BLOCKED &&
			    is_handed(waits, interval->reason, interval->stack);
	struct dwell_interval was = *interval;
	int err = DWELL_OK;

	if (handed)
		was.reason = DWELL_REASON_MUTEX;
	if (waits->past.begun)
		err = past_add(&waits->past, &was, next_reason(waits, interval));
	return err || !(interval->told & DWELL_TOLD_WAIT) ? err : waits_own(waits, interval);
}

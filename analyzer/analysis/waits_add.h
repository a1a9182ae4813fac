#ifndef DWELL_ANALYSIS_WAITS_ADD_H
#define DWELL_ANALYSIS_WAITS_ADD_H

#include "analysis/waits.h"
#include "model/histogram_add.h"

/* One wait into its group: for loops over very many. */

static inline bool is_as_before(const struct waiter *waiter, const struct dwell_interval *wait)
{
	return waiter->object == wait->object && waiter->stack == wait->stack &&
	       waiter->reason == wait->reason;
}

/* The group of a wait, looked for; NULL: no memory. */
struct group *waits_group_anew(struct waits *waits, unsigned view, struct waiter *waiter,
	const struct dwell_interval *wait, bool handed);

/* Of the waiter's last wait again, mostly. */
static inline struct group *group_of_waiter(struct waits *waits, unsigned view,
	struct waiter *waiter, const struct dwell_interval *wait, bool handed)
{
	struct group *group = waiter->groups[view];

	return group && is_as_before(waiter, wait)
		       ? group
		       : waits_group_anew(waits, view, waiter, wait, handed);
}

/* It had been woken by who waits now, since that one was awake: so this is its reply. */
static inline bool replies(
	const struct waiter *me, const struct waiter *other, uint32_t task, uint64_t start_ns)
{
	return other->woken_by == task && other->woken_ns >= me->awake_ns &&
	       other->woken_ns <= start_ns;
}

static inline int add_waker(struct waits *waits, struct groups *groups, struct group *group,
	const struct waiter *me, const struct dwell_interval *wait)
{
	const struct waiter *other = wait->waker ? waiter_of(waits, wait->waker) : NULL;

	if (!other)
		return wait->waker ? DWELL_ENOMEM : DWELL_OK;
	group->woken++;
	group->replies += replies(me, other, wait->task, wait->start_ns);
	return group_add_one_waker(
		groups, group, wait->waker, wait->waker_stack, wait->end_ns - wait->start_ns);
}

/* Where the buckets are it is two cache lines more, of very many. */
static inline int add_length(const struct waits *waits, struct dwell_histogram *of, uint64_t ns)
{
	if (!waits->only_sums)
		return histogram_add_one(of, ns);
	of->count++;
	of->sum += ns;
	if (ns > of->max)
		of->max = ns;
	return DWELL_OK;
}

/* What all waits have. NULL: no memory. */
static inline struct group *add_wait(struct waits *waits, unsigned view, struct waiter *waiter,
	const struct dwell_interval *wait, uint8_t flags, bool handed)
{
	const uint64_t ns = wait->end_ns - wait->start_ns;
	struct group *group = group_of_waiter(waits, view, waiter, wait, handed);

	if (!group || add_length(waits, &group->waits, ns))
		return NULL;
	if (!group->last_ns || wait->start_ns < group->first_ns) {
		group->first_ns = wait->start_ns;
		group->first_task = wait->task;
	}
	if (wait->end_ns > group->last_ns)
		group->last_ns = wait->end_ns;
	group->timed_out += (flags & DWELL_EVENT_TIMED_OUT) != 0;
	if (waits->views[view].held_only)
		return group;
	if (!waiter->active.process && active_meet(&waits->active, wait->task, &waiter->active))
		return NULL;
	group->underused_ns += active_unused(&waits->active, &waiter->active, ns);
	return add_waker(waits, &waits->views[view].groups, group, waiter, wait) ? NULL : group;
}

static inline bool wants_plain(const struct waits *waits, const struct dwell_interval *of)
{
	const struct dwell_wait asked = { .task = of->task, .reason = of->reason };

	return waits->any || wants_wait(waits->model, &asked);
}

/* One on no object and for nothing that anybody holds: there is nobody to blame. */
static inline int on_plain_wait(
	struct waits *waits, struct waiter *waiter, const struct dwell_interval *of)
{
	for (unsigned i = 0; i < waits->view_count && wants_plain(waits, of); i++) {
		struct group *group;

		if (waits->views[i].held_only)
			continue;
		group = add_wait(waits, i, waiter, of, of->wait_flags, false);
		if (!group)
			return DWELL_ENOMEM;
		group->times.blocked_ns += of->end_ns - of->start_ns;
	}
	waiter->awake_ns = of->end_ns;
	return waiter->queued ? waits_queue(waits, waiter, 0) : DWELL_OK;
}

#endif

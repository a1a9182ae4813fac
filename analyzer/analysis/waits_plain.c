/*
 * Rows of schedulers that went as the states of their tasks foresaw, which nearly all do. Of these
 * most change nothing here: who enters was ready before, who has to leave is ready still. What is
 * left is who begins to wait, and who is woken and has waited.
 */
#include "analysis/waits_add.h"

/* The compiler would make calls of some of these, and a loop for one view. */
#define always_inline __attribute__((always_inline)) static inline

always_inline int on_leave(struct waits *waits, const struct dwell_event *event, uint64_t now_ns)
{
	struct waiter *waiter = waiter_of(waits, event->task);

	waits->active.now_ns = now_ns;
	return waiter ? active_set(&waits->active, event->task, &waiter->active, false)
		      : DWELL_ENOMEM;
}

/* alone: all waits are wanted, and only the first view shows those for nothing that is held. */
always_inline int on_woken(struct waits *waits, const struct dwell_event *event,
	const struct dwell_interval *wait, uint64_t now_ns, bool alone)
{
	struct waiter *waiter = waiter_of(waits, event->task);
	struct group *group;

	waits->active.now_ns = now_ns;
	if (!waiter || active_set(&waits->active, event->task, &waiter->active, true))
		return DWELL_ENOMEM;
	if (event->peer) {
		waiter->woken_by = event->peer;
		waiter->woken_ns = event->time_ns;
	}
	if (__builtin_expect(!alone || wait->reason, 0))
		return waits_own(waits, wait);
	group = add_wait(waits, 0, waiter, wait, wait->wait_flags, false);
	if (!group)
		return DWELL_ENOMEM;
	group->times.blocked_ns += wait->end_ns - wait->start_ns;
	waiter->awake_ns = wait->end_ns;
	return DWELL_OK;
}

always_inline int rows(struct waits *waits, const struct fold_batch *batch, size_t *at, size_t end,
	size_t *own, bool alone)
{
	const struct dwell_told *told = batch->told;
	uint64_t now_ns = waits->active.now_ns;
	size_t row = *at, next = *own;
	int err = DWELL_OK;

	for (; row < end && !err; row++) {
		const struct dwell_event *event = &batch->rows[row];

		if (event->time_ns > now_ns)
			now_ns = event->time_ns;
		if (event->kind == DWELL_EVENT_WAKE)
			err = on_woken(waits, event, &told->intervals[told->own_waits[next++]],
				now_ns, alone);
		else if (event->state == DWELL_BLOCKED && event->task)
			err = on_leave(waits, event, now_ns);
	}
	waits->active.now_ns = now_ns;
	*at = row;
	*own = next;
	return err;
}

int waits_plain(
	struct waits *waits, const struct fold_batch *batch, size_t *at, size_t end, size_t *own)
{
	const bool alone = waits->any && !waits->views[0].held_only &&
			   (waits->view_count == 1 || waits->views[1].held_only);

	return alone ? rows(waits, batch, at, end, own, true)
		     : rows(waits, batch, at, end, own, false);
}

/*
 * Rows of schedulers that went as the states of their tasks foresaw, which nearly all do. Of these
 * most change nothing here: who enters was ready before, who has to leave is ready still. What is
 * left is who begins to wait, and who is woken and has waited.
 */
#include "analysis/waits_add.h"

static inline int on_leave(struct waits *waits, const struct dwell_event *event)
{
	struct waiter *waiter = waiter_of(waits, event->task);

	return waiter ? active_set(&waits->active, event->task, &waiter->active, false)
		      : DWELL_ENOMEM;
}

static inline int on_woken(
	struct waits *waits, const struct dwell_event *event, const struct dwell_interval *wait)
{
	struct waiter *waiter = waiter_of(waits, event->task);

	if (!waiter || active_set(&waits->active, event->task, &waiter->active, true))
		return DWELL_ENOMEM;
	if (event->peer) {
		waiter->woken_by = event->peer;
		waiter->woken_ns = event->time_ns;
	}
	return wait->reason ? waits_own(waits, wait) : on_plain_wait(waits, waiter, wait);
}

int waits_plain(
	struct waits *waits, const struct fold_batch *batch, size_t *at, size_t end, size_t *own)
{
	const struct dwell_told *told = batch->told;
	size_t row = *at, next = *own;
	int err = DWELL_OK;

	for (; row < end && !err; row++) {
		const struct dwell_event *event = &batch->rows[row];

		active_now(&waits->active, event->time_ns);
		if (event->kind == DWELL_EVENT_WAKE)
			err = on_woken(waits, event, &told->intervals[told->own_waits[next++]]);
		else if (event->state == DWELL_BLOCKED && event->task)
			err = on_leave(waits, event);
	}
	*at = row;
	*own = next;
	return err;
}

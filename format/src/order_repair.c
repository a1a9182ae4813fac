/* Who is where, as far as the rows in order say; wakes that came after what they caused. */
#include "src/order_private.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

enum where { UNSEEN, RUNS, LEFT_BLOCKED, READY };

struct whereabouts {
	uint64_t entered_ns;
	uint8_t where;
	bool woken;       /* while it ran */
	bool unexplained; /* it entered, and nothing says who made it ready */
};

/* NULL: not a task, or no memory (then *err is set). */
static struct whereabouts *look_up(struct dwell_order *order, uint32_t task, int *err)
{
	if (!task)
		return NULL;
	if (task > DWELL_MAX_TASKS) {
		*err = DWELL_ELIMIT;
		return NULL;
	}

	struct whereabouts **page = &order->tasks[task >> ORDER_TASK_BITS];

	if (!*page)
		*page = calloc(ORDER_PAGE_TASKS, sizeof(**page));
	if (!*page) {
		*err = DWELL_ENOMEM;
		return NULL;
	}
	return &(*page)[task % ORDER_PAGE_TASKS];
}

static void note_switch(struct dwell_order *order, const struct dwell_event *row, int *err)
{
	struct whereabouts *left = look_up(order, row->task, err);
	struct whereabouts *entered;

	if (left) {
		left->where = READY;
		if (row->state == DWELL_BLOCKED && !left->woken)
			left->where = LEFT_BLOCKED;
	}
	entered = look_up(order, row->peer, err);
	if (!entered)
		return;
	entered->unexplained = entered->where == LEFT_BLOCKED || entered->where == UNSEEN;
	entered->entered_ns = row->time_ns;
	entered->where = RUNS;
	entered->woken = false;
}

/* Put a wake before the entry of `task` that it caused. */
static void move_before(
	struct dwell_order *order, struct dwell_event *wake, const struct whereabouts *woken)
{
	size_t at = order->ready_end;

	while (at > order->ready_begin && order->ready[at - 1].time_ns >= woken->entered_ns) {
		const struct dwell_event *row = &order->ready[--at];

		if (row->kind != DWELL_EVENT_SWITCH || row->peer != wake->task)
			continue;
		order->repairs += wake->time_ns != row->time_ns;
		wake->time_ns = row->time_ns;
		memmove(&order->ready[at + 1], &order->ready[at],
			(order->ready_end - at) * sizeof(*wake));
		order->ready[at] = *wake;
		order->ready_end++;
		return;
	}
	order->ready[order->ready_end++] = *wake;
}

static int look_at_wake(struct dwell_order *order, const struct dwell_event *row)
{
	int err = DWELL_OK;
	struct whereabouts *woken = look_up(order, row->task, &err);

	if (woken && woken->where == RUNS && woken->unexplained &&
		row->time_ns - woken->entered_ns <= ORDER_SLACK_NS) {
		struct dwell_event wake = *row;

		woken->unexplained = false;
		move_before(order, &wake, woken);
		return err;
	}
	order->ready_end++;
	if (!woken)
		return err;
	if (woken->where == RUNS)
		woken->woken = true;
	else
		woken->where = READY;
	return err;
}

static int look_at_one(struct dwell_order *order, const struct dwell_event *row)
{
	int err = DWELL_OK;

	if (row->kind == DWELL_EVENT_WAKE || row->kind == DWELL_EVENT_CREATE)
		return look_at_wake(order, row);
	if (row->kind == DWELL_EVENT_SWITCH)
		note_switch(order, row, &err);
	order->ready_end++;
	return err;
}

/* Says nothing of who is where. */
static inline bool is_plain(const struct dwell_event *row)
{
	return row->kind > DWELL_EVENT_WAKE && row->kind != DWELL_EVENT_CREATE;
}

int order_look_at(struct dwell_order *order, size_t count)
{
	const struct dwell_event *row = order->ready + order->ready_end, *end = row + count;
	int err = DWELL_OK;

	while (row < end && !err) {
		const struct dwell_event *plain = row;

		while (plain < end && is_plain(plain))
			plain++;
		order->ready_end += (size_t)(plain - row);
		if (plain < end)
			err = look_at_one(order, plain++);
		row = plain;
	}
	return err;
}

int order_hand_on(struct dwell_order *order, size_t count)
{
	int err;

	if (!count)
		return DWELL_OK;
	err = DWELL_TELL(order->relay.next, events, order->ready + order->ready_begin, count);
	order->ready_begin += count;
	if (order->ready_begin == order->ready_end)
		order->ready_begin = order->ready_end = 0;
	return err;
}

int order_hand_on_before(struct dwell_order *order, uint64_t time_ns)
{
	size_t low = order->ready_begin, high = order->ready_end;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (order->ready[middle].time_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return order_hand_on(order, low - order->ready_begin);
}

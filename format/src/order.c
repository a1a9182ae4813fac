/*
 * Rows wait in runs, about one for each ring. When a watermark passes, the runs are merged up to
 * it; on the way rows are looked through for wakes that came after what they caused, and, a little
 * behind (a wake may still be moved before them), handed on.
 */
#include "src/order_private.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

enum {
	LEAST_ROWS = 64,
	READY_ROWS = 1024 /* handed on together, so that they are still in a near cache */
};

static struct dwell_order *order_of(struct dwell_sink *sink)
{
	return (struct dwell_order *)sink;
}

/* Room behind what is ready, for READY_ROWS. Where most of the rows there were handed on, those
 * that were not go to the front. */
static bool make_room_behind(struct dwell_order *order)
{
	const size_t ready = order->ready_end - order->ready_begin;

	if (order->ready_end + READY_ROWS <= order->ready_cap)
		return true;
	if (order->ready_begin > ready) {
		memmove(order->ready, order->ready + order->ready_begin,
			ready * sizeof(*order->ready));
		order->ready_begin = 0;
		order->ready_end = ready;
	}
	if (order->ready_end + READY_ROWS <= order->ready_cap)
		return true;

	const size_t cap = 2 * (order->ready_end + READY_ROWS);
	struct dwell_event *grown = realloc(order->ready, cap * sizeof(*grown));

	if (!grown)
		return false;
	order->ready = grown;
	order->ready_cap = cap;
	return true;
}

/* The same; what is final before time_ns is handed on first. */
static int make_room_ready(struct dwell_order *order, uint64_t time_ns)
{
	int err = DWELL_OK;

	if (order->ready_end - order->ready_begin >= order->ready_due && time_ns > ORDER_SLACK_NS) {
		err = order_hand_on_before(order, time_ns - ORDER_SLACK_NS);
		order->ready_due = order->ready_end - order->ready_begin + READY_ROWS;
	}
	return err || make_room_behind(order) ? err : (int)DWELL_ENOMEM;
}

/* The rows that stand behind those that are ready. */
static int look_at_some(struct dwell_order *order, size_t count)
{
	if (!count)
		return DWELL_OK;

	const uint64_t last_ns = order->ready[order->ready_end + count - 1].time_ns;

	if (last_ns > order->floor_ns)
		order->floor_ns = last_ns;
	return order_look_at(order, count);
}

/* Merge what is before time_ns, or at least `least` rows. */
static int merge_ready(struct dwell_order *order, uint64_t time_ns, size_t least)
{
	struct order_merge merge;
	size_t some;
	int err;

	order_merge_begin(&merge, &order->hold);
	do {
		err = make_room_ready(order, order->floor_ns);
		if (err)
			break;
		some = order_merge_some(&merge, order->ready + order->ready_end, READY_ROWS,
			time_ns, least > merge.taken ? least - merge.taken : 0);
		err = look_at_some(order, some);
	} while (!err && some == READY_ROWS);
	order_merge_end(&merge);
	return err;
}

static int make_ready(struct dwell_order *order, uint64_t time_ns, size_t least)
{
	int err = order->hold.loose.first ? order_hold_settle(&order->hold) : DWELL_OK;

	if (!err && least)
		err = merge_ready(order, time_ns, least);
	while (!err && order->hold.earliest_ns < time_ns)
		err = merge_ready(order, time_ns, 0);
	return err;
}

static int pass(struct dwell_order *order, uint64_t time_ns)
{
	const uint64_t until = time_ns > ORDER_SLACK_NS ? time_ns - ORDER_SLACK_NS : 0;
	int err = DWELL_OK;

	if (time_ns > order->hold.earliest_ns)
		err = make_ready(order, time_ns, 0);
	if (time_ns > order->floor_ns)
		order->floor_ns = time_ns;
	if (!err)
		err = order_hand_on_before(order, until);
	return err ? err : DWELL_TELL(order->relay.next, watermark, until);
}

static int on_watermark(struct dwell_sink *sink, uint64_t time_ns)
{
	struct dwell_order *order = order_of(sink);

	return time_ns > order->floor_ns ? pass(order, time_ns) : DWELL_OK;
}

/* No room: the older half goes on, watermark or not. */
static int make_room(struct dwell_order *order)
{
	const int err = make_ready(order, 0, (order->hold.count + 1) / 2);

	return err ? err : order_hand_on(order, order->ready_end - order->ready_begin);
}

/* A loss that is told at its end is told at its start, if all rows since then are still held. */
static void tell_ahead(const struct dwell_order *order, struct dwell_event *row)
{
	const uint64_t end_ns = row->time_ns;

	if (row->kind != DWELL_EVENT_LOSS || row->task || row->extra >= end_ns ||
		row->extra < order->floor_ns)
		return;
	row->time_ns = row->extra;
	row->extra = end_ns;
}

/* One that must be looked at more closely than most. */
static void mend(struct dwell_order *order, struct dwell_event *row)
{
	tell_ahead(order, row);
	if (row->time_ns < order->floor_ns) {
		row->time_ns = order->floor_ns;
		order->repairs++;
	}
}

static int hold(struct dwell_order *order, const struct dwell_event *rows, size_t count)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < count && !err;) {
		struct dwell_event row = rows[i++];

		if (row.kind == DWELL_EVENT_LOSS || row.time_ns < order->floor_ns)
			mend(order, &row);
		err = order_hold_put(&order->hold, &row);
		if (!err)
			i += order_hold_put_on(&order->hold, rows + i, count - i);
	}
	return err;
}

/* Not where they would be too many: then rows are moved, before the last of them is put. */
static struct dwell_event *on_room(struct dwell_sink *sink, size_t count)
{
	struct dwell_order *order = order_of(sink);

	return count < order->max_rows - order->hold.count ? order_hold_room(&order->hold, count)
							   : NULL;
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct dwell_order *order = order_of(sink);
	int err = DWELL_OK;

	while (count && !err) {
		const size_t room = order->max_rows - order->hold.count;
		const size_t n = count < room ? count : room;

		err = hold(order, events, n);
		events += n;
		count -= n;
		if (!err && order->hold.count == order->max_rows)
			err = make_room(order);
	}
	return err;
}

static int on_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct dwell_order *order = order_of(sink);
	int err = make_ready(order, UINT64_MAX, order->hold.count);

	if (!err)
		err = order_hand_on(order, order->ready_end - order->ready_begin);
	return err ? err : DWELL_TELL(order->relay.next, end, end);
}

int dwell_order_new(struct dwell_order **out, struct dwell_sink *next, size_t max_rows)
{
	struct dwell_order *order = calloc(1, sizeof(*order));

	if (!order)
		return DWELL_ENOMEM;
	order->tasks = calloc(ORDER_TASK_PAGES, sizeof(*order->tasks));
	if (!order->tasks) {
		free(order);
		return DWELL_ENOMEM;
	}
	dwell_relay_init(&order->relay, next);
	order->relay.ops.room = on_room;
	order->relay.ops.events = on_events;
	order->relay.ops.watermark = on_watermark;
	order->relay.ops.end = on_end;
	order->max_rows = max_rows < LEAST_ROWS ? (size_t)LEAST_ROWS : max_rows;
	if (order->max_rows > UINT32_MAX / 2)
		order->max_rows = UINT32_MAX / 2; /* refs number them */
	order_hold_init(&order->hold);
	*out = order;
	return DWELL_OK;
}

void dwell_order_free(struct dwell_order *order)
{
	if (!order)
		return;
	for (size_t i = 0; i < ORDER_TASK_PAGES; i++)
		free(order->tasks[i]);
	free(order->tasks);
	order_hold_release(&order->hold);
	free(order->ready);
	free(order);
}

struct dwell_sink *dwell_order_sink(struct dwell_order *order)
{
	return &order->relay.sink;
}

uint64_t dwell_order_repairs(const struct dwell_order *order)
{
	return order->repairs;
}

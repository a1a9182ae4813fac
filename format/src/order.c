/*
 * Rows wait in `held` as they came, which is in runs: one ring after the other. When a watermark
 * passes, the runs are merged up to it; on the way rows are looked through for wakes that came
 * after what they caused, and, a little behind (a wake may still be moved before them), handed on.
 */
#include "src/order_private.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

enum {
	LEAST_ROWS = 64,
	NEAR_ROWS = 32,   /* how far a row that is a little early is moved within its run */
	READY_ROWS = 1024 /* handed on together, so that they are still in a near cache */
};

static struct dwell_order *order_of(struct dwell_sink *sink)
{
	return (struct dwell_order *)sink;
}

static bool grow(void **at, size_t *cap, size_t count, size_t size)
{
	if (count <= *cap)
		return true;

	const size_t more = count + count / 2 + LEAST_ROWS;
	void *grown = realloc(*at, more * size);

	if (!grown)
		return false;
	*at = grown;
	*cap = more;
	return true;
}

static bool grow_rows(struct dwell_event **rows, size_t *cap, size_t count)
{
	void *at = *rows;
	const bool ok = grow(&at, cap, count, sizeof(**rows));

	*rows = at;
	return ok;
}

static bool grow_refs(struct dwell_order *order)
{
	const size_t cap = order->held_cap > order->spare_cap ? order->held_cap : order->spare_cap;

	if (order->refs_cap >= order->held_count)
		return true;
	for (int i = 0; i < 2; i++) {
		struct order_ref *refs = realloc(order->refs[i], cap * sizeof(*refs));

		if (!refs)
			return false;
		order->refs[i] = refs;
	}
	order->refs_cap = cap;
	return true;
}

static struct order_ref *sort_held(struct dwell_order *order)
{
	struct order_ref *refs = order->refs[0];

	for (size_t i = 0; i < order->held_count; i++)
		refs[i] = (struct order_ref){
			.time_ns = order->held[i].time_ns,
			.ring = order_ring(&order->held[i]),
			.index = (uint32_t)i,
		};
	return order_sort(refs, order->refs[1], order->held_count);
}

/* What is in spare is held from now on, one run. */
static void take_spare(struct dwell_order *order, size_t count)
{
	struct dwell_event *held = order->held;
	const size_t held_cap = order->held_cap;

	order->held = order->spare;
	order->held_cap = order->spare_cap;
	order->held_count = count;
	order->earliest_ns = count ? order->held[0].time_ns : UINT64_MAX;
	order->runs[0] = 0;
	order->run_count = count ? 1 : 0;
	order->spare = held;
	order->spare_cap = held_cap;
}

/* Room behind what is ready, for READY_ROWS; what is final before time_ns is handed on first. */
static int make_room_ready(struct dwell_order *order, uint64_t time_ns)
{
	int err = DWELL_OK;

	if (order->ready_count >= order->ready_due && time_ns > ORDER_SLACK_NS) {
		err = order_hand_on_before(order, time_ns - ORDER_SLACK_NS);
		order->ready_due = order->ready_count + READY_ROWS;
	}
	if (!err && !grow_rows(&order->ready, &order->ready_cap,
			    order->ready_count + (size_t)READY_ROWS))
		err = DWELL_ENOMEM;
	return err;
}

/* The rows that stand behind those that are ready. */
static int look_at_some(struct dwell_order *order, size_t count)
{
	int err = DWELL_OK;

	if (count && order->ready[order->ready_count + count - 1].time_ns > order->floor_ns)
		order->floor_ns = order->ready[order->ready_count + count - 1].time_ns;
	for (size_t i = 0; i < count && !err; i++)
		err = order_look_at(order);
	return err;
}

static int make_one_ready(struct dwell_order *order, const struct dwell_event *row)
{
	const int err = make_room_ready(order, row->time_ns);

	if (err)
		return err;
	order->ready[order->ready_count] = *row;
	return look_at_some(order, 1);
}

/* Make ready what is before time_ns, or at least `least` rows. */
static int make_sorted_ready(struct dwell_order *order, uint64_t time_ns, size_t least)
{
	const struct order_ref *refs;
	size_t count = 0, left = 0;
	int err = DWELL_OK;

	if (!grow_refs(order) || !grow_rows(&order->spare, &order->spare_cap, order->held_count))
		return DWELL_ENOMEM;
	refs = sort_held(order);
	while (!err && count < order->held_count &&
		(refs[count].time_ns < time_ns || count < least))
		err = make_one_ready(order, &order->held[refs[count++].index]);
	while (count < order->held_count)
		order->spare[left++] = order->held[refs[count++].index];
	take_spare(order, left);
	return err;
}

static void begin_merge(
	const struct dwell_order *order, struct order_merge *merge, struct order_run runs[])
{
	for (size_t i = 0; i < order->run_count; i++) {
		const size_t end =
			i + 1 < order->run_count ? order->runs[i + 1] : order->held_count;

		runs[i] = (struct order_run){ order->held + order->runs[i], order->held + end };
	}
	order_merge_init(merge, runs, order->run_count);
}

static int make_merged_ready(struct dwell_order *order, uint64_t time_ns, size_t least)
{
	struct order_run runs[ORDER_RUNS];
	struct order_merge merge;
	size_t count = 0, some, left;
	int err;

	begin_merge(order, &merge, runs);
	do {
		err = make_room_ready(order, order->floor_ns);
		if (err)
			return err;
		some = order_merge_some(&merge, order->ready + order->ready_count, READY_ROWS,
			time_ns, least > count ? least - count : 0);
		err = look_at_some(order, some);
		count += some;
	} while (!err && some == READY_ROWS);
	left = order->held_count - count;
	if (!grow_rows(&order->spare, &order->spare_cap, left))
		return DWELL_ENOMEM;
	order_merge_some(&merge, order->spare, left, 0, left);
	take_spare(order, left);
	return err;
}

static int make_ready(struct dwell_order *order, uint64_t time_ns, size_t least)
{
	if (order->run_count > ORDER_RUNS)
		return make_sorted_ready(order, time_ns, least);
	return make_merged_ready(order, time_ns, least);
}

static int pass(struct dwell_order *order, uint64_t time_ns)
{
	struct dwell_sink *next = order->next;
	const uint64_t until = time_ns > ORDER_SLACK_NS ? time_ns - ORDER_SLACK_NS : 0;
	int err = DWELL_OK;

	if (time_ns > order->earliest_ns)
		err = make_ready(order, time_ns, 0);
	if (time_ns > order->floor_ns)
		order->floor_ns = time_ns;
	if (!err)
		err = order_hand_on_before(order, until);
	if (!err && next->ops->watermark)
		err = next->ops->watermark(next, until);
	return err;
}

static int on_watermark(struct dwell_sink *sink, uint64_t time_ns)
{
	struct dwell_order *order = order_of(sink);

	return time_ns > order->floor_ns ? pass(order, time_ns) : DWELL_OK;
}

/* No room: the older half goes on, watermark or not. */
static int make_room(struct dwell_order *order)
{
	const int err = make_ready(order, 0, (order->held_count + 1) / 2);

	return err ? err : order_hand_on(order, order->ready_count);
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

static bool is_before(const struct dwell_event *a, const struct dwell_event *b)
{
	if (__builtin_expect(a->time_ns > b->time_ns, 1))
		return false;
	return a->time_ns < b->time_ns || order_ring(a) < order_ring(b);
}

static void begin_run(struct dwell_order *order, size_t at)
{
	if (order->run_count < ORDER_RUNS)
		order->runs[order->run_count] = at;
	if (order->run_count <= ORDER_RUNS)
		order->run_count++;
}

/* The row at `at` is earlier than the one before: a few places forward, or a run begins with it. */
static void place(struct dwell_order *order, size_t at)
{
	struct dwell_event *held = order->held;
	const size_t begin = order->runs[order->run_count - 1];
	const size_t least = at - begin > NEAR_ROWS ? at - NEAR_ROWS : begin;
	const struct dwell_event row = held[at];
	size_t to = at;

	while (to > least && is_before(&row, &held[to - 1]))
		to--;
	if (to == least) {
		begin_run(order, at);
		return;
	}
	memmove(&held[to + 1], &held[to], (at - to) * sizeof(*held));
	held[to] = row;
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

static void hold(struct dwell_order *order, const struct dwell_event *events, size_t count)
{
	struct dwell_event *to = order->held + order->held_count;
	uint64_t earliest_ns = order->earliest_ns;

	for (size_t i = 0; i < count; i++, to++) {
		*to = events[i];
		if (to->kind == DWELL_EVENT_LOSS || to->time_ns < order->floor_ns)
			mend(order, to);
		if (to->time_ns < earliest_ns)
			earliest_ns = to->time_ns;
		if (to == order->held)
			begin_run(order, 0);
		else if (is_before(to, to - 1) && order->run_count <= ORDER_RUNS)
			place(order, (size_t)(to - order->held));
	}
	order->held_count += count;
	order->earliest_ns = earliest_ns;
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct dwell_order *order = order_of(sink);
	int err = DWELL_OK;

	while (count && !err) {
		const size_t room = order->max_rows - order->held_count;
		const size_t n = count < room ? count : room;

		if (!grow_rows(&order->held, &order->held_cap, order->held_count + n))
			return DWELL_ENOMEM;
		hold(order, events, n);
		events += n;
		count -= n;
		if (order->held_count == order->max_rows)
			err = make_room(order);
	}
	return err;
}

static int on_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct dwell_order *order = order_of(sink);
	int err = make_ready(order, UINT64_MAX, order->held_count);

	if (!err)
		err = order_hand_on(order, order->ready_count);
	if (!err && order->next->ops->end)
		err = order->next->ops->end(order->next, end);
	return err;
}

/* What is not a row goes through at once. */
#define FORWARD(function, type)                                                                    \
	static int on_##function(struct dwell_sink *sink, const type *what)                        \
	{                                                                                          \
		struct dwell_sink *next = order_of(sink)->next;                                    \
                                                                                                   \
		return next->ops->function ? next->ops->function(next, what) : DWELL_OK;           \
	}

FORWARD(begin, struct dwell_trace_info)
FORWARD(process, struct dwell_process)
FORWARD(task, struct dwell_task)
FORWARD(executor, struct dwell_executor)
FORWARD(object, struct dwell_object)
FORWARD(mapping, struct dwell_mapping)
FORWARD(location, struct dwell_location)
FORWARD(stack, struct dwell_stack)
FORWARD(label, struct dwell_label)
FORWARD(counter, struct dwell_counter)
FORWARD(clock, struct dwell_clock_pair)
FORWARD(note, struct dwell_note)

static int on_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct dwell_sink *next = order_of(sink)->next;

	return next->ops->keyframe ? next->ops->keyframe(next, time_ns, states, count) : DWELL_OK;
}

static const struct dwell_sink_ops order_ops = {
	.begin = on_begin,
	.process = on_process,
	.task = on_task,
	.executor = on_executor,
	.object = on_object,
	.mapping = on_mapping,
	.location = on_location,
	.stack = on_stack,
	.label = on_label,
	.counter = on_counter,
	.clock = on_clock,
	.note = on_note,
	.keyframe = on_keyframe,
	.events = on_events,
	.watermark = on_watermark,
	.end = on_end,
};

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
	order->sink.ops = &order_ops;
	order->next = next;
	order->max_rows = max_rows < LEAST_ROWS ? (size_t)LEAST_ROWS : max_rows;
	if (order->max_rows > UINT32_MAX / 2)
		order->max_rows = UINT32_MAX / 2; /* refs number them */
	order->earliest_ns = UINT64_MAX;
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
	free(order->held);
	free(order->spare);
	free(order->ready);
	free(order->refs[0]);
	free(order->refs[1]);
	free(order);
}

struct dwell_sink *dwell_order_sink(struct dwell_order *order)
{
	return &order->sink;
}

uint64_t dwell_order_repairs(const struct dwell_order *order)
{
	return order->repairs;
}

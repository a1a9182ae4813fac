/*
 * Rows wait in `held` as they came. When a watermark passes, they are sorted, those before it
 * are looked through for wakes that came after what they caused, and, a little behind the
 * watermark (a wake may still be moved before them), handed on.
 */
#include "dwell/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"
#include "src/order_private.h"

enum {
	/* How far clocks of CPUs, or a waker who writes it down late, may be off. */
	SLACK_NS = 10000,
	TASK_BITS = 8,
	PAGE_TASKS = 1 << TASK_BITS,
	TASK_PAGES = (DWELL_MAX_TASKS >> TASK_BITS) + 1,
	LEAST_ROWS = 64
};

enum where { UNSEEN, RUNS, LEFT_BLOCKED, READY };

struct whereabouts {
	uint64_t entered_ns;
	uint8_t where;
	bool woken;       /* while it ran */
	bool unexplained; /* it entered, and nothing says who made it ready */
};

struct dwell_order {
	struct dwell_sink sink;
	struct dwell_sink *next;
	size_t max_rows;
	struct dwell_event *held;
	size_t held_count, held_cap;
	struct dwell_event *spare; /* takes turns with held */
	size_t spare_cap;
	uint64_t earliest_ns; /* of those held */
	uint64_t floor_ns;    /* rows before it are late */
	struct order_ref *refs[2];
	size_t refs_cap;
	struct dwell_event *ready;
	size_t ready_count, ready_cap;
	struct whereabouts **tasks;
	uint64_t repairs;
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

/* NULL: not a task, or no memory (then *err is set). */
static struct whereabouts *look_up(struct dwell_order *order, uint32_t task, int *err)
{
	if (!task)
		return NULL;
	if (task > DWELL_MAX_TASKS) {
		*err = DWELL_ELIMIT;
		return NULL;
	}

	struct whereabouts **page = &order->tasks[task >> TASK_BITS];

	if (!*page)
		*page = calloc(PAGE_TASKS, sizeof(**page));
	if (!*page) {
		*err = DWELL_ENOMEM;
		return NULL;
	}
	return &(*page)[task % PAGE_TASKS];
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
	size_t at = order->ready_count;

	while (at && order->ready[at - 1].time_ns >= woken->entered_ns) {
		const struct dwell_event *row = &order->ready[--at];

		if (row->kind != DWELL_EVENT_SWITCH || row->peer != wake->task)
			continue;
		order->repairs += wake->time_ns != row->time_ns;
		wake->time_ns = row->time_ns;
		memmove(&order->ready[at + 1], &order->ready[at],
			(order->ready_count - at) * sizeof(*wake));
		order->ready[at] = *wake;
		order->ready_count++;
		return;
	}
	order->ready[order->ready_count++] = *wake;
}

/* The next row in order of time goes to those that are ready. */
static int look_at(struct dwell_order *order, const struct dwell_event *row)
{
	struct whereabouts *woken;
	int err = DWELL_OK;

	if (row->kind == DWELL_EVENT_SWITCH)
		note_switch(order, row, &err);
	if (row->kind != DWELL_EVENT_WAKE && row->kind != DWELL_EVENT_CREATE) {
		order->ready[order->ready_count++] = *row;
		return err;
	}
	woken = look_up(order, row->task, &err);
	if (woken && woken->where == RUNS && woken->unexplained &&
		row->time_ns - woken->entered_ns <= SLACK_NS) {
		struct dwell_event wake = *row;

		woken->unexplained = false;
		move_before(order, &wake, woken);
		return err;
	}
	order->ready[order->ready_count++] = *row;
	if (!woken)
		return err;
	if (woken->where == RUNS)
		woken->woken = true;
	else
		woken->where = READY;
	return err;
}

static int hand_on(struct dwell_order *order, size_t count)
{
	struct dwell_sink *next = order->next;
	int err = DWELL_OK;

	if (!count)
		return DWELL_OK;
	if (next->ops->events)
		err = next->ops->events(next, order->ready, count);
	order->ready_count -= count;
	if (order->ready_count)
		memmove(order->ready, order->ready + count,
			order->ready_count * sizeof(*order->ready));
	return err;
}

/* Hand on what is ready and before time_ns. */
static int hand_on_before(struct dwell_order *order, uint64_t time_ns)
{
	size_t low = 0, high = order->ready_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (order->ready[middle].time_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return hand_on(order, low);
}

static struct order_ref *sort_held(struct dwell_order *order)
{
	struct order_ref *refs = order->refs[0];

	for (size_t i = 0; i < order->held_count; i++) {
		const struct dwell_event *row = &order->held[i];

		refs[i] = (struct order_ref){
			.time_ns = row->time_ns,
			.ring = row->executor ? 1u << 31 | row->executor : row->task,
			.index = (uint32_t)i,
		};
	}
	return order_sort(refs, order->refs[1], order->held_count);
}

/* Keep the rows of refs as what is held, in their order. */
static int keep(struct dwell_order *order, const struct order_ref *refs, size_t count)
{
	struct dwell_event *held = order->held;
	const size_t held_cap = order->held_cap;

	order->earliest_ns = count ? refs[0].time_ns : UINT64_MAX;
	order->held_count = count;
	if (!count)
		return DWELL_OK;
	if (!grow_rows(&order->spare, &order->spare_cap, count))
		return DWELL_ENOMEM;
	for (size_t i = 0; i < count; i++)
		order->spare[i] = held[refs[i].index];
	order->held = order->spare;
	order->held_cap = order->spare_cap;
	order->spare = held;
	order->spare_cap = held_cap;
	return DWELL_OK;
}

/* Sort what is held; make ready what is before time_ns, or at least `least` rows of it. */
static int make_ready(struct dwell_order *order, uint64_t time_ns, size_t least)
{
	const struct order_ref *refs;
	size_t count = 0;
	int err = DWELL_OK;

	if (!grow_refs(order) || !grow_rows(&order->ready, &order->ready_cap,
					 order->ready_count + order->held_count))
		return DWELL_ENOMEM;
	refs = sort_held(order);
	while (!err && count < order->held_count &&
		(refs[count].time_ns < time_ns || count < least))
		err = look_at(order, &order->held[refs[count++].index]);
	if (count && refs[count - 1].time_ns > order->floor_ns)
		order->floor_ns = refs[count - 1].time_ns;
	return err ? err : keep(order, refs + count, order->held_count - count);
}

static int pass(struct dwell_order *order, uint64_t time_ns)
{
	struct dwell_sink *next = order->next;
	const uint64_t until = time_ns > SLACK_NS ? time_ns - SLACK_NS : 0;
	int err = DWELL_OK;

	if (time_ns > order->earliest_ns)
		err = make_ready(order, time_ns, 0);
	if (time_ns > order->floor_ns)
		order->floor_ns = time_ns;
	if (!err)
		err = hand_on_before(order, until);
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

	return err ? err : hand_on(order, order->ready_count);
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

static void hold(struct dwell_order *order, const struct dwell_event *events, size_t count)
{
	struct dwell_event *to = order->held + order->held_count;

	memcpy(to, events, count * sizeof(*to));
	order->held_count += count;
	for (size_t i = 0; i < count; i++) {
		tell_ahead(order, &to[i]);
		if (to[i].time_ns < order->floor_ns) {
			to[i].time_ns = order->floor_ns;
			order->repairs++;
		}
		if (to[i].time_ns < order->earliest_ns)
			order->earliest_ns = to[i].time_ns;
	}
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
		err = hand_on(order, order->ready_count);
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
	order->tasks = calloc(TASK_PAGES, sizeof(*order->tasks));
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
	for (size_t i = 0; i < TASK_PAGES; i++)
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

/* Rows of several rings into one order: whatever the draining, the same. */
#include "dwell/order.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "tests/collect.h"
#include "tests/gen.h"
#include "tests/harness.h"

enum { SEEDS = 150, MAX_RINGS = 256 };

static uint32_t ring_of(const struct dwell_event *row)
{
	return row->executor ? 100 + row->executor : row->task;
}

/* What each ring has still to give, in order. */
struct rings {
	const struct collect *h;
	size_t next[MAX_RINGS]; /* index of the ring's next row in h; h->count: none */
};

static size_t next_of(const struct collect *h, uint32_t ring, size_t from)
{
	while (from < h->count && ring_of(&h->rows[from]) != ring)
		from++;
	return from;
}

/* The earliest that is still in a ring; of a loss, where it begins. */
static uint64_t watermark(const struct rings *r)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < r->h->count; i++) {
		const struct dwell_event *row = &r->h->rows[i];

		if (i < r->next[ring_of(row)])
			continue;
		least = row->time_ns < least ? row->time_ns : least;
		if (row->kind == DWELL_EVENT_LOSS && row->extra < least)
			least = row->extra;
	}
	return least;
}

static const struct dwell_event *take(struct rings *r, uint32_t ring)
{
	const size_t at = r->next[ring];

	r->next[ring] = next_of(r->h, ring, at + 1);
	return &r->h->rows[at];
}

static size_t put_together(struct rings *r, uint32_t ring, size_t most, struct dwell_sink *sink)
{
	struct dwell_event *room = sink->ops->room(sink, most);
	size_t n = 0;

	cr_assert(ne(ptr, room, NULL));
	while (n < most && r->next[ring] < r->h->count)
		room[n++] = *take(r, ring);
	cr_assert(eq(int, sink->ops->events(sink, room, n), 0));
	return n;
}

static void drain(const struct collect *h, uint64_t random, struct dwell_sink *sink)
{
	const struct dwell_trace_end end = { .end_ns = h->end_ns };
	struct rings r = { .h = h };
	size_t left = h->count;

	for (uint32_t ring = 0; ring < MAX_RINGS; ring++)
		r.next[ring] = next_of(h, ring, 0);
	while (left) {
		const uint32_t ring = (uint32_t)gen_random(&random, MAX_RINGS);
		size_t n = gen_random(&random, 50);

		/* One by one, or together where they are kept. */
		if (gen_random(&random, 2))
			left -= put_together(&r, ring, n, sink);
		else
			for (; n && r.next[ring] < h->count; n--, left--)
				cr_assert(eq(int, sink->ops->events(sink, take(&r, ring), 1), 0));
		if (!gen_random(&random, 20))
			cr_assert(eq(int, sink->ops->watermark(sink, watermark(&r)), 0));
	}
	cr_assert(eq(int, sink->ops->end(sink, &end), 0));
}

static uint64_t order(const struct collect *h, uint64_t random, struct collect *out)
{
	struct dwell_order *order = NULL;

	collect_init(out);
	cr_assert(eq(int, dwell_order_new(&order, &out->sink, 1 << 20), 0));
	drain(h, random, dwell_order_sink(order));
	const uint64_t repairs = dwell_order_repairs(order);
	dwell_order_free(order);
	return repairs;
}

Test(order, draining_makes_no_difference)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		struct gen_options options = gen_any(seed);
		struct collect h, a, b;

		options.rows = 1500;
		collect_init(&h);
		cr_assert(eq(int, gen_drive(&options, &h.sink), 0));

		const uint64_t repairs = order(&h, seed, &a);

		cr_expect(eq(u64, order(&h, seed + 1000, &b), repairs), "seed %lu", seed);
		cr_assert(eq(sz, a.count, h.count), "seed %lu", seed);
		cr_assert(eq(sz, b.count, h.count), "seed %lu", seed);
		for (size_t i = 0; i < a.count; i++) {
			cr_assert(memcmp(&a.rows[i], &b.rows[i], sizeof(a.rows[i])) == 0,
				"seed %lu: row %zu", seed, i);
			cr_assert(i == 0 || a.rows[i - 1].time_ns <= a.rows[i].time_ns,
				"seed %lu: row %zu", seed, i);
		}
		collect_release(&h);
		collect_release(&a);
		collect_release(&b);
	}
	no_leaks();
}

static bool is_sorted(const struct collect *out)
{
	for (size_t n = 1; n < out->count; n++) {
		const struct dwell_event *a = &out->rows[n - 1], *b = &out->rows[n];

		if (a->time_ns > b->time_ns ||
			(a->time_ns == b->time_ns &&
				(a->task > b->task || (a->task == b->task && a->value > b->value))))
			return false;
	}
	return true;
}

/* Without a wake that must be moved, the result is the stable sort, however many rings there are.
 */
Test(order, sorts)
{
	enum { ROWS = 20000 };
	static const uint32_t rings[] = { 1, 2, 7, 60, 3000 };

	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
		uint64_t random = i, time[3000] = { 0 };
		struct dwell_order *order = NULL;
		struct collect out;
		const struct dwell_trace_end end = { 0 };

		collect_init(&out);
		cr_assert(eq(int, dwell_order_new(&order, &out.sink, ROWS + 1), 0));
		struct dwell_sink *sink = dwell_order_sink(order);
		for (uint64_t n = 0; n < ROWS; n++) {
			const uint32_t ring = (uint32_t)gen_random(&random, rings[i]);
			struct dwell_event row = {
				.kind = DWELL_EVENT_MARK, .task = ring + 1, .value = n
			};

			/* Few different times in the last two: many ties. */
			time[ring] += gen_random(&random, i < 3 ? 1000 : 2);
			row.time_ns = time[ring];
			cr_assert(eq(int, sink->ops->events(sink, &row, 1), 0));
		}
		cr_assert(eq(int, sink->ops->end(sink, &end), 0));
		cr_assert(eq(sz, out.count, ROWS));
		cr_assert(is_sorted(&out), "%u rings", rings[i]);
		cr_expect(eq(u64, dwell_order_repairs(order), 0));
		dwell_order_free(order);
		collect_release(&out);
	}
	no_leaks();
}

/* Ring after ring is read, again and again; a watermark leaves what came since the one before. Some
 * rows of a ring are early, by little or much; at last they lie centuries apart. */
Test(order, sorts_from_pass_to_pass)
{
	enum { PASSES = 6, EACH = 700 };
	static const uint32_t rings[] = { 1, 3, 40, 100 };

	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
		const struct dwell_trace_end end = { 0 };
		struct dwell_order *order = NULL;
		uint64_t random = i, rows = 0, passed = 0;
		struct collect out;

		collect_init(&out);
		cr_assert(eq(int, dwell_order_new(&order, &out.sink, 1 << 20), 0));
		struct dwell_sink *sink = dwell_order_sink(order);
		for (uint64_t pass = 0; pass < PASSES; pass++) {
			const uint64_t base = pass < PASSES - 1 ? pass * 20000 : pass << 60;
			const uint64_t each = EACH / (1 + rings[i] / 8);

			for (uint32_t k = 0; k < rings[i]; k++) {
				for (uint64_t n = 0; n < each; n++) {
					struct dwell_event row = { .kind = DWELL_EVENT_MARK,
						.time_ns = base + n * 20000 / each / 8 * 8,
						.task = 1 + (pass + k) % rings[i],
						.value = rows++ };

					if (!gen_random(&random, 9))
						row.time_ns =
							base + (row.time_ns - base) /
								       (1 + gen_random(&random, 2));
					cr_assert(eq(int, sink->ops->events(sink, &row, 1), 0));
				}
			}
			cr_assert(eq(int, sink->ops->watermark(sink, passed), 0));
			cr_assert(out.count == 0 || out.rows[out.count - 1].time_ns < passed);
			passed = base;
		}
		cr_assert(eq(int, sink->ops->end(sink, &end), 0));
		cr_assert(eq(sz, out.count, rows));
		cr_expect(is_sorted(&out), "%u rings", rings[i]);
		cr_expect(eq(u64, dwell_order_repairs(order), 0));
		dwell_order_free(order);
		collect_release(&out);
	}
	no_leaks();
}

struct wake_case {
	const char *name;
	struct dwell_event rows[4]; /* as they come; a watermark after each, of its time */
	size_t count;
	uint8_t kinds[4]; /* as they are told */
	uint64_t wake_ns, repairs;
};

#define LEAVE(time)                                                                                \
	{                                                                                          \
		.kind = DWELL_EVENT_SWITCH, .time_ns = time, .task = 7, .executor = 1,             \
		.state = DWELL_BLOCKED                                                             \
	}
#define PREEMPT(time)                                                                              \
	{                                                                                          \
		.kind = DWELL_EVENT_SWITCH, .time_ns = time, .task = 7, .executor = 1,             \
		.state = DWELL_RUNNABLE                                                            \
	}
#define ENTER(time)                                                                                \
	{                                                                                          \
		.kind = DWELL_EVENT_SWITCH, .time_ns = time, .peer = 7, .executor = 1              \
	}
#define WAKE(time)                                                                                 \
	{                                                                                          \
		.kind = DWELL_EVENT_WAKE, .time_ns = time, .task = 7, .executor = 2,               \
		.state = DWELL_RUNNABLE                                                            \
	}

static const struct wake_case wake_cases[] = {
	{ "in order", { LEAVE(100), WAKE(50000), ENTER(50010) }, 3,
		{ DWELL_EVENT_SWITCH, DWELL_EVENT_WAKE, DWELL_EVENT_SWITCH }, 50000, 0 },
	{ "after what it caused", { LEAVE(100), ENTER(50000), WAKE(50010) }, 3,
		{ DWELL_EVENT_SWITCH, DWELL_EVENT_WAKE, DWELL_EVENT_SWITCH }, 50000, 1 },
	{ "at the same time, of a later ring", { LEAVE(100), ENTER(50000), WAKE(50000) }, 3,
		{ DWELL_EVENT_SWITCH, DWELL_EVENT_WAKE, DWELL_EVENT_SWITCH }, 50000, 0 },
	{ "too late to be the cause", { LEAVE(100), ENTER(50000), WAKE(61000) }, 3,
		{ DWELL_EVENT_SWITCH, DWELL_EVENT_SWITCH, DWELL_EVENT_WAKE }, 61000, 0 },
	{ "it was runnable all along", { PREEMPT(100), ENTER(50000), WAKE(50010) }, 3,
		{ DWELL_EVENT_SWITCH, DWELL_EVENT_SWITCH, DWELL_EVENT_WAKE }, 50010, 0 },
	{ "an earlier wake overtook the leaving",
		{ WAKE(90), LEAVE(100), ENTER(50000), WAKE(50010) }, 4,
		{ DWELL_EVENT_WAKE, DWELL_EVENT_SWITCH, DWELL_EVENT_WAKE, DWELL_EVENT_SWITCH },
		50000, 1 },
};

Test(order, wakes_come_before_what_they_cause)
{
	for (size_t i = 0; i < sizeof(wake_cases) / sizeof(wake_cases[0]); i++) {
		const struct wake_case *c = &wake_cases[i];
		const struct dwell_trace_end end = { 0 };
		struct dwell_order *order = NULL;
		struct collect out;
		uint64_t wake_ns = 0;

		collect_init(&out);
		cr_assert(eq(int, dwell_order_new(&order, &out.sink, 1000), 0));
		struct dwell_sink *sink = dwell_order_sink(order);
		for (size_t n = 0; n < c->count; n++) {
			cr_assert(eq(int, sink->ops->events(sink, &c->rows[n], 1), 0));
			cr_assert(eq(int, sink->ops->watermark(sink, c->rows[n].time_ns), 0));
		}
		cr_assert(eq(int, sink->ops->end(sink, &end), 0));
		cr_assert(eq(sz, out.count, c->count), "%s", c->name);
		for (size_t n = 0; n < c->count; n++) {
			cr_expect(eq(u8, out.rows[n].kind, c->kinds[n]), "%s: row %zu", c->name, n);
			if (out.rows[n].kind == DWELL_EVENT_WAKE)
				wake_ns = out.rows[n].time_ns;
		}
		cr_expect(eq(u64, wake_ns, c->wake_ns), "%s", c->name);
		cr_expect(eq(u64, dwell_order_repairs(order), c->repairs), "%s", c->name);
		dwell_order_free(order);
		collect_release(&out);
	}
	no_leaks();
}

Test(order, a_late_row_is_told_at_the_watermark)
{
	const struct dwell_event early = { .kind = DWELL_EVENT_MARK, .task = 1, .time_ns = 100 };
	const struct dwell_trace_end end = { 0 };
	struct dwell_order *order = NULL;
	struct collect out;

	collect_init(&out);
	cr_assert(eq(int, dwell_order_new(&order, &out.sink, 1000), 0));
	struct dwell_sink *sink = dwell_order_sink(order);
	cr_assert(eq(int, sink->ops->watermark(sink, 5000), 0));
	cr_assert(eq(int, sink->ops->events(sink, &early, 1), 0));
	cr_assert(eq(int, sink->ops->end(sink, &end), 0));
	cr_assert(eq(sz, out.count, 1));
	cr_expect(eq(u64, out.rows[0].time_ns, 5000));
	cr_expect(eq(u64, dwell_order_repairs(order), 1));
	dwell_order_free(order);
	collect_release(&out);
	no_leaks();
}

struct loss_case {
	const char *name;
	uint64_t watermark_ns; /* passed before */
	struct dwell_event loss;
	uint64_t time_ns, extra; /* as it is told */
};

static const struct loss_case loss_cases[] = {
	{ "at its end", 0, { .executor = 1, .time_ns = 500, .extra = 200 }, 200, 500 },
	{ "of everything", 0, { .time_ns = 500, .extra = 200 }, 200, 500 },
	{ "begun before the watermark", 300, { .executor = 1, .time_ns = 500, .extra = 200 }, 500,
		200 },
	{ "of a task's own ring", 0, { .task = 1, .time_ns = 500, .extra = 200 }, 500, 200 },
	{ "told ahead already", 0, { .executor = 1, .time_ns = 200, .extra = 500 }, 200, 500 },
	{ "of no length", 0, { .executor = 1, .time_ns = 500, .extra = 500 }, 500, 500 },
};

Test(order, losses_are_told_ahead)
{
	for (size_t i = 0; i < sizeof(loss_cases) / sizeof(loss_cases[0]); i++) {
		const struct loss_case *c = &loss_cases[i];
		const struct dwell_trace_end end = { 0 };
		struct dwell_order *order = NULL;
		struct dwell_event loss = c->loss;
		struct collect out;

		collect_init(&out);
		cr_assert(eq(int, dwell_order_new(&order, &out.sink, 1000), 0));
		struct dwell_sink *sink = dwell_order_sink(order);
		loss.kind = DWELL_EVENT_LOSS;
		cr_assert(eq(int, sink->ops->watermark(sink, c->watermark_ns), 0));
		cr_assert(eq(int, sink->ops->events(sink, &loss, 1), 0));
		cr_assert(eq(int, sink->ops->end(sink, &end), 0));
		cr_assert(eq(sz, out.count, 1));
		cr_expect(eq(u64, out.rows[0].time_ns, c->time_ns), "%s", c->name);
		cr_expect(eq(u64, out.rows[0].extra, c->extra), "%s", c->name);
		cr_expect(eq(u64, dwell_order_repairs(order), 0), "%s", c->name);
		dwell_order_free(order);
		collect_release(&out);
	}
	no_leaks();
}

/* Beyond max_rows the oldest go on early, and what comes before them then is late. */
Test(order, holds_no_more_than_it_may)
{
	const struct dwell_trace_end end = { 0 };
	struct dwell_order *order = NULL;
	struct collect out;

	collect_init(&out);
	cr_assert(eq(int, dwell_order_new(&order, &out.sink, 100), 0));
	struct dwell_sink *sink = dwell_order_sink(order);
	for (uint64_t i = 0; i < 1000; i++) {
		const struct dwell_event row = {
			.kind = DWELL_EVENT_MARK, .task = 1, .time_ns = i % 2 ? i : 1000 - i
		};

		cr_assert(eq(int, sink->ops->events(sink, &row, 1), 0));
		cr_assert(i + 1 - out.count <= 100);
	}
	cr_assert(eq(int, sink->ops->end(sink, &end), 0));
	cr_assert(eq(sz, out.count, 1000));
	for (size_t i = 1; i < out.count; i++)
		cr_assert(out.rows[i - 1].time_ns <= out.rows[i].time_ns);
	cr_expect(dwell_order_repairs(order) > 0);
	dwell_order_free(order);
	collect_release(&out);
	no_leaks();
}

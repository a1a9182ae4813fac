/*
 * The state machine and the order buffer: million rows a second on one core.
 *
 *     bench_states [ROWS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dwell/order.h"
#include "dwell/states.h"
#include "tests/collect.h"
#include "tests/gen.h"

enum { WINDOW_NS = 5000000, REPEAT = 5 };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct sums {
	uint64_t ns[DWELL_STATE_COUNT];
	uint64_t intervals, waits, blocked_ns;
};

/* The least that any analysis does. */
static void on_interval(void *context, const struct dwell_interval *interval)
{
	struct sums *sums = context;

	sums->ns[interval->state] += interval->end_ns - interval->start_ns;
	sums->intervals++;
}

static void on_wait(void *context, const struct dwell_wait *wait)
{
	struct sums *sums = context;

	sums->blocked_ns += wait->blocked_ns;
	sums->waits++;
}

enum { BATCH = 256 };

static void sum_batch(struct sums *sums, const struct dwell_told *told)
{
	for (size_t i = 0; i < told->own_count; i++) {
		const struct dwell_interval *of = &told->intervals[told->own_waits[i]];

		sums->blocked_ns += of->end_ns - of->start_ns;
	}
	sums->waits += told->own_count;
	for (size_t i = 0; i < told->wait_count; i++)
		sums->blocked_ns += told->waits[i].blocked_ns;
	sums->waits += told->wait_count;
	sums->intervals += told->count;
}

static double batches_once(const struct collect *h, struct sums *sums)
{
	static struct dwell_interval intervals[BATCH * DWELL_TOLD_OF_A_ROW];
	static struct dwell_wait waits[BATCH];
	static uint16_t lists[3][BATCH * DWELL_TOLD_OF_A_ROW];
	struct dwell_told told = { .intervals = intervals,
		.waits = waits,
		.running = lists[0],
		.runnable = lists[1],
		.own_waits = lists[2] };
	struct dwell_states *states;
	const double start = now_s();

	memset(sums, 0, sizeof(*sums));
	if (dwell_states_new(&states, h->levels, NULL, NULL))
		return 0;
	for (size_t at = 0; at < h->count; at += BATCH) {
		dwell_states_batch(
			states, h->rows + at, h->count - at < BATCH ? h->count - at : BATCH, &told);
		sum_batch(sums, &told);
	}
	dwell_states_free(states);
	return now_s() - start;
}

static double states_once(const struct collect *h, struct sums *sums)
{
	static const struct dwell_states_ops ops = { on_interval, on_wait };
	struct dwell_states *states;
	const double start = now_s();

	memset(sums, 0, sizeof(*sums));
	if (dwell_states_new(&states, h->levels, &ops, sums))
		return 0;
	for (size_t at = 0; at < h->count; at += 4096)
		dwell_states_apply(
			states, h->rows + at, h->count - at < 4096 ? h->count - at : 4096);
	dwell_states_flush(states, h->end_ns);
	dwell_states_free(states);
	return now_s() - start;
}

static void bench_states(const char *name, const struct gen_options *options)
{
	struct collect h;
	struct sums sums = { 0 };
	double best = 1e9, batches = 1e9;

	collect_init(&h);
	if (gen_drive(options, &h.sink))
		return;
	for (int i = 0; i < REPEAT; i++) {
		const double s = states_once(&h, &sums);

		best = s < best ? s : best;
	}
	for (int i = 0; i < REPEAT; i++) {
		const double s = batches_once(&h, &sums);

		batches = s < batches ? s : batches;
	}
	printf("states, %-36s %7.1f, in batches %7.1f M rows/s  (%zu rows, %llu intervals, "
	       "%llu waits)\n",
		name, (double)h.count / best * 1e-6, (double)h.count / batches * 1e-6, h.count,
		(unsigned long long)sums.intervals, (unsigned long long)sums.waits);
	collect_release(&h);
}

struct counter {
	struct dwell_sink sink;
	uint64_t rows, sum;
};

static int count_rows(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct counter *counter = (struct counter *)sink;

	counter->rows += count;
	counter->sum += events[count - 1].time_ns;
	return 0;
}

/* Each ring gives its rows of a window of 5 ms, one ring after the other, then a watermark. */
static double order_once(const struct collect *h, const size_t *starts, size_t *at, uint32_t rings)
{
	static const struct dwell_sink_ops ops = { .events = count_rows };
	struct counter counter = { .sink.ops = &ops };
	const struct dwell_trace_end end = { 0 };
	const double start = now_s();
	struct dwell_order *order;
	size_t given = 0;

	if (dwell_order_new(&order, &counter.sink, 1 << 22))
		return 1e9;

	struct dwell_sink *sink = dwell_order_sink(order);

	memcpy(at, starts, rings * sizeof(*at));
	for (uint64_t until = WINDOW_NS; given < h->count; until += WINDOW_NS) {
		for (uint32_t r = 0; r < rings; r++) {
			const size_t from = at[r];

			while (at[r] < starts[r + 1] && h->rows[at[r]].time_ns < until)
				at[r]++;
			if (at[r] > from)
				sink->ops->events(sink, h->rows + from, at[r] - from);
			given += at[r] - from;
		}
		sink->ops->watermark(sink, until);
	}
	sink->ops->end(sink, &end);
	dwell_order_free(order);
	return now_s() - start;
}

/* Two million rows a second in all; half wakes, half switches. */
static void fill(struct collect *h, size_t *starts, uint32_t rings, size_t rows)
{
	uint64_t random = 1;
	size_t at = 0;

	for (uint32_t r = 0; r < rings; r++) {
		uint64_t time = 0;

		starts[r] = at;
		for (; at < (size_t)(r + 1) * rows / rings; at++) {
			time += gen_random(&random, 1000 * (uint64_t)rings);
			h->rows[at] = (struct dwell_event){
				.time_ns = time,
				.executor = r + 1,
				.kind = (uint8_t)(1 + at % 2),
				.task = 1 + (uint32_t)(at % 300),
				.peer = 1 + (uint32_t)(at % 299),
				.state = DWELL_BLOCKED,
			};
		}
	}
	starts[rings] = rows;
}

static void bench_order(uint32_t rings, size_t rows)
{
	struct collect h = { .count = rows, .rows = calloc(rows, sizeof(*h.rows)) };
	size_t *starts = calloc(2 * ((size_t)rings + 1), sizeof(*starts));
	double best = 1e9;

	if (!h.rows || !starts)
		return;
	fill(&h, starts, rings, rows);
	for (int i = 0; i < REPEAT; i++) {
		const double s = order_once(&h, starts, starts + rings + 1, rings);

		best = s < best ? s : best;
	}
	printf("order, %4u rings %28s %7.1f M rows/s\n", rings, "", (double)rows / best * 1e-6);
	free(starts);
	free(h.rows);
}

int main(int argc, char **argv)
{
	const size_t rows = argc > 1 ? strtoul(argv[1], NULL, 10) : 4000000;
	struct gen_options options = { .seed = 1,
		.tasks = 300,
		.executors = 8,
		.rows = rows,
		.levels = DWELL_LEVEL_SCHEDULER,
		.races = 50 };

	bench_states("300 tasks, scheduler", &options);
	options.tasks = 10000;
	bench_states("10,000 tasks, scheduler", &options);
	options.tasks = 300;
	options.levels |= DWELL_LEVEL_PROGRAM;
	options.extras = true;
	bench_states("300 tasks, and the program's waits", &options);
	options.losses = 10;
	bench_states("the same, with losses", &options);
	bench_order(2, rows);
	bench_order(16, rows);
	bench_order(128, rows);
	return 0;
}

/*
 * Tasks and latencies against a reference that is written from the definitions: every figure is
 * looked for in all intervals and all rows, as often as it takes.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"

struct history {
	struct collect rows;
	struct told told;
};

static void read_history(struct history *h, const struct gen_options *options)
{
	memset(h, 0, sizeof(*h));
	collect_init(&h->rows);
	cr_assert(eq(int, gen_drive(options, &h->rows.sink), 0));
	naive_states(&h->rows, &h->told);
}

static void release_history(struct history *h)
{
	collect_release(&h->rows);
	told_release(&h->told);
}

static void check_task(const struct history *h, const struct dwell_tasks_row *row, uint64_t seed)
{
	uint64_t ns[DWELL_STATE_COUNT] = { 0 }, by[DWELL_REASON_COUNT] = { 0 };
	uint64_t switches = 0, preemptions = 0, ended = DWELL_FOREVER;

	for (size_t i = 0; i < h->told.interval_count; i++) {
		const struct dwell_interval *n = &h->told.intervals[i];

		if (n->task != row->task)
			continue;
		ns[n->state] += n->end_ns - n->start_ns;
		if (n->state == DWELL_BLOCKED)
			by[n->reason] += n->end_ns - n->start_ns;
		if (n->next == DWELL_EXITED)
			ended = n->end_ns;
	}
	for (size_t i = 0; i < h->rows.count; i++) {
		const struct dwell_event *e = &h->rows.rows[i];
		const bool left = e->kind == DWELL_EVENT_SWITCH && e->task == row->task;

		switches += left;
		preemptions += left && e->flags & DWELL_EVENT_PREEMPTED;
	}
	cr_expect(eq(u64, row->times.running_ns, ns[DWELL_RUNNING]), "seed %lu", seed);
	cr_expect(eq(u64, row->times.runnable_ns, ns[DWELL_RUNNABLE]), "seed %lu", seed);
	cr_expect(eq(u64, row->times.blocked_ns, ns[DWELL_BLOCKED]), "seed %lu", seed);
	cr_expect(eq(u64, row->times.unknown_ns, ns[DWELL_UNKNOWN]), "seed %lu", seed);
	cr_expect(eq(u64, row->switches, switches), "seed %lu", seed);
	cr_expect(eq(u64, row->preemptions, preemptions), "seed %lu", seed);
	cr_expect(eq(u64, row->ended_ns, ended), "seed %lu", seed);
	cr_expect(eq(int, memcmp(row->blocked_by, by, sizeof(by)), 0), "seed %lu", seed);
}

static bool is_latency(const struct dwell_interval *n)
{
	return n->state == DWELL_RUNNABLE && n->next == DWELL_RUNNING &&
	       !(n->flags & DWELL_INTERVAL_OPEN);
}

static int longest_first(const void *a, const void *b)
{
	const struct dwell_interval *x = a, *y = b;
	const uint64_t m = x->end_ns - x->start_ns, n = y->end_ns - y->start_ns;

	if (m != n)
		return m > n ? -1 : 1;
	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return (x->task > y->task) - (x->task < y->task);
}

static uint64_t overlap(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	const uint64_t from = a > c ? a : c, to = b < d ? b : d;

	return to > from ? to - from : 0;
}

static uint64_t said(const struct dwell_worst *worst, uint32_t task, unsigned kind)
{
	for (size_t i = 0; i < worst->ran_count; i++)
		if (worst->ran_instead[i].task == task && worst->ran_instead[i].kind == kind)
			return worst->ran_instead[i].ns;
	return 0;
}

/* From a row by which nobody enters to the next of that executor, by which nobody leaves. */
static uint64_t idle_within(const struct collect *h, uint32_t executor, uint64_t from, uint64_t to)
{
	uint64_t since = 0, ns = 0;
	bool vacant = true;

	for (size_t i = 0; i < h->count; i++) {
		const struct dwell_event *e = &h->rows[i];

		if (e->kind != DWELL_EVENT_SWITCH || e->executor != executor)
			continue;
		if (vacant && !e->task)
			ns += overlap(since, e->time_ns, from, to);
		vacant = !e->peer;
		since = e->time_ns;
	}
	return ns;
}

static void check_worst(
	const struct history *h, const struct dwell_worst *worst, bool idles, uint64_t seed)
{
	const uint64_t from = worst->at_ns, to = from + worst->latency_ns;
	uint64_t known = 0;

	for (uint32_t task = 1; task <= 100 && worst->executor; task++) {
		uint64_t ns = 0;

		for (size_t i = 0; i < h->told.interval_count; i++) {
			const struct dwell_interval *n = &h->told.intervals[i];

			if (n->task == task && n->state == DWELL_RUNNING &&
				n->executor == worst->executor)
				ns += overlap(n->start_ns, n->end_ns, from, to);
		}
		cr_expect(eq(u64, said(worst, task, DWELL_OCCUPANT_TASK), ns),
			"seed %lu task %u at %lu", seed, worst->task, worst->at_ns);
		known += ns;
	}
	if (worst->executor && idles) {
		const uint64_t ns = idle_within(&h->rows, worst->executor, from, to);

		cr_expect(eq(u64, said(worst, 0, DWELL_OCCUPANT_IDLE), ns), "seed %lu", seed);
		known += ns;
	}
	cr_expect(eq(u64, said(worst, 0, DWELL_OCCUPANT_UNKNOWN), worst->latency_ns - known),
		"seed %lu", seed);
}

static void check_latency(
	struct history *h, const struct dwell_answer *answer, bool idles, uint64_t seed)
{
	const struct dwell_latency *latency = answer->latency;
	size_t count = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < h->told.interval_count; i++)
		if (is_latency(&h->told.intervals[i]))
			h->told.intervals[count++] = h->told.intervals[i];

	struct dwell_interval *sorted = h->told.intervals;
	qsort(sorted, count, sizeof(*sorted), longest_first);
	for (size_t i = 0; i < count; i++)
		sum += sorted[i].end_ns - sorted[i].start_ns;
	cr_assert(eq(u64, latency->overall.count, count), "seed %lu", seed);
	cr_expect(eq(u64, latency->overall.total_ns, sum), "seed %lu", seed);
	(void)idles;
	for (size_t i = 0; i < latency->worst_count; i++) {
		const struct dwell_worst *w = &latency->worst[i];

		cr_expect(eq(u64, w->latency_ns, sorted[i].end_ns - sorted[i].start_ns));
		cr_expect(eq(u64, w->at_ns, sorted[i].start_ns), "seed %lu", seed);
		cr_expect(eq(u32, w->task, sorted[i].task), "seed %lu", seed);
		cr_expect(eq(u32, w->executor, sorted[i].executor), "seed %lu", seed);
		cr_expect(eq(u8, w->cause, sorted[i].cause), "seed %lu", seed);
		cr_expect(eq(u32, w->waker, sorted[i].waker), "seed %lu", seed);
	}
	if (!count)
		return;
	static const uint32_t quantiles[] = { 500000, 900000, 990000, 999000 };
	const uint64_t got[] = { latency->overall.p50_ns, latency->overall.p90_ns,
		latency->overall.p99_ns, latency->overall.p999_ns };
	for (size_t i = 0; i < 4; i++) {
		const size_t rank = (count * quantiles[i] + 999999) / 1000000;
		const struct dwell_interval *n = &sorted[count - (rank ? rank : 1)];
		const uint64_t want = n->end_ns - n->start_ns;
		const bool near = got[i] + want / 100 >= want && got[i] <= want + want / 100;

		cr_expect(near, "seed %lu: quantile %u is %lu, not %lu", seed, quantiles[i], got[i],
			want);
	}
}

static void check_history(uint64_t seed, bool whole)
{
	struct gen_options options = gen_any(seed);
	const struct dwell_query query = {
		.analyses = DWELL_ANALYZE_TASKS | DWELL_ANALYZE_LATENCY,
		.worst = 12,
		.threads = 1 + seed % 3,
		.selection.all_processes = true,
	};
	struct memory_output file;
	struct history h;

	/* Without losses who ran instead follows from rows and intervals alone. */
	if (whole)
		options.losses = 0;
	options.rows /= 4;
	write_history(&file, &options, 50 + (uint32_t)(seed % 400), 0, 0);
	read_history(&h, &options);

	struct dwell_answer *answer = analyze_memory(&file, &query);
	for (size_t i = 0; i < answer->tasks->count; i++)
		check_task(&h, &answer->tasks->rows[i], seed);
	for (size_t i = 0; whole && i < answer->latency->worst_count; i++)
		check_worst(&h, &answer->latency->worst[i], answer->trace.has_wakes, seed);
	check_latency(&h, answer, answer->trace.has_wakes, seed);
	dwell_answer_free(answer);
	release_history(&h);
	memory_output_release(&file);
}

Test(reference, whole_histories)
{
	for (uint64_t i = gen_share(500); i > 0; i--)
		check_history(i, true);
}

Test(reference, histories_with_losses)
{
	for (uint64_t i = gen_share(500); i > 0; i--)
		check_history(1000 + i, false);
}

/*
 * The critical path and its gains against a reference written from docs/causes.md: everything is
 * looked for in all intervals and rows, as often as it takes.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/gains.h"
#include "answers.h"
#include "naive_waits.h"
#include "tampered.h"

static void write_tampered(struct memory_output *file, const struct gen_options *options,
	uint32_t rows, enum naive_history history)
{
	const struct dwell_encoder_options encoding = {
		.chunk_rows = rows,
		.generation_chunks = 1,
	};
	struct dwell_encoder *encoder = NULL;

	memory_output_init(file);
	cr_assert(eq(int, dwell_encoder_new(&encoder, &file->output, &encoding), 0));
	if (history == NAIVE_AGAIN)
		drive_again(options, dwell_encoder_sink(encoder));
	else
		drive_tampered(options, dwell_encoder_sink(encoder));
	dwell_encoder_free(encoder);
}

/* start < at <= end */
static const struct dwell_interval *naive_at(const struct naive *n, uint32_t task, uint64_t at)
{
	for (size_t i = 0; i < n->told.interval_count; i++) {
		const struct dwell_interval *v = &n->told.intervals[i];

		if (v->task == task && v->start_ns < at && v->end_ns >= at)
			return v;
	}
	return NULL;
}

static uint32_t naive_maker(const struct naive *n, uint32_t task, uint64_t at)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(n->catalog, task);

	return of && (of->born || at < of->created_ns) ? of->parent : 0;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The path as nanoseconds: who is on it, and in what state. */
struct spot {
	uint32_t task, for_task;
	uint8_t state, stop;
};

static void paint(const struct naive *n, struct dwell_step *steps, size_t *count, uint64_t from,
	uint64_t to, struct spot spot)
{
	(void)n;
	if (from >= to)
		return;
	steps[(*count)++] = (struct dwell_step){ .start_ns = from,
		.end_ns = to,
		.task = spot.task,
		.for_task = spot.for_task,
		.state = spot.state,
		.stop = spot.stop };
}

/* From `at` back to `bound` on a task; `on` are those who wait for it. False: nothing is known of
 * it from *at on. */
static bool naive_walk(const struct naive *n, uint32_t task, uint32_t for_task, uint64_t bound,
	uint64_t *at, bool *on, struct dwell_step *steps, size_t *count)
{
	on[task] = true;
	while (*at > bound) {
		const struct dwell_interval *v = naive_at(n, task, *at);
		uint64_t go, start;
		struct spot spot = { task, for_task, 0, 0 };

		if (!v && for_task) {
			const uint32_t maker = naive_maker(n, task, *at);

			on[task] = false;
			if (!maker || on[maker] || !naive_at(n, maker, *at))
				return false;
			task = maker;
			on[task] = true;
			continue;
		}
		if (!v)
			break;
		go = n->let_go[v - n->told.intervals];
		start = most(v->start_ns, bound);
		spot.state = v->state;
		if (v->state != DWELL_BLOCKED)
			go = 0;
		else if (v->flags & DWELL_INTERVAL_OPEN)
			spot.stop = DWELL_STOP_OPEN;
		else if (!go && n->for_child[v - n->told.intervals])
			spot.stop = DWELL_STOP_NOBODY;
		else if (!v->waker)
			spot.stop = *at < v->end_ns ? DWELL_STOP_OPEN : DWELL_STOP_NOBODY;
		else if (!go)
			spot.stop = DWELL_STOP_RELEASE;
		else if (*at > go)
			spot.stop = DWELL_STOP_WAY_BACK;
		else if (*at < go)
			spot.stop = DWELL_STOP_MIDDLE;
		else if (on[v->waker])
			spot.stop = DWELL_STOP_CIRCLE;
		else if (!naive_at(n, v->waker, go))
			spot.stop = DWELL_STOP_WAKER;
		if (v->state == DWELL_BLOCKED && !spot.stop) {
			start = most(naive_first(n, v)->start_ns, bound);
			if (!naive_walk(n, v->waker, task, start, at, on, steps, count)) {
				spot.stop = DWELL_STOP_WAKER;
				paint(n, steps, count, start, *at, spot);
				*at = start;
			}
			continue;
		}
		if (spot.stop == DWELL_STOP_WAY_BACK)
			start = most(go, bound);
		paint(n, steps, count, start, *at, spot);
		*at = start;
	}
	on[task] = false;
	return true;
}

/* Both as runs of nanoseconds that are alike. */
static bool like(const struct dwell_step *a, const struct dwell_step *b)
{
	return a->task == b->task && a->state == b->state && a->for_task == b->for_task &&
	       a->stop == b->stop;
}

static size_t merge_runs(struct dwell_step *steps, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept && steps[kept - 1].end_ns == steps[i].start_ns &&
			like(&steps[kept - 1], &steps[i]))
			steps[kept - 1].end_ns = steps[i].end_ns;
		else
			steps[kept++] = steps[i];
	}
	return kept;
}

static void check_steps(const struct naive *n, const struct dwell_path *path, uint64_t seed)
{
	struct dwell_step *steps = calloc(n->told.interval_count * 3 + 100, sizeof(*steps));
	bool *on = calloc(100000, sizeof(*on));
	size_t count = 0, got, sum = 0;
	uint64_t at = n->to;

	naive_walk(n, n->task, 0, n->from, &at, on, steps, &count);
	cr_assert(eq(u64, path->from_ns, at), "seed %lu", seed);
	for (size_t i = 0; i < count / 2; i++) {
		const struct dwell_step was = steps[i];

		steps[i] = steps[count - 1 - i];
		steps[count - 1 - i] = was;
	}
	count = merge_runs(steps, count);
	for (size_t i = 0; i < path->step_count; i++) {
		cr_assert(eq(u64, path->steps[i].start_ns,
				  i ? path->steps[i - 1].end_ns : path->from_ns),
			"seed %lu", seed);
		sum += path->steps[i].end_ns - path->steps[i].start_ns;
	}
	cr_assert(eq(u64, sum, path->to_ns - path->from_ns), "seed %lu", seed);
	got = merge_runs(path->steps, path->step_count);
	cr_expect(eq(sz, got, count), "seed %lu", seed);
	for (size_t i = 0; i < count && i < got; i++) {
		cr_assert(eq(u64, path->steps[i].start_ns, steps[i].start_ns), "seed %lu", seed);
		cr_assert(eq(u64, path->steps[i].end_ns, steps[i].end_ns), "seed %lu", seed);
		cr_assert(like(&path->steps[i], &steps[i]),
			"seed %lu at %lu: task %u %u, not %u %u", seed, steps[i].start_ns,
			path->steps[i].task, path->steps[i].stop, steps[i].task, steps[i].stop);
	}
	free(steps);
	free(on);
}

static uint64_t naive_end(struct naive *n, const struct dwell_interval *v);

/* The longest way from the beginning to the start of an interval. */
static uint64_t naive_start(struct naive *n, const struct dwell_interval *v);

/* To a moment in the midst of an interval. */
static uint64_t naive_midst(struct naive *n, const struct dwell_interval *v, uint64_t at)
{
	const bool nothing = n->nothing[v - n->told.intervals];

	return naive_start(n, v) + (nothing ? 0 : at - most(v->start_ns, n->from));
}

static uint64_t work_out_start(struct naive *n, const struct dwell_interval *v)
{
	const struct dwell_interval *before = naive_at(n, v->task, v->start_ns), *made;
	const uint32_t maker = naive_maker(n, v->task, v->start_ns);

	if (v->start_ns <= n->from)
		return 0;
	if (before)
		return naive_end(n, before);
	made = maker ? naive_at(n, maker, v->start_ns) : NULL;
	return made ? naive_midst(n, made, v->start_ns) : v->start_ns - n->from;
}

static uint64_t naive_start(struct naive *n, const struct dwell_interval *v)
{
	const size_t i = (size_t)(v - n->told.intervals);

	if (!n->start_known[i]) {
		n->start_v[i] = work_out_start(n, v);
		n->start_known[i] = true;
	}
	return n->start_v[i];
}

static uint64_t naive_end(struct naive *n, const struct dwell_interval *v)
{
	const size_t i = (size_t)(v - n->told.intervals);
	const uint64_t go =
		v->state == DWELL_BLOCKED && !(v->flags & DWELL_INTERVAL_OPEN) ? n->let_go[i] : 0;
	const struct dwell_interval *waker =
		go > n->from && v->waker != v->task && dwell_catalog_recorded(n->catalog, v->waker)
			? naive_at(n, v->waker, go)
			: NULL;

	if (n->nothing[i])
		return naive_start(n, v);
	if (!waker)
		return naive_midst(n, v, v->end_ns);
	return most(naive_start(n, naive_first(n, v)), naive_midst(n, waker, go)) +
	       (v->end_ns - go);
}

/* How long the interval is where some take no time. */
static uint64_t naive_length(struct naive *n, const bool *nothing)
{
	const struct dwell_interval *last = naive_at(n, n->task, n->to);

	n->nothing = nothing;
	memset(n->start_known, 0, n->told.interval_count * sizeof(*n->start_known));
	return last->end_ns == n->to ? naive_end(n, last) : naive_midst(n, last, n->to);
}

static uint64_t site(const struct naive *n, uint32_t stack)
{
	return stack ? catalog_stack_hash(n->catalog, stack) : 0;
}

static void check_gains(struct naive *n, const struct dwell_path *path, uint64_t seed)
{
	bool *nothing = calloc(n->told.interval_count + 1, sizeof(*nothing));
	const uint64_t whole = path->to_ns - path->from_ns;

	n->from = path->from_ns;
	cr_assert(eq(u64, naive_length(n, nothing), whole), "seed %lu", seed);
	for (size_t k = 0; k < path->share_count && path->shares[k].has_gain; k++) {
		const struct dwell_share *s = &path->shares[k];

		for (size_t i = 0; i < n->told.interval_count; i++) {
			const struct dwell_interval *v = &n->told.intervals[i];
			const struct dwell_catalog_task *of =
				dwell_catalog_task(n->catalog, v->task);

			nothing[i] = v->state == s->state && of && of->class_id == s->class_id &&
				     (s->state != DWELL_BLOCKED ||
					     (v->reason == s->reason &&
						     site(n, v->stack) == site(n, s->stack)));
		}
		cr_expect(eq(u64, s->gain_ns, whole - naive_length(n, nothing)),
			"seed %lu share %lu", seed, k);
	}
	for (size_t k = 0; k < path->wait_count && path->waits[k].has_gain; k++) {
		const struct dwell_path_wait *w = &path->waits[k];

		for (size_t i = 0; i < n->told.interval_count; i++) {
			const struct dwell_interval *v = &n->told.intervals[i];

			nothing[i] = v->state == DWELL_BLOCKED && v->reason == w->reason &&
				     v->object == w->object &&
				     site(n, v->stack) == site(n, w->stack);
		}
		cr_expect(eq(u64, w->gain_ns, whole - naive_length(n, nothing)),
			"seed %lu wait %lu", seed, k);
	}
	free(nothing);
}

static void check_shares(const struct dwell_path *path, uint64_t seed)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < path->share_count; i++)
		sum += path->shares[i].ns;
	cr_expect(eq(u64, sum, path->to_ns - path->from_ns), "seed %lu", seed);
	for (size_t i = 0; i < path->wait_count; i++)
		cr_expect(le(u64, path->waits[i].ns, path->to_ns - path->from_ns));
}

/* A task's whole life, as far as it can be told. */
static bool choose(struct naive *n, uint32_t task)
{
	n->task = task;
	n->from = 0;
	n->to = 0;
	for (size_t i = 0; i < n->told.interval_count; i++)
		if (n->told.intervals[i].task == task &&
			n->told.intervals[i].start_ns < n->told.intervals[i].end_ns)
			n->to = most(n->to, n->told.intervals[i].end_ns);
	return n->to;
}

/* Waits that may count: of those that were let go, how many were begun again. */
static size_t count_again(const struct naive *n)
{
	size_t count = 0;

	for (size_t i = 0; i < n->told.interval_count; i++)
		count += n->let_go[i] &&
			 naive_first(n, &n->told.intervals[i]) != &n->told.intervals[i];
	return count;
}

/* What was waited for the end of is added to `ended`, what was begun again to *again. */
static void check_history(uint64_t seed, enum naive_history history, size_t ended[2], size_t *again)
{
	const bool tampered = history == NAIVE_ENDS;
	struct gen_options options = gen_any(seed);
	struct memory_output file;
	struct dwell_bytes *bytes = NULL;
	struct dwell_reader *reader = NULL;
	struct dwell_study *study = NULL;
	struct naive n;

	options.rows /= 6;
	options.tasks = tampered ? 10 + (uint32_t)(seed % 60) : 2 + (uint32_t)(seed % 12);
	if (history != NAIVE_PLAIN)
		write_tampered(&file, &options, 40 + (uint32_t)(seed % 300), history);
	else
		write_history(&file, &options, 40 + (uint32_t)(seed % 300), 0, 0);
	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file.at, file.size), 0));
	cr_assert(eq(int, dwell_reader_open(&reader, bytes, NULL), 0));
	cr_assert(eq(int, dwell_study_open(&study, dwell_reader_source(reader), NULL), 0));
	naive_read(&n, &options, dwell_study_catalog(study), history);
	ended[0] += n.ended[0];
	ended[1] += n.ended[1];
	*again += count_again(&n);
	for (uint32_t task = 1; task <= 3; task++) {
		const struct dwell_path_query query = {
			.task = task,
			.steps = UINT64_MAX,
			.threads = 1 + (unsigned)(seed % 3),
		};
		struct dwell_path *path = NULL;
		struct dwell_diag diag = { 0 };

		if (!choose(&n, task))
			continue;
		cr_assert(eq(int, dwell_path_find(&path, study, &query, &diag), 0), "seed %lu: %s",
			seed, diag.what);
		cr_expect(eq(u64, path->to_ns, n.to), "seed %lu", seed);
		cr_expect(eq(u64, path->trace.events, n.rows.count), "seed %lu", seed);
		check_steps(&n, path, seed);
		check_shares(path, seed);
		check_gains(&n, path, seed);
		dwell_path_free(path);
	}
	dwell_study_close(study);
	dwell_reader_close(reader);
	memory_output_release(&file);
	naive_release(&n);
}

Test(path, generated_1)
{
	for (uint64_t i = gen_share(500); i > 0; i--)
		check_history(i, NAIVE_PLAIN, (size_t[2]){ 0 }, &(size_t){ 0 });
}

Test(path, generated_2)
{
	for (uint64_t i = gen_share(500); i > 0; i--)
		check_history(10000 + i, NAIVE_PLAIN, (size_t[2]){ 0 }, &(size_t){ 0 });
}

Test(path, generated_ends)
{
	size_t ended[2] = { 0 };

	for (uint64_t i = gen_share(500); i > 0; i--)
		check_history(20000 + i, NAIVE_ENDS, ended, &(size_t){ 0 });
	/* It was about something. */
	cr_expect(lt(sz, gen_share(200), ended[0]));
	cr_expect(lt(sz, gen_share(500), ended[1]));
}

Test(path, generated_again)
{
	size_t again = 0;

	for (uint64_t i = gen_share(500); i > 0; i--)
		check_history(30000 + i, NAIVE_AGAIN, (size_t[2]){ 0 }, &again);
	/* It was about something. */
	cr_expect(lt(sz, gen_share(2000), again));
}

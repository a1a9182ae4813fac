/* A window in memory, and the same a part at a time from its end, against the naive states. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/chapters.h"
#include "answers.h"
#include "model/spares.h"

struct opened {
	struct memory_output file;
	struct dwell_reader *reader;
	struct dwell_study *study;
	struct collect rows;
	struct told told;
};

static void open_history(struct opened *o, const struct gen_options *options, uint32_t rows)
{
	struct dwell_bytes *bytes = NULL;
	struct dwell_diag diag = { 0 };

	memset(o, 0, sizeof(*o));
	write_history(&o->file, options, rows, 0, 0);
	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, o->file.at, o->file.size), 0));
	cr_assert(eq(int, dwell_reader_open(&o->reader, bytes, &diag), 0), "%s", diag.what);
	cr_assert(eq(int, dwell_study_open(&o->study, dwell_reader_source(o->reader), &diag), 0));
	collect_init(&o->rows);
	cr_assert(eq(int, gen_drive(options, &o->rows.sink), 0));
	naive_states(&o->rows, &o->told);
}

static void close_history(struct opened *o)
{
	dwell_study_close(o->study);
	dwell_reader_close(o->reader);
	memory_output_release(&o->file);
	collect_release(&o->rows);
	told_release(&o->told);
}

static struct dwell_history *read_all(struct opened *o)
{
	const struct dwell_history_options options = {
		.parts = DWELL_HISTORY_EXECUTORS | DWELL_HISTORY_WAITS | DWELL_HISTORY_HANDLES,
	};
	struct dwell_history *history = NULL;
	struct dwell_diag diag = { 0 };

	cr_assert(eq(int, dwell_history_read(&history, o->study, &options, &diag), 0), "%s",
		diag.what);
	return history;
}

static void check_stretch(
	const struct dwell_stretch *s, const struct dwell_interval *n, uint64_t seed)
{
	cr_assert(eq(u64, s->start_ns, n->start_ns), "seed %lu task %u", seed, n->task);
	cr_assert(eq(u64, s->end_ns, n->end_ns), "seed %lu task %u", seed, n->task);
	cr_expect(eq(u8, s->state, n->state), "seed %lu task %u", seed, n->task);
	cr_expect(eq(u8, s->reason, n->reason), "seed %lu task %u", seed, n->task);
	cr_expect(eq(u32, s->executor, n->executor), "seed %lu task %u", seed, n->task);
	if (n->waker) {
		cr_expect(eq(u32, s->waker, n->waker), "seed %lu", seed);
		if (n->state == DWELL_BLOCKED)
			cr_expect(eq(u64, s->let_go_ns, n->end_ns), "seed %lu", seed);
	}
}

/* All that the naive states tell, and no more. */
static void check_whole(const struct opened *o, const struct dwell_history *h, uint64_t seed)
{
	const struct told *told = &o->told;
	size_t total = 0, waits = 0;

	for (uint32_t task = 0; task < dwell_history_tasks(h); task++) {
		size_t i = 0;

		for (size_t j = 0; j < told->interval_count; j++) {
			const struct dwell_interval *n = &told->intervals[j];

			if (n->task != task || n->start_ns == n->end_ns)
				continue;
			cr_assert(lt(sz, i, dwell_history_stretches(h, task)), "seed %lu", seed);
			check_stretch(dwell_history_stretch(h, task, i), n, seed);
			cr_expect(eq(sz, dwell_history_find(h, task, n->start_ns), i));
			cr_expect(eq(sz, dwell_history_find(h, task, n->end_ns - 1), i));
			i++;
		}
		cr_assert(eq(sz, dwell_history_stretches(h, task), i), "seed %lu", seed);
		total += i;
		waits += dwell_history_waits(h, task);
	}
	for (size_t j = 0; j < told->interval_count; j++)
		total -= told->intervals[j].start_ns != told->intervals[j].end_ns;
	cr_expect(eq(sz, total, 0), "seed %lu", seed);
	cr_expect(eq(sz, waits, told->wait_count), "seed %lu", seed);
}

static void check_handles(const struct opened *o, const struct dwell_history *h, uint64_t seed)
{
	size_t at[4096] = { 0 };

	for (size_t i = 0; i < o->rows.count; i++) {
		const struct dwell_event *e = &o->rows.rows[i];

		if ((e->kind != DWELL_EVENT_ACQUIRE && e->kind != DWELL_EVENT_RELEASE) ||
			!e->object || e->object >= 4096)
			continue;
		cr_assert(lt(sz, at[e->object], dwell_history_handles(h, e->object)));

		const struct dwell_handle *k = dwell_history_handle(h, e->object, at[e->object]++);
		cr_expect(eq(u64, k->time_ns, e->time_ns), "seed %lu", seed);
		cr_expect(eq(u32, k->task, e->task), "seed %lu", seed);
		cr_expect(eq(u8, k->kind, e->kind), "seed %lu", seed);
	}
}

/* Its members leave no gap; what follows the last one is nobody's. */
enum { STRETCH_BYTES = offsetof(struct dwell_stretch, holder_how) + 1 };

/* A chapter answers as the whole does. */
static void check_chapter(const struct chapters *c, const struct dwell_history *whole,
	uint64_t *random, uint64_t seed)
{
	const uint64_t end_ns = c->end_ns < whole->to_ns ? c->end_ns : whole->to_ns;

	for (int i = 0; i < 60 && end_ns > c->begin_ns; i++) {
		const uint32_t task = (uint32_t)gen_random(random, dwell_history_tasks(whole)) + 1;
		const uint64_t at = c->begin_ns + 1 + gen_random(random, end_ns - c->begin_ns);
		const struct dwell_stretch *got = chapters_at(c, task, at);
		const size_t k = dwell_history_find(whole, task, at - 1);
		const struct dwell_stretch *want = k < dwell_history_stretches(whole, task)
							   ? dwell_history_stretch(whole, task, k)
							   : NULL;
		struct dwell_stretch copy;

		if (want && want->start_ns >= at)
			want = NULL;
		cr_assert(eq(int, !got, !want), "seed %lu task %u at %lu", seed, task, at);
		if (!got)
			continue;
		copy = *got;
		/* Told as soon as the chapter is reached in which it happened. */
		if (is_earlier(copy.let_go_ns)) {
			cr_expect(le(u64, want->let_go_ns, c->begin_ns), "seed %lu", seed);
			if (copy.let_go_ns == END_EARLIER)
				copy.waker = want->waker;
			copy.let_go_ns = want->let_go_ns;
		}
		cr_expect(eq(int, memcmp(&copy, want, STRETCH_BYTES), 0), "seed %lu task %u at %lu",
			seed, task, at);
	}
}

static void check_chapters(struct opened *o, const struct dwell_history *whole, uint64_t seed)
{
	uint64_t random = seed;
	struct spares *spares = spares_new();
	struct chapters chapters;
	struct model view;
	int err;

	cr_assert(eq(int, model_view(&o->study->model, 0, 0, &view), 0));
	view.threads = 1 + seed % 3;
	cr_assert(eq(int, chapters_open(&chapters, &view, 0, spares), 0));
	while ((err = chapters_back(&chapters)) == 0)
		check_chapter(&chapters, whole, &random, seed);
	cr_assert(eq(int, err, DWELL_END));
	cr_expect(eq(u64, chapters.tally.rows, o->rows.count), "seed %lu", seed);
	chapters_close(&chapters);
	spares_free(spares);
}

static void check_seed(uint64_t seed)
{
	struct gen_options options = gen_any(seed);
	struct dwell_history *whole;
	struct opened o;

	options.rows /= 4;
	open_history(&o, &options, 40 + (uint32_t)(seed % 300));
	whole = read_all(&o);
	check_whole(&o, whole, seed);
	check_handles(&o, whole, seed);
	check_chapters(&o, whole, seed);
	dwell_history_free(whole);
	close_history(&o);
}

Test(history, whole_and_in_chapters)
{
	for (uint64_t seed = 1; seed <= gen_share(400); seed++)
		check_seed(seed);
}

/* A window holds what the whole does there. */
static void check_window(struct opened *o, const struct dwell_history *whole, uint64_t seed)
{
	uint64_t random = seed;
	const uint64_t from = gen_random(&random, whole->to_ns);
	const struct dwell_history_options options = {
		.from_ns = from,
		.to_ns = from + 1 + gen_random(&random, whole->to_ns - from),
		.parts = DWELL_HISTORY_EXECUTORS,
	};
	struct dwell_history *h = NULL;

	cr_assert(eq(int, dwell_history_read(&h, o->study, &options, NULL), 0), "seed %lu", seed);
	for (uint32_t task = 1; task < dwell_history_tasks(h); task++) {
		const size_t count = dwell_history_stretches(h, task);

		for (size_t i = 0; i < count; i++) {
			const struct dwell_stretch *s = dwell_history_stretch(h, task, i);
			const size_t k = dwell_history_find(whole, task, s->start_ns);

			cr_assert(lt(sz, k, dwell_history_stretches(whole, task)));
			/* What goes on at the window's end, in two where a loss lies in it. */
			if (dwell_history_stretch(h, task, count - 1)->flags &
					DWELL_INTERVAL_OPEN &&
				i + 2 >= count)
				continue;
			const struct dwell_stretch *w = dwell_history_stretch(whole, task, k);
			cr_expect(eq(u64, s->start_ns, w->start_ns), "seed %lu", seed);
			cr_expect(eq(u64, s->end_ns, w->end_ns), "seed %lu", seed);
			cr_expect(eq(u8, s->state, w->state), "seed %lu", seed);
		}
	}
	dwell_history_free(h);
}

Test(history, windows)
{
	for (uint64_t seed = 2001; seed <= 2000 + gen_share(100); seed++) {
		struct gen_options options = gen_any(seed);
		struct dwell_history *whole;
		struct opened o;

		options.rows /= 4;
		open_history(&o, &options, 40 + (uint32_t)(seed % 300));
		whole = read_all(&o);
		for (int i = 0; i < 10; i++)
			check_window(&o, whole, seed * 16 + (uint64_t)i);
		dwell_history_free(whole);
		close_history(&o);
	}
}

Test(history, limits_and_nothing)
{
	struct gen_options options = gen_any(7);
	const struct dwell_history_options few = { .limit = 10 },
					   nothing = { .from_ns = 5, .to_ns = 5 };
	struct dwell_history *h = NULL;
	struct dwell_diag diag = { 0 };
	struct opened o;

	open_history(&o, &options, 200);
	cr_expect(eq(int, dwell_history_read(&h, o.study, &few, &diag), DWELL_ELIMIT));
	cr_expect(lt(u8, 0, (uint8_t)diag.what[0]));
	cr_expect(eq(int, dwell_history_read(&h, o.study, &nothing, &diag), DWELL_EINVAL));
	cr_expect(eq(ptr, h, NULL));
	dwell_history_free(NULL);
	dwell_study_close(NULL);
	close_history(&o);
}

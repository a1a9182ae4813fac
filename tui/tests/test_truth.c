/*
 * What one sees is true: for random histories and random views, every cell against a naive
 * reading of the events, by the states alone.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../format/tests/gen.h"
#include "core/cells.h"
#include "core/port.h"
#include "core/rows.h"
#include "core/table.h"
#include "dwell/digest.h"
#include "dwell/encoder.h"
#include "dwell/importer.h"
#include "tests/play.h"

enum { MAX_TASKS = 1024, WIDTH = 120, HEIGHT = 50 };

struct life {
	struct dwell_interval *at;
	size_t count;
};

struct naive {
	struct dwell_sink sink;
	struct dwell_states *states;
	struct life lives[MAX_TASKS];
};

static void remember(void *context, const struct dwell_interval *interval)
{
	struct naive *naive = context;
	struct life *life;

	if (interval->task >= MAX_TASKS || interval->state >= DWELL_EXITED)
		return;
	life = &naive->lives[interval->task];
	life->at = realloc(life->at, (life->count + 1) * sizeof(*life->at));
	cr_assert_not_null(life->at);
	life->at[life->count++] = *interval;
}

static int naive_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	return dwell_states_task(((struct naive *)sink)->states, task);
}

static int naive_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	return dwell_states_executor(((struct naive *)sink)->states, executor);
}

static int naive_events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	return dwell_states_apply(((struct naive *)sink)->states, rows, count);
}

static int naive_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	return dwell_states_flush(((struct naive *)sink)->states, end->end_ns);
}

static void read_naively(struct naive *naive, const struct gen_options *gen)
{
	static const struct dwell_states_ops told = { .interval = remember };
	static const struct dwell_sink_ops ops = {
		.task = naive_task,
		.executor = naive_executor,
		.events = naive_events,
		.end = naive_end,
	};

	naive->sink.ops = &ops;
	cr_assert_eq(dwell_states_new(&naive->states, gen->levels, &told, naive), 0);
	cr_assert_eq(gen_drive(gen, &naive->sink), 0);
	dwell_states_free(naive->states);
}

struct file_output {
	struct dwell_output output;
	FILE *file;
};

static int write_file(struct dwell_output *output, const void *at, size_t size)
{
	return fwrite(at, 1, size, ((struct file_output *)output)->file) == size ? DWELL_OK
										 : DWELL_EIO;
}

/* Small generations, so that views lie across several. */
static void write_trace(const char *path, const struct gen_options *gen)
{
	static const struct dwell_encoder_options options = { .chunk_rows = 512,
		.generation_chunks = 4 };
	struct file_output file = { .output = { write_file }, .file = fopen(path, "wb") };
	struct dwell_encoder *encoder;

	cr_assert_not_null(file.file);
	cr_assert_eq(dwell_encoder_new(&encoder, &file.output, &options), 0);
	cr_assert_eq(gen_drive(gen, dwell_encoder_sink(encoder)), 0);
	dwell_encoder_free(encoder);
	cr_assert_eq(fclose(file.file), 0);
}

static void want_cell(const struct life *life, uint64_t start, uint64_t end, struct dwell_cell *out)
{
	*out = (struct dwell_cell){ .switches = 0 };
	for (size_t i = 0; i < life->count; i++) {
		const struct dwell_interval *in = &life->at[i];
		const uint64_t from = in->start_ns > start ? in->start_ns : start;
		const uint64_t to = in->end_ns < end ? in->end_ns : end;

		if (to <= from)
			continue;
		out->ns[in->state] += to - from;
		if (in->state == DWELL_BLOCKED && out->longest_wait_ns < in->end_ns - in->start_ns)
			out->longest_wait_ns = in->end_ns - in->start_ns;
	}
}

/* The drawn cell, in eighths. Waits that touch it at a point only may mark it, too. */
static void check_cell(const struct tui *tui, const struct life *life, uint32_t task,
	const struct dwell_cell *got, uint64_t start)
{
	const uint64_t end = start + tui->place.cell_ns;
	struct dwell_cell want, wider;
	struct tui_shade shade = shade_of(got, tui->bound_ns, tui->place.cell_ns);
	const uint64_t whole = tui->place.cell_ns;

	want_cell(life, start, end, &want);
	for (unsigned s = DWELL_UNKNOWN; s < DWELL_EXITED; s++) {
		const double truth = (double)want.ns[s] / (double)whole;
		const double off = truth - shade.eighths[s] / 8.0;

		cr_assert(off < 0.1251 && off > -0.1251,
			"task %u at %llu, cell %llu, state %u: %f, %u eighths; %llu %llu %llu %llu not "
			"%llu %llu %llu %llu of %llu",
			task, (unsigned long long)start, (unsigned long long)tui->place.cell_ns, s,
			truth, shade.eighths[s], (unsigned long long)got->ns[1],
			(unsigned long long)got->ns[2], (unsigned long long)got->ns[3],
			(unsigned long long)got->ns[4], (unsigned long long)want.ns[1],
			(unsigned long long)want.ns[2], (unsigned long long)want.ns[3],
			(unsigned long long)want.ns[4], (unsigned long long)tui->facts->finest_ns);
		cr_assert(!(want.ns[s] && !shade.eighths[s]),
			"task %u at %llu, cell %llu of %llu, state %u vanished: %llu", task,
			(unsigned long long)start, (unsigned long long)tui->place.cell_ns,
			(unsigned long long)tui->facts->finest_ns, s,
			(unsigned long long)want.ns[s]);
		cr_assert(!(!want.ns[s] && shade.eighths[s]),
			"task %u at %llu, cell %llu of %llu, state %u invented: %llu", task,
			(unsigned long long)start, (unsigned long long)tui->place.cell_ns,
			(unsigned long long)tui->facts->finest_ns, s,
			(unsigned long long)got->ns[s]);
	}
	if (want.longest_wait_ns > tui->bound_ns)
		cr_assert(shade.hot, "task %u at %llu: a wait of %llu is not marked", task,
			(unsigned long long)start, (unsigned long long)want.longest_wait_ns);
	want_cell(life, start ? start - 1 : 0, end + 1, &wider);
	if (shade.hot)
		cr_assert(wider.longest_wait_ns > tui->bound_ns,
			"task %u at %llu: marked, but the longest wait is %llu", task,
			(unsigned long long)start, (unsigned long long)wider.longest_wait_ns);
}

/* A group's cell: the time of all its tasks together, as shares of the time that they lived; where
 * that is less than a cell, within an eighth of the cell. */
static void check_group_cell(const struct tui *tui, const struct naive *naive,
	const struct tui_row *row, const struct dwell_cell *got, uint64_t start)
{
	const struct tui_shade shade = shade_of(got, tui->bound_ns, 0);
	struct dwell_cell sum = { .switches = 0 };
	uint64_t whole = 0;

	for (size_t i = row->first; i < row->first + row->count; i++) {
		struct dwell_cell one;

		want_cell(&naive->lives[tui->rows.members[i]], start, start + tui->place.cell_ns,
			&one);
		for (unsigned s = DWELL_UNKNOWN; s < DWELL_EXITED; s++)
			sum.ns[s] += one.ns[s];
		if (one.longest_wait_ns > sum.longest_wait_ns)
			sum.longest_wait_ns = one.longest_wait_ns;
	}
	for (unsigned s = DWELL_UNKNOWN; s < DWELL_EXITED; s++)
		whole += sum.ns[s];
	for (unsigned s = DWELL_UNKNOWN; s < DWELL_EXITED && whole; s++) {
		const double truth = (double)sum.ns[s] / (double)whole;
		const double lived = (double)whole / (double)tui->place.cell_ns;
		const double off = (truth - shade.eighths[s] / 8.0) * (lived < 1 ? lived : 1);

		cr_assert(off < 0.1251 && off > -0.1251,
			"group %u of %zu at %llu, state %u: %f, %u eighths", row->id, row->count,
			(unsigned long long)start, s, truth, shade.eighths[s]);
		cr_assert_eq(sum.ns[s] != 0, shade.eighths[s] != 0,
			"group %u of %zu at %llu, state %u: %llu ns, %u eighths", row->id,
			row->count, (unsigned long long)start, s, (unsigned long long)sum.ns[s],
			shade.eighths[s]);
	}
	cr_assert(whole || !shade.present);
	if (sum.longest_wait_ns > tui->bound_ns)
		cr_assert(shade.hot, "group %u at %llu: a wait of %llu is not told", row->id,
			(unsigned long long)start, (unsigned long long)sum.longest_wait_ns);
}

/* An executor's cell: how long it ran anything. */
static void check_executor_cell(const struct tui *tui, const struct naive *naive,
	const struct tui_row *row, const struct dwell_cell *got, uint64_t start)
{
	const double cell = (double)tui->place.cell_ns;
	uint64_t ran = 0;
	double off;

	for (unsigned task = 0; task < MAX_TASKS; task++)
		for (size_t i = 0; i < naive->lives[task].count; i++) {
			const struct dwell_interval *in = &naive->lives[task].at[i];
			const uint64_t end = start + tui->place.cell_ns;
			const uint64_t from = in->start_ns > start ? in->start_ns : start;
			const uint64_t to = in->end_ns < end ? in->end_ns : end;

			if (in->state == DWELL_RUNNING && in->executor == row->id && to > from)
				ran += to - from;
		}
	off = ((double)ran - (double)got->ns[DWELL_RUNNING]) / cell;
	cr_assert(off < 0.0626 && off > -0.0626, "executor %u at %llu: %llu of %llu, not %llu",
		row->id, (unsigned long long)start, (unsigned long long)got->ns[DWELL_RUNNING],
		(unsigned long long)tui->place.cell_ns, (unsigned long long)ran);
	cr_assert_eq(ran != 0, got->ns[DWELL_RUNNING] != 0);
}

static void check_view(struct play *play, const struct naive *naive)
{
	const struct tui *tui = play->tui;

	play_settle(play);
	cr_assert(tui->exact);
	for (unsigned line = 0; line < tui->strip_count; line++) {
		const struct tui_row *row = rows_on_line(tui, line);

		for (unsigned i = 0; row && i < tui->layout.columns; i++) {
			const uint64_t at = tui->place.from_ns + i * tui->place.cell_ns;
			const struct dwell_cell *cell = &tui->strips[line].cells[i];

			if (row->kind == ROW_TASK && row->id < MAX_TASKS)
				check_cell(tui, &naive->lives[row->id], row->id, cell, at);
			else if (row->kind == ROW_PROCESS || row->kind == ROW_CLASS)
				check_group_cell(tui, naive, row, cell, at);
			else if (row->kind == ROW_EXECUTOR)
				check_executor_cell(tui, naive, row, cell, at);
		}
	}
}

static void random_view(struct tui *tui, uint64_t *random)
{
	const uint64_t length = tui->facts->end_ns - tui->facts->begin_ns;
	const uint64_t from = gen_random(random, length);
	uint64_t width = length;

	for (uint64_t halves = gen_random(random, 14); halves; halves--)
		width /= 2;
	port_show(tui, from, from + width + 1);
	tui->bound_is_set = true;
	tui->bound_ns = UINT64_C(1024) << gen_random(random, 12);
	rows_select(tui, gen_random(random, tui->rows.count));
}

static void check_seed(uint64_t seed)
{
	struct gen_options gen = gen_any(seed);
	struct naive *naive = calloc(1, sizeof(*naive));
	char path[] = "/tmp/dwell-truth-XXXXXX";
	struct play play;
	uint64_t random = seed + 1;

	gen.rows = 12000;
	gen.step_ns = seed % 2 ? 20000 : 2000;
	close(mkstemp(path));
	write_trace(path, &gen);
	read_naively(naive, &gen);
	cr_assert(play_open(&play, path, WIDTH, HEIGHT));
	unlink(path);
	cr_assert_leq(dwell_catalog_tasks(play.tui->catalog), MAX_TASKS);
	play_key(&play, "Z");
	/* By process, folded and not, by class, by executor. */
	for (unsigned i = 0; i < 24; i++) {
		random_view(play.tui, &random);
		check_view(&play, naive);
		if (i % 6 == 5)
			play_keys(&play, i == 5 ? "Z" : i == 11 ? "r Z" : "r r");
	}
	play_close(&play);
	for (unsigned i = 0; i < MAX_TASKS; i++)
		free(naive->lives[i].at);
	free(naive);
}

Test(truth, every_cell_is_what_the_events_say)
{
	for (uint64_t seed = 0; seed < 8; seed++)
		check_seed(seed);
}

/* What diff prints to open both traces at. */
static void opens_at_ids(const char *path)
{
	const struct dwell_query query = { .analyses = DWELL_ANALYZE_DIGEST |
						       DWELL_ANALYZE_BLOCKED | DWELL_ANALYZE_LOCKS |
						       DWELL_ANALYZE_SPANS | DWELL_ANALYZE_METRICS |
						       DWELL_ANALYZE_LATENCY | DWELL_ANALYZE_LEAKS |
						       DWELL_ANALYZE_POOLS,
		.worst = 10 };
	const struct dwell_selection all = { 0 };
	struct dwell_import import = { 0 };
	struct dwell_answer *answer;
	size_t opened = 0;

	cr_assert_eq(dwell_import_open(&import, path, NULL), 0);
	cr_assert_eq(dwell_analyze(&answer, import.source, &query, NULL), 0);
	cr_assert_eq(dwell_digest_add_path(answer->digest, import.source, &all, 1, NULL), 0);
	for (size_t i = 0; i < answer->digest->count; i++) {
		const struct dwell_digest_subject *of = &answer->digest->subjects[i];
		struct play play;
		char id[24];

		cr_assert(play_open(&play, path, WIDTH, HEIGHT));
		snprintf(id, sizeof(id), "%llx", (unsigned long long)of->id);
		table_go_id(play.tui, id);
		play_settle(&play);
		cr_expect(!of->id || strcmp(play.tui->message, "nothing has this id") != 0,
			"%s: kind %u %s", path, of->kind, of->key);
		opened += of->id != 0;
		play_close(&play);
	}
	cr_expect_gt(opened, 1, "%s", path);
	dwell_answer_free(answer);
	dwell_import_close(&import);
}

Test(table, opens_at_each_id_of_a_digest)
{
	opens_at_ids(DWELL_TESTDATA "/traces/handover.txt");
	opens_at_ids(DWELL_TESTDATA "/traces/blame.txt");
	opens_at_ids(DWELL_TESTDATA "/traces/shop.dwell");
	opens_at_ids(DWELL_TESTDATA "/import/go/checkout-go1.25.trace");
}

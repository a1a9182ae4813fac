#include "tests/gen.h"
#include "tests/harness.h"
#include "tests/trip.h"

#include "dwell/pyramid.h"
#include "dwell/states.h"

#include <stdlib.h>
#include <string.h>

/* Cells of the pyramid against cells that are worked out from all intervals. */
enum { CELLS = 60, MAX_TASKS = 64 };

struct truth {
	struct dwell_sink sink;
	struct dwell_states *states;
	uint64_t from_ns, to_ns, margin_ns;
	struct dwell_cell cells[MAX_TASKS][CELLS];
	uint64_t widest_wait[MAX_TASKS][CELLS]; /* of those within a margin of the cell */
	uint64_t end_ns;
};

static uint64_t overlap(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	const uint64_t start = a > c ? a : c, end = b < d ? b : d;

	return start < end ? end - start : 0;
}

static void see_interval(void *context, const struct dwell_interval *in)
{
	struct truth *truth = context;
	const uint64_t width = (truth->to_ns - truth->from_ns) / CELLS;

	if (in->task >= MAX_TASKS || in->state >= DWELL_EXITED)
		return;
	for (unsigned i = 0; i < CELLS; i++) {
		struct dwell_cell *cell = &truth->cells[in->task][i];
		const uint64_t start = truth->from_ns + i * width;
		const uint64_t end = i + 1 < CELLS ? start + width : truth->to_ns;
		const uint64_t ns = overlap(in->start_ns, in->end_ns, start, end);
		const uint64_t before = start > truth->margin_ns ? start - truth->margin_ns : 0;
		const uint64_t wait = in->state == DWELL_BLOCKED ? in->end_ns - in->start_ns : 0;

		cell->ns[in->state] += ns;
		if (ns && cell->longest_wait_ns < wait)
			cell->longest_wait_ns = wait;
		if (in->start_ns <= end + truth->margin_ns && in->end_ns >= before &&
			truth->widest_wait[in->task][i] < wait)
			truth->widest_wait[in->task][i] = wait;
	}
}

static int truth_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	return dwell_states_task(((struct truth *)sink)->states, task);
}

static int truth_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	return dwell_states_executor(((struct truth *)sink)->states, executor);
}

static int truth_events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	return dwell_states_apply(((struct truth *)sink)->states, rows, count);
}

static int truth_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	return dwell_states_flush(((struct truth *)sink)->states, end->end_ns);
}

static void work_out(struct truth *truth, const struct gen_options *gen)
{
	static const struct dwell_states_ops told = { .interval = see_interval };
	static const struct dwell_sink_ops ops = {
		.task = truth_task,
		.executor = truth_executor,
		.events = truth_events,
		.end = truth_end,
	};

	truth->sink.ops = &ops;
	cr_assert(eq(int, dwell_states_new(&truth->states, gen->levels, &told, truth), 0));
	cr_assert(eq(int, gen_drive(gen, &truth->sink), 0));
	dwell_states_free(truth->states);
}

static void compare(const struct truth *truth, uint32_t task, const struct dwell_cell *cells)
{
	const uint64_t width = (truth->to_ns - truth->from_ns) / CELLS;

	for (unsigned i = 0; i < CELLS; i++) {
		const struct dwell_cell *want = &truth->cells[task][i], *got = &cells[i];

		for (unsigned s = DWELL_UNKNOWN; s < DWELL_EXITED; s++) {
			const uint64_t off = want->ns[s] > got->ns[s] ? want->ns[s] - got->ns[s]
								      : got->ns[s] - want->ns[s];

			cr_assert(le(u64, off, width / 8),
				"task %u cell %u state %u: %llu not %llu", task, i, s,
				(unsigned long long)got->ns[s], (unsigned long long)want->ns[s]);
			cr_assert(not(want->ns[s] && !got->ns[s]),
				"task %u cell %u state %u vanished", task, i, s);
		}
		cr_assert(ge(u64, got->longest_wait_ns, want->longest_wait_ns), "task %u cell %u",
			task, i);
		cr_assert(
			le(u64, got->longest_wait_ns,
				truth->widest_wait[task][i] + truth->widest_wait[task][i] / 64 + 1),
			"task %u cell %u", task, i);
	}
}

static struct dwell_reader *open_trace(struct memory_output *file, const struct gen_options *gen)
{
	struct dwell_encoder *encoder;
	struct dwell_bytes *bytes;
	struct dwell_reader *reader;

	memory_output_init(file);
	cr_assert(eq(int, dwell_encoder_new(&encoder, &file->output, NULL), 0));
	cr_assert(eq(int, gen_drive(gen, dwell_encoder_sink(encoder)), 0));
	dwell_encoder_free(encoder);
	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file->at, file->size), 0));
	cr_assert(eq(int, dwell_reader_open(&reader, bytes, NULL), 0));
	return reader;
}

/* In windows as wide as all, and down to eight of the finest buckets for a cell. */
static void check_windows(
	const struct gen_options *gen, struct dwell_pyramid *pyramid, struct dwell_reader *reader)
{
	const uint64_t end_ns = dwell_reader_summary(reader)->end.end_ns;
	const uint64_t least = 8 * CELLS * dwell_pyramid_finest_ns(pyramid);

	for (uint64_t width = end_ns; width >= least; width /= 3) {
		struct truth *truth = calloc(1, sizeof(*truth));
		struct dwell_cell cells[CELLS];

		cr_assert(ne(ptr, truth, NULL));
		truth->from_ns = (end_ns - width) / 2;
		truth->to_ns = truth->from_ns + width;
		truth->margin_ns = width / CELLS / 8;
		work_out(truth, gen);
		for (uint32_t task = 1; task < MAX_TASKS && task < gen->tasks; task++) {
			cr_assert(eq(int,
				dwell_pyramid_query(
					pyramid, task, truth->from_ns, truth->to_ns, cells, CELLS),
				0));
			compare(truth, task, cells);
		}
		free(truth);
	}
}

/* All tasks at once: the same as one by one. */
static void check_totals(
	const struct gen_options *gen, struct dwell_pyramid *pyramid, uint64_t end_ns)
{
	uint64_t ns[MAX_TASKS], sum = 0;
	struct dwell_cell cell;

	for (uint64_t to_ns = end_ns; to_ns > end_ns / 8; to_ns -= end_ns / 3) {
		for (uint8_t state = DWELL_UNKNOWN; state < DWELL_EXITED; state++) {
			cr_assert(eq(int,
				dwell_pyramid_totals(pyramid, state, to_ns, ns, MAX_TASKS), 0));
			for (uint32_t task = 1; task < MAX_TASKS; task++) {
				cr_assert(eq(int,
					dwell_pyramid_query(pyramid, task, 0, to_ns, &cell, 1), 0));
				cr_assert(eq(u64, ns[task], cell.ns[state]), "task %u state %u",
					task, state);
				sum += ns[task];
			}
		}
	}
	cr_assert(lt(u64, end_ns / 8 * (gen->tasks > 1), sum));
	ns[2] = 1;
	cr_assert(eq(int, dwell_pyramid_totals(pyramid, DWELL_RUNNING, end_ns, ns, 2), 0));
	cr_assert(eq(u64, ns[2], 1));
	cr_assert(eq(int, dwell_pyramid_totals(pyramid, DWELL_STATE_COUNT, end_ns, ns, 2),
		DWELL_EINVAL));
	cr_assert(eq(int, dwell_pyramid_totals(pyramid, DWELL_RUNNING, 0, ns, 2), DWELL_EINVAL));
}

Test(pyramid, agrees_with_all_intervals)
{
	for (uint64_t seed = 0; seed < 6; seed++) {
		struct gen_options gen = gen_any(seed);
		struct memory_output file;
		struct dwell_reader *reader;
		struct dwell_pyramid *pyramid;

		gen.rows = 20000;
		gen.step_ns = seed % 2 ? 20000 : 300000;
		reader = open_trace(&file, &gen);
		cr_assert(eq(int, dwell_pyramid_open(&pyramid, reader, NULL), 0));
		check_windows(&gen, pyramid, reader);
		check_totals(&gen, pyramid, dwell_reader_summary(reader)->end.end_ns);
		cr_assert(eq(int, dwell_pyramid_load(pyramid, 3), DWELL_ELIMIT));
		check_windows(&gen, pyramid, reader);
		cr_assert(eq(int, dwell_pyramid_load(pyramid, UINT64_MAX), 0));
		check_windows(&gen, pyramid, reader);
		dwell_pyramid_free(pyramid);
		cr_assert(eq(int, dwell_pyramid_build(&pyramid, reader, NULL), 0));
		check_windows(&gen, pyramid, reader);
		dwell_pyramid_free(pyramid);
		dwell_reader_close(reader);
		memory_output_release(&file);
	}
	no_leaks();
}

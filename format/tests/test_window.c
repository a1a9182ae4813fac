#include "tests/gen.h"
#include "tests/harness.h"
#include "tests/late.h"
#include "tests/trip.h"

#include "dwell/states.h"

#include <stdlib.h>
#include <string.h>

/* A source asked for a window, for some columns, or part by part, tells what the whole tells of it.
 */
struct seen {
	struct dwell_sink sink;
	struct dwell_event *rows;
	size_t count, cap;
	struct dwell_task_state *keyframe; /* the first */
	size_t keyframe_count;
	uint64_t keyframe_ns;
	bool has_keyframe;
};

static int see_rows(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct seen *seen = (struct seen *)sink;

	if (seen->count + count > seen->cap) {
		seen->cap = 2 * (seen->count + count);
		seen->rows = realloc(seen->rows, seen->cap * sizeof(*rows));
		if (!seen->rows)
			abort();
	}
	memcpy(seen->rows + seen->count, rows, count * sizeof(*rows));
	seen->count += count;
	return DWELL_OK;
}

static int see_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct seen *seen = (struct seen *)sink;

	if (seen->has_keyframe)
		return DWELL_OK;
	seen->has_keyframe = true;
	seen->keyframe_ns = time_ns;
	seen->keyframe_count = count;
	seen->keyframe = calloc(count + 1, sizeof(*states));
	if (!seen->keyframe)
		abort();
	if (count)
		memcpy(seen->keyframe, states, count * sizeof(*states));
	return DWELL_OK;
}

static void init(struct seen *seen)
{
	static const struct dwell_sink_ops ops = { .events = see_rows, .keyframe = see_keyframe };

	*seen = (struct seen){ .sink = { &ops } };
}

static void release(struct seen *seen)
{
	free(seen->rows);
	free(seen->keyframe);
}

/* late: creations are told late. */
static struct dwell_reader *open_trace(
	struct memory_output *file, const struct gen_options *gen, bool late)
{
	static const struct dwell_encoder_options small = { .chunk_rows = 150,
		.generation_chunks = 4 };
	struct dwell_encoder *encoder;
	struct dwell_bytes *bytes;
	struct dwell_reader *reader;

	memory_output_init(file);
	cr_assert(eq(int, dwell_encoder_new(&encoder, &file->output, &small), 0));

	struct dwell_sink *sink = dwell_encoder_sink(encoder);
	struct late *first = late_new(sink, gen->seed, gen->seed % 2);

	cr_assert(eq(int, gen_drive(gen, late ? late_sink(first) : sink), 0));
	late_free(first);
	dwell_encoder_free(encoder);
	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file->at, file->size), 0));
	cr_assert(eq(int, dwell_reader_open(&reader, bytes, NULL), 0));
	return reader;
}

/* Definitions into states. */
struct defining {
	struct dwell_sink sink;
	struct dwell_states *machine;
};

static int define_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	return dwell_states_task(((struct defining *)sink)->machine, task);
}

static int define_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	return dwell_states_executor(((struct defining *)sink)->machine, executor);
}

/* States after all rows before from_ns, from the beginning. */
static void check_keyframe(struct dwell_reader *reader, const struct gen_options *gen,
	const struct seen *whole, const struct seen *window, uint64_t from_ns)
{
	static const struct dwell_states_ops none;
	static const struct dwell_sink_ops ops = { .task = define_task,
		.executor = define_executor };
	struct defining defining = { .sink = { &ops } };
	const struct dwell_task_state *states;
	struct dwell_states *machine;
	size_t early = 0, count;

	cr_assert(eq(int, dwell_states_new(&machine, gen->levels, &none, NULL), 0));
	defining.machine = machine;
	cr_assert(eq(int, dwell_reader_drive_tables(reader, &defining.sink), 0));
	cr_assert(eq(int,
		dwell_states_load(
			machine, whole->keyframe_ns, whole->keyframe, whole->keyframe_count),
		0));
	while (early < whole->count && whole->rows[early].time_ns < from_ns)
		early++;
	cr_assert(eq(int, dwell_states_apply(machine, whole->rows, early), 0));
	cr_assert(eq(int, dwell_states_save(machine, &states, &count), 0));
	cr_assert(eq(u64, window->keyframe_ns, from_ns));
	cr_assert(eq(sz, window->keyframe_count, count));
	cr_expect(eq(int, memcmp(window->keyframe, states, count * sizeof(*states)), 0));
	dwell_states_free(machine);
}

static void check_window(struct dwell_reader *reader, const struct gen_options *gen,
	const struct seen *whole, uint64_t from_ns, uint64_t to_ns)
{
	const struct dwell_source_options options = { .from_ns = from_ns, .to_ns = to_ns };
	struct seen window;
	size_t first = 0, count = 0;

	init(&window);
	cr_assert(eq(
		int, dwell_source_drive(dwell_reader_source(reader), &options, &window.sink), 0));
	while (first < whole->count && whole->rows[first].time_ns < from_ns)
		first++;
	while (first + count < whole->count && whole->rows[first + count].time_ns < to_ns)
		count++;
	cr_assert(eq(sz, window.count, count));
	if (count)
		cr_expect(eq(int,
			memcmp(window.rows, whole->rows + first, count * sizeof(*window.rows)), 0));
	check_keyframe(reader, gen, whole, &window, from_ns);
	release(&window);
}

static void check_columns(struct dwell_reader *reader, const struct seen *whole, uint32_t columns)
{
	const struct dwell_source_options options = { .columns = columns };
	struct seen some;

	init(&some);
	cr_assert(
		eq(int, dwell_source_drive(dwell_reader_source(reader), &options, &some.sink), 0));
	cr_assert(eq(sz, some.count, whole->count));
	for (size_t i = 0; i < some.count; i++) {
		const struct dwell_event *a = &some.rows[i], *b = &whole->rows[i];
		const bool same =
			a->time_ns == b->time_ns && a->kind == b->kind && a->state == b->state &&
			a->reason == b->reason && a->flags == b->flags &&
			(!(columns & DWELL_COLUMN_TASK) || a->task == b->task) &&
			(!(columns & DWELL_COLUMN_PEER) || a->peer == b->peer) &&
			(!(columns & DWELL_COLUMN_EXECUTOR) || a->executor == b->executor) &&
			(!(columns & DWELL_COLUMN_OBJECT) || a->object == b->object) &&
			(!(columns & DWELL_COLUMN_STACK) || a->stack == b->stack) &&
			(!(columns & DWELL_COLUMN_VALUE) || a->value == b->value) &&
			(!(columns & DWELL_COLUMN_EXTRA) || a->extra == b->extra);

		cr_assert(same, "columns %x row %zu", columns, i);
	}
	release(&some);
}

Test(window, rows_keyframe_and_columns)
{
	for (uint64_t seed = 0; seed < 16; seed++) {
		struct gen_options gen = gen_any(seed);
		struct memory_output file;
		struct seen whole;

		gen.rows = 2500;
		gen.ahead = false;
		gen.losses = 0;

		struct dwell_reader *reader = open_trace(&file, &gen, seed >= 8);
		const uint64_t end_ns = dwell_reader_summary(reader)->end.end_ns;

		init(&whole);
		cr_assert(eq(int,
			dwell_source_drive(dwell_reader_source(reader), NULL, &whole.sink), 0));
		for (uint64_t i = 1; i < 6; i++)
			check_window(reader, &gen, &whole, end_ns * i / 7, end_ns * (i + 1) / 7);
		for (uint32_t columns = 1; columns < 128 && seed < 8; columns += 3)
			check_columns(reader, &whole, columns);
		release(&whole);
		dwell_reader_close(reader);
		memory_output_release(&file);
	}
	no_leaks();
}

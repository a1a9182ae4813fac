#include "tests/gen.h"
#include "tests/harness.h"
#include "tests/naive_file.h"
#include "tests/trip.h"

#include <stdlib.h>
#include <string.h>

/* The library's reader and the naive one tell the same of every file. */
static int library_read(const struct memory_output *file, struct dwell_sink *sink)
{
	struct dwell_bytes *bytes;
	struct dwell_reader *reader;

	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file->at, file->size), 0));
	cr_assert(eq(int, dwell_reader_open(&reader, bytes, NULL), 0));

	const int err = dwell_source_drive(dwell_reader_source(reader), NULL, sink);

	dwell_reader_close(reader);
	return err;
}

static void expect_same(const struct tape *a, const struct tape *b, uint64_t seed)
{
	cr_assert(eq(sz, a->size, b->size), "seed %llu", (unsigned long long)seed);
	cr_assert(a->size == 0 || memcmp(a->at, b->at, a->size) == 0, "seed %llu",
		(unsigned long long)seed);
}

static void check(const struct memory_output *file, uint64_t seed, bool few_tables)
{
	struct tape library, library_definitions, naive, naive_definitions;

	tape_init(&library);
	tape_init(&library_definitions);
	tape_init(&naive);
	tape_init(&naive_definitions);
	library.keyframes = naive.keyframes = true;
	library.definitions = &library_definitions;
	naive.definitions = &naive_definitions;
	cr_assert(eq(int, library_read(file, &library.sink), 0));
	cr_assert(eq(int, naive_file_read(file->at, file->size, &naive.sink), 0), "seed %llu",
		(unsigned long long)seed);
	cr_assert(eq(u64, naive.rows, library.rows));
	expect_same(&naive, &library, seed);
	/* Merged tables are in another order. */
	if (few_tables)
		expect_same(&naive_definitions, &library_definitions, seed);
	tape_release(&library);
	tape_release(&library_definitions);
	tape_release(&naive);
	tape_release(&naive_definitions);
}

Test(naive, agrees)
{
	static const struct dwell_encoder_options shapes[] = {
		{ 0 },
		{ .chunk_rows = 300, .generation_chunks = 3 },
	};

	for (uint64_t seed = 0; seed < 24; seed++) {
		const struct gen_options gen = gen_any(seed);
		struct memory_output file;
		struct dwell_encoder *encoder;

		memory_output_init(&file);
		cr_assert(eq(int, dwell_encoder_new(&encoder, &file.output, &shapes[seed % 2]), 0));
		cr_assert(eq(int, gen_drive(&gen, dwell_encoder_sink(encoder)), 0));
		dwell_encoder_free(encoder);
		check(&file, seed, seed % 2 == 0);
		memory_output_release(&file);
	}
	no_leaks();
}

enum { RHYTHM_ROWS = 40000, PROLOGUE_SIZE = 64, SYNC_SIZE = 16, KIND_EVENTS = 4 };

static uint32_t u32_at(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* EVENTS chunks of the file that have a column of that field, of this part or a later one. */
static unsigned count_chunks(const struct memory_output *file, unsigned field, unsigned part)
{
	unsigned count = 0;

	for (size_t at = PROLOGUE_SIZE, body, size; at < file->size; at += (size + 7) / 8 * 8) {
		const uint8_t *const header = file->at + at;
		bool has = false;

		body = header[SYNC_SIZE] | (size_t)header[SYNC_SIZE + 1] << 8;
		size = body + u32_at(header + 28);
		if (header[SYNC_SIZE + 2] != KIND_EVENTS)
			continue;
		for (uint32_t i = 0; i < u32_at(header + body); i++) {
			const uint8_t *const column = header + body + 4 + 12 * i;

			has |= column[0] == field && column[1] >= part;
		}
		count += has;
	}
	return count;
}

/* On each of two executors two tasks take turns, in a rhythm of their own; in the middle a third
 * of that leaves off. */
static void make_rhythm(uint64_t seed, struct dwell_event *rows)
{
	uint64_t random = seed, next[2] = { 0, 0 };
	unsigned turn[2] = { 0, 0 };

	for (size_t i = 0; i < RHYTHM_ROWS; i++) {
		const bool alone = i / (RHYTHM_ROWS / 3) == 1;
		const unsigned on = !alone && next[1] < next[0];

		if (alone && next[1] < next[0])
			next[1] = next[0];
		rows[i] = (struct dwell_event){
			.time_ns = next[on] * 16,
			.kind = DWELL_EVENT_SWITCH,
			.state = DWELL_RUNNABLE,
			.executor = on + 1,
			.task = on * 2 + 1 + turn[on],
			.peer = on * 2 + 2 - turn[on],
		};
		turn[on] ^= 1;
		next[on] += (on ? 1370 : 1000) + gen_random(&random, 4);
	}
}

static void encode_rhythm(const struct dwell_event *rows,
	const struct dwell_encoder_options *options, size_t at_once, struct memory_output *out)
{
	static const struct dwell_trace_info info = { .source = { "x", 1 }, .tick_ns = 16 };
	static const struct dwell_trace_end end = { .closed = true };
	struct dwell_encoder *encoder;
	struct dwell_sink *sink;

	memory_output_init(out);
	cr_assert(eq(int, dwell_encoder_new(&encoder, &out->output, options), 0));
	sink = dwell_encoder_sink(encoder);
	cr_assert(eq(int, sink->ops->begin(sink, &info), 0));
	for (size_t i = 0; i < RHYTHM_ROWS; i += at_once)
		cr_assert(eq(int, sink->ops->events(sink, rows + i, at_once), 0));
	cr_assert(eq(int, sink->ops->end(sink, &end), 0));
	dwell_encoder_free(encoder);
}

static void expect_rows(const struct memory_output *file, const struct dwell_event *rows)
{
	static struct dwell_sink_ops ops;
	struct tape tape;

	tape_init(&tape);
	ops = (struct dwell_sink_ops){ .events = tape.sink.ops->events };
	tape.sink.ops = &ops;
	cr_assert(eq(int, library_read(file, &tape.sink), 0));
	cr_assert(eq(sz, tape.size, RHYTHM_ROWS * sizeof(*rows)));
	cr_assert(memcmp(tape.at, rows, tape.size) == 0);
	tape_release(&tape);
}

static void expect_rhythm(uint64_t seed, const struct dwell_event *rows,
	const struct dwell_encoder_options *options, struct memory_output *file)
{
	struct memory_output again;

	encode_rhythm(rows, options, RHYTHM_ROWS, file);
	check(file, seed, options->chunk_rows == 0);
	expect_rows(file, rows);
	encode_rhythm(rows, options, 100, &again);
	cr_assert(eq(sz, file->size, again.size));
	cr_assert(memcmp(file->at, again.at, file->size) == 0);
	memory_output_release(&again);
}

/* Times are written by executor where that is much shorter, from chunk to chunk; and those of
 * frequent shapes in streams of their own. */
Test(naive, agrees_by_executor)
{
	static const struct dwell_encoder_options small = { .chunk_rows = 400,
		.generation_chunks = 7 };
	static const struct dwell_encoder_options whole = { 0 };
	static struct dwell_event rows[RHYTHM_ROWS];

	for (uint64_t seed = 0; seed < 4; seed++) {
		struct memory_output file;

		make_rhythm(seed, rows);
		expect_rhythm(seed, rows, &small, &file);
		cr_expect(lt(uint, 10, count_chunks(&file, 2, 0)));
		cr_expect(lt(uint, 10, count_chunks(&file, 11, 0)));
		cr_expect(eq(uint, 0, count_chunks(&file, 2, 8)));
		memory_output_release(&file);
		expect_rhythm(seed, rows, &whole, &file);
		cr_expect(eq(uint, 1, count_chunks(&file, 2, 8)));
		memory_output_release(&file);
	}
	no_leaks();
}

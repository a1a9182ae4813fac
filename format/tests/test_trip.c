#include "tests/gen.h"
#include "tests/harness.h"
#include "tests/trip.h"

#include <stdlib.h>
#include <string.h>

/* What was told comes back: definitions and rows, from files of several shapes. */

static void encode(const struct gen_options *gen, const struct dwell_encoder_options *options,
	struct memory_output *out)
{
	struct dwell_encoder *encoder;

	memory_output_init(out);
	cr_assert(eq(int, dwell_encoder_new(&encoder, &out->output, options), 0));

	const int err = gen_drive(gen, dwell_encoder_sink(encoder));

	cr_assert(eq(int, err, 0), "%s", dwell_encoder_diag(encoder)->what);
	cr_expect(eq(u64, dwell_encoder_bytes(encoder), out->size));
	dwell_encoder_free(encoder);
}

static void drive(const struct memory_output *file, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct dwell_bytes *bytes;
	struct dwell_reader *reader;
	struct dwell_diag diag = { 0 };

	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file->at, file->size), 0));

	int err = dwell_reader_open(&reader, bytes, &diag);

	cr_assert(eq(int, err, 0), "%s", diag.what);
	err = dwell_source_drive(dwell_reader_source(reader), options, sink);
	cr_assert(eq(int, err, 0));
	dwell_reader_close(reader);
}

/* Rows alone, as the generator tells them. */
static void told_rows(const struct gen_options *gen, struct tape *tape)
{
	static struct dwell_sink_ops ops;
	struct tape all;

	tape_init(&all);
	ops = (struct dwell_sink_ops){ .events = all.sink.ops->events };
	tape_init(tape);
	tape->sink.ops = &ops;
	cr_assert(eq(int, gen_drive(gen, &tape->sink), 0));
}

static void read_rows(const struct memory_output *file, struct tape *tape)
{
	static struct dwell_sink_ops ops;

	tape_init(tape);
	ops = (struct dwell_sink_ops){ .events = tape->sink.ops->events };
	tape->sink.ops = &ops;
	drive(file, NULL, &tape->sink);
}

static void check_rows(
	const struct gen_options *gen, const struct dwell_encoder_options *options, uint64_t seed)
{
	struct memory_output file;
	struct tape told, read;

	encode(gen, options, &file);
	told_rows(gen, &told);
	read_rows(&file, &read);
	cr_assert(eq(u64, read.rows, told.rows), "seed %llu", (unsigned long long)seed);
	for (uint64_t i = 0; i < told.rows; i++) {
		const struct dwell_event *a = (const void *)(told.at + i * sizeof(*a));
		const struct dwell_event *b = (const void *)(read.at + i * sizeof(*b));

		cr_assert(eq(int, memcmp(a, b, sizeof(*a)), 0),
			"seed %llu row %llu kind %u/%u time %llu/%llu task %u/%u peer %u/%u executor %u/%u",
			(unsigned long long)seed, (unsigned long long)i, a->kind, b->kind,
			(unsigned long long)a->time_ns, (unsigned long long)b->time_ns, a->task,
			b->task, a->peer, b->peer, a->executor, b->executor);
	}
	memory_output_release(&file);
	tape_release(&told);
	tape_release(&read);
}

Test(trip, rows)
{
	static const struct dwell_encoder_options shapes[] = {
		{ 0 },
		{ .chunk_rows = 100, .generation_chunks = 3 },
		{ .chunk_rows = 1, .generation_chunks = 200 },
	};

	for (uint64_t seed = 0; seed < 30; seed++) {
		const struct gen_options gen = gen_any(seed);

		check_rows(&gen, &shapes[seed % 3], seed);
	}
	no_leaks();
}

enum { OWN_ROWS = 2000 };

/* Waits, marks and locks of few tasks on few objects: what is said again, nearly so, or anew. */
static void make_own(uint64_t seed, struct dwell_event *rows)
{
	static const uint8_t kinds[] = { DWELL_EVENT_WAIT_BEGIN, DWELL_EVENT_WAIT_END,
		DWELL_EVENT_MARK, DWELL_EVENT_ACQUIRE, DWELL_EVENT_RELEASE, DWELL_EVENT_STATE };
	uint64_t random = seed, now_ns = 0;

	for (size_t i = 0; i < OWN_ROWS; i++) {
		now_ns += gen_random(&random, 3) * 16;
		rows[i] = (struct dwell_event){
			.time_ns = now_ns,
			.task = (uint32_t)gen_random(&random, 3),
			.object = (uint32_t)gen_random(&random, 2 + seed % 4),
			.stack = (uint32_t)gen_random(&random, 2 + seed % 3),
			.kind = kinds[gen_random(&random, 1 + seed % sizeof(kinds))],
			.state = DWELL_STATE_SAME,
			.reason = (uint8_t)(1 + gen_random(&random, 2)),
		};
		if (gen_random(&random, 20) == 0)
			rows[i].flags = 1;
		if (gen_random(&random, 50) == 0)
			rows[i].peer = 1;
		if (gen_random(&random, 50) == 0)
			rows[i].executor = 1;
		if (gen_random(&random, 50) == 0)
			rows[i].value = gen_random(&random, 3);
	}
}

/* So many rows at once, or, of 0, any number. */
static void encode_own(
	const struct dwell_event *rows, size_t at_once, uint64_t seed, struct memory_output *out)
{
	static const struct dwell_trace_info info = { .source = { "x", 1 }, .tick_ns = 16 };
	static const struct dwell_trace_end end = { .closed = true };
	struct dwell_encoder *encoder;
	struct dwell_sink *sink;

	memory_output_init(out);
	cr_assert(eq(int, dwell_encoder_new(&encoder, &out->output, NULL), 0));
	sink = dwell_encoder_sink(encoder);
	cr_assert(eq(int, sink->ops->begin(sink, &info), 0));
	for (size_t i = 0, n; i < OWN_ROWS; i += n) {
		n = at_once ? at_once : 1 + gen_random(&seed, 100);
		n = n < OWN_ROWS - i ? n : OWN_ROWS - i;
		cr_assert(eq(int, sink->ops->events(sink, rows + i, n), 0));
	}
	cr_assert(eq(int, sink->ops->end(sink, &end), 0));
	dwell_encoder_free(encoder);
}

/* They come back; and what is written does not depend on how many came at once. */
Test(trip, rows_of_the_program)
{
	static struct dwell_event rows[OWN_ROWS];

	for (uint64_t seed = 0; seed < 200; seed++) {
		struct memory_output one, all, some;
		struct tape read;

		make_own(seed, rows);
		encode_own(rows, 1, seed, &one);
		encode_own(rows, OWN_ROWS, seed, &all);
		encode_own(rows, 0, seed, &some);
		cr_assert(eq(sz, one.size, all.size), "seed %llu", (unsigned long long)seed);
		cr_assert(memcmp(one.at, all.at, all.size) == 0, "seed %llu",
			(unsigned long long)seed);
		cr_assert(eq(sz, some.size, all.size), "seed %llu", (unsigned long long)seed);
		cr_assert(memcmp(some.at, all.at, all.size) == 0, "seed %llu",
			(unsigned long long)seed);
		read_rows(&all, &read);
		cr_assert(eq(sz, read.size, sizeof(rows)), "seed %llu", (unsigned long long)seed);
		cr_assert(memcmp(read.at, rows, sizeof(rows)) == 0, "seed %llu",
			(unsigned long long)seed);
		memory_output_release(&one);
		memory_output_release(&all);
		memory_output_release(&some);
		tape_release(&read);
	}
	no_leaks();
}

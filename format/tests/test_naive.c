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
	cr_assert(eq(int, memcmp(a->at, b->at, a->size), 0), "seed %llu", (unsigned long long)seed);
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

#include "tests/gen.h"
#include "tests/harness.h"
#include "tests/trip.h"

#include "dwell/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Files that a released version wrote are read for ever: each has its text beside it. With
 * DWELL_TEST_UPDATE=1 in the environment, files that are not there yet are written; none is ever
 * rewritten.
 */
static const struct golden {
	const char *version, *name;
	uint64_t seed;
	size_t rows;
	struct dwell_encoder_options options;
} files[] = {
	{ "v1", "scheduler", 0, 400, { 0 } },
	{ "v1", "small-chunks", 1, 300, { .chunk_rows = 20, .generation_chunks = 2 } },
	{ "v1", "everything", 2, 600, { 0 } },
	{ "v1", "waits", 5, 400, { .chunk_rows = 100 } },
	{ "v1.1", "scheduler", 0, 400, { 0 } },
	{ "v1.1", "small-chunks", 1, 300, { .chunk_rows = 20, .generation_chunks = 2 } },
	{ "v1.1", "everything", 2, 600, { 0 } },
	{ "v1.1", "waits", 5, 400, { .chunk_rows = 100 } },
	{ "v1.2", "everything", 2, 600, { 0 } },
};

static void path_of(char path[1024], const struct golden *golden, const char *suffix)
{
	snprintf(path, 1024, DWELL_TESTDATA "/golden/%s/%s.%s", golden->version, golden->name,
		suffix);
}

static bool exists(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (file)
		fclose(file);
	return file != NULL;
}

static void write_trace(const struct golden *golden, const char *path)
{
	struct gen_options gen = gen_any(golden->seed);
	struct memory_output out;
	struct dwell_encoder *encoder;
	FILE *file = fopen(path, "wb");

	gen.rows = golden->rows;
	gen.tasks = 8;
	memory_output_init(&out);
	cr_assert(ne(ptr, file, NULL));
	cr_assert(eq(int, dwell_encoder_new(&encoder, &out.output, &golden->options), 0));
	cr_assert(eq(int, gen_drive(&gen, dwell_encoder_sink(encoder)), 0));
	cr_assert(eq(sz, fwrite(out.at, 1, out.size, file), out.size));
	cr_assert(eq(int, fclose(file), 0));
	dwell_encoder_free(encoder);
	memory_output_release(&out);
}

/* The trace as text, into a file. */
static void print_trace(const char *path, FILE *file)
{
	struct dwell_bytes *bytes;
	struct dwell_reader *reader;
	struct dwell_sink *sink;

	cr_assert(eq(int, dwell_bytes_open_file(&bytes, path), 0), "%s", path);
	cr_assert(eq(int, dwell_reader_open(&reader, bytes, NULL), 0), "%s", path);
	cr_assert(eq(int, dwell_text_sink_new(&sink, file), 0));
	cr_assert(eq(int, dwell_source_drive(dwell_reader_source(reader), NULL, sink), 0));
	dwell_text_sink_free(sink);
	dwell_reader_close(reader);
}

static void expect_same(FILE *a, FILE *b, const char *name)
{
	int x, y;

	rewind(a);
	rewind(b);
	do {
		x = getc(a);
		y = getc(b);
	} while (x == y && x != EOF);
	cr_expect(eq(int, x, y), "%s: the text differs", name);
}

Test(golden, old_files_are_read)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char trace[1024], text[1024];
		FILE *printed = tmpfile(), *expected;

		path_of(trace, &files[i], "dwell");
		path_of(text, &files[i], "text");
		if (getenv("DWELL_TEST_UPDATE") && !exists(trace))
			write_trace(&files[i], trace);
		if (getenv("DWELL_TEST_UPDATE") && !exists(text)) {
			expected = fopen(text, "wb");
			print_trace(trace, expected);
			fclose(expected);
		}
		expected = fopen(text, "rb");
		cr_assert(ne(ptr, printed, NULL));
		cr_assert(ne(ptr, expected, NULL), "%s", text);
		print_trace(trace, printed);
		expect_same(printed, expected, files[i].name);
		fclose(printed);
		fclose(expected);
	}
	no_leaks();
}

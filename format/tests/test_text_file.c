/* A file to text, back to a file and to text again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/encoder.h"
#include "dwell/reader.h"
#include "dwell/text.h"
#include "tests/gen.h"
#include "tests/harness.h"

enum { SEEDS = 120 };

struct file {
	struct dwell_output output;
	uint8_t *at;
	size_t size, cap;
};

static int put(struct dwell_output *output, const void *at, size_t size)
{
	struct file *file = (struct file *)output;

	if (file->size + size > file->cap) {
		file->cap = (file->size + size) * 2;
		file->at = realloc(file->at, file->cap);
		cr_assert(file->at != NULL);
	}
	memcpy(file->at + file->size, at, size);
	file->size += size;
	return 0;
}

/* Small chunks and generations for odd seeds, so that there are several. */
static struct dwell_encoder *encode(struct file *file, uint64_t seed)
{
	static const struct dwell_encoder_options small = { .chunk_rows = 512,
		.generation_chunks = 3 };
	struct dwell_encoder *encoder = NULL;

	*file = (struct file){ .output.write = put };
	cr_assert(eq(int, dwell_encoder_new(&encoder, &file->output, seed % 2 ? &small : NULL), 0));
	return encoder;
}

static struct dwell_reader *open_file(const struct file *file)
{
	struct dwell_reader *reader = NULL;
	struct dwell_bytes *bytes = NULL;
	struct dwell_diag diag = { 0 };

	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file->at, file->size), 0));
	cr_assert(eq(int, dwell_reader_open(&reader, bytes, &diag), 0), "%s", diag.what);
	return reader;
}

static void copy(const struct file *from, struct file *to, uint64_t seed)
{
	struct dwell_reader *reader = open_file(from);
	struct dwell_encoder *encoder = encode(to, seed);

	cr_assert(eq(int,
			  dwell_source_drive(
				  dwell_reader_source(reader), NULL, dwell_encoder_sink(encoder)),
			  0),
		"seed %lu: %s", (unsigned long)seed, dwell_encoder_diag(encoder)->what);
	dwell_encoder_free(encoder);
	dwell_reader_close(reader);
}

static char *print(const struct file *from, size_t *size)
{
	struct dwell_reader *reader = open_file(from);
	struct dwell_sink *sink = NULL;
	char *text = NULL;
	FILE *file = open_memstream(&text, size);

	cr_assert(file != NULL);
	cr_assert(eq(int, dwell_text_sink_new(&sink, file), 0));
	cr_assert(eq(int, dwell_source_drive(dwell_reader_source(reader), NULL, sink), 0));
	dwell_text_sink_free(sink);
	fclose(file);
	dwell_reader_close(reader);
	return text;
}

static void assemble(const char *text, size_t size, struct file *to, uint64_t seed)
{
	struct dwell_encoder *encoder = encode(to, seed);
	struct dwell_source *source = NULL;
	struct dwell_bytes *bytes = NULL;
	struct dwell_diag diag = { 0 };

	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, text, size), 0));
	cr_assert(eq(int, dwell_text_source_open(&source, bytes, &diag), 0), "%s", diag.what);
	cr_assert(eq(int, dwell_source_drive(source, NULL, dwell_encoder_sink(encoder)), 0),
		"seed %lu: line %u: %s%s", (unsigned long)seed, source->ops->diag(source)->line,
		source->ops->diag(source)->what, dwell_encoder_diag(encoder)->what);
	dwell_source_close(source);
	dwell_encoder_free(encoder);
}

/* Text is in a canonical order, so the first text is also the last, and from then on the file. */
Test(text_file, there_and_back)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		struct gen_options options = gen_any(seed);
		struct file original, copied, first, second;
		size_t original_size, copied_size, first_size;

		options.extras = true;

		struct dwell_encoder *encoder = encode(&original, seed);
		cr_assert(eq(int, gen_drive(&options, dwell_encoder_sink(encoder)), 0));
		dwell_encoder_free(encoder);
		copy(&original, &copied, seed);
		char *original_text = print(&original, &original_size);
		char *copied_text = print(&copied, &copied_size);
		assemble(original_text, original_size, &first, seed);
		char *first_text = print(&first, &first_size);
		assemble(first_text, first_size, &second, seed);

		/* No diff: one of a file is long. */
		cr_assert(original_size == copied_size &&
				  !memcmp(original_text, copied_text, copied_size),
			"seed %lu: text of a copy", (unsigned long)seed);
		cr_assert(original_size == first_size &&
				  !memcmp(original_text, first_text, first_size),
			"seed %lu: text again", (unsigned long)seed);
		cr_assert(first.size == second.size && !memcmp(first.at, second.at, first.size),
			"seed %lu: file again", (unsigned long)seed);
		free(original_text);
		free(copied_text);
		free(first_text);
		free(original.at);
		free(copied.at);
		free(first.at);
		free(second.at);
	}
	no_leaks();
}

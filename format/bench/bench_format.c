/*
 * Encode, decode, open and size of a trace. Usage: bench_format FILE.dwell [REPEATS]
 * Times are of the CPU of one thread, the best of the repeats.
 */
#include "dwell/encoder.h"
#include "dwell/reader.h"
#include "dwell/states.h"
#include "tests/trip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rows {
	struct dwell_sink sink;
	struct dwell_event *at;
	size_t count, cap;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_format: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int keep_rows(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct rows *kept = (struct rows *)sink;

	while (kept->count + count > kept->cap) {
		kept->cap = kept->cap ? kept->cap * 2 : 1 << 20;
		kept->at = realloc(kept->at, kept->cap * sizeof(*kept->at));
		if (!kept->at)
			fail("out of memory");
	}
	memcpy(kept->at + kept->count, rows, count * sizeof(*rows));
	kept->count += count;
	return DWELL_OK;
}

static int count_rows(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	(void)rows;
	((struct rows *)sink)->count += count;
	return DWELL_OK;
}

static struct dwell_reader *open_file(const char *path)
{
	struct dwell_bytes *bytes;
	struct dwell_reader *reader;
	struct dwell_diag diag = { 0 };

	if (dwell_bytes_open_file(&bytes, path))
		fail(path);
	if (dwell_reader_open(&reader, bytes, &diag))
		fail(diag.what);
	return reader;
}

/* Rows that are in memory into a file in memory: what a recorder does after it has drained. */
static double encode(
	struct dwell_reader *reader, const struct rows *rows, struct memory_output *out)
{
	static const struct dwell_source_options nothing = { .to_ns = 1 };
	struct dwell_encoder *encoder;
	struct dwell_sink *sink;
	const double start = now();

	out->size = 0;
	if (dwell_encoder_new(&encoder, &out->output, NULL))
		fail("out of memory");
	sink = dwell_encoder_sink(encoder);
	if (dwell_reader_source(reader)->ops->start(dwell_reader_source(reader), &nothing, sink))
		fail("definitions");
	for (size_t i = 0; i < rows->count; i += 4096) {
		const size_t left = rows->count - i;

		if (sink->ops->events(sink, rows->at + i, left < 4096 ? left : 4096))
			fail(dwell_encoder_diag(encoder)->what);
	}
	if (sink->ops->end(sink, &dwell_reader_summary(reader)->end))
		fail(dwell_encoder_diag(encoder)->what);
	dwell_encoder_free(encoder);
	return now() - start;
}

static double decode(struct dwell_reader *reader, uint32_t columns)
{
	static const struct dwell_sink_ops ops = { .events = count_rows };
	const struct dwell_source_options options = { .columns = columns };
	struct rows counted = { .sink = { &ops } };
	const double start = now();

	if (dwell_source_drive(dwell_reader_source(reader), &options, &counted.sink))
		fail("cannot decode");
	if (counted.count != dwell_reader_summary(reader)->events)
		fail("other rows");
	return now() - start;
}

static double best_decode(struct dwell_reader *reader, uint32_t columns, int repeats)
{
	double best = 1e9;

	for (int i = 0; i < repeats; i++) {
		const double took = decode(reader, columns);

		best = took < best ? took : best;
	}
	return best;
}

static double best_open(const char *path, int repeats)
{
	double best = 1e9;

	for (int i = 0; i < repeats; i++) {
		const double start = now();

		dwell_reader_close(open_file(path));

		const double took = now() - start;

		best = took < best ? took : best;
	}
	return best;
}

int main(int argc, char **argv)
{
	static const struct dwell_sink_ops ops = { .events = keep_rows };
	const int repeats = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 5;
	struct rows rows = { .sink = { &ops } };
	struct memory_output out;
	double best = 1e9;

	if (argc < 2 || repeats < 1)
		fail("usage: bench_format FILE.dwell [REPEATS]");

	struct dwell_reader *reader = open_file(argv[1]);

	if (dwell_source_drive(dwell_reader_source(reader), NULL, &rows.sink) || !rows.count)
		fail("no rows");
	memory_output_init(&out);
	for (int i = 0; i < repeats; i++) {
		const double took = encode(reader, &rows, &out);

		best = took < best ? took : best;
	}

	const double millions = (double)rows.count / 1e6;

	printf("rows                    %zu\n", rows.count);
	printf("size                    %.3f bytes a row, all included\n",
		(double)out.size / (double)rows.count);
	printf("encode                  %.1f M rows/s\n", millions / best);
	printf("decode, all columns     %.1f M rows/s\n",
		millions / best_decode(reader, 0, repeats));
	printf("decode, tasks, CPUs     %.1f M rows/s\n",
		millions / best_decode(reader,
				   DWELL_COLUMN_TASK | DWELL_COLUMN_PEER | DWELL_COLUMN_EXECUTOR,
				   repeats));
	printf("decode, three columns   %.1f M rows/s (time, kind and state, CPU)\n",
		millions / best_decode(reader, DWELL_COLUMN_EXECUTOR, repeats));
	printf("open                    %.3f ms\n", best_open(argv[1], repeats) * 1e3);
	dwell_reader_close(reader);
	memory_output_release(&out);
	free(rows.at);
	return 0;
}

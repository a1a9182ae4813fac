/*
 * How fast a foreign trace is read: rows given to a sink that counts them, on one thread.
 *
 *     bench_import TRACE [RUNS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dwell/importer.h"

struct counting {
	struct dwell_sink base;
	uint64_t rows;
};

static int count(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	(void)rows;
	((struct counting *)sink)->rows += count;
	return DWELL_OK;
}

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int read_once(const char *path, uint64_t *rows)
{
	static const struct dwell_sink_ops ops = { .events = count };
	struct counting sink = { .base = { &ops } };
	struct dwell_import import;
	struct dwell_diag diag;
	int err = dwell_import_open(&import, path, &diag);

	if (err) {
		fprintf(stderr, "bench_import: %s: %s\n", path, diag.what);
		return err;
	}
	err = dwell_source_drive(import.source, NULL, &sink.base);
	dwell_import_close(&import);
	*rows = sink.rows;
	return err;
}

int main(int argc, char **argv)
{
	const unsigned long runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 3;
	uint64_t rows = 0;
	double best = 0;

	if (argc < 2) {
		puts("no trace of another tool is given: bench_import TRACE [RUNS]");
		return 0;
	}
	for (unsigned long i = 0; i < runs; i++) {
		const double from = cpu_s();

		if (read_once(argv[1], &rows))
			return 1;
		const double took = cpu_s() - from;
		best = i && best < took ? best : took;
	}
	printf("%llu rows, %.3f s of CPU time (best of %lu), %.1f M rows/s\n",
		(unsigned long long)rows, best, runs, (double)rows / best / 1e6);
	return 0;
}

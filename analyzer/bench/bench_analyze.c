/*
 * The analyses on a big trace of ours: million rows a second on one core and on two, by the clock
 * and by CPU time, and the memory at its highest.
 *
 *     bench_analyze [MILLION_ROWS [TASKS [FILE [TRACE [ANALYSIS]]]]]
 *
 * The trace is made of a generated history, of TRACE's rows again and again, or, where TRACE is the
 * word crowd, of 10,000 tasks that wait at 100,000 places (crowd.h). It stays in FILE
 * (default: in $TMPDIR), so that other tools can be run on it; where FILE is there it is taken.
 * Of all analyses, or of the one that is named.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../format/tests/gen.h"
#include "crowd.h"
#include "dwell/analysis.h"
#include "dwell/encoder.h"
#include "dwell/reader.h"
#include "repeat.h"

struct file_output {
	struct dwell_output output;
	FILE *file;
};

static int write_file(struct dwell_output *output, const void *at, size_t size)
{
	struct file_output *file = (struct file_output *)output;

	return fwrite(at, 1, size, file->file) == size ? DWELL_OK : DWELL_EIO;
}

static double now_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int drive_generated(size_t rows, uint32_t tasks, struct dwell_sink *sink)
{
	const struct gen_options options = {
		.seed = 1,
		.tasks = tasks,
		.executors = 8,
		.rows = rows,
		.levels = DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_REASONS,
		.races = 20,
		.step_ns = 1000,
	};

	return gen_drive(&options, sink);
}

static int drive_repeated(const char *trace, size_t rows, struct dwell_sink *sink)
{
	struct dwell_bytes *bytes = NULL;
	struct dwell_reader *reader = NULL;
	int err = dwell_bytes_open_file(&bytes, trace);

	if (!err)
		err = dwell_reader_open(&reader, bytes, NULL);
	if (!err)
		err = repeat_drive(dwell_reader_source(reader), rows, sink);
	dwell_reader_close(reader);
	return err;
}

static int make_file(const char *path, size_t rows, uint32_t tasks, const char *trace)
{
	struct file_output file = { .output = { write_file }, .file = fopen(path, "wb") };
	struct dwell_encoder *encoder = NULL;
	int err = file.file ? dwell_encoder_new(&encoder, &file.output, NULL) : DWELL_EIO;

	if (!err && trace && !strcmp(trace, "crowd"))
		err = crowd_drive(rows, dwell_encoder_sink(encoder));
	else if (!err && trace)
		err = drive_repeated(trace, rows, dwell_encoder_sink(encoder));
	else if (!err)
		err = drive_generated(rows, tasks, dwell_encoder_sink(encoder));
	dwell_encoder_free(encoder);
	if (file.file && fclose(file.file) != 0)
		err = DWELL_EIO;
	return err;
}

static long peak_kb(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[128];
	long kb = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtol(line + 6, NULL, 10);
	if (file)
		fclose(file);
	return kb;
}

static int analyze(const char *path, unsigned analyses, unsigned threads, const char *name)
{
	const struct dwell_query query = { .analyses = analyses, .threads = threads, .worst = 20 };
	struct dwell_bytes *bytes = NULL;
	struct dwell_reader *reader = NULL;
	struct dwell_answer *answer = NULL;
	const double cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID), wall_s = now_s(CLOCK_MONOTONIC);
	int err = dwell_bytes_open_file(&bytes, path);

	if (!err)
		err = dwell_reader_open(&reader, bytes, NULL);
	if (!err)
		err = dwell_analyze(&answer, dwell_reader_source(reader), &query, NULL);
	if (!err)
		printf("%-10s %u thread%s %8.1f M rows/s, %8.1f by CPU time  %7ld KiB\n", name,
			threads, threads == 1 ? " " : "s",
			(double)answer->trace.events / (now_s(CLOCK_MONOTONIC) - wall_s) / 1e6,
			(double)answer->trace.events / (now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s) /
				1e6,
			peak_kb());
	else
		printf("%s: %s\n", name, dwell_strerror(err));
	dwell_answer_free(answer);
	dwell_reader_close(reader);
	return err;
}

/* In a process of its own, so that each has a peak of its own. */
static int measure(const char *path, unsigned analyses, unsigned threads, const char *name)
{
	int status = 1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		status = analyze(path, analyses, threads, name) ? 1 : 0;
		fflush(stdout);
		_exit(status);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 1;
	return status;
}

static bool is_wanted(int argc, char **argv, const char *name)
{
	return argc <= 5 || !strcmp(argv[5], name);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		unsigned bits;
	} all[] = {
		{ "stat", DWELL_ANALYZE_STAT },
		{ "tasks", DWELL_ANALYZE_TASKS },
		{ "latency", DWELL_ANALYZE_LATENCY },
		{ "blocked", DWELL_ANALYZE_BLOCKED },
		{ "locks", DWELL_ANALYZE_LOCKS },
	};
	const size_t rows = (argc > 1 ? strtoul(argv[1], NULL, 10) : 10) * 1000000;
	const uint32_t tasks = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000;
	const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	char path[512];
	int failed = 0;

	snprintf(path, sizeof(path), "%s", argc > 3 ? argv[3] : "");
	if (argc <= 3)
		snprintf(path, sizeof(path), "%s/bench_analyze.dwell", folder);
	if (access(path, R_OK) != 0 && make_file(path, rows, tasks, argc > 4 ? argv[4] : NULL)) {
		fprintf(stderr, "bench_analyze: %s cannot be made\n", path);
		return 1;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (unsigned threads = 1; threads <= 2 && is_wanted(argc, argv, all[i].name);
			threads++)
			failed |= measure(path, all[i].bits, threads, all[i].name);
	return failed;
}

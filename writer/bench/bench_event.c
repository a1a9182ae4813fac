/*
 * What one event costs the program: hot, with a stack, after other memory traffic, with several
 * threads; beside the clock alone and LTTng-UST in the same run.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "drain/drain.h"
#include "dwell/writer.h"
#include "lib/lib.h"
#include "record/maps.h"

enum { COUNT = 5000, RUNS = 1000, FRAMES = 8, TRAFFIC = 4 << 20, COLD_RUNS = 2000 };

static uint32_t name;
static uint32_t counter;

static void rdtsc_only(unsigned count)
{
	static volatile uint64_t last;

	for (unsigned i = 0; i < count; i++)
		last = dwell_clock_read(dwell_lib.clock);
	(void)last;
}

static void marks(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		dwell_mark(name);
}

static void counts(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		dwell_count(counter, i);
}

static void spans(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		dwell_span_end(dwell_span_begin(name, 0));
}

static __attribute__((noinline)) void marks_at_depth(unsigned depth, unsigned count)
{
	if (depth > 0) {
		marks_at_depth(depth - 1, count);
		/* Not a tail call: the frame must be there. */
		__asm__ volatile("");
		return;
	}
	for (unsigned i = 0; i < count; i++)
		dwell_mark_stack(name);
}

static void stacks(unsigned count)
{
	marks_at_depth(FRAMES - 4, count);
}

/* Two call sites in turn, so that the last stack is never the same. */
static void stacks_in_turn(unsigned count)
{
	for (unsigned i = 0; i < count; i += 2) {
		marks_at_depth(FRAMES - 4, 1);
		marks_at_depth(FRAMES - 4, 1);
	}
}

static void calls_in_turn(unsigned count)
{
	static volatile unsigned none;

	for (unsigned i = 0; i < count; i += 2) {
		marks_at_depth(FRAMES - 4, none);
		marks_at_depth(FRAMES - 4, none);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median and p90 of one event after TRAFFIC bytes were written in between. */
static void cold(double rdtsc)
{
	static double took[COLD_RUNS];
	volatile char *traffic = malloc(TRAFFIC);
	double empty = 1e9;

	if (!traffic)
		return;
	for (int i = 0; i < COLD_RUNS; i++) {
		/* Not memset, which goes past the caches. */
		for (size_t at = 0; at < TRAFFIC; at += 64)
			traffic[at] = (char)i;
		uint64_t start = bench_ns();
		dwell_mark(name);
		took[i] = (double)(bench_ns() - start);
		start = bench_ns();
		double none = (double)(bench_ns() - start);
		if (none < empty)
			empty = none;
	}
	qsort(took, COLD_RUNS, sizeof(*took), by_value);
	bench_row("event after 4 MiB of other writes, median", took[COLD_RUNS / 2] - empty, rdtsc);
	bench_row(
		"event after 4 MiB of other writes, p90", took[COLD_RUNS * 9 / 10] - empty, rdtsc);
	free((void *)traffic);
}

static pthread_barrier_t start_line;
static double of_thread[64];

static void *one_of_many(void *argument)
{
	dwell_mark(name);
	pthread_barrier_wait(&start_line);
	*(double *)argument = bench_best(marks, COUNT, RUNS);
	return NULL;
}

static void many(unsigned threads, double rdtsc)
{
	pthread_t thread[64];
	char what[64];
	double worst = 0;

	pthread_barrier_init(&start_line, NULL, threads);
	for (unsigned i = 0; i < threads; i++)
		pthread_create(&thread[i], NULL, one_of_many, &of_thread[i]);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < threads; i++)
		worst = of_thread[i] > worst ? of_thread[i] : worst;
	snprintf(what, sizeof(what), "event, %u threads at once, slowest thread", threads);
	bench_row(what, worst, rdtsc);
}

static struct dwell_session session;

/* From now on walks go by tables, as in a program that the recorder has met. */
static int use_tables(void)
{
	static const struct dwell_sink_ops ops = { .begin = NULL };
	static struct dwell_sink sink = { .ops = &ops };
	static struct dwell_area area;
	struct dwell_registry *registry;
	struct dwell_maps *maps;

	if (dwell_registry_new(&registry, &sink) != 0 || dwell_area_open(&area, NULL, -1) != 0)
		return 1;
	/* The session's own memory, though no descriptor of it is kept here. */
	area.at = (uint8_t *)session.header + session.unwind_offset;
	area.bytes = session.unwind_bytes;
	if (dwell_maps_new(&maps, registry, &area) != 0)
		return 1;
	dwell_maps_follow(maps, (uint32_t)getpid(), dwell_registry_process(registry, getpid()),
		dwell_session_process(&session, 0), 0, 0);
	return 0;
}

static int set_up(uint32_t flags)
{
	char self[] = "bench_event", *argv[] = { self, NULL };
	struct dwell_session_options options = { .flags = flags | DWELL_SESSION_STACKS };
	int fd;

	if (dwell_session_make(&session, &fd, NULL, &options, 0, 0) != 0 ||
		dwell_lib_adopt(&session, 1, argv) != DWELL_ATTACH_OK)
		return 1;
	name = dwell_text("bench");
	counter = dwell_counter_new("bench", "things", DWELL_COUNT_GAUGE, 0);
	return 0;
}

/* The peer, by its own program beside this one; it starts and ends its own session daemon. */
static void lttng(const char *self, double ours)
{
	char path[4096], line[256];
	const char *slash = strrchr(self, '/');
	double theirs;
	FILE *out;

	snprintf(path, sizeof(path), "%.*sbench_lttng", slash ? (int)(slash - self + 1) : 0, self);
	if (access(path, X_OK) != 0) {
		printf("LTTng-UST: not built here (liblttng-ust-dev, lttng-tools)\n");
		return;
	}
	out = popen(path, "r");
	while (out && fgets(line, sizeof(line), out)) {
		if (sscanf(line, "lttng %lf", &theirs) == 1)
			printf("%-52s %8.2f ns  %6.2f x ours\n", "LTTng-UST event (u32 + u64)",
				theirs, theirs / ours);
	}
	if (out)
		pclose(out);
}

int main(int argc, char **argv)
{
	double rdtsc, hot, calls;

	if (set_up(DWELL_SESSION_FLIGHT) != 0) {
		fprintf(stderr, "bench_event: cannot make a session\n");
		return 1;
	}
	rdtsc = bench_best(rdtsc_only, COUNT, RUNS);
	bench_row("reading the clock", rdtsc, rdtsc);
	hot = bench_best(marks, COUNT, RUNS);
	bench_row("event, hot, no stack", hot, rdtsc);
	bench_row("event of two slots (counter)", bench_best(counts, COUNT, RUNS), rdtsc);
	bench_row("span begin and end, per event", bench_best(spans, COUNT, RUNS) / 2, rdtsc);
	bench_row("event with an 8-frame stack", bench_best(stacks, COUNT, RUNS), rdtsc);
	calls = bench_best(calls_in_turn, COUNT, RUNS);
	bench_row("the same, another stack each time",
		bench_best(stacks_in_turn, COUNT, RUNS) - calls, rdtsc);
	if (use_tables() != 0)
		return 1;
	bench_row("the same stack, to the root by tables", bench_best(stacks, COUNT, RUNS), rdtsc);
	bench_row("by tables, another stack each time",
		bench_best(stacks_in_turn, COUNT, RUNS) - calls, rdtsc);
	cold(rdtsc);
	many(2, rdtsc);
	many(4, rdtsc);
	if (argc > 0)
		lttng(argv[0], hot);
	return 0;
}

/*
 * libdwell into a file: what was recorded is in it; a program that is killed with its drain thread
 * leaves a file that opens as it is and lacks the last second at most; the flight recorder keeps
 * the newest; forks and signal handlers do no harm.
 *
 *	stress_file [--kills N [HOGS]]     N: that many deaths, and tells how much lacked at most;
 *HOGS: so many processes beside it that want all of a CPU
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dwell/reader.h"
#include "dwell/writer.h"
#include "lib/clock.h"

enum { THREADS = 3, MARKS = 20000, KILLS = 3, FLIGHT_MARKS = 300000 };

struct tally {
	struct dwell_sink sink;
	uint64_t marks, spans, counters, waits, switches, lost_rows, first_ns, last_ns, start_ns;
	bool closed;
	uint32_t tasks;
};

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct tally *tally = (struct tally *)sink;

	for (size_t i = 0; i < count; i++) {
		unsigned kind = events[i].kind;
		tally->spans += kind == DWELL_EVENT_SPAN_BEGIN || kind == DWELL_EVENT_SPAN_END;
		tally->counters += kind == DWELL_EVENT_COUNTER;
		tally->waits += kind == DWELL_EVENT_WAIT_END;
		tally->switches += kind == DWELL_EVENT_SWITCH;
		tally->lost_rows += kind == DWELL_EVENT_LOSS;
		if (kind != DWELL_EVENT_MARK)
			continue;
		if (tally->marks++ == 0)
			tally->first_ns = events[i].time_ns;
		tally->last_ns = events[i].time_ns;
	}
	return 0;
}

static int on_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct tally *tally = (struct tally *)sink;

	if (task->id > tally->tasks)
		tally->tasks = task->id;
	return 0;
}

static int on_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	((struct tally *)sink)->start_ns = info->start_monotonic_ns;
	return 0;
}

static int on_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	((struct tally *)sink)->closed = end->closed;
	return 0;
}

static int read_file(const char *path, struct tally *tally)
{
	static const struct dwell_sink_ops ops = {
		.begin = on_begin, .events = on_events, .task = on_task, .end = on_end
	};
	struct dwell_bytes *bytes;
	struct dwell_reader *reader;
	struct dwell_diag diag = { 0 };
	int err;

	*tally = (struct tally){ .sink = { &ops } };
	err = dwell_bytes_open_file(&bytes, path);
	if (!err)
		err = dwell_reader_open(&reader, bytes, &diag);
	if (err) {
		fprintf(stderr, "stress_file: %s: %s\n", path, diag.what);
		return err;
	}
	err = dwell_source_drive(dwell_reader_source(reader), NULL, &tally->sink);
	dwell_reader_close(reader);
	return err;
}

static void *work(void *argument)
{
	uint32_t name = dwell_text("mark");
	uint32_t counter = dwell_counter_new("count", "things", DWELL_COUNT_SUM, 0);

	(void)argument;
	dwell_thread_name("worker");
	for (int i = 0; i < MARKS; i++) {
		uint64_t span = dwell_span_begin(name, 0);
		dwell_mark_stack(name);
		dwell_count(counter, i);
		dwell_span_end(span);
	}
	return NULL;
}

static void run_tasks(void)
{
	uint32_t task = dwell_task_new(DWELL_KIND_COROUTINE, dwell_text("co"), 77);

	for (int i = 0; i < 10; i++) {
		dwell_task_run(task);
		dwell_task_block(task, DWELL_WHY_CHANNEL_RECEIVE, DWELL_WHAT_CHANNEL, &task);
		dwell_task_wake(task);
	}
	dwell_task_run(task);
	dwell_task_end(task);
}

static int expect(bool holds, const char *what)
{
	if (!holds)
		fprintf(stderr, "stress_file: %s\n", what);
	return !holds;
}

static int whole(const char *path)
{
	struct dwell_options options = { .size = sizeof(options), .path = path, .drain_ms = 2 };
	pthread_t thread[THREADS];
	struct tally tally;
	int failed, status;
	pid_t child;

	failed = expect(dwell_start(&options) == 0, "start");
	failed |= expect(dwell_start(&options) == -7, "start twice");
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	run_tasks();
	child = fork();
	if (child == 0) {
		dwell_mark(dwell_text("child"));
		_exit(0);
	}
	waitpid(child, &status, 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	failed |= expect(dwell_stop() == 0, "stop");
	dwell_mark(1);
	failed |= expect(read_file(path, &tally) == 0, "the file does not open");
	failed |= expect(tally.closed, "the file is not closed");
	if (tally.lost_rows == 0) {
		failed |= expect(tally.marks == THREADS * MARKS + 1, "marks");
		failed |= expect(tally.spans == THREADS * MARKS * 2, "spans");
		failed |= expect(tally.counters == THREADS * MARKS, "counters");
	}
	failed |= expect(tally.switches == 22, "switches");
	/* main, workers, the child, the coroutine */
	failed |= expect(tally.tasks == THREADS + 3, "tasks");
	return failed;
}

/* From the file's last mark to the one the child wrote last; *most_ns: the most so far. */
static int one_death(const char *path, unsigned ms, uint64_t *most_ns)
{
	struct dwell_options options = { .size = sizeof(options), .path = path };
	_Atomic uint64_t *last =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct tally tally;
	int failed, status;
	pid_t child = fork();

	if (child == 0) {
		if (dwell_start(&options) != 0)
			_exit(1);
		for (uint32_t name = dwell_text("mark");;) {
			atomic_store(last, dwell_clock_monotonic_ns());
			dwell_mark(name);
			usleep(20);
		}
	}
	/* With others on all CPUs it may not have begun yet. */
	while (atomic_load(last) == 0 && waitpid(child, &status, WNOHANG) == 0)
		usleep(1000);
	usleep(ms * 1000);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	failed = expect(WIFSIGNALED(status), "it died by itself");
	failed |= expect(read_file(path, &tally) == 0, "the file of a killed program");
	failed |= expect(!tally.closed, "it says that it was closed");

	const uint64_t told_ns = tally.start_ns + tally.last_ns;
	const uint64_t lacks_ns = atomic_load(last) > told_ns ? atomic_load(last) - told_ns : 0;

	if (lacks_ns > *most_ns)
		*most_ns = lacks_ns;
	failed |= expect(lacks_ns < 1000000000, "more than the last second is missing");
	munmap(last, 4096);
	return failed;
}

static void start_hogs(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (fork() != 0)
			continue;
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (volatile unsigned spin = 0;; spin++)
			;
	}
}

static int deaths(const char *path, unsigned kills)
{
	uint64_t most_ns = 0;
	int failed = 0;

	srandom(1);
	for (unsigned i = 0; i < kills; i++)
		failed |= one_death(path, i == 0 ? 1500 : 5 + (unsigned)random() % 1500, &most_ns);
	printf("%u deaths: %.2f s lacked at most\n", kills, (double)most_ns / 1e9);
	return failed;
}

static int flight(const char *path)
{
	struct dwell_options options = {
		.size = sizeof(options), .flags = DWELL_START_FLIGHT, .ring_bytes = 1 << 16
	};
	struct tally tally;
	int failed = expect(dwell_start(&options) == 0, "start of the flight recorder");
	uint32_t name = dwell_text("mark");

	for (int i = 0; i < FLIGHT_MARKS; i++)
		dwell_mark(name);
	failed |= expect(dwell_snapshot(path) == 0, "snapshot");
	failed |= expect(read_file(path, &tally) == 0, "the snapshot does not open");
	failed |= expect(tally.marks > 4000 && tally.marks <= 4096, "marks kept");
	failed |= expect(tally.lost_rows == 1, "what was overwritten is not told");
	dwell_mark(name);
	failed |= expect(dwell_snapshot(path) == 0, "second snapshot");
	failed |= expect(dwell_stop() == 0, "stop of the flight recorder");
	return failed;
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/stress_fileXXXXXX", path[64];
	unsigned kills = KILLS, hogs = 0;
	int failed;

	if (argc > 2 && strcmp(argv[1], "--kills") == 0)
		kills = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		hogs = (unsigned)strtoul(argv[3], NULL, 10);
	if (!mkdtemp(folder))
		return 77;
	unsetenv("DWELL_SESSION");
	snprintf(path, sizeof(path), "%s/trace", folder);
	failed = whole(path);
	failed |= flight(path);
	start_hogs(hogs);
	failed |= deaths(path, kills);
	unlink(path);
	rmdir(folder);
	return failed;
}

/*
 * A writing process is killed, at each testpoint and at random moments: whoever holds the session
 * reads back every record that was committed. With --random N: that many random moments.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drain/drain.h"
#include "dwell/writer.h"
#include "lib/lib.h"

enum { RANDOM_KILLS = 40, POINT_VISITS = 4, NAMES = 500 };

/* Between the child and us, beside the session: how far it certainly came. */
struct progress {
	_Atomic uint64_t marks, waits, refused, points;
};

static struct progress *progress;
static const char *armed;
static unsigned visits_left;
static bool interrupts; /* a mark is written where the head has moved, as by a signal handler */

static void count_refused(void)
{
	atomic_store(&progress->refused, atomic_load(&dwell_self.writer.line->refused));
}

static void interrupt(const char *name)
{
	static bool inside;

	if (!interrupts || inside || strncmp(name, "head ", 5) != 0)
		return;
	inside = true;
	dwell_mark(1);
	count_refused();
	atomic_fetch_add(&progress->marks, 1);
	inside = false;
}

void dwell_testpoint(const char *name)
{
	interrupt(name);
	if (!armed || strcmp(name, armed) != 0)
		return;
	if (visits_left-- == 0) {
		atomic_fetch_add(&progress->points, 1);
		kill(getpid(), SIGKILL);
	}
}

static const char *const points[] = { "reserved", "tail written", "committed", "entry begun",
	"entry written", "slot claimed", "ring taken", "ring left", "ring entered", "wait begun",
	"wait recorded", "head moved", "head too far" };

struct tally {
	struct dwell_sink sink;
	uint64_t marks, begins, ends;
};

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct tally *tally = (struct tally *)sink;

	for (size_t i = 0; i < count; i++) {
		tally->marks += events[i].kind == DWELL_EVENT_MARK;
		tally->begins += events[i].kind == DWELL_EVENT_WAIT_BEGIN;
		tally->ends += events[i].kind == DWELL_EVENT_WAIT_END;
	}
	return 0;
}

/* Never returns. Counts a record only after the call that wrote it came back. */
static void write_for_ever(const struct dwell_session *session)
{
	char name[] = "writer", *argv[] = { name, NULL }, text[32];

	if (dwell_lib_adopt(session, 1, argv) != DWELL_ATTACH_OK)
		_exit(2);
	for (unsigned i = 0;; i++) {
		struct dwell_wait_span wait;

		snprintf(text, sizeof(text), "name %u", i % NAMES);
		if (i % 2)
			dwell_mark(dwell_text(text));
		else
			dwell_mark_stack(dwell_text(text));
		if (dwell_enter())
			count_refused();
		atomic_fetch_add(&progress->marks, 1);
		dwell_wait_begin(&wait, DWELL_WHY_MUTEX, DWELL_WHAT_MUTEX, &wait, 1);
		dwell_wait_end(&wait, 0);
		atomic_fetch_add(&progress->waits, 1);
	}
}

/* What was refused may be of either kind. */
static int judge(const struct tally *tally, const char *where)
{
	uint64_t marks = atomic_load(&progress->marks), waits = atomic_load(&progress->waits);
	uint64_t refused = atomic_load(&progress->refused);
	uint64_t least = marks + waits - (refused < marks + waits ? refused : marks + waits);
	uint64_t got = tally->marks + tally->ends;

	/* Beyond what the child counted: the records it was about to count. */
	if (got + 2 < least || got > marks + waits + 3) {
		fprintf(stderr, "stress_crash: %s: %llu of %llu records read\n", where,
			(unsigned long long)got, (unsigned long long)least);
		return 1;
	}
	if (tally->begins < tally->ends || tally->begins > tally->ends + 1) {
		fprintf(stderr, "stress_crash: %s: %llu waits begun, %llu ended\n", where,
			(unsigned long long)tally->begins, (unsigned long long)tally->ends);
		return 1;
	}
	return 0;
}

static int one_death(const char *point, unsigned visits, unsigned after_us)
{
	static const struct dwell_sink_ops ops = { .events = on_events };
	struct dwell_session session;
	struct tally tally = { .sink = { &ops } };
	struct dwell_session_options options = { .flags = DWELL_SESSION_STACKS,
		.ring_first = 32,
		.ring_most = 2048,
		.thread_max = 8,
		.process_max = 4,
		.arena_bytes = 1 << 20,
		.ring_bytes = 1 << 20 };
	struct dwell_drain_options how = { .states = true };
	struct dwell_registry *registry;
	struct dwell_drain *drain;
	uint64_t watermark_ns, end_ns;
	int fd, status, failed;
	pid_t child;

	memset(progress, 0, sizeof(*progress));
	if (dwell_session_make(&session, &fd, NULL, &options, 0, 0) != 0)
		exit(77);
	how.zero_monotonic_ns = session.start_monotonic_ns;
	if (dwell_registry_new(&registry, &tally.sink) != 0 ||
		dwell_drain_new(&drain, &session, registry, &tally.sink, &how) != 0)
		return 1;
	child = fork();
	if (child == 0) {
		armed = point;
		visits_left = visits;
		write_for_ever(&session);
	}
	for (unsigned slept = 0; slept < after_us; slept += 200) {
		usleep(200);
		(void)dwell_drain_pass(drain, &watermark_ns);
		if (waitpid(child, &status, WNOHANG) == child) {
			child = 0;
			break;
		}
	}
	if (child != 0) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
	failed = !WIFSIGNALED(status) || dwell_drain_finish(drain, &end_ns) != 0;
	failed |= judge(&tally, point ? point : "at random");
	if (point && atomic_load(&progress->points) == 0) {
		fprintf(stderr, "stress_crash: never came to \"%s\"\n", point);
		failed = 1;
	}
	dwell_drain_free(drain);
	dwell_registry_free(registry);
	dwell_session_unmap(&session);
	close(fd);
	return failed;
}

int main(int argc, char **argv)
{
	unsigned kills = RANDOM_KILLS;
	int failed = 0;

	if (argc > 2 && strcmp(argv[1], "--random") == 0)
		kills = (unsigned)strtoul(argv[2], NULL, 10);
	progress = mmap(
		NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		return 77;
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
		/* Rare places are passed once only. */
		bool rare = i >= 5 && i <= 8;
		for (unsigned visits = 0; visits < (rare ? 1 : POINT_VISITS); visits++)
			failed |= one_death(points[i], visits, 2000000);
	}
	srandom(1);
	for (unsigned i = 0; i < kills; i++) {
		interrupts = i % 2;
		failed |= one_death(NULL, 0, 200 + (unsigned)random() % 8000);
	}
	printf("stress_crash: %u random moments\n", kills);
	return failed;
}

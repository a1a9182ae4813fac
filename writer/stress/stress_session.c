/*
 * Threads that come and go, write in bursts, grow their rings and share names, while another
 * thread drains: every record is read or counted as lost, and every thread has a task of its own.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "drain/drain.h"
#include "dwell/writer.h"
#include "lib/lib.h"

enum { WRITERS = 4, LIVES = 40, BURST = 3000 };

struct tally {
	struct dwell_sink sink;
	uint64_t marks, lost, exits, waits, backwards;
	uint32_t tasks, labels;
};

static atomic_bool done;
static _Atomic uint64_t written;

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct tally *tally = (struct tally *)sink;

	for (size_t i = 0; i < count; i++) {
		tally->marks += events[i].kind == DWELL_EVENT_MARK;
		tally->exits += events[i].kind == DWELL_EVENT_EXIT;
		tally->waits += events[i].kind == DWELL_EVENT_WAIT_END;
		if (events[i].kind == DWELL_EVENT_LOSS)
			tally->lost += events[i].value;
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

static int on_label(struct dwell_sink *sink, const struct dwell_label *label)
{
	((struct tally *)sink)->labels = label->id;
	return 0;
}

static void *live(void *argument)
{
	struct dwell_wait_span wait;
	char text[32];

	for (int i = 0; i < BURST; i++) {
		snprintf(text, sizeof(text), "name %d", i % 100);
		dwell_mark(dwell_text(text));
	}
	dwell_wait_begin(&wait, DWELL_WHY_OTHER, DWELL_WHAT_OTHER, argument, 0);
	dwell_wait_end(&wait, 0);
	atomic_fetch_add(&written, BURST + 1);
	dwell_thread_end();
	return NULL;
}

static void *lives(void *argument)
{
	for (int i = 0; i < LIVES; i++) {
		pthread_t thread;
		pthread_create(&thread, NULL, live, argument);
		pthread_join(thread, NULL);
	}
	return NULL;
}

static void *drain_all(void *argument)
{
	struct dwell_drain *drain = argument;
	uint64_t watermark_ns, before = 0;

	while (!atomic_load(&done)) {
		if (dwell_drain_pass(drain, &watermark_ns) != 0 || watermark_ns < before)
			abort();
		before = watermark_ns;
		usleep(300);
	}
	return NULL;
}

static int judge(const struct tally *tally, const struct dwell_drain_counts *counts)
{
	uint64_t expected = atomic_load(&written);
	uint64_t got = tally->marks + tally->waits + tally->lost;

	printf("stress_session: %llu written, %llu marks, %llu lost, %u tasks, %u labels\n",
		(unsigned long long)expected, (unsigned long long)tally->marks,
		(unsigned long long)tally->lost, tally->tasks, tally->labels);
	if (got != expected || counts->hostile != 0 || counts->lost != tally->lost) {
		fprintf(stderr, "stress_session: %llu accounted for, %llu hostile\n",
			(unsigned long long)got, (unsigned long long)counts->hostile);
		return 1;
	}
	return tally->tasks != WRITERS * LIVES || tally->exits != WRITERS * LIVES ||
	       tally->labels != 100;
}

int main(void)
{
	static const struct dwell_sink_ops ops = {
		.events = on_events, .task = on_task, .label = on_label
	};
	static struct dwell_session session;
	char name[] = "stress", *argv[] = { name, NULL };
	struct tally tally = { .sink = { &ops } };
	struct dwell_session_options options = { .ring_first = 64, .ring_most = 4096 };
	struct dwell_drain_options how = { .states = true };
	struct dwell_drain_counts counts;
	struct dwell_registry *registry;
	struct dwell_drain *drain;
	pthread_t writer[WRITERS], drainer;
	uint64_t end_ns;
	int fd, failed;

	if (dwell_session_make(&session, &fd, NULL, &options, 0, 0) != 0)
		return 77;
	how.zero_monotonic_ns = session.start_monotonic_ns;
	if (dwell_registry_new(&registry, &tally.sink) != 0 ||
		dwell_drain_new(&drain, &session, registry, &tally.sink, &how) != 0 ||
		dwell_lib_adopt(&session, 1, argv) != DWELL_ATTACH_OK)
		return 1;
	pthread_create(&drainer, NULL, drain_all, drain);
	for (int i = 0; i < WRITERS; i++)
		pthread_create(&writer[i], NULL, lives, &tally);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writer[i], NULL);
	atomic_store(&done, true);
	pthread_join(drainer, NULL);
	failed = dwell_drain_finish(drain, &end_ns) != 0;
	dwell_drain_counts(drain, &counts);
	failed |= judge(&tally, &counts);
	dwell_drain_free(drain);
	dwell_registry_free(registry);
	dwell_session_unmap(&session);
	close(fd);
	return failed;
}

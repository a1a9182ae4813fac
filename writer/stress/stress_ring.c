/*
 * One writer that is interrupted by signals whose handler writes too, and one reader: every record
 * that was taken comes out once, whole, and those of one source in order. Runs under
 * ThreadSanitizer too. The ring starts at many positions, so that it turns at every place.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "ring/first.h"
#include "tests/ring_fixture.h"

enum { RECORDS = 20000, RING = 64, FROM_MAIN = 1, FROM_HANDLER = 2 };

static struct fixture ring;
static atomic_bool done;
static uint64_t written[3];
static _Atomic uint64_t handled;

/* As dwell_mark does it; every other one as all others. */
static bool put_mark(uint64_t number, uint64_t a)
{
	struct dwell_place place;
	uint64_t head;

	if (number % 2 || (!dwell_ring_reserve_first(&ring.writer, &place, &head) &&
				  !dwell_ring_take_back(&ring.writer, head, &place)))
		return dwell_ring_put1(&ring.writer, number, DWELL_RECORD_MARK, a);
	dwell_ring_commit(&place, number, DWELL_RECORD_MARK, 0, a);
	return true;
}

static void put(uint64_t source, uint64_t number)
{
	switch (number % 3) {
	case 0:
		while (!put_mark(number, source << 56 | number))
			if (source == FROM_HANDLER)
				return;
		break;
	case 1:
		while (!dwell_ring_put2(&ring.writer, number, DWELL_RECORD_COUNTER,
			source << 56 | number, number * 3, ~number))
			if (source == FROM_HANDLER)
				return;
		break;
	default:
		while (!dwell_ring_put3(&ring.writer, number, DWELL_RECORD_WAIT,
			source << 56 | number, number * 3, ~number, number * 5, number << 7))
			if (source == FROM_HANDLER)
				return;
		break;
	}
	written[source]++;
}

static void handler(int signal)
{
	static uint64_t number;

	(void)signal;
	put(FROM_HANDLER, number++);
	atomic_fetch_add_explicit(&handled, 1, memory_order_relaxed);
}

static void *write_all(void *argument)
{
	(void)argument;
	for (uint64_t i = 0; i < RECORDS; i++)
		put(FROM_MAIN, i);
	atomic_store(&done, true);
	return NULL;
}

static void *send_signals(void *argument)
{
	uint64_t sent = 0;

	while (!atomic_load(&done)) {
		if (pthread_kill(*(pthread_t *)argument, SIGUSR1) != 0)
			break;
		sent++;
		while (atomic_load_explicit(&handled, memory_order_relaxed) < sent &&
			!atomic_load(&done))
			sched_yield();
	}
	return NULL;
}

static int wrong(const struct dwell_record *record, const char *what)
{
	fprintf(stderr, "stress_ring: %s: kind %u a %llx\n", what, record->kind,
		(unsigned long long)record->a);
	return 1;
}

static int check(const struct dwell_record *record, uint64_t next[3], uint64_t seen[3])
{
	uint64_t source = record->a >> 56;
	uint64_t number = record->a & ((UINT64_C(1) << 56) - 1);

	if (source != FROM_MAIN && source != FROM_HANDLER)
		return wrong(record, "no such source");
	if (number < next[source] || (source == FROM_MAIN && number != next[source]))
		return wrong(record, "out of order or missing");
	if (record->slots != number % 3 + 1 || record->time != number)
		return wrong(record, "first slot");
	if (record->slots > 1 && (record->x[1] != number * 3 || record->y[1] != ~number))
		return wrong(record, "second slot");
	if (record->slots > 2 && (record->x[2] != number * 5 || record->y[2] != number << 7))
		return wrong(record, "third slot");
	next[source] = number + 1;
	seen[source]++;
	return 0;
}

static int read_all(uint64_t seen[3])
{
	uint64_t next[3] = { 0 };
	struct dwell_record record;
	bool last = false;

	for (;;) {
		enum dwell_ring_found found = dwell_ring_next(&ring.reader, &record);
		if (found == DWELL_RING_RECORD && check(&record, next, seen) != 0)
			return 1;
		if (found != DWELL_RING_EMPTY) {
			atomic_store_explicit(&ring.tail->position[0], ring.reader.position,
				memory_order_release);
			continue;
		}
		if (last)
			return 0;
		last = atomic_load(&done);
		sched_yield();
	}
}

static int run(uint64_t start)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	uint64_t seen[3] = { 0 };
	pthread_t writer, sender;
	int failed;

	fixture_init(&ring, RING, start, false);
	atomic_store(&done, false);
	written[FROM_MAIN] = written[FROM_HANDLER] = 0;
	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&writer, NULL, write_all, NULL);
	pthread_create(&sender, NULL, send_signals, &writer);
	failed = read_all(seen);
	if (failed)
		return 1;
	pthread_join(sender, NULL);
	pthread_join(writer, NULL);
	/* A handler may have written after `done`. */
	failed = read_all(seen);
	if (seen[FROM_MAIN] != RECORDS || seen[FROM_HANDLER] != written[FROM_HANDLER]) {
		fprintf(stderr, "stress_ring: read %llu of %d and %llu of %llu\n",
			(unsigned long long)seen[FROM_MAIN], RECORDS,
			(unsigned long long)seen[FROM_HANDLER],
			(unsigned long long)written[FROM_HANDLER]);
		failed = 1;
	}
	fixture_release(&ring);
	return failed;
}

int main(void)
{
	static const uint64_t starts[] = { 0, RING - 1, RING, 3 * RING + 7,
		(UINT64_C(1) << 32) - 5 };

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (run(starts[i]) != 0)
			return 1;
	return 0;
}

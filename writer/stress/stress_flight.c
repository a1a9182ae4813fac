/* A ring that is overwritten while it is copied: what the copy says to be whole is whole. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "tests/ring_fixture.h"

enum { SNAPSHOTS = 3000, RING = 256 };

static struct fixture ring;
static atomic_bool done;

static void *write_all(void *argument)
{
	uint64_t number = 0;

	(void)argument;
	while (!atomic_load_explicit(&done, memory_order_relaxed)) {
		/* One slot: its position is its number. */
		dwell_ring_put1(&ring.writer, number, DWELL_RECORD_MARK, number);
		number++;
	}
	return NULL;
}

int main(void)
{
	struct dwell_slot copy[RING];
	pthread_t writer;
	uint64_t kept = 0, from, to;
	int failed = 0;

	fixture_init(&ring, RING, 0, true);
	pthread_create(&writer, NULL, write_all, NULL);
	while (atomic_load(&ring.line->head) < 2 * RING)
		sched_yield();
	for (int i = 0; i < SNAPSHOTS && !failed; i++) {
		dwell_ring_snapshot(ring.slots, RING - 1, &ring.line->head, copy, &from, &to);
		for (uint64_t at = from; at < to; at++) {
			const uint64_t *word = copy[at % RING].word;
			if (dwell_slot_lap(word[0]) != dwell_ring_lap(at, RING - 1))
				continue; /* reserved, not yet written */
			kept++;
			if (word[1] != at || dwell_slot_time(word[0]) != at)
				failed = 1;
		}
	}
	atomic_store(&done, true);
	pthread_join(writer, NULL);
	if (failed)
		fprintf(stderr, "stress_flight: a slot that was overwritten passed for whole\n");
	if (kept == 0) {
		fprintf(stderr, "stress_flight: nothing was kept in any snapshot\n");
		failed = 1;
	}
	fixture_release(&ring);
	return failed;
}

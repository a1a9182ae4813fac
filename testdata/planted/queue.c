/* lock-convoy of processes, which no object tells: each waits for an event of its own until the one before
 * lets it go. 1: four in a circle. 2: six. 3: the last one that came is let go first.
 * Clean, 11: a master hands work to four. 12: four that take turns, but have much else to do. 13: a pipeline
 * of four. */
#include "planted.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { MOST = 6, TURNS = 60 };

static struct shared {
	atomic_int held, waits[MOST], spin;
} *shared;
static int variant, count, events[MOST], answers;

static void guard(void)
{
	while (atomic_exchange(&shared->spin, 1))
		sched_yield();
}

static void unguard(void)
{
	atomic_store(&shared->spin, 0);
}

static void wait_for_event(int me)
{
	struct pollfd fd = { events[me], POLLIN, 0 };
	uint64_t value;

	while (poll(&fd, 1, -1) != 1) /* here */
		;
	if (read(events[me], &value, sizeof(value)) != sizeof(value))
		exit(1);
}

static void take(int me)
{
	guard();
	const bool free_now = !shared->held;
	shared->held = 1;
	shared->waits[me] = !free_now;
	unguard();
	if (!free_now)
		wait_for_event(me);
}

/* To the next one who waits; it is never free while there is one. */
static void give(int me)
{
	const uint64_t one = 1;
	int next = -1;

	guard();
	for (int i = 1; i < count && next < 0; i++) {
		const int other = variant == 3 ? (me + count - i) % count : (me + i) % count;

		if (shared->waits[other])
			next = other;
	}
	if (next < 0)
		shared->held = 0;
	else
		shared->waits[next] = 0;
	unguard();
	if (next >= 0 && write(events[next], &one, sizeof(one)) != sizeof(one))
		exit(1);
}

static void queue(int me)
{
	for (int i = 0; i < TURNS; i++) {
		take(me);
		compute_us(variant == 12 ? 50 : 2000);
		give(me);
		if (variant == 12)
			usleep(8000);
	}
}

/* What the one before made is made more of. */
static void pass_on(int me)
{
	const uint64_t one = 1;

	for (int i = 0; i < TURNS; i++) {
		if (me)
			wait_for_event(me);
		compute_us(me ? 500 : 2000);
		if (me + 1 < count && write(events[me + 1], &one, sizeof(one)) != sizeof(one))
			exit(1);
	}
}

static void work(int me)
{
	const uint64_t one = 1;

	for (int i = 0; i < TURNS; i++) {
		wait_for_event(me);
		compute_us(500);
		if (write(answers, &one, sizeof(one)) != sizeof(one))
			exit(1);
	}
}

static void hand_out(void)
{
	for (int i = 0; i < TURNS; i++) {
		const uint64_t one = 1;

		for (int k = 0; k < count; k++)
			if (write(events[k], &one, sizeof(one)) != sizeof(one))
				exit(1);
		usleep(5000);
	}
}

int main(int argc, char **argv)
{
	variant = VARIANT(argc, argv);
	count = variant == 2 ? 6 : 4;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	answers = eventfd(0, 0);
	for (int i = 0; i < count; i++)
		events[i] = eventfd(0, EFD_SEMAPHORE);
	for (int i = 0; i < count; i++) {
		if (fork())
			continue;
		if (variant == 11)
			work(i);
		else if (variant == 13)
			pass_on(i);
		else
			queue(i);
		_exit(0);
	}
	if (variant == 11)
		hand_out();
	while (wait(NULL) > 0)
		;
	return 0;
}

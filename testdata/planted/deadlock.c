/* 1: two mutexes in different order. 2: a ring of four. 3: a join and a lock. 4: one locks twice.
 * Clean, 11: in one order. 12: one gives up in time. 13: in different order, one after the other.
 * 14: a recursive one, twice. */
#include "planted.h"

static pthread_mutex_t locks[4] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
	PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };
static pthread_t first;
static int size, variant;

static void *transfer(void *argument)
{
	const int from = (int)(intptr_t)argument, to = (from + 1) % size;

	call_me("teller");
	pthread_mutex_lock(&locks[from]);
	nap_ms(50);
	pthread_mutex_lock(&locks[to]); /* here:1 here:2 */
	pthread_mutex_unlock(&locks[to]);
	pthread_mutex_unlock(&locks[from]);
	return NULL;
}

static void *waits_for_lock(void *unused)
{
	call_me("inner");
	nap_ms(50);
	pthread_mutex_lock(&locks[0]);
	pthread_mutex_unlock(&locks[0]);
	return unused;
}

static void *joins_under_lock(void *unused)
{
	call_me("outer");
	pthread_mutex_lock(&locks[0]);
	first = start(waits_for_lock, NULL);
	pthread_join(first, NULL); /* here:3 */
	pthread_mutex_unlock(&locks[0]);
	return unused;
}

static void *locks_twice(void *unused)
{
	call_me("twice");
	pthread_mutex_lock(&locks[0]);
	pthread_mutex_lock(&locks[0]); /* here:4 */
	for (int i = 0; i < 2; i++)
		pthread_mutex_unlock(&locks[0]);
	return unused;
}

static void *in_order(void *argument)
{
	const int me = (int)(intptr_t)argument;

	for (int i = 0; i < 20; i++) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 20000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_mutex_lock(&locks[variant == 12 ? me : 0]);
		compute_us(300);
		if (variant != 12)
			pthread_mutex_lock(&locks[1]);
		else if (pthread_mutex_timedlock(&locks[1 - me], &until) != 0) {
			pthread_mutex_unlock(&locks[me]);
			compute_us(1000u * (unsigned)(me + 1));
			continue;
		}
		pthread_mutex_unlock(&locks[variant == 12 ? 1 - me : 1]);
		pthread_mutex_unlock(&locks[variant == 12 ? me : 0]);
		nap_ms(5);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	pthread_mutexattr_t recursive;

	variant = VARIANT(argc, argv);
	size = variant == 2 ? 4 : 2;
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	if (variant == 14)
		pthread_mutex_init(&locks[0], &recursive);
	if (variant == 13)
		for (int i = 0; i < 2; i++)
			pthread_join(start(transfer, (void *)(intptr_t)i), NULL);
	else if (variant == 3)
		start(joins_under_lock, NULL);
	else if (variant == 14)
		pthread_join(start(locks_twice, NULL), NULL);
	else if (variant == 4)
		start(locks_twice, NULL);
	else
		for (int i = 0; i < size; i++)
			threads[i] = start(variant > 10 ? in_order : transfer, (void *)(intptr_t)i);
	if (variant == 11 || variant == 12)
		join_all(threads, size);
	else if (variant < 10)
		nap_ms(400);
	return 0;
}

/* Locks taken round, and never a deadlock: the threads come one after the other. 1: two mutexes.
 * 2: three. 3: a mutex and a rwlock. 4: a condition's wait takes its mutex again under another.
 * Clean, 11: always in one order. 12: the other way round by trying. 13: a recursive one again. 14: round, but never two at once. */
#include "planted.h"

enum { ROUNDS = 20 };

static pthread_mutex_t locks[3] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
	PTHREAD_MUTEX_INITIALIZER };
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int size, variant;

static void both(int first, int second)
{
	pthread_mutex_lock(&locks[first]);
	if (variant == 14)
		pthread_mutex_unlock(&locks[first]);
	pthread_mutex_lock(&locks[second]); /* here:1 here:2 */
	pthread_mutex_unlock(&locks[second]);
	if (variant != 14)
		pthread_mutex_unlock(&locks[first]);
}

static void writes(void)
{
	pthread_rwlock_wrlock(&rwlock);
	pthread_mutex_lock(&locks[0]);
	pthread_mutex_unlock(&locks[0]);
	pthread_rwlock_unlock(&rwlock);
}

static void reads(void)
{
	pthread_mutex_lock(&locks[0]);
	pthread_rwlock_rdlock(&rwlock); /* here:3 */
	pthread_rwlock_unlock(&rwlock);
	pthread_mutex_unlock(&locks[0]);
}

static void tries(int first, int second)
{
	pthread_mutex_lock(&locks[first]);
	if (pthread_mutex_trylock(&locks[second]) == 0)
		pthread_mutex_unlock(&locks[second]);
	pthread_mutex_unlock(&locks[first]);
}

static void again(void)
{
	pthread_mutex_lock(&locks[0]);
	pthread_mutex_lock(&locks[1]);
	pthread_mutex_lock(&locks[0]);
	pthread_mutex_unlock(&locks[0]);
	pthread_mutex_unlock(&locks[1]);
	pthread_mutex_unlock(&locks[0]);
}

/* The wait gives the first mutex up, and takes it again under the second. */
static void waits(void)
{
	struct timespec until;

	pthread_mutex_lock(&locks[0]);
	pthread_mutex_lock(&locks[1]);
	clock_gettime(CLOCK_REALTIME, &until);
	pthread_cond_timedwait(&cond, &locks[0], &until); /* here:4 */
	pthread_mutex_unlock(&locks[1]);
	pthread_mutex_unlock(&locks[0]);
}

static void one_round(int me)
{
	if (variant == 3)
		(me ? reads : writes)();
	else if (variant == 11)
		both(0, 1);
	else if (variant == 12 && me)
		tries(1, 0);
	else if (variant == 12)
		both(0, 1);
	else if (variant == 13)
		again();
	else if (variant == 4)
		waits();
	else
		both(me, (me + 1) % size);
}

static void *taker(void *argument)
{
	call_me("taker");
	for (int i = 0; i < ROUNDS; i++)
		one_round((int)(intptr_t)argument);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_mutexattr_t recursive;

	variant = VARIANT(argc, argv);
	size = variant == 2 ? 3 : 2;
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	if (variant == 13)
		pthread_mutex_init(&locks[0], &recursive);
	for (int i = 0; i < size; i++)
		pthread_join(start(taker, (void *)(intptr_t)i), NULL);
	return 0;
}

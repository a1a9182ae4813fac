/* Who holds the lock is less urgent than the hogs on its CPU. 1: two hogs. 2: one, and it is still less urgent. 3: two holders
 * take turns. Clean, 11: the hogs are there, the lock is not held. 12: no hogs.
 * 13: the lock is held beside the hogs, and nobody wants it. */
#include "planted.h"

#include <sys/resource.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static atomic_int done;
static int variant;

static void *hog(void *unused)
{
	call_me("hog");
	pin(0);
	while (!atomic_load(&done))
		compute_us(1000);
	return unused;
}

static void *holder(void *unused)
{
	call_me("holder");
	pin(0);
	setpriority(PRIO_PROCESS, 0, variant == 2 ? 10 : 5);
	for (int i = 0; i < 40; i++) {
		if (variant != 11)
			pthread_mutex_lock(&lock);
		compute_us(variant == 12 ? 100 : 5000);
		if (variant != 11)
			pthread_mutex_unlock(&lock); /* here */
		usleep(variant == 12 ? 5000 : 500);
	}
	return unused;
}

static void *waiter(void *unused)
{
	pthread_mutex_t *wanted = variant == 13 ? &other : &lock;

	call_me("waiter");
	pin(1);
	while (!atomic_load(&done)) {
		pthread_mutex_lock(wanted);
		compute_us(20);
		pthread_mutex_unlock(wanted);
		usleep(200);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t hogs[4], holders[2], waiting;
	int count;

	variant = VARIANT(argc, argv);
	count = variant == 12 ? 0 : variant == 2 ? 1 : 2;
	waiting = start(waiter, NULL);
	for (int i = 0; i < count; i++)
		hogs[i] = start(hog, NULL);
	for (int i = 0; i < (variant == 3 ? 2 : 1); i++)
		holders[i] = start(holder, NULL);
	join_all(holders, variant == 3 ? 2 : 1);
	atomic_store(&done, 1);
	join_all(hogs, count);
	pthread_join(waiting, NULL);
	return 0;
}

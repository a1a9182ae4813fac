/* Who waits for a lock is the most urgent, who holds it the least, and what lies between runs on the holder's CPU. 1: a mutex,
 * two hogs. 2: a rwlock, written, one hog. 3: the hogs are made by one who made itself less urgent. Clean, 11: nobody wants what the
 * holder holds. 12: no hogs. 13: they are on the other CPU. */
#include "planted.h"

#include <sys/resource.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static atomic_int done;
static int variant;

static void less_urgent(int by)
{
	if (nice(by) == -1)
		exit(1);
}

static void *hog(void *unused)
{
	call_me("hog");
	pin(variant == 13 ? 1 : 0);
	if (variant != 3)
		less_urgent(3);
	while (!atomic_load(&done))
		compute_us(1000);
	return unused;
}

static void *boss(void *unused)
{
	pthread_t hogs[2];

	call_me("boss");
	less_urgent(3);
	for (int i = 0; i < 2; i++)
		hogs[i] = start(hog, NULL);
	join_all(hogs, 2);
	return unused;
}

static void take(pthread_mutex_t *mutex)
{
	if (variant == 2)
		pthread_rwlock_wrlock(&rwlock);
	else
		pthread_mutex_lock(mutex); /* here */
}

static void give(pthread_mutex_t *mutex)
{
	if (variant == 2)
		pthread_rwlock_unlock(&rwlock);
	else
		pthread_mutex_unlock(mutex);
}

static void *holder(void *unused)
{
	call_me("holder");
	pin(0);
	less_urgent(9);
	for (int i = 0; i < 25; i++) {
		take(&lock);
		compute_us(variant > 11 ? 100 : 4000);
		give(&lock);
		usleep(variant > 11 ? 5000 : 500);
	}
	return unused;
}

static void *urgent(void *unused)
{
	pthread_mutex_t *wanted = variant == 11 ? &other : &lock;

	call_me("urgent");
	pin(1);
	while (!atomic_load(&done)) {
		take(wanted);
		compute_us(20);
		give(wanted);
		usleep(500);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	int count = 0;

	variant = VARIANT(argc, argv);
	threads[count++] = start(urgent, NULL);
	if (variant == 3)
		threads[count++] = start(boss, NULL);
	for (int i = 0; variant != 3 && variant != 12 && i < (variant == 2 ? 1 : 2); i++)
		threads[count++] = start(hog, NULL);
	pthread_join(start(holder, NULL), NULL);
	atomic_store(&done, 1);
	join_all(threads, count);
	return 0;
}

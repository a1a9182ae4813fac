/* A section of 300 us under one lock, and nothing outside. 1: a mutex. 2: a rwlock, written.
 * 3: eight threads, C11. Clean, 11: 5 us under the lock, 300 outside. 12: a lock each.
 * 13: four want one lock, each seldom. */
#include "planted.h"
#include <threads.h>

static pthread_mutex_t mutexes[8];
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static mtx_t mtx;
static int variant;

static void *worker(void *argument)
{
	const int me = variant == 12 ? (int)(intptr_t)argument : 0;

	call_me("worker");
	for (int i = 0; i < 300; i++) {
		if (variant == 2)
			pthread_rwlock_wrlock(&rwlock); /* here:2 */
		else if (variant == 3)
			mtx_lock(&mtx); /* here:3 */
		else
			pthread_mutex_lock(&mutexes[me]); /* here:1 */
		compute_us(variant == 11 ? 5 : variant == 13 ? 50 : 300);
		if (variant == 2)
			pthread_rwlock_unlock(&rwlock);
		else if (variant == 3)
			mtx_unlock(&mtx);
		else
			pthread_mutex_unlock(&mutexes[me]);
		if (variant == 11)
			compute_us(300);
		if (variant == 13)
			usleep(3000 + 100 * (unsigned)(intptr_t)argument);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[8];
	int count;

	variant = VARIANT(argc, argv);
	count = variant == 3 ? 8 : variant == 11 || variant == 12 ? 2 : 4;
	mtx_init(&mtx, mtx_plain);
	for (int i = 0; i < 8; i++)
		pthread_mutex_init(&mutexes[i], NULL);
	for (int i = 0; i < count; i++)
		threads[i] = start(worker, (void *)(intptr_t)i);
	join_all(threads, count);
	return 0;
}

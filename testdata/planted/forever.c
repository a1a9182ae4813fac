/* 1: a thread ends with the lock. 2: all wait for each other (killed by an alarm). 3: the producers
 * ended, a consumer waits on. 4: joins a thread that is stuck.
 * Clean, 11: a pool waits for work when main returns. 12: waits with a time limit. 13: the producer
 * waits for input. 14: the holder gives it up late. */
#include "planted.h"

#include <signal.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int items, variant;
static atomic_int has_lock, wants;
static sem_t never;

static void *ends_with_lock(void *unused)
{
	call_me("careless");
	pthread_mutex_lock(&lock);
	atomic_store(&has_lock, 1);
	while (!atomic_load(&wants))
		nap_ms(1);
	nap_ms(variant == 14 ? 5 : 50);
	if (variant == 14)
		pthread_mutex_unlock(&lock);
	return unused;
}

static void *wants_lock(void *unused)
{
	call_me("victim");
	while (!atomic_load(&has_lock))
		nap_ms(1);
	atomic_store(&wants, 1);
	pthread_mutex_lock(&lock); /* here:1 */
	if (variant == 14)
		pthread_mutex_unlock(&lock);
	return unused;
}

static void *consumes(void *unused)
{
	call_me("consumer");
	pthread_mutex_lock(&lock);
	for (;;) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 5;
		while (!items)
			if (variant == 12)
				pthread_cond_timedwait(&cond, &lock, &until);
			else
				pthread_cond_wait(&cond, &lock); /* here:2 here:3 */
		items--;
	}
	return unused;
}

static void *produces(void *unused)
{
	call_me("producer");
	for (int i = 0; i < 5; i++) {
		nap_ms(10);
		pthread_mutex_lock(&lock);
		items++;
		pthread_cond_signal(&cond);
		pthread_mutex_unlock(&lock);
	}
	while (variant == 13)
		nap_ms(1000);
	return unused;
}

static void *joins(void *argument)
{
	call_me("joiner");
	pthread_join(*(pthread_t *)argument, NULL); /* here:4 */
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t careless, victim;

	variant = VARIANT(argc, argv);
	if (variant == 1 || variant == 4 || variant == 14) {
		careless = start(ends_with_lock, NULL);
		victim = start(wants_lock, NULL);
		pthread_join(careless, NULL);
		if (variant == 4)
			pthread_detach(start(joins, &victim));
		if (variant == 14)
			pthread_join(victim, NULL);
		nap_ms(400);
		return 0;
	}
	sem_init(&never, 0, 0);
	if (variant == 2)
		alarm(1);
	victim = start(consumes, NULL);
	if (variant == 2)
		pthread_join(victim, NULL);
	if (variant == 11) {
		produces(NULL);
	} else {
		careless = start(produces, NULL);
		if (variant != 13)
			pthread_join(careless, NULL);
	}
	nap_ms(400);
	return 0;
}

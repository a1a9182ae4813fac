/* serial-stretch, 1: main prepares each step alone, at a barrier. 2: by a condition. 3: each worker
 * in turn merges alone. imbalance, 4: one of four has most of the work. 5: by a queue of unequal jobs.
 * 6: two workers at a barrier. Clean, 11: equal shares. 12: four times the same, by a queue. 13: main prepares while
 * the workers work. 14: one has a quarter more than the others. 15: main waits for input, and so does all. 16: main computes, and all
 * wait for its end, to end. */
#include "planted.h"

enum { WORKERS = 4, STEPS = 20 };

static pthread_barrier_t barrier;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int variant, step, next_job, workers;

static void wait_for_step(int mine)
{
	pthread_mutex_lock(&lock);
	while (step < mine)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
}

static uint64_t share_us(int me)
{
	if (variant == 4)
		return me == 0 ? 20000 : 2000;
	if (variant == 6)
		return me == 0 ? 20000 : 3000;
	if (variant == 14)
		return me == 0 ? 7500 : 6000;
	return variant == 11 || variant == 13 ? 6000 : 1000;
}

static void *worker(void *argument)
{
	const int me = (int)(intptr_t)argument;

	call_me("worker");
	if (variant == 16) {
		wait_for_step(1);
		return NULL;
	}
	for (int i = 1; i <= STEPS; i++) {
		if (variant == 2 || variant == 13 || variant == 15)
			wait_for_step(i);
		else
			pthread_barrier_wait(&barrier);
		compute_us(share_us(me));
		if (variant == 3 && me == i % WORKERS)
			compute_us(20000); /* merges */
	}
	return NULL;
}

static void *takes_jobs(void *unused)
{
	call_me("taker");
	for (;;) {
		const int job = __atomic_fetch_add(&next_job, 1, __ATOMIC_RELAXED);

		if (job >= 20)
			return unused;
		compute_us(variant == 5 && job == 0 ? 400000 : 8000);
	}
}

int main(int argc, char **argv)
{
	pthread_t threads[WORKERS];
	const int parties = WORKERS + 1;
	int steps = 0;

	variant = VARIANT(argc, argv);
	if (variant == 16)
		steps = 1;
	else if (variant <= 2 || variant == 13 || variant == 15)
		steps = STEPS;
	workers = variant == 6 ? 2 : variant == 13 ? 3 : WORKERS;
	pthread_barrier_init(&barrier, NULL,
		(unsigned)(variant == 1 ? parties : workers));
	for (int i = 0; i < workers; i++)
		threads[i] = start(variant == 5 || variant == 12 ? takes_jobs : worker,
			(void *)(intptr_t)i);
	for (int i = 1; i <= steps; i++) {
		if (variant == 15)
			nap_ms(20);
		else
			compute_us(variant == 16   ? 300000
				   : variant == 13 ? 3000
						   : 20000); /* prepares alone */
		if (variant == 1) {
			pthread_barrier_wait(&barrier);
			continue;
		}
		pthread_mutex_lock(&lock);
		step = i;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&lock);
	}
	join_all(threads, workers);
	return 0;
}

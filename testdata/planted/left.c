/* alive-at-end: of those made alike most have ended, and one waits on. 1: for an answer that nobody sends. 2: for a permit
 * that nobody gives. 3: at a barrier, as its partner gave up.
 * Clean, 11: it waits with a time limit. 12: it came late. 13: a pool, of which one has ended. */
#include "planted.h"

enum { JOBS = 6, LAST = JOBS - 1 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t pairs[JOBS / 2];
static sem_t permits[JOBS];
static int answers, variant;

static void wait_for_answer(int me)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 5;
	pthread_mutex_lock(&lock);
	while (answers <= me)
		if (variant == 11)
			pthread_cond_timedwait(&answered, &lock, &until);
		else
			pthread_cond_wait(&answered, &lock); /* here:1 */
	pthread_mutex_unlock(&lock);
}

static void *job(void *argument)
{
	const int me = (int)(intptr_t)argument;

	call_me("job");
	if (variant == 2)
		sem_wait(&permits[me]); /* here:2 */
	else if (variant != 3)
		wait_for_answer(me);
	else if (me != LAST - 1)
		pthread_barrier_wait(&pairs[me / 2]); /* here:3 */
	return NULL;
}

/* To the jobs before this one. */
static void answer(int up_to)
{
	pthread_mutex_lock(&lock);
	answers = up_to;
	pthread_cond_broadcast(&answered);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < up_to; i++)
		sem_post(&permits[i]);
}

int main(int argc, char **argv)
{
	pthread_t threads[JOBS];
	int first, most;

	variant = VARIANT(argc, argv);
	first = variant == 12 ? LAST : JOBS;
	most = variant == 13 ? 1 : LAST;
	for (int i = 0; i < JOBS; i++)
		sem_init(&permits[i], 0, 0);
	for (int i = 0; i < JOBS / 2; i++)
		pthread_barrier_init(&pairs[i], NULL, 2);
	for (int i = 0; i < first; i++)
		threads[i] = start(job, (void *)(intptr_t)i);
	nap_ms(20);
	answer(most);
	join_all(threads, most);
	nap_ms(1100);
	if (variant == 12) {
		start(job, (void *)(intptr_t)LAST);
		nap_ms(100);
	}
	return 0;
}

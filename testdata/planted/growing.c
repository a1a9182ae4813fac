/* One more thread for each request, and it never ends. 1: waits for a condition. 2: for a
 * semaphore, two at a time. 3: sleeps.
 * Clean, 11: it ends. 12: a pool of the same size from the start. 13: a ramp that ends. */
#include "planted.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static int variant;

static void *session(void *unused)
{
	call_me("session");
	if (variant == 2)
		sem_wait(&sem);
	if (variant == 3)
		sleep(100);
	if (variant == 11) {
		nap_ms(30);
		return unused;
	}
	pthread_mutex_lock(&lock);
	for (;;)
		pthread_cond_wait(&cond, &lock);
	return unused;
}

static void serve(void)
{
	pthread_detach(start(session, NULL)); /* here */
}

int main(int argc, char **argv)
{
	variant = VARIANT(argc, argv);
	sem_init(&sem, 0, 0);
	for (int i = 0; i < 100; i++) {
		if (variant == 12 && i == 0)
			for (int j = 0; j < 100; j++)
				serve();
		else if (variant == 13 ? i < 20 : variant != 12)
			serve();
		if (variant == 2)
			serve();
		nap_ms(16);
	}
	return 0;
}

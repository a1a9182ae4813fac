/* A signal comes before the wait that it is for. 1: a thread waits without asking whether it is ready. 2: it asks without the
 * lock, and its time limit saves it. 3: four are late for the broadcast. 4: one of four is.
 * Clean, 11: as 1, and it asks. 12: a worker misses
 * signals while it is busy, and takes all that came before it waits with a time limit. 13: as 2, under the lock. 14: as 12, and it
 * tidies up whenever its time limit is over. 15: signals come in pairs, and tidying up takes longer than one of them. */
#include "planted.h"

#include <stdbool.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static atomic_int ready, done;
static sem_t taken;
static int variant;

static void *late(void *argument)
{
	const bool in_time = argument;

	call_me(in_time ? "in-time" : "late");
	usleep(in_time ? 1000 : 100000);
	pthread_mutex_lock(&lock);
	while (variant != 11 || !atomic_load(&ready)) {
		pthread_cond_wait(&cond, &lock); /* here:1 here:3 here:4 */
		if (variant != 11)
			break;
	}
	pthread_mutex_unlock(&lock);
	return argument;
}

static int wait_for_ms(long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	return pthread_cond_timedwait(&cond, &lock, &until); /* here:2 */
}

static void *tidy(void *unused)
{
	call_me("taker");
	pthread_mutex_lock(&lock);
	while (!atomic_load(&done)) {
		if (!atomic_load(&ready)) {
			if (wait_for_ms(60))
				compute_us(variant == 15 ? 700 : 300);
			continue;
		}
		atomic_fetch_sub(&ready, 1);
		pthread_mutex_unlock(&lock);
		compute_us(300);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return unused;
}

/* Some at once, then nothing for longer than the time limit. */
static void give_in_bursts(void)
{
	const int size = variant == 15 ? 2 : 8;

	for (int i = 0; i < 12 * size; i++) {
		usleep(i % size ? 50 : 90000);
		pthread_mutex_lock(&lock);
		atomic_fetch_add(&ready, 1);
		pthread_cond_signal(&cond);
		pthread_mutex_unlock(&lock);
	}
	pthread_mutex_lock(&lock);
	atomic_store(&done, 1);
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&lock);
}

static void *taker(void *unused)
{
	call_me("taker");
	while (!atomic_load(&done)) {
		if (variant == 2) {
			if (!atomic_load(&ready)) {
				compute_us(1500); /* it decides to wait */
				pthread_mutex_lock(&lock);
				wait_for_ms(60);
				pthread_mutex_unlock(&lock);
			}
		} else {
			pthread_mutex_lock(&lock);
			while (!atomic_load(&ready) && !atomic_load(&done))
				wait_for_ms(60);
			pthread_mutex_unlock(&lock);
		}
		if (!atomic_load(&ready))
			continue;
		compute_us(variant == 13 ? 500 : 5000);
		atomic_store(&ready, 0);
		sem_post(&taken);
	}
	return unused;
}

static void give(int times)
{
	for (int i = 0; i < times; i++) {
		/* Just when the taker has seen that there is nothing. */
		if (variant == 2 && i)
			sem_wait(&taken);
		usleep(variant == 12 ? (i % 8 ? 1000 : 150000) : variant == 2 ? 200 : 1200);
		pthread_mutex_lock(&lock);
		atomic_store(&ready, 1);
		pthread_mutex_unlock(&lock);
		pthread_cond_signal(&cond);
	}
	usleep(70000);
	pthread_mutex_lock(&lock);
	atomic_store(&done, 1);
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	int count;

	variant = VARIANT(argc, argv);
	count = variant == 3 || variant == 4 ? 4 : 1;
	alarm(1);
	if (variant == 2 || variant > 11) {
		alarm(20);
		threads[0] = start(variant >= 14 ? tidy : taker, NULL);
		if (variant >= 14)
			give_in_bursts();
		else
			give(variant == 12 ? 40 : 12);
	} else {
		for (int i = 0; i < count; i++)
			threads[i] = start(late, (void *)(intptr_t)(variant == 4 && i));
		usleep(50000);
		pthread_mutex_lock(&lock);
		atomic_store(&ready, 1);
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&lock);
	}
	join_all(threads, count);
	return 0;
}

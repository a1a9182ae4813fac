/* busy-polling, 1: sleeps and looks. 2: poll with 1 ms. 3: a condition with 1 ms.
 * thundering-herd, 4: eight wait, one item each time. 5: sixteen. 6: by a futex.
 * ping-pong, 7: a pipe pair. 8: two semaphores. 9: a socket pair, each on its own CPU.
 * Clean, 11: waits for the flag. 12: wakes one for one item. 13: hands over in batches.
 * 14: looks ten times a second. 15: all that are woken have work. 16: as 7, on one CPU. 17: as 2, with 100 ms. 18: as 8, but
 * now and then. 19: as 4, but for a start that all wait for. */
#include "planted.h"

#include <linux/futex.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sems[2];
static int variant, items, pairs[2][2];
static atomic_int flag, word;

static void *poller(void *unused)
{
	struct pollfd fd = { pairs[0][0], POLLIN, 0 };

	call_me("poller");
	while (!atomic_load(&flag)) {
		struct timespec until;

		if (variant == 1)
			usleep(300); /* here:1 */
		else if (variant == 14)
			usleep(100000);
		else if (variant == 2 || variant == 17)
			poll(&fd, 1, variant == 2 ? 1 : 100); /* here:2 */
		else {
			clock_gettime(CLOCK_REALTIME, &until);
			until.tv_nsec += 1000000;
			if (until.tv_nsec >= 1000000000) {
				until.tv_nsec -= 1000000000;
				until.tv_sec++;
			}
			pthread_mutex_lock(&lock);
			if (variant == 11)
				pthread_cond_wait(&cond, &lock);
			else
				pthread_cond_timedwait(&cond, &lock, &until); /* here:3 */
			pthread_mutex_unlock(&lock);
		}
	}
	return unused;
}

static void *one_of_many(void *unused)
{
	call_me("one-of-many");
	pthread_mutex_lock(&lock);
	for (;;) {
		while (!items && !atomic_load(&flag))
			pthread_cond_wait(&cond, &lock); /* here:4 */
		if (atomic_load(&flag))
			break;
		items--;
		pthread_mutex_unlock(&lock);
		compute_us(1000);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return unused;
}

/* Rounds that all begin together. */
static void *of_a_crew(void *unused)
{
	call_me("one-of-many");
	for (int round = 1; round <= 200; round++) {
		pthread_mutex_lock(&lock);
		while (items < round && !atomic_load(&flag))
			pthread_cond_wait(&cond, &lock);
		pthread_mutex_unlock(&lock);
		compute_us(100);
	}
	return unused;
}

static void *by_futex(void *unused)
{
	call_me("one-of-many");
	while (!atomic_load(&flag)) {
		int seen = atomic_load(&word);

		while (seen > 0 && !atomic_compare_exchange_strong(&word, &seen, seen - 1))
			continue;
		if (seen > 0)
			compute_us(1000);
		else
			syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0); /* here:6 */
	}
	return unused;
}

static void feed(int tasks)
{
	for (int i = 0; i < 200; i++) {
		nap_ms(3);
		if (variant == 6) {
			atomic_fetch_add(&word, 1);
			syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1000, NULL, NULL, 0);
			continue;
		}
		pthread_mutex_lock(&lock);
		items += variant == 15 ? tasks : 1;
		if (variant == 12)
			pthread_cond_signal(&cond);
		else
			pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&lock);
	}
}

static void turn(int me, int i)
{
	const bool by_semaphore = variant == 8 || variant == 18;
	char byte = 'x';

	if (variant == 13) {
		if (i % 1000)
			return;
		compute_us(2000);
	}
	if (variant == 18 && me == 0)
		usleep(2000);
	/* Ping begins, pong answers. */
	for (int half = 0; half < 2; half++) {
		if (half != me && by_semaphore)
			sem_wait(&sems[me]);
		else if (by_semaphore)
			sem_post(&sems[1 - me]);
		else if (half == me ? write(pairs[me][1], &byte, 1) != 1
				    : read(pairs[1 - me][0], &byte, 1) != 1)
			exit(1);
	}
}

static void *player(void *argument)
{
	const int me = (int)(intptr_t)argument;

	call_me(me ? "pong" : "ping");
	pin(variant == 16 ? 0 : me);
	for (int i = 0; i < (variant == 18 ? 300 : 20000); i++)
		turn(me, i);
	return NULL;
}

static void play(void)
{
	pthread_t players[2];

	for (int i = 0; i < 2; i++)
		players[i] = start(player, (void *)(intptr_t)i);
	join_all(players, 2);
}

int main(int argc, char **argv)
{
	pthread_t threads[16];
	int count;

	variant = VARIANT(argc, argv);
	for (int i = 0; i < 2; i++) {
		sem_init(&sems[i], 0, 0);
		if (variant == 9 ? socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) : pipe(pairs[i]))
			return 1;
	}
	if ((variant >= 7 && variant <= 9) || variant == 13 || variant == 16 || variant == 18) {
		play();
		return 0;
	}
	if (variant <= 3 || variant == 11 || variant == 14 || variant == 17) {
		threads[0] = start(poller, NULL);
		nap_ms(800);
		atomic_store(&flag, 1);
		pthread_mutex_lock(&lock);
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&lock);
		pthread_join(threads[0], NULL);
		return 0;
	}
	count = variant == 5 ? 16 : variant == 15 ? 2 : 8;
	for (int i = 0; i < count; i++)
		threads[i] = start(variant == 6	   ? by_futex
				   : variant == 19 ? of_a_crew
						   : one_of_many,
			NULL);
	feed(count);
	pthread_mutex_lock(&lock);
	atomic_store(&flag, 1);
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1000, NULL, NULL, 0);
	atomic_fetch_add(&word, 1);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1000, NULL, NULL, 0);
	join_all(threads, count);
	return 0;
}

/* One thread does something slow under the lock that three others want, ten times.
 * 1: polls a slow pipe. 2: reads a slow pipe. 3: receives from a slow socket.
 * 4: usleep. 5: nanosleep. 6: sleep by clock_nanosleep.
 * 7: waits for a child. 8: joins a thread. 9: waits for a semaphore.
 * Clean: 10 + n, the same outside of the lock. */
#include "planted.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t sem;
static int slow, pipes[2], sockets[2];
static atomic_int done;

static void *feeds(void *unused)
{
	call_me("feeder");
	while (!atomic_load(&done)) {
		nap_ms(30);
		if (slow <= 2 && write(pipes[1], "x", 1) != 1)
			break;
		if (slow == 3 && send(sockets[1], "x", 1, 0) != 1)
			break;
		if (slow == 9)
			sem_post(&sem);
	}
	return unused;
}

static void *naps(void *unused)
{
	call_me("helper");
	nap_ms(30);
	return unused;
}

static void wait_for_child(void)
{
	pid_t child = fork();

	if (!child) {
		nap_ms(30);
		_exit(0);
	}
	waitpid(child, NULL, 0); /* here:7 */
}

static void be_slow(void)
{
	const struct timespec nap = { 0, 30000000 };
	struct pollfd fd = { pipes[0], POLLIN, 0 };
	char byte;

	if (slow == 1 && (poll(&fd, 1, -1) != 1 || read(pipes[0], &byte, 1) != 1)) /* here:1 */
		exit(1);
	if (slow == 2 && read(pipes[0], &byte, 1) != 1) /* here:2 */
		exit(1);
	if (slow == 3 && recv(sockets[0], &byte, 1, 0) != 1) /* here:3 */
		exit(1);
	if (slow == 4)
		usleep(30000); /* here:4 */
	if (slow == 5)
		nanosleep(&nap, NULL); /* here:5 */
	if (slow == 6)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL); /* here:6 */
	if (slow == 7)
		wait_for_child();
	if (slow == 8)
		pthread_join(start(naps, NULL), NULL); /* here:8 */
	if (slow == 9)
		sem_wait(&sem); /* here:9 */
}

static void *culprit(void *inside)
{
	call_me("culprit");
	for (int i = 0; i < 20; i++) {
		if (!inside)
			be_slow();
		pthread_mutex_lock(&lock);
		if (inside)
			be_slow();
		compute_us(50);
		pthread_mutex_unlock(&lock);
		usleep(200);
	}
	atomic_store(&done, 1);
	return NULL;
}

static void *worker(void *unused)
{
	call_me("worker");
	while (!atomic_load(&done)) {
		pthread_mutex_lock(&lock); /* waits */
		compute_us(50);
		pthread_mutex_unlock(&lock);
		usleep(1000);
	}
	return unused;
}

int main(int argc, char **argv)
{
	const int variant = VARIANT(argc, argv);
	pthread_t threads[5];

	slow = variant % 10;
	sem_init(&sem, 0, 0);
	if (pipe(pipes) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
		return 1;
	threads[0] = start(culprit, variant < 10 ? &lock : NULL);
	threads[4] = start(feeds, NULL);
	for (int i = 1; i < 4; i++)
		threads[i] = start(worker, NULL);
	join_all(threads, 5);
	return 0;
}

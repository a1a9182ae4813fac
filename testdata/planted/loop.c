/* event-loop-blocked, 1: computes in a handler now and then. 2: sleeps in one. 3: waits for a child.
 * Clean, 11: computes in another thread. 12: each event takes 5 ms. 13: several threads share the
 * loop, and each computes for long at times. */
#include "planted.h"

#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

enum { EVENTS = 240 };

static int variant, loops[2], events[2], work[2];

static void wait_for_child(void)
{
	const pid_t child = fork();

	if (!child) {
		usleep(90000);
		_exit(0);
	}
	waitpid(child, NULL, 0); /* here:3 */
}

static void handle(int number)
{
	const bool slow = number == 30;

	if (variant == 12)
		compute_us(5000);
	else if (!slow)
		compute_us(200);
	else if (variant == 1 || variant == 13)
		compute_us(90000);
	else if (variant == 2)
		usleep(90000); /* here:2 */
	else if (variant == 3)
		wait_for_child();
	else if (write(work[1], "x", 1) != 1)
		exit(1);
}

static void *serve(void *unused)
{
	struct epoll_event event;
	char byte;

	call_me("server");
	for (;;) {
		if (epoll_wait(loops[0], &event, 1, -1) < 1) /* here:1 */
			continue;
		if (read(events[0], &byte, 1) != 1 || byte == 127)
			return unused;
		handle(byte);
	}
}

static void *helper(void *unused)
{
	char byte;

	while (read(work[0], &byte, 1) == 1 && byte == 'x')
		compute_us(90000);
	return unused;
}

static void *client(void *argument)
{
	int pending = 0;

	for (int i = 0; i < EVENTS / 2; i++) {
		const char number = (char)(i % 60 + (argument ? 60 : 0));

		/* On a busy machine, too, the server waits for each. */
		do {
			usleep(variant == 12 ? 12000 : 3000);
			ioctl(events[0], FIONREAD, &pending);
		} while (pending);
		if (write(events[1], &number, 1) != 1)
			exit(1);
	}
	return argument;
}

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN };
	pthread_t servers[3], helps, clients[2];
	const int count = (variant = VARIANT(argc, argv)) == 13 ? 3 : 1;

	loops[0] = epoll_create1(0);
	if (pipe(events) || pipe(work) || epoll_ctl(loops[0], EPOLL_CTL_ADD, events[0], &event))
		return 1;
	for (int i = 0; i < count; i++)
		servers[i] = start(serve, NULL);
	helps = start(helper, NULL);
	for (intptr_t i = 0; i < 2; i++)
		clients[i] = start(client, (void *)i);
	join_all(clients, 2);
	for (int i = 0; i < count; i++)
		if (write(events[1], "\177", 1) != 1)
			return 1;
	join_all(servers, count);
	return write(work[1], "q", 1) == 1 && pthread_join(helps, NULL) ? 1 : 0;
}

/*
 * Programs that recording must not change: each case ends with a line that says what it counted.
 * See accidents.sh.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static int ends[2];
static pthread_t sleeper;

/* A thousand children that live at the same time, made by one another in fours. */
static void children(void)
{
	enum { CHILDREN = 1000 };
	int gate[2], done = 0, status;

	if (pipe(gate) != 0)
		abort();
	for (int i = 0; i < CHILDREN; i++) {
		const pid_t child = fork();

		if (child == 0) {
			char byte;

			close(gate[1]);
			(void)!read(gate[0], &byte, 1);
			pthread_mutex_lock(&lock);
			pthread_mutex_unlock(&lock);
			_exit(i % 7);
		}
		done -= child < 0;
	}
	close(gate[1]);
	for (int sum = 0; wait(&status) > 0 || errno == EINTR; sum += WEXITSTATUS(status))
		done++;
	printf("children %d\n", done);
}

static void *short_life(void *argument)
{
	pthread_mutex_lock(&lock);
	++*(long *)argument;
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void *long_life(void *argument)
{
	sem_wait(&semaphore);
	return short_life(argument);
}

/* Ten thousand one after the other, and two thousand at the same time. */
static void threads(void)
{
	enum { SHORT = 10000, LONG = 2000 };
	static pthread_t many[LONG];
	pthread_attr_t small;
	pthread_t one;
	long count = 0;
	int made = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (int i = 0; i < SHORT; i++)
		if (pthread_create(&one, &small, short_life, &count) == 0)
			pthread_join(one, NULL);
	while (made < LONG && pthread_create(&many[made], &small, long_life, &count) == 0)
		made++;
	for (int i = 0; i < made; i++)
		sem_post(&semaphore);
	for (int i = 0; i < made; i++)
		pthread_join(many[i], NULL);
	printf("threads %ld\n", count);
}

static void *spawner(void *argument)
{
	char *const words[] = { "true", NULL };
	long ended = 0;

	for (int i = 0; i < 100; i++) {
		int status = 1;
		pid_t child;

		if (i & 1) {
			if (posix_spawnp(&child, "true", NULL, NULL, words, environ) != 0)
				continue;
		} else {
			child = vfork();
			if (child == 0) {
				execvp("true", words);
				_exit(127);
			}
		}
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		ended += status == 0;
	}
	*(long *)argument = ended;
	return NULL;
}

static void storm(void)
{
	pthread_t thread[4];
	long ended[4], sum = 0;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, spawner, &ended[i]);
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		sum += ended[i];
	}
	printf("spawned %ld\n", sum);
}

static void unlock(void *argument)
{
	pthread_mutex_unlock(argument);
}

static void wait_in(int way)
{
	struct timespec hour = { 3600, 0 }, when;
	struct epoll_event event;
	struct pollfd on = { ends[0], POLLIN, 0 };
	fd_set set;
	sigset_t none;
	char byte;

	clock_gettime(CLOCK_REALTIME, &when);
	when.tv_sec += 3600;
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	sigemptyset(&none);
	sigaddset(&none, SIGUSR1);
	switch (way) {
	case 0:
	case 1:
		pthread_mutex_lock(&lock);
		pthread_cleanup_push(unlock, &lock);
		if (way)
			pthread_cond_timedwait(&cond, &lock, &when);
		else
			pthread_cond_wait(&cond, &lock);
		pthread_cleanup_pop(1);
		break;
	case 2:
		sem_wait(&semaphore);
		break;
	case 3:
		sem_timedwait(&semaphore, &when);
		break;
	case 4:
		pthread_join(sleeper, NULL);
		break;
	case 5:
		nanosleep(&hour, NULL);
		break;
	case 6:
		clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, NULL);
		break;
	case 7:
		sleep(3600);
		break;
	case 8:
		usleep(3600000000u);
		break;
	case 9:
		(void)!read(ends[0], &byte, 1);
		break;
	case 10:
		recv(ends[0], &byte, 1, 0);
		break;
	case 11:
		poll(&on, 1, -1);
		break;
	case 12:
		select(ends[0] + 1, &set, NULL, NULL, NULL);
		break;
	case 13:
		epoll_wait(epoll_create1(0), &event, 1, -1);
		break;
	case 14:
		pause();
		break;
	case 15:
		sigwait(&none, &(int){ 0 });
		break;
	case 16:
		waitpid(-1, NULL, 0);
		break;
	case 17:
		accept(ends[0], NULL, NULL);
		break;
	default:
		pthread_testcancel();
	}
}

static void *cancelled(void *argument)
{
	wait_in((int)(long)argument);
	for (;;)
		sleep(1); /* a call that failed at once */
	return NULL;
}

static void *sleeps(void *argument)
{
	for (;;)
		sleep(1);
	return argument;
}

static void cancel(void)
{
	const pid_t child = fork();
	int ended = 0;

	if (child == 0)
		for (;;)
			pause();
	pthread_create(&sleeper, NULL, sleeps, NULL);
	for (long way = 0; way < 18; way++) {
		for (long pause_us = 0; pause_us < 6000; pause_us += 1500) {
			pthread_t thread;
			void *result = NULL;

			pthread_create(&thread, NULL, cancelled, (void *)way);
			nanosleep(&(struct timespec){ 0, pause_us * 1000 }, NULL);
			pthread_cancel(thread);
			pthread_join(thread, &result);
			ended += result == PTHREAD_CANCELED;
		}
	}
	kill(child, SIGKILL);
	/* What they held must be free. */
	printf("cancelled %d, lock %d\n", ended, pthread_mutex_trylock(&lock));
}

/* Leaves its parent, closes all it has, goes on; its parent waits for its word. */
static void daemon_of(void)
{
	int word[2];
	char text[64] = "";

	if (pipe(word) != 0)
		abort();
	if (fork() == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		(void)!chdir("/");
		dup2(word[1], 0);
		for (int fd = 1; fd < 1024; fd++)
			close(fd);
		for (int i = 0; i < 50; i++) {
			pthread_t thread;
			long count = 0;

			pthread_create(&thread, NULL, short_life, &count);
			pthread_join(thread, NULL);
			usleep(1000);
		}
		(void)!write(0, "daemon lived", 12);
		_exit(0);
	}
	wait(NULL);
	close(word[1]);
	(void)!read(word[0], text, sizeof(text) - 1);
	puts(text);
}

static pthread_mutex_t in_handler = PTHREAD_MUTEX_INITIALIZER;
static atomic_long handled, taken;
enum { SIGNALS = 1000 };

static void handler(int number)
{
	(void)number;
	/* Not allowed, and done all the same. */
	if (pthread_mutex_trylock(&in_handler) == 0) {
		taken++;
		pthread_mutex_unlock(&in_handler);
	}
	sem_post(&semaphore);
	handled++;
}

static void *contends(void *argument)
{
	while (handled < SIGNALS) {
		pthread_mutex_lock(&lock);
		for (volatile int j = 0; j < 300; j++)
			;
		pthread_mutex_unlock(&lock);
	}
	return argument;
}

static void handlers(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	pthread_t thread[4];

	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, contends, NULL);
	for (int i = 0; handled < SIGNALS; i++) {
		pthread_kill(thread[i % 4], SIGUSR1);
		usleep(50);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	printf("handlers %d\n", taken > 0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} cases[] = { { "children", children }, { "threads", threads }, { "storm", storm },
		{ "cancel", cancel }, { "daemon", daemon_of }, { "handlers", handlers } };

	sem_init(&semaphore, 0, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return 2;
	for (size_t i = 0; argc == 2 && i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(cases[i].name, argv[1]) == 0)
			cases[i].run();
	return fflush(stdout) ? 1 : 3;
}

/*
 * A program with planted costs, for measuring what a comparison finds.
 *
 *     planted [hold=NS] [latency=NS] [site=NS] [rounds=N]
 *
 * Four workers take a lock, hold it for `hold` asleep, and work a little. Two pairs of threads hand
 * a message to and fro over a socket: the answer takes `site`, so the asker is blocked that long in
 * wait_answer(). A thread "hog" wakes "late" and then keeps the one CPU that they share for
 * `latency`, so that it waits for it; where that is allowed both come before other programs, for
 * those hold a busy machine's CPUs much longer. The defaults make about half a second.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long hold = 200000, latency = 300000, site = 400000, rounds = 250;
static atomic_bool done;
static sem_t turn;
static struct {
	long rows[8];
	pthread_mutex_t lock;
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Two ends of a socket. */
struct pair {
	int ends[2];
};

static int64_t now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * INT64_C(1000000000) + at.tv_nsec;
}

static void spin(long ns)
{
	const int64_t until = now() + ns;

	while (now() < until)
		;
}

static void rest(long ns)
{
	const struct timespec time = { 0, ns };

	nanosleep(&time, NULL);
}

static __attribute__((noinline)) void update_table(void)
{
	pthread_mutex_lock(&table.lock);
	rest(hold);
	pthread_mutex_unlock(&table.lock);
}

static void *work(void *unused)
{
	for (long i = 0; i < rounds; i++) {
		update_table();
		spin(20000);
	}
	return unused;
}

static void give(int end)
{
	if (write(end, "x", 1) != 1)
		abort();
}

static __attribute__((noinline)) void wait_answer(int end)
{
	char got;

	if (read(end, &got, 1) != 1)
		abort();
}

static void *ask(void *context)
{
	struct pair *pair = context;

	for (long i = 0; i < rounds * 3 / 2; i++) {
		rest(700000); /* else it would be a worker that waits for work */
		give(pair->ends[0]);
		wait_answer(pair->ends[0]);
	}
	return NULL;
}

static void *answer(void *context)
{
	struct pair *pair = context;
	char got;

	for (long i = 0; i < rounds * 3 / 2; i++) {
		if (read(pair->ends[1], &got, 1) != 1)
			abort();
		rest(site);
		give(pair->ends[1]);
	}
	return NULL;
}

static void share_one_cpu(int priority)
{
	const struct sched_param param = { .sched_priority = priority };
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
}

static void *hog(void *unused)
{
	share_one_cpu(2);
	while (!atomic_load(&done)) {
		rest(2000000);
		sem_post(&turn);
		spin(latency);
	}
	return unused;
}

static void *late(void *unused)
{
	share_one_cpu(1);
	while (!atomic_load(&done)) {
		sem_wait(&turn);
		spin(10000);
	}
	return unused;
}

static void read_options(int argc, char **argv)
{
	static const struct {
		const char *name;
		long *at;
	} options[] = { { "hold=", &hold }, { "latency=", &latency }, { "site=", &site },
		{ "rounds=", &rounds } };

	for (int i = 1; i < argc; i++)
		for (size_t j = 0; j < sizeof(options) / sizeof(options[0]); j++)
			if (!strncmp(argv[i], options[j].name, strlen(options[j].name)))
				*options[j].at = atol(argv[i] + strlen(options[j].name));
}

int main(int argc, char **argv)
{
	pthread_t workers[8], background[2];
	struct pair pairs[2];

	read_options(argc, argv);
	/* Sleeps of a twentieth more are to be just that: the kernel's slack is 50 us. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	sem_init(&turn, 0, 0);
	for (int i = 0; i < 2; i++) {
		pthread_create(&background[i], NULL, i ? late : hog, NULL);
		pthread_setname_np(background[i], i ? "late" : "hog");
	}
	for (int i = 0; i < 2; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i].ends))
			return 1;
		pthread_create(&workers[2 * i], NULL, ask, &pairs[i]);
		pthread_create(&workers[2 * i + 1], NULL, answer, &pairs[i]);
	}
	for (int i = 4; i < 8; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(workers[i], NULL);
	atomic_store(&done, true);
	pthread_join(background[0], NULL);
	sem_post(&turn);
	pthread_join(background[1], NULL);
	return 0;
}

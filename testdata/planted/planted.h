/* What the planted programs share. Each has one known cause, or (clean) only looks as if. */
#ifndef PLANTED_H
#define PLANTED_H

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static UNUSED uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Compute for so long, on the CPU. */
static UNUSED void compute_us(uint64_t us)
{
	const uint64_t end = cpu_ns() + us * 1000;

	while (cpu_ns() < end)
		for (int i = 0; i < 1000; i++)
			__asm__ volatile("" : : : "memory");
}

static UNUSED void nap_ms(unsigned ms)
{
	usleep(ms * 1000);
}

static UNUSED void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static UNUSED void call_me(const char *name)
{
	pthread_setname_np(pthread_self(), name);
}

static UNUSED pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, argument) != 0)
		exit(1);
	return thread;
}

static UNUSED void join_all(pthread_t *threads, int count)
{
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

#define VARIANT(argc, argv) ((argc) > 1 ? atoi((argv)[1]) : 1)

#endif

/* Time of a loop's body in nanoseconds: the best of many short runs, so that what else the machine
 * does is left out. */
#ifndef DWELL_BENCH_H
#define DWELL_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

static inline uint64_t bench_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* What this thread used of a CPU: on a busy machine the honest one for a single thread's work. */
static inline uint64_t bench_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Run `body` (it does `count` of the thing) `runs` times; the best time of one. */
static inline double bench_best(void (*body)(unsigned count), unsigned count, unsigned runs)
{
	double best = 1e18;

	for (unsigned i = 0; i < runs; i++) {
		uint64_t start = bench_ns();
		body(count);
		double each = (double)(bench_ns() - start) / count;
		if (each < best)
			best = each;
	}
	return best;
}

static inline void bench_row(const char *what, double ns, double rdtsc)
{
	printf("%-52s %8.2f ns  %6.2f x rdtsc\n", what, ns, ns / rdtsc);
	fflush(stdout);
}

#endif

/*
 * Sleeps for ARGV[1] seconds, a millisecond at a time, and writes what the clock said before and
 * after each: the trace's wait must lie between the two. See clock.sh.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct timespec nap = { 0, 1000000 };
	const double seconds = argc > 1 ? strtod(argv[1], NULL) : 600;
	const uint64_t end_ns = now_ns() + (uint64_t)(seconds * 1e9);
	uint64_t before_ns;

	while ((before_ns = now_ns()) < end_ns) {
		nanosleep(&nap, NULL);
		printf("%llu %llu\n", (unsigned long long)before_ns, (unsigned long long)now_ns());
	}
	return fflush(stdout) != 0;
}

#ifndef DWELL_RECORD_CLOCK_H
#define DWELL_RECORD_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t dwell_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static inline uint64_t dwell_monotonic_ns(void)
{
	return dwell_clock_ns(CLOCK_MONOTONIC);
}

#endif

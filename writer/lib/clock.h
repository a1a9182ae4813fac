#ifndef DWELL_LIB_CLOCK_H
#define DWELL_LIB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "ring/session.h"

/*
 * The session's clock. The hot path reads a counter of the processor where that counts at one
 * rate on all CPUs (x86: invariant TSC; arm64: CNTVCT), clock_gettime elsewhere.
 */
static __attribute__((noinline, cold, unused)) uint64_t dwell_clock_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Whether the clock is the processor's counter. */
static inline bool dwell_clock_is_counter(uint32_t kind)
{
#if defined(__x86_64__)
	return __builtin_expect(kind == DWELL_CLOCK_TSC, 1);
#elif defined(__aarch64__)
	return __builtin_expect(kind == DWELL_CLOCK_CNTVCT, 1);
#else
	(void)kind;
	return false;
#endif
}

/* The processor's counter, where it is the clock. */
static inline uint64_t dwell_clock_counter(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return 0;
#endif
}

/* The clock, as early as the processor likes: on the side that releases or wakes. */
static inline uint64_t dwell_clock_read(uint32_t kind)
{
	return dwell_clock_is_counter(kind) ? dwell_clock_counter() : dwell_clock_monotonic_ns();
}

/* The counter, not before what precedes it in the program: on the side that waited, whose time
 * must not lie before the wake it saw. */
static inline uint64_t dwell_clock_read_after(uint32_t kind)
{
#if defined(__x86_64__)
	__asm__ volatile("lfence" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#endif
	return dwell_clock_read(kind);
}

/* The best clock of this machine. */
uint32_t dwell_clock_choose(void);

/* Whether this process may read that clock (a sandbox may forbid the TSC). */
bool dwell_clock_allowed(uint32_t kind);

/* Ticks of a clock in a second, as near as the machine says without measuring for long. */
uint64_t dwell_clock_rate(uint32_t kind);

#endif

#include "clock.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>

#if defined(__x86_64__)
#	include <cpuid.h>

static bool invariant_tsc(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1 << 8) != 0;
}
#endif

uint32_t dwell_clock_choose(void)
{
#if defined(__x86_64__)
	if (invariant_tsc() && dwell_clock_allowed(DWELL_CLOCK_TSC))
		return DWELL_CLOCK_TSC;
#elif defined(__aarch64__)
	return DWELL_CLOCK_CNTVCT;
#endif
	return DWELL_CLOCK_MONOTONIC;
}

bool dwell_clock_allowed(uint32_t kind)
{
#if defined(__x86_64__)
	int mode = 0;
	if (kind == DWELL_CLOCK_TSC)
		return prctl(PR_GET_TSC, &mode, 0, 0, 0) == 0 && mode == PR_TSC_ENABLE;
	return kind == DWELL_CLOCK_MONOTONIC;
#elif defined(__aarch64__)
	return kind == DWELL_CLOCK_CNTVCT || kind == DWELL_CLOCK_MONOTONIC;
#else
	return kind == DWELL_CLOCK_MONOTONIC;
#endif
}

/*
 * What it counts in 2 ms: good to 1e-4, enough for thresholds; times come from pairs taken while
 * draining. Asleep, as this is a twentieth of what a short recording costs.
 */
static uint64_t measured_rate(uint32_t kind)
{
	const struct timespec a_while = { .tv_nsec = 2000000 };
	uint64_t ns0 = dwell_clock_monotonic_ns();
	uint64_t ticks0 = dwell_clock_read(kind);
	uint64_t ns1, ticks1;

	do {
		nanosleep(&a_while, NULL);
		ns1 = dwell_clock_monotonic_ns();
		ticks1 = dwell_clock_read(kind);
	} while (ns1 - ns0 < (uint64_t)a_while.tv_nsec);
	return (uint64_t)((double)(ticks1 - ticks0) * 1e9 / (double)(ns1 - ns0));
}

uint64_t dwell_clock_rate(uint32_t kind)
{
	/* One kind is counted on a machine; a recorder asks twice. */
	static _Atomic uint64_t known;

	if (kind == DWELL_CLOCK_MONOTONIC)
		return UINT64_C(1000000000);
#if defined(__aarch64__)
	if (kind == DWELL_CLOCK_CNTVCT) {
		uint64_t rate;
		__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(rate));
		return rate;
	}
#endif
	/* Two threads may count at once, and either is right. */
	if (atomic_load_explicit(&known, memory_order_relaxed) == 0)
		atomic_store_explicit(&known, measured_rate(kind), memory_order_relaxed);
	return atomic_load_explicit(&known, memory_order_relaxed);
}

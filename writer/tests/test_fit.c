/* Ticks to nanoseconds by pairs that are each some nanoseconds off. */
#include <criterion/criterion.h>
#include <time.h>

#include "drain/fit.h"
#include "drain/flush.h"
#include "lib/clock.h"

/* Three ticks to a nanosecond. */
enum { RATE = 3, NOISE_NS = 8, BAD_NS = 30, BEGIN_NS = 1000000 };

static int64_t error_at(const struct dwell_fit *fit, uint64_t ns)
{
	return (int64_t)dwell_fit_ns(fit, ns * RATE) - (int64_t)ns;
}

Test(fit, as_good_as_its_pairs)
{
	static const int noise[] = { 0, NOISE_NS, -NOISE_NS, 3, NOISE_NS, -2, -NOISE_NS };
	uint64_t last_ns = BEGIN_NS;
	struct dwell_fit fit;
	unsigned pairs = 0;

	dwell_fit_init(&fit, DWELL_CLOCK_TSC, last_ns * RATE, last_ns, UINT64_C(3000000000));
	for (uint64_t ns = last_ns; ns < UINT64_C(20000000000); ns += 100000) {
		const int64_t error = error_at(&fit, ns);

		cr_assert(error < BAD_NS && error > -BAD_NS, "%ld ns off at %lu ns", (long)error,
			(unsigned long)ns);
		if (ns - last_ns < dwell_fit_next_ns(&fit, ns))
			continue;
		dwell_fit_add(&fit, ns * RATE, ns + (uint64_t)noise[++pairs % 7]);
		last_ns = ns;
	}
	cr_expect(pairs > 40 && pairs < 100, "%u pairs", pairs);
}

/* Twice as long as between two passes is what may be missing: they are late, so each writes. */
Test(flush, late_passes_write)
{
	const uint64_t every_ns = UINT64_C(500000000);
	struct dwell_flush flush = { 0, 0 };
	uint64_t now_ns = 0;

	for (unsigned written = 0, pass = 1; pass <= 100; pass++) {
		written += dwell_flush_due(&flush, now_ns += 15000000, every_ns);
		cr_assert(written == pass / 34, "%u in %u passes", written, pass);
	}
	cr_expect(dwell_flush_due(&flush, now_ns += 390000000, every_ns));
	cr_expect(dwell_flush_due(&flush, now_ns += 390000000, every_ns));
	cr_expect(!dwell_flush_due(&flush, now_ns += 15000000, every_ns));
}

/* Each of these is followed by a second pass at once. */
Test(flush, late_passes_are_known)
{
	struct dwell_flush flush = { 0, 0 };
	uint64_t now_ns = 1000;

	(void)dwell_flush_due(&flush, now_ns, UINT64_C(500000000));
	cr_expect(!dwell_flush_late(&flush, now_ns + 15000000));
	cr_expect(!dwell_flush_late(&flush, now_ns + DWELL_FLUSH_LATE_NS));
	cr_expect(dwell_flush_late(&flush, now_ns + DWELL_FLUSH_LATE_NS + 1));
}

/* Over a longer while: what was counted at first is good enough for thresholds. */
Test(fit, rate_is_what_the_clock_counts)
{
	const struct timespec a_while = { .tv_nsec = 50000000 };
	const uint32_t kind = dwell_clock_choose();
	const uint64_t rate = dwell_clock_rate(kind);
	const uint64_t ns = dwell_clock_monotonic_ns(), ticks = dwell_clock_read(kind);
	double counted;

	nanosleep(&a_while, NULL);
	counted = (double)(dwell_clock_read(kind) - ticks) * 1e9 /
		  (double)(dwell_clock_monotonic_ns() - ns);
	cr_expect(counted / (double)rate > 0.98 && counted / (double)rate < 1.02,
		"counted %f, said %f", counted, (double)rate);
}

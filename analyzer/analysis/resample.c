/* Figures of windows drawn at random: what the bootstrap repeats. */
#include "analysis/resample.h"

#include <math.h>
#include <string.h>

#include "analysis/series.h"

enum { BUCKETS = 256 };

struct pile {
	double counts[BUCKETS], totals[BUCKETS];
	double count, total;
};

unsigned run_windows(const struct dwell_digest *digest)
{
	const struct dwell_trace_facts *trace = &digest->trace;
	const uint64_t last = trace->end_ns > trace->begin_ns ? trace->end_ns - 1 : trace->end_ns;
	const unsigned window = window_of(trace->begin_ns, last, digest->window_shift);

	return window < DWELL_WINDOWS ? window + 1 : DWELL_WINDOWS;
}

/* Of shares the buckets are states, of the others durations. */
static const struct dwell_windows *windows_of(
	const struct dwell_digest_subject *subject, unsigned what)
{
	return what >= FIGURE_RUNNING && what <= FIGURE_BLOCKED
		       ? &subject->states
		       : &figure_series(what, subject)->windows;
}

static void pile_up(struct pile *pile, const struct dwell_windows *windows, const uint16_t *times)
{
	for (size_t i = 0; i < windows->count; i++) {
		const struct dwell_window_cell *cell = &windows->cells[i];
		const double weight = times[cell->window];

		pile->counts[cell->bucket] += weight * cell->count;
		pile->totals[cell->bucket] += weight * (double)cell->total_ns;
		pile->count += weight * cell->count;
		pile->total += weight * (double)cell->total_ns;
	}
}

static void pile_states(
	struct pile *pile, const struct dwell_windows *windows, const uint16_t *times)
{
	for (size_t i = 0; i < windows->count; i++) {
		const struct dwell_window_cell *cell = &windows->cells[i];
		const double ns = times[cell->window] * (double)cell->total_ns;

		pile->counts[cell->bucket] += ns;
		pile->total += cell->bucket != DWELL_UNKNOWN ? ns : 0;
	}
}

/* The values of a bucket, as if spread evenly about their mean, as wide as the bucket lets them. */
static double within_bucket(const struct pile *pile, unsigned bucket, double share)
{
	const double mean = pile->totals[bucket] / pile->counts[bucket];
	const double low = (double)windows_low(bucket), high = (double)windows_low(bucket + 1);
	const double half = fmax(0, fmin(mean - low, high - mean));

	return mean + half * (2 * share - 1);
}

static double pile_quantile(const struct pile *pile, double share)
{
	const double rank = share * pile->count;
	double seen = 0;

	if (!(pile->count > 0))
		return NAN;
	for (unsigned bucket = 0; bucket < BUCKETS - 1; bucket++) {
		if (pile->counts[bucket] > 0 && seen + pile->counts[bucket] >= rank)
			return within_bucket(pile, bucket, (rank - seen) / pile->counts[bucket]);
		seen += pile->counts[bucket];
	}
	return NAN;
}

static double figure_of(const struct pile *pile, unsigned what, double seconds)
{
	switch (what) {
	case FIGURE_RUNNING:
		return pile->counts[DWELL_RUNNING] / pile->total;
	case FIGURE_RUNNABLE:
		return pile->counts[DWELL_RUNNABLE] / pile->total;
	case FIGURE_BLOCKED:
		return pile->counts[DWELL_BLOCKED] / pile->total;
	/* Work goes with time here: how it is spread over windows is not kept. */
	case FIGURE_TIME_RATE:
	case FIGURE_TIME_WORK:
		return pile->total / seconds;
	case FIGURE_COUNT_RATE:
	case FIGURE_COUNT_WORK:
		return pile->count / seconds;
	default:
		return figure_quantile(what) > 0 ? pile_quantile(pile, figure_quantile(what)) : NAN;
	}
}

double drawn_figure(const struct comparing *c, const struct match *match, unsigned what,
	const struct draw *draw, size_t first, size_t last)
{
	struct pile pile;
	double seconds = 0;

	memset(&pile, 0, sizeof(pile));
	for (size_t run = first; run < last; run++) {
		const uint16_t *times = &draw->times[run * DWELL_WINDOWS];
		const struct dwell_digest_subject *subject = match->in[run];

		seconds += draw->seconds[run];
		if (!subject)
			continue;
		if (what >= FIGURE_RUNNING && what <= FIGURE_BLOCKED)
			pile_states(&pile, windows_of(subject, what), times);
		else
			pile_up(&pile, windows_of(subject, what), times);
	}
	(void)c;
	return figure_of(&pile, what, seconds);
}

unsigned filled_windows(const struct dwell_digest *digest,
	const struct dwell_digest_subject *subject, unsigned what)
{
	const struct dwell_windows *windows = windows_of(subject, what);
	unsigned filled = 0;

	(void)digest;
	for (size_t i = 0; i < windows->count; i++)
		filled += !i || windows->cells[i].window != windows->cells[i - 1].window;
	return filled;
}

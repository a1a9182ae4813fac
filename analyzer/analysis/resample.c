/* Figures of windows drawn at random: what the bootstrap repeats. */
#include "analysis/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/series.h"

enum { BUCKETS = 256 };

/* The windows of each draw together, draws side by side: so a cell is looked at once for all.
 * Figures of one subject are asked for one after the other, and most are of the same windows: so
 * the last one of each side is kept. */
struct pile {
	const struct match *match;
	size_t last;
	uint64_t draw;
	uint8_t kind;
	unsigned low, end; /* the buckets that are used */
	double counts[BUCKETS][DRAWS], totals[BUCKETS][DRAWS];
	double count[DRAWS], total[DRAWS];
	double seconds; /* of all of them */
};

enum { KIND_SERIES, KIND_HOLD, KIND_STATES };

int draw_make(struct draw *draw, size_t runs)
{
	draw->times = calloc(runs, sizeof(*draw->times));
	draw->seconds = calloc(runs, sizeof(*draw->seconds));
	draw->piles = calloc(2, sizeof(*draw->piles));
	return draw->times && draw->seconds && draw->piles ? DWELL_OK : DWELL_ENOMEM;
}

void draw_release(struct draw *draw)
{
	free(draw->times);
	free(draw->seconds);
	free(draw->piles);
}

unsigned run_windows(const struct dwell_digest *digest)
{
	const struct dwell_trace_facts *trace = &digest->trace;
	const uint64_t last = trace->end_ns > trace->begin_ns ? trace->end_ns - 1 : trace->end_ns;
	const unsigned window = window_of(trace->begin_ns, last, digest->window_shift);

	return window < DWELL_WINDOWS ? window + 1 : DWELL_WINDOWS;
}

/* Of shares the buckets are states, of the others durations. */
static unsigned kind_of(unsigned what)
{
	return what >= FIGURE_RUNNING && what <= FIGURE_BLOCKED ? KIND_STATES
	       : figure_is_hold(what)                           ? KIND_HOLD
								: KIND_SERIES;
}

static const struct dwell_windows *windows_of(
	const struct dwell_digest_subject *subject, unsigned kind)
{
	return kind == KIND_STATES ? &subject->states
	       : kind == KIND_HOLD ? &subject->hold.windows
				   : &subject->series.windows;
}

/* Nothing in the buckets from low to below end. */
static void clear(struct pile *pile)
{
	for (unsigned bucket = pile->low; bucket < pile->end; bucket++)
		for (unsigned i = 0; i < DRAWS; i++)
			pile->counts[bucket][i] = pile->totals[bucket][i] = 0;
	for (unsigned i = 0; i < DRAWS; i++)
		pile->count[i] = pile->total[i] = 0;
	pile->low = BUCKETS;
	pile->end = 0;
	pile->seconds = 0;
}

static inline void use_bucket(struct pile *pile, unsigned bucket)
{
	pile->low = bucket < pile->low ? bucket : pile->low;
	pile->end = bucket >= pile->end ? bucket + 1 : pile->end;
}

/* Of one cell, as often as each draw has its window: all of it worked out before anything is
 * stored, for a weight might be what is stored to. */
struct weighted {
	double of[DRAWS];
};

static inline struct weighted weigh(const double *weights, double value)
{
	struct weighted weighted;

	for (unsigned i = 0; i < DRAWS; i++)
		weighted.of[i] = weights[i] * value;
	return weighted;
}

static inline void add(double sums[DRAWS], const struct weighted weighted)
{
	for (unsigned i = 0; i < DRAWS; i++)
		sums[i] += weighted.of[i];
}

static void pile_up(
	struct pile *pile, const struct dwell_windows *windows, const drawn_windows times)
{
	double all_count[DRAWS] = { 0 }, all_total[DRAWS] = { 0 };

	for (size_t n = 0; n < windows->count; n++) {
		const struct dwell_window_cell *cell = &windows->cells[n];
		const struct weighted count = weigh(times[cell->window], cell->count);
		const struct weighted total = weigh(times[cell->window], (double)cell->total_ns);

		use_bucket(pile, cell->bucket);
		add(pile->counts[cell->bucket], count);
		add(pile->totals[cell->bucket], total);
		add(all_count, count);
		add(all_total, total);
	}
	for (unsigned i = 0; i < DRAWS; i++) {
		pile->count[i] += all_count[i];
		pile->total[i] += all_total[i];
	}
}

static void pile_states(
	struct pile *pile, const struct dwell_windows *windows, const drawn_windows times)
{
	for (size_t n = 0; n < windows->count; n++) {
		const struct dwell_window_cell *cell = &windows->cells[n];
		const struct weighted total = weigh(times[cell->window], (double)cell->total_ns);

		use_bucket(pile, cell->bucket);
		add(pile->counts[cell->bucket], total);
		if (cell->bucket != DWELL_UNKNOWN)
			add(pile->total, total);
	}
}

static void pile_runs(struct pile *pile, const struct draw *draw, size_t first)
{
	for (size_t run = first; run < pile->last; run++) {
		const struct dwell_digest_subject *subject = pile->match->in[run];

		pile->seconds += draw->seconds[run];
		if (subject && pile->kind == KIND_STATES)
			pile_states(pile, windows_of(subject, pile->kind), draw->times[run]);
		else if (subject)
			pile_up(pile, windows_of(subject, pile->kind), draw->times[run]);
	}
}

/* The values of a bucket, as if spread evenly about their mean, as wide as the bucket lets them. */
static double within_bucket(const struct pile *pile, unsigned i, unsigned bucket, double share)
{
	const double mean = pile->totals[bucket][i] / pile->counts[bucket][i];
	const double low = (double)windows_low(bucket), high = (double)windows_low(bucket + 1);
	const double half = fmax(0, fmin(mean - low, high - mean));

	return mean + half * (2 * share - 1);
}

static double pile_quantile(const struct pile *pile, unsigned i, double share)
{
	const double rank = share * pile->count[i];
	double seen = 0;

	if (!(pile->count[i] > 0))
		return NAN;
	for (unsigned bucket = pile->low; bucket < pile->end; bucket++) {
		const double count = pile->counts[bucket][i];

		if (count > 0 && seen + count >= rank)
			return within_bucket(pile, i, bucket, (rank - seen) / count);
		seen += count;
	}
	return NAN;
}

/* Of the i-th draw. */
static double figure_of(const struct pile *pile, unsigned i, unsigned what)
{
	switch (what) {
	case FIGURE_RUNNING:
		return pile->counts[DWELL_RUNNING][i] / pile->total[i];
	case FIGURE_RUNNABLE:
		return pile->counts[DWELL_RUNNABLE][i] / pile->total[i];
	case FIGURE_BLOCKED:
		return pile->counts[DWELL_BLOCKED][i] / pile->total[i];
	/* Work goes with time here: how it is spread over windows is not kept. */
	case FIGURE_TIME_RATE:
	case FIGURE_TIME_WORK:
		return pile->total[i] / pile->seconds;
	case FIGURE_COUNT_RATE:
	case FIGURE_COUNT_WORK:
		return pile->count[i] / pile->seconds;
	default:
		return figure_quantile(what) > 0 ? pile_quantile(pile, i, figure_quantile(what))
						 : NAN;
	}
}

void drawn_figures(struct draw *draw, const struct match *match, unsigned what, size_t first,
	size_t last, double out[DRAWS])
{
	struct pile *pile = &draw->piles[first > 0];
	const unsigned kind = kind_of(what);

	if (pile->match != match || pile->kind != kind || pile->draw != draw->number ||
		pile->last != last) {
		clear(pile);
		pile->match = match;
		pile->kind = (uint8_t)kind;
		pile->draw = draw->number;
		pile->last = last;
		pile_runs(pile, draw, first);
	}
	for (unsigned i = 0; i < DRAWS; i++)
		out[i] = figure_of(pile, i, what);
}

unsigned filled_windows(const struct dwell_digest_subject *subject, unsigned what)
{
	const struct dwell_windows *windows = windows_of(subject, kind_of(what));
	unsigned filled = 0;

	for (size_t i = 0; i < windows->count; i++)
		filled += !i || windows->cells[i].window != windows->cells[i - 1].window;
	return filled;
}

/* Figures of windows drawn at random: what the bootstrap repeats. */
#include "analysis/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/series.h"

enum { BUCKETS = 256 };

/* The windows of one draw together. Figures of one subject are asked for one after the other, and
 * most are of the same windows: so the last one of each side is kept. */
struct pile {
	const struct match *match;
	size_t last;
	uint64_t draw;
	uint8_t kind;
	unsigned low, end; /* the buckets that are used */
	double counts[BUCKETS], totals[BUCKETS];
	double count, total, seconds;
};

enum { KIND_SERIES, KIND_HOLD, KIND_STATES };

int draw_make(struct draw *draw, size_t runs)
{
	draw->times = calloc(runs * DWELL_WINDOWS, sizeof(*draw->times));
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
		pile->counts[bucket] = pile->totals[bucket] = 0;
	pile->low = BUCKETS;
	pile->end = 0;
	pile->count = pile->total = pile->seconds = 0;
}

static void use_buckets(struct pile *pile, unsigned first, unsigned last)
{
	if (first < pile->low)
		pile->low = first;
	if (last >= pile->end)
		pile->end = last + 1;
}

/* The cells of one window, in the order of their buckets, as often as it was drawn. */
static void pile_window(
	struct pile *pile, const struct dwell_window_cell *cells, size_t count, unsigned times)
{
	const double weight = times;
	double all_count = 0, all_total = 0;

	for (size_t i = 0; i < count; i++) {
		const struct dwell_window_cell *cell = &cells[i];
		const double some = weight * cell->count;
		const double total = weight * (double)cell->total_ns;

		pile->counts[cell->bucket] += some;
		pile->totals[cell->bucket] += total;
		all_count += some;
		all_total += total;
	}
	use_buckets(pile, cells[0].bucket, cells[count - 1].bucket);
	pile->count += all_count;
	pile->total += all_total;
}

static void pile_states(
	struct pile *pile, const struct dwell_window_cell *cells, size_t count, unsigned times)
{
	for (size_t i = 0; i < count; i++) {
		const struct dwell_window_cell *cell = &cells[i];
		const double ns = times * (double)cell->total_ns;

		pile->counts[cell->bucket] += ns;
		pile->total += cell->bucket != DWELL_UNKNOWN ? ns : 0;
	}
	use_buckets(pile, cells[0].bucket, cells[count - 1].bucket);
}

/* Windows are in order. */
static void pile_up(struct pile *pile, const struct dwell_windows *windows, const uint16_t *times)
{
	for (size_t first = 0, end; first < windows->count; first = end) {
		const struct dwell_window_cell *cells = &windows->cells[first];
		const unsigned drawn = times[cells->window];

		for (end = first + 1; end < windows->count; end++)
			if (windows->cells[end].window != cells->window)
				break;
		if (drawn && pile->kind == KIND_STATES)
			pile_states(pile, cells, end - first, drawn);
		else if (drawn)
			pile_window(pile, cells, end - first, drawn);
	}
}

static void pile_runs(struct pile *pile, const struct draw *draw, size_t first)
{
	for (size_t run = first; run < pile->last; run++) {
		const uint16_t *times = &draw->times[run * DWELL_WINDOWS];
		const struct dwell_digest_subject *subject = pile->match->in[run];

		pile->seconds += draw->seconds[run];
		if (subject)
			pile_up(pile, windows_of(subject, pile->kind), times);
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
	for (unsigned bucket = pile->low; bucket < pile->end; bucket++) {
		if (pile->counts[bucket] > 0 && seen + pile->counts[bucket] >= rank)
			return within_bucket(pile, bucket, (rank - seen) / pile->counts[bucket]);
		seen += pile->counts[bucket];
	}
	return NAN;
}

static double figure_of(const struct pile *pile, unsigned what)
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
		return pile->total / pile->seconds;
	case FIGURE_COUNT_RATE:
	case FIGURE_COUNT_WORK:
		return pile->count / pile->seconds;
	default:
		return figure_quantile(what) > 0 ? pile_quantile(pile, figure_quantile(what)) : NAN;
	}
}

double drawn_figure(
	struct draw *draw, const struct match *match, unsigned what, size_t first, size_t last)
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
	return figure_of(pile, what);
}

unsigned filled_windows(const struct dwell_digest_subject *subject, unsigned what)
{
	const struct dwell_windows *windows = windows_of(subject, kind_of(what));
	unsigned filled = 0;

	for (size_t i = 0; i < windows->count; i++)
		filled += !i || windows->cells[i].window != windows->cells[i - 1].window;
	return filled;
}

/*
 * Below five runs a side: windows of time are drawn at random for how much a figure may vary
 * within a run, and what differs between halves of a run, or between runs of one side, shows
 * how much more than that it does vary.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/resample.h"
#include "analysis/statistics.h"
#include "model/both.h"

enum {
	RESAMPLES = 1000,
	RESAMPLES_FEW = 200, /* where there will be no verdict: intervals are all that they tell */
	WINDOWS_LEAST = 16,  /* with anything in them, in each run */
	SEED = 0x626c6f63
};

/* How far a change must stand out of what halves and runs of one side show; measured:
 * docs/statistics.md. */
static const double NOISE_MARGIN = 2.0;
static const double Z_POWER = 0.8416;

/* What is known of a tested row. */
struct spread {
	struct candidate *candidate;
	double shift;    /* log of head to base, turned so that more is worse */
	double coarse;   /* the same of the windows */
	double *shifts;  /* of each resample */
	double variance; /* theirs */
	double error;    /* their standard deviation, with the fudge */
	double noise;    /* largest change within a side, as a log */
	bool whole;      /* enough windows, all figures known */
};

struct windowing {
	struct comparing *c;
	struct draw draw;
	struct spread *rows;
	size_t count;
	size_t resamples;
	double noise; /* the largest of all rows, in units of its error */
};

/*
 * Of one or two runs nobody can say how much they differ for no reason: on a machine with other
 * work in 1 of 5 pairs of runs some row stood out of all that one run shows of itself (measured:
 * docs/statistics.md).
 */
static bool is_blind(const struct comparing *c)
{
	return c->base < COMPARE_RUNS_LEAST || c->head < COMPARE_RUNS_LEAST;
}

static int make(struct windowing *w)
{
	size_t row = 0;

	w->resamples = is_blind(w->c) ? RESAMPLES_FEW : RESAMPLES;
	w->rows = calloc(w->c->out->tested + 1, sizeof(*w->rows));
	if (draw_make(&w->draw, run_count(w->c)) || !w->rows)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < w->c->count; i++)
		if (w->c->candidates[i].logs)
			w->rows[row++].candidate = &w->c->candidates[i];
	w->count = row;
	for (row = 0; row < w->count; row++) {
		w->rows[row].shifts = calloc(w->resamples, sizeof(double));
		if (!w->rows[row].shifts)
			return DWELL_ENOMEM;
	}
	return DWELL_OK;
}

static void drop(struct windowing *w)
{
	for (size_t row = 0; w->rows && row < w->count; row++)
		free(w->rows[row].shifts);
	free(w->rows);
	draw_release(&w->draw);
}

/* A part of each run's windows once each: of the first draw, the others are of nothing. */
static void take_windows(struct windowing *w, unsigned part, unsigned parts)
{
	w->draw.number++;
	for (size_t run = 0; run < run_count(w->c); run++) {
		const unsigned count = run_windows(w->c->runs[run]);
		double(*times)[DRAWS] = w->draw.times[run];

		memset(times, 0, sizeof(drawn_windows));
		for (unsigned i = count * part / parts; i < count * (part + 1) / parts; i++)
			times[i][0] = 1;
		w->draw.seconds[run] = digest_seconds(w->c->runs[run]) / parts;
	}
}

static void draw_windows(const struct windowing *w, struct draw *draw, struct stat_random *random)
{
	draw->number++;
	memset(draw->times, 0, run_count(w->c) * sizeof(*draw->times));
	for (unsigned i = 0; i < DRAWS; i++)
		for (size_t run = 0; run < run_count(w->c); run++) {
			const unsigned count = run_windows(w->c->runs[run]);

			for (unsigned n = 0; n < count; n++)
				draw->times[run][stat_below(random, count)][i]++;
			draw->seconds[run] = digest_seconds(w->c->runs[run]);
		}
}

static void log_figures(
	struct draw *draw, const struct spread *row, size_t first, size_t last, double out[DRAWS])
{
	const struct candidate *candidate = row->candidate;

	drawn_figures(draw, candidate->match, candidate->row.metric->what, first, last, out);
	for (unsigned i = 0; i < DRAWS; i++)
		out[i] = out[i] > 0 ? candidate->row.worse * log(out[i]) : NAN;
}

/* The same of windows that were taken. */
static double log_figure(struct windowing *w, const struct spread *row, size_t first, size_t last)
{
	double logs[DRAWS];

	log_figures(&w->draw, row, first, last, logs);
	return logs[0];
}

static void log_shifts(
	const struct windowing *w, struct draw *draw, const struct spread *row, double out[DRAWS])
{
	double base[DRAWS];

	log_figures(draw, row, w->c->base, run_count(w->c), out);
	log_figures(draw, row, 0, w->c->base, base);
	for (unsigned i = 0; i < DRAWS; i++)
		out[i] -= base[i];
}

/* Has every run of the row enough windows, and do windows tell the figure at all? */
static bool has_windows(const struct windowing *w, const struct spread *row)
{
	const struct candidate *candidate = row->candidate;

	for (size_t run = 0; run < run_count(w->c); run++) {
		const struct dwell_digest_subject *subject = candidate->match->in[run];

		if (!subject ||
			filled_windows(subject, candidate->row.metric->what) < WINDOWS_LEAST)
			return false;
	}
	return true;
}

/* How far apart the sides' medians are; windows are too coarse for that. */
static void measure_shift(struct windowing *w, struct spread *row)
{
	double logs[DWELL_COMPARE_RUNS * 2];

	memcpy(logs, row->candidate->logs, run_count(w->c) * sizeof(*logs));
	row->shift = stat_median(logs + w->c->base, w->c->head) - stat_median(logs, w->c->base);
	row->coarse =
		log_figure(w, row, w->c->base, run_count(w->c)) - log_figure(w, row, 0, w->c->base);
	row->whole &= !isnan(row->shift - row->coarse);
}

_Static_assert(RESAMPLES % (2 * DRAWS) == 0 && RESAMPLES_FEW % (2 * DRAWS) == 0,
	"two halves of whole draws");

/* Some of the resamples. */
struct resampling {
	struct windowing *w;
	size_t first, end;
	int err;
};

/* All are drawn, for the next follows from the one before; that is quick. */
static void resample_some(void *context)
{
	struct resampling *part = context;
	struct windowing *w = part->w;
	struct stat_random random = { SEED };
	struct draw draw = { 0 };

	part->err = draw_make(&draw, run_count(w->c));
	for (size_t i = 0; i < part->end && !part->err; i += DRAWS) {
		draw_windows(w, &draw, &random);
		for (size_t row = 0; i >= part->first && row < w->count; row++)
			if (w->rows[row].whole)
				log_shifts(w, &draw, &w->rows[row], &w->rows[row].shifts[i]);
	}
	draw_release(&draw);
}

static int resample(struct windowing *w)
{
	struct resampling parts[] = {
		{ w, 0, w->resamples / 2, 0 },
		{ w, w->resamples / 2, w->resamples, 0 },
	};

	in_both(resample_some, &parts[0], &parts[1]);
	return parts[0].err ? parts[0].err : parts[1].err;
}

/* Halves of each run, and runs of one side: none of them differs but by noise. */
static void measure_noise(struct windowing *w, struct spread *row, const double *first_half,
	const double *second_half)
{
	const size_t runs = run_count(w->c);
	const double *logs = row->candidate->logs;

	for (size_t run = 0; run < runs; run++) {
		row->whole &= !isnan(first_half[run] - second_half[run]);
		row->noise = fmax(row->noise, fabs(first_half[run] - second_half[run]));
	}
	for (size_t i = 0; i < runs; i++)
		for (size_t j = i + 1; j < (i < w->c->base ? w->c->base : runs); j++)
			row->noise = fmax(row->noise, fabs(logs[i] - logs[j]));
}

static void measure_halves(struct windowing *w)
{
	const size_t runs = run_count(w->c);
	double halves[2][DWELL_COMPARE_RUNS * 2];

	for (size_t row = 0; row < w->count; row++) {
		struct spread *spread = &w->rows[row];

		for (unsigned half = 0; half < 2; half++) {
			take_windows(w, half, 2);
			for (size_t run = 0; run < runs; run++)
				halves[half][run] = log_figure(w, spread, run, run + 1);
		}
		measure_noise(w, spread, halves[0], halves[1]);
	}
}

/* With so many on each of both a difference of sides would vary as with these. */
static double runs_a_side(const struct comparing *c)
{
	return 2 / (1 / (double)c->base + 1 / (double)c->head);
}

/* The error of each row, and how far noise went beyond it in any of them. */
static void measure_errors(struct windowing *w)
{
	const double n = runs_a_side(w->c);

	for (size_t row = 0; row < w->count; row++) {
		struct spread *spread = &w->rows[row];

		if (!spread->whole)
			continue;
		spread->variance = stat_variance(spread->shifts, w->resamples);
		spread->whole = !isnan(spread->variance);
		spread->error = sqrt(spread->variance + COMPARE_FUDGE * COMPARE_FUDGE);
		/* Halves of a run have four times the variance of a run, a difference of sides of n
		 * runs has two n-ths. */
		if (spread->whole)
			w->noise = fmax(w->noise, spread->noise / (sqrt(2 * n) * spread->error));
	}
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What the largest of all rows reaches by chance in each resample, in order. */
static void find_maxima(const struct windowing *w, double maxima[RESAMPLES])
{
	for (size_t i = 0; i < w->resamples; i++) {
		maxima[i] = 0;
		for (size_t row = 0; row < w->count; row++) {
			const struct spread *spread = &w->rows[row];

			if (spread->whole)
				maxima[i] = fmax(maxima[i],
					fabs(spread->shifts[i] - spread->coarse) / spread->error);
		}
	}
	qsort(maxima, w->resamples, sizeof(*maxima), ascending);
}

/* The share of resamples whose maximum reaches it; at least one counts. */
static double share_beyond(const double *maxima, size_t count, double z)
{
	size_t below = 0;

	while (below < count && maxima[below] < z)
		below++;
	return (double)(count - below + 1) / (double)(count + 1);
}

/* By the normal distribution, from noise between halves or runs as if it were 2 deviations; at
 * least from what a run varies by its windows, of which a difference of sides of n runs has two
 * n-ths. */
static uint32_t runs_for(const struct windowing *w, const struct spread *spread, double limit)
{
	const double z = stat_normal_quantile(1 - w->c->policy->alpha / (double)w->count) + Z_POWER;
	const double within = spread->variance * runs_a_side(w->c) / 2;
	const double deviation =
		fmax(spread->noise / 2, sqrt(within + COMPARE_FUDGE * COMPARE_FUDGE / 2));
	const double n = 2 * deviation * deviation * z * z / (limit * limit) + 2;

	return !(n < 1e6) ? 0 : n > 5 ? (uint32_t)ceil(n) : 5;
}

static void judge(const struct windowing *w, struct spread *spread, const double maxima[RESAMPLES])
{
	struct dwell_compare_row *row = &spread->candidate->row;
	const double alpha = w->c->policy->alpha;
	const double by_chance = maxima[(size_t)((1 - alpha) * (double)(w->resamples - 1))];
	const double critical = fmax(by_chance, NOISE_MARGIN * w->noise) * spread->error;
	const double least = fmax(log1p(row->limit), spread->noise * NOISE_MARGIN);
	const double needed = fmax(critical, least);

	row->noise = expm1(spread->noise);
	row->threshold = exp(row->worse * least);
	row->p = share_beyond(maxima, w->resamples, fabs(spread->shift) / spread->error);
	row->visible = exp(row->worse * (needed + Z_POWER * spread->error));
	row->runs_needed = runs_for(w, spread, log1p(row->limit));
	row->ratio = exp(row->worse * spread->shift);
	row->low = exp(row->worse * spread->shift - 1.96 * spread->error);
	row->high = exp(row->worse * spread->shift + 1.96 * spread->error);
	if (is_blind(w->c))
		row->visible = INFINITY;
	if (is_blind(w->c))
		row->status = DWELL_ROW_WITHHELD;
	else if (spread->shift > needed)
		row->status = DWELL_ROW_REGRESSED;
	else if (-spread->shift > needed)
		row->status = DWELL_ROW_IMPROVED;
	else if (fabs(spread->shift) + critical <= log1p(row->limit) &&
		 spread->noise <= log1p(row->limit))
		row->status = DWELL_ROW_SAME;
	else
		row->status = DWELL_ROW_WITHHELD;
}

int judge_by_windows(struct comparing *c)
{
	struct windowing w = { .c = c };
	double maxima[RESAMPLES];
	int err = make(&w);

	c->out->method = DWELL_METHOD_WINDOWS;
	c->out->splits = w.resamples;
	for (size_t row = 0; row < w.count && !err; row++)
		w.rows[row].whole = has_windows(&w, &w.rows[row]);
	if (!err) {
		measure_halves(&w);
		take_windows(&w, 0, 1);
		for (size_t row = 0; row < w.count; row++)
			measure_shift(&w, &w.rows[row]);
		err = resample(&w);
	}
	if (!err) {
		measure_errors(&w);
		find_maxima(&w, maxima);
	}
	c->out->tested = 0;
	for (size_t row = 0; row < w.count && !err; row++) {
		c->out->tested += w.rows[row].whole;
		if (w.rows[row].whole)
			judge(&w, &w.rows[row], maxima);
		else
			w.rows[row].candidate->row.status = DWELL_ROW_WITHHELD;
	}
	drop(&w);
	return err;
}

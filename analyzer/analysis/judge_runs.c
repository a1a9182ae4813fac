/* From five runs a side on: runs are the units. */
#include <math.h>
#include <stdlib.h>

#include "analysis/comparing.h"
#include "analysis/statistics.h"

/* Power that `visible` and the runs needed are told for: 4 of 5. */
static const double Z_POWER = 0.8416;

/* The tested rows' values by run, turned by sign; `but`: without those rows (NULL: none). */
static double *gather(const struct comparing *c, size_t rows, double sign, const bool *but)
{
	double *values = calloc(rows * run_count(c) + 1, sizeof(*values));
	size_t row = 0;

	for (size_t i = 0; values && i < c->count; i++) {
		if (!c->candidates[i].logs || (but && but[i]))
			continue;
		for (size_t run = 0; run < run_count(c); run++)
			values[run * rows + row] = sign * c->candidates[i].logs[run];
		row++;
	}
	return values;
}

static int permute(struct stat_permutation *out, const struct comparing *c, size_t rows,
	double sign, const bool *but)
{
	double *values = gather(c, rows, sign, but);
	const int err = values ? stat_permute(out, values, rows, c->base, c->head, c->unknown,
					 COMPARE_FUDGE, c->policy->alpha)
			       : DWELL_ENOMEM;

	free(values);
	return err;
}

/* The variance within the sides. */
static double within(const struct comparing *c, const double *logs)
{
	const double a = stat_variance(logs, c->base) * (double)(c->base - 1);
	const double b = stat_variance(logs + c->base, c->head) * (double)(c->head - 1);

	return (a + b) / (double)(run_count(c) - 2);
}

/*
 * The shift that the statistic needs to be critical, and somewhat more, so that four of five
 * pass: with V = W + pq d^2, d / sqrt(V + f^2) = t gives d = t sqrt((W + f^2) / (1 - t^2 p q)).
 */
static double visible_shift(const struct comparing *c, double variance, double critical)
{
	const double n = (double)run_count(c), p = (double)c->base / n, q = (double)c->head / n;
	const double rest = 1 - critical * critical * p * q;
	const double error = sqrt(variance * (1 / (double)c->base + 1 / (double)c->head));

	if (!(rest > 0))
		return INFINITY;
	return critical * sqrt((variance * (n - 2) / n + COMPARE_FUDGE * COMPARE_FUDGE) / rest) +
	       Z_POWER * error;
}

/* Runs on each side to see a shift, by the normal distribution and as many rows as there are. */
static uint32_t runs_for(double variance, double shift, double alpha, size_t rows)
{
	const double z = stat_normal_quantile(1 - alpha / (double)(rows ? rows : 1)) + Z_POWER;
	const double n = 2 * variance * z * z / (shift * shift);

	if (!(n < 1e6))
		return 0;
	/* Few runs have heavier tails than the normal: two more. */
	return n + 2 > 5 ? (uint32_t)ceil(n + 2) : 5;
}

static int judge(struct candidate *candidate, const struct comparing *c, double p, double p_less,
	double critical, size_t rows)
{
	struct dwell_compare_row *row = &candidate->row;
	const double *logs = candidate->logs;
	const double variance = within(c, logs);
	const double spread =
		sqrt(stat_variance(logs, c->base) * (1 / (double)c->base + 1 / (double)c->head));
	struct stat_shift shift;
	double least;
	const int err = stat_shift_of(&shift, logs, c->base, logs + c->base, c->head);

	if (err)
		return err;
	row->noise = expm1(2 * spread);
	row->threshold = 1 + (row->noise > row->limit ? row->noise : row->limit);
	least = log(row->threshold);
	row->p = shift.at >= 0 ? p : p_less;
	row->status = shift.at > least && p <= c->policy->alpha         ? DWELL_ROW_REGRESSED
		      : -shift.at > least && p_less <= c->policy->alpha ? DWELL_ROW_IMPROVED
									: DWELL_ROW_SAME;
	row->visible = exp(fmax(visible_shift(c, variance, critical),
		least + Z_POWER * sqrt(variance * (1 / (double)c->base + 1 / (double)c->head))));
	row->runs_needed = runs_for(variance, log1p(row->limit), c->policy->alpha, rows);
	/* Back to how the figure itself changed. */
	row->ratio = exp(row->worse * shift.at);
	row->low = exp(row->worse > 0 ? shift.low : -shift.high);
	row->high = exp(row->worse > 0 ? shift.high : -shift.low);
	if (row->worse < 0) {
		row->threshold = 1 / row->threshold;
		row->visible = 1 / row->visible;
	}
	return DWELL_OK;
}

static bool is_beyond(const struct dwell_compare_row *row, int worse)
{
	const double by = row->worse * worse * log(row->ratio);

	return by > fabs(log(row->threshold));
}

/*
 * What became worse as clearly as something else became better: of few splits the one that
 * exchanges the sides makes a regression of the improvement, so neither is told. That is no
 * regression with so few false alarms, and no pass either.
 */
static int withhold_hidden(struct comparing *c, const double *p_less, size_t rows)
{
	struct stat_permutation rest = { 0 };
	bool *improved = calloc(c->count + 1, sizeof(*improved));
	size_t row = 0, left = rows;
	int err = improved ? DWELL_OK : DWELL_ENOMEM;

	for (size_t i = 0; i < c->count && !err; i++) {
		if (!c->candidates[i].logs)
			continue;
		improved[i] = p_less[row++] <= 2 * c->policy->alpha &&
			      is_beyond(&c->candidates[i].row, -1);
		left -= improved[i];
	}
	if (!err && left < rows)
		err = permute(&rest, c, left, 1, improved);
	row = 0;
	for (size_t i = 0; i < c->count && !err && left < rows; i++) {
		struct candidate *candidate = &c->candidates[i];

		if (!candidate->logs || improved[i])
			continue;
		if (rest.p[row++] <= c->policy->alpha && candidate->row.status == DWELL_ROW_SAME &&
			is_beyond(&candidate->row, 1)) {
			candidate->row.status = DWELL_ROW_WITHHELD;
			c->hidden++;
		}
	}
	stat_permutation_release(&rest);
	free(improved);
	return err;
}

int judge_by_runs(struct comparing *c)
{
	struct stat_permutation more = { 0 }, less = { 0 };
	const size_t rows = c->out->tested;
	int err = permute(&more, c, rows, 1, NULL);
	size_t row = 0;

	if (!err)
		err = permute(&less, c, rows, -1, NULL);
	for (size_t i = 0; i < c->count && !err; i++) {
		if (!c->candidates[i].logs)
			continue;
		err = judge(&c->candidates[i], c, more.p[row], less.p[row], more.critical, rows);
		row++;
	}
	if (!err)
		err = withhold_hidden(c, less.p, rows);
	c->out->method = DWELL_METHOD_RUNS;
	c->out->splits = more.splits;
	stat_permutation_release(&more);
	stat_permutation_release(&less);
	return err;
}

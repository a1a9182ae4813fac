/* The rows of a comparison, before they are judged. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/comparing.h"
#include "analysis/statistics.h"
#include "model/drive.h"

static bool matches(const char *glob, const char *text)
{
	return !glob || glob_matches(glob, (struct dwell_string){ text, strlen(text) });
}

bool policy_ignores(const struct dwell_policy *policy, const char *metric, const char *key)
{
	bool ignore = false;

	for (size_t i = 0; i < policy->limit_count; i++) {
		const struct dwell_policy_limit *rule = &policy->limits[i];

		if (matches(rule->metric, metric) && matches(rule->key, key))
			ignore = rule->ignore;
	}
	return ignore;
}

/* What the policy says of a row; false: to be ignored. */
static bool apply_policy(struct dwell_compare_row *row, const struct comparing *c, const char *key)
{
	const struct dwell_policy *policy = c->policy;

	for (size_t i = 0; i < policy->limit_count; i++) {
		const struct dwell_policy_limit *rule = &policy->limits[i];

		if (!matches(rule->metric, row->metric->name) || !matches(rule->key, key))
			continue;
		c->out->fits[i] = true;
		if (rule->limit >= 0)
			row->limit = rule->limit;
		if (rule->worse)
			row->worse = rule->worse;
	}
	return !policy_ignores(policy, row->metric->name, key);
}

/* Waiting for work or for a time is neither good nor bad; nearly all runs have it so. A change may
 * make one side's so: where sides are alike, that is half. */
static bool is_harmless(const struct match *match, size_t runs)
{
	size_t harmless = 0, all = 0;

	for (size_t run = 0; run < runs; run++) {
		all += match->in[run] != NULL;
		harmless += match->in[run] && match->in[run]->harmless;
	}
	return harmless * 4 > all * 3;
}

/* Where work is counted, time per unit of it is what counts: a faster program waits more a second.
 */
static int direction(
	const struct comparing *c, const struct match *match, const struct dwell_metric_spec *spec)
{
	const bool rate = spec->what == FIGURE_TIME_RATE && spec->kind != DWELL_SUBJECT_PAUSE;

	if (match->kind == DWELL_SUBJECT_SITE && is_harmless(match, run_count(c)))
		return 0;
	return rate && c->work[0] > 0 ? 0 : spec->worse;
}

/* Time per second that a row is about, on the mean of all runs: whoever is which side. */
static double weight(const struct comparing *c, const struct match *match, unsigned what)
{
	double sum = 0;

	for (size_t run = 0; run < run_count(c); run++) {
		const struct dwell_digest_subject *subject = match->in[run];

		if (subject)
			sum += (double)figure_series(what, subject)->whole.sum /
			       digest_seconds(c->runs[run]);
	}
	return sum / (double)run_count(c);
}

static double mean_count(const struct comparing *c, const struct match *match, unsigned what)
{
	double sum = 0;

	for (size_t run = 0; run < run_count(c); run++)
		if (match->in[run])
			sum += (double)figure_series(what, match->in[run])->whole.count;
	return sum / (double)run_count(c);
}

/* Of the path, on the mean of all runs. */
static double mean_share(const struct comparing *c, const struct match *match)
{
	double sum = 0;

	for (size_t run = 0; run < run_count(c); run++)
		sum += match->in[run] ? match->in[run]->value : 0;
	return sum / (double)run_count(c);
}

static bool needs_series(unsigned what)
{
	return what >= FIGURE_TIME_RATE && what <= FIGURE_HOLD_MAX;
}

/* Too little happened, on both sides together, to say anything. */
static bool is_small(
	const struct comparing *c, const struct match *match, const struct dwell_metric_spec *spec)
{
	if (spec->kind == DWELL_SUBJECT_PATH)
		return mean_share(c, match) * 1e9 < c->policy->least_ns_per_s;
	if (spec->what == FIGURE_RUNNABLE)
		return weight(c, match, spec->what) < c->policy->least_ns_per_s;
	if (!needs_series(spec->what))
		return false;
	return weight(c, match, spec->what) < c->policy->least_ns_per_s ||
	       mean_count(c, match, spec->what) < figure_least_count(spec->what);
}

/* A rate of what did not happen is 0; a percentile of nothing is not known. */
static double value_of(const struct comparing *c, const struct match *match,
	const struct dwell_metric_spec *spec, size_t run)
{
	const bool rate = (spec->what >= FIGURE_TIME_RATE && spec->what <= FIGURE_COUNT_WORK) ||
			  figure_is_zero_without(match->kind);

	if (match->in[run])
		return dwell_metric_value(spec, c->runs[run], match->in[run], c->work[run]);
	return rate ? 0 : NAN;
}

/* The run that has a value like this; of its side, from 0. */
static const struct dwell_digest_subject *nearest(const struct match *match, const double *values,
	size_t first, size_t last, double to, uint32_t *which)
{
	const struct dwell_digest_subject *best = NULL;
	double distance = INFINITY;

	*which = 0;
	for (size_t run = first; run < last; run++) {
		const double d = fabs(values[run] - to);

		if (match->in[run] && (!best || d < distance)) {
			best = match->in[run];
			distance = d;
			*which = (uint32_t)(run - first);
		}
	}
	return best;
}

/* The median of the values that are known; NAN without any. */
static double side_median(const double *values, size_t count)
{
	double known[DWELL_COMPARE_RUNS];
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (!isnan(values[i]))
			known[n++] = values[i];
	return stat_median(known, n);
}

/* Logarithms, so that changes are ratios. What is (nearly) nothing counts as a fiftieth of the
 * mean: a ratio to nothing is none. False: a value is missing, or all are 0. */
static bool take_logs(struct candidate *candidate, const double *values, size_t runs)
{
	double mean = 0;

	for (size_t run = 0; run < runs; run++)
		mean += values[run];
	mean /= (double)runs;
	if (isnan(mean) || mean <= 0)
		return false;
	candidate->logs = calloc(runs, sizeof(double));
	for (size_t run = 0; candidate->logs && run < runs; run++)
		candidate->logs[run] = candidate->row.worse *
				       log(values[run] > mean / 50 ? values[run] : mean / 50);
	return candidate->logs != NULL;
}

static struct candidate *push(struct comparing *c)
{
	if (c->count == c->cap) {
		const size_t cap = c->cap ? c->cap * 2 : 256;
		struct candidate *candidates = realloc(c->candidates, cap * sizeof(*candidates));

		if (!candidates)
			return NULL;
		c->candidates = candidates;
		c->cap = cap;
	}
	return &c->candidates[c->count++];
}

/* On one side only, in all its runs: shown once, by its first figure that has a value. */
static unsigned lone_status(const struct comparing *c, const struct match *match)
{
	/* Of reasons the sites say it. */
	if (figure_is_zero_without(match->kind) || match->kind == DWELL_SUBJECT_REASON)
		return DWELL_ROW_SAME;
	if (!match->base_runs && match->head_runs == c->head)
		return DWELL_ROW_NEW;
	if (!match->head_runs && match->base_runs == c->base)
		return DWELL_ROW_GONE;
	return DWELL_ROW_SAME;
}

static int add_candidate(struct comparing *c, const struct match *match,
	const struct dwell_metric_spec *spec, bool *shown)
{
	struct dwell_compare_row row = {
		.metric = spec,
		.worse = direction(c, match, spec),
		.limit = spec->limit,
		.ratio = NAN,
		.low = NAN,
		.high = NAN,
		.p = NAN,
		.noise = NAN,
		.threshold = NAN,
		.visible = NAN,
		.status = (uint8_t)lone_status(c, match),
	};
	double values[DWELL_COMPARE_RUNS * 2];
	struct candidate *candidate;

	if (!apply_policy(&row, c, match->key))
		return DWELL_OK;
	if (is_small(c, match, spec)) {
		c->untested += row.worse != 0;
		return DWELL_OK;
	}
	for (size_t run = 0; run < run_count(c); run++)
		values[run] = value_of(c, match, spec, run);
	row.base_value = side_median(values, c->base);
	row.head_value = side_median(values + c->base, c->head);
	if (isnan(row.base_value) && isnan(row.head_value))
		return DWELL_OK;
	if (row.status != DWELL_ROW_SAME) {
		if (*shown)
			return DWELL_OK;
		*shown = true;
	}
	row.base = nearest(match, values, 0, c->base, row.base_value, &row.base_run);
	row.head = nearest(match, values, c->base, run_count(c), row.head_value, &row.head_run);
	row.base_run = c->places[row.base_run];
	row.head_run = c->places[c->base + row.head_run];
	if (row.base_value > 0)
		row.ratio = row.head_value / row.base_value;
	if (!row.base && !figure_is_zero_without(match->kind))
		row.base_value = NAN;
	if (!row.head && !figure_is_zero_without(match->kind))
		row.head_value = NAN;
	candidate = push(c);
	if (!candidate)
		return DWELL_ENOMEM;
	*candidate = (struct candidate){ .row = row, .match = match };
	if (row.status != DWELL_ROW_SAME)
		return DWELL_OK;
	if (!row.worse)
		candidate->row.status = DWELL_ROW_INFO;
	else if (!take_logs(candidate, values, run_count(c)) && isnan(row.ratio) &&
		 !(row.base_value <= 0 && row.head_value <= 0))
		candidate->row.status = DWELL_ROW_WITHHELD;
	return DWELL_OK;
}

int list_candidates(struct comparing *c)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < c->match_count && !err; i++) {
		const struct match *match = &c->matches[i];
		bool shown = false;

		if (match->gone)
			continue;
		for (const struct dwell_metric_spec *spec = dwell_metric_specs; spec->name && !err;
			spec++)
			if (spec->kind == match->kind)
				err = add_candidate(c, match, spec, &shown);
	}
	return err;
}

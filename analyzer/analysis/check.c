/* Budgets of a policy, held against runs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/comparing.h"
#include "analysis/statistics.h"
#include "model/drive.h"

static const struct dwell_metric_spec *find_metric(const char *name)
{
	const struct dwell_metric_spec *spec = dwell_metric_specs;

	while (spec->name && strcmp(spec->name, name) != 0)
		spec++;
	return spec;
}

static bool is_meant(const struct dwell_policy_budget *budget, const struct match *match,
	const struct dwell_metric_spec *metric)
{
	return match->kind == metric->kind &&
	       (!budget->key || glob_matches(budget->key,
					(struct dwell_string){ match->key, strlen(match->key) }));
}

/* The median of the runs that know it; NAN: none does. *run: the one nearest to it. */
static double median_value(const struct comparing *c, const struct match *match,
	const struct dwell_metric_spec *metric, size_t *run)
{
	double values[DWELL_COMPARE_RUNS], sorted[DWELL_COMPARE_RUNS], median;
	size_t runs[DWELL_COMPARE_RUNS], count = 0;

	for (size_t i = 0; i < c->head; i++) {
		const double value = match->in[i] ? dwell_metric_value(metric, c->runs[i],
							    match->in[i], c->work[i])
				     : figure_is_zero_without(match->kind) ? 0
									   : NAN;

		if (!isnan(value)) {
			runs[count] = i;
			values[count++] = value;
		}
	}
	memcpy(sorted, values, count * sizeof(*values));
	median = stat_median(sorted, count);
	for (size_t i = 0, best = SIZE_MAX; i < count; i++)
		if (match->in[runs[i]] &&
			(best == SIZE_MAX ||
				fabs(values[i] - median) < fabs(values[best] - median))) {
			best = i;
			*run = runs[i];
		}
	return median;
}

/* Nothing of it was found, and it was looked for in every run: that is none, not unknown. */
static bool is_none(const struct comparing *c, const struct dwell_metric_spec *metric)
{
	bool all = figure_is_zero_without(metric->kind);

	for (size_t i = 0; i < c->head; i++)
		all &= c->runs[i]->kinds >> metric->kind & 1;
	return all;
}

static void hold_against(struct dwell_check_row *row, const struct comparing *c)
{
	const struct dwell_policy_budget *budget = row->budget;

	for (size_t i = 0; i < c->match_count; i++) {
		const struct match *match = &c->matches[i];
		size_t run = 0;
		double value;

		if (!is_meant(budget, match, row->metric) ||
			policy_ignores(c->policy, row->metric->name, match->key))
			continue;
		value = median_value(c, match, row->metric, &run);
		if (isnan(value) || (row->subject && (budget->at_least ? value >= row->value
								       : value <= row->value)))
			continue;
		row->value = value;
		row->subject = match->in[run];
		row->run = (uint32_t)run;
	}
	if (!row->subject && !budget->absent && is_none(c, row->metric))
		row->value = 0;
	if (isnan(row->value))
		row->status = budget->absent > 0   ? DWELL_CHECK_PASS
			      : budget->absent < 0 ? DWELL_CHECK_FAILED
						   : DWELL_CHECK_WITHHELD;
	else if (budget->at_least ? row->value < budget->limit : row->value > budget->limit)
		row->status = DWELL_CHECK_FAILED;
}

static void conclude(struct dwell_check *check, const struct comparing *c)
{
	size_t failed = 0, withheld = 0;

	for (size_t i = 0; i < check->count; i++) {
		failed += check->rows[i].status == DWELL_CHECK_FAILED;
		withheld += check->rows[i].status == DWELL_CHECK_WITHHELD;
	}
	check->verdict = failed ? DWELL_REGRESSED : DWELL_WITHHELD;
	if (failed)
		return;
	if (!is_covered(check->why, sizeof(check->why), c))
		return;
	if (withheld)
		snprintf(check->why, sizeof(check->why),
			"%zu of %zu budgets match nothing in the trace (absent: says what then)",
			withheld, check->count);
	else if (!check->count)
		snprintf(check->why, sizeof(check->why), "the policy has no budgets");
	else
		check->verdict = DWELL_PASS;
}

static int fill(struct dwell_check *check, struct comparing *c, const struct dwell_side *runs)
{
	int err;

	c->head = runs->count;
	c->runs = calloc(runs->count, sizeof(*c->runs));
	c->work = calloc(runs->count, sizeof(*c->work));
	check->rows = calloc(c->policy->budget_count + 1, sizeof(*check->rows));
	if (!c->runs || !c->work || !check->rows)
		return DWELL_ENOMEM;
	memcpy(c->runs, runs->runs, runs->count * sizeof(*c->runs));
	err = match_subjects(c);
	if (err)
		return err;
	count_work(c);
	for (size_t i = 0; i < c->policy->budget_count; i++) {
		struct dwell_check_row *row = &check->rows[check->count++];

		row->budget = &c->policy->budgets[i];
		row->metric = find_metric(row->budget->metric);
		row->value = NAN;
		hold_against(row, c);
	}
	conclude(check, c);
	return DWELL_OK;
}

int dwell_check(
	struct dwell_check **out, const struct dwell_side *runs, const struct dwell_policy *policy)
{
	struct dwell_comparison scratch = { .verdict = 0 };
	struct comparing c = { .policy = policy, .out = &scratch };
	struct dwell_check *check;
	int err;

	if (!runs->count || runs->count > DWELL_COMPARE_RUNS)
		return DWELL_EINVAL;
	check = calloc(1, sizeof(*check));
	err = check ? fill(check, &c, runs) : DWELL_ENOMEM;
	free(c.matches);
	free(c.subjects);
	free(c.runs);
	free(c.work);
	if (err)
		dwell_check_free(check);
	else
		*out = check;
	return err;
}

void dwell_check_free(struct dwell_check *check)
{
	if (check)
		free(check->rows);
	free(check);
}

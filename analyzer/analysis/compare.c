/* Digests of two sides in, a verdict out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/comparing.h"

const char *dwell_row_status_name(unsigned status)
{
	static const char *const names[DWELL_ROW_STATUS_COUNT] = { "same", "regressed", "improved",
		"withheld", "new", "gone", "info" };

	return status < DWELL_ROW_STATUS_COUNT ? names[status] : NULL;
}

const char *dwell_verdict_name(unsigned verdict)
{
	static const char *const names[] = { "pass", "regressed", "withheld" };

	return verdict <= DWELL_WITHHELD ? names[verdict] : NULL;
}

/* Known share of the time of the tasks that count; 1 of nothing. */
static double coverage(const struct dwell_digest *digest)
{
	const struct dwell_digest_subject *run = digest_find(digest, DWELL_SUBJECT_RUN, "");
	const struct dwell_times none = { 0 }, *t = run ? &run->times : &none;
	const double known = (double)(t->running_ns + t->runnable_ns + t->blocked_ns);

	return known > 0 ? known / (known + (double)t->unknown_ns) : 1;
}

static bool is_run_covered(const struct comparing *c, const struct dwell_digest *run)
{
	return coverage(run) >= c->policy->coverage;
}

static size_t count_covered(const struct comparing *c, const struct dwell_side *side)
{
	size_t covered = 0;

	for (size_t i = 0; i < side->count; i++)
		covered += is_run_covered(c, side->runs[i]);
	return covered;
}

/* One run that lost its events silences no report: where enough others are left, and they are
 * most of the side's. Which these are does not depend on the side that they are on. */
static bool is_enough(const struct comparing *c, const struct dwell_side *side)
{
	const size_t covered = count_covered(c, side);

	return covered >= COMPARE_RUNS_ENOUGH && covered * 2 > side->count;
}

static size_t take_side(struct comparing *c, size_t first, const struct dwell_side *side, bool all)
{
	size_t count = 0;

	for (size_t i = 0; i < side->count; i++) {
		if (!all && !is_run_covered(c, side->runs[i]))
			continue;
		c->runs[first + count] = side->runs[i];
		c->unknown[first + count] = !is_run_covered(c, side->runs[i]);
		c->places[first + count++] = (uint32_t)i;
	}
	return count;
}

static int take_sides(
	struct comparing *c, const struct dwell_side *base, const struct dwell_side *head)
{
	const bool all = !is_enough(c, base) || !is_enough(c, head);
	const size_t count = base->count + head->count;

	c->runs = calloc(count, sizeof(*c->runs));
	c->places = calloc(count, sizeof(*c->places));
	c->unknown = calloc(count, sizeof(*c->unknown));
	c->work = calloc(count, sizeof(*c->work));
	if (!c->runs || !c->places || !c->unknown || !c->work)
		return DWELL_ENOMEM;
	c->base = take_side(c, 0, base, all);
	c->head = take_side(c, c->base, head, all);
	c->out->left_out[0] = base->count - c->base;
	c->out->left_out[1] = head->count - c->head;
	return DWELL_OK;
}

/* The span that every run has, and the most often in all. */
static const char *common_span(const struct comparing *c)
{
	const char *best = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < c->match_count; i++) {
		const struct match *match = &c->matches[i];
		uint64_t count = 0;

		if (match->kind != DWELL_SUBJECT_SPAN || match->base_runs != c->base ||
			match->head_runs != c->head)
			continue;
		for (size_t run = 0; run < run_count(c); run++)
			count += match->in[run]->series.whole.count;
		if (count > most) {
			best = match->key;
			most = count;
		}
	}
	return best;
}

/* Work counts where every run says how much it did. */
void count_work(struct comparing *c)
{
	const char *counter = c->policy->work_counter;
	const char *span = c->policy->work_span || counter ? c->policy->work_span : common_span(c);
	bool all = span || counter;

	for (size_t run = 0; run < run_count(c); run++) {
		c->work[run] = digest_work(c->runs[run], span, counter);
		all &= c->work[run] > 0;
	}
	for (size_t run = 0; run < run_count(c) && !all; run++)
		c->work[run] = 0;
	if (all)
		snprintf(c->out->work, sizeof(c->out->work), "%s", span ? span : counter);
}

/* "run 3 of the head"; of a check all runs are of one side. */
static void name_run(char out[40], const struct comparing *c, size_t run)
{
	if (c->places)
		snprintf(out, 40, "run %u of the %s", c->places[run] + 1,
			run < c->base ? "base" : "head");
	else
		snprintf(out, 40, "run %zu", run + 1);
}

bool is_covered(char *why, size_t size, const struct comparing *c)
{
	for (size_t run = 0; run < run_count(c); run++) {
		const double is = coverage(c->runs[run]);
		char name[40];

		if (is >= c->policy->coverage)
			continue;
		name_run(name, c, run);
		snprintf(why, size, "%.1f %% of the time of %s is known, %.1f %% is required",
			is * 100, name, c->policy->coverage * 100);
		return false;
	}
	return true;
}

/* Worst first: regressed, improved, new, gone, withheld, same, info. */
static unsigned rank(const struct dwell_compare_row *row)
{
	static const uint8_t ranks[DWELL_ROW_STATUS_COUNT] = { 5, 0, 1, 4, 2, 3, 6 };

	return ranks[row->status];
}

/* How far a row is beyond what is tolerated. */
static double excess(const struct dwell_compare_row *row)
{
	const double ratio = row->ratio > 0 ? fabs(log(row->ratio)) : 0;

	return isnan(row->threshold) || row->threshold <= 0 ? -1e9 + ratio
							    : ratio - fabs(log(row->threshold));
}

static int worst_first(const void *a, const void *b)
{
	const struct dwell_compare_row *x = a, *y = b;
	const double by = excess(y) - excess(x);
	const char *x_key = (x->head ? x->head : x->base)->key;
	const char *y_key = (y->head ? y->head : y->base)->key;

	if (rank(x) != rank(y))
		return rank(x) < rank(y) ? -1 : 1;
	if (by > 0 || by < 0)
		return by > 0 ? 1 : -1;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return strcmp(x_key, y_key);
}

static int take_rows(struct comparing *c)
{
	struct dwell_comparison *out = c->out;

	out->rows = calloc(c->count + 1, sizeof(*out->rows));
	if (!out->rows)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < c->count; i++) {
		out->rows[out->count++] = c->candidates[i].row;
		out->by_status[c->candidates[i].row.status]++;
	}
	qsort(out->rows, out->count, sizeof(*out->rows), worst_first);
	return DWELL_OK;
}

/* The row in which the least change would have been seen; NULL: there is none. */
static const struct dwell_compare_row *sharpest(const struct dwell_comparison *out)
{
	const struct dwell_compare_row *best = NULL;

	for (size_t i = 0; i < out->count; i++) {
		const struct dwell_compare_row *row = &out->rows[i];

		if (row->visible > 0 && !isinf(row->visible) &&
			(!best || fabs(log(row->visible)) < fabs(log(best->visible))))
			best = row;
	}
	return best;
}

static void say_too_few(struct dwell_comparison *out, const struct comparing *c)
{
	const struct dwell_compare_row *row = sharpest(out);
	const uint32_t runs =
		out->runs_needed > COMPARE_RUNS_ENOUGH ? out->runs_needed : COMPARE_RUNS_ENOUGH;

	if (c->base < COMPARE_RUNS_LEAST || c->head < COMPARE_RUNS_LEAST)
		snprintf(out->why, sizeof(out->why),
			"fewer than %d runs on a side do not show how much runs differ: record at "
			"least %u on each side",
			COMPARE_RUNS_LEAST, runs);
	else if (row)
		snprintf(out->why, sizeof(out->why),
			"%zu rows cannot be told from so few runs (the smallest change to be seen "
			"was %+.0f %%, in %s): record at least %u on each side",
			out->by_status[DWELL_ROW_WITHHELD], (row->visible - 1) * 100,
			row->metric->name, runs);
	else
		snprintf(out->why, sizeof(out->why),
			"no row has enough windows to tell anything from so few runs: record at "
			"least %u on each side",
			runs);
}

/* The worst of the rows that improvements hide. */
static void say_hidden(struct dwell_comparison *out, const struct comparing *c)
{
	const size_t few = c->base < c->head ? c->base : c->head;
	const struct dwell_compare_row *row = out->rows;

	/* Others have too little in some run to be tested. */
	while (row->status != DWELL_ROW_WITHHELD || isnan(row->p))
		row++;

	snprintf(out->why, sizeof(out->why),
		"%s is worse where others are better as clearly, which %zu and %zu runs cannot tell "
		"from chance: record at least %zu on each side",
		row->metric->name, c->base, c->head, few * 2);
}

/* The fewest runs that would show a change of its limit in any tested row. */
static uint32_t fewest_needed(const struct dwell_comparison *out)
{
	uint32_t fewest = 0;

	for (size_t i = 0; i < out->count; i++) {
		const uint32_t needed = out->rows[i].runs_needed;

		if (needed && (!fewest || needed < fewest))
			fewest = needed;
	}
	return fewest;
}

static void conclude(struct comparing *c)
{
	struct dwell_comparison *out = c->out;
	const bool fails = out->by_status[DWELL_ROW_REGRESSED] ||
			   (c->policy->new_fails && out->by_status[DWELL_ROW_NEW]);

	out->runs_needed = fewest_needed(out);
	out->new_fails = c->policy->new_fails;
	if (fails) {
		out->verdict = DWELL_REGRESSED;
		return;
	}
	out->verdict = DWELL_WITHHELD;
	if (!is_covered(out->why, sizeof(out->why), c))
		return;
	if (out->method == DWELL_METHOD_WINDOWS &&
		(out->by_status[DWELL_ROW_WITHHELD] || c->base < COMPARE_RUNS_LEAST ||
			c->head < COMPARE_RUNS_LEAST))
		say_too_few(out, c);
	else if (c->hidden)
		say_hidden(out, c);
	else if (!out->tested)
		snprintf(out->why, sizeof(out->why),
			"nothing that both sides have took long enough to be compared");
	else
		out->verdict = DWELL_PASS;
}

static int compare(struct comparing *c)
{
	const bool enough = c->base >= COMPARE_RUNS_ENOUGH && c->head >= COMPARE_RUNS_ENOUGH;
	int err = match_subjects(c);

	if (err)
		return err;
	count_work(c);
	err = list_candidates(c);
	for (size_t i = 0; i < c->count; i++)
		c->out->tested += c->candidates[i].logs != NULL;
	if (!err)
		err = enough ? judge_by_runs(c) : judge_by_windows(c);
	if (!err)
		err = take_rows(c);
	if (!err)
		conclude(c);
	return err;
}

static bool is_side(const struct dwell_side *side)
{
	return side->count && side->count <= DWELL_COMPARE_RUNS;
}

/* From nothing there is no ratio: that of the logarithms is to what counts as nearly nothing. */
static void forget_ratios(struct dwell_comparison *comparison)
{
	for (size_t i = 0; i < comparison->count; i++) {
		struct dwell_compare_row *row = &comparison->rows[i];

		if (row->base_value > 0 || row->base_value < 0 || isnan(row->base_value))
			continue;
		row->ratio = row->low = row->high = NAN;
		if (row->status != DWELL_ROW_WITHHELD)
			row->visible = NAN;
	}
}

int dwell_compare(struct dwell_comparison **out, const struct dwell_side *base,
	const struct dwell_side *head, const struct dwell_policy *policy)
{
	struct comparing c = { .policy = policy };
	int err;

	if (!is_side(base) || !is_side(head))
		return DWELL_EINVAL;
	c.out = calloc(1, sizeof(*c.out));
	if (c.out)
		c.out->fits = calloc(policy->limit_count + 1, sizeof(*c.out->fits));
	err = c.out && c.out->fits ? take_sides(&c, base, head) : DWELL_ENOMEM;
	if (!err)
		err = compare(&c);
	for (size_t i = 0; i < c.count; i++)
		free(c.candidates[i].logs);
	free(c.candidates);
	free(c.matches);
	free(c.subjects);
	free(c.runs);
	free(c.places);
	free(c.unknown);
	free(c.work);
	if (err)
		dwell_comparison_free(c.out);
	else
		forget_ratios(*out = c.out);
	return err;
}

void dwell_comparison_free(struct dwell_comparison *comparison)
{
	if (comparison) {
		free(comparison->rows);
		free(comparison->fits);
	}
	free(comparison);
}

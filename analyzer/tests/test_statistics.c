/* Each statistic against NumPy and SciPy (testdata/statistics.py), to six digits. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/series.h"
#include "analysis/statistics.h"
#include "dwell/compare.h"
#include "statistics_expected.h"

enum { COUNT = 64 };

/* The same generator as in the script: a linear congruence. */
static void fill(double *out, uint64_t seed, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		seed = seed * 16807 % 2147483647;
		out[i] = (double)seed / 2147483647;
	}
}

static bool near(double is, double want)
{
	return fabs(is - want) <= 1e-6 * fmax(1, fabs(want));
}

Test(statistics, shifts_are_those_of_scipy)
{
	for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
		const size_t a = shifts[i].a, b = shifts[i].b;
		struct stat_shift shift;
		double x[COUNT];

		fill(x, 17 * a + b, a + b);
		for (size_t j = a; j < a + b; j++)
			x[j] *= 1.5;
		cr_assert(eq(int, stat_shift_of(&shift, x, a, x + a, b), 0));
		cr_expect(near(shift.at, shifts[i].at), "%zu, %zu", a, b);
		cr_expect(near(shift.low, shifts[i].low), "%zu, %zu", a, b);
		cr_expect(near(shift.high, shifts[i].high), "%zu, %zu", a, b);
	}
}

Test(statistics, too_few_values_have_no_interval)
{
	const double a[] = { 1, 2 }, b[] = { 3, 4 };
	struct stat_shift shift;

	cr_assert(eq(int, stat_shift_of(&shift, a, 2, b, 2), 0));
	cr_expect(near(shift.at, 2));
	cr_expect(isnan(shift.low) && isnan(shift.high));
}

Test(statistics, mann_whitney_is_that_of_scipy)
{
	for (size_t i = 0; i < sizeof(mann_whitney) / sizeof(mann_whitney[0]); i++)
		cr_expect(near(stat_mann_whitney(
				       mann_whitney[i].a, mann_whitney[i].b, mann_whitney[i].u),
				  mann_whitney[i].p),
			"%u, %u", mann_whitney[i].a, mann_whitney[i].b);
	/* Beyond that by the normal distribution: to a percent where it is used. */
	cr_expect(fabs(stat_mann_whitney(40, 40, 600) / stat_mann_whitney(41, 40, 615) - 1) < 0.1);
}

Test(statistics, normal_quantiles_are_those_of_scipy)
{
	for (size_t i = 0; i < sizeof(normal_p) / sizeof(normal_p[0]); i++)
		cr_expect(near(stat_normal_quantile(normal_p[i]), normal_z[i]));
}

Test(statistics, medians_and_variances_are_those_of_numpy)
{
	double x[12];

	fill(x, 99, 12);
	cr_expect(near(stat_variance(x, 12), twelve_variance_median[0]));
	cr_expect(near(stat_median(x, 11), twelve_variance_median[2]));
	fill(x, 99, 12);
	cr_expect(near(stat_median(x, 12), twelve_variance_median[1]));
	cr_expect(isnan(stat_median(x, 0)));
	cr_expect(near(stat_variance(x, 1), 0));
}

Test(statistics, permutations_are_those_of_all_splits)
{
	struct stat_permutation is;
	double x[70];

	fill(x, 4711, 70);
	for (size_t run = 5; run < 10; run++) {
		x[run * 7 + 2] += 0.9;
		x[run * 7 + 4] += 0.5;
	}
	cr_assert(eq(int, stat_permute(&is, x, 7, 5, 5, NULL, 0.02, 0.05), 0));
	cr_expect(eq(u64, is.splits, 252));
	cr_expect(near(is.critical, permuted_critical[0]));
	for (size_t row = 0; row < 7; row++) {
		cr_expect(near(is.statistic[row], permuted_statistic[row]), "row %zu", row);
		cr_expect(near(is.p[row], permuted_p[row]), "row %zu", row);
	}
	stat_permutation_release(&is);
}

/* Two of the base and one of the head are odd: 3 of 7 and 2 of 3 may be the base's. */
Test(statistics, odd_runs_are_dealt_among_themselves)
{
	const bool odd[10] = { [0] = true, [3] = true, [7] = true };
	struct stat_permutation is;
	double x[70];

	fill(x, 815, 70);
	for (size_t run = 5; run < 10; run++)
		x[run * 7 + 3] += 0.7;
	cr_assert(eq(int, stat_permute(&is, x, 7, 5, 5, odd, 0.02, 0.05), 0));
	cr_expect(eq(u64, is.splits, 35 * 3));
	cr_expect(near(is.critical, dealt_critical[0]));
	for (size_t row = 0; row < 7; row++) {
		cr_expect(near(is.statistic[row], dealt_statistic[row]), "row %zu", row);
		cr_expect(near(is.p[row], dealt_p[row]), "row %zu", row);
	}
	stat_permutation_release(&is);
}

/* Many splits are drawn, not walked through: the same answer each time, near that of all. */
Test(statistics, drawn_permutations_repeat)
{
	struct stat_permutation one, two;
	double x[40];

	fill(x, 5, 40);
	for (size_t run = 10; run < 20; run++)
		x[run * 2] += 0.4;
	cr_assert(eq(int, stat_permute(&one, x, 2, 10, 10, NULL, 0.02, 0.01), 0));
	cr_assert(eq(int, stat_permute(&two, x, 2, 10, 10, NULL, 0.02, 0.01), 0));
	cr_expect(eq(u64, one.splits, STAT_SPLITS));
	for (size_t row = 0; row < 2; row++)
		cr_expect(near(one.p[row], two.p[row]));
	cr_expect(one.p[0] < 0.03, "%g", one.p[0]);
	stat_permutation_release(&one);
	stat_permutation_release(&two);
}

enum { REPORT_RUNS = 8 };

/* Runs of which nothing is known but how long they took. */
struct report_side {
	struct dwell_digest_subject all[REPORT_RUNS];
	struct dwell_digest digests[REPORT_RUNS];
	const struct dwell_digest *at[REPORT_RUNS];
};

static struct dwell_side side_of(struct report_side *out, const double *took_ns, size_t count)
{
	static char nothing[] = "";

	for (size_t i = 0; i < count; i++) {
		out->all[i].kind = DWELL_SUBJECT_RUN;
		out->all[i].key = out->all[i].alias = nothing;
		out->all[i].times.running_ns = 1;
		out->digests[i].trace.end_ns = (uint64_t)took_ns[i];
		out->digests[i].subjects = &out->all[i];
		out->digests[i].count = 1;
		out->digests[i].kinds = DWELL_KINDS_ALWAYS;
		out->at[i] = &out->digests[i];
	}
	return (struct dwell_side){ out->at, count };
}

/* Of a whole report: what a row says, and what it could have seen. */
Test(statistics, a_report_is_that_of_its_formulas)
{
	static struct report_side left, right;
	const struct dwell_side base = side_of(&left, report_base, 6);
	const struct dwell_side head = side_of(&right, report_head, 8);
	struct dwell_comparison *c = NULL;
	struct dwell_policy policy;

	dwell_policy_init(&policy);
	cr_assert(eq(int, dwell_compare(&c, &base, &head, &policy), 0));
	cr_assert(eq(sz, c->tested, 1));
	cr_assert(eq(int, strcmp(c->rows[0].metric->name, "run.duration"), 0));

	const struct dwell_compare_row *row = &c->rows[0];
	const double is[] = { row->base_value, row->head_value, row->ratio, row->low, row->high,
		row->p, row->noise, row->threshold, row->visible, row->runs_needed };
	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++)
		cr_expect(fabs(is[i] - report_row[i]) <= 1e-6 * fabs(report_row[i]), "%zu: %.9g", i,
			is[i]);
	dwell_comparison_free(c);
}

enum { FEW_RUNS = 4, WINDOW_SHIFT_NS = 24, SUBJECTS = 3, CLASS = 1, LOCK = 2 };

/* What each window of a run has of a series; by side: base, head. */
struct series_plan {
	unsigned least[2], more; /* values, at least and at most so many more */
	double scale[2], spread; /* ns: the least value; up to so many times more */
};

static double next_of(uint64_t *seed)
{
	double x;

	fill(&x, *seed, 1);
	*seed = *seed * 16807 % 2147483647;
	return x;
}

static void plan_window(struct dwell_series *series, const struct series_plan *plan, bool head,
	unsigned window, uint64_t *seed)
{
	const unsigned count = plan->least[head] + (unsigned)(plan->more * next_of(seed));

	for (unsigned i = 0; i < count; i++) {
		const uint64_t ns =
			(uint64_t)(plan->scale[head] * (1 + plan->spread * next_of(seed)));
		const struct dwell_window_cell cell = { (uint8_t)window,
			(uint8_t)windows_bucket(ns), 1, ns };

		cr_assert(eq(int, dwell_histogram_add(&series->whole, ns, 1), 0));
		cr_assert(eq(int, windows_put(&series->windows, &cell), 0));
	}
}

static void plan_state(struct dwell_digest_subject *subject, unsigned window, unsigned state,
	uint64_t *ns, double is)
{
	const struct dwell_window_cell cell = { (uint8_t)window, (uint8_t)state, 1, (uint64_t)is };

	*ns += (uint64_t)is;
	cr_assert(eq(int, windows_put(&subject->states, &cell), 0));
}

/* Windows of a lock, and of a class of which somebody does not know a while in each. */
static void fill_window(
	struct dwell_digest_subject *subjects, bool head, unsigned window, uint64_t *seed)
{
	static const struct series_plan latency = { { 16, 16 }, 4, { 200000, 210000 }, 6 };
	static const struct series_plan wait = { { 6, 4 }, 6, { 100000, 400000 }, 9 };
	static const struct series_plan hold = { { 5, 5 }, 3, { 300000, 180000 }, 3 };
	struct dwell_digest_subject *class = &subjects[CLASS];
	struct dwell_times *times = &class->times;

	plan_window(&class->series, &latency, head, window, seed);
	plan_window(&subjects[LOCK].series, &wait, head, window, seed);
	plan_window(&subjects[LOCK].hold, &hold, head, window, seed);
	plan_state(class, window, DWELL_UNKNOWN, &times->unknown_ns, 1000.0 * window);
	plan_state(class, window, DWELL_RUNNING, &times->running_ns, 1e6 * (1 + next_of(seed)));
	plan_state(
		class, window, DWELL_RUNNABLE, &times->runnable_ns, 4e5 * (1 + 2 * next_of(seed)));
	plan_state(class, window, DWELL_BLOCKED, &times->blocked_ns, 3e6 * (1 + next_of(seed)));
}

struct few_runs {
	struct dwell_digest_subject subjects[FEW_RUNS][SUBJECTS];
	struct dwell_digest digests[FEW_RUNS];
	const struct dwell_digest *at[FEW_RUNS];
};

/* The first run has this number; the first and the last window of each are cut. */
static struct dwell_side few_of(
	struct few_runs *out, size_t count, uint64_t number, bool head, uint64_t *seed)
{
	static char nothing[] = "";

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < count; i++, number++) {
		const unsigned windows = 40 - (unsigned)(number % 3);
		struct dwell_digest *digest = &out->digests[i];

		for (unsigned s = 0; s < SUBJECTS; s++)
			out->subjects[i][s].key = out->subjects[i][s].alias = nothing;
		out->subjects[i][0].kind = DWELL_SUBJECT_RUN;
		out->subjects[i][CLASS].kind = DWELL_SUBJECT_CLASS;
		out->subjects[i][LOCK].kind = DWELL_SUBJECT_LOCK;
		for (unsigned window = 0; window < windows; window++)
			fill_window(out->subjects[i], head, window, seed);
		digest->trace.begin_ns = ((3 + number) << WINDOW_SHIFT_NS) + 1000003 * (number + 1);
		digest->trace.end_ns = (((digest->trace.begin_ns >> WINDOW_SHIFT_NS) + windows - 1)
					       << WINDOW_SHIFT_NS) +
				       500000 + number;
		digest->window_shift = WINDOW_SHIFT_NS;
		digest->subjects = out->subjects[i];
		digest->count = SUBJECTS;
		digest->kinds = DWELL_KINDS_ALWAYS;
		out->at[i] = digest;
	}
	return (struct dwell_side){ out->at, count };
}

static void few_release(struct few_runs *runs)
{
	for (size_t i = 0; i < FEW_RUNS; i++)
		for (size_t s = 0; s < SUBJECTS; s++) {
			series_release(&runs->subjects[i][s].series);
			series_release(&runs->subjects[i][s].hold);
			free(runs->subjects[i][s].states.cells);
		}
}

/* The expected rows are in this order. */
static char few_metrics[][24] = { "class.blocked", "class.latency.p99", "lock.wait_per_s",
	"lock.contended_per_s", "lock.hold.p50" };
static char untold_metric[] = "run.duration"; /* of which windows tell nothing */
enum { FEW_METRICS = sizeof(few_metrics) / sizeof(few_metrics[0]) };

static struct dwell_comparison *compare_few(size_t base, size_t head)
{
	struct dwell_policy_limit limits[] = {
		{ .limit = -1, .ignore = true },
		{ .metric = untold_metric, .limit = -1 },
		{ .metric = few_metrics[0], .limit = 0.3, .worse = 1 },
		{ .metric = few_metrics[1], .limit = 0.01 },
		{ .metric = few_metrics[2], .limit = -1 },
		{ .metric = few_metrics[3], .limit = 0.05, .worse = -1 },
		{ .metric = few_metrics[4], .limit = -1 },
	};
	static struct few_runs left, right;
	uint64_t seed = 1000 * base + head;
	const struct dwell_side a = few_of(&left, base, 0, false, &seed);
	const struct dwell_side b = few_of(&right, head, base, true, &seed);
	struct dwell_comparison *c = NULL;
	struct dwell_policy policy;

	dwell_policy_init(&policy);
	policy.limits = limits;
	policy.limit_count = sizeof(limits) / sizeof(limits[0]);
	cr_assert(eq(int, dwell_compare(&c, &a, &b, &policy), 0));
	for (size_t i = 0; i < c->count; i++)
		c->rows[i].base = c->rows[i].head = NULL;
	few_release(&left);
	few_release(&right);
	return c;
}

static const struct dwell_compare_row *row_of(const struct dwell_comparison *c, const char *metric)
{
	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->rows[i].metric->name, metric))
			return &c->rows[i];
	return NULL;
}

/* Rows of few runs: every draw of windows is that of the script. */
Test(statistics, rows_of_windows_are_those_of_their_definition)
{
	struct dwell_comparison *c = NULL;

	for (size_t i = 0; i < sizeof(windows_rows) / sizeof(windows_rows[0]); i++) {
		const char *name = few_metrics[i % FEW_METRICS];
		const struct dwell_compare_row *row;

		if (i % FEW_METRICS == 0) {
			c = compare_few(windows_rows[i].base, windows_rows[i].head);
			cr_assert(eq(sz, c->count, FEW_METRICS + 1));
			cr_expect(eq(sz, c->tested, FEW_METRICS));
			cr_expect(eq(u64, c->splits, windows_rows[i].base < 3 ? 200 : 1000));
			cr_expect(row_of(c, untold_metric)->status == DWELL_ROW_WITHHELD);
		}
		row = row_of(c, name);
		cr_assert(ne(ptr, (void *)row, NULL), "%s", name);

		const double is[] = { row->base_value, row->head_value, row->ratio, row->low,
			row->high, row->p, row->noise, row->threshold, row->visible,
			row->runs_needed };
		for (size_t j = 0; j < sizeof(is) / sizeof(is[0]); j++)
			cr_expect(isinf(windows_rows[i].is[j])
					  ? isinf(is[j])
					  : fabs(is[j] - windows_rows[i].is[j]) <=
						    1e-6 * fabs(windows_rows[i].is[j]),
				"%u and %u runs, %s, %zu: %.9g, not %.9g", windows_rows[i].base,
				windows_rows[i].head, name, j, is[j], windows_rows[i].is[j]);
		cr_expect(eq(uint, row->status, windows_rows[i].status), "%s", name);
		if (i % FEW_METRICS == FEW_METRICS - 1)
			dwell_comparison_free(c);
	}
}

/* Where nothing differs, at most a share alpha of reports has a row at p <= alpha, however many
 * rows there are. */
Test(statistics, false_alarms_are_bounded_for_all_rows_together)
{
	enum { ROWS = 40, RUNS = 10, REPORTS = 2000 };
	struct stat_random random = { 3 };
	double x[ROWS * RUNS];
	size_t alarms = 0;

	for (size_t report = 0; report < REPORTS; report++) {
		struct stat_permutation is;
		bool alarm = false;

		for (size_t i = 0; i < ROWS * RUNS; i++)
			x[i] = (double)(stat_next(&random) >> 11) / 9e15;
		cr_assert(eq(int, stat_permute(&is, x, ROWS, 5, 5, NULL, 0.001, 0.01), 0));
		for (size_t row = 0; row < ROWS; row++)
			alarm |= is.p[row] <= 0.01;
		alarms += alarm;
		stat_permutation_release(&is);
	}
	/* 2 of 252 splits, 15.9 expected: five deviations above. */
	cr_expect(alarms <= 36 && alarms > 0, "%zu of %d", alarms, REPORTS);
}

Test(statistics, quantiles_of_a_histogram_lie_in_their_bucket)
{
	struct dwell_histogram histogram = { 0 };

	for (uint64_t i = 1; i <= 1000; i++)
		cr_assert(eq(int, dwell_histogram_add(&histogram, i * 1000, 1), 0));
	for (double q = 0.01; q < 1; q += 0.01)
		cr_expect(fabs(stat_histogram_quantile(&histogram, q) - q * 1e6) <
				  0.016 * q * 1e6 + 1000,
			"%g", q);
	cr_expect(near(stat_histogram_quantile(&histogram, 1), 1e6));
	dwell_histogram_release(&histogram);
	cr_expect(isnan(stat_histogram_quantile(&histogram, 0.5)));
}

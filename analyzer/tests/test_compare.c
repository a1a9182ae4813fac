/* What becomes of runs of which too little is known. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "dwell/compare.h"
#include "dwell/error.h"

enum { RUNS = 10 };

/* Runs of a second, each with nothing but the times of its tasks; these have a tenth known. */
struct runs {
	struct dwell_digest_subject all[RUNS];
	struct dwell_digest digests[RUNS];
	const struct dwell_digest *at[RUNS];
};

static struct dwell_side side(struct runs *runs, size_t count, const char *unknown)
{
	static char nothing[] = "";

	memset(runs, 0, sizeof(*runs));
	for (size_t i = 0; i < count; i++) {
		struct dwell_digest_subject *all = &runs->all[i];

		all->kind = DWELL_SUBJECT_RUN;
		all->key = all->alias = nothing;
		all->times.running_ns = 100000000;
		all->times.unknown_ns = strchr(unknown, (char)('0' + i)) ? 900000000 : 0;
		runs->digests[i].trace.end_ns = 1000000000 + i;
		runs->digests[i].subjects = all;
		runs->digests[i].count = 1;
		runs->digests[i].kinds = DWELL_KINDS_ALWAYS;
		runs->at[i] = &runs->digests[i];
	}
	return (struct dwell_side){ runs->at, count };
}

static struct dwell_comparison *compare(
	size_t base, const char *unknown_base, size_t head, const char *unknown_head)
{
	static struct runs bases, heads;
	const struct dwell_side a = side(&bases, base, unknown_base);
	const struct dwell_side b = side(&heads, head, unknown_head);
	struct dwell_comparison *out = NULL;
	struct dwell_policy policy;

	dwell_policy_init(&policy);
	cr_assert(eq(int, dwell_compare(&out, &a, &b, &policy), DWELL_OK));
	return out;
}

Test(compare, unknown_runs_are_left_out)
{
	struct dwell_comparison *c = compare(7, "06", 6, "2");

	cr_expect(eq(uint, c->verdict, DWELL_PASS));
	cr_expect(eq(sz, c->left_out[0], 2));
	cr_expect(eq(sz, c->left_out[1], 1));
	cr_expect(eq(u64, c->splits, 252));
	/* The middle ones of 1 to 5, and of 0, 1, 3, 4, 5: as they were given. */
	cr_expect(eq(u32, c->rows[0].base_run, 3));
	cr_expect(eq(u32, c->rows[0].head_run, 3));
	dwell_comparison_free(c);
}

Test(compare, too_few_known_runs_give_no_verdict)
{
	struct dwell_comparison *c = compare(5, "", 5, "3");

	cr_expect(eq(uint, c->verdict, DWELL_WITHHELD));
	cr_expect(eq(sz, c->left_out[0] + c->left_out[1], 0));
	cr_expect(0 ==
		  strcmp(c->why,
			  "10.0 % of the time of run 4 of the head is known, 80.0 % is required"));
	dwell_comparison_free(c);
}

/* What is known of half of a side only says that something else is wrong. */
Test(compare, half_of_a_side_is_not_left_out)
{
	struct dwell_comparison *c = compare(10, "01234", 5, "");

	cr_expect(eq(uint, c->verdict, DWELL_WITHHELD));
	cr_expect(eq(sz, c->left_out[0] + c->left_out[1], 0));
	dwell_comparison_free(c);
}

static uint8_t leaking_kind = DWELL_SUBJECT_LEAK;

/* Of runs, those whose place is named lose two tasks. */
static struct dwell_side leaking(struct runs *runs, struct dwell_digest_subject subjects[][2],
	const char *leaks, bool looked)
{
	static char key[] = "waits-forever at take < serve", alias[] = "";
	const struct dwell_side out = side(runs, 5, "");

	for (size_t i = 0; i < out.count; i++) {
		const bool any = strchr(leaks, (char)('0' + i));

		subjects[i][0] = runs->all[i];
		subjects[i][1] = (struct dwell_digest_subject){ .kind = leaking_kind,
			.key = key,
			.alias = alias,
			.has_value = true,
			.value = 2 };
		runs->digests[i].subjects = subjects[i];
		runs->digests[i].count = any ? 2 : 1;
		runs->digests[i].kinds |= looked ? 1u << leaking_kind : 0;
	}
	return out;
}

static unsigned leak_verdict(const char *base_leaks, bool base_looked, const char *head_leaks)
{
	static struct runs runs[2];
	static struct dwell_digest_subject subjects[2][RUNS][2];
	const struct dwell_side base = leaking(&runs[0], subjects[0], base_leaks, base_looked);
	const struct dwell_side head = leaking(&runs[1], subjects[1], head_leaks, true);
	struct dwell_comparison *c = NULL;
	struct dwell_policy policy;
	unsigned status = DWELL_ROW_STATUS_COUNT;

	dwell_policy_init(&policy);
	cr_assert(dwell_compare(&c, &base, &head, &policy) == 0);
	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->rows[i].metric->name, "leak.tasks"))
			status = c->rows[i].status;
	dwell_comparison_free(c);
	return status;
}

/* A leak that the base has not is a regression, none that is "new"; unless nobody looked for it. */
Test(compare, leaks_count_as_none_where_there_are_none)
{
	cr_expect(leak_verdict("", true, "01234") == DWELL_ROW_REGRESSED);
	cr_expect(leak_verdict("01234", true, "") == DWELL_ROW_IMPROVED);
	cr_expect(leak_verdict("01234", true, "01234") == DWELL_ROW_SAME);
	cr_expect(leak_verdict("02", true, "13") == DWELL_ROW_SAME);
	cr_expect(leak_verdict("", false, "01234") == DWELL_ROW_STATUS_COUNT);
}

static struct dwell_check_row check_leaks(const char *leaks, bool looked, const char *ignored)
{
	static struct runs runs;
	static struct dwell_digest_subject subjects[RUNS][2];
	static char metric[] = "leak.tasks", any[] = "leak.*";
	struct dwell_policy_budget budget = { .metric = metric, .limit = 0 };
	struct dwell_policy_limit ignore = {
		.metric = any, .key = (char *)ignored, .limit = -1, .ignore = true
	};
	const struct dwell_side side = leaking(&runs, subjects, leaks, looked);
	struct dwell_policy policy;
	struct dwell_check *check = NULL;
	struct dwell_check_row row;

	dwell_policy_init(&policy);
	policy.budgets = &budget;
	policy.budget_count = 1;
	policy.limits = &ignore;
	policy.limit_count = ignored != NULL;
	cr_assert(dwell_check(&check, &side, &policy) == 0);
	row = check->rows[0];
	dwell_check_free(check);
	return row;
}

/* A budget of no leaks is kept where there are none, withheld where nobody looked. */
Test(compare, a_budget_of_no_leaks)
{
	struct dwell_check_row row = check_leaks("", true, NULL);

	cr_expect(row.status == DWELL_CHECK_PASS && row.value <= 0);
	cr_expect(check_leaks("", false, NULL).status == DWELL_CHECK_WITHHELD);
	row = check_leaks("01234", true, NULL);
	cr_expect(row.status == DWELL_CHECK_FAILED && row.value > 1 && row.subject);
	cr_expect(check_leaks("3", true, NULL).status == DWELL_CHECK_PASS); /* the median */
	cr_expect(check_leaks("01234", true, "waits-forever at take*").status == DWELL_CHECK_PASS);
	cr_expect(check_leaks("01234", true, "deadlock*").status == DWELL_CHECK_FAILED);
}

/* Five runs a side take a fifth longer in the head, each a little more than the one before. */
static void compare_longer(
	const char *base_leaks, const char *head_leaks, unsigned *verdict, unsigned *status)
{
	static struct runs runs[2];
	static struct dwell_digest_subject subjects[2][RUNS][2];
	const struct dwell_side base = leaking(&runs[0], subjects[0], base_leaks, true);
	const struct dwell_side head = leaking(&runs[1], subjects[1], head_leaks, true);
	struct dwell_comparison *c = NULL;
	struct dwell_policy policy;

	for (size_t i = 0; i < 5; i++) {
		runs[0].digests[i].trace.end_ns = 1000000000 + i * 2000000;
		runs[1].digests[i].trace.end_ns = 1200000000 + i * 2000000;
	}
	dwell_policy_init(&policy);
	cr_assert(dwell_compare(&c, &base, &head, &policy) == 0);
	*verdict = c->verdict;
	*status = DWELL_ROW_STATUS_COUNT;
	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->rows[i].metric->name, "run.duration"))
			*status = c->rows[i].status;
	if (c->verdict == DWELL_WITHHELD)
		cr_expect(strncmp(c->why, "run.duration is worse where", 27) == 0, "%s", c->why);
	dwell_comparison_free(c);
}

/* Of few splits the exchanged one cannot be told from the observed one: no pass. */
Test(compare, an_improvement_as_clear_gives_no_verdict)
{
	unsigned verdict, status;

	compare_longer("", "", &verdict, &status);
	cr_expect(verdict == DWELL_REGRESSED && status == DWELL_ROW_REGRESSED);
	compare_longer("01234", "", &verdict, &status);
	cr_expect(verdict == DWELL_WITHHELD && status == DWELL_ROW_WITHHELD, "%u %u", verdict,
		status);
	compare_longer("02", "13", &verdict, &status);
	cr_expect(verdict == DWELL_REGRESSED && status == DWELL_ROW_REGRESSED);
}

/* What has no figure in a side's runs is not tested, which withholds no verdict. */
Test(compare, what_has_no_figure_withholds_no_verdict)
{
	static struct runs runs[2];
	static struct dwell_digest_subject subjects[2][RUNS][2];
	struct dwell_comparison *c = NULL;
	struct dwell_policy policy;
	struct dwell_side base, head;

	leaking_kind = DWELL_SUBJECT_POOL;
	base = leaking(&runs[0], subjects[0], "01234", true);
	head = leaking(&runs[1], subjects[1], "01234", true);
	for (size_t i = 0; i < 5; i++)
		subjects[1][i][1].has_value = false;
	dwell_policy_init(&policy);
	cr_assert(dwell_compare(&c, &base, &head, &policy) == 0);
	cr_expect(eq(sz, c->by_status[DWELL_ROW_WITHHELD], 1));
	cr_expect(eq(uint, c->verdict, DWELL_PASS));
	dwell_comparison_free(c);
}

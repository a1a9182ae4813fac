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

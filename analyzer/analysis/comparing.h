#ifndef DWELL_ANALYSIS_COMPARING_H
#define DWELL_ANALYSIS_COMPARING_H

#include "analysis/figures.h"

/* One thing in all runs, base's first. */
struct match {
	uint8_t kind;
	const char *key;                        /* the head's name where it has one */
	const struct dwell_digest_subject **in; /* of each run; NULL: it is not there */
	size_t base_runs, head_runs;            /* that have it */
	bool gone;                              /* joined to another by its alias */
};

struct comparing {
	const struct dwell_policy *policy;
	const struct dwell_digest **runs; /* base's first */
	uint32_t *places;                 /* of each run on its side, as it was given */
	bool *unknown;                    /* of each run: less is known of it than is required */
	size_t base, head;
	double *work; /* of each run; 0: not known */
	struct match *matches;
	size_t match_count;
	const struct dwell_digest_subject **subjects; /* of all matches */
	struct dwell_comparison *out;
	/* Rows that are tested, beside those of the comparison in the same order. */
	struct candidate *candidates;
	size_t count, cap;
	size_t untested; /* rows with too little data */
	size_t hidden;   /* that became worse as clearly as others became better */
};

/* A row with the values of its runs. */
struct candidate {
	struct dwell_compare_row row;
	const struct match *match;
	double *logs; /* of each run, turned so that more is worse; NULL: not tested */
};

static inline size_t run_count(const struct comparing *c)
{
	return c->base + c->head;
}

/* Match the subjects of all runs. 0 or DWELL_ENOMEM. */
int match_subjects(struct comparing *comparing);

/* Is a row of this metric and key to be left out? */
bool policy_ignores(const struct dwell_policy *policy, const char *metric, const char *key);

/* Choose what is counted as work, and count it. */
void count_work(struct comparing *comparing);

/* Is as much known of every run as the policy requires? If not, why says so. */
bool is_covered(char *why, size_t size, const struct comparing *comparing);

/* A row for each figure of each match, with the values of its runs. */
int list_candidates(struct comparing *comparing);

/* Say of each tested row what it is. Fills method, splits. */
int judge_by_runs(struct comparing *comparing);
int judge_by_windows(struct comparing *comparing);

enum {
	COMPARE_RUNS_ENOUGH = 5, /* on a side: they are permuted */
	COMPARE_RUNS_LEAST = 3   /* fewer tell nothing */
};

/* Small changes of tiny noise are no news: added to each row's own noise, in log units. */
#define COMPARE_FUDGE 0.02

#endif

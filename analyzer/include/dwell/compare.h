#ifndef DWELL_COMPARE_H
#define DWELL_COMPARE_H

#include "dwell/digest.h"
#include "dwell/policy.h"

/*
 * Comparing: digests of two sides in, rows with a verdict out. What is tested and how is in
 * docs/statistics.md. The same digests give the same answer: random numbers have fixed seeds.
 */

enum dwell_unit {
	DWELL_UNIT_NS,
	DWELL_UNIT_NS_PER_S,
	DWELL_UNIT_PER_S,
	DWELL_UNIT_SHARE,
	DWELL_UNIT_COUNT,
	DWELL_UNIT_NONE
};
/* "ns", "ns/s", "1/s", "share", "count"; NULL where there is none. */
const char *dwell_unit_name(unsigned unit);

/* A figure that subjects of one kind have. */
struct dwell_metric_spec {
	const char *name; /* "site.wait.p99" */
	uint8_t kind;     /* enum dwell_digest_kind */
	uint8_t what;     /* how it is worked out: figures.c */
	uint8_t unit;     /* enum dwell_unit */
	int8_t worse;     /* 1: more is worse, -1: less is, 0: for information */
	double limit;     /* 0.05: a change of 5 % is tolerated */
};

/* All of them, ended by one without a name. */
extern const struct dwell_metric_spec dwell_metric_specs[];

/* NAN: the digest has no such figure of the subject. work: units of work in the run, 0: unknown. */
double dwell_metric_value(const struct dwell_metric_spec *spec, const struct dwell_digest *digest,
	const struct dwell_digest_subject *subject, double work);

enum dwell_row_status {
	DWELL_ROW_SAME = 0,
	DWELL_ROW_REGRESSED,
	DWELL_ROW_IMPROVED,
	DWELL_ROW_WITHHELD, /* too little data to tell */
	DWELL_ROW_NEW,
	DWELL_ROW_GONE,
	DWELL_ROW_INFO, /* neither more nor less is worse */
	DWELL_ROW_STATUS_COUNT
};
const char *dwell_row_status_name(unsigned status);

enum dwell_verdict { DWELL_PASS = 0, DWELL_REGRESSED, DWELL_WITHHELD };
const char *dwell_verdict_name(unsigned verdict);

/* Figures that are not known are NAN. Ratios are head to base. */
struct dwell_compare_row {
	const struct dwell_metric_spec *metric;
	const struct dwell_digest_subject *base,
		*head;                 /* of the run nearest to the middle; NULL: none */
	uint32_t base_run, head_run;   /* which run that is, of its side */
	int worse;                     /* as policy and role have it */
	double base_value, head_value; /* medians of the runs */
	double ratio, low, high;       /* 95 % */
	double p;                      /* for the whole report: adjusted for the number of rows */
	double limit;                  /* of the policy */
	double noise;                  /* measured: a change of so much is none */
	double threshold;     /* the ratio beyond which it is a regression, if it is significant */
	double visible;       /* the smallest ratio that would have been seen, in 4 of 5 cases */
	uint32_t runs_needed; /* on a side to see a change of `limit`; 0: not known */
	uint8_t status;       /* enum dwell_row_status */
};

enum dwell_method {
	DWELL_METHOD_RUNS = 0, /* permutation of runs */
	DWELL_METHOD_WINDOWS   /* bootstrap of windows, bounded by measured noise */
};

struct dwell_comparison {
	uint8_t verdict;      /* enum dwell_verdict */
	uint8_t method;       /* enum dwell_method */
	char why[200];        /* withheld: one line; else "" */
	char work[64];        /* what is counted as a unit of work; "" */
	size_t left_out[2];   /* runs of base and head of which too little is known */
	uint64_t splits;      /* permutations or resamples */
	uint32_t runs_needed; /* on a side; 0: not known */
	bool new_fails;       /* as the policy has it: rows that are new are faults */
	bool *fits;           /* by limit of the policy: there is something that it fits */
	struct dwell_compare_row *rows; /* regressed first, then by how far above its threshold */
	size_t count;
	size_t tested; /* rows that could have been a regression */
	size_t by_status[DWELL_ROW_STATUS_COUNT];
};

/* The runs of a side; nothing of them is changed, and rows point into them. */
struct dwell_side {
	const struct dwell_digest *const *runs;
	size_t count;
};

enum { DWELL_COMPARE_RUNS = 256 }; /* on a side at most */

/* 0, DWELL_ENOMEM, DWELL_EINVAL (a side has no run, or too many). */
int dwell_compare(struct dwell_comparison **out, const struct dwell_side *base,
	const struct dwell_side *head, const struct dwell_policy *policy);
void dwell_comparison_free(struct dwell_comparison *comparison);

enum dwell_check_status { DWELL_CHECK_PASS = 0, DWELL_CHECK_FAILED, DWELL_CHECK_WITHHELD };

/* One budget of one trace. */
struct dwell_check_row {
	const struct dwell_policy_budget *budget;
	const struct dwell_metric_spec *metric;
	const struct dwell_digest_subject *subject; /* the worst that matched; NULL: none did */
	uint32_t run;                               /* which run that is */
	double value;                               /* NAN where there is none */
	uint8_t status;                             /* enum dwell_check_status */
};

struct dwell_check {
	uint8_t verdict;
	char why[200];
	struct dwell_check_row *rows; /* in the order of the policy */
	size_t count;
};

/* Several runs: the median of each budget's values counts. 0, DWELL_ENOMEM, DWELL_EINVAL. */
int dwell_check(
	struct dwell_check **out, const struct dwell_side *runs, const struct dwell_policy *policy);
void dwell_check_free(struct dwell_check *check);

#endif

#ifndef DWELL_POLICY_H
#define DWELL_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "dwell/error.h"

/*
 * What is allowed: limits of `diff`, budgets of `check`. Read from YAML (docs/policy.md), strictly:
 * a word that is not known is an error with its line and column. A policy that is all zero but for
 * what dwell_policy_init sets is what holds without a file.
 */

/* Of rows whose metric and key match the globs (NULL: any), the last one that says so counts. */
struct dwell_policy_limit {
	char *metric, *key;
	double limit; /* 0.05: 5 % more; negative: not said */
	int worse;    /* 1: more is worse, -1: less is, 0: not said */
	bool ignore;
	unsigned long line, column; /* of the file, from 1; 0: of none */
};

/* A figure of one trace, at most (or at least) so much. In the metric's unit: ns, 1/s, a share. */
struct dwell_policy_budget {
	char *name, *metric, *key; /* metric as in a row; key: a glob, NULL: any */
	double limit;
	bool at_least;
	int absent; /* where nothing matches: 1: pass, -1: fail, 0: withhold */
};

struct dwell_policy {
	struct dwell_policy_limit *limits;
	size_t limit_count;
	struct dwell_policy_budget *budgets;
	size_t budget_count;
	double coverage;       /* least known share of the task-time, 0..1 */
	double least_ns_per_s; /* what takes less time than this, on the mean of all runs, is not
				  judged */
	double alpha;          /* false alarms per report */
	char *work_span, *work_counter; /* what is counted as a unit of work; NULL: chosen */
	bool new_fails;                 /* a row that the base does not have is a regression */
};

void dwell_policy_init(struct dwell_policy *policy);
void dwell_policy_release(struct dwell_policy *policy);

/* Where a policy is wrong. */
struct dwell_policy_fault {
	unsigned long line, column; /* from 1; 0: the whole */
	char what[200];
};

/*
 * Read a policy of size bytes over what dwell_policy_init set. Returns 0, DWELL_ENOMEM, or
 * DWELL_EFORMAT with *fault filled; the policy is to be released in any case.
 */
int dwell_policy_read(
	struct dwell_policy *policy, const char *at, size_t size, struct dwell_policy_fault *fault);

#endif

/* What holds without a file, and giving back what a file said. */
#include "dwell/policy.h"

#include <stdlib.h>

void dwell_policy_init(struct dwell_policy *policy)
{
	*policy = (struct dwell_policy){
		.coverage = 0.8,
		.least_ns_per_s = 1e6,
		.alpha = 0.006,
	};
}

void dwell_policy_release(struct dwell_policy *policy)
{
	for (size_t i = 0; i < policy->limit_count; i++) {
		free(policy->limits[i].metric);
		free(policy->limits[i].key);
	}
	for (size_t i = 0; i < policy->budget_count; i++) {
		free(policy->budgets[i].name);
		free(policy->budgets[i].metric);
		free(policy->budgets[i].key);
	}
	free(policy->limits);
	free(policy->budgets);
	free(policy->work_span);
	free(policy->work_counter);
	*policy = (struct dwell_policy){ 0 };
}

#ifndef DWELL_RECORD_POLICY_H
#define DWELL_RECORD_POLICY_H

#include "config.h"
#include "dwell/error.h"
#include "dwell/sink.h"

/*
 * A sink that keeps of each task what the rules of dwell.yaml say, and of all no more
 * than the budget allows, and hands the rest on. States are always kept: who waited stays true,
 * what is missing is why. config must outlive it.
 */
struct dwell_policy;

/* DWELL_ENOMEM. */
int dwell_policy_new(
	struct dwell_policy **out, struct dwell_sink *next, const struct dwell_config *config);
void dwell_policy_free(struct dwell_policy *policy);
struct dwell_sink *dwell_policy_sink(struct dwell_policy *policy);

/* From now on nobody gets more than this, whatever the rules say. */
void dwell_policy_limit(struct dwell_policy *policy, enum dwell_detail detail);

/*
 * The budget: told once a second what was used since the start, it says how much
 * detail may be kept. One step down at a time while over, one up after ten seconds below half.
 */
struct dwell_budget {
	uint32_t cpu_permille;
	uint64_t bytes_per_second; /* 0: no limit, each */
	uint64_t last_ns, last_cpu_ns, last_bytes;
	uint64_t calm_ns; /* below half */
	enum dwell_detail detail;
};

/* True when *budget.detail changed; then why says by what, in one line. */
bool dwell_budget_tick(struct dwell_budget *budget, uint64_t now_ns, uint64_t cpu_ns,
	uint64_t bytes, char *why, size_t why_size);

#endif

/* A task that was ready and did not run for long: docs/findings.md. */
#include <stdlib.h>

#include "analysis/findings.h"

#define LONG_NS UINT64_C(100000000)

static const char *cannot(const struct findings *findings)
{
	return findings->answer->trace.has_switches ? NULL : "switches were not recorded";
}

/* The worst are in order, the longest first; the rest of one task's are added to it. */
static bool is_first_of_task(const struct dwell_latency *latency, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (latency->worst[j].task == latency->worst[i].task)
			return false;
	return true;
}

static int tell(struct findings *findings, size_t i)
{
	const struct dwell_latency *latency = findings->answer->latency;
	const struct dwell_worst *worst = &latency->worst[i];
	uint64_t lost_ns = 0, count = 0;
	struct dwell_finding *finding;
	char who[FINDING_TEXT], other[FINDING_TEXT], ns[FINDING_TEXT];
	uint32_t ran = 0;

	for (size_t j = i; j < latency->worst_count; j++) {
		if (latency->worst[j].task != worst->task || latency->worst[j].latency_ns < LONG_NS)
			continue;
		lost_ns += latency->worst[j].latency_ns;
		count++;
	}
	if (!finding_matters(findings, lost_ns))
		return DWELL_OK;
	finding = finding_new(findings, &rule_starvation, lost_ns, worst->at_ns);
	if (!finding)
		return DWELL_ENOMEM;
	if (worst->ran_count && worst->ran_instead[0].kind == DWELL_OCCUPANT_TASK)
		ran = worst->ran_instead[0].task;
	finding_title(finding, "%s was ready for %s and did not run%s%s",
		finding_who(who, findings, worst->task), finding_ns(ns, worst->latency_ns),
		ran ? ": instead ran " : "", ran ? finding_who(other, findings, ran) : "");
	finding_task(finding, worst->task);
	finding_task(finding, ran);
	finding_number(finding, "ready", DWELL_EVIDENCE_TASK, worst->task);
	finding_number(finding, "longest", DWELL_EVIDENCE_NS, worst->latency_ns);
	finding_number(finding, "times", DWELL_EVIDENCE_COUNT, count);
	finding_number(finding, "ran instead", DWELL_EVIDENCE_TASK, ran);
	if (ran)
		finding_number(finding, "for", DWELL_EVIDENCE_NS, worst->ran_instead[0].ns);
	return DWELL_OK;
}

static int find(struct findings *findings)
{
	const struct dwell_latency *latency = findings->answer->latency;
	int err = DWELL_OK;

	for (size_t i = 0; i < latency->worst_count && !err; i++)
		if (latency->worst[i].latency_ns >= LONG_NS && is_first_of_task(latency, i))
			err = tell(findings, i);
	return err;
}

const struct rule rule_starvation = { "starvation", cannot, find };

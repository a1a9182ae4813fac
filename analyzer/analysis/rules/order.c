/* Locks taken in an order that goes round: docs/findings.md. */
#include "analysis/findings.h"

static const char *cannot(const struct findings *findings)
{
	return findings->answer->locks->has_order ? NULL : "needs a recording with --locks all";
}

static int tell(struct findings *findings, const struct dwell_order_cycle *cycle)
{
	struct dwell_finding *finding = finding_new(findings, &rule_lock_order, 0, 0);
	char a[FINDING_TEXT], b[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%s is taken under %s, and the other way round",
		finding_what(a, findings, cycle->objects[1 % cycle->count]),
		finding_what(b, findings, cycle->objects[0]));
	finding->severity = DWELL_SEVERITY_MEDIUM;
	finding->at_ns = cycle->at_ns;
	for (size_t i = 0; i < cycle->count; i++)
		finding_task(finding, cycle->tasks[i]);
	for (size_t i = 0; i < cycle->count && i < 4; i++) {
		finding_number(finding, "held", DWELL_EVIDENCE_OBJECT, cycle->objects[i]);
		finding_number(finding, "next taken by", DWELL_EVIDENCE_TASK, cycle->tasks[i]);
		finding_number(finding, "at", DWELL_EVIDENCE_SITE, cycle->stacks[i]);
	}
	return DWELL_OK;
}

static int find(struct findings *findings)
{
	const struct dwell_locks *locks = findings->answer->locks;
	int err = DWELL_OK;

	for (size_t i = 0; i < locks->cycle_count && !err; i++)
		err = tell(findings, &locks->cycles[i]);
	return err;
}

const struct rule rule_lock_order = { "lock-order-cycle", cannot, find };

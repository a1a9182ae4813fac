/* A lock that is handed from one waiter to the next: docs/findings.md. */
#include "analysis/findings.h"

/* What is not explained by what its holders waited for, or by their not running. */
static uint64_t busy_ns(const struct dwell_lock_row *lock)
{
	uint64_t other_ns = 0;

	for (size_t i = 0; i < lock->holder_count; i++)
		other_ns += lock->holders[i].preempted_ns + lock->holders[i].late_ns +
			    lock->holders[i].times.blocked_ns;
	return lock->waits.total_ns > other_ns ? lock->waits.total_ns - other_ns : 0;
}

static int tell(struct findings *findings, const struct dwell_lock_row *lock, uint64_t lost_ns)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_lock_convoy, lost_ns, lock->convoy.start_ns);
	char what[FINDING_TEXT], ns[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%s was handed from one waiter to the next: %u tasks waited %s",
		finding_what(what, findings, lock->object), lock->waiters,
		finding_ns(ns, lock->waits.total_ns));
	for (size_t i = 0; i < lock->holder_count; i++)
		finding_task(finding, lock->holders[i].task);
	finding_number(finding, "lock", DWELL_EVIDENCE_OBJECT, lock->object);
	finding_number(finding, "convoys", DWELL_EVIDENCE_COUNT, lock->convoys);
	finding_number(finding, "in convoys", DWELL_EVIDENCE_NS, lock->convoy_ns);
	finding_number(
		finding, "hand-overs of the longest", DWELL_EVIDENCE_COUNT, lock->convoy.handovers);
	finding_number(finding, "longest queue", DWELL_EVIDENCE_COUNT, lock->convoy.longest_queue);
	finding_number(finding, "median wait", DWELL_EVIDENCE_NS, lock->waits.p50_ns);
	finding_number(finding, "waits", DWELL_EVIDENCE_COUNT, lock->contended);
	finding_number(finding, "waited for at", DWELL_EVIDENCE_SITE, lock->stack);
	if (lock->holder_count)
		finding_number(finding, "released at", DWELL_EVIDENCE_SITE, lock->holders[0].stack);
	return DWELL_OK;
}

/* A twentieth of the window at least, and a fifth of the time waited. */
static int find(struct findings *findings)
{
	const struct dwell_locks *locks = findings->answer->locks;
	int err = DWELL_OK;

	for (size_t i = 0; i < locks->count && !err; i++) {
		const struct dwell_lock_row *lock = &locks->rows[i];
		const uint64_t lost_ns = busy_ns(lock);

		if (lock->convoys && lock->convoy_ns >= findings->length_ns / 20 &&
			lost_ns >= lock->waits.total_ns / 5 && finding_matters(findings, lost_ns))
			err = tell(findings, lock, lost_ns);
	}
	return err;
}

const struct rule rule_lock_convoy = { "lock-convoy", NULL, find };

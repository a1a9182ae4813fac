/* An event loop that was away from its events: docs/findings.md. */
#include "analysis/findings.h"

static int tell(struct findings *findings, uint32_t task, const struct loop *loop)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_loop_blocked, loop->long_ns, loop->longest_at_ns);
	const uint64_t others = loop->turns - loop->long_turns;
	char who[FINDING_TEXT], ns[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%s did not come back to its event loop for %s: it %s",
		finding_who(who, findings, task), finding_ns(ns, loop->longest_ns),
		loop->longest_blocked ? "was blocked" : "ran");
	finding_task(finding, task);
	finding_number(finding, "loop of", DWELL_EVIDENCE_TASK, task);
	finding_number(finding, "longest turn", DWELL_EVIDENCE_NS, loop->longest_ns);
	finding_number(finding, "long turns", DWELL_EVIDENCE_COUNT, loop->long_turns);
	finding_number(finding, "turns", DWELL_EVIDENCE_COUNT, loop->turns);
	finding_number(finding, "mean of the others", DWELL_EVIDENCE_NS,
		(loop->turns_ns - loop->long_ns) / others);
	if (loop->longest_reason)
		finding_text(finding, "blocked on", dwell_reason_name(loop->longest_reason));
	if (loop->longest_blocked)
		finding_number(finding, "blocked at", DWELL_EVIDENCE_SITE, loop->longest_stack);
	finding_number(finding, "its loop", DWELL_EVIDENCE_SITE, loop->stack);
	return DWELL_OK;
}

/* Most turns are short, the long ones twenty times as long; and more than one waits for it: of whom
 * one other task alone wakes it serves that one. */
static bool is_held_up(const struct findings *findings, const struct loop *loop)
{
	const uint64_t others = loop->turns - loop->long_turns;

	if (!loop->long_turns || loop->long_turns > loop->turns / 10 ||
		!loop_is_one(&findings->watch->loops, loop))
		return false;
	if (findings->answer->trace.has_wakes ? !loop->many
					      : stack_serves_one(findings->catalog, loop->stack))
		return false;
	return (loop->turns_ns - loop->long_ns) / others <= LONG_TURN_NS / 20 &&
	       finding_matters(findings, loop->long_ns);
}

static int find(struct findings *findings)
{
	int err = DWELL_OK;

	for (uint32_t id = 1; id < findings->watch->loops.tasks.end && !err; id++) {
		const struct loop *loop = table_get(&findings->watch->loops.tasks, id);

		if (loop && is_held_up(findings, loop))
			err = tell(findings, id, loop);
	}
	return err;
}

const struct rule rule_loop_blocked = { "event-loop-blocked", NULL, find };

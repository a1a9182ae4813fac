/* Locks that the more urgent wait for while the less urgent run: docs/findings.md. */
#include "analysis/findings.h"

static const char *cannot(const struct findings *findings)
{
	if (!findings->model->tally.by_kind[DWELL_EVENT_PRIORITY])
		return "priorities were not recorded";
	return findings->answer->trace.has_switches ? NULL : "switches were not recorded";
}

static const struct watch_task *known(const struct findings *findings, uint32_t task)
{
	const struct watch_task *of = table_get(&findings->watch->tasks, task);

	return of && of->has_priority ? of : NULL;
}

/* Who ran while the holder was ready: less urgent than who waits, more so than the holder. */
static uint32_t between(
	const struct findings *findings, const struct watch_object *object, uint32_t holder)
{
	const struct dwell_latency *latency = findings->answer->latency;
	const struct watch_task *held = known(findings, holder);

	for (size_t i = 0; held && i < latency->worst_count; i++) {
		const struct dwell_worst *worst = &latency->worst[i];

		for (size_t j = 0; worst->task == holder && j < worst->ran_count; j++) {
			const uint32_t ran = worst->ran_instead[j].kind == DWELL_OCCUPANT_TASK
						     ? worst->ran_instead[j].task
						     : 0;
			const struct watch_task *of = ran ? known(findings, ran) : NULL;

			if (of && of->priority < held->priority &&
				of->priority > object->inverted_priority)
				return ran;
		}
	}
	return 0;
}

static int tell(struct findings *findings, const struct dwell_lock_row *lock,
	const struct watch_object *object, const struct lock_blame *blame, uint32_t ran)
{
	const uint32_t holder = blame->most->task;
	const uint64_t lost_ns = blame->ns < object->inverted_ns ? blame->ns : object->inverted_ns;
	struct dwell_finding *finding = finding_new(
		findings, &rule_priority_inversion, lost_ns, blame->most->preempted.at_ns);
	char who[FINDING_TEXT], by[FINDING_TEXT], what[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%s waited for %s, whose holder did not run: %s, less urgent, did",
		finding_who(who, findings, object->inverted_task),
		finding_lock(what, findings, lock), finding_who(by, findings, ran));
	finding_task(finding, object->inverted_task);
	finding_task(finding, holder);
	finding_task(finding, ran);
	finding_number(finding, "lock", DWELL_EVIDENCE_OBJECT, lock->object);
	finding_number(finding, "waits", DWELL_EVIDENCE_TASK, object->inverted_task);
	finding_number(
		finding, "its priority", DWELL_EVIDENCE_COUNT, (uint64_t)object->inverted_priority);
	finding_number(finding, "holder", DWELL_EVIDENCE_TASK, holder);
	finding_number(finding, "the holder's", DWELL_EVIDENCE_COUNT,
		(uint64_t)known(findings, holder)->priority);
	finding_number(finding, "ran instead", DWELL_EVIDENCE_TASK, ran);
	finding_number(finding, "that one's", DWELL_EVIDENCE_COUNT,
		(uint64_t)known(findings, ran)->priority);
	finding_number(finding, "longest stretch", DWELL_EVIDENCE_NS, blame->most->preempted.ns);
	finding_number(finding, "waited for at", DWELL_EVIDENCE_SITE, object->inverted_stack);
	finding_number(finding, "released at", DWELL_EVIDENCE_SITE, blame->most->stack);
	return DWELL_OK;
}

static int find(struct findings *findings)
{
	enum { LEAST_PERCENT = 30 };
	const struct dwell_locks *locks = findings->answer->locks;
	int err = DWELL_OK;

	for (size_t i = 0; i < locks->count && !err; i++) {
		const struct dwell_lock_row *lock = &locks->rows[i];
		const struct watch_object *object =
			lock->object ? table_get(&findings->watch->objects, lock->object) : NULL;
		const struct lock_blame blame = lock_preempted(lock);
		uint32_t ran;

		if (!object || !object->inverted_ns || !blame.most ||
			!finding_matters(findings, blame.ns) ||
			!finding_matters(findings, object->inverted_ns) ||
			blame.ns < lock->waits.total_ns / 100 * LEAST_PERCENT)
			continue;
		ran = between(findings, object, blame.most->task);
		if (ran)
			err = tell(findings, lock, object, &blame, ran);
	}
	return err;
}

const struct rule rule_priority_inversion = { "priority-inversion", cannot, find };

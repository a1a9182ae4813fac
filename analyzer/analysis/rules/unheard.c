/* Signals that came before the wait that was for them: docs/findings.md. */
#include <string.h>

#include "analysis/findings.h"
#include "dwell/leaks.h"

/* The recorder tells of signals that nobody waited for since it has this note. */
static const char *cannot(const struct findings *findings)
{
	for (size_t i = 0; i < dwell_catalog_notes(findings->catalog); i++) {
		const struct dwell_string key = dwell_catalog_note(findings->catalog, i)->key;

		if (key.size == 7 && !memcmp(key.at, "signals", 7))
			return NULL;
	}
	return "signals that nobody waited for are not recorded";
}

/* It waits for ever. */
static int tell_forever(struct findings *findings, const struct dwell_leak *leak)
{
	const struct dwell_leak_step *step = &leak->steps[0];
	uint32_t behind = 0;
	const uint64_t lost_ns =
		leak->lost_ns + leak_behind(findings->answer->leaks, leak, &behind);
	struct dwell_finding *finding =
		finding_new(findings, &rule_lost_wakeup, lost_ns, step->unheard_ns);
	char who[FINDING_TEXT], by[FINDING_TEXT], ns[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%s waits for ever: %s signalled %s before it waited",
		finding_who(who, findings, step->task),
		finding_who(by, findings, step->unheard_task),
		finding_ns(ns, step->since_ns - step->unheard_ns));
	for (uint32_t i = 0; i < leak->count; i++)
		finding_task(finding, leak->tasks[i]);
	finding_task(finding, step->unheard_task);
	finding_number(finding, "waits", DWELL_EVIDENCE_TASK, step->task);
	finding_number(finding, "tasks", DWELL_EVIDENCE_COUNT, leak->count);
	finding_number(finding, "for", DWELL_EVIDENCE_OBJECT, step->object);
	finding_number(finding, "at", DWELL_EVIDENCE_SITE, step->stack);
	finding_number(finding, "signalled by", DWELL_EVIDENCE_TASK, step->unheard_task);
	finding_number(finding, "signalled at", DWELL_EVIDENCE_SITE, step->unheard_stack);
	if (behind)
		finding_number(finding, "behind it", DWELL_EVIDENCE_COUNT, behind);
	finding->severity = DWELL_SEVERITY_HIGH;
	return DWELL_OK;
}

/* Its time limits save it. */
static int tell_late(struct findings *findings, uint32_t id, const struct watch_object *object)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_lost_wakeup, object->late_ns, object->late_at_ns);
	char who[FINDING_TEXT], what[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding,
		"%s waited for %s until its time limit %llu times, as signals came before",
		finding_who(who, findings, object->late_task), finding_what(what, findings, id),
		(unsigned long long)object->late);
	finding_task(finding, object->late_task);
	finding_task(finding, object->unheard_task);
	finding_number(finding, "for", DWELL_EVIDENCE_OBJECT, id);
	finding_number(finding, "times", DWELL_EVIDENCE_COUNT, object->late);
	finding_number(finding, "waits at", DWELL_EVIDENCE_SITE, object->late_stack);
	finding_number(finding, "signalled by", DWELL_EVIDENCE_TASK, object->unheard_task);
	finding_number(finding, "signalled at", DWELL_EVIDENCE_SITE, object->unheard_stack);
	return DWELL_OK;
}

static int find(struct findings *findings)
{
	enum { TIMES = 3, OTHERS = 4 };
	const struct dwell_leaks *leaks = findings->answer->leaks;
	int err = DWELL_OK;

	for (size_t i = 0; i < leaks->count && !err; i++)
		if (leaks->rows[i].kind == DWELL_LEAK_WAITS_FOREVER &&
			leaks->rows[i].why == DWELL_FOREVER_UNHEARD)
			err = tell_forever(findings, &leaks->rows[i]);
	for (uint32_t id = 1; id < findings->watch->objects.end && !err; id++) {
		const struct watch_object *object = table_get(&findings->watch->objects, id);

		if (object && object->late >= TIMES && object->in_time <= object->late / OTHERS &&
			finding_matters(findings, object->late_ns))
			err = tell_late(findings, id, object);
	}
	return err;
}

const struct rule rule_lost_wakeup = { "lost-wakeup", cannot, find };

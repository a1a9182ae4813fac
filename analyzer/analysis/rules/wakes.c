/* Wakes that cost more than they bring: docs/findings.md. */
#include "analysis/findings.h"

/*
 * Of those woken together most went back at once, and for every second crowd somebody did not:
 * tasks in lock-step, which all go on for a moment, are no herd.
 */
static bool is_herd(const struct watch_object *object)
{
	enum { BURSTS = 10 };

	return object->bursts >= BURSTS && object->vain >= object->crowded / 2 &&
	       object->wakes - object->vain >= object->bursts / 2;
}

static int tell_herd(struct findings *findings, uint32_t id, const struct watch_object *object)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_thundering_herd, object->vain_ns, object->at_ns);
	char what[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "up to %u tasks were woken at once for %s: %llu wakes were in vain",
		object->most, finding_what(what, findings, id), (unsigned long long)object->vain);
	finding_task(finding, object->waker);
	finding_task(finding, object->task);
	finding_number(finding, "object", DWELL_EVIDENCE_OBJECT, id);
	finding_number(finding, "wakes in crowds", DWELL_EVIDENCE_COUNT, object->crowded);
	finding_number(finding, "in vain", DWELL_EVIDENCE_COUNT, object->vain);
	finding_number(finding, "largest crowd", DWELL_EVIDENCE_COUNT, object->most);
	finding_number(finding, "woken by", DWELL_EVIDENCE_TASK, object->waker);
	finding_number(finding, "woken at", DWELL_EVIDENCE_SITE, object->waker_stack);
	finding_number(finding, "waits at", DWELL_EVIDENCE_SITE, object->stack);
	return DWELL_OK;
}

/*
 * By the time that is seen; or by their number, as where wakes were not recorded the time from one
 * to the moment the task ran is not seen.
 */
static bool herd_matters(const struct findings *findings, const struct watch_object *object)
{
	const uint64_t ms_ns = 1000000, many = 1000;

	return (object->vain_ns >= ms_ns && object->vain_ns >= findings->length_ns / 1000) ||
	       (object->vain >= many && object->vain >= findings->length_ns / ms_ns);
}

/* A futex that goes from one to the next: who gives it up and takes it again wakes one after the
 * other. */
static bool is_handed_on(const struct findings *findings, uint32_t id)
{
	const struct dwell_locks *locks = findings->answer->locks;

	for (size_t i = 0; i < locks->count; i++)
		if (locks->rows[i].object == id)
			return locks->rows[i].reason == DWELL_REASON_FUTEX;
	return false;
}

static int find_herds(struct findings *findings)
{
	int err = DWELL_OK;

	for (uint32_t id = 1; id < findings->watch->objects.end && !err; id++) {
		const struct watch_object *object = table_get(&findings->watch->objects, id);

		if (object && is_herd(object) && herd_matters(findings, object) &&
			!is_handed_on(findings, id))
			err = tell_herd(findings, id, object);
	}
	return err;
}

const struct rule rule_thundering_herd = { "thundering-herd", NULL, find_herds };

static const char *cannot_turn(const struct findings *findings)
{
	return findings->answer->trace.has_wakes ? NULL : "wakes were not recorded";
}

/* What the two were alive and neither of them ran. */
static uint64_t between(const struct watch_task *a, const struct watch_task *b)
{
	const uint64_t lived_ns = a->lived_ns < b->lived_ns ? a->lived_ns : b->lived_ns;
	const uint64_t running_ns = a->running_ns + b->running_ns;

	return lived_ns > running_ns ? lived_ns - running_ns : 0;
}

static int tell_turns(struct findings *findings, uint32_t id, const struct watch_task *task,
	const struct watch_task *partner, uint64_t lost_ns)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_ping_pong, lost_ns, findings->model->from_ns);
	char who[FINDING_TEXT], other[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%s and %s woke each other %llu times, mostly on another CPU",
		finding_who(who, findings, id), finding_who(other, findings, task->most_partner),
		(unsigned long long)task->most_turns);
	finding_task(finding, id);
	finding_task(finding, task->most_partner);
	finding_number(finding, "one", DWELL_EVIDENCE_TASK, id);
	finding_number(finding, "the other", DWELL_EVIDENCE_TASK, task->most_partner);
	finding_number(finding, "turns", DWELL_EVIDENCE_COUNT, task->most_turns);
	finding_number(finding, "on another CPU", DWELL_EVIDENCE_COUNT, task->most_moved);
	finding_number(
		finding, "both ran", DWELL_EVIDENCE_NS, task->running_ns + partner->running_ns);
	return DWELL_OK;
}

/* A thousand turns a second, most of them from one CPU to another. */
static int find_turns(struct findings *findings)
{
	int err = DWELL_OK;

	for (uint32_t id = 1; id < findings->watch->tasks.end && !err; id++) {
		const struct watch_task *task = table_get(&findings->watch->tasks, id);
		const struct watch_task *partner =
			task ? table_get(&findings->watch->tasks, task->most_partner) : NULL;
		uint64_t lost_ns;

		if (!partner || task->most_partner < id || task->most_turns < WATCH_TURNS ||
			task->most_moved < task->most_turns / 2 ||
			task->most_turns < task->lived_ns / 1000000)
			continue;
		lost_ns = between(task, partner);
		if (finding_matters(findings, lost_ns))
			err = tell_turns(findings, id, task, partner, lost_ns);
	}
	return err;
}

const struct rule rule_ping_pong = { "ping-pong", cannot_turn, find_turns };

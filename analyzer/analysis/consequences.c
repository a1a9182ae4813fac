/* Findings that say the same of many, and findings that follow from others: docs/findings.md. */
#include <string.h>

#include "analysis/findings.h"
#include "dwell/names.h"

static bool is_of(const struct dwell_finding *finding, const struct rule *rule)
{
	return finding->rule == rule->name;
}

static bool tells_of_locks(const struct dwell_finding *finding)
{
	return is_of(finding, &rule_lock_convoy) || is_of(finding, &rule_holder_in_io) ||
	       is_of(finding, &rule_holder_asleep) || is_of(finding, &rule_blocking_call) ||
	       is_of(finding, &rule_holder_preempted);
}

static const struct dwell_evidence *evidence_of(
	const struct dwell_finding *finding, const char *name)
{
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (!strcmp(finding->evidence[i].name, name))
			return &finding->evidence[i];
	return NULL;
}

static uint64_t number_of(const struct dwell_finding *finding, const char *name)
{
	const struct dwell_evidence *evidence = evidence_of(finding, name);

	return evidence ? evidence->value : 0;
}

/* Of one task, not of a place where others wait as well. */
static bool tells_of_task(const struct dwell_finding *finding)
{
	return is_of(finding, &rule_starvation) ||
	       (is_of(finding, &rule_busy_polling) && evidence_of(finding, "yields"));
}

/* The place that a finding's line shows: stacks differ in who called it. */
static const char *place_of(char out[DWELL_NAME_SIZE], const struct findings *findings,
	const struct dwell_finding *finding, const char *name)
{
	return dwell_name_site(out, findings->catalog, (uint32_t)number_of(finding, name));
}

static bool is_same_place(const struct findings *findings, const struct dwell_finding *a,
	const struct dwell_finding *b, const char *name)
{
	char x[DWELL_NAME_SIZE], y[DWELL_NAME_SIZE];

	return number_of(a, name) == number_of(b, name) ||
	       !strcmp(place_of(x, findings, a, name), place_of(y, findings, b, name));
}

/* Locks waited for and given up at the same places; tasks that are one of a class. */
static bool are_alike(const struct findings *findings, const struct dwell_finding *a,
	const struct dwell_finding *b)
{
	const char *const at = "waited for at", *const released = "released at";

	if (a->rule != b->rule)
		return false;
	if (tells_of_task(a))
		return tells_of_task(b) &&
		       group_of(findings->catalog, DWELL_BY_CLASS, a->tasks[0]) ==
			       group_of(findings->catalog, DWELL_BY_CLASS, b->tasks[0]);
	return tells_of_locks(a) && number_of(a, at) && is_same_place(findings, a, b, at) &&
	       is_same_place(findings, a, b, released);
}

static void say_more(struct dwell_finding *of, unsigned more)
{
	const bool is_tasks = tells_of_task(of);
	const size_t size = strlen(of->title);
	struct dwell_finding said = { .evidence_count = 0 };

	finding_title(&said, "; and %u more %s%s like it", more, is_tasks ? "task" : "lock",
		more == 1 ? "" : "s");
	if (size + strlen(said.title) < sizeof(of->title))
		memcpy(of->title + size, said.title, strlen(said.title) + 1);
	finding_number(of, is_tasks ? "more tasks like it" : "more locks like it",
		DWELL_EVIDENCE_COUNT, more);
}

/* The costliest of those that are alike tells of all. Rows are in order, the costliest first. */
void findings_fold(struct findings *findings)
{
	struct dwell_findings *out = findings->out;
	size_t kept = 0;

	for (size_t i = 0; i < out->count; i++) {
		struct dwell_finding *row = &out->rows[i];
		size_t first = 0;

		while (first < kept && !are_alike(findings, &out->rows[first], row))
			first++;
		if (first == kept) {
			out->rows[kept++] = *row;
			continue;
		}
		out->rows[first].lost_ns += row->lost_ns;
		out->rows[first].alike++;
		for (size_t k = 0; k < row->task_count; k++)
			finding_task(&out->rows[first], row->tasks[k]);
	}
	out->count = kept;
	for (size_t i = 0; i < kept; i++)
		if (out->rows[i].alike)
			say_more(&out->rows[i], out->rows[i].alike);
}

static uint32_t process_of(const struct findings *findings, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(findings->catalog, id);

	return task ? task->process : 0;
}

/* Too many tasks for the CPUs: then some are ready for long, and some of them hold a lock. */
static bool explains(const struct findings *findings, const struct dwell_finding *cause,
	const struct dwell_finding *finding)
{
	const uint32_t other = (uint32_t)number_of(finding, "ran instead");

	if (is_of(cause, &rule_oversubscription) || is_of(cause, &rule_queue_grows))
		return process_of(findings, cause->tasks[0]) ==
		       process_of(findings, finding->tasks[0]);
	return is_of(cause, &rule_noisy_neighbours) && is_of(finding, &rule_starvation) && other &&
	       !dwell_catalog_recorded(findings->catalog, other);
}

/* What follows from another comes after it, however long it took. */
void findings_relate(struct findings *findings)
{
	struct dwell_findings *out = findings->out;

	for (size_t i = 0; i < out->count; i++)
		out->rows[i].ranked_ns = out->rows[i].lost_ns;
	for (size_t i = 0; i < out->count; i++) {
		struct dwell_finding *row = &out->rows[i];

		if (!is_of(row, &rule_starvation) && !is_of(row, &rule_holder_preempted))
			continue;
		for (size_t k = 0; k < out->count && !row->follows; k++) {
			if (!explains(findings, &out->rows[k], row))
				continue;
			row->follows = true;
			finding_text(row, "follows from", out->rows[k].rule);
			if (out->rows[k].lost_ns < row->ranked_ns)
				row->ranked_ns = out->rows[k].lost_ns;
		}
	}
}

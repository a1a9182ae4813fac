/* A task that asks again and again: docs/findings.md. */
#include "analysis/findings.h"

/* Hardly anything is done between two of the waits. */
static bool does_nothing(const struct findings *findings, const struct dwell_blocked_row *row)
{
	const uint64_t little_ns = 25000;
	const struct watch_task *task = table_get(&findings->watch->tasks, row->first_task);
	const uint64_t waits = row->waits.count / row->tasks;

	/* Who wakes another at every fourth turn paces work. */
	return task && task->running_ns / waits < little_ns && task->ended < waits / 4;
}

/* A runtime's own: Go's watches the others so, and nobody can help it. */
static bool is_of_runtime(const struct findings *findings, uint32_t stack)
{
	struct dwell_frame frames[32];
	size_t count = stack ? dwell_catalog_frames(findings->catalog, stack, frames, 32) : 0;
	bool of_runtime = count;

	for (size_t i = 0; i < count && i < 32; i++)
		of_runtime &= dwell_frame_is_common(&frames[i]);
	return of_runtime;
}

/* Short waits for a moment, many of them. */
static bool is_polling(const struct findings *findings, const struct dwell_blocked_row *row)
{
	enum { COUNT = 100 };
	const uint64_t short_ns = 2000000;
	const bool for_time =
		row->reason == DWELL_REASON_SLEEP || row->timed_out > row->waits.count / 2;

	return for_time && row->waits.count >= COUNT && row->waits.count >= row->tasks &&
	       row->waits.p50_ns < short_ns && does_nothing(findings, row) &&
	       !is_of_runtime(findings, row->stack);
}

static int tell(struct findings *findings, const struct dwell_blocked_row *row)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_busy_polling, row->waits.total_ns, row->first_ns);
	char who[FINDING_TEXT], ns[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%s woke %llu times to ask again, after %s each",
		finding_who(who, findings, row->first_task), (unsigned long long)row->waits.count,
		finding_ns(ns, row->waits.p50_ns));
	finding_task(finding, row->first_task);
	finding_text(finding, "reason", dwell_reason_name(row->reason));
	finding_number(finding, "wakes", DWELL_EVIDENCE_COUNT, row->waits.count);
	finding_number(finding, "median wait", DWELL_EVIDENCE_NS, row->waits.p50_ns);
	finding_number(finding, "tasks", DWELL_EVIDENCE_COUNT, row->tasks);
	finding_number(finding, "on", DWELL_EVIDENCE_OBJECT, row->object);
	finding_number(finding, "at", DWELL_EVIDENCE_SITE, row->stack);
	return DWELL_OK;
}

static int tell_yields(struct findings *findings, uint32_t id, const struct watch_task *task)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_busy_polling, task->yielded_ns, task->yielded_at_ns);
	char who[FINDING_TEXT], ns[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%s gave its CPU away %llu times, and ran for %s in between",
		finding_who(who, findings, id), (unsigned long long)task->yields,
		finding_ns(ns, task->yielded_ns));
	finding_task(finding, id);
	finding_number(finding, "yields", DWELL_EVIDENCE_COUNT, task->yields);
	finding_number(finding, "ran in all", DWELL_EVIDENCE_NS, task->running_ns);
	finding_number(finding, "at", DWELL_EVIDENCE_SITE, task->yield_stack);
	return DWELL_OK;
}

/* A coroutine gives way to others by nature. */
static bool is_thread(const struct findings *findings, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(findings->catalog, id);

	return task && task->kind == DWELL_TASK_THREAD;
}

/* Threads that spin, but for a call that lets others run. */
static int find_yields(struct findings *findings)
{
	int err = DWELL_OK;

	for (uint32_t id = 1; id < findings->watch->tasks.end && !err; id++) {
		const struct watch_task *task = table_get(&findings->watch->tasks, id);

		if (task && task->yields >= WATCH_YIELDS && is_thread(findings, id) &&
			task->yields >= task->lived_ns / 1000000 &&
			finding_matters(findings, task->yielded_ns))
			err = tell_yields(findings, id, task);
	}
	return err;
}

static int find(struct findings *findings)
{
	const struct dwell_blocked *blocked = findings->answer->blocked;
	int err = find_yields(findings);

	for (size_t i = 0; i < blocked->count && !err; i++) {
		const struct dwell_blocked_row *row = &blocked->rows[i];
		const uint64_t life_ns = row->last_ns - row->first_ns;

		/* For most of the time from the first to the last. */
		if (is_polling(findings, row) && row->waits.count >= life_ns / 5000000 &&
			finding_matters(findings, row->waits.total_ns))
			err = tell(findings, row);
	}
	return err;
}

const struct rule rule_busy_polling = { "busy-polling", NULL, find };

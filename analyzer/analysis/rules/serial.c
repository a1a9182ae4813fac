/* One task runs while others wait for it and CPUs are free: docs/findings.md. A lock that they wait
 * for explains it, and is told before. */
#include <stdlib.h>

#include "analysis/findings.h"

static const char *cannot(const struct findings *findings)
{
	if (!findings->answer->trace.has_switches)
		return "switches were not recorded";
	return findings->cpus > 1 ? NULL : "there is one CPU";
}

/* One task ran or was ready, the leader nearly all of the time, and two or more waited for others.
 */
static bool is_alone(const struct watch_stretch *s, uint64_t ns)
{
	const uint64_t active_ns = s->running_ns + s->runnable_ns;

	return active_ns >= ns / 10 * 8 && active_ns <= ns / 10 * 12 &&
	       s->votes_ns >= s->running_ns / 10 * 8 && s->waiting_ns >= 2 * ns;
}

struct alone {
	uint64_t ns, at_ns, lost_ns;
	uint64_t task_ns; /* of ns, with this one as the leader */
	uint64_t waiting_ns, barrier_ns;
	uint32_t task;
};

/* All such stretches, and the task that was alone most often: by vote, as in each of them. */
static struct alone measure(const struct findings *findings, const struct watch_process *process)
{
	const uint64_t ns = findings->watch->stretch_ns;
	struct alone alone = { 0 };
	size_t first = 0, votes = 0;
	const size_t count = watch_stretches(findings->watch, process, &first);

	for (size_t i = first; i < first + count; i++) {
		const struct watch_stretch *s = &process->stretches[i];

		/* Ready all the while it had no vote. */
		if (!is_alone(s, ns) || !s->leader)
			continue;
		if (!votes)
			alone.task = s->leader;
		votes = alone.task == s->leader ? votes + 1 : votes - 1;
	}
	for (size_t i = first; i < first + count; i++) {
		const struct watch_stretch *s = &process->stretches[i];
		uint64_t waiting_ns = s->waiting_ns;

		if (!is_alone(s, ns))
			continue;
		if (!alone.ns)
			alone.at_ns = findings->model->from_ns + i * ns;
		alone.ns += ns;
		alone.waiting_ns += s->waiting_ns;
		alone.barrier_ns += s->barrier_ns;
		alone.task_ns += s->leader == alone.task ? ns : 0;
		/* No more of them could have run than there are other CPUs. */
		if (waiting_ns > (findings->cpus - 1) * ns)
			waiting_ns = (findings->cpus - 1) * ns;
		alone.lost_ns += waiting_ns;
	}
	return alone;
}

/*
 * Others waited for this task, not for work: at a barrier, or it was the one that ran alone mostly,
 * and ended waits of two or more that were that long. Who had nothing to do then has lost nothing:
 * it waited for the end.
 */
static bool was_waited_for(const struct findings *findings, const struct alone *alone)
{
	const struct watch_task *task = table_get(&findings->watch->tasks, alone->task);

	if (!task)
		return false;
	if (alone->barrier_ns > alone->waiting_ns / 2)
		return true;
	return task->waiter_count >= 2 && alone->task_ns > alone->ns / 2 &&
	       task->ended_ns >= 2 * alone->task_ns &&
	       watch_led_ns(findings->watch, alone->task) >= alone->task_ns / 20;
}

static int tell_alone(struct findings *findings, const struct alone *alone)
{
	const struct watch_task *task = table_get(&findings->watch->tasks, alone->task);
	struct dwell_finding *finding =
		finding_new(findings, &rule_serial_stretch, alone->lost_ns, alone->at_ns);
	char who[FINDING_TEXT], ns[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%s ran alone for %s, while others waited for it",
		finding_who(who, findings, alone->task), finding_ns(ns, alone->ns));
	finding_task(finding, alone->task);
	for (uint32_t i = 0; i < task->waiter_count; i++)
		finding_task(finding, task->waiters[i]);
	finding_number(finding, "ran alone", DWELL_EVIDENCE_TASK, alone->task);
	finding_number(finding, "for", DWELL_EVIDENCE_NS, alone->ns);
	finding_number(finding, "waits that it ended", DWELL_EVIDENCE_NS, task->ended_ns);
	return DWELL_OK;
}

/* That it was alone is told already, with the reason: it held a lock, or had most of the work. */
static bool is_explained(const struct findings *findings, const struct alone *alone)
{
	for (size_t i = 0; i < findings->out->count; i++)
		if (findings->out->rows[i].rule == rule_imbalance.name &&
			findings->out->rows[i].tasks[0] == alone->task)
			return true;
	return lock_told_ns(findings, alone->task) > alone->waiting_ns / 2;
}

static int find_serial(struct findings *findings)
{
	int err = DWELL_OK;

	for (uint32_t id = 1; id < findings->watch->processes.end && !err; id++) {
		const struct watch_process *process = table_get(&findings->watch->processes, id);
		struct alone alone;

		if (!process || !process->stretches)
			continue;
		alone = measure(findings, process);
		if (alone.ns >= 50000000 && alone.ns >= (process->end_ns - process->begin_ns) / 5 &&
			was_waited_for(findings, &alone) && !is_explained(findings, &alone) &&
			finding_matters(findings, alone.lost_ns))
			err = tell_alone(findings, &alone);
	}
	return err;
}

const struct rule rule_serial_stretch = { "serial-stretch", cannot, find_serial };

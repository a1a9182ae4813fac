/* One task runs while others wait for it and CPUs are free; work that is shared out unevenly:
 * docs/findings.md. A lock that they wait for explains both, and is told before. */
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

/* The workers of a process: tasks of one class. */
struct team {
	uint32_t count, busiest;
	uint64_t total_ns, most_ns;         /* running; of the busiest */
	uint64_t ready_ns;                  /* of the busiest: others had its CPU */
	uint64_t begin_ns, end_ns, last_ns; /* last: the last one was created */
};

static uint64_t waited(const struct dwell_tasks_row *row)
{
	return row->blocked_by[DWELL_REASON_BARRIER] + row->blocked_by[DWELL_REASON_COND] +
	       row->blocked_by[DWELL_REASON_JOIN] + row->blocked_by[DWELL_REASON_SEMAPHORE] +
	       row->blocked_by[DWELL_REASON_FUTEX] + row->blocked_by[DWELL_REASON_CHANNEL_RECEIVE];
}

/*
 * Who is it compared with? Not with its process's main thread, which is in one class with workers
 * only where nobody knows what these were started for.
 */
static bool is_of_team(
	const struct findings *findings, uint32_t task, uint32_t process, uint32_t class_id)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(findings->catalog, task);
	const struct dwell_catalog_process *in = dwell_catalog_process(findings->catalog, process);

	return of && of->process == process && of->class_id == class_id &&
	       !(in && of->kind == DWELL_TASK_THREAD && of->tid == in->pid);
}

static struct team measure_team(
	const struct findings *findings, uint32_t process, uint32_t class_id)
{
	const struct dwell_tasks *tasks = findings->answer->tasks;
	struct team team = { .begin_ns = DWELL_FOREVER };

	for (size_t i = 0; i < tasks->count; i++) {
		const struct dwell_tasks_row *row = &tasks->rows[i];
		const uint64_t end_ns = row->ended_ns == DWELL_FOREVER
						? findings->answer->trace.end_ns
						: row->ended_ns;

		if (!is_of_team(findings, row->task, process, class_id))
			continue;
		team.count++;
		team.total_ns += row->times.running_ns;
		if (row->created_ns > team.last_ns)
			team.last_ns = row->created_ns;
		if (row->created_ns < team.begin_ns)
			team.begin_ns = row->created_ns;
		if (end_ns > team.end_ns)
			team.end_ns = end_ns;
		if (row->times.running_ns >= team.most_ns) {
			team.most_ns = row->times.running_ns;
			team.ready_ns = row->times.runnable_ns;
			team.busiest = row->task;
		}
	}
	return team;
}

/* What the others of the team waited, or did not live any more, while the busiest went on. */
static uint64_t idle_others(const struct findings *findings, uint32_t process, uint32_t class_id,
	const struct team *team)
{
	const struct dwell_tasks *tasks = findings->answer->tasks;
	uint64_t idle_ns = 0;

	for (size_t i = 0; i < tasks->count; i++) {
		const struct dwell_tasks_row *row = &tasks->rows[i];

		if (!is_of_team(findings, row->task, process, class_id) ||
			row->task == team->busiest)
			continue;
		idle_ns += waited(row);
		if (row->ended_ns < team->end_ns)
			idle_ns += team->end_ns - row->ended_ns;
	}
	return idle_ns;
}

static int tell_team(struct findings *findings, const struct team *team, uint64_t lost_ns)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_imbalance, lost_ns, team->begin_ns);
	const uint64_t mean_ns = (team->total_ns - team->most_ns) / (team->count - 1);
	char who[FINDING_TEXT], most[FINDING_TEXT], mean[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_who(who, findings, team->busiest);
	finding_ns(most, team->most_ns);
	finding_ns(mean, mean_ns);
	if (team->count == 2)
		finding_title(
			finding, "%s ran for %s, the other one like it for %s", who, most, mean);
	else
		finding_title(finding, "%s ran for %s, the other %u like it for %s each", who, most,
			team->count - 1, mean);
	finding_task(finding, team->busiest);
	finding_number(finding, "busiest", DWELL_EVIDENCE_TASK, team->busiest);
	finding_number(finding, "ran", DWELL_EVIDENCE_NS, team->most_ns);
	finding_number(finding, "others' mean", DWELL_EVIDENCE_NS, mean_ns);
	finding_number(finding, "tasks", DWELL_EVIDENCE_COUNT, team->count);
	return DWELL_OK;
}

static int judge_team(struct findings *findings, uint32_t process, uint32_t class_id)
{
	const struct team team = measure_team(findings, process, class_id);
	const uint64_t life_ns = team.end_ns - team.begin_ns;
	/* On a busy machine who waits for a CPU has not more work than the others. */
	const uint64_t free_ns = life_ns > team.ready_ns ? life_ns - team.ready_ns : 0;
	uint64_t idle_ns, lost_ns, mean_ns;

	/* Begun one after the other they are no team. */
	if (team.count < 2 || !team.total_ns || team.last_ns - team.begin_ns > life_ns / 4)
		return DWELL_OK;
	mean_ns = team.total_ns / team.count;
	idle_ns = idle_others(findings, process, class_id, &team);
	lost_ns = (team.most_ns - mean_ns) * (team.count - 1);
	/* They were ready: CPUs were shared out unevenly, not the work. */
	if (idle_ns < lost_ns / 2)
		return DWELL_OK;
	if (lost_ns > idle_ns)
		lost_ns = idle_ns;
	/* For a lock, not for work: that is told, and why. */
	if (lock_told_ns(findings, team.busiest) > idle_ns / 2)
		return DWELL_OK;
	/* It ran for most of their life, half more than the mean, and the others had nothing to do.
	 */
	if (team.most_ns < 50000000 || team.most_ns < free_ns / 10 * 6 ||
		team.most_ns < mean_ns + mean_ns / 2 || team.most_ns - mean_ns < free_ns / 5 ||
		!finding_matters(findings, lost_ns))
		return DWELL_OK;
	return tell_team(findings, &team, lost_ns);
}

/* Once for each class of each process: at its first task in the list. */
static bool is_first_of_class(const struct findings *findings, size_t i)
{
	const struct dwell_tasks *tasks = findings->answer->tasks;
	const struct dwell_catalog_task *of =
		dwell_catalog_task(findings->catalog, tasks->rows[i].task);

	for (size_t j = 0; of && j < i; j++) {
		const struct dwell_catalog_task *other =
			dwell_catalog_task(findings->catalog, tasks->rows[j].task);

		if (other && other->process == of->process && other->class_id == of->class_id)
			return false;
	}
	return of;
}

static int find_imbalance(struct findings *findings)
{
	enum { MOST_TASKS = 2000 };
	const struct dwell_tasks *tasks = findings->answer->tasks;
	int err = DWELL_OK;

	for (size_t i = 0; i < tasks->count && i < MOST_TASKS && !err; i++) {
		const struct dwell_catalog_task *of =
			dwell_catalog_task(findings->catalog, tasks->rows[i].task);
		const struct watch_process *process =
			of ? table_get(&findings->watch->processes, of->process) : NULL;

		if (process && process->stretches && is_first_of_class(findings, i))
			err = judge_team(findings, of->process, of->class_id);
	}
	return err;
}

const struct rule rule_imbalance = { "imbalance", cannot, find_imbalance };

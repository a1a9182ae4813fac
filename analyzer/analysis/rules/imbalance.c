/* Work that is shared out unevenly: docs/findings.md. A lock that the others wait for explains it,
 * and is told before. */
#include <stdlib.h>

#include "analysis/findings.h"
#include "analysis/python.h"

static const char *cannot(const struct findings *findings)
{
	if (!findings->answer->trace.has_switches)
		return "switches were not recorded";
	return findings->cpus > 1 ? NULL : "there is one CPU";
}

static uint64_t job_of(const struct findings *findings, uint32_t id)
{
	const struct watch_task *task = table_get(&findings->watch->tasks, id);

	return task ? task->job : 0;
}

/* Tasks alike: of one process and class, and started for the same. */
struct alike {
	uint32_t process, class_id;
	bool python;  /* started by it, */
	uint64_t job; /* for this; 0: not known */
};

static struct alike alike_of(const struct findings *findings, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(findings->catalog, id);
	struct alike is = { 0 };

	if (task)
		is = (struct alike){ .process = task->process,
			.class_id = task->class_id,
			.python = python_starts(findings->catalog, id) };
	if (is.python)
		is.job = job_of(findings, id);
	return is;
}

/* The workers of a process: tasks that are alike. */
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
static bool is_of_team(const struct findings *findings, uint32_t task, const struct alike *alike)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(findings->catalog, task);
	const struct dwell_catalog_process *in =
		dwell_catalog_process(findings->catalog, alike->process);

	return of && of->process == alike->process && of->class_id == alike->class_id &&
	       !(in && of->kind == DWELL_TASK_THREAD && of->tid == in->pid) &&
	       (!alike->python || job_of(findings, task) == alike->job);
}

static struct team measure_team(const struct findings *findings, const struct alike *alike)
{
	const struct dwell_tasks *tasks = findings->answer->tasks;
	struct team team = { .begin_ns = DWELL_FOREVER };

	for (size_t i = 0; i < tasks->count; i++) {
		const struct dwell_tasks_row *row = &tasks->rows[i];
		const uint64_t end_ns = row->ended_ns == DWELL_FOREVER
						? findings->answer->trace.end_ns
						: row->ended_ns;

		if (!is_of_team(findings, row->task, alike))
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
static uint64_t idle_others(
	const struct findings *findings, const struct alike *alike, const struct team *team)
{
	const struct dwell_tasks *tasks = findings->answer->tasks;
	uint64_t idle_ns = 0;

	for (size_t i = 0; i < tasks->count; i++) {
		const struct dwell_tasks_row *row = &tasks->rows[i];

		if (!is_of_team(findings, row->task, alike) || row->task == team->busiest)
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

static int judge_team(struct findings *findings, const struct alike *alike)
{
	const struct team team = measure_team(findings, alike);
	const uint64_t life_ns = team.end_ns - team.begin_ns;
	/* On a busy machine who waits for a CPU has not more work than the others. */
	const uint64_t free_ns = life_ns > team.ready_ns ? life_ns - team.ready_ns : 0;
	uint64_t idle_ns, lost_ns, mean_ns;

	/* Begun one after the other they are no team. */
	if (team.count < 2 || !team.total_ns || team.last_ns - team.begin_ns > life_ns / 4)
		return DWELL_OK;
	mean_ns = team.total_ns / team.count;
	idle_ns = idle_others(findings, alike, &team);
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

static bool is_same(const struct alike *a, const struct alike *b)
{
	return a->process == b->process && a->class_id == b->class_id && a->python == b->python &&
	       a->job == b->job;
}

static int find_imbalance(struct findings *findings)
{
	enum { MOST_TASKS = 2000 };
	const struct dwell_tasks *tasks = findings->answer->tasks;
	const size_t most = tasks->count < MOST_TASKS ? tasks->count : (size_t)MOST_TASKS;
	struct alike *seen = calloc(most + 1, sizeof(*seen));
	size_t count = 0;
	int err = seen ? DWELL_OK : DWELL_ENOMEM;

	for (size_t i = 0; i < most && !err; i++) {
		const struct alike alike = alike_of(findings, tasks->rows[i].task);
		const struct watch_process *process =
			table_get(&findings->watch->processes, alike.process);
		size_t k = 0;

		while (k < count && !is_same(&seen[k], &alike))
			k++;
		if (k < count || !process || !process->stretches)
			continue;
		seen[count++] = alike;
		/* Nobody knows who is like one whose job is not known. */
		if (!alike.python || alike.job)
			err = judge_team(findings, &alike);
	}
	free(seen);
	return err;
}

const struct rule rule_imbalance = { "imbalance", cannot, find_imbalance };

/* Work that is shared out unevenly: docs/findings.md. A lock that the others wait for explains it,
 * and is told before. */
#include <stdlib.h>

#include "analysis/findings.h"

static const char *cannot(const struct findings *findings)
{
	if (!findings->answer->trace.has_switches)
		return "switches were not recorded";
	return findings->cpus > 1 ? NULL : "there is one CPU";
}

/* When the last of them ended, or the trace did. */
static uint64_t end_of(const struct findings *findings, const struct team *team)
{
	const uint64_t end_ns = findings->answer->trace.end_ns;

	return team->ended < team->count && end_ns > team->end_ns ? end_ns : team->end_ns;
}

/* What the others of the team waited, or did not live any more, while the busiest went on. */
static uint64_t idle_others(const struct team *team, uint64_t end_ns)
{
	const struct team_member *busiest = &team->busiest;
	uint64_t gone_ns = team->ended * end_ns - team->ends_ns;

	if (busiest->ended_ns < end_ns)
		gone_ns -= end_ns - busiest->ended_ns;
	return team->waited_ns - busiest->waited_ns + gone_ns;
}

static int tell_team(struct findings *findings, const struct team *team, uint64_t lost_ns)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_imbalance, lost_ns, team->begin_ns);
	const struct team_member *busiest = &team->busiest;
	const uint64_t mean_ns = (team->total_ns - busiest->running_ns) / (team->count - 1);
	char who[FINDING_TEXT], most[FINDING_TEXT], mean[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_who(who, findings, busiest->task);
	finding_ns(most, busiest->running_ns);
	finding_ns(mean, mean_ns);
	if (team->count == 2)
		finding_title(
			finding, "%s ran for %s, the other one like it for %s", who, most, mean);
	else
		finding_title(finding, "%s ran for %s, the other %u like it for %s each", who, most,
			team->count - 1, mean);
	finding_task(finding, busiest->task);
	finding_number(finding, "busiest", DWELL_EVIDENCE_TASK, busiest->task);
	finding_number(finding, "ran", DWELL_EVIDENCE_NS, busiest->running_ns);
	finding_number(finding, "others' mean", DWELL_EVIDENCE_NS, mean_ns);
	finding_number(finding, "tasks", DWELL_EVIDENCE_COUNT, team->count);
	return DWELL_OK;
}

static int judge_team(struct findings *findings, const struct team *team)
{
	const struct team_member *busiest = &team->busiest;
	const uint64_t end_ns = end_of(findings, team), life_ns = end_ns - team->begin_ns;
	/* On a busy machine who waits for a CPU has not more work than the others. */
	const uint64_t free_ns =
		life_ns > busiest->runnable_ns ? life_ns - busiest->runnable_ns : 0;
	uint64_t idle_ns, lost_ns, mean_ns;

	/* Begun one after the other they are no team. */
	if (team->count < 2 || !team->total_ns || team->last_ns - team->begin_ns > life_ns / 4)
		return DWELL_OK;
	mean_ns = team->total_ns / team->count;
	idle_ns = idle_others(team, end_ns);
	lost_ns = (busiest->running_ns - mean_ns) * (team->count - 1);
	/* They were ready: CPUs were shared out unevenly, not the work. */
	if (idle_ns < lost_ns / 2)
		return DWELL_OK;
	if (lost_ns > idle_ns)
		lost_ns = idle_ns;
	/* For a lock, not for work: that is told, and why. */
	if (lock_told_ns(findings, busiest->task) > idle_ns / 2)
		return DWELL_OK;
	/* It ran for most of their life, half more than the mean, and the others had nothing to do.
	 */
	if (busiest->running_ns < 50000000 || busiest->running_ns < free_ns / 10 * 6 ||
		busiest->running_ns < mean_ns + mean_ns / 2 ||
		busiest->running_ns - mean_ns < free_ns / 5 || !finding_matters(findings, lost_ns))
		return DWELL_OK;
	return tell_team(findings, team, lost_ns);
}

static int find_imbalance(struct findings *findings)
{
	const struct teams *teams = &findings->watch->teams;
	int err = DWELL_OK;

	for (size_t i = 0; i < teams->count && !err; i++) {
		const struct alike *alike = &teams->at[i].alike;
		const struct watch_process *process =
			table_get(&findings->watch->processes, alike->process);

		/* Nobody knows who is like one whose job is not known. */
		if (process && process->stretches && (!alike->python || alike->job))
			err = judge_team(findings, &teams->at[i]);
	}
	return err;
}

const struct rule rule_imbalance = { "imbalance", cannot, find_imbalance };

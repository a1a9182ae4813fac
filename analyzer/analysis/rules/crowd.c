/* More tasks that could run than CPUs, and queues that grow: docs/findings.md. */
#include <stdlib.h>

#include "analysis/findings.h"

static const char *cannot(const struct findings *findings)
{
	if (!findings->answer->trace.has_switches)
		return "switches were not recorded";
	return findings->cpus ? NULL : "the trace names no CPU";
}

struct crowd {
	uint64_t crowded_ns, lost_ns, at_ns, active_ns; /* active: of its tasks, while crowded */
};

/* Stretches in which five tasks for two CPUs ran or were ready. */
static struct crowd measure(const struct findings *findings, const struct watch_process *process)
{
	const uint64_t ns = findings->watch->stretch_ns;
	struct crowd crowd = { 0 };
	size_t first = 0;
	const size_t count = watch_stretches(findings->watch, process, &first);

	for (size_t i = first; i < first + count; i++) {
		const struct watch_stretch *s = &process->stretches[i];
		const uint64_t active_ns = s->running_ns + s->runnable_ns;

		if (2 * active_ns < 5 * findings->cpus * ns)
			continue;
		if (!crowd.crowded_ns)
			crowd.at_ns = findings->model->from_ns + i * ns;
		crowd.crowded_ns += ns;
		crowd.active_ns += active_ns;
		crowd.lost_ns += active_ns - findings->cpus * ns;
	}
	return crowd;
}

static int tell(
	struct findings *findings, uint32_t process, uint32_t most, const struct crowd *crowd)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_oversubscription, crowd->lost_ns, crowd->at_ns);
	const struct dwell_catalog_process *known =
		dwell_catalog_process(findings->catalog, process);
	/* Of Go's own traces it has no name. */
	const struct dwell_string name = known ? known->name : (struct dwell_string){ .size = 0 };

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%llu tasks%s%.*s wanted to run at once on %u CPUs",
		(unsigned long long)((crowd->active_ns + crowd->crowded_ns / 2) /
				     crowd->crowded_ns),
		name.size ? " of " : "", name.size < 60 ? (int)name.size : 60,
		name.size ? name.at : "", findings->cpus);
	finding_task(finding, most);
	finding_number(finding, "CPUs", DWELL_EVIDENCE_COUNT, findings->cpus);
	finding_number(finding, "for", DWELL_EVIDENCE_NS, crowd->crowded_ns);
	finding_number(finding, "ran most", DWELL_EVIDENCE_TASK, most);
	return DWELL_OK;
}

static int find_crowds(struct findings *findings)
{
	int err = DWELL_OK;

	for (uint32_t id = 1; id < findings->watch->processes.end && !err; id++) {
		const struct watch_process *process = table_get(&findings->watch->processes, id);
		struct crowd crowd;

		if (!process || !process->stretches)
			continue;
		crowd = measure(findings, process);
		if (crowd.crowded_ns >= 100000000 &&
			crowd.crowded_ns >= (process->end_ns - process->begin_ns) / 4 &&
			finding_matters(findings, crowd.lost_ns))
			err = tell(findings, id, process->busiest.task, &crowd);
	}
	return err;
}

const struct rule rule_oversubscription = { "oversubscription", cannot, find_crowds };

/* How many tasks were ready on average, in thousandths, in each eighth of a process's life. */
enum { PARTS = 8 };

static bool fill_parts(const struct findings *findings, const struct watch_process *process,
	uint64_t ready[PARTS], uint64_t *lost_ns)
{
	size_t first = 0;
	const size_t count = watch_stretches(findings->watch, process, &first);

	if (count < 2 * PARTS)
		return false;
	*lost_ns = 0;
	for (size_t part = 0; part < PARTS; part++) {
		const size_t from = first + part * count / PARTS;
		const size_t to = first + (part + 1) * count / PARTS;
		uint64_t ns = 0;

		for (size_t i = from; i < to; i++)
			ns += process->stretches[i].runnable_ns;
		ready[part] = ns * 1000 / ((to - from) * findings->watch->stretch_ns);
		*lost_ns += ns;
	}
	return true;
}

/* In each eighth more than in the one before, and four more in the last than in the first. */
static bool grows(const uint64_t ready[PARTS])
{
	unsigned steps = 0;

	for (size_t i = 1; i < PARTS; i++)
		steps += ready[i] > ready[i - 1];
	return steps >= PARTS - 2 && ready[PARTS - 1] >= ready[0] + 4000 &&
	       ready[PARTS - 1] >= 3 * ready[0];
}

static int find_growth(struct findings *findings)
{
	for (uint32_t id = 1; id < findings->watch->processes.end; id++) {
		const struct watch_process *process = table_get(&findings->watch->processes, id);
		uint64_t ready[PARTS], lost_ns = 0;
		struct dwell_finding *finding;

		if (!process || !process->stretches ||
			process->end_ns - process->begin_ns < 500000000 ||
			!fill_parts(findings, process, ready, &lost_ns) || !grows(ready) ||
			!finding_matters(findings, lost_ns))
			continue;
		finding = finding_new(findings, &rule_queue_grows, lost_ns, process->begin_ns);
		if (!finding)
			return DWELL_ENOMEM;
		finding_title(finding,
			"more and more tasks are ready and do not run: %llu at first, %llu at last",
			(unsigned long long)(ready[0] + 500) / 1000,
			(unsigned long long)(ready[PARTS - 1] + 500) / 1000);
		finding_task(finding, process->busiest.task);
		finding_number(finding, "ran most", DWELL_EVIDENCE_TASK, process->busiest.task);
		finding_number(finding, "ready and not running", DWELL_EVIDENCE_NS, lost_ns);
	}
	return DWELL_OK;
}

const struct rule rule_queue_grows = { "runnable-queue-grows", cannot, find_growth };

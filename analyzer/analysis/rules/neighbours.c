/* Programs that were not to be recorded took the CPUs: docs/findings.md. */
#include <stdlib.h>
#include <string.h>

#include "analysis/findings.h"

static const char *cannot(const struct findings *findings)
{
	if (!findings->answer->trace.has_switches)
		return "switches were not recorded";
	return findings->model->scope_bits ? NULL : "all of the machine was to be recorded";
}

/* How long tasks were ready while others ran, and from when on. */
static uint64_t taken_ns(const struct watch *watch, uint64_t *at_ns)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < WATCH_STRETCHES; i++) {
		const struct watch_share *share = &watch->shares[i];
		const uint64_t taken =
			share->ready_ns < share->others_ns ? share->ready_ns : share->others_ns;

		if (taken && !ns)
			*at_ns = watch->model->from_ns + i * watch->stretch_ns;
		ns += taken;
	}
	return ns;
}

struct neighbour {
	struct dwell_string name; /* of its processes; the catalog keeps each text once */
	uint64_t running_ns, most_ns;
	uint32_t task;
};

static int by_name(const void *a, const void *b)
{
	const struct neighbour *x = a, *y = b;

	return (x->name.at > y->name.at) - (x->name.at < y->name.at);
}

static struct neighbour join(const struct neighbour *a, const struct neighbour *b)
{
	struct neighbour both = a->most_ns > b->most_ns ? *a : *b;

	both.running_ns = a->running_ns + b->running_ns;
	return both;
}

/* All processes of one name are one: a compiler runs a thousand times. DWELL_ENOMEM. */
static int find_greediest(const struct findings *findings, struct neighbour *out)
{
	const struct table *others = &findings->watch->others;
	struct neighbour *all = calloc((size_t)others->end + 1, sizeof(*all));
	size_t count = 0;

	*out = (struct neighbour){ .running_ns = 0 };
	if (!all)
		return DWELL_ENOMEM;
	for (uint32_t id = 0; id < others->end; id++) {
		const struct watch_other *other = table_get(others, id);
		const struct dwell_catalog_process *process =
			dwell_catalog_process(findings->catalog, id);

		if (other && process)
			all[count++] = (struct neighbour){ process->name, other->running_ns,
				other->most_ns, other->task };
	}
	qsort(all, count, sizeof(*all), by_name);
	for (size_t i = 0, next; i < count; i = next) {
		struct neighbour sum = all[i];

		for (next = i + 1; next < count && all[next].name.at == sum.name.at; next++)
			sum = join(&sum, &all[next]);
		if (sum.running_ns > out->running_ns)
			*out = sum;
	}
	free(all);
	return DWELL_OK;
}

static int tell(struct findings *findings, uint32_t victim, uint64_t lost_ns, uint64_t at_ns)
{
	struct dwell_finding *finding;
	struct neighbour greediest;
	char ns[FINDING_TEXT];
	int err = find_greediest(findings, &greediest);

	if (err)
		return err;
	finding = finding_new(findings, &rule_noisy_neighbours, lost_ns, at_ns);
	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "tasks were ready for %s while other programs ran, %.*s most",
		finding_ns(ns, lost_ns), greediest.name.size < 40 ? (int)greediest.name.size : 40,
		greediest.name.at);
	finding_task(finding, victim);
	finding_number(finding, "ready most", DWELL_EVIDENCE_TASK, victim);
	finding_number(finding, "ran", DWELL_EVIDENCE_TASK, greediest.task);
	finding_number(finding, "all of that name ran", DWELL_EVIDENCE_NS, greediest.running_ns);
	return DWELL_OK;
}

static int find(struct findings *findings)
{
	uint64_t at_ns = 0;
	const uint64_t lost_ns = taken_ns(findings->watch, &at_ns);

	/* What idles is ready for long at times, as every wake of it may find the CPUs taken, and
	 * loses nothing that anybody would miss. */
	if (lost_ns < 100000000 || lost_ns < findings->watch->active_ns / 5 ||
		lost_ns < findings->length_ns / 20)
		return DWELL_OK;
	return tell(findings, findings->watch->victim.task, lost_ns, at_ns);
}

const struct rule rule_noisy_neighbours = { "noisy-neighbours", cannot, find };

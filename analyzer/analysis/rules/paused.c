/* Pauses of the world: docs/findings.md. */
#include "analysis/findings.h"

static int find(struct findings *findings)
{
	const struct dwell_spans *spans = findings->answer->spans;

	for (size_t i = 0; i < spans->count; i++) {
		const struct dwell_span_row *row = &spans->rows[i];
		const uint64_t long_ns = 10000000;
		struct dwell_finding *finding;
		char total[FINDING_TEXT], longest[FINDING_TEXT];

		if (row->kind != DWELL_SPAN_WORLD_PAUSE ||
			(row->durations.total_ns < findings->length_ns / 100 &&
				row->durations.max_ns < long_ns))
			continue;
		finding = finding_new(
			findings, &rule_world_paused, row->durations.total_ns, row->longest_at_ns);
		if (!finding)
			return DWELL_ENOMEM;
		finding_title(finding,
			"everything stood still %llu times, for %s in all, %s at most",
			(unsigned long long)row->durations.count,
			finding_ns(total, row->durations.total_ns),
			finding_ns(longest, row->durations.max_ns));
		finding_task(finding, row->longest_task);
		finding_number(finding, "pauses", DWELL_EVIDENCE_COUNT, row->durations.count);
		finding_number(finding, "longest", DWELL_EVIDENCE_NS, row->durations.max_ns);
		finding_number(finding, "median", DWELL_EVIDENCE_NS, row->durations.p50_ns);
	}
	return DWELL_OK;
}

static const char *cannot(const struct findings *findings)
{
	return findings->answer->trace.levels & DWELL_LEVEL_RUNTIME
		       ? NULL
		       : "only runtimes tell of pauses of the world";
}

const struct rule rule_world_paused = { "world-paused", cannot, find };

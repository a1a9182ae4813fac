/* Rules that `dwell leaks` judges: docs/findings.md. */
#include "dwell/leaks.h"

#include <string.h>

#include "analysis/findings.h"
#include "dwell/names.h"

static const char *const why_texts[] = { NULL, "the holder ended without giving it up",
	"the holder is stuck itself", "every task of the process waits for another",
	"all who ever ended such a wait have ended", "its signal came before it waited",
	"no wait there ever ended, and who made it has", "no wait for a lock there ever ended" };

static void title(const struct findings *findings, struct dwell_finding *finding,
	const struct dwell_leak *leak)
{
	char who[FINDING_TEXT], class[DWELL_NAME_SIZE];

	finding_who(who, findings, leak->tasks[0]);
	dwell_name_class(class, findings->catalog, leak->tasks[0]);
	switch (leak->kind) {
	case DWELL_LEAK_DEADLOCK:
		finding_title(finding, "%s and %u more wait for each other", who, leak->count - 1);
		if (leak->count == 1)
			finding_title(finding, "%s waits for a lock that it holds itself", who);
		break;
	case DWELL_LEAK_WAITS_FOREVER:
		finding_title(finding, "%s waits for ever: %s", who, why_texts[leak->why]);
		break;
	case DWELL_LEAK_NEVER_JOINED:
		finding_title(finding, "%u thread%s of %.60s ended, never joined", leak->count,
			leak->count == 1 ? "" : "s", class);
		break;
	case DWELL_LEAK_ALIVE_AT_END:
		if (leak->why)
			finding_title(finding, "%s waits on: %s", who, why_texts[leak->why]);
		else
			finding_title(
				finding, "%s waits on, while others of %.60s ended", who, class);
		break;
	default:
		finding_title(finding, "there are more and more tasks of %.60s: %u at the end",
			class, leak->count);
		break;
	}
}

static void add_evidence(struct dwell_finding *finding, const struct dwell_leak *leak)
{
	for (uint32_t i = 0; i < leak->count; i++)
		finding_task(finding, leak->tasks[i]);
	finding_number(finding, "tasks", DWELL_EVIDENCE_COUNT, leak->count);
	if (why_texts[leak->why])
		finding_text(finding, "why", why_texts[leak->why]);
	for (size_t i = 0; i < leak->step_count && i < 2; i++) {
		const struct dwell_leak_step *step = &leak->steps[i];

		finding_number(finding, "waits", DWELL_EVIDENCE_TASK, step->task);
		finding_number(finding, "for", DWELL_EVIDENCE_OBJECT, step->object);
		finding_number(finding, "held by", DWELL_EVIDENCE_TASK, step->holder);
		finding_number(finding, "at", DWELL_EVIDENCE_SITE, step->stack);
	}
	finding_number(finding, "created at", DWELL_EVIDENCE_SITE, leak->creation_stack);
}

static const struct dwell_leak *leak_of(const struct dwell_leaks *leaks, uint32_t task)
{
	for (size_t i = 0; i < leaks->count; i++)
		for (size_t j = 0; j < leaks->rows[i].step_count; j++)
			if (leaks->rows[i].steps[j].task == task)
				return &leaks->rows[i];
	return NULL;
}

/* What a leak is behind: the one that its holder, and that one's holder, is stuck in. */
static const struct dwell_leak *root_of(
	const struct dwell_leaks *leaks, const struct dwell_leak *leak)
{
	for (size_t i = 0; i < leaks->count && leak; i++) {
		if (leak->why != DWELL_FOREVER_HOLDER_STUCK)
			return leak;
		leak = leak_of(leaks, leak->steps[0].holder);
	}
	return NULL;
}

/* Who waits behind it is not told apart: their time is its. */
uint64_t leak_behind(
	const struct dwell_leaks *leaks, const struct dwell_leak *leak, uint32_t *count)
{
	uint64_t lost_ns = 0;

	for (size_t i = 0; i < leaks->count; i++) {
		const struct dwell_leak *other = &leaks->rows[i];

		if (other->why != DWELL_FOREVER_HOLDER_STUCK || root_of(leaks, other) != leak)
			continue;
		lost_ns += other->lost_ns;
		*count += other->count;
	}
	return lost_ns;
}

int leak_find(struct findings *findings, const struct rule *rule, unsigned kind)
{
	const struct dwell_leaks *leaks = findings->answer->leaks;

	for (size_t i = 0; i < leaks->count; i++) {
		const struct dwell_leak *leak = &leaks->rows[i];
		struct dwell_finding *finding;
		uint64_t lost_ns;
		uint32_t behind = 0;

		if (leak->kind != kind || leak->why == DWELL_FOREVER_UNHEARD ||
			(leak->why == DWELL_FOREVER_HOLDER_STUCK && root_of(leaks, leak)))
			continue;
		lost_ns = leak->lost_ns + leak_behind(leaks, leak, &behind);
		finding = finding_new(findings, rule, lost_ns, leak->since_ns);
		if (!finding)
			return DWELL_ENOMEM;
		title(findings, finding, leak);
		add_evidence(finding, leak);
		if (behind)
			finding_number(finding, "behind it", DWELL_EVIDENCE_COUNT, behind);
		finding->severity = kind == DWELL_LEAK_DEADLOCK || kind == DWELL_LEAK_WAITS_FOREVER
					    ? DWELL_SEVERITY_HIGH
					    : DWELL_SEVERITY_MEDIUM;
	}
	return DWELL_OK;
}

#define LEAK_RULE(word, text, kind)                                                                \
	static int find_##word(struct findings *findings)                                          \
	{                                                                                          \
		return leak_find(findings, &rule_##word, kind);                                    \
	}                                                                                          \
	const struct rule rule_##word = { text, NULL, find_##word }

LEAK_RULE(deadlock, "deadlock", DWELL_LEAK_DEADLOCK);
LEAK_RULE(waits_forever, "waits-forever", DWELL_LEAK_WAITS_FOREVER);
LEAK_RULE(alive_at_end, "alive-at-end", DWELL_LEAK_ALIVE_AT_END);
LEAK_RULE(growing, "growing", DWELL_LEAK_GROWING);

static const char *cannot_join(const struct findings *findings)
{
	return findings->answer->leaks->has_joins ? NULL : "not all joins were recorded";
}

static int find_never_joined(struct findings *findings)
{
	return leak_find(findings, &rule_never_joined, DWELL_LEAK_NEVER_JOINED);
}

const struct rule rule_never_joined = { "never-joined", cannot_join, find_never_joined };

/* The table of rules, and what they tell their findings with. */
#include "analysis/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/names.h"
#include "dwell/report.h"

/* What explains another's time comes before it. */
static const struct rule *const rules[] = {
	&rule_deadlock,
	&rule_waits_forever,
	&rule_lost_wakeup,
	&rule_never_joined,
	&rule_alive_at_end,
	&rule_growing,
	&rule_lock_convoy,
	&rule_holder_in_io,
	&rule_holder_asleep,
	&rule_priority_inversion,
	&rule_holder_preempted,
	&rule_blocking_call,
	&rule_lock_order,
	&rule_starvation,
	&rule_oversubscription,
	&rule_noisy_neighbours,
	&rule_imbalance,
	&rule_serial_stretch,
	&rule_loop_blocked,
	&rule_busy_polling,
	&rule_thundering_herd,
	&rule_ping_pong,
	&rule_queue_grows,
	&rule_world_paused,
};

enum { RULES = sizeof(rules) / sizeof(rules[0]), MAX_FINDINGS = 10000 };

const char *dwell_severity_name(unsigned severity)
{
	static const char *const names[DWELL_SEVERITY_COUNT] = { "low", "medium", "high" };

	return severity < DWELL_SEVERITY_COUNT ? names[severity] : NULL;
}

bool finding_matters(const struct findings *findings, uint64_t lost_ns)
{
	const uint64_t least_ns = 10000000;

	return lost_ns >= least_ns && lost_ns >= findings->length_ns / 100;
}

static unsigned severity_of(const struct findings *findings, uint64_t lost_ns)
{
	if (lost_ns >= findings->length_ns / 5)
		return DWELL_SEVERITY_HIGH;
	return lost_ns >= findings->length_ns / 20 ? DWELL_SEVERITY_MEDIUM : DWELL_SEVERITY_LOW;
}

struct dwell_finding *finding_new(
	struct findings *findings, const struct rule *rule, uint64_t lost_ns, uint64_t at_ns)
{
	struct dwell_findings *out = findings->out;
	struct dwell_finding *rows = out->rows;

	if (!(out->count & (out->count - 1)))
		rows = realloc(rows, (out->count ? out->count * 2 : 1) * sizeof(*rows));
	if (!rows)
		return NULL;
	out->rows = rows;
	rows[out->count] = (struct dwell_finding){
		.rule = rule->name,
		.lost_ns = lost_ns,
		.at_ns = at_ns,
		.severity = (uint8_t)severity_of(findings, lost_ns),
	};
	return &rows[out->count++];
}

void finding_title(struct dwell_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->title, sizeof(finding->title), format, args);
	va_end(args);
}

bool finding_names(const struct dwell_finding *finding, uint32_t task)
{
	for (size_t i = 0; i < finding->task_count; i++)
		if (finding->tasks[i] == task)
			return true;
	return false;
}

void finding_task(struct dwell_finding *finding, uint32_t task)
{
	if (task && !finding_names(finding, task) && finding->task_count < DWELL_FINDING_TASKS)
		finding->tasks[finding->task_count++] = task;
}

static void add_evidence(struct dwell_finding *finding, struct dwell_evidence evidence)
{
	if (finding->evidence_count < DWELL_FINDING_EVIDENCE)
		finding->evidence[finding->evidence_count++] = evidence;
}

/* A task, object or place that is not known is no evidence. */
void finding_number(struct dwell_finding *finding, const char *name, unsigned kind, uint64_t value)
{
	const bool is_id = kind == DWELL_EVIDENCE_TASK || kind == DWELL_EVIDENCE_OBJECT ||
			   kind == DWELL_EVIDENCE_SITE;

	if (value || !is_id)
		add_evidence(
			finding, (struct dwell_evidence){
					 .name = name, .value = value, .kind = (uint8_t)kind });
}

void finding_text(struct dwell_finding *finding, const char *name, const char *text)
{
	add_evidence(finding,
		(struct dwell_evidence){ .name = name, .text = text, .kind = DWELL_EVIDENCE_TEXT });
}

const char *finding_ns(char out[FINDING_TEXT], uint64_t ns)
{
	return dwell_format_duration(out, ns, true);
}

const char *finding_who(char out[FINDING_TEXT], const struct findings *findings, uint32_t task)
{
	char name[DWELL_NAME_SIZE];

	snprintf(out, FINDING_TEXT, "%.60s",
		task ? dwell_name_task(name, findings->catalog, task) : "somebody");
	return out;
}

const char *finding_what(char out[FINDING_TEXT], const struct findings *findings, uint32_t object)
{
	char name[DWELL_NAME_SIZE];

	snprintf(out, FINDING_TEXT, "%.60s",
		object ? dwell_name_object(name, findings->catalog, object) : "a lock");
	return out;
}

/* The same in a cut and after a conversion: of the rule, whom it names, and what. */
static uint64_t id_of_finding(const struct findings *findings, const struct dwell_finding *finding)
{
	uint64_t id = id_of(findings->catalog, finding->rule,
		finding->task_count ? finding->tasks[0] : 0, finding->at_ns);

	for (size_t i = 0; i < finding->evidence_count; i++) {
		const struct dwell_evidence *evidence = &finding->evidence[i];

		if (evidence->kind == DWELL_EVIDENCE_OBJECT)
			id = hash_mix(id,
				catalog_object_hash(findings->catalog, (uint32_t)evidence->value));
		if (evidence->kind == DWELL_EVIDENCE_SITE)
			id = hash_mix(id,
				catalog_stack_hash(findings->catalog, (uint32_t)evidence->value));
	}
	return id;
}

static int costly_first(const void *a, const void *b)
{
	const struct dwell_finding *x = a, *y = b;

	if (x->ranked_ns != y->ranked_ns)
		return x->ranked_ns > y->ranked_ns ? -1 : 1;
	if (x->follows != y->follows)
		return x->follows ? 1 : -1;
	if (x->lost_ns != y->lost_ns)
		return x->lost_ns > y->lost_ns ? -1 : 1;
	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static void rank(struct findings *findings)
{
	struct dwell_findings *out = findings->out;

	for (size_t i = 0; i < out->count; i++) {
		struct dwell_finding *row = &out->rows[i];
		const unsigned severity = severity_of(findings, row->lost_ns);

		row->id = id_of_finding(findings, row);
		if (severity > row->severity)
			row->severity = (uint8_t)severity;
	}
	if (out->count)
		qsort(out->rows, out->count, sizeof(*out->rows), costly_first);
}

static int judge(struct findings *findings)
{
	struct dwell_findings *out = findings->out;
	int err = DWELL_OK;

	for (size_t i = 0; i < RULES && !err && out->count < MAX_FINDINGS; i++) {
		const char *why = rules[i]->cannot ? rules[i]->cannot(findings) : NULL;

		if (why)
			out->unjudged[out->unjudged_count++] =
				(struct dwell_unjudged){ rules[i]->name, why };
		else
			err = rules[i]->find(findings);
	}
	rank(findings);
	findings_fold(findings);
	findings_relate(findings);
	rank(findings);
	return err;
}

/* How many the program might use: the recorder's note, else those that were seen. */
static uint32_t count_cpus(const struct dwell_catalog *catalog)
{
	uint32_t cpus = 0, others = 0;

	for (size_t i = 0; i < dwell_catalog_notes(catalog); i++) {
		const struct dwell_note *note = dwell_catalog_note(catalog, i);
		char text[16];

		if (note->key.size != 4 || memcmp(note->key.at, "cpus", 4) != 0)
			continue;
		snprintf(text, sizeof(text), "%.*s",
			note->value.size < 8 ? (int)note->value.size : 0,
			note->value.size ? note->value.at : "");
		cpus = (uint32_t)strtoul(text, NULL, 10);
		if (cpus)
			return cpus;
	}
	for (uint32_t id = 1; id < dwell_catalog_executors(catalog); id++) {
		const struct dwell_catalog_executor *executor = dwell_catalog_executor(catalog, id);

		cpus += executor && executor->kind == DWELL_EXECUTOR_CPU;
		others += executor && executor->kind == DWELL_EXECUTOR_P;
	}
	return cpus ? cpus : others;
}

int findings_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct findings findings = {
		.model = model,
		.catalog = model->catalog,
		.answer = answer,
		.watch = fold,
		.length_ns = answer->trace.end_ns - answer->trace.begin_ns,
		.cpus = count_cpus(model->catalog),
	};

	(void)query;
	findings.out = answer->findings = calloc(1, sizeof(*answer->findings));
	if (!findings.out)
		return DWELL_ENOMEM;
	findings.out->unjudged = calloc(RULES, sizeof(*findings.out->unjudged));
	if (!findings.out->unjudged || watch_finish(fold, model))
		return DWELL_ENOMEM;
	return judge(&findings);
}

void findings_free(struct dwell_findings *findings)
{
	if (!findings)
		return;
	free(findings->rows);
	free(findings->unjudged);
	free(findings);
}

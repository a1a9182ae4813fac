#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/question.h"

enum { MANY_LATENCIES = 1000 };

static const char *evidence_text(char out[DWELL_NAME_SIZE], const struct question *question,
	const struct dwell_evidence *evidence)
{
	const struct dwell_catalog *catalog = question->answer->catalog;
	char number[DWELL_NUMBER_SIZE];
	const uint32_t id = (uint32_t)evidence->value;

	switch (evidence->kind) {
	case DWELL_EVIDENCE_TASK:
		return dwell_name_task(out, catalog, id);
	case DWELL_EVIDENCE_OBJECT:
		return dwell_name_object(out, catalog, id);
	case DWELL_EVIDENCE_SITE:
		return dwell_name_site(out, catalog, id);
	case DWELL_EVIDENCE_TEXT:
		return evidence->text;
	case DWELL_EVIDENCE_NS:
		dwell_format_duration(number, evidence->value, question->style.ascii);
		break;
	case DWELL_EVIDENCE_SHARE:
		dwell_format_share(number, evidence->value);
		break;
	default:
		dwell_format_count(number, evidence->value);
		break;
	}
	snprintf(out, DWELL_NAME_SIZE, "%s", number);
	return out;
}

static void json_evidence(struct dwell_json *json, const struct question *question,
	const struct dwell_evidence *evidence)
{
	const struct dwell_catalog *catalog = question->answer->catalog;
	const uint32_t id = (uint32_t)evidence->value;
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "name", evidence->name);
	dwell_json_string(json, "text", evidence_text(text, question, evidence));
	if (evidence->kind == DWELL_EVIDENCE_NS)
		dwell_json_number(json, "value_ns", evidence->value);
	if (evidence->kind == DWELL_EVIDENCE_COUNT)
		dwell_json_number(json, "value", evidence->value);
	if (evidence->kind == DWELL_EVIDENCE_SHARE)
		dwell_json_share(json, "share", evidence->value);
	if (evidence->kind == DWELL_EVIDENCE_TASK)
		dwell_json_number(json, "task", id);
	if (evidence->kind == DWELL_EVIDENCE_OBJECT)
		part_object_json(json, "object", catalog, id);
	if (evidence->kind == DWELL_EVIDENCE_SITE)
		part_stack_json(json, "stack", catalog, id);
	dwell_json_end_object(json);
}

static void json_finding(
	struct dwell_json *json, const struct question *question, const struct dwell_finding *row)
{
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, row->id));
	dwell_json_string(json, "rule", row->rule);
	dwell_json_string(json, "severity", dwell_severity_name(row->severity));
	dwell_json_number(json, "lost_ns", row->lost_ns);
	dwell_json_number(json, "at_ns", row->at_ns);
	dwell_json_string(json, "title", row->title);
	dwell_json_array(json, "tasks");
	for (size_t i = 0; i < row->task_count; i++)
		dwell_json_number(json, NULL, row->tasks[i]);
	dwell_json_end_array(json);
	dwell_json_array(json, "evidence");
	for (size_t i = 0; i < row->evidence_count; i++)
		json_evidence(json, question, &row->evidence[i]);
	dwell_json_end_array(json);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question)
{
	const struct dwell_findings *findings = question->answer->findings;
	struct dwell_json json;

	question_json(question, &json);
	dwell_json_number(&json, "total", findings->count);
	dwell_json_array(&json, "findings");
	for (size_t i = 0; i < question_limit(question, findings->count); i++)
		json_finding(&json, question, &findings->rows[i]);
	dwell_json_end_array(&json);
	dwell_json_array(&json, "not_judged");
	for (size_t i = 0; i < findings->unjudged_count; i++) {
		dwell_json_object(&json, NULL);
		dwell_json_string(&json, "rule", findings->unjudged[i].rule);
		dwell_json_string(&json, "why", findings->unjudged[i].why);
		dwell_json_end_object(&json);
	}
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static void print_finding(const struct question *question, const struct dwell_finding *row)
{
	char lost[DWELL_NUMBER_SIZE], at[DWELL_NUMBER_SIZE], text[DWELL_NAME_SIZE];

	dwell_style_tone(&question->style,
		row->severity == DWELL_SEVERITY_HIGH ? DWELL_TONE_BAD : DWELL_TONE_TITLE);
	fputs(row->rule, stdout);
	dwell_style_tone(&question->style, DWELL_TONE_PLAIN);
	printf(" (%s): ", dwell_severity_name(row->severity));
	if (row->lost_ns)
		printf("%s lost, ",
			dwell_format_duration(lost, row->lost_ns, question->style.ascii));
	printf("from %s on  [%s]\n  ", dwell_format_duration(at, row->at_ns, question->style.ascii),
		part_id(text, row->id));
	dwell_print_escaped(&question->style, row->title, strlen(row->title));
	putchar('\n');
	for (size_t i = 0; i < row->evidence_count; i++) {
		const char *what = evidence_text(text, question, &row->evidence[i]);

		if (!*what)
			continue;
		printf("    %s: ", row->evidence[i].name);
		dwell_print_escaped(&question->style, what, strlen(what));
		putchar('\n');
	}
	putchar('\n');
}

static void print_unjudged(const struct question *question)
{
	const struct dwell_findings *findings = question->answer->findings;

	if (!findings->unjudged_count)
		return;
	dwell_style_tone(&question->style, DWELL_TONE_FAINT);
	fputs("not judged:", stdout);
	for (size_t i = 0; i < findings->unjudged_count; i++)
		printf("%s %s (%s)", i ? "," : "", findings->unjudged[i].rule,
			findings->unjudged[i].why);
	dwell_style_tone(&question->style, DWELL_TONE_PLAIN);
	putchar('\n');
}

static int print_text(const struct question *question)
{
	const struct dwell_findings *findings = question->answer->findings;
	const size_t shown = question_limit(question, findings->count);

	head_print(&question->style, &question->head);
	for (size_t i = 0; i < shown; i++)
		print_finding(question, &findings->rows[i]);
	if (shown < findings->count)
		printf("%zu more: --limit 0\n", findings->count - shown);
	if (!findings->count)
		puts("no findings");
	print_unjudged(question);
	next_step(&question->style, "where time was lost: dwell blocked", question->trace.path);
	return STATUS_DONE;
}

static const struct dwell_column_spec columns[] = {
	{ "id", "id", DWELL_CELL_TEXT, 0, 0 },
	{ "rule", "rule", DWELL_CELL_TEXT, 0, 0 },
	{ "severity", "severity", DWELL_CELL_TEXT, 0, 0 },
	{ "lost", "lost_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "at", "at_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "title", "title", DWELL_CELL_TEXT, 0, 0 },
};

static int print_csv(const struct question *question)
{
	const struct dwell_findings *findings = question->answer->findings;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char text[DWELL_NAME_SIZE];

	for (size_t i = 0; table && i < question_limit(question, findings->count); i++) {
		const struct dwell_finding *row = &findings->rows[i];

		dwell_table_string(table, part_id(text, row->id));
		dwell_table_string(table, row->rule);
		dwell_table_string(table, dwell_severity_name(row->severity));
		dwell_table_number(table, row->lost_ns);
		dwell_table_number(table, row->at_ns);
		dwell_table_string(table, row->title);
	}
	return question_table(question, table, findings->count);
}

int cmd_findings(struct request *request)
{
	struct question question;
	int status = question_open(&question, request, DWELL_ANALYZE_FINDINGS);

	question.query.worst = MANY_LATENCIES;
	if (!status)
		status = question_ask(&question);
	if (!status && request->json)
		print_json(&question);
	else if (!status)
		status = request->csv ? print_csv(&question) : print_text(&question);
	question_close(&question);
	return status;
}

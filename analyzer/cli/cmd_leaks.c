#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/allow.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/question.h"

const struct option leaks_options[] = {
	{ .name = "allow",
		.argument = "FILE",
		.type = OPTION_FILE,
		.target = offsetof(struct leaks_request, allow),
		.help = "leaks that are allowed for, one rule a line" },
	{ .name = "at",
		.argument = "T",
		.type = OPTION_TEXT,
		.target = offsetof(struct leaks_request, at),
		.help = "as things stood at T, not at the end" },
	{ .name = "left",
		.type = OPTION_FLAG,
		.target = offsetof(struct leaks_request, left),
		.help = "also every goroutine that waits at the end" },
	{ .name = NULL },
};

static void json_step(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_leak_step *step)
{
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_number(json, "task", step->task);
	dwell_json_string(json, "name", dwell_name_task(text, catalog, step->task));
	dwell_json_string(json, "reason", dwell_reason_name(step->reason));
	dwell_json_number(json, "since_ns", step->since_ns);
	part_object_json(json, "object", catalog, step->object);
	part_id_json(json, "holder", step->holder);
	part_stack_json(json, "stack", catalog, step->stack);
	dwell_json_end_object(json);
}

static void json_leak(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_leak *leak, bool allowed)
{
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, leak->id));
	dwell_json_string(json, "kind", dwell_leak_name(leak->kind));
	dwell_json_bool(json, "allowed", allowed);
	dwell_json_number(json, "count", leak->count);
	dwell_json_number(json, "since_ns", leak->since_ns);
	dwell_json_number(json, "until_ns", leak->until_ns);
	dwell_json_string(json, "reason", leak->reason ? dwell_reason_name(leak->reason) : NULL);
	dwell_json_string(json, "why", dwell_forever_text(leak->why));
	dwell_json_string(json, "class", dwell_name_class(text, catalog, leak->tasks[0]));
	dwell_json_array(json, "tasks");
	for (uint32_t i = 0; i < leak->count; i++)
		dwell_json_number(json, NULL, leak->tasks[i]);
	dwell_json_end_array(json);
	part_stack_json(json, "stack", catalog, leak->stack);
	part_stack_json(json, "creation_stack", catalog, leak->creation_stack);
	dwell_json_array(json, "objects");
	for (size_t i = 0; i < leak->object_count; i++)
		part_object_json(json, NULL, catalog, leak->objects[i]);
	dwell_json_end_array(json);
	dwell_json_array(json, "steps");
	for (size_t i = 0; i < leak->step_count; i++)
		json_step(json, catalog, &leak->steps[i]);
	dwell_json_end_array(json);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question, const bool *allowed, size_t bad)
{
	const struct dwell_leaks *leaks = question->answer->leaks;
	struct dwell_json json;

	question_json(question, &json);
	dwell_json_number(&json, "total", leaks->count);
	dwell_json_number(&json, "not_allowed", bad);
	dwell_json_number(&json, "left", leaks->left);
	dwell_json_bool(&json, "joins_known", leaks->has_joins);
	dwell_json_array(&json, "findings");
	for (size_t i = 0; i < question_limit(question, leaks->count); i++)
		json_leak(&json, question->answer->catalog, &leaks->rows[i], allowed[i]);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static void put(const struct question *question, const char *before, const char *text)
{
	if (!*text)
		return;
	fputs(before, stdout);
	dwell_print_escaped(&question->style, text, strlen(text));
}

static void put_time(const struct question *question, const char *before, uint64_t ns)
{
	char number[DWELL_NUMBER_SIZE];

	printf("%s%s", before, dwell_format_duration(number, ns, question->style.ascii));
}

static void print_step(
	const struct question *question, const struct dwell_leak_step *step, uint64_t until_ns)
{
	const struct dwell_catalog *catalog = question->answer->catalog;
	char text[DWELL_NAME_SIZE];

	put(question, "    ", dwell_name_task(text, catalog, step->task));
	put(question, " waits for ",
		step->object ? dwell_name_object(text, catalog, step->object)
			     : dwell_reason_name(step->reason));
	if (step->holder && step->reason != DWELL_REASON_JOIN)
		put(question, " of ", dwell_name_task(text, catalog, step->holder));
	put_time(question, " since ", step->since_ns);
	if (until_ns > step->since_ns)
		put_time(question, ", for ", until_ns - step->since_ns);
	put(question, ", at ", dwell_name_site(text, catalog, step->stack));
	putchar('\n');
}

static void print_heading(
	const struct question *question, const struct dwell_leak *leak, bool allowed)
{
	char text[DWELL_NAME_SIZE], number[DWELL_NUMBER_SIZE];

	dwell_style_tone(&question->style, allowed ? DWELL_TONE_FAINT : DWELL_TONE_BAD);
	fputs(dwell_leak_name(leak->kind), stdout);
	dwell_style_tone(&question->style, DWELL_TONE_PLAIN);
	printf(": %s task%s", dwell_format_count(number, leak->count), leak->count == 1 ? "" : "s");
	put(question, " of ", dwell_name_class(text, question->answer->catalog, leak->tasks[0]));
	if (leak->kind == DWELL_LEAK_NEVER_JOINED)
		put_time(question, ", ended from ", leak->since_ns);
	if (leak->kind == DWELL_LEAK_GROWING)
		put_time(question, ", more and more of them from ", leak->since_ns);
	put(question, ", created at ",
		dwell_name_site(text, question->answer->catalog, leak->creation_stack));
	put(question, ": ", dwell_forever_text(leak->why) ? dwell_forever_text(leak->why) : "");
	printf("%s  [%s]\n", allowed ? " (allowed)" : "", part_id(text, leak->id));
}

/* Many that wait alike are told by the first few. */
static void print_leak(const struct question *question, const struct dwell_leak *leak, bool allowed)
{
	enum { FEW = 4 };
	const size_t steps = leak->kind == DWELL_LEAK_DEADLOCK || leak->step_count <= FEW
				     ? leak->step_count
				     : FEW;

	print_heading(question, leak, allowed);
	for (size_t i = 0; i < steps; i++)
		print_step(question, &leak->steps[i], leak->until_ns);
	if (steps < leak->step_count)
		printf("    and %zu more\n", leak->step_count - steps);
}

static int print_text(const struct question *question, const bool *allowed, size_t bad)
{
	const struct dwell_leaks *leaks = question->answer->leaks;
	const size_t shown = question_limit(question, leaks->count);
	char number[DWELL_NUMBER_SIZE];

	head_print(&question->style, &question->head);
	for (size_t i = 0; i < shown; i++)
		print_leak(question, &leaks->rows[i], allowed[i]);
	if (shown < leaks->count)
		printf("%zu more: --limit 0\n", leaks->count - shown);
	if (!leaks->count)
		puts("no leaks");
	if (leaks->left)
		printf("%s task%s of a runtime wait%s at the end besides: --left tells of each place\n",
			dwell_format_count(number, leaks->left), leaks->left == 1 ? "" : "s",
			leaks->left == 1 ? "s" : "");
	if (!leaks->has_joins)
		puts("joins were not all recorded: threads never joined are not looked for");
	if (bad)
		next_step(&question->style, "where tasks wait: dwell blocked --all",
			question->trace.path);
	return bad ? STATUS_NO : STATUS_DONE;
}

static const struct dwell_column_spec columns[] = {
	{ "id", "id", DWELL_CELL_TEXT, 0, 0 },
	{ "kind", "kind", DWELL_CELL_TEXT, 0, 0 },
	{ "allowed", "allowed", DWELL_CELL_COUNT, 0, 0 },
	{ "tasks", "count", DWELL_CELL_COUNT, 0, 0 },
	{ "since", "since_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "class", "class", DWELL_CELL_TEXT, 0, 0 },
	{ "reason", "reason", DWELL_CELL_TEXT, 0, 0 },
	{ "at", "at", DWELL_CELL_TEXT, 0, 0 },
	{ "created", "created", DWELL_CELL_TEXT, 0, 0 },
};

static int print_csv(const struct question *question, const bool *allowed, size_t bad)
{
	const struct dwell_leaks *leaks = question->answer->leaks;
	const struct dwell_catalog *catalog = question->answer->catalog;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char text[DWELL_NAME_SIZE];
	int status;

	for (size_t i = 0; table && i < question_limit(question, leaks->count); i++) {
		const struct dwell_leak *leak = &leaks->rows[i];

		dwell_table_string(table, part_id(text, leak->id));
		dwell_table_string(table, dwell_leak_name(leak->kind));
		dwell_table_number(table, allowed[i]);
		dwell_table_number(table, leak->count);
		dwell_table_number(table, leak->since_ns);
		dwell_table_string(table, dwell_name_class(text, catalog, leak->tasks[0]));
		dwell_table_string(table, leak->reason ? dwell_reason_name(leak->reason) : "");
		dwell_table_string(table, dwell_name_site(text, catalog, leak->stack));
		dwell_table_string(table, dwell_name_site(text, catalog, leak->creation_stack));
	}
	status = question_table(question, table, leaks->count);
	return status ? status : bad ? STATUS_NO : STATUS_DONE;
}

static int answer(const struct question *question, struct allow *allow)
{
	const struct dwell_leaks *leaks = question->answer->leaks;
	bool *allowed = calloc(leaks->count + 1, sizeof(*allowed));
	size_t bad = 0;
	int status = STATUS_DONE;

	if (!allowed)
		return complain(STATUS_REFUSED, question->trace.path, "no memory");
	for (size_t i = 0; i < leaks->count; i++) {
		allowed[i] = allow_matches(allow, question->answer->catalog, &leaks->rows[i]);
		bad += !allowed[i];
	}
	if (question->request->json)
		print_json(question, allowed, bad);
	else if (question->request->csv)
		status = print_csv(question, allowed, bad);
	else
		status = print_text(question, allowed, bad);
	free(allowed);
	allow_tell_unused(allow);
	return status ? status : bad ? STATUS_NO : STATUS_DONE;
}

int cmd_leaks(struct request *request)
{
	const struct leaks_request *own = (const struct leaks_request *)request;
	struct allow *allow = NULL;
	struct question question;
	int status = own->allow ? allow_open(&allow, own->allow) : STATUS_DONE;

	if (status)
		return status;
	request->to = own->at;
	status = question_open(&question, request, DWELL_ANALYZE_LEAKS);
	question.query.leaks_left = own->left;
	if (!status)
		status = question_ask(&question);
	if (!status)
		status = answer(&question, allow);
	question_close(&question);
	allow_free(allow);
	return status;
}

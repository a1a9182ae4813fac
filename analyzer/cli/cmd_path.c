/* dwell path: what an interval was spent on, along its critical path. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/pick.h"
#include "cli/progress.h"
#include "cli/question.h"
#include "dwell/causes.h"

const struct option path_options[] = {
	{ .name = "span",
		.argument = "ID",
		.type = OPTION_TEXT,
		.target = offsetof(struct path_request, span),
		.help = "the longest span of this row of dwell spans" },
	{ .name = "task",
		.argument = "TASK",
		.type = OPTION_TEXT,
		.target = offsetof(struct request, task),
		.help = "of this task (default: the first process's main one)" },
	{ .name = "no-gains",
		.type = OPTION_FLAG,
		.target = offsetof(struct path_request, no_gains),
		.help = "do not work out what would be gained: half the time" },
	{ .name = NULL },
};

const char *const path_by[] = { "class", "task", "state", "reason", "site", "object", NULL };

struct answer {
	struct question question;
	struct dwell_study *study;
	const struct dwell_catalog *catalog;
	struct dwell_path *path;
	unsigned by; /* enum dwell_share_by */
};

static unsigned share_by(const char *word)
{
	static const unsigned by[] = { DWELL_SHARE_BY_CLASS, DWELL_SHARE_BY_TASK,
		DWELL_SHARE_BY_STATE, DWELL_SHARE_BY_REASON, DWELL_SHARE_BY_SITE,
		DWELL_SHARE_BY_OBJECT };

	for (size_t i = 0; word && path_by[i]; i++)
		if (!strcmp(path_by[i], word))
			return by[i];
	return DWELL_SHARE_BY_DEFAULT;
}

static const char *class_name(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t class_id)
{
	const struct dwell_catalog_class *class = dwell_catalog_class(catalog, class_id);
	const size_t size = class && class->text.size < 400 ? class->text.size : class ? 400 : 0;

	snprintf(out, DWELL_NAME_SIZE, "%.*s", (int)size, class ? class->text.at : "");
	return out;
}

/* What a share is told by, as one text. */
static const char *share_key(
	char out[DWELL_NAME_SIZE], const struct answer *answer, const struct dwell_share *share)
{
	const char *name = NULL;

	switch (answer->by) {
	case DWELL_SHARE_BY_TASK:
		return dwell_name_task(out, answer->catalog, share->task);
	case DWELL_SHARE_BY_STATE:
		name = dwell_state_name(share->state);
		break;
	case DWELL_SHARE_BY_REASON:
		name = share->reason ? dwell_reason_name(share->reason) : NULL;
		break;
	case DWELL_SHARE_BY_SITE:
		return dwell_name_site(out, answer->catalog, share->stack);
	case DWELL_SHARE_BY_OBJECT:
		return dwell_name_object(out, answer->catalog, share->object);
	default:
		return class_name(out, answer->catalog, share->class_id);
	}
	snprintf(out, DWELL_NAME_SIZE, "%s", name ? name : "");
	return out;
}

static void json_text(struct dwell_json *json, const char *key, const char *text)
{
	dwell_json_string(json, key, *text ? text : NULL);
}

static void json_site(struct dwell_json *json, const struct answer *answer, uint32_t stack)
{
	char text[DWELL_NAME_SIZE];

	json_text(json, "site", dwell_name_site(text, answer->catalog, stack));
}

static void json_reason(struct dwell_json *json, unsigned reason)
{
	dwell_json_string(json, "reason", reason ? dwell_reason_name(reason) : NULL);
}

static void json_gain(struct dwell_json *json, bool has_gain, uint64_t gain_ns)
{
	if (has_gain)
		dwell_json_number(json, "gain_ns", gain_ns);
	else
		dwell_json_null(json, "gain_ns");
}

static void json_step(
	struct dwell_json *json, const struct answer *answer, const struct dwell_step *step)
{
	static const char *const entries[] = { "self", "waker", "creator" };
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_number(json, "start_ns", step->start_ns);
	dwell_json_number(json, "end_ns", step->end_ns);
	dwell_json_number(json, "task", step->task);
	dwell_json_string(json, "name", dwell_name_task(text, answer->catalog, step->task));
	dwell_json_string(json, "state", dwell_state_name(step->state));
	json_reason(json, step->reason);
	json_site(json, answer, step->stack);
	part_object_json(json, "object", answer->catalog, step->object);
	dwell_json_string(json, "entry", entries[step->entry]);
	dwell_json_string(json, "stop", dwell_stop_name(step->stop));
	dwell_json_number(json, "depth", step->depth);
	part_id_json(json, "waiter", step->for_task);
	dwell_json_end_object(json);
}

static void json_share(
	struct dwell_json *json, const struct answer *answer, const struct dwell_share *share)
{
	const uint64_t whole_ns = answer->path->to_ns - answer->path->from_ns;
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	if (answer->by) {
		dwell_json_string(json, "by", answer->question.request->by);
		json_text(json, "key", share_key(text, answer, share));
	} else {
		json_text(json, "class", class_name(text, answer->catalog, share->class_id));
		dwell_json_string(json, "state", dwell_state_name(share->state));
		json_reason(json, share->reason);
		json_site(json, answer, share->stack);
	}
	dwell_json_number(json, "ns", share->ns);
	dwell_json_share(json, "share", dwell_share_ppm(share->ns, whole_ns));
	dwell_json_number(json, "steps", share->steps);
	json_gain(json, share->has_gain, share->gain_ns);
	dwell_json_end_object(json);
}

static void json_wait(
	struct dwell_json *json, const struct answer *answer, const struct dwell_path_wait *wait)
{
	const uint64_t whole_ns = answer->path->to_ns - answer->path->from_ns;
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, wait->longest_id));
	json_reason(json, wait->reason);
	part_object_json(json, "object", answer->catalog, wait->object);
	json_site(json, answer, wait->stack);
	part_stack_json(json, "stack", answer->catalog, wait->stack);
	dwell_json_number(json, "count", wait->count);
	dwell_json_number(json, "ns", wait->ns);
	dwell_json_share(json, "share", dwell_share_ppm(wait->ns, whole_ns));
	dwell_json_number(json, "longest_ns", wait->longest_ns);
	part_id_json(json, "longest_task", wait->task);
	json_gain(json, wait->has_gain, wait->gain_ns);
	dwell_json_end_object(json);
}

static void print_json(const struct answer *answer)
{
	const struct question *question = &answer->question;
	const struct dwell_path *path = answer->path;
	char text[DWELL_NAME_SIZE];
	struct dwell_json json;

	question_json(question, &json);
	dwell_json_object(&json, "path");
	dwell_json_number(&json, "task", path->task);
	dwell_json_string(&json, "name", dwell_name_task(text, answer->catalog, path->task));
	dwell_json_number(&json, "from_ns", path->from_ns);
	dwell_json_number(&json, "to_ns", path->to_ns);
	dwell_json_number(&json, "steps", path->all_steps);
	dwell_json_end_object(&json);
	dwell_json_array(&json, "shares");
	for (size_t i = 0; i < question_limit(question, path->share_count); i++)
		json_share(&json, answer, &path->shares[i]);
	dwell_json_end_array(&json);
	dwell_json_array(&json, "waits");
	for (size_t i = 0; i < question_limit(question, path->wait_count); i++)
		json_wait(&json, answer, &path->waits[i]);
	dwell_json_end_array(&json);
	dwell_json_array(&json, "steps");
	for (size_t i = 0; i < path->step_count; i++)
		json_step(&json, answer, &path->steps[i]);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec columns[] = {
	{ "the path by", "class", DWELL_CELL_TEXT, 0, 0 },
	{ "state", "state", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "reason", "reason", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "where", "site", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL },
	{ "time", "ns", DWELL_CELL_DURATION, 0, 0 },
	{ "", "share", DWELL_CELL_SHARE, 0, 0 },
	{ "would gain", "gain_ns", DWELL_CELL_DURATION, 0, 0 },
};

static const struct dwell_column_spec by_columns[] = {
	{ "", "by", DWELL_CELL_TEXT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "the path by", "key", DWELL_CELL_TEXT, 0, 0 },
	{ "time", "ns", DWELL_CELL_DURATION, 0, 0 },
	{ "", "share", DWELL_CELL_SHARE, 0, 0 },
	{ "would gain", "gain_ns", DWELL_CELL_DURATION, 0, 0 },
};

static void gain_cell(struct dwell_table *table, bool has_gain, uint64_t gain_ns)
{
	if (has_gain)
		dwell_table_number(table, gain_ns);
	else
		dwell_table_absent(table);
}

static void share_cells(
	struct dwell_table *table, const struct answer *answer, const struct dwell_share *share)
{
	char text[DWELL_NAME_SIZE];
	const char *key = share_key(text, answer, share);

	if (answer->by)
		dwell_table_string(table, answer->question.request->by);
	dwell_table_string(table, *key ? key : "(none)");
	if (answer->by)
		return;
	dwell_table_string(table, dwell_state_name(share->state));
	dwell_table_string(table, share->reason ? dwell_reason_name(share->reason) : "");
	dwell_table_string(table, dwell_name_site(text, answer->catalog, share->stack));
}

static struct dwell_table *share_table(const struct answer *answer)
{
	struct dwell_table *table =
		answer->by ? dwell_table_new(by_columns, sizeof(by_columns) / sizeof(by_columns[0]))
			   : dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const struct dwell_path *path = answer->path;
	const uint64_t whole_ns = path->to_ns - path->from_ns;

	for (size_t i = 0; table && i < question_limit(&answer->question, path->share_count); i++) {
		const struct dwell_share *share = &path->shares[i];

		share_cells(table, answer, share);
		dwell_table_number(table, share->ns);
		dwell_table_number(table, dwell_share_ppm(share->ns, whole_ns));
		gain_cell(table, share->has_gain, share->gain_ns);
	}
	return table;
}

static const struct dwell_column_spec wait_columns[] = {
	{ "it waited for", "reason", DWELL_CELL_TEXT, 0, 0 },
	{ "where", "site", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL },
	{ "times", "count", DWELL_CELL_COUNT, 0, DWELL_COLUMN_OPTIONAL },
	{ "time", "ns", DWELL_CELL_DURATION, DWELL_TONE_BLOCKED, 0 },
	{ "", "share", DWELL_CELL_PERCENT, 0, 0 },
	{ "would gain", "gain_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "longest", "longest_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "its id", "id", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
};

static struct dwell_table *wait_table(const struct answer *answer)
{
	struct dwell_table *table =
		dwell_table_new(wait_columns, sizeof(wait_columns) / sizeof(wait_columns[0]));
	const struct dwell_path *path = answer->path;
	char text[DWELL_NAME_SIZE];

	for (size_t i = 0; table && i < question_limit(&answer->question, path->wait_count); i++) {
		const struct dwell_path_wait *wait = &path->waits[i];
		const char *reason = wait->reason ? dwell_reason_name(wait->reason) : "blocked";

		dwell_name_object(text, answer->catalog, wait->object);
		dwell_table_text(table, "%s%s%s", reason, *text ? " " : "", text);
		dwell_table_string(table, dwell_name_site(text, answer->catalog, wait->stack));
		dwell_table_number(table, wait->count);
		dwell_table_number(table, wait->ns);
		dwell_table_number(table, dwell_share_ppm(wait->ns, path->to_ns - path->from_ns));
		gain_cell(table, wait->has_gain, wait->gain_ns);
		dwell_table_number(table, wait->longest_ns);
		dwell_table_string(table, part_id(text, wait->longest_id));
	}
	return table;
}

static const struct dwell_column_spec step_columns[] = {
	{ "longest steps at", "start_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "time", "ns", DWELL_CELL_DURATION, 0, 0 },
	{ "task", "task", DWELL_CELL_TEXT, 0, 0 },
	{ "was", "state", DWELL_CELL_TEXT, 0, 0 },
	{ "where", "site", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL },
	{ "for", "waiter", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL },
};

static struct dwell_table *step_table(const struct answer *answer)
{
	struct dwell_table *table =
		dwell_table_new(step_columns, sizeof(step_columns) / sizeof(step_columns[0]));
	const struct dwell_path *path = answer->path;
	char text[DWELL_NAME_SIZE];

	for (size_t i = 0; table && i < path->step_count; i++) {
		const struct dwell_step *step = &path->steps[i];

		dwell_table_number(table, step->start_ns);
		dwell_table_number(table, step->end_ns - step->start_ns);
		dwell_table_string(table, dwell_name_task(text, answer->catalog, step->task));
		dwell_table_text(table, "%s%s%s", dwell_state_name(step->state),
			step->reason ? ": " : "",
			step->reason ? dwell_reason_name(step->reason) : "");
		dwell_table_string(table, dwell_name_site(text, answer->catalog, step->stack));
		dwell_table_string(table, dwell_name_task(text, answer->catalog, step->for_task));
	}
	return table;
}

static void print_what(const struct answer *answer)
{
	const struct dwell_style *style = &answer->question.style;
	const struct dwell_path *path = answer->path;
	char name[DWELL_NAME_SIZE], length[DWELL_NUMBER_SIZE], from[DWELL_NUMBER_SIZE],
		to[DWELL_NUMBER_SIZE], steps[DWELL_NUMBER_SIZE];

	dwell_name_task(name, answer->catalog, path->task);
	dwell_print_escaped(style, name, strlen(name));
	printf(": %s, from %s to %s, in %s step%s\n\n",
		dwell_format_duration(length, path->to_ns - path->from_ns, style->ascii),
		dwell_format_duration(from, path->from_ns, style->ascii),
		dwell_format_duration(to, path->to_ns, style->ascii),
		dwell_format_count(steps, path->all_steps), path->all_steps == 1 ? "" : "s");
}

static void print_next(const struct answer *answer)
{
	const struct dwell_path *path = answer->path;
	char what[DWELL_NAME_SIZE + 64], id[DWELL_NAME_SIZE];

	if (path->wait_count)
		snprintf(what, sizeof(what), "the story of its longest wait: dwell explain %s",
			part_id(id, path->waits[0].longest_id));
	else
		snprintf(what, sizeof(what), "what it ran on: dwell flame --of cpu");
	next_step(&answer->question.style, what, answer->question.trace.path);
}

static int print_text(const struct answer *answer)
{
	const struct question *question = &answer->question;
	const struct dwell_path *path = answer->path;
	int status;

	if (question->request->csv)
		return question_table(question, share_table(answer), path->share_count);
	head_print(&question->style, &question->head);
	print_what(answer);
	status = question_table(question, share_table(answer), path->share_count);
	if (!status && path->wait_count) {
		putchar('\n');
		status = question_table(question, wait_table(answer), path->wait_count);
	}
	if (!status) {
		putchar('\n');
		status = question_table(question, step_table(answer), 0);
	}
	if (!status)
		print_next(answer);
	return status;
}

/* The longest span of a row of dwell spans: its task and times. Says what is wrong. */
static int find_span(struct question *question, const char *id, struct dwell_path_query *query)
{
	const struct dwell_query spans = {
		.analyses = DWELL_ANALYZE_SPANS,
		.selection = { .all_processes = true },
	};
	struct dwell_diag diag = { .offset = UINT64_MAX };
	struct dwell_answer *answer;
	char text[DWELL_NAME_SIZE];
	bool found = false;
	const int err = dwell_analyze(&answer, question->trace.import.source, &spans, &diag);

	if (err)
		return input_complain(question->trace.path, err, &diag);
	for (size_t i = 0; i < answer->spans->count; i++) {
		const struct dwell_span_row *row = &answer->spans->rows[i];

		if (strcmp(part_id(text, row->id), id) != 0 || !row->longest_ns)
			continue;
		query->task = row->longest_task;
		query->from_ns = row->longest_at_ns;
		query->to_ns = row->longest_at_ns + row->longest_ns;
		found = true;
	}
	dwell_answer_free(answer);
	return found ? (int)STATUS_DONE
		     : complain(STATUS_ASKED, id, "no span of this id; `dwell spans` lists them");
}

static int choose_task(const struct answer *answer, struct dwell_path_query *query)
{
	const struct question *question = &answer->question;
	const struct dwell_selection all = { 0 };

	if (query->task)
		return STATUS_DONE;
	if (question->request->task)
		return pick_task(answer->catalog, question->request->task, &query->task);
	query->task = dwell_study_main(answer->study, &all);
	return query->task ? (int)STATUS_DONE
			   : complain(STATUS_ASKED, question->trace.path, "has no tasks");
}

/* How many of the longest steps are told: to people, those that fit a glance. */
static uint64_t steps_wanted(const struct request *request)
{
	enum { GLANCE = 10 };

	if (request->csv)
		return 0;
	return request->json || request->limit < GLANCE ? request->limit : (uint64_t)GLANCE;
}

static int ask(struct answer *answer, const struct path_request *asked)
{
	struct question *question = &answer->question;
	struct dwell_path_query query = {
		.from_ns = question->query.selection.from_ns,
		.to_ns = question->query.selection.to_ns,
		.by = answer->by,
		.steps = steps_wanted(question->request),
		.no_gains = asked->no_gains,
	};
	struct dwell_diag diag = { .offset = UINT64_MAX };
	int status = asked->span ? find_span(question, asked->span, &query) : STATUS_DONE;
	int err;

	if (status)
		return status;
	err = dwell_study_open(&answer->study, question->trace.import.source, &diag);
	if (err)
		return input_complain(question->trace.path, err, &diag);
	answer->catalog = dwell_study_catalog(answer->study);
	status = choose_task(answer, &query);
	if (status)
		return status;
	err = dwell_path_find(&answer->path, answer->study, &query, &diag);
	if (err == DWELL_EINVAL)
		return complain(STATUS_ASKED, question->trace.path, "%s", diag.what);
	if (err)
		return input_complain(question->trace.path, err, &diag);
	question_head(question, &answer->path->trace);
	return STATUS_DONE;
}

int cmd_path(struct request *request)
{
	const struct path_request *asked = (const struct path_request *)request;
	struct answer answer = { .by = share_by(request->by) };
	int status = question_open(&answer.question, request, 0);

	if (!status)
		status = ask(&answer, asked);
	if (!status && request->json)
		print_json(&answer);
	else if (!status)
		status = print_text(&answer);
	dwell_path_free(answer.path);
	dwell_study_close(answer.study);
	question_close(&answer.question);
	return status;
}

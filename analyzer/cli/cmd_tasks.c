#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/question.h"

const char *const tasks_by[] = { "task", "class", "process", NULL };

static const char *end_name(const struct dwell_tasks_row *row)
{
	static const char *const names[] = {
		[DWELL_END_ALIVE] = "alive",
		[DWELL_END_ENDED] = "ended",
		[DWELL_END_EXITED] = "exited",
		[DWELL_END_KILLED] = "killed",
	};

	return row->end < sizeof(names) / sizeof(names[0]) ? names[row->end] : "ended";
}

static int64_t pid_of(const struct dwell_catalog *catalog, uint32_t process)
{
	const struct dwell_catalog_process *found = dwell_catalog_process(catalog, process);

	return found ? found->pid : -1;
}

static void json_signed(struct dwell_json *json, const char *key, int64_t number)
{
	if (number >= 0)
		dwell_json_signed(json, key, number);
	else
		dwell_json_null(json, key);
}

/* What only a row of one task has. */
static void json_identity(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_tasks_row *row)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, row->task);
	char text[DWELL_NAME_SIZE];

	dwell_json_number(json, "id", row->task);
	json_signed(json, "tid", task ? task->tid : -1);
	part_id_json(json, "native_id", task ? task->native_id : 0);
	dwell_json_bool(json, "born", task && task->born);
	if (task && task->name.size)
		dwell_json_bytes(json, "name", task->name.at, task->name.size);
	else
		dwell_json_string(json, "name", dwell_name_task(text, catalog, row->task));
	dwell_json_string(json, "class", dwell_name_class(text, catalog, row->task));
	dwell_json_string(json, "kind", task ? dwell_task_kind_name(task->kind) : NULL);
	json_signed(json, "process", pid_of(catalog, task ? task->process : 0));
	part_id_json(json, "parent", task ? task->parent : 0);
	dwell_json_number(json, "created_ns", row->created_ns);
	if (row->ended_ns == DWELL_FOREVER)
		dwell_json_null(json, "ended_ns");
	else
		dwell_json_number(json, "ended_ns", row->ended_ns);
	dwell_json_string(json, "end", end_name(row));
	if (row->end == DWELL_END_EXITED || row->end == DWELL_END_KILLED)
		dwell_json_signed(json, "status", row->status);
	if (task && task->creation_stack)
		part_stack_json(json, "creation_stack", catalog, task->creation_stack);
}

static void json_known(struct dwell_json *json, const char *key, bool known, uint64_t number)
{
	if (known)
		dwell_json_number(json, key, number);
	else
		dwell_json_null(json, key);
}

static void json_row(
	struct dwell_json *json, const struct question *question, const struct dwell_tasks_row *row)
{
	const struct dwell_trace_facts *facts = &question->answer->trace;
	const struct dwell_catalog *catalog = question->answer->catalog;
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "by", dwell_by_name(row->key.by));
	dwell_json_string(json, "key", part_key(text, catalog, &row->key));
	if (row->task)
		json_identity(json, catalog, row);
	if (row->key.by != DWELL_BY_TASK)
		dwell_json_number(json, "tasks", row->count);
	part_times_json(json, &row->times);
	part_reasons_json(json, "blocked_by", row->blocked_by);
	/* What was not collected is null, not 0. */
	json_known(json, "switches", facts->has_switches, row->switches);
	json_known(json, "preemptions", facts->has_switches, row->preemptions);
	json_known(json, "wakes", facts->has_wakes, row->wakes);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question)
{
	const struct dwell_tasks *tasks = question->answer->tasks;
	struct dwell_json json;

	question_json(question, &json);
	dwell_json_number(&json, "total", tasks->total);
	dwell_json_array(&json, "tasks");
	for (size_t i = 0; i < tasks->count; i++)
		json_row(&json, question, &tasks->rows[i]);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec columns[] = {
	{ "task", "key", DWELL_CELL_TEXT, 0, 0 },
	{ "", "id", DWELL_CELL_COUNT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "", "tid", DWELL_CELL_COUNT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "", "native_id", DWELL_CELL_COUNT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "", "class", DWELL_CELL_TEXT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "", "kind", DWELL_CELL_TEXT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "", "process", DWELL_CELL_COUNT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "", "parent", DWELL_CELL_COUNT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "", "created_ns", DWELL_CELL_COUNT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "", "ended_ns", DWELL_CELL_COUNT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "tasks", "tasks", DWELL_CELL_COUNT, 0, 0 },
	{ "running", "running_ns", DWELL_CELL_DURATION, DWELL_TONE_RUNNING, 0 },
	{ "runnable", "runnable_ns", DWELL_CELL_DURATION, DWELL_TONE_RUNNABLE, 0 },
	{ "blocked", "blocked_ns", DWELL_CELL_DURATION, DWELL_TONE_BLOCKED, 0 },
	{ "unknown", "unknown_ns", DWELL_CELL_DURATION, DWELL_TONE_UNKNOWN, DWELL_COLUMN_OPTIONAL },
	{ "mostly on", "", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_TABLE_ONLY },
	{ "switches", "switches", DWELL_CELL_COUNT, 0, DWELL_COLUMN_OPTIONAL },
	{ "preempted", "preemptions", DWELL_CELL_COUNT, 0, DWELL_COLUMN_OPTIONAL },
	{ "woken", "wakes", DWELL_CELL_COUNT, 0, DWELL_COLUMN_OPTIONAL },
	{ "end", "end", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_WHOLE },
};

static void cell_known(struct dwell_table *table, bool known, uint64_t number)
{
	if (known)
		dwell_table_number(table, number);
	else
		dwell_table_absent(table);
}

static void identity_cells(struct dwell_table *table, const struct dwell_catalog *catalog,
	const struct dwell_tasks_row *row)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, row->task);
	const int64_t pid = pid_of(catalog, task ? task->process : 0);
	char text[DWELL_NAME_SIZE];

	cell_known(table, row->task, row->task);
	cell_known(table, task && task->tid >= 0, task ? (uint64_t)task->tid : 0);
	cell_known(table, task && task->native_id, task ? task->native_id : 0);
	dwell_table_string(table, dwell_name_class(text, catalog, row->task));
	dwell_table_string(table, task ? dwell_task_kind_name(task->kind) : NULL);
	cell_known(table, pid >= 0, (uint64_t)pid);
	cell_known(table, task && task->parent, task ? task->parent : 0);
	cell_known(table, row->task, row->created_ns);
	cell_known(table, row->task && row->ended_ns != DWELL_FOREVER, row->ended_ns);
}

/* "futex 87 %": what it was blocked on most. */
static void reason_cell(struct dwell_table *table, const struct dwell_tasks_row *row)
{
	unsigned most = 0;

	for (unsigned reason = 0; reason < DWELL_REASON_COUNT; reason++)
		if (row->blocked_by[reason] > row->blocked_by[most])
			most = reason;
	if (!row->blocked_by[most] || !most)
		dwell_table_absent(table);
	else
		dwell_table_text(table, "%s %" PRIu64 " %%", dwell_reason_name(most),
			dwell_share_ppm(row->blocked_by[most], row->times.blocked_ns) / 10000);
}

static void end_cell(struct dwell_table *table, const struct dwell_tasks_row *row)
{
	if (!row->task)
		dwell_table_absent(table);
	else if (row->end == DWELL_END_EXITED || row->end == DWELL_END_KILLED)
		dwell_table_text(table, "%s %" PRId32, end_name(row), row->status);
	else
		dwell_table_string(table, end_name(row));
}

static void table_row(struct dwell_table *table, const struct question *question,
	const struct dwell_tasks_row *row)
{
	const struct dwell_trace_facts *facts = &question->answer->trace;
	char text[DWELL_NAME_SIZE];

	dwell_table_string(table, part_key(text, question->answer->catalog, &row->key));
	identity_cells(table, question->answer->catalog, row);
	cell_known(table, row->key.by != DWELL_BY_TASK, row->count);
	dwell_table_number(table, row->times.running_ns);
	dwell_table_number(table, row->times.runnable_ns);
	dwell_table_number(table, row->times.blocked_ns);
	dwell_table_number(table, row->times.unknown_ns);
	reason_cell(table, row);
	cell_known(table, facts->has_switches, row->switches);
	cell_known(table, facts->has_switches, row->preemptions);
	cell_known(table, facts->has_wakes, row->wakes);
	end_cell(table, row);
}

static int print_table(const struct question *question)
{
	const struct dwell_tasks *tasks = question->answer->tasks;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	for (size_t i = 0; table && i < tasks->count; i++)
		table_row(table, question, &tasks->rows[i]);
	if (!question->request->csv)
		head_print(&question->style, &question->head);
	status = question_table(question, table, tasks->total);
	if (!status && !question->request->csv)
		next_step(&question->style, "what they waited for: dwell blocked",
			question->trace.path);
	return status;
}

int cmd_tasks(struct request *request)
{
	struct question question;
	int status = question_open(&question, request, DWELL_ANALYZE_TASKS);

	question.query.tasks_by = question_by(request, DWELL_BY_TASK);
	question.query.tasks_most = request->limit == UINT64_MAX ? 0 : request->limit;
	question.query.tasks_sort = request->sort;
	if (!status)
		status = question_ask(&question);
	if (!status && request->json)
		print_json(&question);
	else if (!status)
		status = print_table(&question);
	question_close(&question);
	return status;
}

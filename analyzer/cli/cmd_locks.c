#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/question.h"

static void json_convoy(struct dwell_json *json, const struct dwell_lock_row *row)
{
	dwell_json_object(json, "convoys");
	dwell_json_number(json, "count", row->convoys);
	dwell_json_number(json, "total_ns", row->convoy_ns);
	if (row->convoys) {
		dwell_json_number(json, "longest_start_ns", row->convoy.start_ns);
		dwell_json_number(json, "longest_end_ns", row->convoy.end_ns);
		dwell_json_number(json, "longest_handovers", row->convoy.handovers);
		dwell_json_number(json, "longest_queue", row->convoy.longest_queue);
	}
	dwell_json_end_object(json);
}

static void json_row(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_lock_row *row)
{
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, row->id));
	part_object_json(json, "object", catalog, row->object);
	dwell_json_string(json, "reason", dwell_reason_name(row->reason));
	dwell_json_number(json, "contended", row->contended);
	dwell_json_number(json, "waiters", row->waiters);
	dwell_json_number(json, "wait_ns", row->waits.total_ns);
	dwell_json_number(json, "p50_wait_ns", row->waits.p50_ns);
	dwell_json_number(json, "p99_wait_ns", row->waits.p99_ns);
	dwell_json_number(json, "max_wait_ns", row->waits.max_ns);
	dwell_json_number(json, "open_count", row->open_count);
	dwell_json_number(json, "open_ns", row->open_ns);
	part_holders_json(json, catalog, row->holders, row->holder_count);
	json_convoy(json, row);
	dwell_json_end_object(json);
}

static void json_cycle(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_order_cycle *cycle)
{
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, cycle->id));
	dwell_json_array(json, "steps");
	for (size_t i = 0; i < cycle->count; i++) {
		dwell_json_object(json, NULL);
		part_object_json(json, "held", catalog, cycle->objects[i]);
		part_id_json(json, "task", cycle->tasks[i]);
		part_stack_json(json, "stack", catalog, cycle->stacks[i]);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question)
{
	const struct dwell_locks *locks = question->answer->locks;
	struct dwell_json json;

	question_json(question, &json);
	dwell_json_number(&json, "total", locks->count);
	dwell_json_bool(&json, "order_known", locks->has_order);
	dwell_json_array(&json, "locks");
	for (size_t i = 0; i < question_limit(question, locks->count); i++)
		json_row(&json, question->answer->catalog, &locks->rows[i]);
	dwell_json_end_array(&json);
	dwell_json_array(&json, "order_cycles");
	for (size_t i = 0; i < locks->cycle_count; i++)
		json_cycle(&json, question->answer->catalog, &locks->cycles[i]);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec columns[] = {
	{ "id", "id", DWELL_CELL_TEXT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "waited", "wait_ns", DWELL_CELL_DURATION, DWELL_TONE_BLOCKED, 0 },
	{ "waits", "contended", DWELL_CELL_COUNT, 0, 0 },
	{ "not ended", "open_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_TABLE_ONLY },
	{ "tasks", "waiters", DWELL_CELL_COUNT, 0, DWELL_COLUMN_OPTIONAL },
	{ "p50", "p50_wait_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "max", "max_wait_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "lock", "object", DWELL_CELL_TEXT, 0, 0 },
	{ "holder", "holder", DWELL_CELL_TEXT, 0, 0 },
	{ "of it", "holder_share", DWELL_CELL_PERCENT, 0, DWELL_COLUMN_OPTIONAL },
	{ "running", "holder_running", DWELL_CELL_PERCENT, DWELL_TONE_RUNNING, 0 },
	{ "runnable", "holder_runnable", DWELL_CELL_PERCENT, DWELL_TONE_RUNNABLE, 0 },
	{ "blocked", "holder_blocked", DWELL_CELL_PERCENT, DWELL_TONE_BLOCKED, 0 },
	{ "on", "holder_blocked_on", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL },
	{ "convoys", "convoys", DWELL_CELL_COUNT, 0, DWELL_COLUMN_OPTIONAL },
};

/* What the holder was blocked on most. */
static void reason_cell(struct dwell_table *table, const struct dwell_holder *holder)
{
	uint64_t by_reason[DWELL_REASON_COUNT];
	unsigned most = 0;

	dwell_holder_blocked_by(holder, by_reason);
	for (unsigned reason = 1; reason < DWELL_REASON_COUNT; reason++)
		if (by_reason[reason] > by_reason[most])
			most = reason;
	dwell_table_string(table, by_reason[most] ? dwell_reason_name(most) : NULL);
}

static void holder_cells(struct dwell_table *table, const struct dwell_catalog *catalog,
	const struct dwell_lock_row *row)
{
	const struct dwell_holder *holder = row->holders;
	char text[DWELL_NAME_SIZE];

	if (!row->holder_count) {
		for (int i = 0; i < 6; i++)
			dwell_table_absent(table);
		return;
	}
	dwell_table_string(table, dwell_name_task(text, catalog, holder->task));
	dwell_table_number(
		table, dwell_share_ppm(holder->total_ns, row->waits.total_ns + row->open_ns));
	dwell_table_number(table, dwell_share_ppm(holder->times.running_ns, holder->total_ns));
	dwell_table_number(table, dwell_share_ppm(holder->times.runnable_ns, holder->total_ns));
	dwell_table_number(table, dwell_share_ppm(holder->times.blocked_ns, holder->total_ns));
	reason_cell(table, holder);
}

static void table_row(struct dwell_table *table, const struct dwell_catalog *catalog,
	const struct dwell_lock_row *row)
{
	char text[DWELL_NAME_SIZE];

	dwell_table_string(table, part_id(text, row->id));
	dwell_table_number(table, row->waits.total_ns);
	dwell_table_number(table, row->contended);
	if (row->open_count)
		dwell_table_number(table, row->open_ns);
	else
		dwell_table_absent(table);
	dwell_table_number(table, row->waiters);
	dwell_table_number(table, row->waits.p50_ns);
	dwell_table_number(table, row->waits.max_ns);
	if (row->object)
		dwell_table_string(table, dwell_name_object(text, catalog, row->object));
	else
		dwell_table_text(table, "a %s", dwell_reason_name(row->reason));
	holder_cells(table, catalog, row);
	if (row->convoys)
		dwell_table_number(table, row->convoys);
	else
		dwell_table_absent(table);
}

static void print_cycles(const struct question *question)
{
	const struct dwell_locks *locks = question->answer->locks;
	char text[DWELL_NAME_SIZE];

	for (size_t i = 0; i < locks->cycle_count; i++) {
		const struct dwell_order_cycle *cycle = &locks->cycles[i];

		printf("\ntaken in a circle:");
		for (size_t step = 0; step <= cycle->count; step++) {
			const uint32_t object = cycle->objects[step % cycle->count];

			fputs(step ? " then " : " ", stdout);
			dwell_name_object(text, question->answer->catalog, object);
			dwell_print_escaped(&question->style, text, strlen(text));
		}
		putchar('\n');
	}
}

static int print_text(const struct question *question)
{
	const struct dwell_locks *locks = question->answer->locks;
	const bool csv = question->request->csv;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	for (size_t i = 0; table && i < question_limit(question, locks->count); i++)
		table_row(table, question->answer->catalog, &locks->rows[i]);
	if (!csv)
		head_print(&question->style, &question->head);
	status = question_table(question, table, locks->count);
	if (status || csv)
		return status;
	print_cycles(question);
	next_step(&question->style,
		"where they were waited for: dwell blocked --reason mutex,rwlock",
		question->trace.path);
	return STATUS_DONE;
}

int cmd_locks(struct request *request)
{
	return question_answer(request, DWELL_ANALYZE_LOCKS, print_json, print_text);
}

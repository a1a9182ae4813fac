#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/question.h"

static void json_row(struct dwell_json *json, const struct dwell_span_row *row)
{
	const struct dwell_distribution *durations = &row->durations;
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, row->id));
	dwell_json_string(json, "by", "name");
	dwell_json_bytes(json, "key", row->text.at, row->text.size);
	dwell_json_bytes(json, "name", row->text.at, row->text.size);
	dwell_json_string(json, "kind", dwell_span_kind_name(row->kind));
	dwell_json_number(json, "count", durations->count);
	dwell_json_number(json, "total_ns", durations->total_ns);
	dwell_json_number(json, "mean_ns", durations->mean_ns);
	dwell_json_number(json, "p50_ns", durations->p50_ns);
	dwell_json_number(json, "p90_ns", durations->p90_ns);
	dwell_json_number(json, "p99_ns", durations->p99_ns);
	dwell_json_number(json, "max_ns", durations->max_ns);
	part_times_json(json, &row->times);
	dwell_json_number(json, "open_count", row->open_count);
	dwell_json_number(json, "open_ns", row->open_ns);
	dwell_json_object(json, "longest");
	part_id_json(json, "task", row->longest_task);
	dwell_json_number(json, "at_ns", row->longest_at_ns);
	dwell_json_number(json, "ns", row->longest_ns);
	dwell_json_end_object(json);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question)
{
	const struct dwell_spans *spans = question->answer->spans;
	struct dwell_json json;

	question_json(question, &json);
	dwell_json_number(&json, "total", spans->count);
	dwell_json_number(&json, "unmatched", spans->unmatched);
	dwell_json_array(&json, "spans");
	for (size_t i = 0; i < question_limit(question, spans->count); i++)
		json_row(&json, &spans->rows[i]);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec columns[] = {
	{ "id", "id", DWELL_CELL_TEXT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "span", "name", DWELL_CELL_TEXT, 0, 0 },
	{ "kind", "kind", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_WHOLE },
	{ "count", "count", DWELL_CELL_COUNT, 0, 0 },
	{ "total", "total_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "p50", "p50_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "p99", "p99_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "max", "max_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "running", "running", DWELL_CELL_PERCENT, DWELL_TONE_RUNNING, 0 },
	{ "runnable", "runnable", DWELL_CELL_PERCENT, DWELL_TONE_RUNNABLE, 0 },
	{ "blocked", "blocked", DWELL_CELL_PERCENT, DWELL_TONE_BLOCKED, 0 },
	{ "unknown", "unknown", DWELL_CELL_PERCENT, DWELL_TONE_UNKNOWN, DWELL_COLUMN_OPTIONAL },
	{ "open", "open_count", DWELL_CELL_COUNT, 0, DWELL_COLUMN_OPTIONAL },
};

static void table_row(struct dwell_table *table, const struct dwell_span_row *row)
{
	const struct dwell_distribution *durations = &row->durations;
	const struct dwell_times *times = &row->times;
	const uint64_t all =
		times->running_ns + times->runnable_ns + times->blocked_ns + times->unknown_ns;
	char text[DWELL_NAME_SIZE];

	dwell_table_string(table, part_id(text, row->id));
	dwell_table_bytes(table, row->text.at, row->text.size);
	dwell_table_string(table, dwell_span_kind_name(row->kind));
	dwell_table_number(table, durations->count);
	dwell_table_number(table, durations->total_ns);
	dwell_table_number(table, durations->p50_ns);
	dwell_table_number(table, durations->p99_ns);
	dwell_table_number(table, durations->max_ns);
	dwell_table_number(table, dwell_share_ppm(times->running_ns, all));
	dwell_table_number(table, dwell_share_ppm(times->runnable_ns, all));
	dwell_table_number(table, dwell_share_ppm(times->blocked_ns, all));
	dwell_table_number(table, dwell_share_ppm(times->unknown_ns, all));
	if (row->open_count)
		dwell_table_number(table, row->open_count);
	else
		dwell_table_absent(table);
}

static int print_text(const struct question *question)
{
	const struct dwell_spans *spans = question->answer->spans;
	const bool csv = question->request->csv;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	for (size_t i = 0; table && i < question_limit(question, spans->count); i++)
		table_row(table, &spans->rows[i]);
	if (!csv)
		head_print(&question->style, &question->head);
	status = question_table(question, table, spans->count);
	if (!status && !csv)
		next_step(&question->style, "what was blocked in them: dwell blocked",
			question->trace.path);
	return status;
}

int cmd_spans(struct request *request)
{
	return question_answer(request, DWELL_ANALYZE_SPANS, print_json, print_text);
}

#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/question.h"

/* The collector's kinds of spans, in the order in which they are told. */
static const struct {
	const char *key;
	uint8_t kind;
} kinds[] = {
	{ "cycles", DWELL_SPAN_GC_CYCLE },
	{ "pauses", DWELL_SPAN_WORLD_PAUSE },
	{ "assists", DWELL_SPAN_GC_ASSIST },
	{ "sweeps", DWELL_SPAN_GC_SWEEP },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void json_span(struct dwell_json *json, const struct dwell_span_row *row)
{
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, row->id));
	dwell_json_bytes(json, "name", row->text.at, row->text.size);
	dwell_json_number(json, "count", row->durations.count);
	dwell_json_number(json, "total_ns", row->durations.total_ns);
	dwell_json_number(json, "p50_ns", row->durations.p50_ns);
	dwell_json_number(json, "p99_ns", row->durations.p99_ns);
	dwell_json_number(json, "max_ns", row->durations.max_ns);
	dwell_json_number(json, "longest_at_ns", row->longest_at_ns);
	dwell_json_number(json, "open_count", row->open_count);
	dwell_json_end_object(json);
}

static void json_spans(struct dwell_json *json, const struct dwell_spans *spans, size_t kind)
{
	dwell_json_array(json, kinds[kind].key);
	for (size_t i = 0; i < spans->count; i++)
		if (spans->rows[i].kind == kinds[kind].kind)
			json_span(json, &spans->rows[i]);
	dwell_json_end_array(json);
}

static struct dwell_string class_text(const struct question *question, uint32_t id)
{
	const struct dwell_catalog_class *class =
		dwell_catalog_class(question->answer->catalog, id);

	return class ? class->text : (struct dwell_string){ NULL, 0 };
}

static void json_helpers(struct dwell_json *json, const struct question *question)
{
	const struct dwell_gc *gc = question->answer->gc;

	dwell_json_array(json, "assisted_by");
	for (size_t i = 0; i < question_limit(question, gc->assist_count); i++) {
		const struct dwell_gc_assist *assist = &gc->assists[i];
		const struct dwell_string class = class_text(question, assist->class_id);

		dwell_json_object(json, NULL);
		dwell_json_bytes(json, "class", class.at, class.size);
		dwell_json_number(json, "count", assist->count);
		dwell_json_number(json, "total_ns", assist->total_ns);
		dwell_json_number(json, "max_ns", assist->max_ns);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

static void json_utilization(struct dwell_json *json, const struct dwell_gc *gc)
{
	if (!gc->has_utilization) {
		dwell_json_null(json, "mutator_utilization");
		return;
	}
	dwell_json_object(json, "mutator_utilization");
	dwell_json_share(json, "mean", gc->mean_ppm);
	dwell_json_array(json, "windows");
	for (size_t i = 0; i < gc->window_count; i++) {
		dwell_json_object(json, NULL);
		dwell_json_number(json, "window_ns", gc->windows[i].window_ns);
		dwell_json_share(json, "minimum", gc->windows[i].minimum_ppm);
		dwell_json_number(json, "at_ns", gc->windows[i].at_ns);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question)
{
	struct dwell_json json;

	question_json(question, &json);
	for (size_t kind = 0; kind < KINDS; kind++)
		json_spans(&json, question->answer->spans, kind);
	json_helpers(&json, question);
	json_utilization(&json, question->answer->gc);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec columns[] = {
	{ "what", "name", DWELL_CELL_TEXT, 0, 0 },
	{ "kind", "kind", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_WHOLE },
	{ "count", "count", DWELL_CELL_COUNT, 0, 0 },
	{ "total", "total_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "p50", "p50_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "p99", "p99_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "max", "max_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "longest at", "longest_at_ns", DWELL_CELL_DURATION, 0, 0 },
};

static void table_span(struct dwell_table *table, const struct dwell_span_row *row)
{
	dwell_table_bytes(table, row->text.at, row->text.size);
	dwell_table_string(table, dwell_span_kind_name(row->kind));
	dwell_table_number(table, row->durations.count);
	dwell_table_number(table, row->durations.total_ns);
	dwell_table_number(table, row->durations.p50_ns);
	dwell_table_number(table, row->durations.p99_ns);
	dwell_table_number(table, row->durations.max_ns);
	dwell_table_number(table, row->longest_at_ns);
}

static int print_spans(const struct question *question)
{
	const struct dwell_spans *spans = question->answer->spans;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t kind = 0; kind < KINDS && table; kind++)
		for (size_t i = 0; i < spans->count; i++)
			if (spans->rows[i].kind == kinds[kind].kind)
				table_span(table, &spans->rows[i]);
	return question_table(question, table, table ? dwell_table_rows(table) : 0);
}

static const struct dwell_column_spec window_columns[] = {
	{ "in any", "window_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "at least was left", "minimum", DWELL_CELL_SHARE, DWELL_TONE_RUNNING, 0 },
	{ "at", "at_ns", DWELL_CELL_DURATION, 0, 0 },
};

static int print_windows(const struct question *question)
{
	const struct dwell_gc *gc = question->answer->gc;
	struct dwell_table *table =
		dwell_table_new(window_columns, sizeof(window_columns) / sizeof(window_columns[0]));
	char share[DWELL_NUMBER_SIZE];

	if (!gc->has_utilization) {
		dwell_table_free(table);
		return STATUS_DONE;
	}
	printf("\nleft to the program: %s of the processors on average\n",
		dwell_format_share(share, gc->mean_ppm));
	for (size_t i = 0; i < gc->window_count && table; i++) {
		dwell_table_number(table, gc->windows[i].window_ns);
		dwell_table_number(table, gc->windows[i].minimum_ppm);
		dwell_table_number(table, gc->windows[i].at_ns);
	}
	return question_table(question, table, gc->window_count);
}

static const struct dwell_column_spec helper_columns[] = {
	{ "who had to help", "class", DWELL_CELL_TEXT, 0, 0 },
	{ "assists", "count", DWELL_CELL_COUNT, 0, 0 },
	{ "total", "total_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "max", "max_ns", DWELL_CELL_DURATION, 0, 0 },
};

static int print_helpers(const struct question *question)
{
	const struct dwell_gc *gc = question->answer->gc;
	struct dwell_table *table = NULL;

	if (!gc->assist_count)
		return STATUS_DONE;
	putchar('\n');
	table = dwell_table_new(helper_columns, sizeof(helper_columns) / sizeof(helper_columns[0]));
	for (size_t i = 0; i < question_limit(question, gc->assist_count) && table; i++) {
		const struct dwell_string class = class_text(question, gc->assists[i].class_id);

		dwell_table_bytes(table, class.at, class.size);
		dwell_table_number(table, gc->assists[i].count);
		dwell_table_number(table, gc->assists[i].total_ns);
		dwell_table_number(table, gc->assists[i].max_ns);
	}
	return question_table(question, table, gc->assist_count);
}

static int print_text(const struct question *question)
{
	int status;

	if (question->request->csv)
		return print_spans(question);
	head_print(&question->style, &question->head);
	status = print_spans(question);
	if (!status)
		status = print_windows(question);
	if (!status)
		status = print_helpers(question);
	if (!status)
		next_step(&question->style,
			"what waited for the collector: dwell blocked --reason gc",
			question->trace.path);
	return status;
}

int cmd_gc(struct request *request)
{
	return question_answer(
		request, DWELL_ANALYZE_SPANS | DWELL_ANALYZE_GC, print_json, print_text);
}

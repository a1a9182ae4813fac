#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/openmetrics.h"
#include "cli/parts.h"
#include "cli/question.h"

const struct option metrics_options[] = {
	{ .name = "openmetrics",
		.type = OPTION_FLAG,
		.target = offsetof(struct metrics_request, openmetrics),
		.help = "print what Prometheus reads" },
	{ .name = NULL },
};

static const struct dwell_catalog_counter *counter_of(
	const struct question *question, const struct dwell_metric *metric)
{
	static const struct dwell_catalog_counter unknown = { .kind = DWELL_COUNTER_GAUGE };
	const struct dwell_catalog_counter *counter =
		dwell_catalog_counter(question->answer->catalog, metric->counter);

	return counter ? counter : &unknown;
}

static void json_points(struct dwell_json *json, const struct dwell_metric *metric, int exponent)
{
	dwell_json_number(json, "point_ns", metric->point_ns);
	dwell_json_array(json, "points");
	for (size_t i = 0; i < metric->point_count; i++) {
		const struct dwell_metric_point *point = &metric->points[i];

		dwell_json_object(json, NULL);
		dwell_json_number(json, "at_ns", point->start_ns);
		dwell_json_number(json, "count", point->count);
		dwell_json_scaled(json, "min", point->min, exponent);
		dwell_json_scaled(json, "max", point->max, exponent);
		dwell_json_scaled(json, "last", point->last, exponent);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

static void json_histogram(
	struct dwell_json *json, const struct dwell_distribution *histogram, int exponent)
{
	dwell_json_object(json, "histogram");
	dwell_json_scaled(json, "p50", (int64_t)histogram->p50_ns, exponent);
	dwell_json_scaled(json, "p90", (int64_t)histogram->p90_ns, exponent);
	dwell_json_scaled(json, "p99", (int64_t)histogram->p99_ns, exponent);
	dwell_json_scaled(json, "max", (int64_t)histogram->max_ns, exponent);
	dwell_json_end_object(json);
}

static void json_row(
	struct dwell_json *json, const struct question *question, const struct dwell_metric *metric)
{
	const struct dwell_catalog_counter *counter = counter_of(question, metric);
	const int exponent = counter->exponent;

	dwell_json_object(json, NULL);
	dwell_json_bytes(json, "name", counter->name.at, counter->name.size);
	dwell_json_string(json, "kind", dwell_counter_kind_name(counter->kind));
	dwell_json_bytes(json, "unit", counter->unit.at, counter->unit.size);
	part_id_json(json, "task", metric->task);
	part_id_json(json, "executor", metric->executor);
	dwell_json_number(json, "count", metric->count);
	dwell_json_number(json, "first_at_ns", metric->first_at_ns);
	dwell_json_number(json, "last_at_ns", metric->last_at_ns);
	dwell_json_scaled(json, "first", metric->first, exponent);
	dwell_json_scaled(json, "last", metric->last, exponent);
	dwell_json_scaled(json, "min", metric->min, exponent);
	dwell_json_scaled(json, "max", metric->max, exponent);
	if (counter->kind == DWELL_COUNTER_HISTOGRAM)
		json_histogram(json, &metric->histogram, exponent);
	json_points(json, metric, exponent);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question)
{
	const struct dwell_metrics *metrics = question->answer->metrics;
	struct dwell_json json;

	question_json(question, &json);
	dwell_json_number(&json, "total", metrics->count);
	dwell_json_array(&json, "metrics");
	for (size_t i = 0; i < question_limit(question, metrics->count); i++)
		json_row(&json, question, &metrics->rows[i]);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec columns[] = {
	{ "metric", "name", DWELL_CELL_TEXT, 0, 0 },
	{ "of", "of", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL },
	{ "kind", "kind", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_WHOLE },
	{ "values", "count", DWELL_CELL_COUNT, 0, DWELL_COLUMN_OPTIONAL },
	{ "first", "first", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL },
	{ "last", "last", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "min", "min", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "max", "max", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "unit", "unit", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "over time", "", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_TABLE_ONLY },
};

static double scaled(int64_t value, int exponent)
{
	double out = (double)value;

	for (; exponent > 0; exponent--)
		out *= 10;
	for (; exponent < 0; exponent++)
		out /= 10;
	return out;
}

static void value_cell(struct dwell_table *table, int64_t value, int exponent)
{
	if (exponent)
		dwell_table_text(table, "%.6g", scaled(value, exponent));
	else
		dwell_table_text(table, "%lld", (long long)value);
}

/* The last value of each stretch, as the height of a character. */
static void line_cell(struct dwell_table *table, const struct dwell_metric *metric, bool ascii)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const marks[] = { "_", "_", ".", ".", "-", "-", "^", "^" };
	enum { WIDTH = 32 };
	const double range = (double)metric->max - (double)metric->min;
	const size_t step = (metric->point_count + WIDTH - 1) / WIDTH;
	char text[WIDTH * 4 + 8] = "";
	size_t used = 0;

	for (size_t i = step; step && i <= metric->point_count; i += step) {
		const struct dwell_metric_point *point = &metric->points[i - 1];
		const double height =
			range > 0 ? ((double)point->last - (double)metric->min) / range : 0;
		const size_t level = (size_t)(height * 7.0 + 0.5) & 7;

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s",
			!point->count ? " "
			: ascii       ? marks[level]
				      : blocks[level]);
	}
	dwell_table_string(table, text);
}

static void owner_cell(struct dwell_table *table, const struct dwell_catalog *catalog,
	const struct dwell_metric *metric)
{
	char text[DWELL_NAME_SIZE];

	if (metric->task)
		dwell_table_string(table, dwell_name_task(text, catalog, metric->task));
	else if (metric->executor)
		dwell_table_string(table, dwell_name_executor(text, catalog, metric->executor));
	else
		dwell_table_absent(table);
}

static void table_row(struct dwell_table *table, const struct question *question,
	const struct dwell_metric *metric)
{
	const struct dwell_catalog_counter *counter = counter_of(question, metric);

	dwell_table_bytes(table, counter->name.at, counter->name.size);
	owner_cell(table, question->answer->catalog, metric);
	dwell_table_string(table, dwell_counter_kind_name(counter->kind));
	dwell_table_number(table, metric->count);
	value_cell(table, metric->first, counter->exponent);
	value_cell(table, metric->last, counter->exponent);
	value_cell(table, metric->min, counter->exponent);
	value_cell(table, metric->max, counter->exponent);
	dwell_table_bytes(table, counter->unit.at, counter->unit.size);
	line_cell(table, metric, question->style.ascii);
}

static int print_text(const struct question *question)
{
	const struct dwell_metrics *metrics = question->answer->metrics;
	const bool csv = question->request->csv;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	for (size_t i = 0; table && i < question_limit(question, metrics->count); i++)
		table_row(table, question, &metrics->rows[i]);
	if (!csv)
		head_print(&question->style, &question->head);
	status = question_table(question, table, metrics->count);
	if (!status && !csv)
		next_step(&question->style, "every value: dwell metrics --json",
			question->trace.path);
	return status;
}

int cmd_metrics(struct request *request)
{
	const bool openmetrics = ((const struct metrics_request *)request)->openmetrics;
	struct question question;
	int status;

	if (openmetrics && (request->json || request->csv))
		return complain(STATUS_ASKED, "--openmetrics", "is a form of its own");
	status = question_open(&question, request, DWELL_ANALYZE_METRICS);
	if (!status)
		status = question_ask(&question);
	if (!status && openmetrics)
		openmetrics_print(question.answer, stdout);
	else if (!status && request->json)
		print_json(&question);
	else if (!status)
		status = print_text(&question);
	question_close(&question);
	return status;
}

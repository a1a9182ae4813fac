#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/question.h"

static void json_site(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_pool_site *site)
{
	dwell_json_object(json, NULL);
	dwell_json_string(json, "fault", dwell_pool_fault_name(site->fault));
	dwell_json_number(json, "count", site->count);
	dwell_json_number(json, "first_ns", site->first_ns);
	part_id_json(json, "task", site->task);
	part_stack_json(json, "stack", catalog, site->stack);
	dwell_json_end_object(json);
}

static void json_row(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_pool_row *row)
{
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, row->id));
	part_object_json(json, "object", catalog, row->object);
	dwell_json_number(json, "gets", row->gets);
	dwell_json_number(json, "puts", row->puts);
	dwell_json_number(json, "news", row->news);
	dwell_json_share(json, "reuse", row->reuse_ppm);
	dwell_json_number(json, "foreign_puts", row->faults[DWELL_POOL_FOREIGN_PUT]);
	dwell_json_number(json, "double_puts", row->faults[DWELL_POOL_DOUBLE_PUT]);
	dwell_json_number(json, "never_put", row->faults[DWELL_POOL_NEVER_PUT]);
	dwell_json_number(json, "untracked", row->untracked);
	dwell_json_object(json, "held");
	dwell_json_number(json, "p50_ns", row->held.p50_ns);
	dwell_json_number(json, "p99_ns", row->held.p99_ns);
	dwell_json_number(json, "max_ns", row->held.max_ns);
	dwell_json_end_object(json);
	dwell_json_array(json, "sites");
	for (size_t i = 0; i < row->site_count; i++)
		json_site(json, catalog, &row->sites[i]);
	dwell_json_end_array(json);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question)
{
	const struct dwell_pools *pools = question->answer->pools;
	struct dwell_json json;

	question_json(question, &json);
	dwell_json_number(&json, "total", pools->count);
	dwell_json_array(&json, "pools");
	for (size_t i = 0; i < question_limit(question, pools->count); i++)
		json_row(&json, question->answer->catalog, &pools->rows[i]);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec columns[] = {
	{ "id", "id", DWELL_CELL_TEXT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "pool", "object", DWELL_CELL_TEXT, 0, 0 },
	{ "gets", "gets", DWELL_CELL_COUNT, 0, 0 },
	{ "puts", "puts", DWELL_CELL_COUNT, 0, 0 },
	{ "new", "news", DWELL_CELL_COUNT, 0, 0 },
	{ "reused", "reuse", DWELL_CELL_SHARE, DWELL_TONE_RUNNING, 0 },
	{ "by others", "foreign_puts", DWELL_CELL_COUNT, 0, 0 },
	{ "twice", "double_puts", DWELL_CELL_COUNT, DWELL_TONE_BAD, 0 },
	{ "never", "never_put", DWELL_CELL_COUNT, DWELL_TONE_BAD, 0 },
	{ "held p50", "held_p50_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "p99", "held_p99_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "max", "held_max_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
};

static void number_or_none(struct dwell_table *table, uint64_t number)
{
	if (number)
		dwell_table_number(table, number);
	else
		dwell_table_absent(table);
}

static void table_row(struct dwell_table *table, const struct dwell_catalog *catalog,
	const struct dwell_pool_row *row)
{
	char text[DWELL_NAME_SIZE];

	dwell_table_string(table, part_id(text, row->id));
	dwell_table_string(table, dwell_name_object(text, catalog, row->object));
	dwell_table_number(table, row->gets);
	dwell_table_number(table, row->puts);
	dwell_table_number(table, row->news);
	dwell_table_number(table, row->reuse_ppm);
	for (unsigned fault = 0; fault < DWELL_POOL_FAULT_COUNT; fault++)
		dwell_table_number(table, row->faults[fault]);
	number_or_none(table, row->held.count ? row->held.p50_ns : 0);
	number_or_none(table, row->held.count ? row->held.p99_ns : 0);
	number_or_none(table, row->held.count ? row->held.max_ns : 0);
}

static const struct dwell_column_spec site_columns[] = {
	{ "what went wrong", "fault", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "times", "count", DWELL_CELL_COUNT, 0, 0 },
	{ "first at", "first_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "by", "task", DWELL_CELL_TEXT, 0, 0 },
	{ "where", "site", DWELL_CELL_TEXT, 0, 0 },
	{ "pool", "pool", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL },
};

static const char *const faults[] = { "put back by another task", "put back twice",
	"never put back" };

static void site_row(struct dwell_table *table, const struct dwell_catalog *catalog,
	const struct dwell_pool_row *row, const struct dwell_pool_site *site)
{
	char text[DWELL_NAME_SIZE];

	dwell_table_string(table, faults[site->fault]);
	dwell_table_number(table, site->count);
	dwell_table_number(table, site->first_ns);
	dwell_table_string(table, dwell_name_task(text, catalog, site->task));
	dwell_table_string(table, dwell_name_site(text, catalog, site->stack));
	dwell_table_string(table, dwell_name_object(text, catalog, row->object));
}

static int print_sites(const struct question *question)
{
	const struct dwell_pools *pools = question->answer->pools;
	struct dwell_table *table;
	size_t count = 0;

	for (size_t i = 0; i < pools->count; i++)
		count += pools->rows[i].site_count;
	if (!count)
		return STATUS_DONE;
	putchar('\n');
	table = dwell_table_new(site_columns, sizeof(site_columns) / sizeof(site_columns[0]));
	for (size_t i = 0; i < pools->count && table; i++)
		for (size_t j = 0; j < pools->rows[i].site_count &&
				   dwell_table_rows(table) < question_limit(question, count);
			j++)
			site_row(table, question->answer->catalog, &pools->rows[i],
				&pools->rows[i].sites[j]);
	return question_table(question, table, count);
}

static int print_text(const struct question *question)
{
	const struct dwell_pools *pools = question->answer->pools;
	const bool csv = question->request->csv;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	for (size_t i = 0; table && i < question_limit(question, pools->count); i++)
		table_row(table, question->answer->catalog, &pools->rows[i]);
	if (!csv)
		head_print(&question->style, &question->head);
	status = question_table(question, table, pools->count);
	if (!status && !csv)
		status = print_sites(question);
	if (!status && !csv)
		next_step(&question->style, "the events: dwell dump", question->trace.path);
	return status;
}

int cmd_pools(struct request *request)
{
	return question_answer(request, DWELL_ANALYZE_POOLS, print_json, print_text);
}

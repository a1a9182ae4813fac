/* A check for people, and as JSON. */
#include <string.h>

#include "report/compare.h"

const char *check_status_name(unsigned status)
{
	static const char *const names[] = { "pass", "failed", "withheld" };

	return status <= DWELL_CHECK_WITHHELD ? names[status] : NULL;
}

void words_budget(char out[WORDS_SIZE], const struct dwell_policy_budget *budget)
{
	if (budget->name)
		snprintf(out, WORDS_SIZE, "%s", budget->name);
	else if (budget->key)
		snprintf(out, WORDS_SIZE, "%s of %s", budget->metric, budget->key);
	else
		snprintf(out, WORDS_SIZE, "%s", budget->metric);
}

void words_check(char out[WORDS_SIZE], const struct dwell_check *check)
{
	size_t failed = 0;

	for (size_t i = 0; i < check->count; i++)
		failed += check->rows[i].status == DWELL_CHECK_FAILED;
	if (failed)
		snprintf(out, WORDS_SIZE, "over budget: %zu of %zu", failed, check->count);
	else if (check->verdict == DWELL_WITHHELD)
		snprintf(out, WORDS_SIZE, "withheld: %s", check->why);
	else
		snprintf(out, WORDS_SIZE, "pass: all of %zu budgets are kept", check->count);
}

static const struct dwell_column_spec columns[] = {
	{ "", "status", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "budget", "name", DWELL_CELL_TEXT, 0, 0 },
	{ "metric", "metric", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "value", "value", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "limit", "limit", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "of", "key", DWELL_CELL_TEXT, 0, 0 },
};

static void add_row(struct dwell_table *table, const struct dwell_check_row *row, bool ascii)
{
	const struct dwell_policy_budget *budget = row->budget;
	char number[DWELL_NUMBER_SIZE];

	dwell_table_string(table, check_status_name(row->status));
	dwell_table_string(table, budget->name ? budget->name : budget->metric);
	dwell_table_string(table, budget->metric);
	words_value(number, row->value, row->metric->unit, ascii);
	dwell_table_string(table, number);
	words_value(number, budget->limit, row->metric->unit, ascii);
	dwell_table_text(table, "%s %s", budget->at_least ? ">=" : "<=", number);
	if (checked_key(row))
		dwell_table_string(table, checked_key(row));
	else
		dwell_table_absent(table);
}

const char *checked_key(const struct dwell_check_row *row)
{
	if (row->subject)
		return *row->subject->key ? row->subject->key : "all tasks";
	return row->budget->key;
}

int check_text(const struct dwell_style *style, const struct compared *compared)
{
	const struct dwell_check *check = compared->check;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char text[WORDS_SIZE];
	int err = DWELL_OK;

	if (!table)
		return DWELL_ENOMEM;
	dwell_style_tone(style, check->verdict == DWELL_PASS ? DWELL_TONE_TITLE : DWELL_TONE_BAD);
	words_check(text, check);
	dwell_print_escaped(style, text, strlen(text));
	dwell_style_tone(style, DWELL_TONE_PLAIN);
	fputs("\n\n", style->file);
	for (size_t i = 0; i < check->count; i++)
		add_row(table, &check->rows[i], style->ascii);
	if (check->count)
		err = dwell_table_print(table, style);
	dwell_table_free(table);
	return err;
}

void check_json(struct dwell_json *json, const struct compared *compared)
{
	const struct dwell_check *check = compared->check;
	char id[24];

	dwell_json_array(json, "runs");
	for (size_t i = 0; i < compared->head_count; i++)
		dwell_json_string(json, NULL, compared->head[i]);
	dwell_json_end_array(json);
	dwell_json_string(json, "verdict", dwell_verdict_name(check->verdict));
	dwell_json_string(json, "why", *check->why ? check->why : NULL);
	dwell_json_array(json, "rules");
	for (size_t i = 0; i < check->count; i++) {
		const struct dwell_check_row *row = &check->rows[i];
		const struct dwell_policy_budget *budget = row->budget;

		dwell_json_object(json, NULL);
		dwell_json_string(json, "name", budget->name ? budget->name : budget->metric);
		dwell_json_string(json, "metric", budget->metric);
		dwell_json_double(json, "value", row->value);
		dwell_json_double(json, "limit", budget->limit);
		dwell_json_string(json, "status", check_status_name(row->status));
		dwell_json_string(json, "key", row->subject ? row->subject->key : NULL);
		dwell_json_string(json, "bound", budget->at_least ? "at_least" : "at_most");
		dwell_json_string(json, "unit", dwell_unit_name(row->metric->unit));
		snprintf(id, sizeof(id), "%llx",
			row->subject ? (unsigned long long)row->subject->id : 0ull);
		dwell_json_string(json, "id", row->subject && row->subject->id ? id : NULL);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

/* A comparison for people. */
#include <math.h>
#include <string.h>

#include "report/compare.h"

static const struct dwell_column_spec columns[] = {
	{ "", "status", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "metric", "metric", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "base", "base", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "head", "head", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "change", "change", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "95 %", "interval", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE | DWELL_COLUMN_OPTIONAL },
	{ "p", "p", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE | DWELL_COLUMN_OPTIONAL },
	{ "bound", "threshold", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE | DWELL_COLUMN_OPTIONAL },
	{ "seen from", "visible", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE | DWELL_COLUMN_OPTIONAL },
	{ "of", "key", DWELL_CELL_TEXT, 0, 0 },
};

static void change_cell(struct dwell_table *table, double ratio, bool ascii)
{
	char text[DWELL_NUMBER_SIZE];

	words_change(text, ratio, ascii);
	dwell_table_string(table, text);
}

static void add_row(struct dwell_table *table, const struct dwell_compare_row *row, bool ascii)
{
	const unsigned unit = row->metric->unit;
	char number[DWELL_NUMBER_SIZE], high[DWELL_NUMBER_SIZE], key[WORDS_SIZE];

	dwell_table_string(table, dwell_row_status_name(row->status));
	dwell_table_string(table, row->metric->name);
	words_value(number, row->base_value, unit, ascii);
	dwell_table_string(table, number);
	words_value(number, row->head_value, unit, ascii);
	dwell_table_string(table, number);
	change_cell(table, row->ratio, ascii);
	words_change(number, row->low, ascii);
	words_change(high, row->high, ascii);
	if (isnan(row->low))
		dwell_table_absent(table);
	else
		dwell_table_text(table, "%s %s %s", number, ascii ? ".." : "…", high);
	if (isnan(row->p))
		dwell_table_absent(table);
	else
		dwell_table_text(table, "%.4f", row->p);
	change_cell(table, row->threshold, ascii);
	change_cell(table, row->visible, ascii);
	words_key(key, row);
	dwell_table_string(table, key);
}

/* What is listed: news first as they stand; where there is none, what could not be told. */
static bool is_listed(const struct compared *compared, const struct dwell_compare_row *row)
{
	if (is_news(row))
		return true;
	return compared->comparison->verdict == DWELL_WITHHELD &&
	       row->status == DWELL_ROW_WITHHELD && !isnan(row->visible);
}

static int print_rows(
	const struct dwell_style *style, const struct compared *compared, size_t *left)
{
	const struct dwell_comparison *c = compared->comparison;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	size_t listed = 0;
	int err = DWELL_OK;

	for (size_t i = 0; table && i < c->count; i++)
		if (is_listed(compared, &c->rows[i]) && listed++ < compared->limit)
			add_row(table, &c->rows[i], style->ascii);
	*left = listed > compared->limit ? listed - compared->limit : 0;
	if (!table)
		return DWELL_ENOMEM;
	if (listed) {
		putc('\n', style->file);
		err = dwell_table_print(table, style);
	}
	dwell_table_free(table);
	return err;
}

static void print_open(const struct dwell_style *style, const struct to_open *open)
{
	if (!open->trace)
		return;
	fputs("    dwell tui ", style->file);
	dwell_print_escaped(style, open->trace, strlen(open->trace));
	fprintf(style->file, " --at %s\n", open->id);
}

/* Below the table, what is behind each regression; a subject is explained once. */
static void print_causes(const struct dwell_style *style, const struct compared *compared)
{
	const struct dwell_comparison *c = compared->comparison;
	char key[WORDS_SIZE], cause[WORDS_SIZE];
	struct to_open open[2];

	for (size_t i = 0; i < c->count && i < compared->limit; i++) {
		const struct dwell_compare_row *row = &c->rows[i];

		if (is_explained_before(c, i))
			continue;
		words_cause_once(cause, compared, i, style->ascii);
		row_opens(open, compared, row);
		if (!row->head || !(*cause || open[0].trace || open[1].trace))
			continue;
		words_key(key, row);
		putc('\n', style->file);
		dwell_style_tone(style, DWELL_TONE_TITLE);
		dwell_print_escaped(style, key, strlen(key));
		dwell_style_tone(style, DWELL_TONE_PLAIN);
		fputs(*cause ? ": " : "", style->file);
		dwell_print_escaped(style, cause, strlen(cause));
		putc('\n', style->file);
		print_open(style, &open[0]);
		print_open(style, &open[1]);
	}
}

static void print_counts(const struct dwell_style *style, const struct dwell_comparison *c)
{
	dwell_style_tone(style, DWELL_TONE_FAINT);
	fputs("rows:", style->file);
	for (unsigned i = 0; i < DWELL_ROW_STATUS_COUNT; i++)
		if (c->by_status[i])
			fprintf(style->file, " %zu %s", c->by_status[i], dwell_row_status_name(i));
	dwell_style_tone(style, DWELL_TONE_PLAIN);
	putc('\n', style->file);
}

static void print_line(const struct dwell_style *style, const char *text)
{
	dwell_print_escaped(style, text, strlen(text));
	putc('\n', style->file);
}

int compare_text(const struct dwell_style *style, const struct compared *compared)
{
	const struct dwell_comparison *c = compared->comparison;
	char text[WORDS_SIZE];
	size_t left;
	int err;

	dwell_style_tone(style, c->verdict == DWELL_PASS ? DWELL_TONE_TITLE : DWELL_TONE_BAD);
	words_verdict(text, compared);
	dwell_print_escaped(style, text, strlen(text));
	dwell_style_tone(style, DWELL_TONE_PLAIN);
	putc('\n', style->file);
	words_method(text, compared);
	print_line(style, text);
	if (*c->work) {
		snprintf(text, sizeof(text), "a unit of work: %.60s", c->work);
		print_line(style, text);
	}
	print_counts(style, c);
	err = print_rows(style, compared, &left);
	if (left)
		fprintf(style->file, "%zu more: --limit 0\n", left);
	if (!err)
		print_causes(style, compared);
	return err;
}

/* A comparison or check as Markdown: a comment on a pull request. */
#include <math.h>
#include <string.h>

#include "report/compare.h"

/* Names of a trace are no markup and no mention: each in a code span, or with its marks escaped.
 * Within a table a bar ends the cell unless it is escaped; elsewhere its escape would be seen. */
static void put_code(FILE *file, const char *text, bool in_table)
{
	putc('`', file);
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '`' || c < 0x20 || c == 0x7f)
			putc('\'', file);
		else if (c == '|' && in_table)
			fputs("\\|", file);
		else
			putc(c, file);
	}
	putc('`', file);
}

static void put_plain(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_{}[]<>#|@!~&", *text))
			putc('\\', file);
		putc((unsigned char)*text < 0x20 ? ' ' : *text, file);
	}
}

static const char *verdict_mark(unsigned verdict)
{
	return verdict == DWELL_REGRESSED ? "❌" : verdict == DWELL_WITHHELD ? "⚠️" : "✅";
}

static void put_row(FILE *file, const struct dwell_compare_row *row)
{
	char number[DWELL_NUMBER_SIZE], high[DWELL_NUMBER_SIZE], key[WORDS_SIZE];

	fprintf(file, "| %s | %s | ", dwell_row_status_name(row->status), row->metric->name);
	words_key(key, row);
	put_code(file, key, true);
	words_value(number, row->base_value, row->metric->unit, false);
	fprintf(file, " | %s", number);
	words_value(number, row->head_value, row->metric->unit, false);
	fprintf(file, " | %s", number);
	words_change(number, row->ratio, false);
	fprintf(file, " | %s", number);
	words_change(number, row->low, false);
	words_change(high, row->high, false);
	if (isnan(row->low))
		fputs(" | –", file);
	else
		fprintf(file, " | %s … %s", number, high);
	if (isnan(row->p))
		fputs(" | –", file);
	else
		fprintf(file, " | %.4f", row->p);
	words_change(number, row->threshold, false);
	fprintf(file, " | %s |\n", number);
}

/* On a line of its own in the same item: renderers that let no tag through know this break. */
static void put_open(FILE *file, const struct to_open *open)
{
	char text[WORDS_SIZE];

	if (!open->trace)
		return;
	snprintf(text, sizeof(text), "dwell tui %.400s --at %s", open->trace, open->id);
	fputs("\\\n  ", file);
	put_code(file, text, false);
}

static void put_causes(FILE *file, const struct compared *compared)
{
	const struct dwell_comparison *c = compared->comparison;
	char key[WORDS_SIZE], cause[WORDS_SIZE];
	struct to_open open[2];

	for (size_t i = 0; i < c->count && i < compared->limit; i++) {
		if (is_explained_before(c, i))
			continue;
		words_cause_once(cause, compared, i, false);
		row_opens(open, compared, &c->rows[i]);
		if (!*cause && !open[0].trace && !open[1].trace)
			continue;
		words_key(key, &c->rows[i]);
		fputs("\n- ", file);
		put_code(file, key, false);
		fputs(*cause ? ": " : "", file);
		put_plain(file, cause);
		put_open(file, &open[0]);
		put_open(file, &open[1]);
	}
	putc('\n', file);
}

void compare_markdown(FILE *file, const struct compared *compared)
{
	const struct dwell_comparison *c = compared->comparison;
	char text[WORDS_SIZE];
	size_t shown = 0, news = 0;

	fprintf(file, "### %s dwell diff: ", verdict_mark(c->verdict));
	words_verdict(text, compared);
	put_plain(file, text);
	fputs("\n\n", file);
	words_method(text, compared);
	put_plain(file, text);
	fputs(".\n", file);
	for (size_t i = 0; i < c->count; i++) {
		if (!is_news(&c->rows[i]) || news++ >= compared->limit)
			continue;
		if (!shown++)
			fputs("\n| | metric | of | base | head | change | 95 % | p | bound |\n"
			      "|---|---|---|--:|--:|--:|--:|--:|--:|\n",
				file);
		put_row(file, &c->rows[i]);
	}
	if (news > shown)
		fprintf(file, "\n%zu more rows are not shown.\n", news - shown);
	put_causes(file, compared);
}

void check_markdown(FILE *file, const struct compared *compared)
{
	const struct dwell_check *check = compared->check;
	char number[DWELL_NUMBER_SIZE], text[WORDS_SIZE];

	fprintf(file, "### %s dwell check: ", verdict_mark(check->verdict));
	words_check(text, check);
	put_plain(file, text);
	fputs("\n\n| | budget | metric | of | value | limit |\n|---|---|---|---|--:|--:|\n", file);
	for (size_t i = 0; i < check->count; i++) {
		const struct dwell_check_row *row = &check->rows[i];

		fprintf(file, "| %s | ", check_status_name(row->status));
		put_code(file, row->budget->name ? row->budget->name : row->budget->metric, true);
		fprintf(file, " | %s | ", row->budget->metric);
		put_code(file, checked_key(row) ? checked_key(row) : "–", true);
		words_value(number, row->value, row->metric->unit, false);
		fprintf(file, " | %s", number);
		words_value(number, row->budget->limit, row->metric->unit, false);
		fprintf(file, " | %s %s |\n", row->budget->at_least ? "≥" : "≤", number);
	}
}

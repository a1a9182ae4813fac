/* Commands that GitHub's runner makes annotations of. */
#include <string.h>

#include "report/compare.h"

/* Percent signs and ends of lines would be read as the runner's own; so would : and , in a
 * property. Nothing else that is written with a percent sign is read back: other control characters
 * are told in words. */
static void put_escaped(FILE *file, const char *text, bool property)
{
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
			fprintf(file, "%%%02X", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(file, "\\x%02x", c);
		else
			putc(c, file);
	}
}

static void annotate(FILE *file, const char *level, const char *title, const char *text)
{
	fprintf(file, "::%s title=", level);
	put_escaped(file, title, true);
	fputs("::", file);
	put_escaped(file, text, false);
	putc('\n', file);
}

static void put_row(
	FILE *file, const struct dwell_comparison *c, const struct dwell_compare_row *row)
{
	char key[WORDS_SIZE], cause[WORDS_SIZE], text[WORDS_SIZE * 3], base[DWELL_NUMBER_SIZE],
		head[DWELL_NUMBER_SIZE], change[DWELL_NUMBER_SIZE];

	words_key(key, row);
	words_cause(cause, c, row, false);
	words_value(base, row->base_value, row->metric->unit, false);
	words_value(head, row->head_value, row->metric->unit, false);
	words_change(change, row->ratio, false);
	snprintf(text, sizeof(text), "%s of %s: %s to %s (%s)%s%s", row->metric->name, key, base,
		head, change, *cause ? ": " : "", cause);
	annotate(file, "error", "dwell diff - regressed", text);
}

static const char *level_of(unsigned verdict)
{
	return verdict == DWELL_REGRESSED  ? "error"
	       : verdict == DWELL_WITHHELD ? "warning"
					   : "notice";
}

void compare_github(FILE *file, const struct compared *compared)
{
	const struct dwell_comparison *c = compared->comparison;
	char text[WORDS_SIZE];

	words_verdict(text, compared);
	annotate(file, level_of(c->verdict), "dwell diff", text);
	for (size_t i = 0; i < c->count && i < compared->limit; i++)
		if (c->rows[i].status == DWELL_ROW_REGRESSED)
			put_row(file, c, &c->rows[i]);
}

void check_github(FILE *file, const struct compared *compared)
{
	const struct dwell_check *check = compared->check;
	char text[WORDS_SIZE], value[DWELL_NUMBER_SIZE], limit[DWELL_NUMBER_SIZE];

	words_check(text, check);
	annotate(file, level_of(check->verdict), "dwell check", text);
	for (size_t i = 0; i < check->count; i++) {
		const struct dwell_check_row *row = &check->rows[i];
		const struct dwell_policy_budget *budget = row->budget;

		if (row->status != DWELL_CHECK_FAILED)
			continue;
		words_value(value, row->value, row->metric->unit, false);
		words_value(limit, budget->limit, row->metric->unit, false);
		snprintf(text, sizeof(text), "%.120s: %s of %.200s is %s, allowed is at %s %s",
			budget->name ? budget->name : budget->metric, budget->metric,
			row->subject ? row->subject->key : "nothing", value,
			budget->at_least ? "least" : "most", limit);
		annotate(file, "error", "dwell check - over budget", text);
	}
}

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

/* One for each subject: a page shows ten of a step. */
static void put_row(FILE *file, const struct compared *compared, size_t index)
{
	const struct dwell_comparison *c = compared->comparison;
	const struct dwell_compare_row *row = &c->rows[index];
	const size_t more = rows_of_subject(c, index) - 1;
	char key[WORDS_SIZE], cause[WORDS_SIZE], moved[WORDS_SIZE], text[WORDS_SIZE * 4];
	char others[64] = "";

	words_key(key, row);
	words_cause_once(cause, compared, index, false);
	words_moved(moved, row, false);
	if (more)
		snprintf(others, sizeof(others), ", and %zu more of its figures", more);
	snprintf(text, sizeof(text), "%s of %s: %s%s%s%s", row->metric->name, key, moved, others,
		*cause ? ": " : "", cause);
	annotate(file, "error",
		row->status == DWELL_ROW_NEW ? "dwell diff - new" : "dwell diff - regressed", text);
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
		if (!is_explained_before(c, i))
			put_row(file, compared, i);
}

static void put_budget(FILE *file, const struct dwell_check_row *row)
{
	const struct dwell_policy_budget *budget = row->budget;
	char text[WORDS_SIZE], name[WORDS_SIZE], value[DWELL_NUMBER_SIZE], limit[DWELL_NUMBER_SIZE];

	if (row->status == DWELL_CHECK_WITHHELD) {
		words_budget(name, budget);
		snprintf(text, sizeof(text), "%.300s: nothing in the trace matches", name);
		annotate(file, "warning", "dwell check - no verdict", text);
		return;
	}
	words_value(value, row->value, row->metric->unit, false);
	words_value(limit, budget->limit, row->metric->unit, false);
	snprintf(text, sizeof(text), "%.120s%s%s of %.200s is %s, allowed is at %s %s",
		budget->name ? budget->name : "", budget->name ? ": " : "", budget->metric,
		checked_key(row) ? checked_key(row) : "nothing", value,
		budget->at_least ? "least" : "most", limit);
	annotate(file, "error", "dwell check - over budget", text);
}

void check_github(FILE *file, const struct compared *compared)
{
	const struct dwell_check *check = compared->check;
	char text[WORDS_SIZE];

	words_check(text, check);
	annotate(file, level_of(check->verdict), "dwell check", text);
	for (size_t i = 0; i < check->count; i++)
		if (check->rows[i].status != DWELL_CHECK_PASS)
			put_budget(file, &check->rows[i]);
}

/* JUnit's XML: a row a test case. testdata/junit.xsd is what its readers agree on. */
#include <math.h>
#include <string.h>

#include "report/compare.h"

/* What XML 1.0 cannot hold, and what is not UTF-8, becomes U+FFFD. */
static void put_escaped(FILE *file, const char *text)
{
	const size_t size = strlen(text);
	uint32_t c;

	for (size_t i = 0, used; i < size; i += used) {
		used = dwell_utf8_decode(text + i, size - i, &c);
		if (c == '&')
			fputs("&amp;", file);
		else if (c == '<')
			fputs("&lt;", file);
		else if (c == '>')
			fputs("&gt;", file);
		else if (c == '"')
			fputs("&quot;", file);
		else if (c == UINT32_MAX || c < 0x20 || c == 0xfffe || c == 0xffff)
			fputs("\xef\xbf\xbd", file);
		else
			fwrite(text + i, 1, used, file);
	}
}

/* In an attribute an end of line would be read as a space; in a text it is one. */
static void put_lines(FILE *file, const char *text)
{
	char line[WORDS_SIZE * 2];

	while (*text) {
		const size_t size = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)size, text);
		put_escaped(file, line);
		text += size;
		if (*text)
			putc(*text++, file);
	}
}

static void attribute(FILE *file, const char *name, const char *text)
{
	fprintf(file, " %s=\"", name);
	put_escaped(file, text);
	putc('"', file);
}

static void begin(FILE *file, const char *name, size_t tests, size_t failures, size_t skipped)
{
	fprintf(file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n"
		"<testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
		"skipped=\"%zu\">\n",
		name, tests, failures, name, tests, failures, skipped);
}

/* An element that says how a case ended, with a text in it or none. */
static void outcome(FILE *file, const char *element, const char *message, const char *text)
{
	fprintf(file, "><%s", element);
	attribute(file, "message", message);
	if (!strcmp(element, "failure"))
		attribute(file, "type", "regression");
	putc('>', file);
	put_lines(file, text);
	fprintf(file, "</%s></testcase>\n", element);
}

/*
 * The verdict is a case of its own. One that was withheld is no failure: a build must not be red
 * because nobody can tell. The exit status and an annotation say so to those who do not look here.
 */
static void put_verdict(FILE *file, const char *class, unsigned verdict, const char *text)
{
	fputs("<testcase", file);
	attribute(file, "classname", class);
	attribute(file, "name", "verdict");
	if (verdict == DWELL_PASS)
		fputs("/>\n", file);
	else
		outcome(file, verdict == DWELL_WITHHELD ? "skipped" : "failure", text, text);
}

static void end(FILE *file)
{
	fputs("</testsuite>\n</testsuites>\n", file);
}

/* The cause, and a line for each trace that can be opened. */
static void say_why(char out[WORDS_SIZE * 4], const struct compared *compared,
	const struct dwell_compare_row *row)
{
	struct to_open open[2];
	size_t used;

	words_cause(out, compared->comparison, row, false);
	row_opens(open, compared, row);
	for (size_t i = 0; i < 2; i++) {
		used = strlen(out);
		if (open[i].trace)
			snprintf(out + used, WORDS_SIZE * 4 - used, "%sdwell tui %.400s --at %s",
				used ? "\n" : "", open[i].trace, open[i].id);
	}
}

static void put_row(
	FILE *file, const struct compared *compared, const struct dwell_compare_row *row)
{
	const struct dwell_comparison *c = compared->comparison;
	char key[WORDS_SIZE], cause[WORDS_SIZE * 4], moved[WORDS_SIZE], message[WORDS_SIZE + 16];
	char class[64];

	words_key(key, row);
	say_why(cause, compared, row);
	words_moved(moved, row, false);
	snprintf(message, sizeof(message), "%s: %s", dwell_row_status_name(row->status), moved);
	snprintf(class, sizeof(class), "dwell.diff.%s", row->metric->name);
	fputs("<testcase", file);
	attribute(file, "classname", class);
	attribute(file, "name", key);
	if (is_fault(c, row))
		outcome(file, "failure", message, cause);
	else if (row->status == DWELL_ROW_WITHHELD)
		outcome(file, "skipped", message, "");
	else
		fputs("/>\n", file);
}

static bool is_case(const struct dwell_comparison *c, const struct dwell_compare_row *row)
{
	return is_fault(c, row) || row->status == DWELL_ROW_WITHHELD ||
	       row->status == DWELL_ROW_SAME || row->status == DWELL_ROW_IMPROVED;
}

void compare_junit(FILE *file, const struct compared *compared)
{
	const struct dwell_comparison *c = compared->comparison;
	char text[WORDS_SIZE];
	size_t cases = 0, faults = 0;

	for (size_t i = 0; i < c->count; i++) {
		cases += is_case(c, &c->rows[i]);
		faults += is_fault(c, &c->rows[i]);
	}
	begin(file, "dwell.diff", cases + 1, faults + (c->verdict == DWELL_REGRESSED),
		c->by_status[DWELL_ROW_WITHHELD] + (c->verdict == DWELL_WITHHELD));
	words_verdict(text, compared);
	put_verdict(file, "dwell.diff", c->verdict, text);
	for (size_t i = 0; i < c->count; i++)
		if (is_case(c, &c->rows[i]))
			put_row(file, compared, &c->rows[i]);
	end(file);
}

static void put_budget(FILE *file, const struct dwell_check_row *row)
{
	char value[DWELL_NUMBER_SIZE], limit[DWELL_NUMBER_SIZE], message[WORDS_SIZE];
	char name[WORDS_SIZE];

	words_budget(name, row->budget);
	words_value(value, row->value, row->metric->unit, false);
	words_value(limit, row->budget->limit, row->metric->unit, false);
	snprintf(message, sizeof(message), "%s of %.200s is %s, allowed is at %s %s",
		row->metric->name, checked_key(row) ? checked_key(row) : "nothing", value,
		row->budget->at_least ? "least" : "most", limit);
	fputs("<testcase", file);
	attribute(file, "classname", "dwell.check");
	attribute(file, "name", name);
	if (row->status == DWELL_CHECK_FAILED)
		outcome(file, "failure", message, "");
	else if (row->status == DWELL_CHECK_WITHHELD)
		outcome(file, "skipped", "nothing in the trace matches", "");
	else
		fputs("/>\n", file);
}

void check_junit(FILE *file, const struct compared *compared)
{
	const struct dwell_check *check = compared->check;
	size_t failed = 0, withheld = 0;
	char text[WORDS_SIZE];

	for (size_t i = 0; i < check->count; i++) {
		failed += check->rows[i].status == DWELL_CHECK_FAILED;
		withheld += check->rows[i].status == DWELL_CHECK_WITHHELD;
	}
	begin(file, "dwell.check", check->count + 1, failed + (check->verdict == DWELL_REGRESSED),
		withheld + (check->verdict == DWELL_WITHHELD));
	words_check(text, check);
	put_verdict(file, "dwell.check", check->verdict, text);
	for (size_t i = 0; i < check->count; i++)
		put_budget(file, &check->rows[i]);
	end(file);
}

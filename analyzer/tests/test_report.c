#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/report.h"
#include "report/compare.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

Test(units, durations_have_three_digits)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" },
		{ 999, "999 ns" },
		{ 1000, "1.00 us" },
		{ 4315, "4.32 us" },
		{ 99940, "99.9 us" },
		{ 999499, "999 us" },
		{ 999500, "1.00 ms" },
		{ 41234567, "41.2 ms" },
		{ 999500000, "1.00 s" },
		{ 59990000000, "60.0 s" },
		{ 60000000000, "1.00 min" },
		{ 86400000000000, "24.0 h" },
		{ UINT64_MAX, "5124096 h" },
	};
	char out[DWELL_NUMBER_SIZE];

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_str_eq(
			dwell_format_duration(out, cases[i].ns, true), cases[i].text, "%s", out);
	cr_expect_str_eq(dwell_format_duration(out, 1500, false), "1.50 µs");
}

Test(units, counts_bytes_and_shares)
{
	char out[DWELL_NUMBER_SIZE];

	cr_expect_str_eq(dwell_format_count(out, 0), "0");
	cr_expect_str_eq(dwell_format_count(out, 999), "999");
	cr_expect_str_eq(dwell_format_count(out, 1000), "1,000");
	cr_expect_str_eq(dwell_format_count(out, UINT64_MAX), "18,446,744,073,709,551,615");
	cr_expect_str_eq(dwell_format_bytes(out, 3417000), "3.42 MB");
	cr_expect_str_eq(dwell_format_share(out, 1), "<0.1 %");
	cr_expect_str_eq(dwell_format_share(out, 0), "0.0 %");
	cr_expect_str_eq(dwell_format_share(out, 999999), "99.9 %");
	cr_expect_str_eq(dwell_format_share(out, 1000000), "100.0 %");
	cr_expect_eq(dwell_share_ppm(1, 3), 333333);
	cr_expect_eq(dwell_share_ppm(5, 0), 0);
	cr_expect_eq(dwell_share_ppm(UINT64_MAX, UINT64_MAX), 1000000);
	cr_expect_eq(dwell_share_ppm(UINT64_MAX / 2, UINT64_MAX), 500000);
}

/* What a call writes to a file. */
struct capture {
	char *at;
	size_t size;
	FILE *file;
};

static void capture_open(struct capture *capture)
{
	capture->file = open_memstream(&capture->at, &capture->size);
	cr_assert(capture->file);
}

static void expect_captured(struct capture *capture, const char *text)
{
	fclose(capture->file);
	cr_expect_str_eq(capture->at, text);
	free(capture->at);
}

Test(escape, hostile_names_stay_on_their_line)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "plain", "plain" }, { "\033[31mred", "\\x1b[31mred" },
		{ "a\nb\tc\r", "a\\nb\\tc\\r" }, { "a\\nb", "a\\\\nb" }, { "\x7f", "\\x7f" },
		{ "caf\xc3\xa9", "caf\\u00e9" }, { "\xff\xc3", "\\xff\\xc3" },
		{ "\xc0\x80", "\\xc0\\x80" },                   /* NUL, written too long */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* a surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond the last character */
		{ "\xe2\x80\xae", "\\u202e" },                  /* turns the line around */
		{ "\xf0\x9f\x92\xa9", "\\U01f4a9" },
		{ "\xc2\x9b"
		  "1m",
			"\\u009b1m" }, /* CSI in one byte of Latin-1 */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct capture capture;

		capture_open(&capture);

		const struct dwell_style style = { .file = capture.file, .ascii = true };

		dwell_print_escaped(&style, cases[i].name, strlen(cases[i].name));
		expect_captured(&capture, cases[i].text);
	}
}

static const struct dwell_column_spec columns[] = {
	{ .title = "task", .key = "task", .cell = DWELL_CELL_TEXT },
	{ .title = "running", .key = "running_ns", .cell = DWELL_CELL_DURATION },
	{ .title = "", .key = "share", .cell = DWELL_CELL_SHARE, .flags = DWELL_COLUMN_OPTIONAL },
	{ .title = "", .key = "tid", .cell = DWELL_CELL_COUNT, .flags = DWELL_COLUMN_CSV_ONLY },
};

static struct dwell_table *two_rows(void)
{
	struct dwell_table *table = dwell_table_new(columns, COUNT(columns));

	dwell_table_string(table, "a,long \"name\" of a thread");
	dwell_table_number(table, 1500);
	dwell_table_number(table, 250000);
	dwell_table_number(table, 7);
	dwell_table_string(table, "=1+1");
	dwell_table_absent(table);
	dwell_table_number(table, 1);
	dwell_table_absent(table);
	return table;
}

static void expect_table(unsigned width, const char *text)
{
	struct dwell_table *table = two_rows();
	struct capture capture;

	capture_open(&capture);

	const struct dwell_style style = { .file = capture.file, .ascii = true, .width = width };

	cr_expect_eq(dwell_table_print(table, &style), 0);
	expect_captured(&capture, text);
	dwell_table_free(table);
}

Test(table, fits_the_width)
{
	expect_table(0, "task                       running\n"
			"a,long \"name\" of a thread  1.50 us  ###         25.0 %\n"
			"=1+1                             -  #           <0.1 %\n");
	expect_table(50, "task                       running\n"
			 "a,long \"name\" of a thread  1.50 us\n"
			 "=1+1                             -\n");
	expect_table(30, "task                   running\n"
			 "a,long \"na.. a thread  1.50 us\n"
			 "=1+1                         -\n");
	expect_table(5, "task      running\n"
			"a,l..ead  1.50 us\n"
			"=1+1            -\n");
}

Test(table, csv_is_quoted_and_harmless)
{
	struct dwell_table *table = two_rows();
	struct capture capture;

	capture_open(&capture);
	cr_expect_eq(dwell_table_csv(table, capture.file), 0);
	expect_captured(&capture, "task,running_ns,share,tid\r\n"
				  "\"a,long \"\"name\"\" of a thread\",1500,0.250000,7\r\n"
				  "'=1+1,,0.000001,\r\n");
	dwell_table_free(table);
}

Test(table, csv_keeps_numbers_and_guards_formulas)
{
	static const struct dwell_column_spec one = { "", "text", DWELL_CELL_TEXT, 0, 0 };
	static const char *const texts[] = { "-1", "-1.5e-3", "-", "-1+1", "+1", "@a", "a=1", "" };
	struct dwell_table *table = dwell_table_new(&one, 1);
	struct capture capture;

	for (size_t i = 0; i < COUNT(texts); i++)
		dwell_table_string(table, texts[i]);
	capture_open(&capture);
	cr_expect_eq(dwell_table_csv(table, capture.file), 0);
	expect_captured(
		&capture, "text\r\n-1\r\n-1.5e-3\r\n'-\r\n'-1+1\r\n'+1\r\n'@a\r\na=1\r\n\r\n");
	dwell_table_free(table);
}

Test(json, nests_and_escapes)
{
	struct capture capture;
	struct dwell_json json;

	capture_open(&capture);
	dwell_json_init(&json, capture.file);
	dwell_json_object(&json, NULL);
	dwell_json_string(&json, "schema", "a\"b\\c\n\x7f\xff\xc3\xa9");
	dwell_json_array(&json, "rows");
	dwell_json_object(&json, NULL);
	dwell_json_number(&json, "n", UINT64_MAX);
	dwell_json_signed(&json, "s", -1);
	dwell_json_array(&json, "inner");
	dwell_json_bool(&json, NULL, true);
	dwell_json_null(&json, NULL);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
	dwell_json_end_array(&json);
	dwell_json_array(&json, "none");
	dwell_json_end_array(&json);
	dwell_json_share(&json, "share", 999999);
	dwell_json_end_object(&json);
	expect_captured(&capture,
		"{\n"
		"  \"schema\": \"a\\\"b\\\\c\\u000a\\u007f\\ufffd\xc3\xa9\",\n"
		"  \"rows\": [\n"
		"    {\"n\": 18446744073709551615, \"s\": -1, \"inner\": [true, null]}\n"
		"  ],\n"
		"  \"none\": [],\n"
		"  \"share\": 0.999999\n"
		"}\n");
}

/*
 * GitHub's workflow commands, by their documented form and no other: ::COMMAND KEY=VALUE,...::DATA.
 * In data %25, %0D and %0A stand for what they must not hold, in values %3A and %2C too; the runner
 * reads back nothing else.
 */
static const char *read_escaped(const char *at, bool value, char *out)
{
	static const char *const codes[] = { "%25", "%0D", "%0A", "%3A", "%2C" };
	static const char chars[] = "%\r\n:,";

	while (*at && *at != '\n' && !(value && (*at == ',' || *at == ':'))) {
		size_t code = value ? 5 : 3;

		cr_assert((unsigned char)*at >= 0x20 && *at != 0x7f, "a control character");
		if (*at != '%') {
			*out++ = *at++;
			continue;
		}
		while (code && strncmp(at, codes[code - 1], 3) != 0)
			code--;
		cr_assert(code != 0, "not an escape: %.8s", at);
		*out++ = chars[code - 1];
		at += 3;
	}
	*out = '\0';
	return at;
}

/* One line; returns where the next one begins. */
static const char *read_annotation(const char *at, char level[16], char title[256], char data[2048])
{
	static const char *const levels[] = { "error", "warning", "notice" };
	size_t size, i = 0;

	cr_assert(strncmp(at, "::", 2) == 0, "%.40s", at);
	size = strspn(at + 2, "abcdefghijklmnopqrstuvwxyz");
	cr_assert(size < 16);
	memcpy(level, at + 2, size);
	level[size] = '\0';
	while (i < COUNT(levels) && strcmp(levels[i], level) != 0)
		i++;
	cr_assert(i < COUNT(levels), "%s", level);
	at += 2 + size;
	cr_assert(strncmp(at, " title=", 7) == 0, "%.40s", at);
	at = read_escaped(at + 7, true, title);
	cr_assert(strncmp(at, "::", 2) == 0, "%.40s", at);
	at = read_escaped(at + 2, false, data);
	cr_assert(*at == '\n');
	return at + 1;
}

Test(github, annotations_are_workflow_commands)
{
	static char key[] = "poll at 100%25::a,b\r\n::error::x\x1b[31m\x7f \xc3\xa9";
	struct dwell_digest_subject subject = { .kind = DWELL_SUBJECT_SITE, .key = key };
	struct dwell_compare_row row = {
		.metric = &dwell_metric_specs[0],
		.base = &subject,
		.head = &subject,
		.ratio = 2,
		.status = DWELL_ROW_REGRESSED,
	};
	struct dwell_comparison comparison = { .verdict = DWELL_REGRESSED,
		.rows = &row,
		.count = 1,
		.tested = 1,
		.by_status[DWELL_ROW_REGRESSED] = 1 };
	const struct compared compared = { .comparison = &comparison, .limit = 20 };
	char level[16], title[256], data[2048];
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	const char *at;

	cr_assert(file != NULL);
	compare_github(file, &compared);
	fclose(file);
	at = read_annotation(text, level, title, data);
	cr_expect_str_eq(level, "error");
	cr_expect_str_eq(title, "dwell diff");
	cr_expect_str_eq(data, "regressed: 1 of 1 row");
	at = read_annotation(at, level, title, data);
	cr_expect(!*at);
	cr_expect(
		strstr(data, "poll at 100%25::a,b\r\n::error::x\\x1b[31m\\x7f \xc3\xa9: ") != NULL,
		"%s", data);
	free(text);
}

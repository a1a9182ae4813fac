/* What CPython keeps of lines and texts: as three releases of it wrote them, and as they never
 * would. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "ring/python.h"

/*
 * The table of one function (a loop, a call over several lines, handlers, a line too long for the
 * short form, one 90 lines further on) and what co_lines() says of it: lines, and of how many code
 * units each, 0 for none. All of them begin in line 2.
 */
enum { FIRST = 2, RUNS = 128 };

static const struct {
	const char *version;
	size_t size;
	const char *table;
	struct {
		unsigned units;
		uint32_t line;
	} runs[RUNS];
} tables[] = {
	{ "3.11", 398,
		"\xf8\xf8\xe8\x00\xe8\x00\x80\x00\xe0\x0c\x0d\x80\x45\xd8\x0f\x13\xf0\x00\x09\x05"
		"\x16\xf0\x00\x09\x05\x16\x88\x03\xf0\x02\x08\x09\x16\xd8\x0c\x11\x95\x53\xdd\x10"
		"\x13\x90\x43\x91\x08\x94\x08\xdd\x12\x15\x90\x63\x91\x28\x94\x28\xf1\x03\x01\x11"
		"\x1b\xf1\x03\x03\x16\x0e\xf4\x00\x03\x16\x0e\xf1\x00\x03\x0d\x0e\x88\x45\x88\x45"
		"\xf8\xf5\x08\x00\x10\x19\xf0\x00\x01\x09\x43\x02\xf0\x00\x01\x09\x43\x02\xf0\x00"
		"\x01\x09\x43\x02\xdd\x0c\x11\xd0\x12\x73\xd0\x75\x7a\xf0\x00\x00\x7d\x01\x42\x02"
		"\xf1\x00\x00\x0d\x43\x02\xf4\x00\x00\x0d\x43\x02\xf0\x00\x00\x0d\x43\x02\xf0\x00"
		"\x00\x0d\x43\x02\xf0\x00\x00\x0d\x43\x02\xf0\x00\x00\x0d\x43\x02\xf0\x00\x00\x0d"
		"\x43\x02\xf0\x00\x00\x0d\x43\x02\xf8\xf8\xf8\xf8\xf0\x03\x01\x09\x43\x02\xf8\xf8"
		"\xf8\xf0\x06\x00\x0d\x11\x90\x41\x89\x49\x88\x44\x88\x44\xf8\x88\x44\x90\x41\x89"
		"\x49\x88\x44\x88\x44\x88\x44\x88\x44\x88\x44\xf5\x78\x02\x00\x0a\x0e\x88\x65\x89"
		"\x1b\x8c\x1b\xf0\x00\x03\x05\x20\x98\x04\xf0\x00\x03\x2b\x1d\xf0\x00\x03\x2b\x1d"
		"\xf0\x00\x03\x2b\x1d\xf0\x00\x03\x2b\x1d\xf0\x00\x03\x2b\x1d\xf0\x00\x03\x2b\x1d"
		"\xf1\x00\x03\x2a\x20\xf4\x00\x03\x2a\x20\xf0\x00\x03\x1f\x20\xf0\x00\x03\x1f\x20"
		"\xf0\x00\x03\x1f\x20\xf0\x00\x03\x1f\x20\xf0\x00\x03\x1f\x20\xf0\x00\x03\x1f\x20"
		"\xf0\x00\x03\x1f\x20\xf0\x00\x03\x05\x20\xf0\x00\x03\x05\x20\xf0\x00\x03\x05\x20"
		"\xf1\x00\x03\x05\x20\xf4\x00\x03\x05\x20\xf0\x00\x03\x05\x20\xf0\x00\x03\x05\x20"
		"\xf0\x00\x03\x05\x20\xf0\x00\x03\x05\x20\xf0\x00\x03\x05\x20\xf0\x00\x03\x05\x20"
		"\xf0\x00\x03\x05\x20\xf8\xf8\xf8\xf0\x00\x03\x05\x20\xf0\x00\x03\x05\x20\xf0\x00"
		"\x03\x05\x20\xf0\x00\x03\x05\x20\xf0\x00\x03\x05\x20\xf0\x00\x03\x05\x20",
		{ { 2, 0 }, { 3, 2 }, { 2, 4 }, { 4, 5 }, { 1, 6 }, { 7, 7 }, { 14, 8 }, { 14, 9 },
			{ 2, 8 }, { 11, 7 }, { 1, 0 }, { 9, 11 }, { 22, 12 }, { 4, 0 }, { 1, 11 },
			{ 3, 0 }, { 6, 14 }, { 1, 0 }, { 9, 14 }, { 53, 106 }, { 3, 0 },
			{ 6, 106 } } },
	{ "3.12", 204,
		"\xf9\xe8\x00\xf8\x80\x00\xe0\x0c\x0d\x80\x45\xd8\x0f\x13\xf2\x00\x09\x05\x16\x88"
		"\x03\xf0\x02\x08\x09\x16\xd8\x0c\x11\x94\x53\xdc\x10\x13\x90\x43\x93\x08\xdc\x12"
		"\x15\x90\x63\x93\x28\xf1\x03\x01\x11\x1b\xf3\x03\x03\x16\x0e\xf1\x00\x03\x0d\x0e"
		"\x88\x45\xf0\x0e\x00\x0d\x11\x90\x41\x89\x49\x89\x44\xf0\x13\x09\x05\x16\xf4\x4a"
		"\x03\x00\x0a\x0e\x88\x65\x8b\x1b\xf0\x00\x03\x05\x20\x98\x04\xf5\x00\x03\x2b\x1d"
		"\xf3\x00\x03\x2a\x20\xf7\x00\x03\x1f\x20\xf0\x00\x03\x1f\x20\xf7\x00\x03\x05\x20"
		"\xf0\x00\x03\x05\x20\xf8\xf4\x7f\x02\x00\x10\x19\xf2\x00\x01\x09\x43\x02\xdc\x0c"
		"\x11\xd0\x12\x73\xd0\x75\x7a\xf0\x00\x00\x7d\x01\x42\x02\xf7\x00\x00\x0d\x43\x02"
		"\xf1\x00\x00\x0d\x43\x02\xfb\xf0\x03\x01\x09\x43\x02\xfb\xf0\x06\x00\x0d\x11\x90"
		"\x41\x89\x49\x89\x44\xfa\xf0\x78\x02\x03\x1f\x20\xf8\xf7\x00\x03\x05\x20\xf0\x00"
		"\x03\x05\x20\xfc",
		{ { 2, 0 }, { 1, 2 }, { 1, 0 }, { 1, 2 }, { 2, 4 }, { 5, 5 }, { 1, 6 }, { 6, 7 },
			{ 10, 8 }, { 10, 9 }, { 2, 8 }, { 7, 7 }, { 6, 14 }, { 1, 5 }, { 40, 106 },
			{ 1, 0 }, { 8, 11 }, { 18, 12 }, { 4, 0 }, { 1, 11 }, { 4, 0 }, { 6, 14 },
			{ 3, 0 }, { 1, 106 }, { 1, 0 }, { 9, 106 }, { 5, 0 } } },
	{ "3.13", 173,
		"\xf9\xe9\x00\x80\x00\xe0\x0c\x0d\x80\x45\xdb\x0f\x13\x88\x03\xf0\x02\x08\x09\x16"
		"\xd8\x0c\x11\x94\x53\xdc\x10\x13\x90\x43\x93\x08\xdc\x12\x15\x90\x63\x93\x28\xf1"
		"\x03\x01\x11\x1b\xf3\x03\x03\x16\x0e\xf1\x00\x03\x0d\x0e\x88\x45\xf0\x0e\x00\x0d"
		"\x11\x90\x41\x89\x49\x8a\x44\xf1\x13\x00\x10\x14\xf4\x4a\x03\x00\x0a\x0e\x88\x65"
		"\x8c\x1b\x98\x04\xf6\x00\x03\x2b\x1d\xf3\x00\x03\x2a\x20\xf7\x00\x03\x1f\x20\xf0"
		"\x00\x03\x1f\x20\x8f\x1b\x88\x1b\xf8\xf4\x7f\x02\x00\x10\x19\xf3\x00\x01\x09\x43"
		"\x02\xdc\x0c\x11\xd0\x12\x73\xd0\x75\x7a\xf7\x00\x00\x0d\x43\x02\xf1\x00\x00\x0d"
		"\x43\x02\xfb\xf0\x03\x01\x09\x43\x02\xfb\xf0\x06\x00\x0d\x11\x90\x41\x89\x49\x89"
		"\x44\xfa\xf1\x78\x02\x03\x1f\x20\x8f\x1b\x8d\x1b\xfc",
		{ { 2, 0 }, { 3, 2 }, { 2, 4 }, { 5, 5 }, { 1, 6 }, { 6, 7 }, { 10, 8 }, { 10, 9 },
			{ 2, 8 }, { 7, 7 }, { 7, 14 }, { 2, 5 }, { 41, 106 }, { 1, 0 }, { 9, 11 },
			{ 17, 12 }, { 4, 0 }, { 1, 11 }, { 4, 0 }, { 6, 14 }, { 3, 0 }, { 16, 106 },
			{ 5, 0 } } },
};

/* A copy of exactly that size, so that AddressSanitizer sees what is read behind it. */
static uint32_t line_of(const void *table, size_t size, uint32_t first, uint32_t unit)
{
	uint8_t *copy = malloc(size ? size : 1);
	uint32_t line;

	cr_assert(copy != NULL);
	memcpy(copy, table, size);
	line = dwell_python_line(copy, size, first, unit);
	free(copy);
	return line;
}

Test(python, lines_are_those_that_python_says)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		uint32_t unit = 0;

		for (size_t r = 0; tables[i].runs[r].units; r++)
			for (unsigned n = 0; n < tables[i].runs[r].units; n++, unit++)
				cr_expect(eq(u32,
						  line_of(tables[i].table, tables[i].size, FIRST,
							  unit),
						  tables[i].runs[r].line),
					"%s, unit %u", tables[i].version, unit);
		cr_expect(lt(u32, 100, unit));
		cr_expect(eq(u32, line_of(tables[i].table, tables[i].size, FIRST, unit), 0));
	}
}

static const struct {
	const char *name;
	const char *table;
	size_t size;
	uint32_t first, unit, line;
} cases[] = {
	{ "empty", "", 0, 5, 0, 0 },
	{ "not an entry", "\x00\x80\x00", 3, 5, 0, 0 },
	{ "short form", "\x80\x00", 2, 5, 0, 5 },
	{ "beyond it", "\x80\x00", 2, 5, 1, 0 },
	{ "eight units", "\x87\x00\xd0\x00\x00", 5, 5, 7, 5 },
	{ "one line, the same", "\xd0\x00\x00", 3, 5, 0, 5 },
	{ "one line, the next but one", "\xe0\x00\x00", 3, 5, 0, 7 },
	{ "no column", "\xe8\x04", 2, 5, 0, 7 },
	{ "no column, back", "\xe8\x05", 2, 5, 0, 3 },
	{ "no column, two bytes", "\xe8\x40\x02", 3, 5, 0, 69 },
	{ "long form", "\xf0\x06\x00\x01\x01", 5, 5, 0, 8 },
	{ "no location", "\xf8", 1, 5, 0, 0 },
	{ "no location does not change the line", "\xf8\x80\x00", 3, 5, 1, 5 },
	{ "the number is missing", "\xe8", 1, 5, 0, 5 },
	{ "the number does not end", "\xe8\x7e", 2, 5, 0, 36 },
	{ "a number without end", "\xe8\x7e\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f", 12, 5, 0, 0 },
	{ "before the first line", "\xe8\x0b", 2, 5, 0, 0 },
	{ "beyond the last line", "\xe8\x02", 2, 0x7fffffff, 0, 0 },
};

Test(python, each_form_of_an_entry)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect(eq(u32,
				  line_of(cases[i].table, cases[i].size, cases[i].first,
					  cases[i].unit),
				  cases[i].line),
			"%s", cases[i].name);
}

static const struct {
	const char *name;
	unsigned width;
	size_t count, room;
	int last;
	const char *characters, *text;
} texts[] = {
	{ "ASCII", 1, 4, 64, 0, "work", "work" },
	{ "latin", 1, 3, 64, 0, "h\xe4\xff", "h\xc3\xa4\xc3\xbf" },
	{ "two bytes", 2, 2, 64, 0, "\x22\x6f\x61\x00",
		"\xe6\xbc\xa2"
		"a" },
	{ "four bytes", 4, 2, 64, 0, "\x37\x04\x01\x00\x62\x00\x00\x00",
		"\xf0\x90\x90\xb7"
		"b" },
	{ "a byte that was no UTF-8", 2, 2, 64, 0, "\xff\xdc\x61\x00",
		"\xff"
		"a" },
	{ "a surrogate", 2, 1, 64, 0, "\x00\xd8", "?" },
	{ "beyond Unicode", 4, 1, 64, 0, "\x00\x00\x11\x00", "?" },
	{ "cut at the end", 1, 4, 3, 0, "work", "wor" },
	{ "cut at the begin", 1, 4, 3, 1, "work", "ork" },
	{ "cut before a character that does not fit", 1, 3, 2, 0, "h\xe4\xe4", "h" },
	{ "cut behind one", 1, 3, 2, 1, "\xe4\xe4h", "h" },
	{ "no room", 1, 4, 0, 1, "work", "" },
	{ "nothing", 1, 0, 8, 1, "", "" },
};

Test(python, texts_become_utf8)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char out[65];
		const size_t size =
			dwell_python_text(out, texts[i].room, (const uint8_t *)texts[i].characters,
				texts[i].count, texts[i].width, texts[i].last);

		out[size] = '\0';
		cr_expect(eq(str, out, (char *)texts[i].text), "%s", texts[i].name);
	}
}

/* with a: with b: pass; and what dis says of it (3.11). */
static const uint8_t handlers[] = { 131, 3, 44, 3, 134, 1, 20, 5, 136, 12, 44, 3, 148, 4, 24, 9,
	152, 3, 44, 3, 155, 1, 24, 9, 156, 3, 44, 3, 172, 4, 48, 7, 179, 1, 48, 7 };

Test(python, depth_is_of_the_innermost_handler)
{
	static const struct {
		uint32_t unit, depth;
	} units[] = { { 0, 0 }, { 2, 0 }, { 3, 1 }, { 5, 1 }, { 6, 2 }, { 7, 0 }, { 8, 1 },
		{ 19, 1 }, { 20, 4 }, { 50, 0 }, { 51, 3 }, { 52, 0 }, { UINT32_MAX, 0 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		cr_expect(eq(u32, dwell_python_depth(handlers, sizeof(handlers), units[i].unit),
				  units[i].depth),
			"%u", units[i].unit);
}

Test(python, half_a_table_of_handlers)
{
	for (size_t size = 0; size < sizeof(handlers); size++) {
		uint8_t *copy = malloc(size + 1);

		cr_assert(copy != NULL);
		memcpy(copy, handlers, size);
		for (uint32_t unit = 0; unit < 64; unit++) {
			const uint32_t depth = dwell_python_depth(copy, size, unit);

			cr_expect(depth == 0 ||
				  depth == dwell_python_depth(handlers, sizeof(handlers), unit));
		}
		free(copy);
	}
	/* Numbers that go on and on. */
	cr_expect(eq(
		u32, dwell_python_depth((const uint8_t *)"\xff\x7f\x7f\x7f\x7f\x7f\x3f", 7, 1), 0));
}

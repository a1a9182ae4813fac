/* trace.dat: one recording in every form, and each field of it damaged. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/rows_text.h"
#include "tests/tracecmd_file.h"

static struct rows_text text;
static struct dwell_diag diag;
static struct dat_file file;
static struct dat_page first[4], second[4];

static int drive_size(size_t size)
{
	struct dwell_bytes *bytes;

	cr_assert_eq(dwell_bytes_open_memory(&bytes, file.at, size), DWELL_OK);
	rows_text_init(&text);
	diag.what[0] = '\0';
	return rows_text_drive(&text, bytes, &diag);
}

static int drive(void)
{
	return drive_size(file.size);
}

static void expect_rows(const char *name, const char *rows)
{
	cr_expect_str_eq(text.text, rows, "%s:\n%s\ninstead of\n%s", name, text.text, rows);
}

/* CPU 0: 10 wakes 11 and 12, sleeps; CPU 1: 11 runs, is preempted by 12, which ends. */
static void build(const struct dat_variant *variant)
{
	struct dat_page *const pages[] = { first, second };
	const size_t counts[] = { 2, 1 };

	dat_page_begin(&first[0], variant, 1000000);
	dat_waking(&first[0], 0, 10, 0, "two", 11);
	dat_print(&first[0], 50, 10, "B|10|work\n");
	dat_waking(&first[0], 50, 10, 0x08, "three", 12); /* in an interrupt */
	dat_page_end(&first[0], 0, 0);
	dat_page_begin(&first[1], variant, 1000000);
	dat_head(&first[1], 30, 1000); /* 1 << 27 and 1,000 after the page's time */
	dat_word(&first[1], 1);
	dat_switch(&first[1], 0, "one", 10, 1, "swapper/0", 0);
	dat_page_end(&first[1], 0, 0);
	dat_page_begin(&second[0], variant, 1000200);
	dat_switch(&second[0], 0, "swapper/1", 0, 0, "two", 11);
	dat_head(&second[0], 29, 100); /* discarded: 8 bytes and their length */
	dat_word(&second[0], 12);
	dat_word(&second[0], 0);
	dat_word(&second[0], 0);
	dat_head(&second[0], 2, 0); /* of no format */
	dat_word(&second[0], 77);
	dat_word(&second[0], 0);
	dat_switch(&second[0], 0, "two", 11, 0x100, "three", 12);
	dat_head(&second[0], 31, 2000); /* a time of its own: 1,002,000 */
	dat_word(&second[0], 0);
	second[0].used -= 8;
	dat_head(&second[0], 31, 1002000);
	dat_word(&second[0], 0);
	dat_switch(&second[0], 0, "three", 12, 0x10, "two", 11);
	dat_head(&second[0], 29, 0); /* the rest is empty */
	dat_page_end(&second[0], 0, 0);
	dat_build(&file, variant, pages, counts);
}

static const char rows[] = "0 wake cpu0 11 runnable peer 10\n"
			   "50 span-begin 10 1 flags 2 value 1\n"
			   "100 wake cpu0 12 runnable\n"
			   "200 switch cpu1 peer 11\n"
			   "300 switch cpu1 11 runnable flags 1 peer 12\n"
			   "2000 switch cpu1 12 exited peer 11\n"
			   "134218728 switch cpu0 10 blocked\n";

static const struct dat_variant v6 = { .version = 6 }, v7 = { .version = 7 },
				v7z = { .version = 7, .packing = "zstd" };

Test(tracecmd, the_same_in_every_form)
{
	static const struct dat_variant variants[] = {
		{ .name = "6", .version = 6 },
		{ .name = "6, big-endian", .version = 6, .big = true },
		{ .name = "6, 32 bits", .version = 6, .narrow = true },
		{ .name = "6, another instance", .version = 6, .instance = true },
		{ .name = "7", .version = 7 },
		{ .name = "7, zstd", .version = 7, .packing = "zstd" },
		{ .name = "7, zlib", .version = 7, .packing = "zlib" },
		{ .name = "7, big-endian, zlib", .version = 7, .big = true, .packing = "zlib" },
		{ .name = "7, big-endian, 32 bits", .version = 7, .big = true, .narrow = true },
		{ .name = "7, another instance", .version = 7, .instance = true },
		{ .name = "7, another instance, zstd",
			.version = 7,
			.instance = true,
			.packing = "zstd" },
	};
	char expected[1024];

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		const struct dat_variant *variant = &variants[i];
		const size_t buffers = 1 + variant->instance;

		build(variant);
		cr_assert_eq(drive(), DWELL_OK, "%s: %s", variant->name, diag.what);
		/* Another instance's switches are the same once more; a mark is in one only, and
		   here in both. */
		snprintf(expected, sizeof(expected),
			"%.*s%s%simport.ignored: %d\nimport.dropped: 3\n",
			(int)(strstr(rows, "100 wake") - rows), rows,
			buffers > 1 ? "50 span-begin 10 1 flags 2 value 2\n" : "",
			strstr(rows, "100 wake"), buffers > 1 ? 8 : 1);
		expect_rows(variant->name, expected);
		cr_expect_eq(text.info.start_monotonic_ns, 1000000);
		cr_expect_eq(text.info.levels, DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER);
		cr_expect(text.end.closed);
		cr_expect_eq(text.end.end_ns, 134218728);
	}
}

Test(tracecmd, names_of_threads_that_only_wake)
{
	build(&v7z);
	rows_text_init(&text);
	text.tables = true;

	struct dwell_bytes *bytes;
	cr_assert_eq(dwell_bytes_open_memory(&bytes, file.at, file.size), DWELL_OK);
	cr_assert_eq(rows_text_drive(&text, bytes, &diag), DWELL_OK);
	cr_expect(
		strstr(text.text, "task 2 tid 10 process 0 parent 0 at 0 one\n"), "%s", text.text);
}

Test(tracecmd, clocks)
{
	static const struct {
		struct dat_variant variant;
		uint64_t unix_ns, monotonic_ns, third_ns;
		const char *refused;
	} cases[] = {
		{ { .version = 7, .clock = "local" }, 0, 0, 100, NULL },
		{ { .version = 7, .offset = "5000" }, 0, 0, 100, NULL },
		{ { .version = 6, .offset = "-1000000" }, 0, 0, 100, NULL },
		{ { .version = 6, .date = "0x10" }, 1016000, 0, 100, NULL },
		/* 3 ns in 2 cycles: of rounded times */
		{ { .version = 7, .clock = "x86-tsc", .mult = 3, .shift = 1 }, 0, 0, 150, NULL },
		{ { .version = 6, .clock = "x86-tsc" }, 0, 0, 0,
			"trace-cmd: its clock counts cycles of unknown length: record with -C mono "
			"or tsc2nsec" },
		{ { .version = 7, .clock = "counter" }, 0, 0, 0,
			"trace-cmd: its clock counts events, not time: record with -C mono" },
		{ { .version = 7, .clock = "x86-tsc", .mult = 1, .shift = 64 }, 0, 0, 0,
			"trace-cmd: its tables are damaged" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char wake[64];

		build(&cases[i].variant);
		const int err = drive();
		if (cases[i].refused) {
			cr_expect_lt(err, 0);
			cr_expect_str_eq(diag.what, cases[i].refused);
			continue;
		}
		cr_assert_eq(err, DWELL_OK, "%zu: %s", i, diag.what);
		cr_expect_eq(text.info.start_unix_ns, cases[i].unix_ns, "%zu", i);
		cr_expect_eq(text.info.start_monotonic_ns, cases[i].monotonic_ns, "%zu", i);
		snprintf(wake, sizeof(wake), "\n%d wake cpu0 12", (int)cases[i].third_ns);
		cr_expect(strstr(text.text, wake), "%zu: %s", i, text.text);
	}
}

/* Missing events are told where they are missing, ahead, and how many where it is known. */
Test(tracecmd, losses)
{
	struct dat_page *const pages[] = { first, second };
	const size_t counts[] = { 4, 1 };

	for (int wide = 0; wide < 2; wide++) {
		const struct dat_variant variant = { .version = 7, .narrow = !wide };

		dat_page_begin(&first[0], &variant, 1000);
		dat_switch(&first[0], 0, "swapper/0", 0, 0, "one", 10);
		dat_page_end(&first[0], 0, 0);
		dat_page_begin(&first[1], &variant, 2000);
		dat_switch(&first[1], 0, "one", 10, 1, "two", 11);
		dat_page_end(&first[1], UINT32_C(3) << 30, 7);
		dat_page_begin(&first[2], &variant, 3000); /* nothing in it */
		dat_page_end(&first[2], UINT32_C(1) << 31, 0);
		dat_page_begin(&first[3], &variant, 4000);
		dat_switch(&first[3], 0, "two", 11, 1, "one", 10);
		dat_page_end(&first[3], 0, 0);
		dat_page_begin(&second[0], &variant, 1500);
		dat_switch(&second[0], 0, "swapper/1", 0, 0, "three", 12);
		dat_page_end(&second[0], UINT32_C(1) << 31, 0);
		dat_build(&file, &variant, pages, counts);
		cr_assert_eq(drive(), DWELL_OK, "%s", diag.what);
		expect_rows("losses", "0 loss cpu1 3 extra 500\n"
				      "0 switch cpu0 peer 10\n"
				      "0 loss cpu0 3 value 7 extra 1000\n"
				      "500 switch cpu1 peer 12\n"
				      "1000 switch cpu0 10 blocked peer 11\n"
				      "1000 loss cpu0 3 extra 3000\n"
				      "3000 switch cpu0 11 blocked peer 10\n"
				      "import.dropped: 3\n");
	}
}

Test(tracecmd, a_time_that_wraps)
{
	struct dat_page *const pages[] = { first, second };
	const size_t counts[] = { 1, 0 };
	const uint64_t high = UINT64_C(3) << 59;

	dat_page_begin(&first[0], &v7, high + 100);
	dat_switch(&first[0], 0, "swapper/0", 0, 0, "one", 10);
	dat_head(&first[0], 31, 200);
	dat_word(&first[0], 0);
	dat_switch(&first[0], 0, "one", 10, 1, "two", 11);
	dat_head(&first[0], 31, 50); /* less: the bits above have grown */
	dat_word(&first[0], 0);
	dat_switch(&first[0], 0, "two", 11, 1, "one", 10);
	dat_page_end(&first[0], 0, 0);
	dat_build(&file, &v7, pages, counts);
	cr_assert_eq(drive(), DWELL_OK, "%s", diag.what);
	expect_rows("wraps", "0 switch cpu0 peer 10\n"
			     "100 switch cpu0 10 blocked peer 11\n"
			     "576460752303423438 switch cpu0 11 blocked peer 10\n"
			     "import.dropped: 3\n");
}

enum from { START, HEADER, OWN, FORMATS, NAMES, CPUS, STREAMS, OPTIONS, DATA, CHUNK };

struct field_case {
	const char *name;
	const struct dat_variant *variant;
	enum from from;
	size_t offset;
	unsigned width;
	uint64_t value;
	int err;
	const char *what; /* of the error; or in the rows and notes */
};

static const char damaged[] = "trace-cmd: its tables are damaged";
static const char ends[] = "trace-cmd: ends within its tables";
static const char cut_tables[] =
	"trace-cmd: cut before its last tables, which tell where the events are";
static const char early[] = "import.broken: trace-cmd: events of a CPU end early or are damaged";

enum { SECTION = 16, LIST = SECTION, EVENTS = 16 };

static const struct field_case fields[] = {
	{ "version", &v6, START, 10, 1, '5', DWELL_EVERSION,
		"trace-cmd: version 5 of its format, not 6 or 7" },
	{ "version 8", &v7, START, 10, 1, '8', DWELL_EVERSION,
		"trace-cmd: version 8 of its format, not 6 or 7" },
	{ "byte order", &v6, START, 12, 1, 1, DWELL_ETRUNCATED, ends },
	{ "size of a long", &v6, START, 13, 1, 99, DWELL_OK, rows }, /* of programs, not asked */
	{ "page: 0", &v6, START, 14, 4, 0, DWELL_EFORMAT, damaged },
	{ "page: too large", &v6, START, 14, 4, 1 << 21, DWELL_EFORMAT, damaged },
	{ "header: name", &v6, HEADER, 0, 1, 'x', DWELL_EFORMAT, damaged },
	{ "header: size", &v6, HEADER, 12, 8, UINT64_MAX, DWELL_ETRUNCATED, ends },
	{ "header: size of commit", &v6, HEADER, 12 + 8 + 90, 1, '5', DWELL_EFORMAT, damaged },
	{ "ftrace's events: count", &v6, OWN, 0, 4, UINT32_MAX, DWELL_ETRUNCATED, ends },
	{ "ftrace's events: size", &v6, OWN, 4, 8, UINT64_MAX, DWELL_ETRUNCATED, ends },
	{ "ftrace's events: size", &v6, OWN, 4, 8, (1 << 20) + 1, DWELL_ETRUNCATED, ends },
	{ "systems: count", &v6, FORMATS, 0, 4, UINT32_MAX, DWELL_ETRUNCATED, ends },
	{ "systems: events", &v6, FORMATS, 8, 4, UINT32_MAX, DWELL_ETRUNCATED, ends },
	{ "names: size", &v6, NAMES, 0, 8, UINT64_MAX, DWELL_ETRUNCATED, ends },
	{ "CPUs", &v6, CPUS, 0, 4, UINT32_MAX, DWELL_ETRUNCATED, ends },
	{ "CPUs: none", &v6, CPUS, 0, 4, 0, DWELL_OK, "import.dropped: 3\n" },
	{ "tag", &v6, CPUS, 4, 1, 'x', DWELL_EFORMAT, damaged },
	{ "option: size", &v6, OPTIONS, 2, 4, UINT32_MAX, DWELL_ETRUNCATED, ends },
	{ "option: none", &v6, OPTIONS, 0, 2, 0, DWELL_EFORMAT, damaged },
	{ "stream: place", &v6, STREAMS, 0, 8, UINT64_MAX, DWELL_OK, early },
	{ "stream: size", &v6, STREAMS, 8, 8, UINT64_MAX, DWELL_OK, early },
	{ "stream: no whole page", &v6, STREAMS, 8, 8, 100, DWELL_OK, early },
	{ "sub-buffer: used", &v6, DATA, 8, 4, (1 << 20) - 1, DWELL_OK, "import.malformed: 1\n" },
	{ "sub-buffer: used, to the end", &v6, DATA, 8, 4, DAT_PAGE - 16, DWELL_OK, rows },
	{ "sub-buffer: counted, no room", &v6, DATA, 8, 4, UINT32_C(3) << 30 | (DAT_PAGE - 16),
		DWELL_OK, "loss cpu1 3 extra 200\n" },
	{ "event: longer than the rest", &v6, DATA, EVENTS, 4, 0, DWELL_OK,
		"import.malformed: 1\n" },
	{ "event: shorter than its fields", &v6, DATA, EVENTS, 4, 2, DWELL_OK,
		"import.malformed: 3\n" },
	{ "event: type", &v6, DATA, EVENTS + 4, 2, 301, DWELL_OK,
		"100 wake cpu0 12 runnable\n300 switch" },
	{ "packing", &v7, START, 18, 1, 'x', DWELL_EUNSUPPORTED,
		"trace-cmd: packed by another library than zstd and zlib" },
	{ "options: place", &v7, START, 27, 8, UINT64_MAX, DWELL_ETRUNCATED, cut_tables },
	{ "options: not there", &v7, START, 27, 8, 61, DWELL_EFORMAT, damaged },
	{ "options: none", &v7, START, 27, 8, 0, DWELL_EUNSUPPORTED,
		"trace-cmd: no format of an event that is read here (sched, task)" },
	{ "section: kind", &v7, HEADER, 0, 2, 5, DWELL_EFORMAT, damaged },
	{ "section: packed", &v7, HEADER, 2, 2, 1, DWELL_ETRUNCATED, cut_tables },
	{ "section: size", &v7, FORMATS, 8, 8, 10, DWELL_ETRUNCATED, cut_tables },
	{ "section: packed size", &v7z, FORMATS, SECTION, 4, UINT32_MAX, DWELL_ETRUNCATED,
		cut_tables },
	{ "section: size", &v7z, FORMATS, SECTION + 4, 4, UINT32_MAX, DWELL_ELIMIT, damaged },
	{ "section: another size", &v7z, FORMATS, SECTION + 4, 4, 10, DWELL_EFORMAT, damaged },
	{ "section: content", &v7z, FORMATS, SECTION + 8, 4, 0, DWELL_EFORMAT, damaged },
	{ "next options: before", &v7, OPTIONS, 0, 8, 100, DWELL_EFORMAT, damaged },
	{ "next options: far", &v7, OPTIONS, 0, 8, UINT64_MAX, DWELL_ETRUNCATED, cut_tables },
	{ "buffer: page", &v7, STREAMS, 0, 4, 0, DWELL_EFORMAT, damaged },
	{ "buffer: CPUs", &v7, STREAMS, 4, 4, UINT32_MAX, DWELL_ETRUNCATED, cut_tables },
	{ "buffer: CPU", &v7, STREAMS, 8, 4, UINT32_MAX, DWELL_ELIMIT, damaged },
	{ "chunks: count", &v7z, DATA, 0, 4, UINT32_MAX, DWELL_OK, early },
	{ "chunk: packed size", &v7z, CHUNK, 0, 4, UINT32_MAX, DWELL_OK, early },
	{ "chunk: size", &v7z, CHUNK, 4, 4, UINT32_MAX, DWELL_OK, early },
	{ "chunk: another size", &v7z, CHUNK, 4, 4, 5, DWELL_OK, early },
	{ "chunk: content", &v7z, CHUNK, 8, 4, 0, DWELL_OK, early },
};

static size_t place_of(enum from from)
{
	const size_t places[] = { 0, file.header, file.own, file.formats, file.names, file.cpus,
		file.streams, file.options, file.data, file.chunk };

	return places[from];
}

Test(tracecmd, each_field_damaged)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field_case *c = &fields[i];

		build(c->variant);
		for (unsigned byte = 0; byte < c->width; byte++)
			file.at[place_of(c->from) + c->offset + byte] =
				(uint8_t)(c->value >> 8 * byte);
		const int err = drive();
		cr_expect_eq(err, c->err, "%s: %d: %s", c->name, err, diag.what);
		cr_expect(strstr(err ? diag.what : text.text, c->what), "%s: %s", c->name,
			err ? diag.what : text.text);
	}
}

/* Every length is an error or a loss, and every bit one of both or nothing; never more. */
Test(tracecmd, cut_and_flipped)
{
	const struct dat_variant *const variants[] = { &v6, &v7, &v7z };

	for (size_t v = 0; v < 3; v++) {
		build(variants[v]);
		for (size_t size = 10; size < file.size; size += size < 512 ? 1 : 61) {
			const int err = drive_size(size);

			cr_expect(err || !text.end.closed, "%zu: closed", size);
			cr_expect_not(text.disorder);
		}
		for (size_t at = 10; at < file.size; at += at < 512 ? 1 : 13) {
			file.at[at] ^= (uint8_t)(1 << at % 8);
			drive();
			cr_expect_not(text.disorder);
			file.at[at] ^= (uint8_t)(1 << at % 8);
		}
	}
}

Test(tracecmd, a_tracer_of_latency)
{
	build(&v6);
	memcpy(file.at + file.streams - 10, "latency  ", 10);
	cr_expect_eq(drive(), DWELL_EUNSUPPORTED);
	cr_expect_str_eq(diag.what, "trace-cmd: the text of a latency tracer, no events");
}

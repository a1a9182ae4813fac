#include "tests/tracecmd_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

static void place(uint8_t *at, unsigned width, uint64_t value, bool big)
{
	for (unsigned i = 0; i < width; i++)
		at[big ? width - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

static size_t header_size(const struct dat_variant *variant)
{
	return variant->narrow ? 12 : 16;
}

void dat_page_begin(struct dat_page *page, const struct dat_variant *variant, uint64_t time)
{
	memset(page, 0, sizeof(*page));
	page->variant = variant;
	page->time = time;
}

void dat_page_end(struct dat_page *page, uint32_t flags, uint64_t missing)
{
	const struct dat_variant *variant = page->variant;
	const unsigned width = variant->narrow ? 4 : 8;

	place(page->at, 8, page->time, variant->big);
	place(page->at + 8, width, page->used | flags, variant->big);
	if (flags >> 30 & 1)
		place(page->at + header_size(variant) + page->used, width, missing, variant->big);
}

void dat_word(struct dat_page *page, uint32_t word)
{
	place(page->at + header_size(page->variant) + page->used, 4, word, page->variant->big);
	page->used += 4;
}

void dat_head(struct dat_page *page, unsigned type, uint32_t delta)
{
	dat_word(page, page->variant->big ? type << 27 | delta : delta << 5 | type);
}

static void text(struct dat_page *page, const char *comm, size_t size)
{
	uint8_t *at = page->at + header_size(page->variant) + page->used;

	memset(at, 0, size);
	memcpy(at, comm, strlen(comm) < size ? strlen(comm) : size);
	page->used += size;
}

static void common(struct dat_page *page, unsigned id, uint8_t flags, int32_t by)
{
	uint8_t *at = page->at + header_size(page->variant) + page->used;

	place(at, 2, id, page->variant->big);
	at[2] = flags;
	at[3] = 0;
	page->used += 4;
	dat_word(page, (uint32_t)by);
}

void dat_switch(struct dat_page *page, uint32_t delta, const char *prev, int32_t prev_tid,
	uint64_t state, const char *next, int32_t next_tid)
{
	const bool big = page->variant->big;

	dat_head(page, 16, delta); /* 64 bytes */
	common(page, 300, 0, prev_tid);
	text(page, prev, 16);
	dat_word(page, (uint32_t)prev_tid);
	dat_word(page, 120);
	place(page->at + header_size(page->variant) + page->used, 8, state, big);
	page->used += 8;
	text(page, next, 16);
	dat_word(page, (uint32_t)next_tid);
	dat_word(page, 120);
}

void dat_waking(struct dat_page *page, uint32_t delta, int32_t by, uint8_t flags, const char *comm,
	int32_t tid)
{
	dat_head(page, 9, delta); /* 36 bytes */
	common(page, 301, flags, by);
	text(page, comm, 16);
	dat_word(page, (uint32_t)tid);
	dat_word(page, 120);
	dat_word(page, 0);
}

void dat_print(struct dat_page *page, uint32_t delta, int32_t by, const char *line)
{
	const size_t size = (strlen(line) + 1 + 3) & ~(size_t)3;

	dat_head(page, 0, delta); /* longer than any type says */
	dat_word(page, (uint32_t)(4 + 16 + size));
	common(page, 5, 0, by);
	dat_word(page, 0);
	dat_word(page, 0);
	text(page, line, size);
}

static const char header_page[] = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
				  "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n";
static const char header_narrow[] = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
				    "\tfield: local_t commit;\toffset:8;\tsize:4;\tsigned:1;\n";
#define COMMON                                                                                     \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"                     \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"                     \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
static const char print_format[] = "name: print\nID: 5\nformat:\n" COMMON
				   "\tfield:char buf[];\toffset:16;\tsize:0;\tsigned:1;\n";
static const char switch_format[] = "name: sched_switch\nID: 300\nformat:\n" COMMON
				    "\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:1;\n"
				    "\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n"
				    "\tfield:int prev_prio;\toffset:28;\tsize:4;\tsigned:1;\n"
				    "\tfield:long prev_state;\toffset:32;\tsize:8;\tsigned:1;\n"
				    "\tfield:char next_comm[16];\toffset:40;\tsize:16;\tsigned:1;\n"
				    "\tfield:pid_t next_pid;\toffset:56;\tsize:4;\tsigned:1;\n"
				    "\tfield:int next_prio;\toffset:60;\tsize:4;\tsigned:1;\n";
static const char waking_format[] = "name: sched_waking\nID: 301\nformat:\n" COMMON
				    "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:1;\n"
				    "\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"
				    "\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n";
static const char names[] = "10 one\n11 two\n12 three\n";

static void put(struct dat_file *file, unsigned width, uint64_t value, bool big)
{
	place(file->at + file->size, width, value, big);
	file->size += width;
}

static void put_bytes(struct dat_file *file, const void *at, size_t size)
{
	if (file->size + size > sizeof(file->at))
		abort();
	memcpy(file->at + file->size, at, size);
	file->size += size;
}

static void put_file(struct dat_file *file, const char *content, bool big)
{
	put(file, 8, strlen(content), big);
	put_bytes(file, content, strlen(content));
}

static void put_header(struct dat_file *file, const struct dat_variant *variant)
{
	put_bytes(file, "header_page", 12);
	put_file(file, variant->narrow ? header_narrow : header_page, variant->big);
	put_bytes(file, "header_event", 13);
	put_file(file, "# compressed entry header\n", variant->big);
}

static void put_own(struct dat_file *file, bool big)
{
	put(file, 4, 1, big);
	put_file(file, print_format, big);
}

static void put_formats(struct dat_file *file, bool big)
{
	put(file, 4, 2, big);
	put_bytes(file, "irq", 4);
	put(file, 4, 1, big);
	put_file(file, "name: irq_handler_entry\nID: 90\n", big);
	put_bytes(file, "sched", 6);
	put(file, 4, 2, big);
	put_file(file, switch_format, big);
	put_file(file, waking_format, big);
}

static void put_option(struct dat_file *file, unsigned id, const void *at, size_t size, bool big)
{
	put(file, 2, id, big);
	put(file, 4, size, big);
	put_bytes(file, at, size);
}

static const char *clock_of(const struct dat_variant *variant)
{
	return variant->clock ? variant->clock : "mono";
}

/* Options that both versions have; the end of them is the caller's. */
static void put_facts(struct dat_file *file, const struct dat_variant *variant)
{
	char clocks[64];
	uint8_t scale[16] = { 0 };

	snprintf(clocks, sizeof(clocks), "local global [%s] boot\n", clock_of(variant));
	put_option(file, 4, clocks, strlen(clocks) + 1, variant->big);
	put_option(file, 2, "CPU: 0\ndropped events: 3\n", 26, variant->big);
	if (variant->date)
		put_option(file, 1, variant->date, strlen(variant->date) + 1, variant->big);
	if (variant->offset)
		put_option(file, 7, variant->offset, strlen(variant->offset) + 1, variant->big);
	place(scale, 4, variant->mult, variant->big);
	place(scale + 4, 4, variant->shift, variant->big);
	if (variant->mult)
		put_option(file, 14, scale, 16, variant->big);
}

static void align(struct dat_file *file)
{
	while (file->size % DAT_PAGE)
		file->at[file->size++] = 0;
}

struct stream {
	size_t at, size;
};

static size_t pack(const char *packing, const void *at, size_t size, uint8_t *out, size_t room)
{
	uLongf got = room;

	if (!packing) {
		memcpy(out, at, size);
		return size;
	}
	if (!strcmp(packing, "zstd"))
		return ZSTD_compress(out, room, at, size, 1);
	return compress(out, &got, at, size) == Z_OK ? got : 0;
}

/* One chunk for each sub-buffer; the size leaves out the number of them. */
static struct stream put_stream(struct dat_file *file, const struct dat_variant *variant,
	const struct dat_page *pages, size_t count)
{
	struct stream stream;

	if (!variant->packing)
		align(file);
	stream.at = file->size;
	if (variant->packing)
		put(file, 4, count, variant->big);
	for (size_t i = 0; i < count; i++) {
		uint8_t packed[2 * DAT_PAGE];
		const size_t size =
			pack(variant->packing, pages[i].at, DAT_PAGE, packed, sizeof(packed));

		file->chunk = file->size;
		if (variant->packing) {
			put(file, 4, size, variant->big);
			put(file, 4, DAT_PAGE, variant->big);
		}
		put_bytes(file, packed, size);
	}
	stream.size = file->size - stream.at - (variant->packing ? 4 : 0);
	if (!count)
		stream.size = 0;
	return stream;
}

static void build_v6(struct dat_file *file, const struct dat_variant *variant,
	struct dat_page *const pages[DAT_CPUS], const size_t counts[DAT_CPUS])
{
	const bool big = variant->big;
	size_t instance = 0, tables[2];

	file->header = file->size;
	put_header(file, variant);
	file->own = file->size;
	put_own(file, big);
	file->formats = file->size;
	put_formats(file, big);
	put(file, 4, 0, big); /* symbols */
	put(file, 4, 3, big);
	put_bytes(file, "abc", 3);
	file->names = file->size;
	put_file(file, names, big);
	file->cpus = file->size;
	put(file, 4, DAT_CPUS, big);
	put_bytes(file, "options  ", 10);
	file->options = file->size;
	put_facts(file, variant);
	if (variant->instance) {
		put(file, 2, 3, big);
		put(file, 4, 8 + 5, big);
		instance = file->size;
		put(file, 8, 0, big);
		put_bytes(file, "inst", 5);
	}
	put(file, 2, 0, big);
	put_bytes(file, "flyrecord", 10);
	file->streams = tables[0] = file->size;
	file->size += 16 * DAT_CPUS;
	if (variant->instance) {
		place(file->at + instance, 8, file->size, big);
		put_bytes(file, "flyrecord", 10);
		tables[1] = file->size;
		file->size += 16 * DAT_CPUS;
	}
	for (int table = 0; table <= variant->instance; table++)
		for (int cpu = 0; cpu < DAT_CPUS; cpu++) {
			const struct stream stream =
				put_stream(file, variant, pages[cpu], counts[cpu]);

			file->data = stream.at;
			place(file->at + tables[table] + 16 * cpu, 8, stream.at, big);
			place(file->at + tables[table] + 16 * cpu + 8, 8, stream.size, big);
		}
}

/* A section of what was put behind `from`, which is taken back; gives where it begins. */
static size_t put_section(
	struct dat_file *file, const struct dat_variant *variant, unsigned id, size_t from)
{
	static uint8_t content[1 << 16], packed[1 << 17];
	const size_t size = file->size - from;
	size_t stored;

	memcpy(content, file->at + from, size);
	stored = pack(variant->packing, content, size, packed, sizeof(packed));
	file->size = from;
	put(file, 2, id, variant->big);
	put(file, 2, variant->packing ? 1 : 0, variant->big);
	put(file, 4, 0, variant->big);
	put(file, 8, variant->packing ? stored + 8 : stored, variant->big);
	if (variant->packing) {
		put(file, 4, stored, variant->big);
		put(file, 4, size, variant->big);
	}
	put_bytes(file, packed, stored);
	return from;
}

static void put_number_option(struct dat_file *file, unsigned id, uint64_t value, bool big)
{
	put(file, 2, id, big);
	put(file, 4, 8, big);
	put(file, 8, value, big);
}

static void put_buffer(struct dat_file *file, const struct dat_variant *variant, const char *name,
	struct dat_page *const pages[DAT_CPUS], const size_t counts[DAT_CPUS])
{
	const bool big = variant->big;
	const size_t section = file->size, clock_size = strlen(clock_of(variant)) + 1;
	struct stream streams[DAT_CPUS];
	size_t last;

	file->size += 16;
	for (int cpu = 0; cpu < DAT_CPUS; cpu++)
		streams[cpu] = put_stream(file, variant, pages[cpu], counts[cpu]);
	file->data = streams[DAT_CPUS - 1].at;
	place(file->at + section, 2, 3, big);
	place(file->at + section + 2, 2, variant->packing ? 1 : 0, big);
	place(file->at + section + 4, 4, 0, big);
	place(file->at + section + 8, 8, file->size - section - 16, big);
	/* The list of options that tells of it: the one before ends by telling where it is. */
	place(file->at + file->options, 8, file->size, big);
	last = file->size;
	file->size += 16;
	put(file, 2, 3, big);
	put(file, 4, 8 + strlen(name) + 1 + clock_size + 8 + 20 * DAT_CPUS, big);
	put(file, 8, section, big);
	put_bytes(file, name, strlen(name) + 1);
	put_bytes(file, clock_of(variant), clock_size);
	file->streams = file->size;
	put(file, 4, DAT_PAGE, big);
	put(file, 4, DAT_CPUS, big);
	for (unsigned cpu = 0; cpu < DAT_CPUS; cpu++) {
		put(file, 4, cpu, big);
		put(file, 8, streams[cpu].at, big);
		put(file, 8, streams[cpu].size, big);
	}
	put_number_option(file, 0, 0, big);
	file->options = file->size - 8;
	place(file->at + last, 8, 0, big);
	place(file->at + last + 8, 8, file->size - last - 16, big);
}

static void build_v7(struct dat_file *file, const struct dat_variant *variant,
	struct dat_page *const pages[DAT_CPUS], const size_t counts[DAT_CPUS])
{
	const bool big = variant->big;
	const char *packing = variant->packing ? variant->packing : "none";
	size_t first, list;

	put_bytes(file, packing, strlen(packing) + 1);
	put_bytes(file, "1.0", 4);
	first = file->size;
	put(file, 8, 0, big);
	file->header = file->size;
	put_header(file, variant);
	put_section(file, variant, 16, file->header);
	file->own = file->size;
	put_own(file, big);
	put_section(file, variant, 17, file->own);
	file->formats = file->size;
	put_formats(file, big);
	put_section(file, variant, 18, file->formats);
	file->names = file->size;
	put_file(file, names, big);
	put_section(file, variant, 21, file->names);
	place(file->at + first, 8, file->size, big);
	list = file->size;
	file->size += 16;
	put_number_option(file, 16, file->header, big);
	put_number_option(file, 17, file->own, big);
	put_number_option(file, 18, file->formats, big);
	put_facts(file, variant);
	put_number_option(file, 21, file->names, big);
	put_number_option(file, 0, 0, big);
	file->options = file->size - 8;
	place(file->at + list, 8, 0, big);
	place(file->at + list + 8, 8, file->size - list - 16, big);
	put_buffer(file, variant, "", pages, counts);
	if (variant->instance)
		put_buffer(file, variant, "inst", pages, counts);
}

void dat_build(struct dat_file *file, const struct dat_variant *variant,
	struct dat_page *const pages[DAT_CPUS], const size_t counts[DAT_CPUS])
{
	memset(file, 0, sizeof(*file));
	put_bytes(file, "\x17\x08\x44tracing", 10);
	put_bytes(file, variant->version == 6 ? "6" : "7", 2);
	put(file, 1, variant->big, false);
	put(file, 1, 8, false);
	put(file, 4, DAT_PAGE, variant->big);
	if (variant->version == 6)
		build_v6(file, variant, pages, counts);
	else
		build_v7(file, variant, pages, counts);
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol/go.h"
#include "symbol/private.h"
#include "tests/go_table.h"
#include "tests/harness.h"

/* "function file:line" of all lines, or "nothing". */
static void tell(const struct symbol_found *found, char *out, size_t size)
{
	size_t at = 0;

	snprintf(out, size, "nothing");
	for (size_t i = 0; i < found->count && at < size; i++) {
		const struct dwell_line *line = &found->lines[i];

		at += (size_t)snprintf(out + at, size - at, "%s%.*s %.*s:%u", i ? ", " : "",
			(int)line->function.size, line->function.at, (int)line->file.size,
			line->file.at ? line->file.at : "", line->line);
	}
}

/* What is found at an offset of the text; "none" where it is no table at all. In blocks of their
 * own, so that a sanitizer sees what is read beyond them. */
static void look(const struct go_table *table, size_t size, uint64_t offset, char *out, size_t room)
{
	uint8_t *bytes = malloc(size), *trees = malloc(GO_TREES_SIZE);
	struct symbol_go go = { .text = GO_TEXT, .trees = { trees, GO_TREES_SIZE } };
	struct symbol_found found = { .count = 0 };

	cr_assert(bytes && trees);
	memcpy(bytes, table->table, size);
	memcpy(trees, table->trees, GO_TREES_SIZE);
	snprintf(out, room, "none");
	if (symbol_go_read(&go, (struct symbol_bytes){ bytes, size })) {
		(void)symbol_go_find(&go, GO_TEXT + offset, &found);
		tell(&found, out, room);
	}
	symbol_found_clear(&found);
	free(bytes);
	free(trees);
}

Test(go_table, tells_functions_files_and_lines)
{
	static const struct {
		uint64_t offset;
		const char *expected;
	} places[] = {
		{ 0, "main.f a.go:10" },
		{ 15, "main.f a.go:10" },
		{ 16, "main.inner b.go:20, main.f a.go:10" },
		{ 31, "main.inner b.go:20, main.f a.go:10" },
		{ 32, "main.inner a.go:10" },
		{ 63, "main.inner b.go:20, main.inner a.go:10" },
		{ 64, "nothing" },
		{ UINT64_C(1) << 32, "nothing" },
		{ (uint64_t)-1, "nothing" },
	};
	struct go_table table;
	char out[200];

	for (int old = 0; old < 2; old++)
		for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
			go_make(&table, old);
			look(&table, GO_SIZE, places[i].offset, out, sizeof(out));
			cr_expect(eq(str, out, (char *)places[i].expected));
		}
}

/* One field is wrong; what is found at offset 20, where there is an inlined call. */
static const struct wrong {
	const char *name;
	unsigned at, size;
	uint64_t value;
	const char *expected;
} wrongs[] = {
	{ "magic", 0, 4, 0xfffffffa, "none" },
	{ "zeros", 4, 1, 1, "none" },
	{ "shortest instruction", 6, 1, 3, "none" },
	{ "address", 7, 1, 4, "none" },
	{ "no functions", 8, 8, 0, "none" },
	{ "too many functions", 8, 8, UINT64_C(1) << 60, "none" },
	{ "functions beyond the end", 8, 8, 1000, "none" },
	{ "names within the header", 32, 8, 8, "none" },
	{ "names beyond the end", 32, 8, GO_SIZE + 1, "none" },
	{ "units beyond the end", 40, 8, UINT64_MAX, "none" },
	{ "units at the end", 40, 8, GO_SIZE, "main.inner :0, main.f :0" },
	{ "files at the end", 48, 8, GO_SIZE, "main.inner :0, main.f :0" },
	{ "steps at the end", 56, 8, GO_SIZE, "main.f :0" },
	{ "functions at the end", 64, 8, GO_SIZE, "none" },
	{ "starts out of order", GO_FUNCTIONS + 8, 4, 8, "nothing" },
	{ "record beyond the end", GO_FUNCTIONS + 4, 4, 0xfffffff0, "nothing" },
	{ "record of another", GO_FUNCTIONS + 4, 4, 24 + GO_RECORD_SIZE, "nothing" },
	{ "record's start", GO_RECORD, 4, 1, "nothing" },
	{ "name beyond the end", GO_RECORD + 4, 4, GO_SIZE, "nothing" },
	{ "name that is empty", GO_RECORD + 4, 4, 6, "nothing" },
	{ "name that does not end", GO_RECORD + 4, 4, GO_SIZE - GO_NAMES - 1, "nothing" },
	{ "steps of files beyond the end", GO_RECORD + 20, 4, GO_SIZE, "main.inner :0, main.f :0" },
	{ "no steps of files", GO_RECORD + 20, 4, 0, "main.inner :0, main.f :0" },
	{ "no steps of lines", GO_RECORD + 24, 4, 0, "main.inner :0, main.f :0" },
	{ "lists beyond the end", GO_RECORD + 28, 4, 0x7fffffff, "nothing" },
	{ "lists without calls", GO_RECORD + 28, 4, 2, "main.f b.go:20" },
	{ "unit beyond the end", GO_RECORD + 32, 4, 0xffffffff, "main.inner :0, main.f :0" },
	{ "data beyond the end", GO_RECORD + 43, 1, 255, "nothing" },
	{ "data without a tree", GO_RECORD + 43, 1, 3, "main.f :0" },
	{ "no tree", GO_RECORD + 44 + 24, 4, 0xffffffff, "main.f :0" },
	{ "tree beyond the end", GO_RECORD + 44 + 24, 4, GO_TREES_SIZE - 15, "main.f :0" },
	{ "file that is none", GO_UNITS + 4, 4, 0xffffffff, "main.inner :0, main.f a.go:10" },
	{ "file beyond the end", GO_UNITS + 4, 4, GO_SIZE, "main.inner :0, main.f a.go:10" },
	{ "file before the first", GO_STEPS + 1, 1, 1, "main.inner :0, main.f :0" },
	{ "line of none", GO_STEPS + 8, 1, 21, "main.inner :0, main.f a.go:10" },
	{ "calls that end early", GO_STEPS + 13, 1, 0, "main.f b.go:20" },
	{ "call beyond the tree", GO_STEPS + 13, 1, 100, "main.f :0" },
};

Test(go_table, bears_fields_that_are_wrong)
{
	struct go_table table;
	char out[200];

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		go_make(&table, 0);
		go_put(table.table + wrongs[i].at, wrongs[i].value, wrongs[i].size);
		look(&table, GO_SIZE, 20, out, sizeof(out));
		cr_expect(eq(str, out, (char *)wrongs[i].expected), "%s", wrongs[i].name);
	}
}

Test(go_table, bears_inlined_calls_that_are_wrong)
{
	static const struct {
		unsigned at;
		uint32_t value;
		const char *expected;
	} calls[] = {
		{ 4, GO_SIZE, "main.f :0" }, /* its name */
		{ 8, 32, "main.f :0" },      /* from beyond the function */
	};
	struct go_table table;
	char out[200];

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		go_make(&table, 0);
		go_put(table.trees + calls[i].at, calls[i].value, 4);
		look(&table, GO_SIZE, 20, out, sizeof(out));
		cr_expect(eq(str, out, (char *)calls[i].expected));
	}
}

/* One that is called from itself would go on for ever. */
Test(go_table, ends_a_chain_that_does_not)
{
	struct symbol_go go = { .text = GO_TEXT };
	struct symbol_found found = { .count = 0 };
	struct go_table table;

	go_make(&table, 0);
	go_put(table.trees + 8, 20, 4);
	go.trees = (struct symbol_bytes){ table.trees, sizeof(table.trees) };
	cr_assert(symbol_go_read(&go, (struct symbol_bytes){ table.table, GO_SIZE }));
	cr_expect(symbol_go_find(&go, GO_TEXT + 20, &found));
	cr_expect(eq(sz, found.count, DWELL_MAX_INLINE_LINES));
	cr_expect(eq(sz, found.lines[found.count - 1].function.size, strlen("main.f")));
	symbol_found_clear(&found);
}

Test(go_table, bears_every_length)
{
	struct go_table table;
	char out[200];

	for (int old = 0; old < 2; old++)
		for (size_t size = 0; size < GO_SIZE; size++) {
			go_make(&table, old);
			look(&table, size, 20, out, sizeof(out));
		}
	cr_expect(1);
}

static void print_bytes(FILE *out, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(out, ".byte %u\n", bytes[i]);
}

/* What a linker leaves of it in a file: `end`: the table's end is told, as since Go 1.26. */
static void write_program(const char *path, const char *section, bool end, unsigned parts)
{
	struct go_table table;
	FILE *out = fopen(path, "w");

	cr_assert(out != NULL);
	go_make(&table, 0);
	fprintf(out,
		".text\n.globl main\nmain:\n.balign 64\n.ascii \"here are the functions\"\n"
		".set text, . - 22\n.fill 64\n.section .go.buildinfo,\"a\"\n.quad 1\n"
		".section %s,\"aw\"\n%stable:\n",
		section, strcmp(section, ".data.rel.ro") ? "" : ".quad 0\n");
	print_bytes(out, table.table, sizeof(table.table));
	fprintf(out, "table_end:\n.section .rodata\ntrees:\n");
	print_bytes(out, table.trees, sizeof(table.trees));
	fprintf(out,
		".data\n.balign 8\n.quad table, 0, 0\n.quad table, table+%d, 24, 24\n.fill 12, 8\n"
		".quad table+%d, 3, 3, 0, text, text+64, text, text+64\n.fill 14, 8\n.quad trees\n",
		GO_NAMES, GO_FUNCTIONS);
	if (end)
		fprintf(out, ".quad table_end\n");
	fprintf(out, ".quad trees, %u, %u\n.fill 20, 8\n", parts, parts);
	fclose(out);
}

/* Where the functions are in the file. */
static uint64_t offset_of_text(const char *path)
{
	static const char mark[] = "here are the functions";
	static char bytes[1 << 20];
	FILE *in = fopen(path, "r");
	size_t size;

	cr_assert(in != NULL);
	size = fread(bytes, 1, sizeof(bytes), in);
	fclose(in);
	for (size_t i = 0; i + sizeof(mark) < size; i++)
		if (!memcmp(bytes + i, mark, sizeof(mark) - 1))
			return i;
	cr_fatal("no text");
	return 0;
}

static void look_in_file(
	const char *options, const char *section, bool end, unsigned parts, char *told, size_t room)
{
	char folder[] = "/tmp/dwell-go-XXXXXX", source[100], program[100], command[400];
	struct symbol_found found = { .count = 0 };
	struct symbol_module *module;

	cr_assert(mkdtemp(folder) != NULL);
	snprintf(source, sizeof(source), "%s/a.s", folder);
	snprintf(program, sizeof(program), "%s/a.so", folder);
	write_program(source, section, end, parts);
	snprintf(command, sizeof(command), "cc -s -Wl,-z,noexecstack %s %s -o %s 2>&1", options,
		source, program);
	cr_assert(system(command) == 0);
	module = symbol_module_open(program, (struct dwell_string){ NULL, 0 }, folder);
	cr_assert(module != NULL);
	symbol_module_find(module, offset_of_text(program) + 20, true, &found);
	tell(&found, told, room);
	symbol_found_clear(&found);
	symbol_module_close(module);
	remove(source);
	remove(program);
	rmdir(folder);
}

Test(go_file, finds_the_table_in_stripped_files)
{
	static const char *const options[] = { "-no-pie", "-pie", "-shared" };
	static const char expected[] = "main.inner b.go:20, main.f a.go:10";
	static const char *const sections[] = { ".gopclntab", ".data.rel.ro.gopclntab",
		".data.rel.ro" };
	char told[200];

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++)
			for (int end = 0; end < 2; end++) {
				look_in_file(options[i], sections[k], end, 1, told, sizeof(told));
				cr_expect(eq(str, told, (char *)expected), "%s %s %d", options[i],
					sections[k], end);
			}
}

/* Offsets count from the start of a part, and which part a function is in is told elsewhere. */
Test(go_file, tells_nothing_of_code_in_parts)
{
	char told[200];

	look_in_file("-no-pie", ".gopclntab", true, 2, told, sizeof(told));
	cr_expect(eq(str, told, (char *)"nothing"));
}

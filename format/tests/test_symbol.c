/* Addresses of programs that are compiled here, run, and tell where they are. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dwell/error.h"
#include "dwell/symbol.h"
#include "symbol/private.h"
#include "tests/harness.h"

/*
 * Tells its mappings and places in it. Lines are counted on below: inner's is 9, where outer
 * has it inlined 13.
 */
static const char program_text[] =
	"#include <stdio.h>\n"
	"#include <string.h>\n"
	"#if defined(__x86_64__)\n"
	"#define HERE(p) __asm__ volatile(\"leaq 1f(%%rip), %0\\n1: nop\" : \"=r\"(p))\n"
	"#else\n"
	"#define HERE(p) __asm__ volatile(\"adr %0, 1f\\n1: nop\" : \"=r\"(p))\n"
	"#endif\n"
	"static inline __attribute__((always_inline)) void *inner(void) { void *p;\n"
	"HERE(p);\n"
	"return p; }\n"
	"__attribute__((noinline)) void *outer(void) { void *p = 0;\n"
	"for (int i = 0; i < 3; i++)\n"
	"p = inner();\n"
	"return p; }\n"
	"void *in_library(void);\n"
	"__attribute__((noinline)) void *v0(void) __asm__(\"_RNvC7mycrate3foo\");\n"
	"void *v0(void) { void *p; HERE(p); return p; }\n"
	"void *legacy(void) __asm__(\"_ZN4core3fmt5write17h0123456789abcdefE\");\n"
	"__attribute__((noinline)) void *legacy(void) { void *p; HERE(p); return p; }\n"
	"int main(void) {\n"
	"char line[4096]; FILE *maps = fopen(\"/proc/self/maps\", \"r\");\n"
	"while (fgets(line, sizeof(line), maps)) if (strstr(line, \" r-xp \")) printf(\"m %s\", line);\n"
	"printf(\"a %p\\na %p\\na %p\\n\", outer(), v0(), legacy());\n"
	"#ifdef LIBRARY\n"
	"printf(\"a %p\\n\", in_library());\n"
	"#endif\n"
	"return 0; }\n";

static const char library_text[] =
	"#if defined(__x86_64__)\n"
	"#define HERE(p) __asm__ volatile(\"leaq 1f(%%rip), %0\\n1: nop\" : \"=r\"(p))\n"
	"#else\n"
	"#define HERE(p) __asm__ volatile(\"adr %0, 1f\\n1: nop\" : \"=r\"(p))\n"
	"#endif\n"
	"namespace space { template <class T> struct box { static __attribute__((noinline))\n"
	"void *place(T) { void *p; HERE(p); return p; } }; }\n"
	"extern \"C\" void *in_library() { return space::box<int>::place(1); }\n";

static const char variables_text[] =
	"#include <stdio.h>\n"
	"#include <stdlib.h>\n"
	"#include <string.h>\n"
	"static int hidden = 1;\n"
	"static struct { long first[4]; int second; } table[8];\n"
	"int main(void) {\n"
	"static int within; char line[4096]; FILE *maps = fopen(\"/proc/self/maps\", \"r\");\n"
	"while (fgets(line, sizeof(line), maps)) if (strstr(line, \" r-xp \")) printf(\"m %s\", line);\n"
	"within = hidden; table[2].second = within;\n"
	"printf(\"a %p\\na %p\\na %p\\na %p\\n\", (void *)&hidden, (void *)&table[2].second, "
	"(void *)&within, malloc(8));\n"
	"return 0; }\n";

static char folder[] = "/tmp/dwell-symbol-XXXXXX";

__attribute__((format(printf, 1, 2))) static bool run(const char *format, ...)
{
	char command[2000];
	va_list args;
	int at = snprintf(command, sizeof(command), "cd %s && ", folder);

	va_start(args, format);
	vsnprintf(command + at, sizeof(command) - (size_t)at, format, args);
	va_end(args);
	return system(command) == 0;
}

static void write_text(const char *name, const char *text)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	cr_assert(file != NULL);
	fputs(text, file);
	fclose(file);
}

static void make_folder(void)
{
	if (strcmp(folder + sizeof(folder) - 7, "XXXXXX") != 0)
		return;
	cr_assert(mkdtemp(folder) != NULL);
	write_text("program.c", program_text);
	write_text("library.cc", library_text);
	write_text("variables.c", variables_text);
}

static void remove_folder(void)
{
	cr_assert(run("cd / && rm -r %s", folder));
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
}

enum { PLACES = 4 };

struct ran {
	struct dwell_symbol *symbol;
	uint32_t mappings;
	uint64_t start[64], end[64];
	uint64_t addresses[PLACES];
};

static void take_map(struct ran *ran, const char *line)
{
	struct dwell_mapping mapping = { .id = ran->mappings + 1 };
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %n", &mapping.start,
		    &mapping.end, &mapping.file_offset, &at) < 3 ||
		ran->mappings == 64)
		return;
	mapping.path = (struct dwell_string){ line + at, strcspn(line + at, "\n") };
	ran->start[ran->mappings] = mapping.start;
	ran->end[ran->mappings++] = mapping.end;
	cr_assert(eq(int, dwell_symbol_map(ran->symbol, &mapping, 1), DWELL_OK));
}

/* Run a program of the folder; its mappings go to a new symbol, its places to addresses. */
static struct ran run_program(const char *name)
{
	const struct dwell_symbol_options options = { .debug_folder = folder };
	struct ran ran = { .symbol = NULL };
	char line[4400];
	size_t places = 0;
	FILE *out;

	cr_assert(eq(int, dwell_symbol_new(&ran.symbol, &options), DWELL_OK));
	snprintf(line, sizeof(line), "cd %s && ./%s", folder, name);
	out = popen(line, "r");
	cr_assert(out != NULL);
	while (fgets(line, sizeof(line), out)) {
		if (*line == 'm')
			take_map(&ran, line + 2);
		else if (places < PLACES)
			ran.addresses[places++] = strtoull(line + 2, NULL, 16);
	}
	cr_assert(eq(int, pclose(out), 0));
	return ran;
}

/* What an address is, as "function:line < caller:line". */
static const char *at(const struct ran *ran, size_t place)
{
	static char text[1000];
	const uint64_t address = ran->addresses[place];
	const struct dwell_line *lines;
	size_t count, size = 0;
	uint32_t mapping = 0;

	for (uint32_t i = 0; i < ran->mappings; i++)
		if (address >= ran->start[i] && address < ran->end[i])
			mapping = i + 1;
	cr_expect(eq(int, dwell_symbol_find(ran->symbol, mapping, 1, address, &lines, &count), 0));
	*text = '\0';
	for (size_t i = 0; i < count; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%.*s:%u",
			i ? " < " : "", (int)lines[i].function.size, lines[i].function.at,
			lines[i].line);
	return text;
}

static void expect_at(const struct ran *ran, size_t place, const char *expected, const char *what)
{
	const char *got = at(ran, place);

	cr_expect(strcmp(got, expected) == 0, "%s: %s", what, got);
}

struct built {
	const char *name, *command;
	const char *outer, *v0, *legacy;
};

static const struct built builds[] = {
	{ "position independent", "cc -g -O2 -fPIE -pie program.c -o program", "inner:9 < outer:13",
		"mycrate::foo:17", "core::fmt::write:19" },
	{ "at a fixed address", "cc -g -O2 -no-pie program.c -o program", "inner:9 < outer:13",
		"mycrate::foo:17", "core::fmt::write:19" },
	{ "static", "cc -g -O2 -static program.c -o program", "inner:9 < outer:13",
		"mycrate::foo:17", "core::fmt::write:19" },
	{ "old debug information", "cc -gdwarf-4 -O2 program.c -o program", "inner:9 < outer:13",
		"mycrate::foo:17", "core::fmt::write:19" },
	{ "compressed debug information", "cc -g -gz -O2 program.c -o program",
		"inner:9 < outer:13", "mycrate::foo:17", "core::fmt::write:19" },
	{ "not optimized", "cc -g -O0 program.c -o program", "inner:9 < outer:13",
		"mycrate::foo:17", "core::fmt::write:19" },
	{ "symbols only", "cc -g0 -O2 program.c -o program", "outer:0", "mycrate::foo:0",
		"core::fmt::write:0" },
	{ "exported symbols only", "cc -O2 -rdynamic program.c -o program && strip -s program",
		"outer:0", "mycrate::foo:0", "core::fmt::write:0" },
	{ "stripped", "cc -g -O2 program.c -o program && strip -s program", "", "", "" },
	{ "debug file by build-id",
		"cc -g -O2 -Wl,--build-id=0xabcdef23 program.c -o program && mkdir -p "
		".build-id/ab && objcopy --only-keep-debug program "
		".build-id/ab/cdef23.debug && strip -s program",
		"inner:9 < outer:13", "mycrate::foo:17", "core::fmt::write:19" },
	{ "debug file of another build",
		"cc -g -O2 -Wl,--build-id=0xabcdef99 program.c -o program && "
		"objcopy --only-keep-debug program program.debug && cc -g -O2 "
		"-Wl,--build-id=0xabcdef77 program.c -o program && strip -s program && "
		"objcopy --add-gnu-debuglink=program.debug program",
		"", "", "" },
	{ "debug file by name",
		"cc -g -O2 -Wl,--build-id=0xabcdef55 program.c -o program && "
		"objcopy --only-keep-debug program program.debug && strip -s program && "
		"objcopy --add-gnu-debuglink=program.debug program",
		"inner:9 < outer:13", "mycrate::foo:17", "core::fmt::write:19" },
};

Test(symbol, programs)
{
	make_folder();
	for (size_t i = 0; i < sizeof(builds) / sizeof(builds[0]); i++) {
		const struct built *b = &builds[i];
		struct ran ran;

		cr_assert(run("%s", b->command), "%s", b->name);
		ran = run_program("program");
		expect_at(&ran, 0, b->outer, b->name);
		expect_at(&ran, 1, b->v0, b->name);
		expect_at(&ran, 2, b->legacy, b->name);
		dwell_symbol_free(ran.symbol);
	}
	remove_folder();
}

/* One that takes too long for so short a recording tells names only. */
Test(symbol, debug_file_apart)
{
	make_folder();
	cr_assert(run("cc -g -O2 -Wl,--build-id=0xabcdef24 program.c -o program && mkdir -p "
		      ".build-id/ab && objcopy --only-keep-debug program "
		      ".build-id/ab/cdef24.debug && strip -s program"));
	for (int i = 0; i < 2; i++) {
		struct ran ran = run_program("program");

		symbol_limit_apart(ran.symbol, i ? UINT64_C(1000000000) : 1);
		expect_at(&ran, 0, i ? "inner:9 < outer:13" : "outer:0", "a debug file apart");
		dwell_symbol_free(ran.symbol);
	}
	remove_folder();
}

Test(symbol, shared_libraries)
{
	struct ran ran;

	make_folder();
	cr_assert(run("c++ -g -O2 -fPIC -shared library.cc -o library.so && cc -g -O2 -DLIBRARY "
		      "program.c ./library.so -o program"));
	ran = run_program("program");
	expect_at(&ran, 0, "inner:9 < outer:13", "the program");
	expect_at(&ran, 3, "space::box<int>::place:7", "the library");
	dwell_symbol_free(ran.symbol);
	remove_folder();
}

static void expect_variables(const struct ran *ran, const char *const *expected, const char *what)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct dwell_string name;

		cr_expect(eq(
			int, dwell_symbol_variable(ran->symbol, 1, ran->addresses[i], &name), 0));
		cr_expect(name.size == strlen(expected[i]) &&
				  (!name.size || !memcmp(name.at, expected[i], name.size)),
			"%s, place %zu: %.*s", what, i, (int)name.size, name.at);
	}
}

/* A static one, a member of one, a function's own; and memory that is no variable. */
Test(symbol, variables)
{
	static const char *const known[PLACES] = { "hidden", "table+112", "within", "" };
	static const char *const unknown[PLACES] = { "", "", "", "" };
	static const struct {
		const char *command;
		const char *const *expected;
	} ways[] = {
		{ "cc variables.c -o variables", known },
		{ "cc -O2 -no-pie variables.c -o variables", known },
		{ "cc -O2 -static variables.c -o variables", known },
		{ "cc -O2 -Wl,-z,noseparate-code variables.c -o variables", known },
		{ "cc -O2 -Wl,--build-id=0xabcdef33 variables.c -o variables && mkdir -p "
		  ".build-id/ab && objcopy --only-keep-debug variables "
		  ".build-id/ab/cdef33.debug && strip -s variables",
			known },
		{ "cc -O2 variables.c -o variables && strip -s variables", unknown },
	};

	make_folder();
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct ran ran;

		cr_assert(run("%s", ways[i].command), "%s", ways[i].command);
		ran = run_program("variables");
		expect_variables(&ran, ways[i].expected, ways[i].command);
		dwell_symbol_free(ran.symbol);
	}
	remove_folder();
}

/* One program after another in the same process: neither's name is sure. */
Test(symbol, variables_of_two_programs)
{
	struct dwell_mapping mappings[2] = { { .id = 1, .end = 1 << 20 },
		{ .id = 2, .end = 1 << 20 } };
	static const char *const names[] = { "one", "two" };
	struct dwell_symbol *symbol;
	struct dwell_string name;
	char paths[2][200];
	bool clear = false;

	make_folder();
	cr_assert(eq(int, dwell_symbol_new(&symbol, NULL), DWELL_OK));
	for (int i = 0; i < 2; i++) {
		cr_assert(run("echo 'int %s[512] = { 1 }; int main(void) { return 0; }' > %s.c && "
			      "cc %s.c -o %s",
			names[i], names[i], names[i], names[i]));
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
		mappings[i].path = (struct dwell_string){ paths[i], strlen(paths[i]) };
		cr_assert(eq(int, dwell_symbol_map(symbol, &mappings[i], 1), DWELL_OK));
		for (uint64_t at = 0; at < 0x10000; at += 64) {
			cr_assert(eq(int, dwell_symbol_variable(symbol, 1, at, &name), 0));
			clear |= name.size && !memcmp(name.at, names[i], 3);
		}
		cr_expect(eq(int, clear, i == 0));
		clear = false;
	}
	dwell_symbol_free(symbol);
	remove_folder();
}

/* A file that is not the one that was mapped is not used. */
Test(symbol, another_build)
{
	struct dwell_mapping mapping = { .id = 1, .end = 1 << 20 };
	const struct dwell_line *lines;
	struct dwell_symbol *symbol;
	char path[200];
	size_t count = 1;

	make_folder();
	cr_assert(run("cc -g -O2 -no-pie -Wl,--build-id=0xaabbccdd program.c -o program"));
	snprintf(path, sizeof(path), "%s/program", folder);
	mapping.path = (struct dwell_string){ path, strlen(path) };
	for (int same = 0; same < 2; same++) {
		mapping.build_id =
			(struct dwell_string){ same ? "\xaa\xbb\xcc\xdd" : "\xaa\xbb\xcc\xde", 4 };
		cr_assert(eq(int, dwell_symbol_new(&symbol, NULL), DWELL_OK));
		cr_assert(eq(int, dwell_symbol_map(symbol, &mapping, -1), DWELL_OK));
		count = 0;
		for (uint64_t address = 0x1000; address < 0x2000 && !count; address++)
			cr_assert(eq(
				int, dwell_symbol_find(symbol, 1, -1, address, &lines, &count), 0));
		cr_expect(eq(int, count != 0, same));
		dwell_symbol_free(symbol);
	}
	remove_folder();
}

/* A relative path helps nobody elsewhere; another mapping may tell where that build lies. */
Test(symbol, the_same_build_by_another_path)
{
	struct dwell_mapping mappings[] = { { .id = 1, .end = 1 << 20 },
		{ .id = 2, .start = 1 << 20, .end = 1 << 21 } };
	const struct dwell_line *lines;
	struct dwell_symbol *symbol;
	char path[200];
	size_t count = 0;

	make_folder();
	cr_assert(run("cc -g -O2 -no-pie -Wl,--build-id=0xaabbccee program.c -o program"));
	snprintf(path, sizeof(path), "%s/program", folder);
	mappings[0].path = (struct dwell_string){ "./program-not-here", 18 };
	mappings[1].path = (struct dwell_string){ path, strlen(path) };
	cr_assert(eq(int, dwell_symbol_new(&symbol, NULL), DWELL_OK));
	for (int i = 0; i < 2; i++) {
		mappings[i].build_id = (struct dwell_string){ "\xaa\xbb\xcc\xee", 4 };
		cr_assert(eq(int, dwell_symbol_map(symbol, &mappings[i], -1), DWELL_OK));
	}
	for (uint64_t address = 0x1000; address < 0x2000 && !count; address++)
		cr_assert(eq(int, dwell_symbol_find(symbol, 1, -1, address, &lines, &count), 0));
	cr_expect(ne(sz, count, 0));
	dwell_symbol_free(symbol);
	remove_folder();
}

/* What /tmp/perf-PID.map says, and what is made of it. */
static const struct {
	const char *name, *function, *file;
	uint32_t line;
} jit_names[] = {
	{ "LazyCompile:*loop app.js:3", "loop", "app.js", 3 },
	{ "JS:~next /srv/app.js:12:34", "next", "/srv/app.js", 12 },
	{ "JS:*get value file:///srv/a b.mjs:7:1", "get value file:///srv/a", "b.mjs", 7 },
	{ "Script:~ /srv/app.js:1:1", "(anonymous)", "/srv/app.js", 1 },
	{ "Function:^f node:internal/timers", "f", "node:internal/timers", 0 },
	{ "LazyCompile:alone", "LazyCompile:alone", "", 0 },
	{ "JS:*f x.js:99999999999999999999:1", "f", "x.js:99999999999999999999", 1 },
	{ "py::work:/a.py", "work", "/a.py", 0 },
	{ "py::<module>:<frozen runpy>", "<module>", "<frozen runpy>", 0 },
	{ "py::", "py::", "", 0 },
	{ "void Pool.work(int, java.lang.Object)", "Pool.work", "", 0 },
	{ "StubRoutines (1)", "StubRoutines (1)", "", 0 },
	{ "java.util.HashMap.get", "java.util.HashMap.get", "", 0 },
	{ "_ZN3foo3barEv", "foo::bar", "", 0 },
};

static bool says(struct dwell_string string, const char *text)
{
	return string.size == strlen(text) &&
	       (!string.size || !memcmp(string.at, text, string.size));
}

Test(symbol, code_compiled_at_run_time)
{
	const struct dwell_mapping anonymous = { .id = 1, .start = 0x10000, .end = 0x20000 };
	const size_t names = sizeof(jit_names) / sizeof(*jit_names);
	const struct dwell_line *lines;
	struct dwell_symbol *symbol;
	const int64_t pid = getpid();
	char path[64];
	size_t count;
	FILE *map;

	snprintf(path, sizeof(path), "/tmp/perf-%" PRId64 ".map", pid);
	map = fopen(path, "w");
	cr_assert(map != NULL);
	for (size_t i = 0; i < names; i++)
		fprintf(map, "%zx 80 %s\nbad line\n", 0x10000 + i * 0x100, jit_names[i].name);
	fclose(map);
	cr_assert(eq(int, dwell_symbol_new(&symbol, NULL), DWELL_OK));
	cr_assert(eq(int, dwell_symbol_map(symbol, &anonymous, pid), DWELL_OK));
	for (size_t i = 0; i < names; i++) {
		const uint64_t address = 0x10000 + i * 0x100;

		/* By its mapping, or by its process. */
		cr_expect(eq(int,
			dwell_symbol_find(symbol, i & 1, pid, address + 0x7f, &lines, &count), 0));
		cr_assert(eq(sz, count, 1));
		cr_expect(says(lines[0].function, jit_names[i].function), "%s", jit_names[i].name);
		cr_expect(says(lines[0].file, jit_names[i].file), "%s", jit_names[i].name);
		cr_expect(lines[0].line == jit_names[i].line, "%s", jit_names[i].name);
		cr_expect(eq(
			int, dwell_symbol_find(symbol, 0, pid, address + 0x80, &lines, &count), 0));
		cr_expect(eq(sz, count, 0));
	}
	dwell_symbol_free(symbol);
	remove(path);
}

/* Not a file: nothing is read, and nobody waits for its end. */
Test(symbol, a_map_that_is_none)
{
	const int64_t pid = getpid();
	const struct dwell_line *lines;
	struct dwell_symbol *symbol;
	char path[64];
	size_t count;

	snprintf(path, sizeof(path), "/tmp/perf-%" PRId64 ".map", pid);
	cr_assert(mkfifo(path, 0600) == 0);
	cr_assert(eq(int, dwell_symbol_new(&symbol, NULL), DWELL_OK));
	cr_expect(eq(int, dwell_symbol_find(symbol, 0, pid, 0x1000, &lines, &count), 0));
	cr_expect(eq(sz, count, 0));
	dwell_symbol_free(symbol);
	remove(path);
}

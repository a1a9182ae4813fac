/* Which locations the sink tells again: of a library that is made and loaded here. */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dwell/error.h"
#include "dwell/symbol.h"
#include "tests/harness.h"

static unsigned told;
static uint32_t line_told;

static int take_location(struct dwell_sink *sink, const struct dwell_location *location)
{
	(void)sink;
	told++;
	line_told = location->line_count ? location->lines[0].line : 0;
	return DWELL_OK;
}

static void *load(const char *library, unsigned debug)
{
	char command[400];
	void *at;

	snprintf(command, sizeof(command),
		"printf '\\nint told(int a) {\\nreturn a; }\\n' | cc -g%u -O2 -shared -fPIC -o %s -x c -",
		debug, library);
	cr_assert(eq(int, system(command), 0));
	at = dlopen(library, RTLD_NOW);
	cr_assert(at != NULL, "%s", dlerror());
	return dlsym(at, "told");
}

/* What is mapped where that is. */
static void tell_mapping(struct dwell_sink *sink, uint64_t address)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4400];
	int at = 0;

	cr_assert(maps != NULL);
	while (fgets(line, sizeof(line), maps)) {
		struct dwell_mapping mapping = { .id = 1 };

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %n",
			    &mapping.start, &mapping.end, &mapping.file_offset, &at) < 3 ||
			address < mapping.start || address >= mapping.end)
			continue;
		mapping.path = (struct dwell_string){ line + at, strcspn(line + at, "\n") };
		cr_assert(eq(int, sink->ops->mapping(sink, &mapping), DWELL_OK));
	}
	fclose(maps);
}

/* What came with a function gets its line, where there is one; else it is not told again. */
Test(symbol_sink, lines_of_what_has_a_function)
{
	static const struct dwell_sink_ops ops = { .location = take_location };
	static const struct dwell_line known = { .function = { "told", 4 } };
	char folder[] = "/tmp/dwell-symbol-sink-XXXXXX";
	struct dwell_sink next = { .ops = &ops };

	cr_assert(mkdtemp(folder) != NULL);
	for (unsigned lines = 0; lines < 2; lines++) {
		struct dwell_location location = {
			.id = 1, .mapping = 1, .lines = &known, .line_count = 1
		};
		const struct dwell_trace_end end = { .end_ns = 1 };
		struct dwell_sink *sink;
		char library[64];

		snprintf(library, sizeof(library), "%s/%u.so", folder, lines);
		location.address = (uint64_t)(uintptr_t)load(library, 2 * lines);
		told = 0;
		cr_assert(eq(int, dwell_symbol_sink_new(&sink, &next, NULL), DWELL_OK));
		tell_mapping(sink, location.address);
		cr_assert(eq(int, sink->ops->location(sink, &location), DWELL_OK));
		cr_assert(eq(int, sink->ops->end(sink, &end), DWELL_OK));
		cr_expect(told == 1 + lines && (line_told >= 2) == (lines == 1),
			"told %u times, line %u", told, line_told);
		dwell_symbol_sink_free(sink);
		unlink(library);
	}
	rmdir(folder);
}

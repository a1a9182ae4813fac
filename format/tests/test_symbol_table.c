/* The names at addresses against libdwfl's own search, which looks at every symbol. */
#include "tests/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwfl.h>

#include "symbol/private.h"

enum { ADDRESSES = 1000 };

static uint64_t state = 1;

static uint64_t random_below(uint64_t limit)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (state >> 20) % limit;
}

static void compare_at(struct symbol_table *table, Dwfl_Module *module, uint64_t address)
{
	uint64_t within = 0, size = 0;
	unsigned type;
	GElf_Off offset = 0;
	GElf_Sym symbol;
	const char *expected =
		dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
	const char *got = symbol_table_find(table, module, address, &within, &size, &type);

	/* What has a size ends there; versions are labels at no address. */
	if (expected && ((symbol.st_size && offset >= symbol.st_size) || !*expected ||
				symbol.st_shndx == SHN_ABS))
		expected = NULL;
	cr_expect(eq(int, got != NULL, expected != NULL), "%lx", (unsigned long)address);
	if (!got || !expected)
		return;
	cr_expect(eq(int, strcmp(got, expected), 0), "%lx: %s, not %s", (unsigned long)address, got,
		expected);
	cr_expect(eq(u64, within, offset));
	cr_expect(eq(u64, size, symbol.st_size));
}

static void compare_file(const char *path)
{
	static const Dwfl_Callbacks callbacks = { .find_debuginfo = dwfl_build_id_find_debuginfo,
		.section_address = dwfl_offline_section_address };
	Dwfl *dwfl = dwfl_begin(&callbacks);
	struct symbol_table table = { .read = false };
	GElf_Addr low = 0, high = 0;

	dwfl_report_begin(dwfl);

	Dwfl_Module *module = dwfl_report_offline(dwfl, path, path, -1);

	dwfl_report_end(dwfl, NULL, NULL);
	cr_assert(module != NULL, "%s", path);
	dwfl_module_info(module, NULL, &low, &high, NULL, NULL, NULL, NULL);
	for (int i = 0; i < ADDRESSES; i++)
		compare_at(&table, module, low + random_below(high - low));
	symbol_table_release(&table);
	dwfl_end(dwfl);
}

/* Whatever is mapped here: the test with its locals, libraries with versions, aliases, assembly. */
Test(symbol_table, names_as_libdwfl_does)
{
	char line[4400], last[4400] = "";
	FILE *maps = fopen("/proc/self/maps", "r");

	cr_assert(maps != NULL);
	while (fgets(line, sizeof(line), maps)) {
		const char *path = strchr(line, '/');

		line[strcspn(line, "\n")] = '\0';
		if (!path || !strstr(line, " r-xp ") || !strcmp(path, last))
			continue;
		snprintf(last, sizeof(last), "%s", path);
		compare_file(path);
	}
	fclose(maps);
	cr_expect(eq(int, *last, '/'));
	no_leaks();
}

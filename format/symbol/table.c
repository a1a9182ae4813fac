/*
 * The symbols of a file in order of address. libdwfl has a search of its own
 * (dwfl_module_addrinfo), which looks at each of them for every address; what is chosen here is
 * what it says there.
 */
#include "symbol/private.h"

#include <stdlib.h>

#include <elfutils/libdwfl.h>
#include <gelf.h>

struct symbol {
	uint64_t start, size;
	uint64_t most_end; /* of this one and all before it */
	int32_t number;    /* libdwfl's */
	bool global;
	uint8_t rank; /* of what begins and ends alike the highest is meant */
};

enum { RADIX_BITS = 11 };

/* One pass of a sort by parts of the address; whoever was first of two that are alike stays so. */
static void sort_pass(
	struct symbol *to, const struct symbol *from, size_t count, uint64_t least, unsigned shift)
{
	size_t places[1 << RADIX_BITS] = { 0 }, sum = 0;
	const uint64_t mask = (1 << RADIX_BITS) - 1;

	for (size_t i = 0; i < count; i++)
		places[(from[i].start - least) >> shift & mask]++;
	for (size_t i = 0; i <= mask; i++) {
		const size_t here = places[i];

		places[i] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++)
		to[places[(from[i].start - least) >> shift & mask]++] = from[i];
}

/* By address; of those that begin alike by number, as they were read. A runtime has 100,000. False:
 * there is no memory. */
static bool sort(struct symbol_table *table)
{
	struct symbol *other = malloc(table->count * sizeof(*other));
	uint64_t least = UINT64_MAX, most = 0;

	if (!other)
		return false;
	for (size_t i = 0; i < table->count; i++) {
		least = table->all[i].start < least ? table->all[i].start : least;
		most = table->all[i].start > most ? table->all[i].start : most;
	}
	for (unsigned shift = 0; shift < 64 && (most - least) >> shift != 0; shift += RADIX_BITS) {
		struct symbol *sorted = other;

		sort_pass(sorted, table->all, table->count, least, shift);
		other = table->all;
		table->all = sorted;
	}
	free(other);
	return true;
}

static bool is_meant(const GElf_Sym *symbol, const char *name)
{
	const int type = GELF_ST_TYPE(symbol->st_info);

	/* A version of a library is a label at no address. */
	if (symbol->st_shndx == SHN_UNDEF || (symbol->st_shndx == SHN_ABS && !symbol->st_size))
		return false;
	return name && *name && type != STT_SECTION && type != STT_FILE && type != STT_TLS;
}

static uint8_t rank_of(const GElf_Sym *symbol)
{
	switch (GELF_ST_BIND(symbol->st_info)) {
	case STB_GLOBAL:
		return 2;
	case STB_WEAK:
		return 1;
	default:
		return 0;
	}
}

static void read_all(struct symbol_table *table, Dwfl_Module *module, int count)
{
	const int first_global = dwfl_module_getsymtab_first_global(module);
	uint64_t most_end = 0;

	for (int i = 1; i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr start;
		const char *name =
			dwfl_module_getsym_info(module, i, &symbol, &start, NULL, NULL, NULL);

		if (is_meant(&symbol, name))
			table->all[table->count++] = (struct symbol){ .start = start,
				.size = symbol.st_size,
				.number = i,
				.global = i >= first_global,
				.rank = rank_of(&symbol) };
	}
	if (table->count && !sort(table))
		table->count = 0;
	for (size_t i = 0; i < table->count; i++) {
		if (table->all[i].start + table->all[i].size > most_end)
			most_end = table->all[i].start + table->all[i].size;
		table->all[i].most_end = most_end;
	}
}

void symbol_table_read(struct symbol_table *table, void *module)
{
	int count;

	if (table->read)
		return;
	table->read = true;
	count = dwfl_module_getsymtab(module);
	if (count > 0)
		table->all = calloc((size_t)count, sizeof(*table->all));
	if (table->all)
		read_all(table, module, count);
}

/* How many begin at the address or before it. */
static size_t before(const struct symbol_table *table, uint64_t address)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (table->all[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Both hold the address. Of those that begin alike the shorter one, unless it is bound more weakly;
 * of several names for one thing the first. */
static bool is_better(const struct symbol *one, const struct symbol *than)
{
	if (!than || one->global != than->global)
		return !than || one->global;
	if (one->start != than->start)
		return one->start > than->start;
	if (one->size != than->size)
		return one->size < than->size ? one->rank >= than->rank : one->rank > than->rank;
	return one->rank != than->rank ? one->rank > than->rank : one->number < than->number;
}

static const struct symbol *holder(const struct symbol_table *table, size_t count, uint64_t address)
{
	const struct symbol *best = NULL;

	for (size_t i = count; i-- > 0 && table->all[i].most_end > address;) {
		const struct symbol *symbol = &table->all[i];

		if (address - symbol->start < symbol->size && is_better(symbol, best))
			best = symbol;
	}
	return best;
}

/* Where an address lies; NULL: in no section. */
static Elf_Scn *section_of(Dwfl_Module *module, uint64_t address)
{
	GElf_Addr bias, within = address;

	return dwfl_module_address_section(module, &within, &bias);
}

/* A label without a size (assembly) names what follows it, up to the next one in its section. */
static const struct symbol *label(
	const struct symbol_table *table, Dwfl_Module *module, size_t count, uint64_t address)
{
	for (size_t i = count; i-- > 0 && table->all[i].start >= table->all[count - 1].most_end;) {
		const struct symbol *symbol = &table->all[i];

		if (symbol->size == 0 &&
			section_of(module, symbol->start) == section_of(module, address))
			return symbol;
	}
	return NULL;
}

const char *symbol_table_find(struct symbol_table *table, void *module, uint64_t address,
	uint64_t *within, uint64_t *size, unsigned *type)
{
	const struct symbol *found;
	const char *name;
	GElf_Sym symbol;
	GElf_Addr start;
	size_t count;

	symbol_table_read(table, module);
	count = before(table, address);
	found = holder(table, count, address);
	if (!found)
		found = label(table, module, count, address);
	if (!found)
		return NULL;
	name = dwfl_module_getsym_info(module, found->number, &symbol, &start, NULL, NULL, NULL);
	*within = address - found->start;
	*size = found->size;
	*type = GELF_ST_TYPE(symbol.st_info);
	return name;
}

void symbol_table_release(struct symbol_table *table)
{
	free(table->all);
}

/* The functions inlined at an address, innermost first, each with where it is at that moment. */
#include "symbol/private.h"

#include <stdlib.h>

#include <dwarf.h>
#include <elfutils/libdwfl.h>

/* Its linker's name, which tells namespaces and generics apart, or the source's. */
static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
		dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		name = dwarf_formstring(&attribute);
	return name ? name : dwarf_diename(die);
}

static int call_line(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Word line = 0;

	if (!dwarf_attr(die, DW_AT_call_line, &attribute) || dwarf_formudata(&attribute, &line))
		return 0;
	return line < INT32_MAX ? (int)line : 0;
}

static const char *call_file(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Word index;
	Dwarf_Die unit;

	if (!dwarf_attr(die, DW_AT_call_file, &attribute) || dwarf_formudata(&attribute, &index) ||
		!dwarf_diecu(die, &unit, NULL, NULL) || dwarf_getsrcfiles(&unit, &files, NULL))
		return NULL;
	return dwarf_filesrc(files, index, NULL, NULL);
}

/* True: the chain reached a function that is in no other. */
static bool add_chain(
	Dwarf_Die *chain, int count, const char *file, int line, struct symbol_found *found)
{
	for (int i = 0; i < count; i++) {
		const int tag = dwarf_tag(&chain[i]);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		symbol_found_add(found, name_of(&chain[i]), file, line);
		if (tag == DW_TAG_subprogram)
			return true;
		file = call_file(&chain[i]);
		line = call_line(&chain[i]);
	}
	return false;
}

enum { DEEPEST = 64 };

struct nest {
	Dwarf_Die chain[DEEPEST]; /* innermost first */
	int count;
};

/* The scopes below `parent` that hold the address. False: none. */
static bool search(Dwarf_Die *parent, Dwarf_Addr address, unsigned depth, struct nest *nest)
{
	Dwarf_Die die;

	if (depth == DEEPEST || dwarf_child(parent, &die))
		return false;
	do {
		const int tag = dwarf_tag(&die);
		const bool is_code = tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
				     tag == DW_TAG_lexical_block;
		const bool is_space = tag == DW_TAG_namespace || tag == DW_TAG_structure_type ||
				      tag == DW_TAG_enumeration_type;

		if (is_code && dwarf_haspc(&die, address) > 0) {
			(void)search(&die, address, depth + 1, nest);
			nest->chain[nest->count++] = die;
			return true;
		}
		if (is_space && search(&die, address, depth + 1, nest))
			return true;
	} while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

/* libdw does not look into namespaces, where Rust has its functions. */
static bool add_nested(
	Dwarf_Die *unit, Dwarf_Addr address, const char *file, int line, struct symbol_found *found)
{
	struct nest nest = { .count = 0 };

	return search(unit, address, 0, &nest) &&
	       add_chain(nest.chain, nest.count, file, line, found);
}

bool symbol_lines(void *dwfl_module, uint64_t address, struct symbol_found *found)
{
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = dwfl_module_addrdie(dwfl_module, address, &bias);
	Dwarf_Die *scopes = NULL, *chain = NULL;
	bool whole = false;
	int count, line = 0;

	if (!unit)
		return false;

	Dwarf_Line *source = dwarf_getsrc_die(unit, address - bias);
	const char *file = source ? dwarf_linesrc(source, NULL, NULL) : NULL;
	if (source)
		(void)dwarf_lineno(source, &line);

	/* The scopes of an inlined function go on with those of its definition; where it is inlined
	   is told by the tree it stands in. */
	count = dwarf_getscopes(unit, address - bias, &scopes);
	if (count > 0)
		count = dwarf_getscopes_die(&scopes[0], &chain);
	if (count > 0)
		whole = add_chain(chain, count, file, line, found);
	else
		whole = add_nested(unit, address - bias, file, line, found);
	free(scopes);
	free(chain);
	if (!found->count && file) /* at least where it is */
		symbol_found_add(found, NULL, file, line);
	return whole;
}

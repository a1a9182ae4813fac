#ifndef DWELL_SYMBOL_PRIVATE_H
#define DWELL_SYMBOL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/error.h"
#include "dwell/limits.h"
#include "dwell/symbol.h"

/* What one address is found to be. Names that were made (demangled) are freed with it. */
struct symbol_found {
	struct dwell_line lines[DWELL_MAX_INLINE_LINES];
	size_t count;
	char *made[DWELL_MAX_INLINE_LINES];
	size_t made_count;
};

void symbol_found_clear(struct symbol_found *found);
/* Add a line; its function is demangled. */
void symbol_found_add(struct symbol_found *found, const char *function, const char *file, int line);

/* Debug files that lie apart are read for so long, all together; 0: without limit. */
void symbol_limit_apart(struct dwell_symbol *symbol, uint64_t most_ns);

/* jit.c: add what a compiler at run time called its code; the name must outlive the line. */
void symbol_found_add_jit(struct symbol_found *found, const char *name);

/* module.c: one ELF file with what debug information there is. */
struct symbol_module;

/* NULL: no such file, or another build than build_id (when that is not empty). */
struct symbol_module *symbol_module_open(
	const char *path, struct dwell_string build_id, const char *debug_folder);
void symbol_module_close(struct symbol_module *module);
/* How long it takes to read its debug information, where that lies in a file of its own; else 0. */
uint64_t symbol_module_apart_ns(struct symbol_module *module);
/* offset: in the file. deep: look through its debug information, too. */
void symbol_module_find(
	struct symbol_module *module, uint64_t offset, bool deep, struct symbol_found *found);

/* Where a file's code is mapped. */
struct symbol_image {
	uint64_t start, end, file_offset;
};

/*
 * Add the name of the variable at an address of a process that has the file mapped so; *within: how
 * far into it the address lies. False: none that is known.
 */
bool symbol_module_variable(struct symbol_module *module, const struct symbol_image *image,
	uint64_t address, struct symbol_found *found, uint64_t *within);

/* lines.c: the chain of inlined functions at an address of a libdwfl module. True: whole. */
bool symbol_lines(void *dwfl_module, uint64_t address, struct symbol_found *found);

/* table.c: the symbols of a libdwfl module, read when one is first asked for. */
struct symbol_table {
	struct symbol *all; /* by start */
	size_t count;
	bool read;
};

void symbol_table_read(struct symbol_table *table, void *dwfl_module);
/* What is at an address: its name, how far the address lies in it, its size and type (STT_*). NULL:
 * nothing is. */
const char *symbol_table_find(struct symbol_table *table, void *dwfl_module, uint64_t address,
	uint64_t *within, uint64_t *size, unsigned *type);
void symbol_table_release(struct symbol_table *table);

/* names.c: names by address, one a line, as in /proc/kallsyms and perf-PID.map. */
struct symbol_name {
	uint64_t start, end; /* end 0: to the next one */
	size_t text;         /* offset in texts */
};

struct symbol_names {
	struct symbol_name *all;
	size_t count, room;
	char *texts;
	size_t text_size, text_room;
	bool read;
};

/* Read a file once; where it is missing there are no names. perf: lines are START SIZE NAME. */
void symbol_names_read(struct symbol_names *names, const char *path, bool perf);
void symbol_names_release(struct symbol_names *names);
const char *symbol_names_find(const struct symbol_names *names, uint64_t address);
/* The address of a name, 0: none. */
uint64_t symbol_names_of(const struct symbol_names *names, const char *name);

#endif

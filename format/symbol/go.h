#ifndef DWELL_SYMBOL_GO_H
#define DWELL_SYMBOL_GO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/private.h"

/*
 * The table that Go's linker puts into every program and that stripping leaves there (pclntab,
 * Go 1.18 and later, 64 bits, little-endian): the function, file and line of each instruction, and
 * what was inlined there.
 */
struct symbol_bytes {
	const uint8_t *at;
	size_t size;
};

struct symbol_go {
	struct symbol_bytes names, units, files, steps, functions; /* parts of the table */
	struct symbol_bytes trees; /* the inlined calls of all functions, which lie apart */
	uint64_t text;             /* the address that the table counts from */
	uint32_t count;            /* of functions */
	uint8_t quantum;           /* the shortest instruction */
	bool is_old;               /* of Go 1.18 or 1.19 */
};

/* go_table.c: take the table apart; the rest of *go stays as it was. False: it is none. */
bool symbol_go_read(struct symbol_go *go, struct symbol_bytes table);
/* Add the lines of an address, innermost first. False: no function of the table is there. */
bool symbol_go_find(const struct symbol_go *go, uint64_t address, struct symbol_found *found);

/* go_file.c: find the table in a libelf file, which must stay open. False: it has none. */
bool symbol_go_open(struct symbol_go *go, void *elf);

#endif

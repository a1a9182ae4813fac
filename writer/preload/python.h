#ifndef DWELL_PRELOAD_PYTHON_H
#define DWELL_PRELOAD_PYTHON_H

#include <stddef.h>
#include <stdint.h>

/*
 * Whether this process has a CPython that we can read (3.11, 3.12, 3.13; as released, neither a
 * debug nor a free-threaded build): then its frames stand in stacks, and its lock has a name. Once,
 * at start, in a constructor.
 */
void dwell_python_find(void);

/*
 * The line of an instruction by a code object's table (co_linetable, as of 3.11; CPython describes
 * it in Objects/locations.md). first: line of the function; unit: number of the code unit, which
 * are two bytes each. 0: the table has no line for it, or is none.
 */
uint32_t dwell_python_line(const uint8_t *table, size_t size, uint32_t first, uint32_t unit);

/*
 * Characters of 1, 2 or 4 bytes each as UTF-8: all of them, or as many of the first, or of the
 * last, as there is room for. Returns the size. What stands for a byte that was not UTF-8 (a lone
 * surrogate, as Python has it in names of files) becomes that byte.
 */
size_t dwell_python_text(
	char *out, size_t room, const uint8_t *characters, size_t count, unsigned width, int last);

#endif

#ifndef DWELL_RING_PYTHON_H
#define DWELL_RING_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What CPython has in memory (3.11, 3.12, 3.13; as released): for whoever reads it, in the program
 * or from outside. */

/* Offsets in CPython's structures. They do not change any more once a minor version is out. */
struct dwell_python_layout {
	uint64_t thread_cframe; /* 0: there is none, and the next is of the thread */
	uint64_t current;       /* frame */
	uint64_t frame_code, frame_previous, frame_instruction, frame_owner;
	uint64_t code_file, code_name, code_lines, code_first, code_units;
	uint64_t text_ascii, text_other; /* where characters begin */
	uint64_t thread_number,
		code_locals; /* the system's; how many values come before the stack */
};

/* The same in all of them. */
enum {
	DWELL_PYTHON_OBJECT_TYPE = 8,
	DWELL_PYTHON_OBJECT_SIZE = 16,
	DWELL_PYTHON_TYPE_BASIC_SIZE = 32,
	DWELL_PYTHON_TEXT_LENGTH = 16,
	DWELL_PYTHON_TEXT_STATE = 32,
	DWELL_PYTHON_BYTES_BEGIN = 32,
	DWELL_PYTHON_OWNED_BY_C = 3, /* no function: stands where C called the interpreter. 3.12 */
	DWELL_PYTHON_UNIT = 2        /* bytes of code */
};

/* Limits for what is read: beyond them it is none of Python's. */
enum {
	DWELL_PYTHON_OFFSET_MAX = 1024,
	DWELL_PYTHON_UNITS_MAX = 1 << 24,
	DWELL_PYTHON_TEXT_MAX = 1 << 20
};

/* As of 3.13 Python describes itself at the begin of _PyRuntime, in so many words. */
enum { DWELL_PYTHON_TOLD_WORDS = 73 };

/* version: Py_Version. told: the first words of _PyRuntime. false: it is none of those. */
bool dwell_python_layout(struct dwell_python_layout *out, uint64_t version,
	const uint64_t told[DWELL_PYTHON_TOLD_WORDS]);

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

/*
 * How deep the stack of values is where an exception in that unit would be handled
 * (co_exceptiontable, as of 3.11; CPython describes it in Objects/exception_handling_notes.txt):
 * what lies below is of the `with` and `try` that the unit is inside of. 0: it is inside of none,
 * or that is no table.
 */
uint32_t dwell_python_depth(const uint8_t *table, size_t size, uint32_t unit);

#endif

/*
 * A table as Go's linker writes it, of two functions of 32 bytes each from address 0x1000 on. Both
 * are a.go:10 for 16 bytes and then b.go:20, which was inlined: main.inner, called from offset 4.
 */
#ifndef DWELL_TESTS_GO_TABLE_H
#define DWELL_TESTS_GO_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum {
	GO_NAMES = 72,
	GO_UNITS = 96,
	GO_FILES = 104,
	GO_STEPS = 116,
	GO_FUNCTIONS = 136,
	GO_RECORD = GO_FUNCTIONS + 24, /* of the first one */
	GO_RECORD_SIZE = 72,
	GO_SIZE = GO_RECORD + 2 * GO_RECORD_SIZE,
	GO_TREES_SIZE = 40,
	GO_TEXT = 0x1000
};

struct go_table {
	uint8_t table[GO_SIZE], trees[GO_TREES_SIZE];
};

void go_put(uint8_t *at, uint64_t value, size_t size);
/* old: of Go 1.18. */
void go_make(struct go_table *out, int old);

#endif

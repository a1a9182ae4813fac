#include "tests/go_table.h"

#include <string.h>

void go_put(uint8_t *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void put_header(uint8_t *at, int old)
{
	static const unsigned parts[] = { GO_NAMES, GO_UNITS, GO_FILES, GO_STEPS, GO_FUNCTIONS };

	go_put(at, old ? 0xfffffff0 : 0xfffffff1, 4);
	at[6] = 1; /* the shortest instruction */
	at[7] = 8; /* bytes of an address */
	go_put(at + 8, 2, 8);
	go_put(at + 16, 2, 8);
	for (size_t i = 0; i < 5; i++)
		go_put(at + 32 + 8 * i, parts[i], 8);
}

static void put_function(uint8_t *at, uint32_t start, int old)
{
	const size_t numbers = old ? 40 : 44;

	go_put(at, start, 4);
	go_put(at + 4, start ? 7 : 0, 4); /* its name */
	go_put(at + 20, 1, 4);            /* steps of files */
	go_put(at + 24, 6, 4);            /* of lines */
	go_put(at + 28, 3, 4);            /* lists of further steps */
	at[numbers - 1] = 4;              /* data */
	go_put(at + numbers + 8, 11, 4);  /* steps of inlined calls */
	go_put(at + numbers + 12, 0xffffffff, 4);
	go_put(at + numbers + 16, 0xffffffff, 4);
	go_put(at + numbers + 20, 0xffffffff, 4);
	go_put(at + numbers + 24, 0, 4); /* their tree */
}

void go_make(struct go_table *out, int old)
{
	static const uint8_t steps[] = { 0, 2, 16, 2, 16, 0, 22, 16, 20, 16, 0, 0, 16, 2, 16, 0 };
	uint8_t *at = out->table, *functions = at + GO_FUNCTIONS;

	memset(out, 0, sizeof(*out));
	put_header(at, old);
	memcpy(at + GO_NAMES, "main.f\0main.inner", 18);
	go_put(at + GO_UNITS + 4, 5, 4);
	memcpy(at + GO_FILES, "a.go\0b.go", 10);
	memcpy(at + GO_STEPS, steps, sizeof(steps));
	for (uint32_t i = 0; i < 2; i++) {
		go_put(functions + (size_t)8 * i, 32 * i, 4);
		go_put(functions + (size_t)8 * i + 4, 24 + GO_RECORD_SIZE * i, 4);
		put_function(at + GO_RECORD + (size_t)GO_RECORD_SIZE * i, 32 * i, old);
	}
	go_put(functions + 16, 64, 4);
	go_put(out->trees + (old ? 12 : 4), 7, 4);
	go_put(out->trees + (old ? 16 : 8), 4, 4);
}

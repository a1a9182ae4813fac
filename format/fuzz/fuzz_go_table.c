#include "symbol/go.h"

#include <stdlib.h>
#include <string.h>

/* At the start of functions and within them, and where the input says. */
static void look(const struct symbol_go *go, uint64_t offset)
{
	struct symbol_found found = { .count = 0 };

	if (symbol_go_find(go, go->text + offset, &found) && !found.count)
		abort();
	for (size_t i = 0; i < found.count; i++)
		if (found.lines[i].function.size == 0)
			abort();
	symbol_found_clear(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two bytes: the size of the trees, which follow; the rest is the table. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct symbol_go go = { .text = 0x401000 };
	size_t trees;

	if (size < 2)
		return 0;
	trees = (size_t)data[0] | (size_t)data[1] << 8;
	data += 2;
	size -= 2;
	trees = trees < size ? trees : size;
	go.trees = (struct symbol_bytes){ data, trees };
	if (!symbol_go_read(&go, (struct symbol_bytes){ data + trees, size - trees }))
		return 0;
	for (uint64_t offset = 0; offset < 256; offset++)
		look(&go, offset);
	for (uint32_t i = 0; i < go.count && i < 64; i++) {
		const uint8_t *at = go.functions.at + (size_t)8 * i;
		const uint64_t start = (uint64_t)at[0] | (uint64_t)at[1] << 8 |
				       (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;

		look(&go, start);
		look(&go, start + 20);
	}
	return 0;
}

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/cfi.h"
#include "ring/unwind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STACK = 512, SPACE = 1 << 16 };

static void walk(const struct dwell_unwind_space *space, uint64_t pc)
{
	static const uint8_t bytes[STACK];
	const struct dwell_unwind_stack stack = { 0x10000, 0x10000 + STACK, bytes };
	struct dwell_unwind_frame frame = { .pc = pc, .sp = 0x10000, .fp = 0x10100 };

	for (int i = 0; i < STACK; i++)
		if (!dwell_unwind_step(dwell_unwind_find(space, frame.pc), &stack, &frame))
			return;
	/* Every step goes up by a word at least. */
	__builtin_trap();
}

/* Rows are in order, and a walk by them ends. */
static void use(const struct dwell_cfi *cfi)
{
	static _Alignas(8) uint8_t area[SPACE];
	const struct dwell_unwind_range range = { 0, UINT32_MAX, 0, 64 };
	const struct dwell_unwind_space space = { area, SPACE, 8, 1 };
	const uint64_t one = 1;
	const uint32_t count = cfi->count > 4096 ? 4096 : (uint32_t)cfi->count;
	uint32_t *words = (uint32_t *)(void *)(area + 64);

	memcpy(area + 8, &one, sizeof(one));
	memcpy(area + 16, &range, sizeof(range));
	words[0] = count;
	for (uint32_t i = 0; i < cfi->count; i++) {
		if (i > 0 && cfi->rows[2 * i] <= cfi->rows[2 * i - 2])
			__builtin_trap();
		if (i >= count)
			continue;
		words[2 + i] = cfi->rows[2 * i];
		words[2 + count + i] = cfi->rows[2 * i + 1];
	}
	for (uint32_t i = 0; i < count && i < 64; i++)
		walk(&space, cfi->rows[2 * i]);
}

/* An area as a hostile program could leave it. */
static void use_area(const uint8_t *data, size_t size)
{
	uint8_t *area = malloc(size ? size : 1);
	struct dwell_unwind_space space = { area, size, 8, 1 };

	if (!area)
		return;
	if (size > 0)
		memcpy(area, data, size);
	for (space.list = 0; space.list < 64; space.list += 8)
		for (uint64_t pc = 0; pc < 1 << 20; pc = pc * 3 + 1)
			walk(&space, pc);
	free(area);
}

/* The first byte says what the rest is: a file, one of the two sections, or an area. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dwell_cfi cfi = { .rows = NULL };
	struct dwell_cfi_section section = { .address = 0x4000 };

	if (size == 0)
		return 0;
	section.bytes = data + 1;
	section.size = size - 1;
	section.eh = *data == '1';
	if (*data == '3') {
		use_area(section.bytes, section.size);
		return 0;
	}
	if (*data == '0') {
		(void)dwell_cfi_read_memory(&cfi, section.bytes, section.size);
	} else {
		(void)dwell_cfi_compile(&cfi, &section);
		(void)dwell_cfi_finish(&cfi);
	}
	use(&cfi);
	dwell_cfi_release(&cfi);
	return 0;
}

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ring/python.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 96 };

/* Never more than there is room for, and what is cut is a part of what is not. */
static void use_text(const uint8_t *characters, size_t size, unsigned width)
{
	static char all[1 << 20];
	char out[ROOM];
	const size_t count = size / width;
	size_t whole, used;

	if (size > sizeof(all) / 4)
		return;
	whole = dwell_python_text(all, sizeof(all), characters, count, width, 0);
	for (size_t room = 0; room <= ROOM; room += 7) {
		used = dwell_python_text(out, room, characters, count, width, 0);
		if (used > room || used > whole || memcmp(out, all, used) != 0)
			__builtin_trap();
		used = dwell_python_text(out, room, characters, count, width, 1);
		if (used > room || used > whole || memcmp(out, all + whole - used, used) != 0)
			__builtin_trap();
	}
}

/* The first byte says what the rest is: a table of lines or of handlers, or characters of so many
 * bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size == 0)
		return 0;
	copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	if (*data == '1' || *data == '2' || *data == '4')
		use_text(copy, size - 1, *data - '0');
	else
		for (uint32_t unit = 0; unit < 64; unit++)
			if (dwell_python_line(copy, size - 1, *data, unit * unit) > INT32_MAX ||
				dwell_python_depth(copy, size - 1, unit) > INT32_MAX)
				__builtin_trap();
	free(copy);
	return 0;
}

/* What CPython has in its objects: tables of lines, texts. */
#include "python.h"

#include <stdbool.h>
#include <string.h>

/* An entry of the table: a byte with the upper bit set (kind << 3 | units - 1), then bytes without.
 */
enum { ENTRY = 0x80, KIND_ONE_LINE = 10, KIND_NO_COLUMN = 13, KIND_LONG = 14, KIND_NONE = 15 };

/* Six bits a byte, the lowest first; bit 6: there are more. Zigzag: the lowest bit is the sign. */
static int64_t signed_number(const uint8_t *at, const uint8_t *end)
{
	enum { BITS = 6, MORE = 0x40, SHIFT_MAX = 30 };
	uint64_t value = 0;

	for (unsigned shift = 0; at < end && shift <= SHIFT_MAX; shift += BITS) {
		value |= (uint64_t)(*at & (MORE - 1)) << shift;
		if ((*at++ & MORE) == 0)
			break;
	}
	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

static int64_t line_change(unsigned kind, const uint8_t *at, const uint8_t *end)
{
	if (kind == KIND_NO_COLUMN || kind == KIND_LONG)
		return signed_number(at, end);
	return kind >= KIND_ONE_LINE && kind < KIND_NO_COLUMN ? kind - KIND_ONE_LINE : 0;
}

uint32_t dwell_python_line(const uint8_t *table, size_t size, uint32_t first, uint32_t unit)
{
	const uint8_t *at = table, *const end = table + size;
	int64_t line = first;

	while (at < end && *at >= ENTRY) {
		const unsigned kind = *at >> 3 & 15, units = (*at & 7U) + 1;

		line += line_change(kind, at + 1, end);
		if (unit < units)
			return kind != KIND_NONE && line > 0 && line <= INT32_MAX ? (uint32_t)line
										  : 0;
		unit -= units;
		for (at++; at < end && *at < ENTRY; at++)
			;
	}
	return 0;
}

static uint32_t character(const uint8_t *characters, size_t i, unsigned width)
{
	uint16_t two;
	uint32_t four;

	if (width == 1)
		return characters[i];
	if (width == 2) {
		memcpy(&two, characters + 2 * i, sizeof(two));
		return two;
	}
	memcpy(&four, characters + 4 * i, sizeof(four));
	return four;
}

/* As UTF-8, of which there are at most 4 bytes. */
static size_t encode(uint32_t code, unsigned char out[4])
{
	enum {
		ESCAPES = 0xdc80,
		ESCAPES_END = 0xdd00,
		SURROGATES = 0xd800,
		SURROGATES_END = 0xe000
	};

	if (code >= ESCAPES && code < ESCAPES_END) {
		out[0] = (unsigned char)code;
		return 1;
	}
	if ((code >= SURROGATES && code < SURROGATES_END) || code > 0x10ffff)
		code = '?';
	if (code < 0x80) {
		out[0] = (unsigned char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (unsigned char)(0xc0 | code >> 6);
		out[1] = (unsigned char)(0x80 | (code & 63));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (unsigned char)(0xe0 | code >> 12);
		out[1] = (unsigned char)(0x80 | (code >> 6 & 63));
		out[2] = (unsigned char)(0x80 | (code & 63));
		return 3;
	}
	out[0] = (unsigned char)(0xf0 | code >> 18);
	out[1] = (unsigned char)(0x80 | (code >> 12 & 63));
	out[2] = (unsigned char)(0x80 | (code >> 6 & 63));
	out[3] = (unsigned char)(0x80 | (code & 63));
	return 4;
}

/* The first of the last characters that fit. */
static size_t last_that_fit(size_t room, const uint8_t *characters, size_t count, unsigned width)
{
	unsigned char one[4];

	while (count > 0) {
		const size_t size = encode(character(characters, count - 1, width), one);

		if (size > room)
			break;
		room -= size;
		count--;
	}
	return count;
}

size_t dwell_python_text(
	char *out, size_t room, const uint8_t *characters, size_t count, unsigned width, int last)
{
	size_t used = 0;
	size_t i = last ? last_that_fit(room, characters, count, width) : 0;

	for (; i < count; i++) {
		unsigned char one[4];
		const size_t size = encode(character(characters, i, width), one);

		if (size > room - used)
			break;
		memcpy(out + used, one, size);
		used += size;
	}
	return used;
}

/* What CPython has in its objects: where what lies in them, tables of lines, texts. */
#include "python.h"

#include <string.h>

static const struct dwell_python_layout layout_11 = { 56, 8, 32, 48, 56, 69, 112, 128, 136, 72, 184,
	48, 72, 160, 76 };
static const struct dwell_python_layout layout_12 = { 56, 0, 0, 8, 56, 70, 112, 128, 136, 68, 192,
	40, 56, 144, 72 };

/* Where, in words. */
enum {
	TOLD_VERSION = 1,
	TOLD_FREE_THREADED = 2,
	TOLD_CURRENT = 23,
	TOLD_PREVIOUS = 29,
	TOLD_CODE = 30,
	TOLD_INSTRUCTION = 31,
	TOLD_OWNER = 33,
	TOLD_FILE = 35,
	TOLD_NAME = 37,
	TOLD_LINES = 38,
	TOLD_FIRST = 39,
	TOLD_UNITS = 43,
	TOLD_ASCII = 70
};

/* Of 3.13, what it does not tell. */
enum { NUMBER_13 = 160, LOCALS_13 = 72 };

bool dwell_python_layout(struct dwell_python_layout *out, uint64_t version,
	const uint64_t told[DWELL_PYTHON_TOLD_WORDS])
{
	enum { FINAL = 15 };

	if ((version >> 4 & 15) != FINAL)
		return false;
	switch (version >> 16) {
	case 0x030b:
		*out = layout_11;
		return true;
	case 0x030c:
		*out = layout_12;
		return true;
	case 0x030d:
		break;
	default:
		return false;
	}
	if (memcmp(told, "xdebugpy", 8) != 0 || told[TOLD_VERSION] != version ||
		told[TOLD_FREE_THREADED] != 0)
		return false;
	for (int i = TOLD_CURRENT; i <= TOLD_UNITS; i++)
		if (told[i] > DWELL_PYTHON_OFFSET_MAX)
			return false;
	*out = (struct dwell_python_layout){ 0, told[TOLD_CURRENT], told[TOLD_CODE],
		told[TOLD_PREVIOUS], told[TOLD_INSTRUCTION], told[TOLD_OWNER], told[TOLD_FILE],
		told[TOLD_NAME], told[TOLD_LINES], told[TOLD_FIRST], told[TOLD_UNITS],
		told[TOLD_ASCII], told[TOLD_ASCII] + 2 * sizeof(uint64_t), NUMBER_13, LOCALS_13 };
	return true;
}

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

/* Six bits a byte, the highest first; bit 6: there are more. */
static const uint8_t *number(const uint8_t *at, const uint8_t *end, uint32_t *out)
{
	enum { BITS = 6, MORE = 0x40, MOST = 1 << 24 };
	uint32_t value = 0;

	for (bool more = true; more; at++) {
		if (at == end || value > MOST)
			return NULL;
		value = value << BITS | (*at & (MORE - 1));
		more = (*at & MORE) != 0;
	}
	*out = value;
	return at;
}

uint32_t dwell_python_depth(const uint8_t *table, size_t size, uint32_t unit)
{
	enum { START, UNITS, TARGET, DEPTH, NUMBERS };
	const uint8_t *at = table, *const end = table + size;
	uint32_t numbers[NUMBERS];

	while (at && at < end) {
		for (int i = 0; i < NUMBERS && at; i++)
			at = number(at, end, &numbers[i]);
		if (at && unit - numbers[START] < numbers[UNITS])
			return numbers[DEPTH] >> 1;
	}
	return 0;
}

#include "report/escape.h"

#include <inttypes.h>
#include <string.h>
#include <wchar.h>

size_t dwell_utf8_decode(const char *at, size_t size, uint32_t *character)
{
	/* By number of following bytes: the smallest character, so that none is written too long.
	 */
	static const uint32_t smallest[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)at;
	const unsigned first = bytes[0];
	const unsigned more = first < 0x80                    ? 0
			      : first >= 0xc2 && first < 0xe0 ? 1
			      : first >= 0xe0 && first < 0xf0 ? 2
			      : first >= 0xf0 && first < 0xf5 ? 3
							      : 4;
	uint32_t value = more ? first & (0x3fu >> more) : first;

	*character = UINT32_MAX;
	if (more == 4 || more >= size)
		return 1;
	for (unsigned i = 1; i <= more; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (bytes[i] & 0x3fu);
	}
	if (value < smallest[more] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 1;
	*character = value;
	return more + 1;
}

/* Marks that turn the direction of a line could make it say something else. */
static bool turns_direction(uint32_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static bool is_printable(uint32_t c, bool ascii)
{
	if (c < 0x20 || c == 0x7f || c == '\\')
		return false;
	if (c < 0x7f)
		return true;
	return !ascii && c >= 0xa0 && c != 0x2028 && c != 0x2029 && c != 0xfeff &&
	       !turns_direction(c) && wcwidth((wchar_t)c) >= 0;
}

static int escape_control(char *out, size_t size, unsigned char byte)
{
	static const char *const names[0x20] = { ['\t'] = "\\t", ['\n'] = "\\n", ['\r'] = "\\r" };

	/* Two for one, so that a name cannot be written to look like an escape. */
	if (byte == '\\')
		return snprintf(out, size, "\\\\");
	if (byte < 0x20 && names[byte])
		return snprintf(out, size, "%s", names[byte]);
	return snprintf(out, size, "\\x%02x", byte);
}

size_t escape_next(
	const char *at, size_t size, bool ascii, char out[ESCAPE_SIZE], size_t *length, int *width)
{
	uint32_t c;
	const size_t used = dwell_utf8_decode(at, size, &c);

	if (c != UINT32_MAX && is_printable(c, ascii)) {
		memcpy(out, at, used);
		*length = used;
		*width = c < 0x7f ? 1 : wcwidth((wchar_t)c);
		return used;
	}
	if (c == UINT32_MAX || c < 0x80)
		*width = escape_control(out, ESCAPE_SIZE, (unsigned char)*at);
	else
		*width = snprintf(
			out, ESCAPE_SIZE, c > 0xffff ? "\\U%06" PRIx32 : "\\u%04" PRIx32, c);
	*length = (size_t)*width;
	return used;
}

void dwell_print_escaped(const struct dwell_style *style, const char *at, size_t size)
{
	char out[ESCAPE_SIZE];
	size_t length;
	int width;

	for (size_t i = 0; i < size;) {
		i += escape_next(at + i, size - i, style->ascii, out, &length, &width);
		fwrite(out, 1, length, style->file);
	}
}

unsigned escaped_width(const char *at, size_t size, bool ascii)
{
	char out[ESCAPE_SIZE];
	unsigned total = 0;
	size_t length;
	int width;

	for (size_t i = 0; i < size;) {
		i += escape_next(at + i, size - i, ascii, out, &length, &width);
		total += (unsigned)width;
	}
	return total;
}

/* Print the longest beginning of at that takes at most `room` columns. */
static void print_head(const struct dwell_style *style, const char *at, size_t size, unsigned room)
{
	char out[ESCAPE_SIZE];
	size_t length;
	int width;

	for (size_t i = 0; i < size;) {
		i += escape_next(at + i, size - i, style->ascii, out, &length, &width);
		if ((unsigned)width > room)
			break;
		room -= (unsigned)width;
		fwrite(out, 1, length, style->file);
	}
}

/* Where the longest end begins that takes at most `room` columns; *left: columns it leaves. */
static size_t find_tail(const char *at, size_t size, unsigned total, unsigned room, bool ascii)
{
	char out[ESCAPE_SIZE];
	size_t length, i = 0;
	int width;

	while (i < size && total > room) {
		i += escape_next(at + i, size - i, ascii, out, &length, &width);
		total -= (unsigned)width;
	}
	return i;
}

void print_cut(const struct dwell_style *style, const char *at, size_t size, unsigned room)
{
	const unsigned total = escaped_width(at, size, style->ascii);
	const unsigned mark = style->ascii ? 2 : 1;

	if (total <= room) {
		dwell_print_escaped(style, at, size);
		return;
	}
	if (room <= mark) {
		print_head(style, at, size, room);
		return;
	}

	const unsigned tail = (room - mark) / 2;
	const size_t from = find_tail(at, size, total, tail, style->ascii);
	const unsigned tail_width = escaped_width(at + from, size - from, style->ascii);

	print_head(style, at, size, room - mark - tail_width);
	fputs(style->ascii ? ".." : "…", style->file);
	dwell_print_escaped(style, at + from, size - from);
}

size_t dwell_escape_next(const char *at, size_t size, bool ascii, char out[DWELL_ESCAPE_SIZE],
	size_t *length, int *width)
{
	return escape_next(at, size, ascii, out, length, width);
}

#include "src/timecode.h"

#include "dwell/error.h"

#include <string.h>

/* Below this many numbers for each code a finer split costs more than it tells. */
enum { WORTH = 16 };

void dwell_timecode_choose(struct timecode *out, const size_t counts[TIMECODE_WIDTHS])
{
	unsigned codes = 0;

	memset(out, 0, sizeof(*out));
	for (unsigned w = 0; w < TIMECODE_WIDTHS; w++) {
		out->used[w] = counts[w] > 0;
		codes += counts[w] > 0;
	}
	for (;;) {
		unsigned best = 0;
		size_t most = WORTH;

		for (unsigned w = 2; w < TIMECODE_WIDTHS; w++) {
			const size_t each = counts[w] >> out->leading[w];

			if (each > most && out->leading[w] < w - 1 &&
				codes + (1u << out->leading[w]) <= TIMECODE_CODES) {
				most = each;
				best = w;
			}
		}
		if (!best)
			return;
		codes += 1u << out->leading[best];
		out->leading[best]++;
	}
}

void dwell_timecode_bases(const struct timecode *code, unsigned bases[TIMECODE_WIDTHS])
{
	unsigned next = 0;

	for (unsigned w = 0; w < TIMECODE_WIDTHS; w++) {
		bases[w] = next;
		next += code->used[w] ? 1u << code->leading[w] : 0;
	}
}

void dwell_timecode_write(struct dwell_buffer *out, const struct timecode *code)
{
	unsigned count = 0;

	for (unsigned w = 0; w < TIMECODE_WIDTHS; w++)
		count += code->used[w];
	dwell_buffer_varint(out, count);
	for (unsigned w = 0; w < TIMECODE_WIDTHS; w++) {
		if (!code->used[w])
			continue;
		dwell_buffer_byte(out, w);
		dwell_buffer_byte(out, code->leading[w]);
	}
}

/* The codes of one width. */
static int add_width(struct timecode_table *out, uint64_t width, uint64_t leading)
{
	if (width >= TIMECODE_WIDTHS || leading > (width ? width - 1 : 0) || leading > 8)
		return DWELL_EFORMAT;

	const unsigned codes = 1u << leading;
	const unsigned bits = width ? (unsigned)(width - 1 - leading) : 0;

	if (codes > TIMECODE_CODES - out->count)
		return DWELL_EFORMAT;
	for (unsigned i = 0; i < codes; i++, out->count++) {
		out->base[out->count] = width ? (uint64_t)(codes | i) << bits : 0;
		out->mask[out->count] = bits > TIMECODE_WORD ? 0 : (UINT64_C(1) << bits) - 1;
		out->bits[out->count] = bits;
	}
	if (out->most < bits)
		out->most = bits;
	out->widest = (unsigned)width; /* in rising order */
	return DWELL_OK;
}

int dwell_timecode_read(struct dwell_cursor *in, struct timecode_table *out)
{
	uint64_t count, before = 0;
	int err = dwell_cursor_varint(in, &count);

	memset(out, 0, sizeof(*out));
	if (!err && count > TIMECODE_WIDTHS)
		return DWELL_EFORMAT;
	for (uint64_t i = 0; i < count && !err; i++) {
		uint64_t width, leading;

		err = dwell_cursor_varint(in, &width);
		if (!err)
			err = dwell_cursor_varint(in, &leading);
		if (!err && i > 0 && width <= before)
			return DWELL_EFORMAT;
		before = width;
		if (!err)
			err = add_width(out, width, leading);
	}
	return err;
}

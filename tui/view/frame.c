#include "view/frame.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/report.h"

bool frame_resize(struct frame *frame, unsigned width, unsigned height)
{
	struct frame_cell *cells;

	if (frame->cells && frame->width == width && frame->height == height)
		return true;
	cells = realloc(frame->cells, (size_t)width * height * sizeof(*cells));
	if (!cells)
		return false;
	frame->cells = cells;
	frame->width = width;
	frame->height = height;
	frame_clear(frame);
	return true;
}

void frame_release(struct frame *frame)
{
	free(frame->cells);
	frame->cells = NULL;
}

static const struct frame_cell blank = { .glyph = " ", .size = 1, .width = 1 };

void frame_clear(struct frame *frame)
{
	for (size_t i = 0; i < (size_t)frame->width * frame->height; i++)
		frame->cells[i] = blank;
}

static void put(struct frame *frame, unsigned x, unsigned y, const char *glyph, size_t size,
	unsigned width, struct pen pen)
{
	struct frame_cell *cell;

	if (x >= frame->width || y >= frame->height || size > GLYPH_SIZE)
		return;
	cell = frame_at(frame, x, y);
	*cell = (struct frame_cell){
		.size = (uint8_t)size,
		.width = (uint8_t)width,
		.fore = pen.fore,
		.back = pen.back,
		.attributes = pen.attributes,
	};
	memcpy(cell->glyph, glyph, size);
}

void frame_put(struct frame *frame, unsigned x, unsigned y, const char *glyph, struct pen pen)
{
	put(frame, x, y, glyph, strlen(glyph), 1, pen);
}

void frame_fill(struct frame *frame, unsigned x, unsigned y, unsigned width, struct pen pen)
{
	for (unsigned i = 0; i < width; i++)
		frame_put(frame, x + i, y, " ", pen);
}

/* A mark that combines with the character before it. */
static void combine(struct frame *frame, unsigned x, unsigned y, const char *glyph, size_t size)
{
	struct frame_cell *cell;

	if (x >= frame->width || y >= frame->height)
		return;
	cell = frame_at(frame, x, y);
	if (!cell->size && x)
		cell--;
	/* A character has a few at most; more are a joke at the expense of who reads. */
	if (cell->size + size > GLYPH_SIZE)
		return;
	memcpy(cell->glyph + cell->size, glyph, size);
	cell->size = (uint8_t)(cell->size + size);
}

/* One escaped character into `room` columns at x; its width, or UINT32_MAX: there is no room. */
static unsigned put_escaped(struct frame *frame, unsigned x, unsigned y, unsigned room,
	const char *glyph, size_t size, int width, struct pen pen)
{
	if (width == 0) {
		if (x)
			combine(frame, x - 1, y, glyph, size);
		return 0;
	}
	if ((unsigned)width > room)
		return UINT32_MAX;
	if (width <= 2 && size > 1 && (unsigned char)*glyph >= 0x80) {
		put(frame, x, y, glyph, size, (unsigned)width, pen);
		if (width == 2)
			put(frame, x + 1, y, "", 0, 0, pen);
		return (unsigned)width;
	}
	for (size_t i = 0; i < size; i++)
		put(frame, x + (unsigned)i, y, glyph + i, 1, 1, pen);
	return (unsigned)size;
}

unsigned frame_bytes(struct frame *frame, unsigned x, unsigned y, unsigned room, const char *at,
	size_t size, struct pen pen)
{
	unsigned used = 0, last = 0;

	if (x >= frame->width)
		return 0;
	if (room > frame->width - x)
		room = frame->width - x;
	while (size) {
		char glyph[DWELL_ESCAPE_SIZE];
		size_t length;
		int width;
		const size_t taken =
			dwell_escape_next(at, size, frame->ascii, glyph, &length, &width);
		const unsigned columns =
			put_escaped(frame, x + used, y, room - used, glyph, length, width, pen);

		if (columns == UINT32_MAX) {
			/* It goes on: say so in the last column. */
			if (room)
				frame_put(frame, x + (used < room ? used : last), y,
					frame->ascii ? "~" : "…", pen);
			return used < room ? used + 1 : used;
		}
		if (columns)
			last = used;
		used += columns;
		at += taken;
		size -= taken;
	}
	return used;
}

unsigned frame_text(struct frame *frame, unsigned x, unsigned y, unsigned room, const char *text,
	struct pen pen)
{
	return frame_bytes(frame, x, y, room, text, strlen(text), pen);
}

unsigned frame_print(struct frame *frame, unsigned x, unsigned y, unsigned room, struct pen pen,
	const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return frame_text(frame, x, y, room, text, pen);
}

void frame_mend(struct frame *frame)
{
	for (unsigned y = 0; y < frame->height; y++)
		for (unsigned x = 0; x < frame->width; x++) {
			struct frame_cell *cell = frame_at(frame, x, y);
			const bool half = cell->size == 0 &&
					  (x == 0 || frame_at(frame, x - 1, y)->width != 2);
			const bool lone =
				cell->width == 2 &&
				(x + 1 == frame->width || frame_at(frame, x + 1, y)->size != 0);

			if (!half && !lone)
				continue;
			cell->glyph[0] = ' ';
			cell->size = cell->width = 1;
		}
}

/* Frames to the terminal: what changed, in as few bytes as that takes. */
#include "term/emit.h"

#include <stdlib.h>
#include <string.h>

#include "core/parts.h"
#include "term/look.h"
#include "term/out.h"

enum {
	GAP = 4,         /* columns that cost less to draw again than to jump over */
	WORTH = 120,     /* bytes of a line for which it is worth to try another way */
	MOST_LOOKS = 16, /* of a line that is drawn look by look */
	MOST_COLUMNS = TUI_WIDTH_MAX
};

static bool together; /* the terminal may be asked to show a frame at once */
static bool shifts;   /* it can insert and delete characters */
static struct frame shown;
static bool known; /* `shown` is what the terminal shows */

void emit_prepare(enum screen_colours colours)
{
	const char *kind = getenv("TERM");

	look_prepare(colours);
	together = kind && strncmp(kind, "linux", 5) != 0 && strncmp(kind, "vt", 2) != 0;
	shifts = out_can("ich") && out_can("dch");
}

void emit_begin(void)
{
	out_cap("smcup");
	out_cap("civis");
	out_text("\033[?1002h\033[?1006h");
	out_send();
}

void screen_forget(void)
{
	known = false;
}

static bool same_cell(const struct frame_cell *a, const struct frame_cell *b)
{
	return a->size == b->size && a->back == b->back && a->attributes == b->attributes &&
	       (a->fore == b->fore || !look_shows_fore(a)) && !memcmp(a->glyph, b->glyph, a->size);
}

static bool is_changed(const struct frame *frame, unsigned x, unsigned y)
{
	return !known || !same_cell(frame_at(frame, x, y), frame_at(&shown, x, y));
}

/* Up to where cells are drawn from x on: unchanged ones in between are, if they are few. */
static unsigned stretch(const struct frame *frame, unsigned x, unsigned y)
{
	unsigned end = x + 1;

	for (unsigned i = x; i < frame->width && i <= end + GAP; i++)
		if (is_changed(frame, i, y))
			end = i + 1;
	/* A wide one is drawn whole. */
	while (end < frame->width && !frame_at(frame, end, y)->size)
		end++;
	return end;
}

/* From left to right, with the colours as they come. */
static void draw_straight(const struct frame *frame, unsigned y)
{
	unsigned x = 0;

	while (x < frame->width) {
		unsigned end;

		if (!is_changed(frame, x, y)) {
			x++;
			continue;
		}
		while (x && !frame_at(frame, x, y)->size)
			x--;
		end = stretch(frame, x, y);
		out_move(x, y);
		for (; x < end; x++) {
			const struct frame_cell *cell = frame_at(frame, x, y);

			if (!cell->size)
				continue;
			look_set(cell);
			out_bytes(cell->glyph, cell->size);
		}
	}
}

/* Which cells of a line are to be drawn. False: none, or not by jumping over others. */
static bool list_changed(const struct frame *frame, unsigned y, bool *left)
{
	bool any = false;

	if (frame->width > MOST_COLUMNS)
		return false;
	for (unsigned x = 0; x < frame->width; x++) {
		left[x] = is_changed(frame, x, y);
		any |= left[x];
		if (left[x] && (frame_at(frame, x, y)->width != 1 ||
				       (known && frame_at(&shown, x, y)->width != 1)))
			return false;
	}
	return any;
}

/* The cell whose colours are the nearest; NULL: all are drawn. */
static const struct frame_cell *nearest(const struct frame *frame, unsigned y, const bool *left)
{
	const struct frame_cell *best = NULL;
	unsigned least = 0;

	for (unsigned x = 0; x < frame->width; x++) {
		const struct frame_cell *cell = frame_at(frame, x, y);
		const unsigned cost = left[x] ? look_cost(cell) : 0;

		if (left[x] && (!best || cost < least)) {
			best = cell;
			least = cost;
		}
	}
	return best;
}

/* All cells that look alike, then those of the next look: colours that change with every cell take
 * more bytes than jumps. False: there are too many looks. */
static bool draw_by_look(const struct frame *frame, unsigned y)
{
	bool left[MOST_COLUMNS];
	const struct frame_cell *cell;
	unsigned looks = 0;

	if (!list_changed(frame, y, left))
		return false;
	while ((cell = nearest(frame, y, left))) {
		unsigned at = UINT32_MAX;

		if (looks++ == MOST_LOOKS)
			return false;
		look_set(cell);
		for (unsigned x = 0; x < frame->width; x++) {
			cell = frame_at(frame, x, y);
			if (!left[x] || !look_suits(cell))
				continue;
			if (at == UINT32_MAX)
				out_move(x, y);
			else if (x == at + 1)
				out_text("\033[C");
			else if (x > at)
				out_format("\033[%uC", x - at);
			out_bytes(cell->glyph, cell->size);
			left[x] = false;
			at = x + 1;
		}
	}
	return true;
}

static void show_line(const struct frame *frame, unsigned y)
{
	const size_t begin = out_size();
	const struct look before = look_now();

	draw_straight(frame, y);

	const size_t middle = out_size();
	const struct look straight = look_now();

	if (middle - begin < WORTH)
		return;
	look_return(before);
	if (draw_by_look(frame, y) && out_size() - middle < middle - begin) {
		out_keep_second(begin, middle);
		return;
	}
	out_keep_first(middle);
	look_return(straight);
}

/* By how many columns what is shown moves to the left; 0: it does not. */
static int64_t shift_of(const struct frame *frame)
{
	const struct frame_scroll *is = &frame->scroll, *was = &shown.scroll;
	const int64_t by = (int64_t)(is->from_ns - was->from_ns);

	/* A wider terminal than that has columns that are not ours. */
	if (!known || !shifts || frame->width >= MOST_COLUMNS || !is->cell_ns ||
		is->cell_ns != was->cell_ns || is->left != was->left || by % (int64_t)is->cell_ns)
		return 0;
	return by / (int64_t)is->cell_ns;
}

/* How many cells from `left` on differ if what is shown there moves. */
static unsigned differing(const struct frame *frame, unsigned y, int64_t by)
{
	unsigned count = 0;

	for (unsigned x = frame->scroll.left; x < frame->width; x++) {
		const int64_t from = (int64_t)x + by;

		count += from < frame->scroll.left || from >= frame->width ||
			 !same_cell(frame_at(frame, x, y), frame_at(&shown, (unsigned)from, y));
	}
	return count;
}

/* Half a wide character must not be moved away from its other half. */
static bool is_narrow(unsigned y)
{
	for (unsigned x = shown.scroll.left; x < shown.width; x++)
		if (frame_at(&shown, x, y)->width != 1)
			return false;
	return true;
}

/* Let the terminal move a line's cells, and know them moved. */
static void shift_line(unsigned y, int64_t by)
{
	const unsigned left = shown.scroll.left, room = shown.width - left;
	const unsigned columns = (unsigned)(by < 0 ? -by : by);
	struct frame_cell *cells = frame_at(&shown, left, y);
	struct frame_cell *new = by < 0 ? cells : cells + room - columns;

	out_move(left, y);
	out_format("\033[%u%c", columns, by < 0 ? '@' : 'P');
	if (by < 0)
		memmove(cells + columns, cells, (room - columns) * sizeof(*cells));
	else
		memmove(cells, cells + columns, (room - columns) * sizeof(*cells));
	/* What comes in from outside is like no cell. */
	for (unsigned i = 0; i < columns; i++)
		new[i] = (struct frame_cell){ .size = 1, .width = 1, .attributes = UINT8_MAX };
}

static void shift_lines(const struct frame *frame)
{
	/* Cells that cost as much as the sequence. */
	enum { PRICE = 4 };
	const int64_t by = shift_of(frame);

	if (!by || by <= -(int64_t)(frame->width - frame->scroll.left) ||
		by >= (int64_t)(frame->width - frame->scroll.left))
		return;
	for (unsigned y = 0; y < frame->height; y++)
		if (is_narrow(y) && differing(frame, y, by) + PRICE < differing(frame, y, 0))
			shift_line(y, by);
}

static void remember(const struct frame *frame)
{
	known = frame_resize(&shown, frame->width, frame->height);
	if (known)
		memcpy(shown.cells, frame->cells,
			(size_t)frame->width * frame->height * sizeof(*frame->cells));
}

void screen_show(const struct frame *frame, unsigned palette)
{
	size_t begun;

	if (shown.width != frame->width || shown.height != frame->height ||
		!look_palette_is(palette))
		known = false;
	look_palette(palette);
	if (together)
		out_text("\033[?2026h");
	begun = out_size();
	if (!known) {
		look_forget();
		out_cap("sgr0");
		out_cap("clear");
	}
	shift_lines(frame);
	for (unsigned y = 0; y < frame->height; y++)
		show_line(frame, y);
	shown.scroll = frame->scroll;
	if (out_size() == begun) {
		out_drop();
		return;
	}
	if (together)
		out_text("\033[?2026l");
	out_send();
	remember(frame);
}

/* Frames to the terminal: what changed, in as few bytes as that takes. */
#include "term/emit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "view/palette.h"

/* Behind all else: they define many short names. */
#include <curses.h>
/* It needs curses.h. */
#include <term.h>

enum { GAP = 4 }; /* columns that cost less to draw again than to jump over */

static struct {
	char *at;
	size_t size, cap;
} out;

static enum screen_colours colours;
static bool together; /* the terminal may be asked to show a frame at once */
static struct frame shown;
static bool known; /* `shown` is what the terminal shows */

/* How the terminal draws at the moment. */
static struct {
	uint8_t fore, back, attributes;
	bool set;
	unsigned palette;
} now;

static void put_bytes(const char *bytes, size_t size)
{
	if (out.size + size > out.cap) {
		const size_t cap = (out.size + size) * 2 + 4096;
		char *grown = realloc(out.at, cap);

		if (!grown)
			return;
		out.at = grown;
		out.cap = cap;
	}
	memcpy(out.at + out.size, bytes, size);
	out.size += size;
}

static int put_char(int c)
{
	const char byte = (char)c;

	put_bytes(&byte, 1);
	return c;
}

static void put_cap(const char *name)
{
	char *text = tigetstr(name);

	if (text && text != (char *)-1)
		tputs(text, 1, put_char);
}

static void put_text(const char *text)
{
	put_bytes(text, strlen(text));
}

static void send_all(void)
{
	for (size_t done = 0; done < out.size;) {
		const ssize_t n = write(STDOUT_FILENO, out.at + done, out.size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, -1);
			continue;
		}
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	out.size = 0;
}

void emit_prepare(enum screen_colours what)
{
	const char *kind = getenv("TERM");

	colours = what;
	together = kind && strncmp(kind, "linux", 5) != 0 && strncmp(kind, "vt", 2) != 0;
}

void emit_begin(void)
{
	put_cap("smcup");
	put_cap("civis");
	put_text("\033[?1002h\033[?1006h");
	send_all();
}

void screen_forget(void)
{
	known = false;
}

static void put_colour(const struct shade *shade, bool back)
{
	char text[32];

	if (!shade->own) {
		put_text(back ? "\033[49m" : "\033[39m");
		return;
	}
	if (colours == COLOURS_TRUE) {
		snprintf(text, sizeof(text), "\033[%d;2;%u;%u;%um", back ? 48 : 38, shade->red,
			shade->green, shade->blue);
		put_text(text);
		return;
	}

	char *how = tigetstr(back ? "setab" : "setaf");
	const unsigned colour = colours == COLOURS_256  ? shade->index
				: colours == COLOURS_16 ? shade->ansi
							: shade->ansi & 7u;

	if (how && how != (char *)-1)
		tputs(tparm(how, (long)colour, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 1, put_char);
}

static bool same_look(const struct frame_cell *cell)
{
	return now.set && now.fore == cell->fore && now.back == cell->back &&
	       now.attributes == cell->attributes;
}

static void look(const struct frame_cell *cell, unsigned palette)
{
	const struct shade fore = palette_shade(palette, cell->fore);
	const struct shade back = palette_shade(palette, cell->back);
	bool fresh = !now.set;

	if (same_look(cell))
		return;
	if (fresh || now.attributes != cell->attributes) {
		put_cap("sgr0");
		fresh = true;
		if (cell->attributes & FRAME_BOLD)
			put_cap("bold");
		if (cell->attributes & FRAME_UNDERLINE)
			put_cap("smul");
		if (cell->attributes & FRAME_REVERSE)
			put_cap("rev");
	}
	if (colours != COLOURS_NONE) {
		if (fresh ? fore.own : now.fore != cell->fore)
			put_colour(&fore, false);
		if (fresh ? back.own : now.back != cell->back)
			put_colour(&back, true);
	}
	now.fore = cell->fore;
	now.back = cell->back;
	now.attributes = cell->attributes;
	now.set = true;
}

static bool same_cell(const struct frame_cell *a, const struct frame_cell *b)
{
	return a->size == b->size && a->fore == b->fore && a->back == b->back &&
	       a->attributes == b->attributes && !memcmp(a->glyph, b->glyph, a->size);
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

static void show_line(const struct frame *frame, unsigned palette, unsigned y)
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
		tputs(tparm(tigetstr("cup"), (long)y, (long)x, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 1,
			put_char);
		for (; x < end; x++) {
			const struct frame_cell *cell = frame_at(frame, x, y);

			if (!cell->size)
				continue;
			look(cell, palette);
			put_bytes(cell->glyph, cell->size);
		}
	}
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

	if (shown.width != frame->width || shown.height != frame->height || now.palette != palette)
		known = false;
	now.palette = palette;
	if (together)
		put_text("\033[?2026h");
	begun = out.size;
	if (!known) {
		now.set = false;
		put_cap("sgr0");
		put_cap("clear");
	}
	for (unsigned y = 0; y < frame->height; y++)
		show_line(frame, palette, y);
	if (out.size == begun) {
		out.size = 0;
		return;
	}
	if (together)
		put_text("\033[?2026l");
	send_all();
	remember(frame);
}

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

/* Parameters of one sequence that sets colours and attributes: all terminals with colours of
 * ISO 6429 know it, and it is much shorter than one for each. */
struct look {
	char text[96];
	size_t size;
};

static void add_parameter(struct look *look, const char *text)
{
	const int n = snprintf(look->text + look->size, sizeof(look->text) - look->size, "%s%s",
		look->size ? ";" : "", text);

	look->size += n > 0 ? (size_t)n : 0;
}

static void add_number(struct look *look, unsigned number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	add_parameter(look, text);
}

static void add_colour(struct look *look, const struct shade *shade, bool back)
{
	const unsigned base = back ? 40 : 30;
	char text[32];

	if (!shade->own) {
		add_number(look, base + 9);
	} else if (colours == COLOURS_TRUE) {
		snprintf(text, sizeof(text), "%u;2;%u;%u;%u", base + 8, shade->red, shade->green,
			shade->blue);
		add_parameter(look, text);
	} else if (colours == COLOURS_256) {
		snprintf(text, sizeof(text), "%u;5;%u", base + 8, shade->index);
		add_parameter(look, text);
	} else if (colours == COLOURS_16 && shade->ansi > 7) {
		add_number(look, base + 60 + shade->ansi - 8);
	} else {
		add_number(look, base + (shade->ansi & 7u));
	}
}

static void add_attributes(struct look *look, unsigned was, unsigned is)
{
	static const struct {
		unsigned bit, on, off;
	} codes[] = { { FRAME_BOLD, 1, 22 }, { FRAME_UNDERLINE, 4, 24 }, { FRAME_REVERSE, 7, 27 } };

	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if ((was ^ is) & codes[i].bit)
			add_number(look, is & codes[i].bit ? codes[i].on : codes[i].off);
}

/* A blank shows no fore colour, a full block no back colour: what they are does not matter. */
static bool shows_fore(const struct frame_cell *cell)
{
	return cell->size != 1 || cell->glyph[0] != ' ' ||
	       cell->attributes & (FRAME_UNDERLINE | FRAME_REVERSE);
}

static void set_look(const struct frame_cell *cell, unsigned palette)
{
	const struct shade fore = palette_shade(palette, cell->fore);
	const struct shade back = palette_shade(palette, cell->back);
	struct look look = { .size = 0 };

	if (!now.set) {
		put_cap("sgr0");
		now.fore = now.back = TONE_PLAIN;
		now.attributes = 0;
		now.set = true;
	}
	add_attributes(&look, now.attributes, cell->attributes);
	now.attributes = cell->attributes;
	if (colours != COLOURS_NONE && now.fore != cell->fore && shows_fore(cell)) {
		add_colour(&look, &fore, false);
		now.fore = cell->fore;
	}
	if (colours != COLOURS_NONE && now.back != cell->back) {
		add_colour(&look, &back, true);
		now.back = cell->back;
	}
	if (!look.size)
		return;
	put_text("\033[");
	put_bytes(look.text, look.size);
	put_text("m");
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
			set_look(cell, palette);
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

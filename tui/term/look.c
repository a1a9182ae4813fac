#include "term/look.h"

#include <stdio.h>

#include "term/out.h"
#include "view/palette.h"

static enum screen_colours colours;
static unsigned palette;
static struct look now;

void look_prepare(enum screen_colours what)
{
	colours = what;
}

void look_forget(void)
{
	now.set = false;
}

struct look look_now(void)
{
	return now;
}

void look_return(struct look was)
{
	now = was;
}

void look_palette(unsigned to)
{
	palette = to;
}

bool look_palette_is(unsigned other)
{
	return palette == other;
}

/* Parameters of one sequence that sets colours and attributes: all terminals with colours of
 * ISO 6429 know it, and it is much shorter than one for each. */
struct parameters {
	char text[96];
	size_t size;
};

static void add(struct parameters *to, const char *text)
{
	const int n = snprintf(to->text + to->size, sizeof(to->text) - to->size, "%s%s",
		to->size ? ";" : "", text);

	to->size += n > 0 ? (size_t)n : 0;
}

static void add_number(struct parameters *to, unsigned number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	add(to, text);
}

static void add_colour(struct parameters *to, unsigned tone, bool back)
{
	const struct shade shade = palette_shade(palette, tone);
	const unsigned base = back ? 40 : 30;
	char text[32];

	if (!shade.own) {
		add_number(to, base + 9);
	} else if (colours == COLOURS_TRUE) {
		snprintf(text, sizeof(text), "%u;2;%u;%u;%u", base + 8, shade.red, shade.green,
			shade.blue);
		add(to, text);
	} else if (colours == COLOURS_256) {
		snprintf(text, sizeof(text), "%u;5;%u", base + 8, shade.index);
		add(to, text);
	} else if (colours == COLOURS_16 && shade.ansi > 7) {
		add_number(to, base + 60 + shade.ansi - 8);
	} else {
		add_number(to, base + (shade.ansi & 7u));
	}
}

static void add_attributes(struct parameters *to, unsigned was, unsigned is)
{
	static const struct {
		unsigned bit, on, off;
	} codes[] = { { FRAME_BOLD, 1, 22 }, { FRAME_UNDERLINE, 4, 24 }, { FRAME_REVERSE, 7, 27 } };

	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if ((was ^ is) & codes[i].bit)
			add_number(to, is & codes[i].bit ? codes[i].on : codes[i].off);
}

bool look_shows_fore(const struct frame_cell *cell)
{
	return cell->size != 1 || cell->glyph[0] != ' ' ||
	       cell->attributes & (FRAME_UNDERLINE | FRAME_REVERSE);
}

/* The fore colour has to be set for this cell. */
static bool needs_fore(const struct frame_cell *cell)
{
	return colours != COLOURS_NONE && now.fore != cell->fore && look_shows_fore(cell);
}

static bool needs_back(const struct frame_cell *cell)
{
	return colours != COLOURS_NONE && now.back != cell->back;
}

bool look_suits(const struct frame_cell *cell)
{
	return now.set && now.attributes == cell->attributes && !needs_fore(cell) &&
	       !needs_back(cell);
}

unsigned look_cost(const struct frame_cell *cell)
{
	/* Of 256 colours: "38;5;255;". */
	enum { ATTRIBUTE = 3, COLOUR = 9, AROUND = 3 };
	const unsigned changed = (unsigned)now.attributes ^ cell->attributes;
	unsigned cost = 0;

	for (unsigned bit = FRAME_BOLD; bit <= (unsigned)FRAME_REVERSE; bit <<= 1)
		cost += changed & bit ? (unsigned)ATTRIBUTE : 0;
	cost += (needs_fore(cell) + needs_back(cell)) * (unsigned)COLOUR;
	return cost ? cost + AROUND : 0;
}

void look_set(const struct frame_cell *cell)
{
	struct parameters to = { .size = 0 };

	if (!now.set) {
		out_cap("sgr0");
		now = (struct look){ TONE_PLAIN, TONE_PLAIN, 0, true };
	}
	add_attributes(&to, now.attributes, cell->attributes);
	now.attributes = cell->attributes;
	if (needs_fore(cell)) {
		add_colour(&to, cell->fore, false);
		now.fore = cell->fore;
	}
	if (needs_back(cell)) {
		add_colour(&to, cell->back, true);
		now.back = cell->back;
	}
	if (!to.size)
		return;
	out_text("\033[");
	out_bytes(to.text, to.size);
	out_text("m");
}

#include "tests/emulator.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <vterm.h>

#include "view/palette.h"

enum { WHY = 512, TEXT = 64 };

struct emulator {
	VTerm *term;
	VTermScreen *screen;
	int fd;
	char path[64];
	char part[4]; /* of a character */
	size_t part_size;
};

static void set_size(const struct emulator *emulator, unsigned width, unsigned height)
{
	const struct winsize size = { .ws_row = (unsigned short)height,
		.ws_col = (unsigned short)width };

	ioctl(emulator->fd, TIOCSWINSZ, &size);
}

struct emulator *emulator_new(unsigned width, unsigned height)
{
	struct emulator *emulator = calloc(1, sizeof(*emulator));
	const char *path;

	if (!emulator)
		return NULL;
	emulator->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (emulator->fd < 0 || grantpt(emulator->fd) || unlockpt(emulator->fd) ||
		!(path = ptsname(emulator->fd))) {
		emulator_free(emulator);
		return NULL;
	}
	snprintf(emulator->path, sizeof(emulator->path), "%s", path);
	emulator->term = vterm_new((int)height, (int)width);
	vterm_set_utf8(emulator->term, 1);
	emulator->screen = vterm_obtain_screen(emulator->term);
	vterm_screen_enable_altscreen(emulator->screen, 1);
	vterm_screen_reset(emulator->screen, 1);
	set_size(emulator, width, height);
	return emulator;
}

void emulator_free(struct emulator *emulator)
{
	if (!emulator)
		return;
	if (emulator->term)
		vterm_free(emulator->term);
	if (emulator->fd >= 0)
		close(emulator->fd);
	free(emulator);
}

const char *emulator_path(const struct emulator *emulator)
{
	return emulator->path;
}

int emulator_fd(const struct emulator *emulator)
{
	return emulator->fd;
}

void emulator_resize(struct emulator *emulator, unsigned width, unsigned height)
{
	vterm_set_size(emulator->term, (int)height, (int)width);
	set_size(emulator, width, height);
}

/* Bytes at the end that are not all of a character. */
static size_t unfinished(const char *bytes, size_t size)
{
	for (size_t i = 1; i <= 3 && i <= size; i++) {
		const unsigned char c = (unsigned char)bytes[size - i];

		if (c >= 0xc0)
			return i < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) ? i : 0;
		if (c < 0x80)
			return 0;
	}
	return 0;
}

/* Characters go in whole: libvterm has a decoder for what begins a text and another for what goes
 * on with one, which know nothing of each other. */
void emulator_take(struct emulator *emulator, const char *bytes, size_t size)
{
	for (; size && emulator->part_size; bytes++, size--) {
		emulator->part[emulator->part_size++] = *bytes;
		if (unfinished(emulator->part, emulator->part_size))
			continue;
		vterm_input_write(emulator->term, emulator->part, emulator->part_size);
		emulator->part_size = 0;
	}
	if (!size)
		return;
	emulator->part_size = unfinished(bytes, size);
	size -= emulator->part_size;
	memcpy(emulator->part, bytes + size, emulator->part_size);
	vterm_input_write(emulator->term, bytes, size);
}

static VTermScreenCell cell_at(struct emulator *emulator, unsigned x, unsigned y)
{
	VTermScreenCell cell = { .width = 0 };

	vterm_screen_get_cell(emulator->screen, (VTermPos){ .row = (int)y, .col = (int)x }, &cell);
	return cell;
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}

	const size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = size; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((0xf00u >> size & 0xff) | c);
	return size;
}

static void text_of(const VTermScreenCell *cell, char out[TEXT])
{
	size_t size = 0;

	for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i]; i++)
		size += put_utf8(out + size, cell->chars[i]);
	if (!size)
		out[size++] = ' ';
	out[size] = '\0';
}

static bool same_text(const VTermScreenCell *cell, const struct frame_cell *wanted, char *why)
{
	char text[TEXT];
	size_t size;

	text_of(cell, text);
	size = strlen(text);
	/* It keeps no more marks of one character. */
	if ((size == wanted->size ||
		    (size < wanted->size && cell->chars[VTERM_MAX_CHARS_PER_CELL - 1])) &&
		!memcmp(text, wanted->glyph, size) && cell->width == wanted->width)
		return true;
	snprintf(why, WHY, "'%s' of %d columns, not '%.*s' of %u", text, cell->width, wanted->size,
		wanted->glyph, wanted->width);
	return false;
}

static bool same_colour(VTermColor colour, const struct shade *shade, enum screen_colours colours)
{
	const bool own = VTERM_COLOR_IS_DEFAULT_FG(&colour) || VTERM_COLOR_IS_DEFAULT_BG(&colour);

	if (colours == COLOURS_NONE || !shade->own)
		return own;
	if (own)
		return false;
	if (colours == COLOURS_TRUE)
		return VTERM_COLOR_IS_RGB(&colour) && colour.rgb.red == shade->red &&
		       colour.rgb.green == shade->green && colour.rgb.blue == shade->blue;
	if (!VTERM_COLOR_IS_INDEXED(&colour))
		return false;
	if (colours == COLOURS_256)
		return colour.indexed.idx == shade->index;
	return colour.indexed.idx == (colours == COLOURS_16 ? shade->ansi : (shade->ansi & 7));
}

static bool same_look(const VTermScreenCell *cell, const struct frame_cell *wanted,
	unsigned palette, enum screen_colours colours, char *why)
{
	const struct shade fore = palette_shade(palette, wanted->fore);
	const struct shade back = palette_shade(palette, wanted->back);
	const unsigned attributes = (cell->attrs.bold ? FRAME_BOLD : 0u) |
				    (cell->attrs.underline ? FRAME_UNDERLINE : 0u) |
				    (cell->attrs.reverse ? FRAME_REVERSE : 0u);
	/* What is not seen of a blank need not be right. */
	const bool blank = wanted->size == 1 && wanted->glyph[0] == ' ' &&
			   !(wanted->attributes & (FRAME_UNDERLINE | FRAME_REVERSE));

	if (attributes != wanted->attributes)
		snprintf(why, WHY, "attributes %u, not %u", attributes, wanted->attributes);
	else if (!blank && !same_colour(cell->fg, &fore, colours))
		snprintf(why, WHY, "the colour of '%.*s' is not tone %u", wanted->size,
			wanted->glyph, wanted->fore);
	else if (!same_colour(cell->bg, &back, colours))
		snprintf(why, WHY, "the ground of '%.*s' is not tone %u", wanted->size,
			wanted->glyph, wanted->back);
	else
		return true;
	return false;
}

bool emulator_shows(struct emulator *emulator, const struct frame *frame, unsigned palette,
	enum screen_colours colours, char *why)
{
	char what[WHY / 2] = "";
	int rows, columns;

	vterm_get_size(emulator->term, &rows, &columns);
	if ((unsigned)rows != frame->height || (unsigned)columns != frame->width) {
		snprintf(why, WHY, "%dx%d, not %ux%u", columns, rows, frame->width, frame->height);
		return false;
	}
	for (unsigned y = 0; y < frame->height; y++)
		for (unsigned x = 0; x < frame->width; x++) {
			const struct frame_cell *wanted = frame_at(frame, x, y);
			const VTermScreenCell cell = cell_at(emulator, x, y);

			/* The right half of a wide one. */
			if (!wanted->size ||
				(same_text(&cell, wanted, what) &&
					same_look(&cell, wanted, palette, colours, what)))
				continue;
			snprintf(why, WHY, "column %u of line %u: %.255s", x, y, what);
			return false;
		}
	return true;
}

void emulator_print(struct emulator *emulator)
{
	int rows, columns;

	vterm_get_size(emulator->term, &rows, &columns);
	for (int y = 0; y < rows; y++) {
		for (int x = 0; x < columns; x++) {
			const VTermScreenCell cell = cell_at(emulator, (unsigned)x, (unsigned)y);
			char text[TEXT];

			text_of(&cell, text);
			if (cell.chars[0] != (uint32_t)-1)
				fputs(text, stderr);
		}
		fputc('\n', stderr);
	}
}

#include "view/dump.h"

#include <errno.h>
#include <string.h>

#include "core/say.h"
#include "core/table.h"
#include "view/palette.h"
#include "view/table.h"

static unsigned last_of(const struct frame *frame, unsigned y)
{
	unsigned end = frame->width;

	while (end && frame_at(frame, end - 1, y)->size == 1 &&
		frame_at(frame, end - 1, y)->glyph[0] == ' ')
		end--;
	return end;
}

static void put_line(const struct frame *frame, unsigned y, unsigned end, FILE *file)
{
	for (unsigned x = 0; x < end; x++) {
		const struct frame_cell *cell = frame_at(frame, x, y);

		fwrite(cell->glyph, 1, cell->size, file);
	}
}

void dump_text(const struct frame *frame, FILE *file)
{
	for (unsigned y = 0; y < frame->height; y++) {
		put_line(frame, y, last_of(frame, y), file);
		fputc('\n', file);
	}
}

static char tone_letter(const struct frame_cell *cell, bool back)
{
	static const char letters[] = ".tfsarRbLHulnB=^~v";
	const unsigned tone = back ? cell->back : cell->fore;

	return tone < TONE_COUNT ? letters[tone] : '?';
}

static void put_tones(const struct frame *frame, unsigned y, bool back, FILE *file)
{
	unsigned end = frame->width;

	while (end && tone_letter(frame_at(frame, end - 1, y), back) == '.')
		end--;
	if (!end)
		return;
	fputs(back ? "  back " : "  fore ", file);
	for (unsigned x = 0; x < end; x++)
		fputc(tone_letter(frame_at(frame, x, y), back), file);
	fputc('\n', file);
}

void dump_golden(const struct frame *frame, FILE *file)
{
	for (unsigned y = 0; y < frame->height; y++) {
		fputs("      |", file);
		put_line(frame, y, frame->width, file);
		fputs("|\n", file);
		put_tones(frame, y, false, file);
		put_tones(frame, y, true, file);
	}
}

static void put_escaped(const struct frame_cell *cell, FILE *file)
{
	for (unsigned i = 0; i < cell->size; i++) {
		switch (cell->glyph[i]) {
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '&':
			fputs("&amp;", file);
			break;
		default:
			fputc(cell->glyph[i], file);
		}
	}
}

enum { CELL_WIDTH = 9, CELL_HEIGHT = 19, BASE_LINE = 14 };

static struct shade tone_shade(unsigned palette, unsigned tone, bool back)
{
	const struct shade shade = palette_shade(palette, tone);

	return shade.own ? shade : palette_ground(palette, back);
}

static unsigned rgb(struct shade shade)
{
	return (unsigned)shade.red << 16 | (unsigned)shade.green << 8 | shade.blue;
}

static void colours(const struct frame_cell *cell, unsigned palette, unsigned out[2])
{
	const bool turned = cell->attributes & FRAME_REVERSE;

	out[turned] = rgb(tone_shade(palette, cell->fore, false));
	out[!turned] = rgb(tone_shade(palette, cell->back, true));
}

/* Blocks are drawn, not written: fonts disagree about them. 0: not a lower block. */
static unsigned lower_block(const struct frame_cell *cell)
{
	const unsigned char *at = (const unsigned char *)cell->glyph;

	if (cell->size != 3 || at[0] != 0xe2 || at[1] != 0x96)
		return 0;
	return at[2] >= 0x81 && at[2] <= 0x88 ? at[2] - 0x80u : 0;
}

static void svg_cell(
	const struct frame_cell *cell, unsigned palette, unsigned x, unsigned y, FILE *file)
{
	const unsigned block = lower_block(cell);
	unsigned pair[2], height = CELL_HEIGHT * block / 8;

	colours(cell, palette, pair);
	if (block) {
		fprintf(file, "<path fill=\"#%06x\" d=\"M%u %uh%uv%uh-%uz\"/>\n", pair[0],
			x * CELL_WIDTH, (y + 1) * CELL_HEIGHT - height, CELL_WIDTH, height,
			CELL_WIDTH);
	} else if (cell->size > 1 || (cell->size == 1 && cell->glyph[0] != ' ')) {
		fprintf(file, "<text x=\"%u\" y=\"%u\" fill=\"#%06x\"%s>", x * CELL_WIDTH,
			y * CELL_HEIGHT + BASE_LINE, pair[0],
			cell->attributes & FRAME_BOLD ? " font-weight=\"bold\"" : "");
		put_escaped(cell, file);
		fputs("</text>\n", file);
	}
	if (cell->attributes & FRAME_UNDERLINE)
		fprintf(file, "<path fill=\"#%06x\" d=\"M%u %uh%uv1h-%uz\"/>\n", pair[0],
			x * CELL_WIDTH, (y + 1) * CELL_HEIGHT - 1, CELL_WIDTH, CELL_WIDTH);
}

/* Neighbours of one background are one rectangle. */
static void svg_backs(const struct frame *frame, unsigned palette, unsigned y, FILE *file)
{
	for (unsigned x = 0, end; x < frame->width; x = end) {
		unsigned pair[2], next[2];

		colours(frame_at(frame, x, y), palette, pair);
		for (end = x + 1; end < frame->width; end++) {
			colours(frame_at(frame, end, y), palette, next);
			if (next[1] != pair[1])
				break;
		}
		if (pair[1] != rgb(palette_ground(palette, true)))
			fprintf(file, "<path fill=\"#%06x\" d=\"M%u %uh%uv%uh-%uz\"/>\n", pair[1],
				x * CELL_WIDTH, y * CELL_HEIGHT, (end - x) * CELL_WIDTH,
				CELL_HEIGHT, (end - x) * CELL_WIDTH);
	}
}

/* Words of one look are one text, so that the picture is small and can be searched. */
static unsigned svg_word(
	const struct frame *frame, unsigned palette, unsigned x, unsigned y, FILE *file)
{
	const struct frame_cell *first = frame_at(frame, x, y);
	unsigned pair[2], end = x;

	colours(first, palette, pair);
	while (end < frame->width) {
		const struct frame_cell *cell = frame_at(frame, end, y);
		unsigned next[2];

		colours(cell, palette, next);
		if (cell->size != 1 || cell->glyph[0] == ' ' || next[0] != pair[0] ||
			cell->attributes != first->attributes || cell->attributes & FRAME_UNDERLINE)
			break;
		end++;
	}
	if (end <= x + 1)
		return x;
	fprintf(file, "<text x=\"%u\" y=\"%u\" fill=\"#%06x\" textLength=\"%u\"%s>", x * CELL_WIDTH,
		y * CELL_HEIGHT + BASE_LINE, pair[0], (end - x) * CELL_WIDTH,
		first->attributes & FRAME_BOLD ? " font-weight=\"bold\"" : "");
	for (; x < end; x++)
		put_escaped(frame_at(frame, x, y), file);
	fputs("</text>\n", file);
	return end;
}

void dump_svg(const struct frame *frame, unsigned palette, FILE *file)
{
	const unsigned width = frame->width * CELL_WIDTH, height = frame->height * CELL_HEIGHT;

	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" width=\"%u\" "
		"height=\"%u\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" "
		"font-size=\"15\">\n<rect width=\"%u\" height=\"%u\" fill=\"#%06x\"/>\n",
		width, height, width, height, width, height, rgb(palette_ground(palette, true)));
	for (unsigned y = 0; y < frame->height; y++) {
		svg_backs(frame, palette, y, file);
		for (unsigned x = 0; x < frame->width; x++) {
			const unsigned end = svg_word(frame, palette, x, y, file);

			if (end > x)
				x = end - 1;
			else
				svg_cell(frame_at(frame, x, y), palette, x, y, file);
		}
	}
	fputs("</svg>\n", file);
}

static void put_csv(const char *text, FILE *file)
{
	/* A spreadsheet takes these for formulas. */
	const bool formula = *text && strchr("=+-@\t\r", *text);

	fputc('"', file);
	if (formula)
		fputc('\'', file);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', file);
		fputc(*text, file);
	}
	fputc('"', file);
}

static void dump_csv(const struct tui *tui, FILE *file)
{
	const struct column *columns = table_columns(tui->screen);
	char text[NAME_SIZE];
	uint64_t ppm;

	for (unsigned i = 0; columns[i].title; i++)
		fprintf(file, "%s%s", i ? "," : "", columns[i].title);
	fputc('\n', file);
	for (size_t line = 0; line < table_count(tui); line++) {
		for (unsigned i = 0; columns[i].title; i++) {
			if (i)
				fputc(',', file);
			put_csv(table_text(text, tui, line, i, &ppm), file);
		}
		fputc('\n', file);
	}
}

void dump_save(struct tui *tui, const struct frame *frame)
{
	const enum tui_prompt_kind kind = tui->save_kind;
	/* x: what is there is not ours to overwrite. */
	FILE *file = kind ? fopen(tui->save_path, "wx") : NULL;
	bool failed;

	if (!kind)
		return;
	tui->save_kind = PROMPT_NONE;
	if (!file) {
		say(tui, "%s: %s", tui->save_path, strerror(errno));
		return;
	}
	if (kind == PROMPT_TEXT)
		dump_text(frame, file);
	else
		dump_csv(tui, file);
	failed = ferror(file);
	failed |= fclose(file) != 0;
	say(tui, "%s: %s", tui->save_path, failed ? strerror(errno) : "written");
}

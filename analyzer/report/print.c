#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "report/escape.h"
#include "report/table.h"

enum {
	GAP = 2,
	BAR_WIDTH = 10,
	SHARE_WIDTH = BAR_WIDTH + 8,
	TEXT_READABLE = 26, /* columns are left out before a text gets narrower than this */
	TEXT_LEAST = 8
};

/* How the columns are set: 0 is left out. */
struct layout {
	unsigned *natural; /* what each needs to show all it holds */
	unsigned *widths;  /* what it gets */
	size_t count;
};

void dwell_style_tone(const struct dwell_style *style, enum dwell_tone tone)
{
	static const char *const sequences[DWELL_TONE_COUNT] = {
		[DWELL_TONE_PLAIN] = "\033[0m",
		[DWELL_TONE_TITLE] = "\033[1m",
		[DWELL_TONE_FAINT] = "\033[2m",
		[DWELL_TONE_RUNNING] = "\033[32m",
		[DWELL_TONE_RUNNABLE] = "\033[33m",
		[DWELL_TONE_BLOCKED] = "\033[31m",
		[DWELL_TONE_UNKNOWN] = "\033[35m",
		[DWELL_TONE_BAD] = "\033[1;31m",
	};

	if (style->color)
		fputs(sequences[tone], style->file);
}

static const struct cell *cell_at(const struct dwell_table *table, size_t row, size_t column)
{
	return &table->cells[row * table->column_count + column];
}

/* A number as it is printed; of a duration, the unit is two wide so that digits stand in line. */
static const char *format_number(
	char out[DWELL_NUMBER_SIZE], const struct cell *cell, unsigned kind, bool ascii)
{
	switch (kind) {
	case DWELL_CELL_DURATION:
		dwell_format_duration(out, cell->number, ascii);
		break;
	case DWELL_CELL_BYTES:
		dwell_format_bytes(out, cell->number);
		break;
	case DWELL_CELL_SHARE:
	case DWELL_CELL_PERCENT:
		return dwell_format_share(out, cell->number);
	case DWELL_CELL_VALUE:
		snprintf(out, DWELL_NUMBER_SIZE, "%" PRId64, (int64_t)cell->number);
		return out;
	default:
		return dwell_format_count(out, cell->number);
	}

	const size_t length = strlen(out);

	if (out[length - 2] == ' ')
		memcpy(out + length, " ", 2);
	return out;
}

static unsigned cell_width(
	const struct dwell_table *table, const struct cell *cell, unsigned kind, bool ascii)
{
	char out[DWELL_NUMBER_SIZE];

	if (cell->absent)
		return 1;
	if (kind == DWELL_CELL_TEXT)
		return escaped_width(table->text + cell->number, cell->size, ascii);
	if (kind == DWELL_CELL_SHARE)
		return SHARE_WIDTH;
	format_number(out, cell, kind, ascii);
	return escaped_width(out, strlen(out), ascii);
}

static unsigned natural_width(
	const struct dwell_table *table, size_t column, const struct dwell_style *style)
{
	const struct dwell_column_spec *spec = &table->columns[column];
	unsigned widest = (unsigned)strlen(spec->title);
	bool empty = true;

	if (spec->flags & DWELL_COLUMN_CSV_ONLY)
		return 0;
	if (!widest)
		widest = 1;
	for (size_t row = 0; row < dwell_table_rows(table); row++) {
		const struct cell *cell = cell_at(table, row, column);
		const unsigned width = cell_width(table, cell, spec->cell, style->ascii);

		widest = width > widest ? width : widest;
		empty &= cell->absent;
	}
	/* A column that holds nothing says nothing. */
	return empty ? 0 : widest;
}

static unsigned total_width(const struct layout *layout)
{
	unsigned total = 0;

	for (size_t i = 0; i < layout->count; i++)
		if (layout->widths[i])
			total += layout->widths[i] + (total ? GAP : 0);
	return total;
}

/* Narrow the widest texts, widest first, down to `least`, until the table fits. */
static void narrow(const struct dwell_table *table, const struct layout *layout, unsigned limit,
	unsigned least)
{
	for (unsigned total = total_width(layout); total > limit; total--) {
		size_t widest = layout->count;

		for (size_t i = 0; i < layout->count; i++) {
			const struct dwell_column_spec *spec = &table->columns[i];
			const unsigned title = (unsigned)strlen(spec->title);

			if (spec->cell != DWELL_CELL_TEXT || spec->flags & DWELL_COLUMN_WHOLE ||
				layout->widths[i] <= (title > least ? title : least))
				continue;
			if (widest == layout->count || layout->widths[i] > layout->widths[widest])
				widest = i;
		}
		if (widest == layout->count)
			return;
		layout->widths[widest]--;
	}
}

/* Leave the last optional column out; false when there is none left. */
static bool leave_out(const struct dwell_table *table, const struct layout *layout)
{
	for (size_t i = layout->count; i--;) {
		if (layout->natural[i] && table->columns[i].flags & DWELL_COLUMN_OPTIONAL) {
			layout->natural[i] = 0;
			return true;
		}
	}
	return false;
}

static void fit(const struct dwell_table *table, const struct layout *layout, unsigned limit)
{
	do {
		memcpy(layout->widths, layout->natural, layout->count * sizeof(*layout->widths));
		if (!limit)
			return;
		narrow(table, layout, limit, TEXT_READABLE);
	} while (total_width(layout) > limit && leave_out(table, layout));
	narrow(table, layout, limit, TEXT_LEAST);
}

static void put_spaces(const struct dwell_style *style, unsigned count)
{
	while (count--)
		putc(' ', style->file);
}

/* A bar in eighths of a column; ASCII in whole ones. What is not nothing shows. */
static void put_bar(const struct dwell_style *style, uint64_t ppm)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	const unsigned steps = style->ascii ? 1 : 8;
	const uint64_t capped = ppm > 1000000 ? 1000000 : ppm;
	unsigned filled = (unsigned)((capped * BAR_WIDTH * steps + 500000) / 1000000);

	if (!filled && ppm)
		filled = 1;
	for (unsigned i = 0; i < filled / steps; i++)
		fputs(style->ascii ? "#" : "█", style->file);
	fputs(eighths[filled % steps], style->file);
	put_spaces(style, BAR_WIDTH - (filled + steps - 1) / steps);
}

static void put_number(const struct dwell_style *style, const struct cell *cell, unsigned kind,
	unsigned width, bool pad)
{
	char out[DWELL_NUMBER_SIZE];
	unsigned used;

	format_number(out, cell, kind, style->ascii);
	used = escaped_width(out, strlen(out), false);
	if (kind == DWELL_CELL_SHARE) {
		put_bar(style, cell->number);
		used += BAR_WIDTH;
	}
	put_spaces(style, width > used ? width - used : 0);
	if (!pad && out[strlen(out) - 1] == ' ')
		out[strlen(out) - 1] = '\0';
	fputs(out, style->file);
}

/* pad: fill up to the width; not at the end of a line. */
static void put_cell(const struct dwell_table *table, const struct cell *cell,
	const struct dwell_column_spec *spec, const struct dwell_style *style, unsigned width,
	bool pad)
{
	const bool text = spec->cell == DWELL_CELL_TEXT;

	if (cell->absent) {
		put_spaces(style, text ? 0 : width - 1);
		fputs(style->ascii ? "-" : "–", style->file);
		put_spaces(style, text && pad ? width - 1 : 0);
		return;
	}
	if (!text) {
		put_number(style, cell, spec->cell, width, pad);
		return;
	}

	const char *at = table->text + cell->number;
	const unsigned used = escaped_width(at, cell->size, style->ascii);

	print_cut(style, at, cell->size, width);
	put_spaces(style, pad && used < width ? width - used : 0);
}

static void put_title(const struct dwell_column_spec *spec, const struct dwell_style *style,
	unsigned width, bool pad)
{
	const unsigned used = (unsigned)strlen(spec->title);
	const unsigned rest = width > used ? width - used : 0;

	if (spec->cell == DWELL_CELL_TEXT) {
		fputs(spec->title, style->file);
		put_spaces(style, pad ? rest : 0);
	} else {
		put_spaces(style, rest);
		fputs(spec->title, style->file);
	}
}

/* Of a line of titles: the last that has one. */
static size_t last_column(const struct dwell_table *table, const struct layout *layout, bool titles)
{
	size_t last = 0;

	for (size_t i = 0; i < layout->count; i++)
		if (layout->widths[i] && (!titles || *table->columns[i].title))
			last = i;
	return last;
}

static void print_line(const struct dwell_table *table, const struct layout *layout,
	const struct dwell_style *style, size_t line)
{
	const size_t last = last_column(table, layout, !line);
	unsigned before = 0;

	for (size_t i = 0; i <= last; i++) {
		const struct dwell_column_spec *spec = &table->columns[i];

		if (!layout->widths[i])
			continue;
		put_spaces(style, before);
		before = GAP;

		const enum dwell_tone tone = line ? spec->tone : DWELL_TONE_TITLE;

		if (tone)
			dwell_style_tone(style, tone);
		if (line)
			put_cell(table, cell_at(table, line - 1, i), spec, style, layout->widths[i],
				i < last);
		else
			put_title(spec, style, layout->widths[i], i < last);
		if (tone)
			dwell_style_tone(style, DWELL_TONE_PLAIN);
	}
	putc('\n', style->file);
}

int dwell_table_print(const struct dwell_table *table, const struct dwell_style *style)
{
	const size_t count = table->column_count;
	unsigned *widths = table->err ? NULL : calloc(count * 2 + 1, sizeof(*widths));
	const struct layout layout = { widths, widths ? widths + count : NULL, count };

	if (!widths)
		return table->err ? table->err : DWELL_ENOMEM;
	for (size_t i = 0; i < count; i++)
		layout.natural[i] = natural_width(table, i, style);
	fit(table, &layout, style->width);
	for (size_t line = 0; line <= dwell_table_rows(table); line++)
		print_line(table, &layout, style, line);
	free(widths);
	return 0;
}

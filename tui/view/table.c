/* Tables of the time in view. */
#include "view/table.h"

#include <stdio.h>
#include <string.h>

#include "core/port.h"
#include "core/table.h"
#include "core/work.h"
#include "view/view.h"

enum { MOST_COLUMNS = 16, TOP = 3, CHART = 9 };

static const char *const about[SCREEN_COUNT] = {
	[SCREEN_TASKS] = "tasks",
	[SCREEN_BLOCKED] = "where time was lost, what matters first",
	[SCREEN_LATENCY] = "the longest times from runnable to running, and who ran instead",
	[SCREEN_LOCKS] = "locks that were waited for",
	[SCREEN_SPANS] = "spans, by the time in them",
	[SCREEN_FINDINGS] = "what every rule found, by the time it cost",
};

static void draw_heading(struct frame *frame, const struct tui *tui)
{
	char from[NAME_SIZE], to[NAME_SIZE], count[DWELL_NUMBER_SIZE];
	uint64_t from_ns, to_ns;

	table_range(tui, &from_ns, &to_ns);
	frame_print(frame, 1, 1, frame->width - 2, (struct pen){ .fore = TONE_ACCENT },
		"%s, %s, from %s to %s%s", about[tui->screen],
		dwell_format_count(count, table_count(tui)),
		name_time(from, from_ns, tui->place.cell_ns),
		name_time(to, to_ns, tui->place.cell_ns), tui->has_selection ? " (selected)" : "");
}

/* Widths of the columns that have room; the one without a width takes the rest. */
static void fit(const struct frame *frame, const struct column *columns, unsigned widths[])
{
	unsigned used = 1, rest = MOST_COLUMNS;

	for (unsigned i = 0; columns[i].title; i++) {
		widths[i] = columns[i].optional * 10u > frame->width ? 0 : columns[i].width;
		if (!columns[i].width)
			rest = i;
		used += widths[i] ? widths[i] + 2 : 0;
	}
	if (rest < MOST_COLUMNS)
		widths[rest] = frame->width > used + 12 ? frame->width - used - 2 : 10;
}

static void draw_bar(
	struct frame *frame, unsigned x, unsigned y, unsigned width, uint64_t ppm, struct pen pen)
{
	const uint64_t eighths = (ppm * width * 8 + 500000) / 1000000;

	static const char *const parts[] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };

	for (unsigned i = 0; i < width; i++) {
		const uint64_t left = eighths > i * 8u ? eighths - i * 8u : 0;
		const char *glyph = left >= 8 ? "█" : parts[left];

		if (frame->ascii)
			glyph = left >= 4 ? "#" : left ? "-" : " ";
		frame_put(frame, x + i, y, glyph, pen);
	}
}

static void draw_cell(struct frame *frame, const struct tui *tui, const struct column *column,
	unsigned index, size_t line, unsigned x, unsigned y, unsigned width, bool selected)
{
	struct pen pen = {
		.fore = selected ? TONE_STRONG : column->tone,
		.back = selected ? TONE_SELECTED : TONE_PLAIN,
		.attributes = selected && frame->mono ? FRAME_REVERSE : 0,
	};
	char text[NAME_SIZE];
	uint64_t ppm;

	table_text(text, tui, line, index, &ppm);
	if (column->bar) {
		if (*text)
			draw_bar(frame, x, y, width, ppm, pen);
		return;
	}
	/* A number is not cut: its columns are a few. "µ" is two bytes. */
	if (column->right && strlen(text) <= width + 1) {
		const unsigned size = (unsigned)strlen(text) - (strstr(text, "µ") ? 1u : 0u);

		frame_text(frame, x + (width > size ? width - size : 0), y, width, text, pen);
	} else {
		frame_text(frame, x, y, width, text, pen);
	}
}

static void draw_titles(struct frame *frame, const struct column *columns, const unsigned widths[])
{
	const struct pen pen = { .fore = TONE_FAINT, .attributes = FRAME_UNDERLINE };
	unsigned x = 1;

	for (unsigned i = 0; columns[i].title; i++) {
		const unsigned size = (unsigned)strlen(columns[i].title);

		if (!widths[i])
			continue;
		frame_text(frame, columns[i].right && widths[i] > size ? x + widths[i] - size : x,
			2, widths[i], columns[i].title, pen);
		x += widths[i] + 2;
	}
}

static void draw_lines(struct frame *frame, const struct tui *tui, const struct column *columns,
	const unsigned widths[])
{
	for (unsigned i = 0; i < tui->table_rows; i++) {
		const size_t line = tui->line_top[tui->screen] + i;
		const bool selected = line == tui->line[tui->screen];
		unsigned x = 1;

		if (line >= table_count(tui))
			return;
		if (selected)
			frame_fill(frame, 0, TOP + i, frame->width,
				(struct pen){ .back = TONE_SELECTED,
					.attributes = frame->mono ? FRAME_REVERSE : 0 });
		for (unsigned k = 0; columns[k].title; k++) {
			if (!widths[k])
				continue;
			draw_cell(
				frame, tui, &columns[k], k, line, x, TOP + i, widths[k], selected);
			x += widths[k] + 2;
		}
	}
}

/* The histogram of latencies, standing: a column for each bar. */
static void draw_histogram(struct frame *frame, const struct tui *tui, unsigned top)
{
	const struct dwell_answer *answer = table_answer(tui);
	const struct dwell_distribution *all = &answer->latency->overall;
	char p50[DWELL_NUMBER_SIZE], p99[DWELL_NUMBER_SIZE], max[DWELL_NUMBER_SIZE],
		count[DWELL_NUMBER_SIZE], least[DWELL_NUMBER_SIZE];
	uint64_t most = 1;
	const unsigned height = CHART - 3;

	frame_print(frame, 1, top, frame->width - 2, (struct pen){ .fore = TONE_FAINT },
		"%s latencies: p50 %s, p99 %s, longest %s", dwell_format_count(count, all->count),
		dwell_format_duration(p50, all->p50_ns, tui->ascii),
		dwell_format_duration(p99, all->p99_ns, tui->ascii),
		dwell_format_duration(max, all->max_ns, tui->ascii));
	for (size_t i = 0; i < all->bar_count; i++)
		most = all->bars[i].count > most ? all->bars[i].count : most;
	for (size_t i = 0; i < all->bar_count && 1 + i < frame->width; i++) {
		const uint64_t eighths = (all->bars[i].count * height * 8 + most - 1) / most;

		for (unsigned k = 0; k < height; k++) {
			const uint64_t left = eighths > k * 8u ? eighths - k * 8u : 0;

			frame_put(frame, 1 + (unsigned)i, top + height - k,
				view_bar(frame, left > 8 ? 8 : (unsigned)left),
				(struct pen){ .fore = TONE_RUNNABLE });
		}
	}
	if (all->bar_count)
		frame_print(frame, 1, top + CHART - 2, frame->width - 2,
			(struct pen){ .fore = TONE_FAINT }, "%s .. %s, four bars to a doubling",
			dwell_format_duration(least, all->bars[0].le_ns, tui->ascii), max);
}

void view_table(struct frame *frame, struct tui *tui)
{
	const struct column *columns = table_columns(tui->screen);
	const bool chart = tui->screen == SCREEN_LATENCY && frame->height >= 30;
	unsigned widths[MOST_COLUMNS] = { 0 };

	tui->table_rows = frame->height - TOP - 1 - (chart ? CHART : 0);
	table_move(tui, 0);
	if (!table_answer(tui)) {
		frame_text(frame, 1, 1, frame->width - 2,
			work_goes_on(&tui->answer) ? "working it out ..." : "there is no answer",
			(struct pen){ .fore = TONE_FAINT });
		return;
	}
	draw_heading(frame, tui);
	fit(frame, columns, widths);
	draw_titles(frame, columns, widths);
	draw_lines(frame, tui, columns, widths);
	if (!table_count(tui))
		frame_text(frame, 1, TOP, frame->width - 2, "nothing in this time",
			(struct pen){ .fore = TONE_FAINT });
	if (chart)
		draw_histogram(frame, tui, frame->height - 1 - CHART);
}

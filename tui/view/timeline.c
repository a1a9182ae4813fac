/* Overview, ruler, rows. */
#include <stdio.h>
#include <string.h>

#include "core/against.h"
#include "core/cells.h"
#include "core/names.h"
#include "core/port.h"
#include "core/rows.h"
#include "core/work.h"
#include "view/view.h"

enum { OVERVIEW_LINE = 1, RULER_LINE = 2 };

static void draw_overview_cell(
	struct frame *frame, const struct tui *tui, unsigned column, bool seen)
{
	const unsigned x = tui->layout.label + column;
	struct tui_shade shade = shade_of(&tui->overview[column], tui->bound_ns, 0);
	const unsigned busy = shade.eighths[DWELL_RUNNING] + shade.eighths[DWELL_RUNNABLE];
	struct pen pen = { .fore = TONE_RUNNING, .back = seen ? TONE_VIEW : TONE_PLAIN };

	if (!shade.present)
		return;
	/* Of many tasks most are blocked at any time: how much is going on, and is any starved. */
	if (shade.eighths[DWELL_RUNNABLE] > shade.eighths[DWELL_RUNNING])
		pen.fore = TONE_RUNNABLE;
	if (!busy)
		pen.fore = shade.eighths[DWELL_UNKNOWN] > 4 ? TONE_UNKNOWN : TONE_BLOCKED;
	frame_put(frame, x, OVERVIEW_LINE, view_bar(frame, busy ? (busy > 8 ? 8 : busy) : 1), pen);
}

static void draw_overview(struct frame *frame, const struct tui *tui)
{
	const uint64_t to_ns = port_to(tui);
	const struct pen faint = { .fore = TONE_FAINT };

	frame_text(frame, 1, OVERVIEW_LINE, tui->layout.label - 2,
		tui->other_tasks && !tui->others ? "recorded tasks" : "all tasks", faint);
	for (unsigned i = 0; i < tui->overview_columns; i++) {
		const uint64_t start = tui->overview_from + i * tui->overview_cell;
		const bool seen = start < to_ns && start + tui->overview_cell > tui->place.from_ns;
		const unsigned x = tui->layout.label + i;

		if (seen)
			frame_put(frame, x, OVERVIEW_LINE, " ", (struct pen){ .back = TONE_VIEW });
		if (tui->overview_known)
			draw_overview_cell(frame, tui, i, seen);
		else if (!seen)
			frame_put(frame, x, OVERVIEW_LINE, ".", faint);
		if (seen && frame->mono)
			frame_at(frame, x, OVERVIEW_LINE)->attributes |= FRAME_UNDERLINE;
	}
}

/* The smallest of 1, 2, 5 times a power of ten that is not less. */
static uint64_t round_step(uint64_t least)
{
	for (uint64_t ten = 1; ten < UINT64_MAX / 100; ten *= 10) {
		if (ten >= least)
			return ten;
		if (ten * 2 >= least)
			return ten * 2;
		if (ten * 5 >= least)
			return ten * 5;
	}
	return least;
}

/* In the unit that suits the step: "250 ms" where the trace is short, "12.250 s" further in. */
static void tick_text(char out[NAME_SIZE], uint64_t at_ns, uint64_t step_ns, uint64_t end_ns)
{
	if (end_ns < 10000000)
		snprintf(out, NAME_SIZE, "%llu.%03llu ms", (unsigned long long)(at_ns / 1000000),
			(unsigned long long)(at_ns / 1000 % 1000));
	else if (end_ns < 10000000000 && step_ns >= 1000000)
		snprintf(out, NAME_SIZE, "%llu ms", (unsigned long long)(at_ns / 1000000));
	else
		name_time(out, at_ns, step_ns);
}

static void draw_ticks(struct frame *frame, const struct tui *tui, struct pen pen)
{
	const uint64_t step = round_step(tui->place.cell_ns * 14);
	const uint64_t to_ns = port_to(tui);
	uint64_t at = (tui->place.from_ns + step - 1) / step * step;

	for (; at < to_ns && at <= tui->facts->end_ns; at += step) {
		const unsigned column = (unsigned)((at - tui->place.from_ns) / tui->place.cell_ns);
		const unsigned x = tui->layout.label + column;
		const uint64_t room = step / tui->place.cell_ns;
		char text[NAME_SIZE];

		tick_text(text, at, step, tui->facts->end_ns);
		frame_put(frame, x, RULER_LINE, frame->ascii ? "|" : "╵", pen);
		if (x + 1 + strlen(text) <= frame->width)
			frame_text(frame, x + 1, RULER_LINE, room > 2 ? (unsigned)room - 1 : 0,
				text, pen);
	}
}

static void mark_column(struct frame *frame, const struct tui *tui, uint64_t time_ns,
	const char *glyph, const char *ascii, uint8_t tone)
{
	const int column = port_column(tui, time_ns);

	if (column >= 0)
		frame_put(frame, tui->layout.label + (unsigned)column, RULER_LINE,
			frame->ascii ? ascii : glyph,
			(struct pen){ .fore = tone, .attributes = FRAME_BOLD });
}

static void draw_ruler(struct frame *frame, const struct tui *tui)
{
	static const char *const groups[] = { "process", "class", "task", "executor" };
	const struct pen faint = { .fore = TONE_FAINT };

	frame_print(frame, 1, RULER_LINE, tui->layout.label - 2, faint, "by %s%s",
		groups[tui->group], tui->filtered ? ", filtered" : "");
	draw_ticks(frame, tui, faint);
	for (unsigned i = 0; tui->has_selection && i < tui->layout.columns; i++) {
		const uint64_t at = tui->place.from_ns + i * tui->place.cell_ns;

		if (at < tui->select_to && at + tui->place.cell_ns > tui->select_from)
			frame_at(frame, tui->layout.label + i, RULER_LINE)->back = TONE_RANGE;
	}
	for (size_t i = 0; i < tui->note_count; i++)
		mark_column(frame, tui, tui->notes[i].time_ns, "◆", "*", TONE_NOTE);
	if (tui->has_mark)
		mark_column(frame, tui, tui->mark_ns, "⚑", "M", TONE_ACCENT);
	mark_column(frame, tui, tui->place.time_ns, "▼", "V", TONE_STRONG);
}

/* The number at the end of a name tells it from others alike: it is not what is cut off. */
static void draw_name(struct frame *frame, unsigned x, unsigned y, unsigned room, const char *name,
	struct pen pen)
{
	const char *tail = strrchr(name, ' ');
	const size_t digits = tail ? strspn(tail + 1, "([0123456789)]") : 0;

	if (!digits || tail[1 + digits] || digits + 11 > room || strlen(name) <= room) {
		frame_text(frame, x, y, room, name, pen);
		return;
	}
	room -= (unsigned)digits + 1;
	x += frame_bytes(frame, x, y, room, name, (size_t)(tail - name), pen);
	frame_text(frame, x, y, (unsigned)digits + 1, tail, pen);
}

static void draw_label(struct frame *frame, const struct tui *tui, const struct tui_row *row,
	unsigned y, bool selected)
{
	const bool group = row->kind == ROW_PROCESS || row->kind == ROW_CLASS;
	const uint8_t back = selected ? TONE_SELECTED : TONE_PLAIN;
	const struct pen pen = {
		.fore = selected || group ? TONE_STRONG : TONE_TEXT,
		.back = back,
		.attributes = (uint8_t)((group ? FRAME_BOLD : 0) |
					(selected && frame->mono ? FRAME_REVERSE : 0)),
	};
	const unsigned x = 2u + row->depth * 2u, end = tui->layout.label - 1;
	char name[NAME_SIZE], count[32] = "";
	unsigned room = end > x ? end - x : 1;

	frame_fill(frame, 0, y, tui->layout.label - 1,
		(struct pen){ .back = back, .attributes = pen.attributes & FRAME_REVERSE });
	if (selected)
		frame_put(frame, 0, y, frame->ascii ? ">" : "▌",
			(struct pen){ .fore = TONE_ACCENT, .back = back });
	if (row->pinned)
		frame_put(frame, 1, y, frame->ascii ? "^" : "⊤", pen);
	else if (group)
		frame_put(frame, 1, y,
			frame->ascii ? (row->folded ? "+" : "-") : (row->folded ? "▸" : "▾"), pen);
	if (group)
		snprintf(count, sizeof(count), " %zu", row->count);
	room -= room > strlen(count) + 8 ? (unsigned)strlen(count) : 0;
	draw_name(frame, x, y, room, name_row(name, tui, row), pen);
	frame_text(frame, end - (unsigned)strlen(count), y, (unsigned)strlen(count), count,
		(struct pen){ .fore = TONE_FAINT,
			.back = back,
			.attributes = pen.attributes & FRAME_REVERSE });
}

/* A row of the trace that is compared with: how much more or less the one above waits now. */
static void draw_base_label(
	struct frame *frame, const struct tui *tui, const struct tui_row *row, unsigned line)
{
	const unsigned y = tui->layout.rows_top + line;
	const bool selected = rows_index_on_line(tui, line) == tui->row;
	const uint8_t back = selected ? TONE_SELECTED : TONE_PLAIN;
	char name[NAME_SIZE], share[DWELL_NUMBER_SIZE], change[64] = "";
	const unsigned end = tui->layout.label - 1;
	int64_t ppm = 0;
	struct pen pen = { .fore = TONE_FAINT, .back = back };
	unsigned size;

	frame_fill(frame, 0, y, end, pen);
	if (against_change(tui, line, &ppm))
		snprintf(change, sizeof(change), "%c%s", ppm < 0 ? '-' : '+',
			dwell_format_share(share, (uint64_t)(ppm < 0 ? -ppm : ppm)));
	size = (unsigned)strlen(change);
	frame_text(frame, 2, y, end > size + 4 ? end - size - 3 : 1, name_row(name, tui, row), pen);
	/* Less than a hundredth is no change to speak of. */
	if (ppm > 10000)
		pen.fore = TONE_BAD;
	else if (ppm < -10000)
		pen.fore = TONE_RUNNING;
	frame_text(frame, end - size, y, size, change, pen);
}

static bool concerns(const struct dwell_lost *loss, const struct tui_row *row)
{
	if (loss->task && row->kind == ROW_TASK)
		return loss->task == row->id;
	if (loss->executor && row->kind == ROW_EXECUTOR)
		return loss->executor == row->id;
	return true;
}

/* Hatch the columns of a row in which events were lost. */
static void draw_losses(
	struct frame *frame, const struct tui *tui, const struct tui_row *row, unsigned y)
{
	const struct dwell_survey *survey =
		work_has(&tui->survey) ? dwell_job_survey(tui->survey.job) : NULL;
	const struct tui_place *place = &tui->place;

	for (size_t i = 0; survey && i < survey->loss_count; i++) {
		const struct dwell_lost *loss = &survey->losses[i];
		uint64_t from_ns = loss->start_ns, to_ns = loss->end_ns;

		if (from_ns >= port_to(tui) || to_ns < place->from_ns || !concerns(loss, row))
			continue;
		from_ns = from_ns < place->from_ns ? place->from_ns : from_ns;
		to_ns = to_ns > from_ns ? to_ns - 1 : from_ns;
		to_ns = to_ns >= port_to(tui) ? port_to(tui) - 1 : to_ns;
		for (unsigned k = (unsigned)((from_ns - place->from_ns) / place->cell_ns);
			k <= (to_ns - place->from_ns) / place->cell_ns; k++) {
			const unsigned x = tui->layout.label + k;

			frame_put(frame, x, y, frame->ascii ? "/" : "╱",
				(struct pen){
					.fore = TONE_LOSS, .back = frame_at(frame, x, y)->back });
		}
	}
}

static void draw_executor_cell(struct frame *frame, const struct tui *tui,
	const struct dwell_cell *cell, unsigned x, unsigned y)
{
	const uint64_t ran = cell->ns[DWELL_RUNNING];
	const uint64_t eighths = (ran * 16 / tui->place.cell_ns + 1) / 2;

	if (ran)
		frame_put(frame, x, y,
			view_bar(frame, eighths < 1   ? 1
					: eighths > 8 ? 8
						      : (unsigned)eighths),
			(struct pen){ .fore = TONE_RUNNING });
}

static void draw_cells(struct frame *frame, const struct tui *tui, const struct tui_row *row,
	const struct tui_strip *strip, unsigned y)
{
	if (row->kind == ROW_COUNTER) {
		view_counter(frame, tui, row, y);
		draw_losses(frame, tui, row, y);
		return;
	}
	for (unsigned i = 0; i < tui->layout.columns; i++) {
		const unsigned x = tui->layout.label + i;
		struct tui_shade shade;

		if (!strip->known) {
			frame_put(frame, x, y, frame->ascii ? "." : "┄",
				(struct pen){ .fore = TONE_FAINT });
			continue;
		}
		if (row->kind == ROW_EXECUTOR) {
			draw_executor_cell(frame, tui, &strip->cells[i], x, y);
			continue;
		}
		shade = shade_of(&strip->cells[i], tui->bound_ns, shade_whole(tui, row));
		/* Of many tasks one is always in a long wait. */
		shade.hot &= row->kind == ROW_TASK;
		if (shade.present)
			view_shade(frame, x, y, &shade);
	}
	if (row->kind != ROW_BASE)
		draw_losses(frame, tui, row, y);
}

/* The cursor: the cell itself, turned round. */
static void draw_cursor(struct frame *frame, const struct tui *tui, unsigned y)
{
	const int column = port_column(tui, tui->place.time_ns);
	struct frame_cell *cell;

	if (column < 0)
		return;
	cell = frame_at(frame, tui->layout.label + (unsigned)column, y);
	frame_put(frame, tui->layout.label + (unsigned)column, y, frame->ascii ? "X" : "┃",
		(struct pen){ .fore = TONE_STRONG,
			.back = cell->back,
			.attributes = FRAME_BOLD | (frame->mono ? FRAME_REVERSE : 0) });
}

void view_timeline(struct frame *frame, const struct tui *tui)
{
	frame->scroll =
		(struct frame_scroll){ tui->layout.label, tui->place.from_ns, tui->place.cell_ns };
	draw_overview(frame, tui);
	draw_ruler(frame, tui);
	for (unsigned line = 0; line < tui->strip_count; line++) {
		const struct tui_row *row = rows_on_line(tui, line);
		const unsigned y = tui->layout.rows_top + line;
		const bool selected = row && rows_index_on_line(tui, line) == tui->row;

		if (!row)
			break;
		if (row->kind == ROW_BASE)
			draw_base_label(frame, tui, row, line);
		else
			draw_label(frame, tui, row, y, selected);
		draw_cells(frame, tui, row, &tui->strips[line], y);
		if (selected)
			draw_cursor(frame, tui, y);
	}
	if (!tui->rows.count)
		frame_text(frame, tui->layout.label, tui->layout.rows_top, tui->layout.columns,
			"no row is shown: I shows all", (struct pen){ .fore = TONE_FAINT });
}

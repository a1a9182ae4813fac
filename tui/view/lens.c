/* The selected row, state by state: each share in eighths of its own. */
#include <string.h>

#include "core/cells.h"
#include "core/names.h"
#include "core/port.h"
#include "core/rows.h"
#include "core/work.h"
#include "view/view.h"

static const struct {
	const char *name;
	uint8_t state, tone;
} lines[] = {
	{ "running", DWELL_RUNNING, TONE_RUNNING },
	{ "runnable", DWELL_RUNNABLE, TONE_RUNNABLE },
	{ "blocked", DWELL_BLOCKED, TONE_BLOCKED },
	{ "unknown", DWELL_UNKNOWN, TONE_UNKNOWN },
};

static const struct tui_strip *selected_strip(const struct tui *tui)
{
	for (unsigned line = 0; line < tui->strip_count; line++)
		if (rows_on_line(tui, line) && rows_index_on_line(tui, line) == tui->row)
			return &tui->strips[line];
	return NULL;
}

static void draw_line(struct frame *frame, const struct tui *tui, const struct tui_strip *strip,
	uint64_t whole_ns, unsigned which, unsigned y)
{
	const int cursor = port_column(tui, tui->place.time_ns);

	frame_text(frame, 2, y, tui->layout.label - 3, lines[which].name,
		(struct pen){ .fore = frame->mono ? TONE_PLAIN : TONE_FAINT });
	if (!frame->mono)
		frame_put(frame, 1, y, " ", (struct pen){ .back = lines[which].tone });
	for (unsigned i = 0; strip && strip->known && i < tui->layout.columns; i++) {
		const struct tui_shade shade = shade_of(&strip->cells[i], tui->bound_ns, whole_ns);
		const bool hot = shade.hot && whole_ns && lines[which].state == DWELL_BLOCKED;
		const bool whole = shade.eighths[DWELL_BLOCKED] == 8;
		const uint8_t tone = !hot    ? lines[which].tone
				     : whole ? (uint8_t)TONE_LONG
					     : (uint8_t)TONE_HOT;

		frame_put(frame, tui->layout.label + i, y,
			view_bar(frame, shade.eighths[lines[which].state]),
			(struct pen){ .fore = tone,
				.back = (int)i == cursor ? TONE_SELECTED : TONE_PLAIN,
				.attributes = frame->mono && ((int)i == cursor || hot)
						      ? FRAME_REVERSE
						      : 0 });
	}
}

/* Spans of the selected task in the line between rows and lens: the innermost at each place. */
static void draw_spans(struct frame *frame, const struct tui *tui, unsigned y)
{
	const struct dwell_survey *survey =
		work_has(&tui->survey) ? dwell_job_survey(tui->survey.job) : NULL;
	const struct tui_row *row = rows_selected(tui);

	for (size_t i = 0; survey && row && i < survey->span_count; i++) {
		const struct dwell_span *span = &survey->spans[i];
		const struct dwell_string label = dwell_catalog_label(tui->catalog, span->label);
		const struct pen pen = { .fore = TONE_STRONG,
			.back = TONE_RANGE,
			.attributes = frame->mono ? FRAME_UNDERLINE : 0 };
		uint64_t start = span->start_ns, end = span->end_ns;
		unsigned column, width;

		if (row->kind != ROW_TASK || span->task != row->id || start >= port_to(tui) ||
			end <= tui->place.from_ns)
			continue;
		start = start < tui->place.from_ns ? tui->place.from_ns : start;
		end = end > port_to(tui) ? port_to(tui) : end;
		column = (unsigned)((start - tui->place.from_ns) / tui->place.cell_ns);
		width = (unsigned)((end - start + tui->place.cell_ns - 1) / tui->place.cell_ns);
		frame_fill(frame, tui->layout.label + column, y, width, pen);
		frame_put(frame, tui->layout.label + column, y, frame->ascii ? "[" : "▏", pen);
		if (width > 2)
			frame_bytes(frame, tui->layout.label + column + 1, y, width - 1, label.at,
				label.size, pen);
	}
}

void view_lens(struct frame *frame, const struct tui *tui)
{
	const unsigned top = tui->layout.lens_top;
	const struct tui_strip *strip = selected_strip(tui);
	const struct tui_row *row = rows_selected(tui);

	if (!tui->layout.lens)
		return;
	for (unsigned x = 0; x < frame->width; x++)
		frame_put(frame, x, top, frame->ascii ? "-" : "─",
			(struct pen){ .fore = TONE_FAINT });
	draw_spans(frame, tui, top);
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		draw_line(frame, tui, row && row->kind != ROW_EXECUTOR ? strip : NULL,
			row ? shade_whole(tui, row) : 0, i, top + 1 + i);
}

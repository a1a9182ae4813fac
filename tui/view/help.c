/* The list of requests, in columns where there is room. */
#include <stdio.h>
#include <string.h>

#include "view/view.h"

enum { COLUMN = 66 };

static void draw_row(
	struct frame *frame, const struct request_row *row, unsigned x, unsigned y, unsigned room)
{
	if (row->group) {
		frame_text(frame, x, y, room, row->group,
			(struct pen){ .fore = TONE_ACCENT, .attributes = FRAME_BOLD });
		return;
	}
	frame_text(frame, x + 1, y, 14, row->keys, (struct pen){ .fore = TONE_STRONG });
	frame_text(frame, x + 16, y, room > 17 ? room - 17 : 0, row->help,
		(struct pen){ .fore = TONE_TEXT });
}

static void draw_legend(struct frame *frame, unsigned y)
{
	static const struct {
		const char *name;
		uint8_t state;
		bool hot;
	} states[] = {
		{ "running", DWELL_RUNNING, false },
		{ "runnable", DWELL_RUNNABLE, false },
		{ "blocked", DWELL_BLOCKED, false },
		{ "in a long wait", DWELL_BLOCKED, true },
		{ "unknown", DWELL_UNKNOWN, false },
	};
	unsigned x = 2;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct tui_shade shade = { .hot = states[i].hot, .present = true };

		shade.eighths[states[i].state] = 8;
		view_shade(frame, x, y, &shade);
		view_shade(frame, x + 1, y, &shade);
		x += 3 +
		     frame_text(frame, x + 3, y, 20, states[i].name,
			     (struct pen){ .fore = TONE_TEXT }) +
		     3;
	}
	frame_text(frame, x, y, frame->width > x ? frame->width - x : 0,
		"height: how much of the time; underlined: a third state, too",
		(struct pen){ .fore = TONE_FAINT });
}

void view_help(struct frame *frame, struct tui *tui)
{
	const unsigned columns = frame->width / COLUMN ? frame->width / COLUMN : 1;
	const unsigned lines = frame->height - 4, room = frame->width / columns - 2;
	const unsigned per_column = ((unsigned)request_row_count + columns - 1) / columns;
	const unsigned most = per_column > lines ? per_column - lines : 0;

	if (tui->help_top > most)
		tui->help_top = most;
	draw_legend(frame, 1);
	for (unsigned column = 0; column < columns; column++)
		for (unsigned line = 0; line < lines; line++) {
			const size_t i = column * per_column + line + tui->help_top;

			if (line + tui->help_top < per_column && i < request_row_count)
				draw_row(frame, &request_rows[i], 2 + column * (room + 2), 2 + line,
					room);
		}
	frame_text(frame, 1, frame->height - 1, frame->width - 2,
		most ? "j and k move, any other key closes this" : "any key closes this",
		(struct pen){ .fore = TONE_FAINT });
}

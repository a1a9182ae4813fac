#include "view/view.h"

#include "core/table.h"
#include "view/palette.h"

static void draw_waiting(struct frame *frame, const struct tui *tui)
{
	char rows[DWELL_NUMBER_SIZE];
	const unsigned y = frame->height / 2;

	if (tui->err)
		frame_print(frame, 2, y, frame->width - 4, (struct pen){ .fore = TONE_BAD }, "%s",
			*tui->diag.what ? tui->diag.what : dwell_strerror(tui->err));
	else
		frame_print(frame, 2, y, frame->width - 4, (struct pen){ .fore = TONE_TEXT },
			"reading the trace: %s events so far (q gives up)",
			dwell_format_count(rows, tui->rows_read));
}

bool view_draw(struct frame *frame, struct tui *tui)
{
	frame->ascii = tui->ascii;
	frame->mono = tui->palette % PALETTE_COUNT == PALETTE_MONO;
	if (!frame_resize(frame, tui->layout.width, tui->layout.height))
		return false;
	frame_clear(frame);
	frame->scroll = (struct frame_scroll){ .cell_ns = 0 };
	view_title(frame, tui);
	if (tui->screen == SCREEN_HELP) {
		view_help(frame, tui);
	} else if (!tui->ready) {
		draw_waiting(frame, tui);
	} else if (tui->screen == SCREEN_FLAME) {
		view_flame(frame, tui);
		view_status(frame, tui);
	} else if (table_is_shown(tui)) {
		view_table(frame, tui);
		view_status(frame, tui);
	} else {
		view_timeline(frame, tui);
		view_details(frame, tui);
		view_lens(frame, tui);
		view_status(frame, tui);
	}
	frame_mend(frame);
	return true;
}

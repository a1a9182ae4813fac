#ifndef DWELL_TUI_VIEW_H
#define DWELL_TUI_VIEW_H

#include "core/tui.h"
#include "view/frame.h"

/* Draw all of the screen. The frame gets the screen's size. False: no memory. */
bool view_draw(struct frame *frame, struct tui *tui);

/* The parts, each into its own lines. */
void view_title(struct frame *frame, const struct tui *tui);
void view_status(struct frame *frame, const struct tui *tui);
void view_timeline(struct frame *frame, const struct tui *tui);
void view_lens(struct frame *frame, const struct tui *tui);
void view_details(struct frame *frame, const struct tui *tui);
/* The chain of causes, on the lines from top to end. */
void view_why(struct frame *frame, const struct tui *tui, unsigned top, unsigned end);
void view_table(struct frame *frame, struct tui *tui);
void view_flame(struct frame *frame, struct tui *tui);
void view_help(struct frame *frame, struct tui *tui);

/* A cell of the timeline: the glyph and colours of its mix of states. */
void view_shade(struct frame *frame, unsigned x, unsigned y, const struct tui_shade *shade);
/* A counter's line, and in words what it was under the cursor; *text has `size` bytes. */
void view_counter(
	struct frame *frame, const struct tui *tui, const struct tui_row *row, unsigned y);
void view_counter_words(char *text, size_t size, const struct tui *tui, const struct tui_row *row);
/* Bars of 0 to 8 eighths. */
const char *view_bar(const struct frame *frame, unsigned eighths);

#endif

#ifndef DWELL_TUI_DUMP_H
#define DWELL_TUI_DUMP_H

#include <stdio.h>

#include "core/tui.h"
#include "view/frame.h"

/* A frame as text, a line each, as it is seen. */
void dump_text(const struct frame *frame, FILE *file);
/* The same with a bar at each row's end, and below each line that has them the tones of its
 * cells as letters: what golden frames are compared by. */
void dump_golden(const struct frame *frame, FILE *file);
/* The same as a picture. */
void dump_svg(const struct frame *frame, unsigned palette, FILE *file);

/* Write what a prompt asked for: the screen as text, the table as CSV. Says how it went. */
void dump_save(struct tui *tui, const struct frame *frame);

#endif

#ifndef DWELL_TUI_NOTES_H
#define DWELL_TUI_NOTES_H

#include "core/tui.h"

/*
 * Notes beside a trace: the file TRACE.notes, a line each, by time:
 *
 *     1.234567890 s  [task 12]  what was written
 */
void notes_load(struct tui *tui);
/* Add one at the cursor and write the file. */
void notes_add(struct tui *tui, const char *text);
void notes_go(struct tui *tui, bool back);

#endif

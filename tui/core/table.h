#ifndef DWELL_TUI_TABLE_H
#define DWELL_TUI_TABLE_H

#include "core/tui.h"

/* Answers for the time that is in view or selected, row by row. */
bool table_is_shown(const struct tui *tui);
void table_range(const struct tui *tui, uint64_t *from_ns, uint64_t *to_ns);
/* Ask for what the screen shows, take what has come. True: it came. */
bool table_update(struct tui *tui, unsigned milliseconds);
/* The answer that the screen needs; NULL: not there yet. */
const struct dwell_answer *table_answer(const struct tui *tui);
/* How many rows the screen's table has. */
size_t table_count(const struct tui *tui);

void table_move(struct tui *tui, int64_t lines);
/* To the place of the selected row on the timeline. */
void table_go(struct tui *tui);
/* To the place of the next row (1) or the one before (-1) of the table that was shown last. */
void table_step(struct tui *tui, int by);
/* To the place of the row with an id, as reports print it. */
void table_go_id(struct tui *tui, const char *id);
bool table_look_up(struct tui *tui);

#endif

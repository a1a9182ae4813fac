#ifndef DWELL_TUI_ROWS_H
#define DWELL_TUI_ROWS_H

#include "core/tui.h"

/* Work the rows out anew: after another grouping, order, filter. Keeps the selected one. */
int rows_build(struct tui *tui);
void rows_release(struct tui_rows *rows);

/* One more row, all zero; NULL: no memory. */
struct tui_row *rows_add(struct tui_rows *rows);

/* The selected row; NULL: there is none. */
const struct tui_row *rows_selected(const struct tui *tui);
/* The task of the selected row; 0 where it is none. */
uint32_t rows_task(const struct tui *tui);
/* The row on a line of the screen, from 0; NULL: none. */
const struct tui_row *rows_on_line(const struct tui *tui, unsigned line);
size_t rows_index_on_line(const struct tui *tui, unsigned line);

void rows_select(struct tui *tui, size_t row);
/* Select a task's row, unfolding its group and dropping filters that hide it. */
void rows_select_task(struct tui *tui, uint32_t task);

/* The selected row into the place, and back. */
void rows_note_place(struct tui *tui);
void rows_find_place(struct tui *tui);

uint8_t *rows_flags(struct tui *tui, const struct tui_row *row);
/* A task that is looked at by itself: of what was recorded, unless others are shown, too. */
bool rows_task_counts(const struct tui *tui, uint32_t task);

/* Hide tasks that have not their bit; NULL: drop the filter. */
void rows_filter(struct tui *tui, const uint64_t *bits, size_t words);

#endif

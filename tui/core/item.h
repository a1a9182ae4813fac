#ifndef DWELL_TUI_ITEM_H
#define DWELL_TUI_ITEM_H

#include "core/tui.h"

/* What is under the cursor: the life of the selected task there. */

/* Ask for it, wait up to so many milliseconds. True: it came. */
bool item_update(struct tui *tui, unsigned milliseconds);

/* The strip of the selected task at the cursor; NULL: not there yet, or no task is selected. */
const struct dwell_strip *item_strip(const struct tui *tui);
/* The interval that is meant: at the moment, or the cell's longest wait, else its longest.
 * NULL: none, or not there yet. */
const struct dwell_interval *item_interval(const struct tui *tui);
/* The wait that the program told around it; NULL: none. */
const struct dwell_wait *item_wait(const struct tui *tui);

/* Put the cursor on a task at a moment; a leap that can be taken back. */
void item_go(struct tui *tui, uint32_t task, uint64_t time_ns);

#endif

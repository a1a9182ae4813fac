#ifndef DWELL_TUI_CELLS_H
#define DWELL_TUI_CELLS_H

#include "core/tui.h"

/* Cells of the rows on the screen, and of the overview. False: no memory. */
bool cells_make_room(struct tui *tui);
void cells_release(struct tui *tui);

/* Fill what can be told at once, ask for the rest, wait for it up to so many milliseconds. True:
 * something new came. */
bool cells_update(struct tui *tui, unsigned milliseconds);

/* A cell as it is drawn: shares of whole_ns; 0: of the time that is told of. */
struct tui_shade shade_of(const struct dwell_cell *cell, uint64_t bound_ns, uint64_t whole_ns);
/* Of a task its cells' width; of a group, whose tasks come and go, the time that they lived. */
uint64_t shade_whole(const struct tui *tui, const struct tui_row *row);

#endif

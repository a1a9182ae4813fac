#ifndef DWELL_TUI_WHY_H
#define DWELL_TUI_WHY_H

#include "core/tui.h"

/* The chain of causes of what is under the cursor, where it is shown: as `dwell explain` has it. */

/* Ask for it, wait up to so many milliseconds. True: it came. */
bool why_update(struct tui *tui, unsigned milliseconds);

/* NULL: not there yet, not shown, or not to be told. */
const struct dwell_story *why_story(const struct tui *tui);

/* Show it, or the details again. */
void why_turn(struct tui *tui);

#endif

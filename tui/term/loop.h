#ifndef DWELL_TUI_LOOP_H
#define DWELL_TUI_LOOP_H

#include "core/tui.h"

/* Keys in, frames out, until it is quit. The terminal was taken over. False: no memory. */
bool loop_run(struct tui *tui);

#endif

#ifndef DWELL_TUI_EMIT_H
#define DWELL_TUI_EMIT_H

#include "term/screen.h"

/* What is sent to the terminal. */
void emit_prepare(enum screen_colours colours);
/* Full screen, no cursor, the mouse told. */
void emit_begin(void);

#endif

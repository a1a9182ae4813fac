#ifndef DWELL_TUI_SAY_H
#define DWELL_TUI_SAY_H

#include "core/tui.h"

/* A message on the last line, until the next key. printf's format. */
void say(struct tui *tui, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

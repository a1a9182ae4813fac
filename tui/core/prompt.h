#ifndef DWELL_TUI_PROMPT_H
#define DWELL_TUI_PROMPT_H

#include "core/tui.h"

/* The line at the bottom that one types into. */
void prompt_open(struct tui *tui, enum tui_prompt_kind kind, const char *text);
void prompt_key(struct tui *tui, uint32_t key);
const char *prompt_title(enum tui_prompt_kind kind);

#endif

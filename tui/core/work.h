#ifndef DWELL_TUI_WORK_H
#define DWELL_TUI_WORK_H

#include "core/tui.h"

/* Forget a question and its result. */
void work_drop(struct tui_work *work);
/* The question is still the one of this key; else it was dropped, and is to be asked again. */
bool work_is(struct tui_work *work, uint64_t key);
/* It has ended since it was last asked: true once. */
bool work_poll(struct tui_work *work, unsigned milliseconds);
/* There is a result. */
bool work_has(const struct tui_work *work);
bool work_goes_on(const struct tui_work *work);

/* A key of several numbers; never 0. */
uint64_t work_key(uint64_t key, uint64_t number);

#endif

#ifndef DWELL_TUI_FIND_H
#define DWELL_TUI_FIND_H

#include "core/tui.h"

/* Searches: steps to what is found, and counts while one types. */
void find_event(struct tui *tui, bool back);
void find_wait(struct tui *tui, bool back);
void find_match(struct tui *tui, bool back);
void find_longest(struct tui *tui, bool of_all);
void find_wakee(struct tui *tui);
/* Who ran on the executor that the task waited for. */
void find_instead(struct tui *tui);
/* The longest wait at a place, in the range of the tables. */
void find_site(struct tui *tui, uint32_t stack, uint32_t object, unsigned reason);

/* A search was typed: count what it finds in view. */
void find_count(struct tui *tui);
/* Take what has come. */
bool find_update(struct tui *tui, unsigned milliseconds);

#endif

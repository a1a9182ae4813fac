#ifndef DWELL_TUI_TESTS_PLAY_H
#define DWELL_TUI_TESTS_PLAY_H

#include "core/tui.h"
#include "view/frame.h"

/* The viewer without a terminal: keys in, frames out, everything that goes on waited for. */
struct play {
	struct dwell_timeline *timeline, *base;
	struct tui *tui;
	struct frame frame;
};

/* False: the trace cannot be opened, and why is on stderr. */
bool play_open(struct play *play, const char *path, unsigned width, unsigned height);
void play_close(struct play *play);
/* Wait until nothing goes on, and draw. */
void play_settle(struct play *play);
/* A key by its name; "type:text" types it, "against:PATH" compares. False: there is no such key. */
bool play_key(struct play *play, const char *name);
/* Several, separated by blanks. */
bool play_keys(struct play *play, const char *names);

/* All keys that requests are bound to, one by one, but for those that end it or write files. Begins
 * with all zero; name: as in the table. False: that was the last. */
struct play_walk {
	size_t row;
	const char *at;
};
bool play_next_key(struct play_walk *walk, uint32_t *key, char name[32]);

#endif

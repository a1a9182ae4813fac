#ifndef DWELL_TUI_LOOK_H
#define DWELL_TUI_LOOK_H

#include <stdbool.h>

#include "term/screen.h"

/* How the terminal draws what comes next: colours and attributes, sent where they change. */
struct look {
	uint8_t fore, back, attributes;
	bool set; /* the terminal is known to draw so */
};

void look_prepare(enum screen_colours colours);
/* The terminal is set back to plain before the next cell. */
void look_forget(void);
struct look look_now(void);
/* Take back what was said to out.h since. */
void look_return(struct look was);
void look_palette(unsigned palette);
/* False: the palette is another one. */
bool look_palette_is(unsigned palette);

/* Set what the cell needs. */
void look_set(const struct frame_cell *cell);
/* The cell can be drawn as it is set now. */
bool look_suits(const struct frame_cell *cell);
/* About how many bytes it takes to set what the cell needs. */
unsigned look_cost(const struct frame_cell *cell);
/* A blank shows no fore colour: what it is does not matter. */
bool look_shows_fore(const struct frame_cell *cell);

#endif

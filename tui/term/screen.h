#ifndef DWELL_TUI_SCREEN_H
#define DWELL_TUI_SCREEN_H

#include "view/frame.h"

/*
 * The terminal, as terminfo describes it. A frame is compared with the one before, and only what
 * changed is sent, in one write. ncurses itself draws no true colours and does not keep a
 * frame together, so only its terminfo is used.
 */
enum screen_colours { COLOURS_NONE, COLOURS_8, COLOURS_16, COLOURS_256, COLOURS_TRUE };

/* Take the terminal over; message: what is wrong with it. False: it cannot be used. */
bool screen_open(const char **message);
/* Give it back as it was. Any number of times; also from handlers of signals. */
void screen_close(void);
/* After a stop, or when it was closed: take it over again. */
void screen_reopen(void);

enum screen_colours screen_colours(void);
/* The locale's characters are UTF-8. */
bool screen_utf8(void);
/* The terminal's own background is light, as far as the environment says so. */
bool screen_light(void);
/* Where the environment does not say it: ask the terminal, which may answer, by KEY_EVENT_LIGHT. */
void screen_ask_ground(void);
bool screen_size(unsigned *width, unsigned *height);
/* Where keys come from. */
int screen_input(void);

/* Show a frame. */
void screen_show(const struct frame *frame, unsigned palette);
/* The next frame is drawn whole. */
void screen_forget(void);

#endif

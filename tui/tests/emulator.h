#ifndef DWELL_TUI_TESTS_EMULATOR_H
#define DWELL_TUI_TESTS_EMULATOR_H

#include "term/screen.h"

/*
 * A terminal in memory (libvterm) behind a pseudo terminal: what is written to it is seen as a
 * person would see it.
 */
struct emulator;

/* NULL: it cannot be had. */
struct emulator *emulator_new(unsigned width, unsigned height);
void emulator_free(struct emulator *emulator);
/* The end for the program: its name. */
const char *emulator_path(const struct emulator *emulator);
/* The other end, to be read and written by the test; for poll. */
int emulator_fd(const struct emulator *emulator);

void emulator_resize(struct emulator *emulator, unsigned width, unsigned height);
/* Bytes that the program wrote. */
void emulator_take(struct emulator *emulator, const char *bytes, size_t size);

/*
 * Is the screen this frame, in this palette and as many colours? Else what differs first, as text
 * into why, which has 512 bytes.
 */
bool emulator_shows(struct emulator *emulator, const struct frame *frame, unsigned palette,
	enum screen_colours colours, char *why);
/* The screen as text on stderr. */
void emulator_print(struct emulator *emulator);

#endif

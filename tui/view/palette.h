#ifndef DWELL_TUI_PALETTE_H
#define DWELL_TUI_PALETTE_H

#include "view/frame.h"

/* What tones look like. */
enum palette { PALETTE_DARK, PALETTE_LIGHT, PALETTE_SAFE, PALETTE_MONO, PALETTE_COUNT };

struct shade {
	uint8_t red, green, blue;
	uint8_t index; /* of 256 colours */
	uint8_t ansi;  /* of 16 colours */
	bool own;      /* else the terminal's own */
};

const char *palette_name(unsigned palette);
/* PALETTE_COUNT: no such name. */
unsigned palette_of_name(const char *name);
struct shade palette_shade(unsigned palette, unsigned tone);
/* What stands for the terminal's own colours in pictures. */
struct shade palette_ground(unsigned palette, bool back);

#endif

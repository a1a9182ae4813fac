#ifndef DWELL_TUI_TABLE_VIEW_H
#define DWELL_TUI_TABLE_VIEW_H

#include "core/names.h"
#include "core/tui.h"

/* The tables' columns and what stands in them: for the screen and for files. */
struct column {
	const char *title;
	uint8_t width;    /* at least; 0: what is left */
	bool right;       /* a number */
	uint8_t tone;     /* enum tone */
	bool bar;         /* a share in millionths, drawn as a bar */
	uint8_t optional; /* left out on screens narrower than ten times this */
};

/* Columns of a screen, ended by one without a title. */
const struct column *table_columns(unsigned screen);
/* A cell's text; of a bar, its millionths in *ppm. */
const char *table_text(
	char out[NAME_SIZE], const struct tui *tui, size_t line, unsigned column, uint64_t *ppm);

#endif

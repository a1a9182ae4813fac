#ifndef DWELL_REPORT_ESCAPE_H
#define DWELL_REPORT_ESCAPE_H

#include "dwell/report.h"

/* Room for one character as it is printed. */
enum { ESCAPE_SIZE = 16 };

/*
 * The next character of a hostile string as people may see it: its bytes in out, how many, and
 * the columns it takes. Returns how many bytes of the string it was. size > 0.
 */
size_t escape_next(
	const char *at, size_t size, bool ascii, char out[ESCAPE_SIZE], size_t *length, int *width);

/* Columns that a string takes once escaped. */
unsigned escaped_width(const char *at, size_t size, bool ascii);

/* Print a string into at most `room` columns, its middle cut out where it is too long. */
void print_cut(const struct dwell_style *style, const char *at, size_t size, unsigned room);

#endif

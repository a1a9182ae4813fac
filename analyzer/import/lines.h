#ifndef DWELL_IMPORT_LINES_H
#define DWELL_IMPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/bytes.h"

/* A foreign text line by line, from front to back; of its memory only a piece is held. */
struct import_lines {
	struct dwell_bytes *bytes;
	uint64_t offset; /* of what is read next */
	char *at;
	size_t from, to;
	uint32_t number;   /* of the line returned last, from 1 */
	uint64_t too_long; /* lines that were left out */
};

enum { IMPORT_LINE = 1 << 16 }; /* longest one */

/* bytes stay the caller's. DWELL_ENOMEM. */
int import_lines_init(struct import_lines *lines, struct dwell_bytes *bytes);
void import_lines_release(struct import_lines *lines);
void import_lines_rewind(struct import_lines *lines);

/* The next line without its end (LF or CRLF), valid until the next call; longer ones are left
 * out. DWELL_END, DWELL_EIO. */
int import_lines_next(struct import_lines *lines, const char **at, size_t *size);

#endif

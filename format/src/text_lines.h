#ifndef DWELL_TEXT_LINES_H
#define DWELL_TEXT_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/bytes.h"

/* A text line by line, from any input; of its memory only a line is held. */
struct text_lines {
	struct dwell_bytes *bytes;
	uint64_t offset; /* of what is read next from bytes */
	char *at;        /* cap bytes */
	size_t cap, from, to;
	uint32_t number; /* of the line returned last */
};

/* Owns bytes from now on. DWELL_ENOMEM. */
int text_lines_init(struct text_lines *lines, struct dwell_bytes *bytes);
void text_lines_release(struct text_lines *lines);
void text_lines_rewind(struct text_lines *lines);
/* The next line without its end, valid until the next call. DWELL_END, DWELL_EIO, DWELL_ELIMIT,
 * DWELL_ENOMEM. */
int text_lines_next(struct text_lines *lines, const char **at, size_t *size);

/* Sets of ids, in pages. */
struct text_ids {
	uint64_t **pages;
	size_t count;
};

/* DWELL_ENOMEM. */
int text_ids_add(struct text_ids *ids, uint32_t id);
int text_ids_has(const struct text_ids *ids, uint32_t id);
void text_ids_release(struct text_ids *ids);

#endif

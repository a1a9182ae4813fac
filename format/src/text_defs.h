#ifndef DWELL_TEXT_DEFS_H
#define DWELL_TEXT_DEFS_H

#include "src/text_private.h"

/*
 * Definitions on their way to text. Those before the first row are held and written in order of
 * their tables and ids, whatever their order was; after that a definition is written where it is
 * told, unless it says what the last one of its id said. So the text of a file does not depend on
 * how its tables lie in it.
 */
struct text_defs {
	struct text_out *lines; /* those held; NULL: they were told */
	struct text_def *all;
	size_t count, cap;
	uint64_t **hashes[TEXT_TABLE_COUNT]; /* of the last line of each id, in pages */
	size_t pages[TEXT_TABLE_COUNT];
};

/* DWELL_ENOMEM. */
int text_defs_init(struct text_defs *defs);
void text_defs_release(struct text_defs *defs);
/* DWELL_ENOMEM, DWELL_ELIMIT, DWELL_EIO. */
int text_defs_put(struct text_defs *defs, enum text_line line, const union text_row *row,
	struct text_out *out);
/* No more is held: write what was. DWELL_ENOMEM, DWELL_EIO. */
int text_defs_tell(struct text_defs *defs, struct text_out *out);

/* A whole line. */
void text_put_line(struct text_out *out, enum text_line line, const union text_row *row);

#endif

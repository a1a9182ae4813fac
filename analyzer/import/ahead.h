#ifndef DWELL_IMPORT_AHEAD_H
#define DWELL_IMPORT_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/bytes.h"

/*
 * Bytes from front to back, read by a thread of its own a few blocks before they are asked for: to
 * copy them from the kernel takes as long as to make rows of them.
 */
struct import_ahead;

enum {
	AHEAD_BLOCK = 1 << 17, /* bytes of a block, but for the last one */
	AHEAD_BEFORE = 1 << 16 /* bytes in front of each block, of whoever takes it */
};

/* Is there another CPU for it, and enough to read? */
bool import_ahead_pays(uint64_t size);

/*
 * Begin to read [at, end) of bytes, which nobody else reads until import_ahead_stop. DWELL_ENOMEM:
 * no memory, or no thread can be had.
 */
int import_ahead_start(
	struct import_ahead **out, struct dwell_bytes *bytes, uint64_t at, uint64_t end);

/* The next block: valid until the second call after this one. *got is less than was to be read
 * where the file ends before. DWELL_EIO, and where there is none. */
int import_ahead_next(struct import_ahead *ahead, uint8_t **block, size_t *got);

/* NULL is allowed. */
void import_ahead_stop(struct import_ahead *ahead);

#endif

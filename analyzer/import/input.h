#ifndef DWELL_IMPORT_INPUT_H
#define DWELL_IMPORT_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/bytes.h"
#include "dwell/error.h"

/*
 * The bytes of a foreign trace. Not mapped: an importer reads from front to back, and all pages it
 * has passed would count as its memory.
 */

/* Takes over fd, on failure too. DWELL_EIO, DWELL_ENOMEM. */
int import_bytes_fd(struct dwell_bytes **out, int fd);

/*
 * Open path ("-" is stdin): unpacked if it is gzip or zstd, copied to a temporary file if it is
 * unpacked or cannot be read at any offset. *stored is its size as given.
 */
int import_input_open(
	struct dwell_bytes **out, uint64_t *stored, const char *path, struct dwell_diag *diag);

/* The first bytes, up to size. */
int import_peek(struct dwell_bytes *bytes, void *out, size_t size, size_t *got);

#endif

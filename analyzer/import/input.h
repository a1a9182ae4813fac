#ifndef DWELL_IMPORT_INPUT_H
#define DWELL_IMPORT_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/bytes.h"
#include "dwell/error.h"

/*
 * The bytes of a foreign trace. Not mapped as a whole: an importer reads from front to back, and
 * all pages it has passed would count as its memory. A window is mapped instead where copying
 * would be most of the work.
 */

/* Takes over fd, on failure too. DWELL_EIO, DWELL_ENOMEM. */
int import_bytes_fd(struct dwell_bytes **out, int fd);

/*
 * Open path ("-" is stdin): unpacked if it is gzip or zstd, copied to a temporary file if it is
 * unpacked or cannot be read at any offset. *stored is its size as given.
 */
int import_input_open(
	struct dwell_bytes **out, uint64_t *stored, const char *path, struct dwell_diag *diag);

/* A part of the file in memory, one at a time. All zero: none yet. */
struct import_window {
	const uint8_t *at;
	size_t size;
	void *base;
	size_t mapped;
};

/*
 * Move the window to [offset, offset + size), or as much of it as the file has: then it is
 * smaller. DWELL_EUNSUPPORTED: these bytes have no windows, use read; DWELL_EIO.
 */
int import_window_move(
	struct import_window *window, struct dwell_bytes *bytes, uint64_t offset, size_t size);
void import_window_release(struct import_window *window);

/* The first bytes, up to size. */
int import_peek(struct dwell_bytes *bytes, void *out, size_t size, size_t *got);

#endif

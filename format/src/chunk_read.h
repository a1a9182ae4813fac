#ifndef DWELL_CHUNK_READ_H
#define DWELL_CHUNK_READ_H

#include "dwell/bytes.h"
#include "src/cursor.h"
#include "src/wire.h"

/* Bytes of an input, mapped or copied. */
struct dwell_view {
	const uint8_t *at;
	size_t size;
	uint8_t *owned;
	struct dwell_bytes *mapped; /* NULL: owned */
	uint64_t offset;
};

/* [offset, offset + size) of the input. DWELL_ETRUNCATED where it does not reach so far,
 * DWELL_EIO, DWELL_ENOMEM. */
int dwell_view_open(
	struct dwell_view *out, struct dwell_bytes *bytes, uint64_t offset, uint64_t size);
void dwell_view_close(struct dwell_view *view);

struct dwell_chunk_read {
	struct wire_chunk head;
	struct dwell_cursor body;
	struct dwell_view view;
	const char *what; /* is wrong */
};

/*
 * A chunk with both its checksums verified. Returns 0, DWELL_EFORMAT, DWELL_ETRUNCATED, DWELL_EIO,
 * DWELL_ENOMEM; out->what names the fault, and out->head is good where head.kind is not 0.
 * dwell_chunk_close in any case.
 */
int dwell_chunk_open(struct dwell_chunk_read *out, struct dwell_bytes *bytes, uint64_t offset,
	const uint8_t sync[WIRE_SYNC_SIZE]);
void dwell_chunk_close(struct dwell_chunk_read *chunk);

/* Only the header. */
int dwell_chunk_head(struct wire_chunk *out, struct dwell_bytes *bytes, uint64_t offset,
	const uint8_t sync[WIRE_SYNC_SIZE], const char **what);

/* The next sync marker at or after offset, on a chunk's alignment; UINT64_MAX: none. */
uint64_t dwell_chunk_search(
	struct dwell_bytes *bytes, uint64_t offset, const uint8_t sync[WIRE_SYNC_SIZE]);

#endif

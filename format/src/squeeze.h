#ifndef DWELL_SQUEEZE_H
#define DWELL_SQUEEZE_H

#include "src/buffer.h"
#include "src/cursor.h"

/* zstd with its contexts kept. */
struct dwell_squeeze;
struct dwell_unsqueeze;

int dwell_squeeze_new(struct dwell_squeeze **out, int level);
void dwell_squeeze_free(struct dwell_squeeze *squeeze);

/*
 * What bytes are like. Numbers with noise in them repeat by chance only: looking for that costs
 * more than all else and saves nothing, it is the frequency of each byte that makes them short.
 */
enum squeeze_like { SQUEEZE_TEXT, SQUEEZE_NOISE };

/* Append what stands for the bytes to out. Returns enum wire_codec, or DWELL_ENOMEM. */
int dwell_squeeze_put(struct dwell_squeeze *squeeze, struct dwell_buffer *out, const void *at,
	size_t size, enum squeeze_like like);

/* Which of them the bytes, or the first of them, are more like. DWELL_ENOMEM. */
int dwell_squeeze_like(struct dwell_squeeze *squeeze, const void *at, size_t size);

/* Append a blob: codec, three zero bytes, raw size, bytes. */
int dwell_squeeze_blob(
	struct dwell_squeeze *squeeze, struct dwell_buffer *out, const void *at, size_t size);

int dwell_unsqueeze_new(struct dwell_unsqueeze **out);
void dwell_unsqueeze_free(struct dwell_unsqueeze *unsqueeze);

/* Fill raw_size bytes, no less and no more. DWELL_EFORMAT, DWELL_EVERSION (a codec not known). */
int dwell_unsqueeze_get(struct dwell_unsqueeze *unsqueeze, unsigned codec, struct dwell_cursor in,
	uint8_t *out, size_t raw_size);

/* A blob into memory of its own; free(*out). raw size at most `limit`. */
int dwell_unsqueeze_blob(struct dwell_unsqueeze *unsqueeze, struct dwell_cursor in, size_t limit,
	uint8_t **out, size_t *size);

#endif

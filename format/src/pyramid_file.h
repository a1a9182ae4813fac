#ifndef DWELL_PYRAMID_FILE_H
#define DWELL_PYRAMID_FILE_H

#include "src/cursor.h"
#include "src/index.h"
#include "src/pyramid_build.h"

/* Buckets of one chunk, apart from their tasks. */
struct pyramid_chunk {
	struct pyramid_bucket *buckets;
	uint32_t *tasks; /* of each bucket */
	uint32_t count;
};

enum { PYRAMID_CHUNK_BUCKETS = 1 << 14, PYRAMID_STORED_WHOLE = 31 };

/* Told a chunk's content, not yet compressed; entry: all of it but its offset. */
typedef int (*dwell_pyramid_put_fn)(
	void *context, const struct index_pyramid *entry, const struct dwell_buffer *body);

/* All levels of a finished pyramid, the coarsest first. The build is empty then. */
int dwell_pyramid_write(struct pyramid_build *build, dwell_pyramid_put_fn put, void *context);

/* dwell_pyramid_chunk_release in any case. DWELL_EFORMAT, DWELL_ETRUNCATED, DWELL_ENOMEM. */
int dwell_pyramid_chunk_read(struct pyramid_chunk *out, struct dwell_cursor in, uint32_t buckets);
void dwell_pyramid_chunk_release(struct pyramid_chunk *chunk);

#endif

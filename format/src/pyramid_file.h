#ifndef DWELL_PYRAMID_FILE_H
#define DWELL_PYRAMID_FILE_H

#include "src/cursor.h"
#include "src/index.h"
#include "src/pyramid_build.h"

/* A bucket as it is read: 16 bytes, of which a viewer keeps a million. */
struct pyramid_seen {
	uint32_t index; /* time / width */
	uint32_t switches;
	uint16_t longest, lead; /* as in struct pyramid_bucket */
	/* Of each state a share in 1 / PYRAMID_STORED_WHOLE, five bits each; then `after`. */
	uint32_t packed;
};

enum { PYRAMID_SHARE_BITS = 5, PYRAMID_AFTER_SHIFT = PYRAMID_STATES * PYRAMID_SHARE_BITS };

static inline unsigned pyramid_share(const struct pyramid_seen *bucket, unsigned state)
{
	return bucket->packed >> state * PYRAMID_SHARE_BITS & ((1u << PYRAMID_SHARE_BITS) - 1);
}

static inline unsigned pyramid_after(const struct pyramid_seen *bucket)
{
	return bucket->packed >> PYRAMID_AFTER_SHIFT;
}

/* A task's buckets of one chunk begin at `first` and end where the next run begins. */
struct pyramid_run {
	uint32_t task, first;
};

struct pyramid_chunk {
	struct pyramid_seen *buckets;
	struct pyramid_run *runs; /* by task; one more at the end */
	uint32_t count, run_count;
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

#ifndef DWELL_VERIFY_PRIVATE_H
#define DWELL_VERIFY_PRIVATE_H

#include "dwell/verify.h"

#include "src/chunk_read.h"
#include "src/decode.h"
#include "src/index.h"
#include "src/pages.h"
#include "src/pyramid_build.h"

enum { VERIFY_SPACES = WIRE_RECORD_COUNT };

/* A walk through a file. */
struct verify {
	struct dwell_sink sink; /* of the definitions that are met; must be first */
	struct dwell_bytes *bytes;
	dwell_verify_fn report;
	void *context;
	bool damaged;
	uint16_t minor; /* version of the file */
	uint8_t sync[WIRE_SYNC_SIZE];
	uint64_t offset;  /* of the chunk at hand */
	const char *what; /* in it, cannot be */
	uint32_t serial;
	struct dwell_unsqueeze *unsqueeze;
	struct decoder decoder;
	struct dwell_pages defined[VERIFY_SPACES]; /* bytes by id, by enum wire_record */
	struct dwell_event *rows;
	uint64_t row, last_ns;
	unsigned said; /* findings in the chunk at hand */
	uint32_t keyframes;
	struct index index; /* as read; compared with what is met */
	bool indexed, ended;
	size_t next_chunk, next_table;
	/* What rows say, followed on the way. */
	struct dwell_states *states;
	struct pyramid_build build;
	struct verify_expected *expected; /* chunks of the pyramid */
	size_t expected_count, next_pyramid;
	bool pyramid_made, pyramid_said;
	bool strayed; /* a keyframe was not where the rows led */
};

void dwell_verify_say(struct verify *v, enum dwell_verify_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What is in a chunk whose checksums are right. 0 or what stops the walk. */
int dwell_verify_events(struct verify *v, const struct dwell_chunk_read *chunk);
int dwell_verify_tables(struct verify *v, const struct dwell_chunk_read *chunk);
int dwell_verify_keyframe(struct verify *v, const struct dwell_chunk_read *chunk);
void dwell_verify_init_sink(struct verify *v);

/* Keyframes and pyramid against rows. follow: when the index is known; _end: releases. */
int dwell_verify_follow(struct verify *v);
void dwell_verify_follow_end(struct verify *v);
int dwell_verify_follow_rows(struct verify *v, const struct dwell_event *rows, size_t count);
/* An events chunk is behind, with so many rows of the file so far. */
void dwell_verify_follow_chunk(struct verify *v, uint64_t rows);
int dwell_verify_states(
	struct verify *v, uint64_t time_ns, const struct dwell_task_state *states, size_t count);
int dwell_verify_buckets(struct verify *v, const uint8_t *at, size_t size);
int dwell_verify_pyramid_end(struct verify *v);

#endif

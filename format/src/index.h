#ifndef DWELL_INDEX_H
#define DWELL_INDEX_H

#include "dwell/reader.h"
#include "src/buffer.h"
#include "src/cursor.h"

/* What is known of a file without decoding events: what INDEX holds, or what a scan found. */
struct index_chunk {
	uint64_t offset;
	uint64_t first_ns, last_ns;
	uint64_t row;
	uint32_t rows;
};

struct index_generation {
	uint64_t keyframe; /* offset of its chunk; 0: there is none */
	uint64_t time_ns;  /* of the keyframe */
	uint64_t row;      /* rows before it */
	size_t first_chunk, chunks;
};

/* A chunk of the pyramid: buckets of one level, in order of task, then time. */
struct index_pyramid {
	uint64_t offset;
	uint64_t width_ns;
	uint32_t first_task, first_index; /* of its first bucket */
	uint32_t buckets;
};

struct index {
	struct dwell_trace_info info; /* its string belongs to the index */
	struct dwell_buffer source;
	struct dwell_trace_end end;
	uint64_t events, lost;
	uint64_t by_kind[DWELL_EVENT_KIND_COUNT];
	uint32_t tasks, executors;
	uint64_t *tables; /* offsets of the chunks that hold all definitions */
	size_t table_count, table_cap;
	struct index_chunk *chunks;
	size_t chunk_count, chunk_cap;
	struct index_generation *generations;
	size_t generation_count, generation_cap;
	struct index_pyramid *pyramid; /* the coarsest first */
	size_t pyramid_count, pyramid_cap;
};

void dwell_index_release(struct index *index);
int dwell_index_set_info(struct index *index, const struct dwell_trace_info *info);
int dwell_index_add_table(struct index *index, uint64_t offset);
int dwell_index_add_pyramid(struct index *index, const struct index_pyramid *entry);
int dwell_index_add_chunk(struct index *index, const struct index_chunk *chunk);
int dwell_index_add_generation(
	struct index *index, uint64_t keyframe, uint64_t time_ns, uint64_t row);

void dwell_index_write(const struct index *index, struct dwell_buffer *out);
/* DWELL_EFORMAT, DWELL_ETRUNCATED, DWELL_ELIMIT, DWELL_ENOMEM; release it in any case. */
int dwell_index_read(struct index *index, struct dwell_cursor in);

#endif

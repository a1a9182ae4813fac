#ifndef DWELL_COLUMNS_WRITE_H
#define DWELL_COLUMNS_WRITE_H

#include "src/columns.h"
#include "src/squeeze.h"
#include "src/timecode.h"

/* Every so many chunks it is tried again what columns are like. */
enum { COLUMNS_TRY_CHUNKS = 16 };

/* Scratch memory for dwell_columns_write, kept from chunk to chunk. All zero is empty. */
struct columns_scratch {
	struct dwell_buffer head, planes, table, stored;
	uint8_t *codes; /* of times, stream by stream */
	uint8_t *bits;
	uint64_t *deltas; /* of times, by executor */
	bool by_executor; /* times are shorter that way, as was seen now and then */
	/* enum squeeze_like of the columns by field and part, seen now and then. */
	uint8_t like[WIRE_TIME + 1][WIRE_TIME_STREAMS];
	uint32_t written; /* chunks */
};

void dwell_columns_scratch_release(struct columns_scratch *scratch);

/*
 * The times of a chunk: codes of each stream in a stretch of its own, one behind the other in
 * scratch->codes, and their bits in scratch->bits.
 */
struct columns_times {
	struct timecode code;
	unsigned field; /* WIRE_TIME, or WIRE_TIME_ON: by executor */
	uint32_t sizes[WIRE_TIME_STREAMS];
	size_t bits_size;
};

void dwell_columns_times(const struct columns *columns, struct columns_scratch *scratch,
	struct dwell_squeeze *squeeze, struct columns_times *out);

/* Append the body of the events chunk. DWELL_ENOMEM. */
int dwell_columns_write(const struct columns *columns, struct columns_scratch *scratch,
	struct dwell_squeeze *squeeze, struct dwell_buffer *out);

#endif

#ifndef DWELL_COLUMNS_WRITE_H
#define DWELL_COLUMNS_WRITE_H

#include "src/columns.h"
#include "src/squeeze.h"

/* Scratch memory for dwell_columns_write, kept from chunk to chunk. All zero is empty. */
struct columns_scratch {
	struct dwell_buffer head, planes, table, stored;
	uint8_t *codes; /* of times, stream by stream */
	uint8_t *bits;
	uint8_t like[WIRE_TIME_STREAMS]; /* enum squeeze_like of the streams, seen now and then */
	uint32_t written;                /* chunks */
};

void dwell_columns_scratch_release(struct columns_scratch *scratch);

/* Append the body of the events chunk. DWELL_ENOMEM. */
int dwell_columns_write(const struct columns *columns, struct columns_scratch *scratch,
	struct dwell_squeeze *squeeze, struct dwell_buffer *out);

#endif

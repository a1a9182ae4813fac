#ifndef DWELL_PYRAMID_QUERY_H
#define DWELL_PYRAMID_QUERY_H

#include "dwell/pyramid.h"
#include "src/pyramid_file.h"

/* Cells that are being filled for a task. */
struct pyramid_query {
	uint32_t task;
	uint64_t from_ns, to_ns, cell_ns;
	uint64_t width_ns;
	uint64_t share_ns[PYRAMID_STORED_WHOLE + 1]; /* of a whole bucket */
	struct dwell_cell *cells;
	size_t count;
	/* Buckets come in order: the cell of the last one, and where that ends. */
	size_t at;
	uint64_t at_end_ns;
	/* The bucket before the one at hand. */
	struct pyramid_seen before;
	bool has_before;
};

/* cells are all 0. */
void dwell_pyramid_query_begin(struct pyramid_query *q, uint64_t width_ns);
/* The task's buckets of one chunk, in order. True: there may be more in the next. */
bool dwell_pyramid_see(struct pyramid_query *q, const struct pyramid_chunk *chunk);
/* All tasks of one chunk, in a query of one cell: ns[task] is its time in a state so far. */
void dwell_pyramid_see_all(struct pyramid_query *q, const struct pyramid_chunk *chunk,
	uint8_t state, uint64_t *ns, uint32_t tasks);

#endif

#ifndef DWELL_PYRAMID_H
#define DWELL_PYRAMID_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/reader.h"

/*
 * The summary pyramid: for each task, buckets of time with the share of each
 * state and the longest wait that touches it, on levels that are 4 times
 * coarser one above the other. It answers "what did this task do in these
 * columns of a screen" without decoding events. Written by the encoder at the end, rebuilt by a
 * scan when missing.
 */
struct dwell_pyramid;

/* Read from a file's summary; DWELL_END where the file has none (then dwell_pyramid_build). */
int dwell_pyramid_open(
	struct dwell_pyramid **out, struct dwell_reader *reader, struct dwell_diag *diag);
/* Made by reading all rows, for a file that has none. What a source and the states return. */
int dwell_pyramid_build(
	struct dwell_pyramid **out, struct dwell_reader *reader, struct dwell_diag *diag);

/* One thread at a time, but for dwell_pyramid_load. The reader must live as long. NULL is
 * allowed. */
void dwell_pyramid_free(struct dwell_pyramid *pyramid);

/*
 * Read all of it, 16 bytes a bucket: from then on nothing more is read from the file, and any
 * number of threads may query at once. DWELL_ELIMIT: it has more buckets than `most`; then, and
 * where it fails otherwise, all is as before. What dwell_pyramid_query returns.
 */
int dwell_pyramid_load(struct dwell_pyramid *pyramid, uint64_t most);

/* One cell of a screen: time in each state within it, and the longest wait that touches it. */
struct dwell_cell {
	uint64_t ns[DWELL_STATE_COUNT]; /* by enum dwell_state; within one eighth of the cell at
					   worst, never 0 where the truth is not */
	uint64_t longest_wait_ns; /* exact to the tick of its scale (see docs/format.md); 0: none */
	uint64_t switches;
};

/* Width of the finest bucket. Below it the caller decodes the events in view. */
uint64_t dwell_pyramid_finest_ns(const struct dwell_pyramid *pyramid);

/* Cells of equal width over [from, to) for one task. DWELL_EINVAL, DWELL_ENOMEM, DWELL_EFORMAT. */
int dwell_pyramid_query(struct dwell_pyramid *pyramid, uint32_t task, uint64_t from_ns,
	uint64_t to_ns, struct dwell_cell *cells, size_t count);

/*
 * Of every task below `tasks` at once, what dwell_pyramid_query tells of a state in one cell over
 * [0, to): ns[task], 0 where it has none. As it.
 */
int dwell_pyramid_totals(
	struct dwell_pyramid *pyramid, uint8_t state, uint64_t to_ns, uint64_t *ns, uint32_t tasks);

#endif

#ifndef DWELL_READER_H
#define DWELL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/bytes.h"
#include "dwell/error.h"
#include "dwell/sink.h"

/*
 * Reads a trace file: as a source (dwell_reader_source), generation by
 * generation in parallel, or by its summary alone (tables, index, pyramid).
 *
 * Damage is skipped to the next chunk that is whole, and told as an event of kind
 * DWELL_EVENT_LOSS (DWELL_LOSS_CORRUPT) over the time that is missing. A file that was not closed
 * is read by a forward scan of chunk headers.
 */
struct dwell_reader;

/* One generation: a stretch that can be decoded alone. Also one part of the source. */
struct dwell_generation {
	uint64_t offset; /* in the file */
	uint64_t first_ns, last_ns;
	uint64_t events;
};

/* What can be said of a file without decoding events. */
struct dwell_summary {
	struct dwell_trace_info info;
	struct dwell_trace_end end;
	uint64_t bytes;
	uint64_t events;
	uint64_t lost_events;
	uint64_t events_by_kind[DWELL_EVENT_KIND_COUNT];
	uint32_t tasks, executors;
	bool indexed; /* false: the index was missing and was rebuilt by a scan */
};

/* Takes over bytes, on failure too. diag may be NULL. DWELL_EFORMAT, DWELL_EVERSION,
 * DWELL_ETRUNCATED, DWELL_EIO, DWELL_ENOMEM, DWELL_ELIMIT. */
int dwell_reader_open(
	struct dwell_reader **out, struct dwell_bytes *bytes, struct dwell_diag *diag);

/* Closes its bytes too. NULL is allowed. */
void dwell_reader_close(struct dwell_reader *reader);

/* Valid as long as the reader. */
const struct dwell_summary *dwell_reader_summary(const struct dwell_reader *reader);
size_t dwell_reader_generations(const struct dwell_reader *reader);
const struct dwell_generation *dwell_reader_generation(const struct dwell_reader *reader, size_t i);

/* The reader as a source; owned by the reader (its close is dwell_reader_close's part). */
struct dwell_source *dwell_reader_source(struct dwell_reader *reader);

/* Drive only the definitions (of the whole trace) into a sink: what a view needs before any event.
 */
int dwell_reader_drive_tables(struct dwell_reader *reader, struct dwell_sink *sink);

/* The first bytes of a file: is it one of ours? */
bool dwell_reader_recognizes(const void *at, size_t size);

#endif

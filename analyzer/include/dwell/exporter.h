#ifndef DWELL_EXPORTER_H
#define DWELL_EXPORTER_H

#include <stdio.h>

#include "dwell/analysis.h"

/*
 * A trace, or what was worked out of it, in the forms of other tools (docs/exporters.md).
 * Nothing is told that the trace does not know: what is unknown is left out, or said to be.
 */
enum dwell_export_kind {
	DWELL_EXPORT_PERFETTO = 0, /* protobuf; scheduling as ftrace events, the rest as tracks */
	DWELL_EXPORT_CHROME,       /* JSON of the trace event format */
	DWELL_EXPORT_CSV,          /* one line for each stretch of a task's life */
	DWELL_EXPORT_SQLITE,       /* tables of everything: docs/exporters.md has the schema */
	DWELL_EXPORT_KIND_COUNT
};

/* Where it goes. SQLite writes to a path by itself: an empty file, or none, is there. */
struct dwell_export_target {
	FILE *file;
	const char *path;
};

/*
 * Drive the source, which stays the caller's, into an export of the query's selection; its
 * analyses are ignored. States are clipped to the window. The same trace gives the same bytes.
 * One thread; memory grows with the catalog and the open spans, not with the rows.
 *
 * Returns 0, DWELL_EIO (of the target: its file has its error, or *diag says what SQLite said),
 * DWELL_EINVAL (no such kind, from after to), DWELL_ENOMEM, or what the source returned; then
 * *diag, which may be NULL, says where and what.
 */
int dwell_export_events(unsigned kind, const struct dwell_export_target *target,
	struct dwell_source *source, const struct dwell_query *query, struct dwell_diag *diag);

/*
 * The stacks of an answer to DWELL_ANALYZE_FLAME as a profile that `go tool pprof` reads,
 * compressed by gzip: samples have a count and nanoseconds, and the labels process, class and
 * reason. Returns 0, DWELL_EIO, DWELL_ENOMEM.
 */
int dwell_export_pprof(const struct dwell_answer *answer, FILE *file);

#endif

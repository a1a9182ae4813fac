#ifndef DWELL_IMPORT_SOURCE_H
#define DWELL_IMPORT_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/bytes.h"
#include "dwell/error.h"
#include "dwell/importer.h"
#include "dwell/sink.h"

/*
 * What every importer that reads its trace from front to back shares: a source of one part.
 * An importer is a struct with this as its first member, and a table of what it does. How to
 * add one is told in docs/importers.md.
 */
struct import_source {
	struct dwell_source base;
	const struct import_source_ops *ops;
	struct dwell_bytes *bytes; /* of the file, closed at the end; NULL where there are none */
	struct dwell_diag diag;
};

/* Each returns 0 or a negative enum dwell_error, with source->diag set where it can say more. */
struct import_source_ops {
	/* Once: is it such a trace, and one that can be read? May be NULL. */
	int (*open)(struct import_source *source);
	/*
	 * To the trace's first row (a source may be driven more than once, and its start asked for
	 * before that), then tell begin and what is known.
	 */
	int (*start)(struct import_source *source, struct dwell_sink *sink);
	/* Every row, in order of time, and what is defined on the way. */
	int (*rows)(struct import_source *source, struct dwell_sink *sink);
	/* What is told behind the last row; *end is set. */
	int (*finish)(
		struct import_source *source, struct dwell_sink *sink, struct dwell_trace_end *end);
	/* All that these three made, of a source half made too. */
	void (*release)(struct import_source *source);
};

/*
 * Make a source whose struct is of this size, zeroed, and put it into out. Takes over bytes, on
 * failure too. DWELL_ENOMEM, or what ops->open returns; diag (may be NULL) says why.
 */
int import_source_open(struct dwell_import *out, const struct import_source_ops *ops, size_t size,
	struct dwell_bytes *bytes, struct dwell_diag *diag);

/* Begin the trace; the first moment by the clock of the recording is told where it is not 0. */
int import_tell_begin(struct dwell_sink *sink, const struct dwell_trace_info *info, uint64_t zero);
int import_tell_note(struct dwell_sink *sink, const char *key, const char *value);
/* A note, where count is not 0. */
int import_tell_count(struct dwell_sink *sink, const char *key, uint64_t count);

#endif

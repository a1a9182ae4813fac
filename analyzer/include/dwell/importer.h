#ifndef DWELL_IMPORTER_H
#define DWELL_IMPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "dwell/bytes.h"
#include "dwell/error.h"
#include "dwell/sink.h"

/*
 * Opens a trace of any kind that can be read, told by its content and never by its name:
 * our own files, their text form, and foreign traces (docs/importers.md). Foreign files and
 * text may be compressed with gzip or zstd; these, and pipes, are first unpacked into an unlinked
 * file in $TMPDIR (else /var/tmp), so that memory stays bounded.
 */
struct dwell_reader;

struct dwell_import {
	struct dwell_source *source;
	struct dwell_reader *reader; /* a file of ours: for its summary and pyramid; else NULL */
	const char *kind;            /* "dwell", "text", "perf", ...: as in docs/importers.md */
	uint64_t bytes;              /* what the trace takes as it was given, compressed or not */
};

/*
 * Open the trace at path; "-" is stdin. *out is written on success only.
 * Returns 0, DWELL_EIO (errno says why), DWELL_EUNSUPPORTED (not a trace that is known, or not
 * one that can be read here), DWELL_ELIMIT, DWELL_ENOMEM, or what opening that kind returns;
 * diag (may be NULL) says where and what.
 */
int dwell_import_open(struct dwell_import *out, const char *path, struct dwell_diag *diag);

/* The same from bytes, which are not unpacked; takes them over, on failure too. */
int dwell_import_open_bytes(
	struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag);

/* Closes source, reader and bytes. NULL and an all-zero one are allowed. */
void dwell_import_close(struct dwell_import *import);

#endif

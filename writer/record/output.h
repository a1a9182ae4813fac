#ifndef DWELL_RECORD_OUTPUT_H
#define DWELL_RECORD_OUTPUT_H

#include <stdint.h>

#include "dwell/encoder.h"

/* The trace's file. Errors stay: after the first one nothing more is written. */
struct dwell_file_output {
	struct dwell_output output;
	int fd;
	uint64_t bytes;
	int error; /* errno of what went wrong, or 0 */
};

/* Create it; a file of that name becomes PATH.old. Returns 0 or DWELL_EIO (errno). */
int dwell_file_output_open(struct dwell_file_output *file, const char *path);

/* The same in memory, with no name. */
int dwell_file_output_memory(struct dwell_file_output *file);

/* Returns DWELL_EIO where closing tells that something is not there. */
int dwell_file_output_close(struct dwell_file_output *file);

#endif

#ifndef DWELL_CLI_OUTPUT_H
#define DWELL_CLI_OUTPUT_H

#include <stdio.h>

#include "cli/trace.h"
#include "dwell/encoder.h"

/* The bytes of a file, or of stdin for "-". Says what is wrong; an exit status. */
int input_open(struct dwell_bytes **out, const char *path);

/* A file that a command writes, or stdout for "-". */
struct output {
	struct dwell_output output; /* first: encoders are given this */
	const char *path;
	FILE *file;
};

/* Refuses to write over `input` (may be NULL). Says what is wrong; an exit status. */
int output_open(struct output *output, const char *path, const char *input);

/*
 * Close it. With a status other than 0 what was written is removed: half an answer is none. Returns
 * status, or that of what could not be written, which it says.
 */
int output_close(struct output *output, int status);

/* Drive a trace into an encoder that writes the output. Says what is wrong; an exit status. */
int output_encode(struct output *output, const char *path, struct dwell_source *source,
	const struct dwell_source_options *options, struct dwell_sink *first,
	struct dwell_encoder *encoder);

#endif

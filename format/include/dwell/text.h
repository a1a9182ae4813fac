#ifndef DWELL_TEXT_H
#define DWELL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "dwell/bytes.h"
#include "dwell/error.h"
#include "dwell/sink.h"

/*
 * The text form of a trace: one definition or event a line, to be read and
 * written by hand. Definitions before the first row are written in order, so that the text does not
 * depend on how a file lies: text to trace to text gives the same text, and text made of an
 * assembled trace the same file. Its grammar is in docs/text.md.
 */

/* A sink that writes text to a file of the caller's, which it flushes at the end. DWELL_ENOMEM;
 * its functions return DWELL_EIO. */
int dwell_text_sink_new(struct dwell_sink **out, FILE *file);
void dwell_text_sink_free(struct dwell_sink *sink);

/*
 * A source that reads text; takes over bytes, on failure too. Errors name the line. What a row
 * or keyframe names must be defined before it, and rows must be in order of time.
 * DWELL_EFORMAT, DWELL_EVERSION, DWELL_ELIMIT, DWELL_EIO, DWELL_ENOMEM.
 */
int dwell_text_source_open(
	struct dwell_source **out, struct dwell_bytes *bytes, struct dwell_diag *diag);

/* The first bytes of a file: is it text of ours? */
bool dwell_text_recognizes(const void *at, size_t size);

#endif

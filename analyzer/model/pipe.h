#ifndef DWELL_MODEL_PIPE_H
#define DWELL_MODEL_PIPE_H

#include <stddef.h>

#include "dwell/event.h"

/*
 * Rows from the thread that reads a source to one that follows the states and folds, in their
 * order: for folds that must see them in one piece. What they answer is the same as with one
 * thread.
 */
struct pipe;

/* take is called by another thread, for some rows after the others. 0 or DWELL_ENOMEM: no memory,
 * or no thread can be had. */
int pipe_new(struct pipe **out,
	int (*take)(void *context, const struct dwell_event *rows, size_t count), void *context);
/* Waits until all is taken; the first error. NULL is allowed. */
int pipe_free(struct pipe *pipe);

/* Rows that are copied. An error: of rows that were taken before. */
int pipe_put(struct pipe *pipe, const struct dwell_event *rows, size_t count);
/* All that was put is taken: until the next rows the other thread stands still. The first error. */
int pipe_drain(struct pipe *pipe);

#endif

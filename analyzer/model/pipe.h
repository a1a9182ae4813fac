#ifndef DWELL_MODEL_PIPE_H
#define DWELL_MODEL_PIPE_H

#include <stddef.h>

#include "dwell/event.h"
#include "dwell/states.h"

/*
 * Rows on their way through steps, each in a thread of its own, in their order: for folds that must
 * see them in one piece. A batch stays where it is while it goes from step to step: what one step
 * writes into it the next one reads, and nothing is copied. What is answered is the same as with
 * one thread.
 */
struct pipe;

enum { PIPE_ROWS = 512, PIPE_STEPS = 2 }; /* of a batch; at most */

/* Tasks of which no state had been told before, as their first states are. */
struct firsts {
	struct dwell_task_state *at;
	size_t count, cap;
};

struct pipe_batch {
	const struct dwell_event *rows; /* in its room */
	size_t count;
	struct dwell_event *room; /* for PIPE_ROWS */
	/* What the first of two steps says of them to the second. */
	size_t early;           /* rows before these are not to be folded */
	size_t folded;          /* so many rows after those are */
	uint32_t kinds;         /* as struct fold_batch */
	struct dwell_told told; /* by those to be folded; room: told_room */
	struct firsts firsts;
};

/* 0 or an error, which ends all: no step is taken after it. */
typedef int pipe_step(void *context, struct pipe_batch *batch);

/* Each is called by a thread of its own, for one batch after the other; one or two. 0 or
 * DWELL_ENOMEM: no memory, or not enough threads can be had. */
int pipe_new(struct pipe **out, pipe_step *const steps[], size_t count, void *context);
/* Waits until all is done; the first error. NULL is allowed. */
int pipe_free(struct pipe *pipe);

/* Where PIPE_ROWS rows may be made that are put next. NULL: an error, of rows before. */
struct dwell_event *pipe_room(struct pipe *pipe);
/* Rows; where they are not in that room they are copied. An error: of rows before. */
int pipe_put(struct pipe *pipe, const struct dwell_event *rows, size_t count);
/* All that was put is done: until the next rows all other threads stand still. The first error. */
int pipe_drain(struct pipe *pipe);
/* Within the first step: the second has done all batches before this one, and stands still until
 * the first step of this one is done. The first error. */
int pipe_still(struct pipe *pipe);

#endif

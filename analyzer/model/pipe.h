#ifndef DWELL_MODEL_PIPE_H
#define DWELL_MODEL_PIPE_H

#include "model/run.h"

/*
 * Batches from the thread that drives a source to one that folds them, in their order: for folds
 * that must see the rows in one piece. What they answer is the same as with one thread.
 */
struct pipe_batch {
	struct dwell_event rows[RUN_BATCH];
	size_t count;
	uint32_t kinds;
	struct dwell_told told; /* with room for a batch */
};

struct pipe;

/* fold is called by another thread, for one batch after the other. 0 or DWELL_ENOMEM: no memory, or
 * no thread can be had. */
int pipe_new(struct pipe **out, int (*fold)(void *context, const struct fold_batch *batch),
	void *context);
/* Waits for the last of them; the folds' first error. NULL is allowed. */
int pipe_free(struct pipe *pipe);

/* The next to be filled; NULL: a fold failed. */
struct pipe_batch *pipe_room(struct pipe *pipe);
void pipe_give(struct pipe *pipe);
/* All that were given are folded: until the next one the folds stand still. Their first error. */
int pipe_drain(struct pipe *pipe);

#endif

#ifndef DWELL_MODEL_AHEAD_H
#define DWELL_MODEL_AHEAD_H

#include "model/drive.h"

/*
 * Parts of a learned model, read by other threads before they are asked for: from the last back to
 * the first, which is how causes are followed.
 */
struct ahead;

struct ahead_ops {
	/* Read a part; by any thread. 0 or a negative enum dwell_error. */
	int (*read)(struct model *model, void *context, size_t part, void **out);
	void (*drop)(void *read); /* what was read and not taken */
};

/* ops, model and context must outlive it. 0 or DWELL_ENOMEM. */
int ahead_new(struct ahead **out, struct model *model, const struct ahead_ops *ops, void *context);
/* NULL is allowed. */
void ahead_free(struct ahead *ahead);

/* What was read of a part: the last one at first, then each one before. *out is the caller's. */
int ahead_take(struct ahead *ahead, size_t part, void **out);

#endif

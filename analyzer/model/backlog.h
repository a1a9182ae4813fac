#ifndef DWELL_MODEL_BACKLOG_H
#define DWELL_MODEL_BACKLOG_H

#include <stdbool.h>

#include "model/fold_ops.h"

/*
 * Batches that were told before it is their turn to be folded. What most rows and intervals say
 * fits into 12 and 16 bytes; the rest is kept as it is.
 */
struct backlog;

enum { BACKLOG_ROWS = 256 }; /* of a batch, at most */

/* It holds some `most` bytes; what it has taken it keeps, to be filled again. 0 or DWELL_ENOMEM. */
int backlog_new(struct backlog **out, size_t most);
void backlog_free(struct backlog *backlog); /* NULL is allowed */

/* 0, DWELL_ENOMEM, or DWELL_END: it is full. */
int backlog_put(struct backlog *backlog, const struct fold_batch *batch);
/* The next one, in the order in which they were put, until the next call; false: no more, and it is
 * empty. */
bool backlog_take(struct backlog *backlog, struct fold_batch *out);

#endif

#ifndef DWELL_MODEL_SPARES_H
#define DWELL_MODEL_SPARES_H

#include <stdbool.h>

#include "model/shelf.h"

/* Large shelves that were done with, to be used again: asking the system for the same pages anew
 * costs more than filling them. Any number of threads. */
struct spares;

/* NULL: no memory. */
struct spares *spares_new(void);
void spares_free(struct spares *spares);

/* An empty shelf for things of this size, which has memory where there was a spare one of it. The
 * caller's, to be released or given back. */
struct shelf spares_take(struct spares *spares, size_t item);
/* Give one back: it has nothing then. Too many are released. */
void spares_give(struct spares *spares, struct shelf *shelf);

#endif

#ifndef DWELL_MODEL_SPARES_H
#define DWELL_MODEL_SPARES_H

#include <stddef.h>

/* Large blocks of memory that were done with, to be used again: asking the system for the same
 * pages anew costs more than filling them. Any number of threads. */
struct spares;

/* NULL: no memory. */
struct spares *spares_new(void);
void spares_free(struct spares *spares);

/* A block and its size; NULL, 0: there is none. The caller's, to be freed or given back. */
void *spares_take(struct spares *spares, size_t *size);
/* Give one back; too many are freed. NULL is allowed. */
void spares_give(struct spares *spares, void *at, size_t size);

#endif

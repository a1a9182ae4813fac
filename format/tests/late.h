#ifndef DWELL_TESTS_LATE_H
#define DWELL_TESTS_LATE_H

#include "dwell/sink.h"

/*
 * A sink before another: tasks are defined as created later than they were, and again as they were
 * when rows have come that far: all of them, or (some) at some other time, even after the fact.
 */
struct late;

struct late *late_new(struct dwell_sink *next, uint64_t seed, bool some);
struct dwell_sink *late_sink(struct late *late);
void late_free(struct late *late);

#endif

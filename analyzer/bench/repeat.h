#ifndef DWELL_BENCH_REPEAT_H
#define DWELL_BENCH_REPEAT_H

#include "dwell/sink.h"

/*
 * Drive the rows of a source into a sink again and again, each time later than the last, until
 * there are so many: a long trace that is like a real one. Tasks live on from one round to the
 * next, so none tells of ends, and a creation is a
 * wake but in the first.
 */
int repeat_drive(struct dwell_source *source, size_t rows, struct dwell_sink *sink);

#endif

#ifndef DWELL_TIMELINE_STOP_H
#define DWELL_TIMELINE_STOP_H

#include "timeline/private.h"

/* A source that stops when its job is cancelled: rows pass through, the rest is the other's. */
struct stoppable {
	struct dwell_source source;
	struct dwell_source *next;
	struct dwell_job *job;
};

/* Returns the source in it. Both others must outlive it. */
struct dwell_source *stoppable_init(
	struct stoppable *stoppable, struct dwell_source *next, struct dwell_job *job);

#endif

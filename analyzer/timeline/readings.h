#ifndef DWELL_TIMELINE_READINGS_H
#define DWELL_TIMELINE_READINGS_H

#include "dwell/timeline.h"

/* Counters of a whole trace. All zero is none. */
struct readings {
	struct dwell_counted *series;
	size_t count, all; /* series; readings of all of them */
	uint32_t *slots;   /* by hash: index + 1 */
	bool cut;          /* there are more series than are kept */
};

/* 0 or DWELL_ENOMEM. */
int readings_add(struct readings *readings, const struct dwell_event *row);
/* By counter, task, executor. */
void readings_sort(struct readings *readings);
void readings_release(struct readings *readings);

#endif

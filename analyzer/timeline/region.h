#ifndef DWELL_TIMELINE_REGION_H
#define DWELL_TIMELINE_REGION_H

#include "timeline/private.h"

struct region_query {
	uint32_t task;
	uint64_t from_ns, cell_ns;
	struct dwell_cell *cells; /* added to */
	size_t count;
	uint64_t goes_on_to; /* where the state ends that goes on at the region's end */
};

/* Read [from_ns, to_ns) of the region. */
int region_read(struct region *region, struct dwell_job *job);
void region_release(struct region *region);

/* The part of the cells that lies in the region. */
void region_cells(const struct region *region, const struct region_query *query);

/* Where the task's first state of the region ends; true: it is the only one and goes on behind. */
bool region_end_of(const struct region *region, uint32_t task, uint64_t *end_ns);

#endif

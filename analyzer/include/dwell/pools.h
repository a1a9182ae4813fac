#ifndef DWELL_POOLS_H
#define DWELL_POOLS_H

#include "dwell/keys.h"

/* Pools of objects that programs keep to make no new ones: how well they do, and how they are
 * misused. */

enum dwell_pool_fault {
	DWELL_POOL_FOREIGN_PUT = 0, /* put back by another task than the one that had got it */
	DWELL_POOL_DOUBLE_PUT,      /* put back while it was in the pool */
	DWELL_POOL_NEVER_PUT,       /* got and not put back within the window */
	DWELL_POOL_FAULT_COUNT
};
const char *dwell_pool_fault_name(unsigned fault);

/* Faults of one kind at one place: of the put, or of the get that was never answered. */
struct dwell_pool_site {
	uint8_t fault; /* enum dwell_pool_fault */
	uint32_t stack;
	uint32_t task; /* the first */
	uint64_t count, first_ns;
};

struct dwell_pool_row {
	uint64_t id;
	uint32_t object;
	uint64_t gets, puts, news;
	uint32_t reuse_ppm; /* of the gets: served by what had been made before */
	uint64_t faults[DWELL_POOL_FAULT_COUNT];
	uint64_t untracked;  /* operations on items beyond those that are remembered: in no figure
				but gets, puts, news */
	uint64_t first_ns;   /* the first get, */
	uint32_t first_task; /* and whose */
	struct dwell_distribution held; /* from get to put */
	struct dwell_pool_site *sites; /* most first; those beyond 64 places are in `faults` only */
	size_t site_count;
};

struct dwell_pools {
	struct dwell_pool_row *rows; /* most gets first */
	size_t count;
};

#endif

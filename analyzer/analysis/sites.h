#ifndef DWELL_ANALYSIS_SITES_H
#define DWELL_ANALYSIS_SITES_H

#include <stddef.h>
#include <stdint.h>

struct dwell_wait;

/* Who waited first at each place: for one reason and object, with one stack, or without one the
 * same task. Rows of waits are of such places, one or more. */
struct site {
	uint64_t key, first_ns;
	uint32_t task; /* 0: free */
};

/* All zero is empty. */
struct sites {
	struct site *at;
	size_t count, cap; /* a power of two, or 0 */
};

void sites_release(struct sites *sites);
/* 0 or DWELL_ENOMEM. */
int sites_add(struct sites *sites, const struct dwell_wait *wait);

#endif

#ifndef DWELL_ANALYSIS_FIRST_H
#define DWELL_ANALYSIS_FIRST_H

#include "analysis/again.h"
#include "analysis/pendings.h"

/*
 * The beginning of a wait that may have been begun again, for the sweep of gains: its end comes
 * after the start of the first of those waits, which shows only further back.
 */
struct first {
	struct dwell_stretch wait;
	struct ways kept; /* from the start of the first one so far */
	struct ways ways; /* from where the sweep is, if that was the first one */
	uint64_t ran_ns;
};

/* Was the wait begun again after one that ended after from_ns, or may an earlier chapter tell? */
bool first_may_be(
	const struct chapters *chapters, const struct dwell_stretch *wait, uint64_t from_ns);
/* ways: from the wait's start. NULL: no memory. */
struct first *first_new(const struct dwell_stretch *wait, const struct ways *ways);
/* Over the task's next stretch back, so long; false: it was the first one, its ways are before it.
 */
bool first_pass(struct first *first, const struct dwell_stretch *s, uint64_t length_ns,
	uint32_t free_lanes, uint64_t from_ns, bool has_wakes);

#endif

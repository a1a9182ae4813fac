#ifndef DWELL_ANALYSIS_GAINS_H
#define DWELL_ANALYSIS_GAINS_H

#include "analysis/shares.h"

/*
 * How long the interval would have been if some stretches had taken no time.
 *
 * Every stretch is an edge of a graph from its start to its end, as long as it is; a blocked one
 * that a task ended has no length of its own: its end comes after its start, and after the moment
 * in the waker's stretch at which it was let go, whichever is later (and what lies between the
 * letting go and its end is added). A task begins at the moment in its creator's stretch. The
 * interval is as long as the longest way to its end from anything that was there at its beginning.
 * With all lengths as they were that is the interval itself. A stretch that takes no time has
 * length 0 and, if it is blocked, waits for nobody.
 *
 * One sweep back over the history works out the longest ways for many such questions at once.
 */

/* Which stretches take no time: those that are as all the fields say that are not 0. */
struct unless {
	uint8_t state, reason;
	bool any_reason; /* reason does not matter, though it is 0 */
	uint32_t class_id, task, object;
	bool by_object, by_site; /* object and site matter, though they are 0 */
	uint64_t site;
};

enum { GAIN_LANES = 2 * DWELL_GAINS };

struct gains {
	struct spares *spares; /* the caller's */
	struct shares *shares; /* for sites */
	struct unless unless[GAIN_LANES];
	unsigned lanes;
	uint64_t length_ns[GAIN_LANES]; /* the answer */
};

/* view as of the walk; the interval [from_ns, to_ns) is what was walked. */
int gains_find(
	struct gains *gains, struct model *view, uint32_t task, uint64_t from_ns, uint64_t to_ns);

#endif

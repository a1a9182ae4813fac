#ifndef DWELL_ANALYSIS_PAST_H
#define DWELL_ANALYSIS_PAST_H

#include "analysis/fold.h"

/* What each task did lately: its last intervals, to say what a holder did while it was waited for.
 */
enum { PAST = 64 };

struct past {
	const struct dwell_states *states; /* for what goes on */
	struct table tasks;
};

void past_init(struct past *past);
void past_release(struct past *past);

/* An interval has ended. 0 or DWELL_ENOMEM. */
int past_add(struct past *past, const struct dwell_interval *interval);

/* Add the states of a task within [from, to), and why it was blocked; what is not known, or too
 * long ago, is unknown. */
void past_split(const struct past *past, uint32_t task, uint64_t from_ns, uint64_t to_ns,
	struct dwell_times *times, uint64_t blocked_by[DWELL_REASON_COUNT]);

#endif

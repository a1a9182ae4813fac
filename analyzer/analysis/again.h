#ifndef DWELL_ANALYSIS_AGAIN_H
#define DWELL_ANALYSIS_AGAIN_H

#include "dwell/history.h"

/*
 * A wait that ran out of time and was begun again at once is one wait with the next: of a loop
 * that asks every 10 ms, who ended its last wait was waited for all along. docs/causes.md has the
 * definition to the letter.
 */
enum {
	AGAIN_NS = 100000,        /* the task may run so long in between, */
	AGAIN_PART = 16,          /* or for such a part of the wait that ran out, */
	AGAIN_MOST_NS = 10000000, /* and never longer */
};

/* What a stretch before a wait is to it, going back in time. */
enum again {
	AGAIN_NO,      /* the wait began anew */
	AGAIN_BETWEEN, /* it cannot be told yet: the task ran a little, or was ready */
	AGAIN_YES      /* the same wait, that ran out of time */
};

/* Could there be such a stretch at all? */
bool again_may_be(const struct dwell_stretch *wait);
/* *ran_ns: that the task ran in between so far, at first 0. from_ns: the interval begins.
 * has_wakes: of the trace. */
enum again again_before(const struct dwell_stretch *wait, const struct dwell_stretch *before,
	uint64_t *ran_ns, uint64_t from_ns, bool has_wakes);

#endif

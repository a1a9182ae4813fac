#ifndef DWELL_GC_H
#define DWELL_GC_H

#include "dwell/keys.h"

/*
 * What a collector took from the program. Cycles, pauses, assists and sweeps are spans
 * (dwell/activity.h: DWELL_ANALYZE_SPANS); here is what needs more than their lengths.
 */

/*
 * The least that was left to the program in any stretch of window_ns: minimum mutator utilization.
 *
 * The share left is 0 while the world is paused for the collector; else 1 less the share of the
 * processors on which a task runs that works for it: one within an assist, or a background worker
 * that is not of the idle kind. After Cheng and Blelloch, "A parallel, real-time garbage collector"
 * (PLDI 2001), as Go's tools use it.
 */
struct dwell_gc_window {
	uint64_t window_ns;
	uint32_t minimum_ppm;
	uint64_t at_ns; /* where the first such stretch begins */
};

enum { DWELL_GC_WINDOWS = 6 };

/* Tasks of one class that had to help. */
struct dwell_gc_assist {
	uint32_t class_id;
	uint64_t count, total_ns, max_ns;
};

struct dwell_gc {
	bool has_utilization; /* how many processors there are is known */
	uint32_t mean_ppm;
	struct dwell_gc_window windows[DWELL_GC_WINDOWS]; /* those not longer than the trace */
	size_t window_count;
	struct dwell_gc_assist *assists; /* longest total first */
	size_t assist_count;
};

#endif

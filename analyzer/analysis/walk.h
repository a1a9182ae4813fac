#ifndef DWELL_ANALYSIS_WALK_H
#define DWELL_ANALYSIS_WALK_H

#include "analysis/chapters.h"
#include "dwell/causes.h"

/* A task on the path, and how it came to be there. */
struct walk_frame {
	uint32_t task;
	uint8_t entry;             /* enum dwell_entry */
	uint64_t bound_ns;         /* it matters from here on */
	struct dwell_stretch wait; /* of the frame below, that brought us here */
};

/*
 * Walks back from the end of an interval. The algorithm is that of Trace Compass's critical path
 * (Giraldeau and Dagenais, "Wait Analysis of Distributed Systems Using Kernel Tracing", 2016),
 * with what is followed of a waker cut at the beginning of the wait.
 */
struct walk {
	struct spares *spares; /* the caller's */
	struct chapters chapters;
	struct walk_frame *frames;
	size_t depth, cap;
	struct table on_path;    /* by task: uint8_t, 1: in a frame */
	uint64_t from_ns, to_ns; /* the interval, once it was walked */
	/* Each step, the latest first. 0 or a negative enum dwell_error. */
	int (*step)(void *context, const struct dwell_step *step);
	/* A wait is entered at its end, left at its beginning; may be NULL. */
	int (*wait)(void *context, const struct dwell_stretch *wait, uint64_t at_ns, bool entered);
	void *context;
};

/* view: of the interval, or longer. 0, DWELL_EINVAL where the task did not live in it. */
int walk_back(
	struct walk *walk, struct model *view, uint32_t task, uint64_t from_ns, uint64_t to_ns);
void walk_release(struct walk *walk);

/* Who made a task whose life is known from at_ns on; 0: that it began then was not seen. */
uint32_t maker_of(const struct dwell_catalog *catalog, uint32_t task, uint64_t at_ns);

#endif

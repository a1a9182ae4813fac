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
	/* Where the wait began; if it was begun again (analysis/again.h), the first of them so far.
	 */
	uint64_t first_ns;
};

/*
 * Walks back from the end of an interval. The algorithm is that of Trace Compass's critical path
 * (Giraldeau and Dagenais, "Wait Analysis of Distributed Systems Using Kernel Tracing", 2016),
 * with what is followed of a waker cut at the beginning of the wait. How far back a wait goes that
 * was begun again is looked up where the walk comes to its beginning as known so far: so no answer
 * may depend on a bound but by where it ends.
 */
struct walk {
	struct spares *spares; /* the caller's */
	struct chapters chapters;
	struct walk_frame *frames;
	size_t depth, cap;
	struct table on_path; /* by task: uint8_t, 1: in a frame */
	/* The path stays on the top task, in this wait, down to from_ns. */
	struct walk_stay {
		struct dwell_stretch wait;
		uint64_t from_ns;
		uint8_t stop; /* 0: it does not */
	} stay;
	struct dwell_step pending; /* not told so far: the same stretch may go on. task 0: none */
	uint64_t pending_of_ns;    /* where its stretch begins */
	uint64_t settled_ns;       /* no bound there can be moved */
	uint64_t from_ns, to_ns;   /* the interval, once it was walked */
	/* Each step, the latest first. 0 or a negative enum dwell_error. */
	int (*step)(void *context, const struct dwell_step *step);
	/* A wait is entered at its end, left at its beginning, or at that of the first of those
	 * that it was begun again after; may be NULL. */
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

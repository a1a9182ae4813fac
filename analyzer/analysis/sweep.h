#ifndef DWELL_ANALYSIS_SWEEP_H
#define DWELL_ANALYSIS_SWEEP_H

#include "analysis/births.h"
#include "analysis/by_ends.h"
#include "analysis/first.h"

/* The sweep of gains back over a history: what is known where it is, and its single steps. */

/* In which lanes a stretch like this takes no time. */
struct known_lanes {
	bool known;
	uint8_t reason;
	uint32_t object, stack, lanes;
};

/* Where a task's sweep has come to: the start of one of its stretches. */
struct place {
	struct ways ways;
	bool reached; /* the interval's end can be reached from here */
	bool classed;
	uint32_t class_id;
	struct known_lanes known[DWELL_STATE_COUNT]; /* of its last stretch in each state */
	/* The latest stretch that ended no earlier than where the sweep is; of that chapter. */
	const struct dwell_stretch *last;
	size_t chapter;
	struct first *first; /* of a wait that may have been begun again; else NULL */
};

struct sweep {
	struct gains *gains;
	struct chapters chapters;
	struct table places; /* by task */
	uint64_t from_ns, to_ns;
	uint32_t task;
	struct pendings pendings;
	struct births births;
	struct by_ends ends;
	struct ways end, longest;
};

/* In which lanes a stretch takes no time; how long it is in the interval, up to end_ns. */
int sweep_lanes(struct sweep *sweep, const struct dwell_stretch *s, uint32_t *out);
uint64_t sweep_length(const struct sweep *sweep, const struct dwell_stretch *s, uint64_t end_ns);
/* Somebody who was to be recorded ended it; anybody else is taken for a device. */
bool sweep_is_joined(const struct sweep *sweep, const struct dwell_stretch *s);

/* 0 or DWELL_ENOMEM. A way from a task's place on; */
int sweep_reach(struct sweep *sweep, uint32_t task, const struct ways *ways, uint64_t ns,
	uint32_t free_lanes);
/* over a whole stretch, from the way at its end to the one at its start; */
int sweep_over(struct sweep *sweep, const struct dwell_stretch *s);
/* in the midst of one, at the moment the sweep has come to; */
int sweep_pending(struct sweep *sweep, struct pending *p);
/* from a task to who made it. */
int sweep_birth(struct sweep *sweep, const struct birth *birth);
/* The wait of a place that may have been begun again was the first one. */
void sweep_settle_first(struct place *place);

#endif

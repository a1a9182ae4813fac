#ifndef DWELL_EARLY_H
#define DWELL_EARLY_H

#include "dwell/sink.h"
#include "dwell/states_ask.h"

/*
 * What is to be known of tasks to follow the rows from a keyframe up to a time: of those that were
 * created before the keyframe only that they were, of later ones when, of those after it nothing.
 * A sink of definitions; states ask it.
 */
struct early {
	struct dwell_sink sink;
	struct dwell_states *states; /* executors are told to them */
	uint64_t keyframe_ns, until_ns;
	uint64_t *bits;     /* by page of 64: who was */
	uint64_t **created; /* by page: when, 0 before the keyframe; NULL: all were */
	size_t page_count;
	uint32_t end;
};

void dwell_early_init(
	struct early *early, struct dwell_states *states, uint64_t keyframe_ns, uint64_t until_ns);
void dwell_early_release(struct early *early);
/* All definitions are told: the states ask from now on. DWELL_ENOMEM, DWELL_ELIMIT. */
int dwell_early_ask(struct early *early);

#endif

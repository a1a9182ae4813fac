#ifndef DWELL_ANALYSIS_WEIGHTS_H
#define DWELL_ANALYSIS_WEIGHTS_H

#include "analysis/fold.h"

/* The weight of a stack: of one task, or of those of a shape. */
struct weight {
	uint64_t count, ns;
	uint32_t owner; /* a task, or a shape of the catalog */
	uint32_t task;  /* the owner, or the first of those */
	uint32_t stack;
	uint8_t reason;
	bool of_shape;
	uint32_t next, more; /* of the same slot; of the same task; 0: none */
};

/* All zero but for the item of `owners` is empty. */
struct weights {
	struct weight *at; /* from 1 on; count 0: free */
	uint32_t end, cap, free;
	uint32_t *slots; /* the first of each; a power of two */
	size_t slot_count;
	struct table owners; /* uint32_t by task: the first of its own */
};

void weights_init(struct weights *weights);
void weights_release(struct weights *weights);
/* One more of a task. 0 or DWELL_ENOMEM. */
int weights_add(
	struct weights *weights, uint32_t task, unsigned reason, uint32_t stack, uint64_t ns);
/* Those of a task are of its shape from now on. 0 or DWELL_ENOMEM. */
int weights_settle(struct weights *weights, uint32_t task, uint32_t shape);
/* Nothing is known of the tasks of a page any more. */
void weights_drop(struct weights *weights, uint32_t first);

#endif

#ifndef DWELL_ANALYSIS_SHARES_H
#define DWELL_ANALYSIS_SHARES_H

#include "analysis/walk.h"

/* What a walk goes through, added up: shares of the path, waits that it went through, the longest
 * steps. */
struct slots {
	uint32_t *at; /* index + 1; a power of two */
	size_t count;
};

struct shared_wait {
	struct dwell_path_wait is;
	uint64_t site;     /* hash of the stack */
	uint64_t since_ns; /* the latest end of those that are open */
	uint32_t open;
};

struct shared {
	struct dwell_share is;
	uint64_t site;
};

struct shares {
	const struct dwell_catalog *catalog;
	unsigned by;
	uint64_t steps_wanted;
	struct shared *shares;
	size_t count, cap;
	struct shared_wait *waits;
	size_t wait_count, wait_cap;
	struct slots share_slots, wait_slots;
	struct table sites; /* by stack: uint64_t, 0 where it was not worked out */
	/* The longest steps: a heap, the shortest first. */
	struct dwell_step *steps;
	size_t step_count, step_cap;
	uint64_t all_steps;
	struct dwell_step pending; /* neighbours that are alike become one */
};

void shares_init(struct shares *shares, const struct dwell_catalog *catalog, unsigned by,
	uint64_t steps_wanted);
void shares_release(struct shares *shares);

/* The walk's two. */
int shares_step(void *context, const struct dwell_step *step);
int shares_wait(void *context, const struct dwell_stretch *wait, uint64_t at_ns, bool entered);
/* The walk is over: the longest first, steps in order of time. */
int shares_finish(struct shares *shares);

/* A stack by its names; the same for stacks that read the same. 0 for none. */
int site_of(struct shares *shares, uint32_t stack, uint64_t *site);

#endif

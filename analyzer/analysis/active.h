#ifndef DWELL_ANALYSIS_ACTIVE_H
#define DWELL_ANALYSIS_ACTIVE_H

#include "analysis/fold.h"

/*
 * How long each process left CPUs unused: while fewer of its tasks ran or were ready than there
 * are CPUs for it. Follows the rows as they come, without hindsight.
 */
struct active {
	struct dwell_catalog *catalog;
	struct table tasks;     /* struct active_task */
	struct table processes; /* struct active_process */
	uint32_t cpus;          /* 0: not known */
	uint32_t executors;     /* of which cpus was counted */
	uint64_t begin_ns, now_ns;
};

struct active_task {
	uint32_t process;
	bool known; /* process was looked up */
	bool active;
	uint64_t left_ns; /* of the process's unused time when the task began to wait */
};

void active_init(struct active *active, const struct model *model);
void active_release(struct active *active);
int active_begin(struct active *active, const struct fold_start *start);
/* Before the rows of a batch: executors may have been defined. */
void active_batch(struct active *active);
int active_event(struct active *active, const struct dwell_event *event);

/* The unused time of its process since the task began to wait, at most ns. */
uint64_t active_unused(struct active *active, uint32_t task, uint64_t ns);

#endif

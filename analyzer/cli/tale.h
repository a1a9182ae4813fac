#ifndef DWELL_CLI_TALE_H
#define DWELL_CLI_TALE_H

#include "dwell/explain.h"
#include "dwell/report.h"

/* A story as people read it: who waited for what, who had it, what that one did meanwhile. */
struct tale {
	const struct dwell_story *story;
	const struct dwell_catalog *catalog;
	struct dwell_style style;
	bool has_wakes;
	uint64_t limit; /* lines of one wait; the shorter rest is summed up */
	/* What is part of each wait, in order of time: of wait i (0: the story) at parts[first[i]]
	 * and on. A step has its index, a wait its index and all the steps. */
	size_t *first, *parts;
};

/* 0 or DWELL_ENOMEM. */
int tale_print(struct tale *tale);

#endif

#ifndef DWELL_KEYS_H
#define DWELL_KEYS_H

#include "dwell/histogram.h"
#include "dwell/model.h"

/* What the rows of all answers are made of. */

enum dwell_by {
	DWELL_BY_DEFAULT = 0, /* tasks: task; blocked: site */
	DWELL_BY_TASK,
	DWELL_BY_CLASS,
	DWELL_BY_PROCESS,
	DWELL_BY_SITE,
	DWELL_BY_OBJECT,
	DWELL_BY_REASON,
	DWELL_BY_COUNT
};
const char *dwell_by_name(unsigned by);

/* What a row stands for: `id` is a task, class, process, object or reason. Of a site it is the
 * class of those who wait there, where no stack tells the place; else 0. */
struct dwell_key {
	uint8_t by;
	uint32_t id;
	struct dwell_string text; /* the catalog's; empty where nothing names it */
};

struct dwell_times {
	uint64_t running_ns, runnable_ns, blocked_ns, unknown_ns;
};

struct dwell_distribution {
	uint64_t count, total_ns, mean_ns, p50_ns, p90_ns, p99_ns, p999_ns, max_ns;
	struct dwell_bar *bars;
	size_t bar_count;
};

#endif

#ifndef DWELL_ANALYSIS_DIGEST_FOLD_H
#define DWELL_ANALYSIS_DIGEST_FOLD_H

#include "analysis/fold.h"
#include "analysis/subjects.h"

/* What a task holds, since when: it was seen to get it. */
struct held {
	uint64_t since_ns;
	uint32_t object;
};

struct digest_task {
	struct dwell_times times;
	struct dwell_windows states;
	struct dwell_series latency;
	struct held *held;
	uint32_t held_count, held_cap;
	bool seen, alive; /* alive: at the end of the window */
};

/* A span that goes on. */
struct digest_span {
	uint64_t id, start_ns;
	uint32_t label, task;
	uint8_t kind;
};

/* The fold of a digest: by ids, named when it is done (digest.c). */
struct digest_fold {
	const struct model *model;
	struct table tasks; /* struct digest_task */
	struct items items; /* sites, locks, spans */
	struct digest_span *spans;
	size_t span_count, span_cap;
	uint32_t *span_slots; /* index + 1, by id */
	size_t span_slot_count;
};

#endif

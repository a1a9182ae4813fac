#ifndef DWELL_SURVEY_H
#define DWELL_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the program said of itself, and what is missing: of the whole trace.
 * timeline.h asks for it. */
struct dwell_lost {
	uint64_t start_ns, end_ns, records;
	uint32_t task, executor; /* 0: of anything */
};

struct dwell_span {
	uint64_t start_ns, end_ns; /* DWELL_FOREVER: not ended */
	uint64_t id, parent;
	uint32_t task, label;
	uint8_t kind; /* enum dwell_span_kind */
};

/* What a counter was from then on, until the next: one value, or those of a stretch in one. */
struct dwell_reading {
	uint64_t time_ns;
	int64_t first, min, max, last;
};

/* One counter of one task or executor, or of the whole: values as recorded (see tables.h). */
struct dwell_counted {
	uint32_t counter, task, executor;
	struct dwell_reading *at; /* by time */
	size_t count, cap;
};

struct dwell_survey {
	const struct dwell_lost *losses; /* by start */
	size_t loss_count;
	const struct dwell_span *spans; /* by start */
	size_t span_count;
	const struct dwell_counted *series; /* by counter, task, executor */
	size_t series_count;
	bool cut; /* there are more spans, losses or series than are kept */
};

#endif

#ifndef DWELL_ACTIVITY_H
#define DWELL_ACTIVITY_H

#include "dwell/event.h"
#include "dwell/keys.h"

/* Answers about what the program says of itself: spans, counters, stacks; and what is in a trace.
 */

/* Spans of one label and kind. Shares are of the task that began the span. */
struct dwell_span_row {
	uint64_t id;
	uint32_t label;
	uint8_t kind; /* enum dwell_span_kind */
	struct dwell_string text;
	struct dwell_distribution durations; /* of those that ended in the window */
	struct dwell_times times;            /* within them */
	uint64_t open_count, open_ns;        /* begun and not ended */
	/* The longest one. */
	uint64_t longest_at_ns, longest_ns, longest_span;
	uint32_t longest_task;
};

struct dwell_spans {
	struct dwell_span_row *rows; /* longest total first */
	size_t count;
	uint64_t unmatched; /* ends without a begin in the window */
};

/* A stretch of a counter's values; values are times 10^exponent of the counter. */
struct dwell_metric_point {
	uint64_t start_ns; /* of the stretch; all have the same length */
	uint64_t count;
	int64_t min, max, last;
};

/* One counter of one task or executor, or of the whole. */
struct dwell_metric {
	uint32_t counter;
	uint32_t task, executor;
	uint64_t count;
	uint64_t first_at_ns, last_at_ns;
	int64_t first, last, min, max;
	double sum;                          /* of the values */
	struct dwell_distribution histogram; /* of DWELL_COUNTER_HISTOGRAM; negative ones as 0 */
	struct dwell_metric_point *points;
	size_t point_count;
	uint64_t point_ns; /* the length of a stretch */
};

struct dwell_metrics {
	struct dwell_metric *rows; /* by counter, task, executor */
	size_t count;
};

struct dwell_flame_row {
	uint32_t task; /* any one of its class, the lowest id */
	uint32_t class_id;
	uint32_t process;
	uint32_t stack;
	uint8_t reason;
	uint64_t count;
	uint64_t weight_ns;
};

struct dwell_flames {
	uint8_t of;                   /* enum dwell_flame_of */
	struct dwell_flame_row *rows; /* by class, reason, stack */
	size_t count;
	uint64_t total_ns;
};

struct dwell_stat {
	uint64_t events_by_kind[DWELL_EVENT_KIND_COUNT];
	uint64_t lost_by_cause[DWELL_LOSS_CAUSE_COUNT];
	struct dwell_times times; /* of all tasks */
	uint64_t waits;
	uint64_t first_ns, last_ns; /* rows; 0 where there is none */
};

#endif

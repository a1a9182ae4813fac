#ifndef DWELL_TESTS_COLLECT_H
#define DWELL_TESTS_COLLECT_H

#include "dwell/sink.h"
#include "dwell/states.h"

/* A sink that keeps a history's rows, and of its tasks and executors what the states ask for. */
struct collect {
	struct dwell_sink sink;
	uint32_t levels;
	struct dwell_event *rows;
	size_t count, cap;
	struct dwell_task *tasks;
	size_t task_count, task_cap;
	struct dwell_executor *executors;
	size_t executor_count, executor_cap;
	uint64_t end_ns;
};

void collect_init(struct collect *collect);
void collect_release(struct collect *collect);

/* What the states tell, or what a reference says that they should. */
struct told {
	struct dwell_interval *intervals;
	size_t interval_count, interval_cap;
	struct dwell_wait *waits;
	size_t wait_count, wait_cap;
};

extern const struct dwell_states_ops told_ops; /* context: struct told */
void told_release(struct told *told);
void told_interval(void *context, const struct dwell_interval *interval);
void told_wait(void *context, const struct dwell_wait *wait);
bool told_same_interval(const struct dwell_interval *a, const struct dwell_interval *b);
bool told_same_wait(const struct dwell_wait *a, const struct dwell_wait *b);
/* By task; what was told of one task stays in its order. */
void told_sort(struct told *told);

/* The states by their definitions, each task looked for in all rows: told by task. */
void naive_states(const struct collect *history, struct told *out);

#endif

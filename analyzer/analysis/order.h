#ifndef DWELL_ANALYSIS_ORDER_H
#define DWELL_ANALYSIS_ORDER_H

#include "analysis/fold.h"

/*
 * In which order locks are taken: an edge from each lock that a task owns to the one that it
 * acquires. None to a lock that it owns already, or takes by a try or with a time limit: these do
 * not wait for ever. Needs the row of every acquire. What a task owned before the window is not
 * known.
 */
struct order_edge {
	uint32_t from, to; /* objects */
	uint32_t task, stack;
	uint64_t at_ns; /* the first time */
};

struct order {
	uint32_t losses;    /* what was owned before the last one is not known */
	struct table owned; /* by task: struct owned */
	struct order_edge *edges;
	size_t count, cap;
	uint32_t *slots; /* of edges, index + 1 */
	size_t slot_count;
};

void order_init(struct order *order);
void order_release(struct order *order);
int order_event(struct order *order, const struct dwell_event *event);
/* Rows are missing, some beside others that are there: a release may be among them. */
void order_lose(struct order *order, const struct dwell_event *loss);

/* The shortest cycle through each group of locks that are taken round. */
int order_cycles(
	const struct order *order, const struct dwell_catalog *catalog, struct dwell_locks *out);

#endif

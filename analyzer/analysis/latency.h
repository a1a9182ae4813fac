#ifndef DWELL_ANALYSIS_LATENCY_H
#define DWELL_ANALYSIS_LATENCY_H

#include "analysis/held.h"
#include "analysis/occupants.h"

/* One of the worst latencies so far. */
struct worst {
	struct dwell_worst is;
	size_t ran_cap;
	uint32_t *slots; /* index + 1 of tasks in ran_instead, where they are many */
	size_t slot_count;
	bool closed;   /* in a replay: its end was told */
	bool deferred; /* began before what the fold saw: the merge knows */
	bool dropped;  /* something of it was forgotten: to be replayed */
};

/* The worst, at most `limit`: a heap with the least of them on top. */
struct worst_list {
	struct worst **at;
	size_t count, cap;
	uint64_t limit;
};

/* True: a latency like this would be among the worst. */
bool worst_wants(const struct worst_list *list, const struct dwell_worst *is);
/* One shorter than this is not among the worst, where there are enough. */
static inline uint64_t worst_least(const struct worst_list *list)
{
	return list->count ? list->at[0]->is.latency_ns : UINT64_MAX;
}
/* Takes over a worst; frees the one that falls out. 0, or DWELL_ENOMEM: freed. */
int worst_add(struct worst_list *list, struct worst *worst);
void worst_free(struct worst *worst);
void worst_list_release(struct worst_list *list);

/* Add the part of a piece that lies in the latency. */
int worst_add_piece(struct worst *worst, const struct piece *piece);

/* Add what is known to lie in it. */
int worst_add_share(struct worst *worst, uint32_t task, uint64_t ns);

/* What is not in a piece is unknown; then in order. */
int worst_close(struct worst *worst);

/* Complete those of which something was forgotten, from the source again. */
int worst_replay(struct worst_list *list, struct model *model);

/* Longest first. */
void worst_sort(struct worst_list *list);

/* The fold. */
struct executor_times {
	struct dwell_histogram causes[DWELL_CAUSE_COUNT];
	struct helds held;
};

enum { LATENCY_NEAR = 64 };

struct latency {
	const struct model *model;
	struct occupants occupants;
	struct table executors;                    /* struct executor_times */
	struct executor_times *near[LATENCY_NEAR]; /* of the first of them */
	struct table tasks;                        /* struct dwell_histogram */
	struct table shapes;                       /* the same of those that were settled */
	struct table settled;                      /* bool, by page of tasks: all have ended */
	struct worst_list worst;
	uint64_t least_ns; /* one shorter than this is not among the worst */
	const struct dwell_states *states;
	struct condenser condenser;
	/* When the states that may turn out to be latencies began, as the fold did. */
	uint64_t *starts;
	size_t start_count;
	size_t pieces;  /* since they were condensed */
	uint32_t order; /* of intervals so far */
};

/* Add to a latency who held its executor, as far back as is known here, of those that were told
 * before `order`. 0 or DWELL_ENOMEM. */
int latency_look_back(const struct latency *latency, struct worst *worst, uint32_t order);

#endif

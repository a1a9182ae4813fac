#ifndef DWELL_ANALYSIS_HELD_H
#define DWELL_ANALYSIS_HELD_H

#include <stdint.h>

#include "dwell/error.h"

/* Who held an executor, from when to when: the running interval of a task, or idle. */
struct held {
	uint64_t start_ns, end_ns;
	uint64_t told_ns; /* none that was kept before ends after this */
	uint32_t task;    /* 0: idle */
	uint32_t order;   /* in which it was told, of running ones */
};

/* The latest ones of one executor, in a ring that grows to its limit. All zero is empty. */
struct helds {
	struct held *at;
	uint32_t count, next, cap;
	uint64_t told_ns;    /* the latest end of any so far */
	uint64_t dropped_ns; /* none that was dropped ends after this */
};

/* 0 or DWELL_ENOMEM. */
int helds_grow(struct helds *helds, uint32_t limit);
void helds_release(struct helds *helds);

static inline int helds_keep(struct helds *helds, const struct held *held, uint32_t limit)
{
	struct held *at;

	if (helds->count == helds->cap && helds->cap < limit && helds_grow(helds, limit))
		return DWELL_ENOMEM;
	at = &helds->at[helds->next];
	if (helds->count == helds->cap)
		helds->dropped_ns = at->told_ns;
	else
		helds->count++;
	/* One that a loss ended is told late: ends are not in order. */
	if (held->end_ns > helds->told_ns)
		helds->told_ns = held->end_ns;
	*at = *held;
	at->told_ns = helds->told_ns;
	helds->next = helds->next + 1 == helds->cap ? 0 : helds->next + 1;
	return DWELL_OK;
}

/* The i-th latest; i is below count. */
static inline const struct held *helds_latest(const struct helds *helds, uint32_t i)
{
	return &helds->at[(helds->next + helds->cap - 1 - i) % helds->cap];
}

#endif

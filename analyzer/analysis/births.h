#ifndef DWELL_ANALYSIS_BIRTHS_H
#define DWELL_ANALYSIS_BIRTHS_H

#include "model/arena.h"

/* Tasks that begin in a chapter, from the last back; and which of all began so far. */
struct births {
	struct birth {
		uint64_t time_ns;
		uint32_t task;
	} * at;
	size_t count, cap;
	struct table born; /* by page of tasks: bits */
};

void births_init(struct births *births);
void births_release(struct births *births);
/* 0 or DWELL_ENOMEM. births_sort: all of a chapter were added. */
int births_add(struct births *births, uint32_t task, uint64_t time_ns);
void births_sort(struct births *births);

/* When the last one of those that are left began; 0: there is none. */
static inline uint64_t births_last_ns(const struct births *births)
{
	return births->count ? births->at[births->count - 1].time_ns : 0;
}

/* The task begins: nothing is before that. *all: so it is with all of its page. 0 or DWELL_ENOMEM.
 */
int births_note(struct births *births, uint32_t task, bool *all);

#endif

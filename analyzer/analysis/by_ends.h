#ifndef DWELL_ANALYSIS_BY_ENDS_H
#define DWELL_ANALYSIS_BY_ENDS_H

#include "analysis/chapters.h"

/*
 * The stretches that end in a chapter, from the last end back. Mostly they were told in that order
 * and stay where they are; those that are carried from later chapters, or all of a chapter in which
 * one was told late, are put in order.
 */
struct by_ends {
	const struct chapters *chapters;
	uint64_t begin_ns; /* they end after it */
	size_t told_left;  /* of the chapter's own, as they were told */
	const struct dwell_stretch **others;
	size_t count, cap;
};

/* Those of the chapter that end after from_ns, too; valid as long as the chapter. 0 or
 * DWELL_ENOMEM. */
int by_ends_fill(struct by_ends *ends, const struct chapters *chapters, uint64_t from_ns);
/* The last one that is left, if it ends no earlier than least_ns; else NULL. */
const struct dwell_stretch *by_ends_take(struct by_ends *ends, uint64_t least_ns);
void by_ends_release(struct by_ends *ends);

#endif

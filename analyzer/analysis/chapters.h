#ifndef DWELL_ANALYSIS_CHAPTERS_H
#define DWELL_ANALYSIS_CHAPTERS_H

#include "analysis/history.h"
#include "model/ahead.h"

/*
 * A window's history from its end back to its beginning, a part at a time: so what follows causes
 * back in time needs memory for some parts only. Parts are read ahead by other threads.
 *
 * What a task did at a moment is found in the chapter that holds the moment: stretches that
 * end in later chapters and begin in this one or before are carried along.
 */
struct carried {
	struct dwell_stretch *at; /* of one task, in order of time */
	size_t count, cap;
};

struct chapter;
struct spares;

struct chapters {
	struct model *model; /* a view; the caller's */
	struct reading {
		unsigned parts; /* enum dwell_history_part */
		struct spares *spares;
	} reading;
	struct chapter *chapter;
	struct dwell_history *now; /* NULL before the first */
	uint64_t begin_ns, end_ns; /* of the chapter: it answers for (begin_ns, end_ns] */
	size_t left;               /* chapters before this one */
	struct table carried;      /* by task: struct carried */
	struct late_wait *late;    /* of later chapters, not placed so far */
	size_t late_count;
	struct tally tally; /* of all chapters so far */
	struct ahead *ahead;
};

/* parts: bits of enum dwell_history_part. The spares are the caller's and outlive it. 0 or
 * DWELL_ENOMEM. */
int chapters_open(
	struct chapters *chapters, struct model *view, unsigned parts, struct spares *spares);
/* As far as it was opened. */
void chapters_close(struct chapters *chapters);

/* The next earlier chapter, or at first the last one. 0, DWELL_END, or a negative error;
 * DWELL_ELIMIT where one part is too much for memory. */
int chapters_back(struct chapters *chapters);
/* The same, but what was done up to keep_ns is known still. */
int chapters_back_keeping(struct chapters *chapters, uint64_t keep_ns);

/* What a task did right before a moment of this chapter: the stretch with start < time <= end.
 * NULL: not known. Valid until the next chapters_back. */
const struct dwell_stretch *chapters_at(
	const struct chapters *chapters, uint32_t task, uint64_t time_ns);

#endif

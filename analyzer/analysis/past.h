#ifndef DWELL_ANALYSIS_PAST_H
#define DWELL_ANALYSIS_PAST_H

#include "analysis/fold.h"

/*
 * What each task did lately: its last intervals and the state that it is in, to say what a holder
 * did while it was waited for. Begun when somebody begins to wait for what may be held.
 */
enum { PAST = 64 };

struct past {
	bool begun;
	uint64_t lost_ns; /* the end of the latest loss: what began before is not known for sure */
	struct table tasks;
	const struct dwell_states *states;
	const struct fold_batch *batch; /* of which is folded now */
};

void past_init(struct past *past);
void past_release(struct past *past);

/* The states of tasks below `end` are what they are now. states must outlive it. 0 or DWELL_ENOMEM.
 */
int past_begin(struct past *past, const struct dwell_states *states, uint32_t end);

/* From here on what is asked is of rows of this batch; NULL: after its last. 0 or DWELL_ENOMEM. */
int past_batch(struct past *past, const struct fold_batch *batch);

/* Ask for what past_add of these will touch. */
void past_fetch(const struct past *past, const struct dwell_interval *intervals, size_t count);

/* Forget what the tasks of a page did, but for those whose bits are set: they have ended. */
void past_drop(struct past *past, uint32_t first, uint64_t but);

void past_lose(struct past *past, const struct dwell_event *loss);

/* An interval of a batch has ended; the reason of the state that follows. 0 or DWELL_ENOMEM. */
int past_add(struct past *past, const struct dwell_interval *interval, unsigned next_reason);

/* The state that a task is in at the end, as the states have it. 0 or DWELL_ENOMEM. */
int past_end(struct past *past, uint32_t task);

/* Add the states of a holder within [from, to), and why it was blocked; what is not known, or too
 * long ago, is unknown. Its array of reasons has room for all. */
void past_split(struct past *past, uint64_t from_ns, uint64_t to_ns, struct dwell_holder *holder);

#endif

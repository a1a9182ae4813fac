#ifndef DWELL_CAUSES_H
#define DWELL_CAUSES_H

#include "dwell/analysis.h"
#include "dwell/history.h"

/*
 * Why it took so long: the critical path of a task over an interval.
 *
 * It is walked back from the interval's end, in time order without a gap: what the task did itself;
 * and while it was blocked, what the one did who ended that, from when it did so back to where the
 * wait began and not further. That one may have been blocked meanwhile, and so on. Where it is not
 * known who ended a wait, or what that one did, the path stays on the task that waited: it says so
 * and does not guess. docs/causes.md has the definitions to the letter.
 */

/* How a step came to be on the path. */
enum dwell_entry {
	DWELL_ENTRY_SELF = 0, /* of the task that was asked for */
	DWELL_ENTRY_WAKER,    /* it ended the wait of the task below it */
	DWELL_ENTRY_CREATOR   /* it made the task that ended it */
};

/* Why the path stays on a task that is blocked. */
enum dwell_stop {
	DWELL_STOP_NONE = 0,
	DWELL_STOP_OPEN,     /* the wait goes on beyond the interval */
	DWELL_STOP_NOBODY,   /* no task ended it: a device, a timer, another machine */
	DWELL_STOP_RELEASE,  /* when its waker let it go is not known */
	DWELL_STOP_CIRCLE,   /* its waker waits on the path itself */
	DWELL_STOP_WAKER,    /* what its waker did is not known */
	DWELL_STOP_MIDDLE,   /* it did something while it was blocked: the records contradict */
	DWELL_STOP_WAY_BACK, /* it was let go and had not begun to run; no wake was recorded */
	DWELL_STOP_COUNT
};
const char *dwell_stop_name(unsigned stop); /* NULL for NONE and beyond */

/* One stretch of the path. The wait that it is part of has task 0 where it is the asked one's own
 * doing. */
struct dwell_step {
	uint64_t start_ns, end_ns;
	uint32_t task;
	uint32_t executor; /* as in struct dwell_stretch */
	uint32_t object, stack;
	uint32_t waker, waker_stack;
	uint32_t depth;    /* waits that it is part of */
	uint32_t for_task; /* who waited; 0: nobody */
	uint32_t for_object, for_stack;
	uint8_t for_reason;
	uint8_t state, reason; /* enum dwell_state, enum dwell_reason */
	uint8_t cause;
	uint8_t entry; /* enum dwell_entry */
	uint8_t stop;  /* enum dwell_stop */
};

/* What shares are told by. */
enum dwell_share_by {
	DWELL_SHARE_BY_DEFAULT = 0, /* class, state, reason and site together */
	DWELL_SHARE_BY_CLASS,
	DWELL_SHARE_BY_TASK,
	DWELL_SHARE_BY_STATE,
	/* Of the wait that the step is part of, or the step's own. */
	DWELL_SHARE_BY_REASON,
	DWELL_SHARE_BY_SITE,
	DWELL_SHARE_BY_OBJECT
};

enum { DWELL_GAINS = 12 }; /* of each list, how many gains are worked out */

/*
 * A share of the path. Of what it is not told by, the fields are 0. gain_ns: how much shorter the
 * interval would be if all that is like it took no time: worked out anew over everything that
 * happened, so that what would then be waited for instead is in it.
 */
struct dwell_share {
	uint64_t ns, steps;
	uint64_t gain_ns;
	bool has_gain;
	uint8_t state, reason;
	uint32_t class_id, task, stack, object;
	/* The longest of its steps. */
	uint64_t longest_ns, longest_at_ns;
	uint32_t longest_task;
};

/* Waits that the path went through or stayed in; those inside it count for it too. */
struct dwell_path_wait {
	uint64_t ns, count;
	uint64_t gain_ns;
	bool has_gain;
	uint8_t reason;
	uint32_t stack, object;
	/* The longest of them, which may begin before the interval; its id is dwell_explain's. Of
	 * one that was begun again when its time was over, when it began the last time. */
	uint64_t longest_at_ns, longest_ns, longest_id;
	uint32_t task; /* that waited then */
};

struct dwell_path_query {
	uint32_t task;
	uint64_t from_ns, to_ns; /* clipped to the task's life; to_ns 0: to its end */
	unsigned by;             /* enum dwell_share_by */
	uint64_t steps;          /* keep the longest so many, in order of time */
	bool no_gains;
	unsigned threads;
	void (*progress)(void *context, uint64_t done_ns);
	void *progress_context;
};

struct dwell_path {
	uint32_t task;
	uint64_t from_ns, to_ns; /* the interval: the steps' lengths add up to its length */
	struct dwell_trace_facts trace;
	struct dwell_step *steps; /* neighbours that are alike are one */
	size_t step_count;
	uint64_t all_steps;
	struct dwell_share *shares; /* longest first; they add up to the interval */
	size_t share_count;
	struct dwell_path_wait *waits; /* longest first */
	size_t wait_count;
};

/* The task whose path a run's is: the first process's main one, of those selected. 0: there is
 * none, or no memory to find it. */
uint32_t dwell_study_main(const struct dwell_study *study, const struct dwell_selection *selection);

/* DWELL_EINVAL: the task did not live in the interval; or what the source returned. */
int dwell_path_find(struct dwell_path **out, struct dwell_study *study,
	const struct dwell_path_query *query, struct dwell_diag *diag);
/* NULL is allowed. */
void dwell_path_free(struct dwell_path *path);

#endif

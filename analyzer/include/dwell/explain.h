#ifndef DWELL_EXPLAIN_H
#define DWELL_EXPLAIN_H

#include "dwell/causes.h"

/*
 * The story of one wait or latency: its critical path (causes.h), with the waits on it, who held
 * what was waited for, and who ran where a task had to wait for an executor.
 */

enum dwell_story_kind {
	DWELL_STORY_WAIT = 1, /* a wait, and the way back onto an executor */
	DWELL_STORY_LATENCY,  /* runnable until it ran */
	DWELL_STORY_DOING     /* neither: what the task did then */
};

/* Which one: what an id of an answer stands for, or what a task did at a moment. */
struct dwell_subject {
	uint8_t kind; /* enum dwell_story_kind */
	uint32_t task;
	uint64_t start_ns, end_ns; /* at full length */
	bool open;                 /* it goes on beyond the trace */
	uint64_t others;           /* waits that the id stands for too: this is the longest */
};

/* How it is known since when a holder had what was waited for. */
enum dwell_since {
	DWELL_SINCE_UNKNOWN = 0, /* it had not to wait for it: that is not recorded */
	DWELL_SINCE_ACQUIRE,     /* a row says that it took it */
	DWELL_SINCE_WAIT         /* it had waited for it itself until then */
};

/* A wait in the story. */
struct dwell_story_wait {
	uint64_t start_ns, end_ns; /* within the story: the end is where it was let go */
	uint64_t id;               /* of all of it */
	uint64_t all_start_ns, all_end_ns;
	uint64_t since_ns; /* the waker had what was waited for since then; see since */
	uint32_t task, object, stack;
	uint32_t waker, waker_stack;
	uint32_t holder; /* as the wait's begin had it */
	uint32_t parent; /* index + 1 of the wait that it is part of; 0: of none */
	bool again; /* it ran out of time and was begun again: all of it, as far as the story goes
		     */
	uint8_t reason;
	uint8_t stop;       /* enum dwell_stop: why the story stays here */
	uint8_t holder_how; /* enum dwell_how */
	uint8_t since;      /* enum dwell_since */
};

struct dwell_story_step {
	struct dwell_step is;
	uint32_t wait;      /* index + 1 of the wait that it is part of; 0: of none */
	uint32_t ran_first; /* runnable: story->ran[ran_first ...], who held its executor */
	uint32_t ran_count; /* adds up to the step; 0: not worked out */
};

struct dwell_story {
	struct dwell_subject subject;
	uint64_t id;
	uint64_t from_ns, to_ns;        /* the steps are without a gap from one to the other */
	struct dwell_trace_facts trace; /* of that window */
	struct dwell_story_step *steps; /* in order of time */
	size_t step_count;
	struct dwell_story_wait *waits; /* in order of their starts, outer ones first */
	size_t wait_count;
	struct dwell_occupant *ran;
	size_t ran_count;
	uint64_t left_out; /* steps that were too many: those kept are of the outermost waits */
};

/*
 * What an id stands for: a wait, a latency, what a task did at a moment, or the longest wait of a
 * row of blocked or locks. Reads what happened then; for a row all of the trace. DWELL_END where
 * nothing has it.
 */
int dwell_subject_of_id(
	struct dwell_subject *out, struct dwell_study *study, uint64_t id, struct dwell_diag *diag);
/* Of a wait, a latency or a moment: whose and when, by the names of tasks alone; nothing is read.
 * Within [from_ns, to_ns); task 0: of none. False: it stands for none of these. */
bool dwell_moment_of_id(const struct dwell_catalog *catalog, uint64_t id, uint64_t from_ns,
	uint64_t to_ns, uint32_t *task, uint64_t *time_ns);
/* What a task did at a moment. Reads on from there. DWELL_END where it did not live. */
int dwell_subject_at(struct dwell_subject *out, struct dwell_study *study, uint32_t task,
	uint64_t time_ns, struct dwell_diag *diag);

/* Reads what happened then, and some of what was before. As dwell_path_find. */
int dwell_explain(struct dwell_story **out, struct dwell_study *study,
	const struct dwell_subject *subject, struct dwell_diag *diag);
/* NULL is allowed. */
void dwell_story_free(struct dwell_story *story);

#endif

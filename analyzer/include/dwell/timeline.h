#ifndef DWELL_TIMELINE_H
#define DWELL_TIMELINE_H

#include "dwell/analysis.h"
#include "dwell/explain.h"
#include "dwell/pyramid.h"
#include "dwell/search.h"
#include "dwell/states.h"
#include "dwell/survey.h"

/*
 * A trace as a viewer needs it: what is there at once, cells of a screen, the life of one
 * task near a moment, searches and analyses that go on in the background and can be cancelled.
 *
 * A file of ours that has its pyramid is open at once. Any other trace is read once, in the
 * background, into an unlinked file of ours in $TMPDIR (else /var/tmp), and is seen through that.
 */
struct dwell_timeline;

struct dwell_timeline_facts {
	const char *kind; /* as in dwell/importer.h, of the trace that was given */
	struct dwell_string source;
	uint64_t begin_ns, end_ns, start_unix_ns, tick_ns;
	uint64_t bytes, events, lost_events;
	uint64_t losses; /* rows that tell of one */
	uint32_t tasks, executors, levels;
	bool closed;
	/* The pyramid answers for cells that begin and end at multiples of this. */
	uint64_t finest_ns;
};

/* Returns what dwell_import_open does. */
int dwell_timeline_open(struct dwell_timeline **out, const char *path, struct dwell_diag *diag);

/* Cancels what goes on and waits for it. NULL is allowed. */
void dwell_timeline_close(struct dwell_timeline *timeline);

/*
 * 0: it can be seen; DWELL_END: it is still being read, *rows so far; else what went wrong,
 * and *diag, which may be NULL. Nothing below may be called before it returned 0.
 */
int dwell_timeline_ready(struct dwell_timeline *timeline, uint64_t *rows, struct dwell_diag *diag);

const struct dwell_timeline_facts *dwell_timeline_facts(const struct dwell_timeline *timeline);
const struct dwell_catalog *dwell_timeline_catalog(const struct dwell_timeline *timeline);

/* Can be read from when something that goes on has ended or is ready; dwell_timeline_drain
 * empties it. */
int dwell_timeline_fd(const struct dwell_timeline *timeline);
void dwell_timeline_drain(struct dwell_timeline *timeline);

/* What one row of cells is of: tasks together, or what an executor ran. */
struct dwell_group {
	const uint32_t *tasks;
	size_t count;
	uint32_t executor; /* not 0: tasks are not looked at; only running time is told */
};

/*
 * Cells of a screen. from_ns and cell_ns are multiples of one power of two that is at least a
 * third of cell_ns: then no bucket of the pyramid lies across the end of a cell.
 */
struct dwell_cells_question {
	const struct dwell_group *groups; /* copied, with their tasks */
	size_t group_count;
	uint64_t from_ns, cell_ns;
	size_t columns;
	/* Waits may go on behind the last column: whether they are longer than this is known. */
	uint64_t bound_ns;
};

/*
 * Cells of one task, at once; groups are not looked at. *exact: shares are within 1/31 of the
 * truth and never 0 where it is not, longest_wait_ns is at most 1/64 more. Else the cells are
 * narrower than what is in memory, and show the mean of more: dwell_timeline_want_near mends that.
 * Any thread. What dwell_pyramid_query returns.
 */
int dwell_timeline_cells(struct dwell_timeline *timeline, uint32_t task,
	const struct dwell_cells_question *question, struct dwell_cell *cells, bool *exact);

/* Every task's time in a state over all of the trace, near enough to sort by: ns[task], of tasks
 * below `tasks`. In one pass, at once. Any thread. What dwell_pyramid_totals returns. */
int dwell_timeline_totals(
	struct dwell_timeline *timeline, uint8_t state, uint64_t *ns, uint32_t tasks);

/* Read the pyramid into memory in the background, 24 MiB at most: from then on cells far out are
 * told without reading. Once. */
void dwell_timeline_read_ahead(struct dwell_timeline *timeline);

/* The generation that holds a time: what is read at once anyway. */
void dwell_timeline_generation(const struct dwell_timeline *timeline, uint64_t time_ns,
	uint64_t *from_ns, uint64_t *to_ns);

/*
 * Something that goes on in the background, from when it is wanted until it is dropped. All
 * functions are called by the one thread that wanted it.
 */
struct dwell_job;

/* Wait up to so many milliseconds; true: it has ended. */
bool dwell_job_wait(struct dwell_job *job, unsigned milliseconds);
/* 0, or why there is no result. Once it has ended. */
int dwell_job_error(const struct dwell_job *job);
/* The time it has come to, in the trace: for a progress bar. */
uint64_t dwell_job_at(const struct dwell_job *job);
/* Cancel it, and forget its result. Never waits. NULL is allowed. */
void dwell_job_drop(struct dwell_job *job);

/* Read what dwell_timeline_cells needs to be exact. DWELL_ELIMIT: too much to be kept at once
 * (then dwell_timeline_want_cells). */
int dwell_timeline_want_near(struct dwell_timeline *timeline,
	const struct dwell_cells_question *question, struct dwell_job **out);

/* Cells of groups: from the pyramid where it can tell, else from rows; sums over a group's tasks,
 * the longest wait of any. 0 or DWELL_ENOMEM. */
int dwell_timeline_want_cells(struct dwell_timeline *timeline,
	const struct dwell_cells_question *question, struct dwell_job **out);
/* Row by row; valid until the job is dropped. */
const struct dwell_cell *dwell_job_cells(const struct dwell_job *job);

/* The life of one task in [from, to): in order of time, the first and the last one whole. */
struct dwell_strip {
	uint32_t task;
	uint64_t from_ns, to_ns; /* what it covers: less than was asked for where it is too much */
	bool cut;                /* it is too much */
	const struct dwell_interval *intervals;
	size_t count;
	const struct dwell_wait *waits; /* that the program told, or that ended in it */
	size_t wait_count;
};

int dwell_timeline_want_strip(struct dwell_timeline *timeline, uint32_t task, uint64_t from_ns,
	uint64_t to_ns, struct dwell_job **out);
const struct dwell_strip *dwell_job_strip(const struct dwell_job *job);

/* What the program said of itself, and what is missing. */
int dwell_timeline_want_survey(struct dwell_timeline *timeline, struct dwell_job **out);
const struct dwell_survey *dwell_job_survey(const struct dwell_job *job);

/* An analysis; selection's strings must outlive the job. */
int dwell_timeline_want_answer(
	struct dwell_timeline *timeline, const struct dwell_query *query, struct dwell_job **out);
const struct dwell_answer *dwell_job_answer(const struct dwell_job *job);

/* What a task did at a moment, told along its chain of causes. DWELL_END: it did not live then. */
int dwell_timeline_want_story(
	struct dwell_timeline *timeline, uint32_t task, uint64_t time_ns, struct dwell_job **out);
const struct dwell_story *dwell_job_story(const struct dwell_job *job);

enum dwell_search_order {
	DWELL_SEARCH_FIRST,  /* keep the first ones that begin at or after from */
	DWELL_SEARCH_LAST,   /* keep the last ones that begin before to */
	DWELL_SEARCH_LONGEST /* keep the longest that ended, the first of equals */
};

struct dwell_search_question {
	struct dwell_search search; /* copied */
	/* Not 0: only intervals in which these are the same. */
	uint32_t task, waker, executor, stack, object;
	bool own;                /* only tasks of programs that were recorded, if any was */
	uint64_t from_ns, to_ns; /* intervals that begin in it; of LONGEST, that end in it */
	bool waits;              /* whole waits, as reports count them, told as blocked intervals */
	unsigned order;          /* enum dwell_search_order */
	size_t keep;
	bool count; /* go on to the end to count all */
};

struct dwell_matches {
	const struct dwell_interval *kept; /* in order of time; of LONGEST, the longest first */
	size_t kept_count;
	uint64_t count, total_ns; /* all of them, where `count` was asked for */
	const uint64_t *tasks;    /* bits of tasks that have any */
	size_t task_words;
};

int dwell_timeline_want_search(struct dwell_timeline *timeline,
	const struct dwell_search_question *question, struct dwell_job **out);
const struct dwell_matches *dwell_job_matches(const struct dwell_job *job);

/* Write [from, to) as a trace of its own; an existing file is not touched (DWELL_EIO, EEXIST). */
int dwell_timeline_want_cut(struct dwell_timeline *timeline, uint64_t from_ns, uint64_t to_ns,
	const char *path, struct dwell_job **out);

#endif

#ifndef DWELL_HISTORY_H
#define DWELL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/error.h"
#include "dwell/model.h"
#include "dwell/sink.h"
#include "dwell/states.h"

/*
 * What happened in a window of a trace, in memory, to be looked up: what each task did when, who
 * occupied each executor, the waits, who took and gave up each object. For questions that follow
 * causes from one task to another, and for views.
 *
 * A study is a trace whose definitions have been read; histories of any windows are read from it.
 * A file of ours is read only around the window. Other sources are read from the front each time.
 */
struct dwell_study;
struct dwell_history;

/* What is known of a trace without its rows. */
struct dwell_study_facts {
	uint64_t begin_ns, end_ns;
	uint64_t start_unix_ns; /* 0: not known */
	uint32_t levels;        /* bits of enum dwell_level */
	bool has_wakes;
	bool closed;
};

/*
 * Read the definitions of a source, which stays the caller's and must outlive the study. What the
 * source returned, or DWELL_ENOMEM; then *diag, which may be NULL, says where and what.
 */
int dwell_study_open(
	struct dwell_study **out, struct dwell_source *source, struct dwell_diag *diag);
/* NULL is allowed. */
void dwell_study_close(struct dwell_study *study);

/* Both live as long as the study. */
const struct dwell_catalog *dwell_study_catalog(const struct dwell_study *study);
const struct dwell_study_facts *dwell_study_facts(const struct dwell_study *study);

/*
 * A stretch of a task's life in one state. Those of one task are contiguous and none has no
 * length. The first and the last may reach beyond the window: into it when they were told, since
 * only at its end it is known what a stretch was (dwell/states.h).
 */
struct dwell_stretch {
	uint64_t start_ns, end_ns;
	/* Blocked, with a waker: when that one let it go, in (start_ns, end_ns]; 0: not known. It
	 * is end_ns where wakes were recorded; else what follows it is the way back onto a CPU. */
	uint64_t let_go_ns;
	uint32_t task;
	uint32_t executor; /* running: on it. runnable: the one it then entered, or 0 */
	uint32_t object;   /* blocked: on it */
	uint32_t stack;    /* blocked: where */
	uint32_t waker;    /* blocked: who ended it. runnable: who made it so */
	uint32_t waker_stack;
	uint32_t holder;    /* as the wait's begin had it */
	uint8_t state;      /* enum dwell_state */
	uint8_t reason;     /* enum dwell_reason; blocked: why */
	uint8_t cause;      /* enum dwell_cause; runnable: how it became so */
	uint8_t next;       /* enum dwell_state: what followed */
	uint8_t flags;      /* enum dwell_interval_flag, enum dwell_stretch_flag */
	uint8_t holder_how; /* enum dwell_how */
};

enum dwell_stretch_flag {
	/* Blocked: the program told that its wait ended by the time limit. */
	DWELL_STRETCH_TIMED_OUT = 1 << 6,
	/* Blocked for the end of a thread or child: its waker is who ended, known by that end
	 * alone. */
	DWELL_STRETCH_FOR_END = 1 << 7
};

/* A stretch of time in which an executor had one occupant; task 0: it was idle. What is in none is
 * not known. */
struct dwell_occupied {
	uint64_t start_ns, end_ns;
	uint32_t executor, task;
};

/* A row that says who took or gave up an object. */
struct dwell_handle {
	uint64_t time_ns;
	uint32_t object, task, stack;
	uint32_t peer; /* RELEASE: whom it woke, where known */
	uint8_t kind;  /* DWELL_EVENT_ACQUIRE, DWELL_EVENT_RELEASE */
};

enum dwell_history_part {
	DWELL_HISTORY_EXECUTORS = 1 << 0,
	DWELL_HISTORY_WAITS = 1 << 1,
	DWELL_HISTORY_HANDLES = 1 << 2
};

struct dwell_history_options {
	uint64_t from_ns, to_ns; /* to_ns exclusive; 0: to the end */
	unsigned parts;          /* bits of enum dwell_history_part, beside the stretches */
	size_t limit;            /* of stretches and of each of the others; 0: 4,000,000 */
};

/*
 * Read a window. About 70 bytes for each stretch, 100 for each wait. DWELL_EINVAL (nothing lies
 * between from and to), DWELL_ELIMIT (more than options->limit: ask for less), or what the source
 * returned. One thread at a time for a study; a history is read by any number of threads.
 */
int dwell_history_read(struct dwell_history **out, struct dwell_study *study,
	const struct dwell_history_options *options, struct dwell_diag *diag);
/* NULL is allowed. */
void dwell_history_free(struct dwell_history *history);

/* The window: [*from_ns, *to_ns). */
void dwell_history_window(const struct dwell_history *history, uint64_t *from_ns, uint64_t *to_ns);

/* One more than the highest task that has a stretch. */
uint32_t dwell_history_tasks(const struct dwell_history *history);

/* Stretches of a task, in order of time; i below their number. */
size_t dwell_history_stretches(const struct dwell_history *history, uint32_t task);
const struct dwell_stretch *dwell_history_stretch(
	const struct dwell_history *history, uint32_t task, size_t i);
/* The first of a task's stretches that ends after time_ns: where time_ns lies in, if in any. Their
 * number where there is none. A binary search. */
size_t dwell_history_find(const struct dwell_history *history, uint32_t task, uint64_t time_ns);

/* Waits of a task that ended in the window, in order of their ends. */
size_t dwell_history_waits(const struct dwell_history *history, uint32_t task);
const struct dwell_wait *dwell_history_wait(
	const struct dwell_history *history, uint32_t task, size_t i);

/* Occupants of an executor, in order of time; and the first that ends after time_ns. */
size_t dwell_history_occupants(const struct dwell_history *history, uint32_t executor);
const struct dwell_occupied *dwell_history_occupant(
	const struct dwell_history *history, uint32_t executor, size_t i);
size_t dwell_history_find_occupant(
	const struct dwell_history *history, uint32_t executor, uint64_t time_ns);

/* Who took and gave up an object, in order of time. */
size_t dwell_history_handles(const struct dwell_history *history, uint32_t object);
const struct dwell_handle *dwell_history_handle(
	const struct dwell_history *history, uint32_t object, size_t i);

#endif

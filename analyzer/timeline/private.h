#ifndef DWELL_TIMELINE_PRIVATE_H
#define DWELL_TIMELINE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "dwell/encoder.h"
#include "dwell/importer.h"
#include "dwell/reader.h"
#include "dwell/timeline.h"
#include "model/catalog.h"

enum { IDLE_READERS = 4, REGIONS = 3 };

/* A generation in memory: region.c. */
struct region {
	uint64_t from_ns, to_ns;
	uint64_t used;    /* the latest query that looked at it */
	uint32_t *first;  /* by task: index of its first step; one more at the end */
	uint64_t *begins; /* by task: where that begins */
	uint32_t *steps;  /* NULL: not read */
	uint32_t tasks;
};

struct dwell_timeline {
	struct dwell_timeline_facts facts;
	struct dwell_catalog *catalog;
	int file;     /* what readers are opened from */
	int pipes[2]; /* a byte for each job that ended */
	char path[64];

	pthread_mutex_t lock;
	pthread_cond_t ended; /* a job did */
	unsigned jobs;        /* that go on */
	struct dwell_import idle[IDLE_READERS];
	unsigned idle_count;

	pthread_mutex_t pyramid_lock;
	struct dwell_import seen; /* of the pyramid */
	struct dwell_pyramid *pyramid;
	/* All of it in memory, once it was read ahead: asked by all threads, without the lock. */
	_Atomic(struct dwell_pyramid *) whole;
	struct dwell_import ahead; /* what that was read by */

	/* Every task's running time, which rows are sorted by at first: worked out while
	 * definitions are read, where there are many tasks. */
	struct {
		pthread_t thread;
		bool goes_on; /* locked, as the rest from its end on */
		int err;
		uint32_t tasks; /* in ns */
		uint64_t *ns;   /* NULL: there are none */
	} weights;

	pthread_mutex_t region_lock;
	struct region regions[REGIONS];
	uint64_t looks;

	/* While a trace is being read into one of ours. */
	struct dwell_import origin;
	pthread_t reading;
	bool is_reading;
	bool joined;
	atomic_bool stop;
	atomic_ullong rows;
	int err; /* locked; DWELL_END: still being read */
	struct dwell_diag diag;
};

/* A kind of job: run in a thread of its own, free its results. */
struct job_ops {
	int (*run)(struct dwell_job *job);
	void (*release)(struct dwell_job *job);
};

/* The first member of each kind's own structure. */
struct dwell_job {
	const struct job_ops *ops;
	struct dwell_timeline *timeline;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool done;
	unsigned holders; /* its thread, and who wanted it */
	int err;
	atomic_bool cancelled;
	atomic_ullong at_ns;
};

/* Start it; what is in it is released on failure too. */
int job_start(struct dwell_job *job, const struct job_ops *ops, struct dwell_timeline *timeline);

/* Nobody waits for it; it is not cancelled. */
void job_leave(struct dwell_job *job);

/* A reader of the trace, for one thread, until it is given back. */
int timeline_take(struct dwell_timeline *timeline, struct dwell_import *out);
void timeline_give(struct dwell_timeline *timeline, struct dwell_import *import);

/* Begin to work weights out, and wait for their end. */
void timeline_weigh(struct dwell_timeline *timeline);
void timeline_await_weights(struct dwell_timeline *timeline);

/* All of the timeline that needs a file of ours. */
int timeline_see(struct dwell_timeline *timeline, struct dwell_diag *diag);

/* Cells of one task from the pyramid, whatever their width. */
int timeline_far(struct dwell_timeline *timeline, uint32_t task, uint64_t from_ns, uint64_t cell_ns,
	struct dwell_cell *cells, size_t count);

/* No bucket of the pyramid lies across the end of a cell. */
bool timeline_is_far(
	const struct dwell_timeline *timeline, const struct dwell_cells_question *question);

/* Rows of [from, to) through the states. */
struct watch {
	struct dwell_sink sink;
	struct dwell_job *job;
	struct dwell_states *states;
	uint64_t from_ns, to_ns;
	const struct dwell_states_ops *ops; /* NULL: no states are needed */
	/* Rows as they are; may be NULL. */
	void (*row)(void *context, const struct dwell_event *row);
	void *context;
	bool stop; /* set by those: it is enough */
	bool followed;
	int err; /* set by those */
};

/* 0 if all was seen or it was enough; DWELL_EINVAL when the job was cancelled. */
int watch_run(struct watch *watch);

#endif

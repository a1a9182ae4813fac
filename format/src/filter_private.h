#ifndef DWELL_FILTER_PRIVATE_H
#define DWELL_FILTER_PRIVATE_H

#include "dwell/filter.h"

#include "dwell/states.h"

enum { FILTER_TASK_BITS = 6, FILTER_TASKS = 1 << FILTER_TASK_BITS };

/* A task's definition, held until it is known to be needed. */
struct filter_task {
	struct dwell_task task; /* its name is owned */
	bool defined, kept, told;
};

struct filter_tasks {
	struct filter_task **pages;
	size_t count;
};

/* The entry of a task; NULL: none. */
struct filter_task *filter_tasks_find(const struct filter_tasks *tasks, uint32_t id);
/* Hold a definition (again). DWELL_ENOMEM, DWELL_ELIMIT. */
int filter_tasks_hold(
	struct filter_tasks *tasks, const struct dwell_task *task, struct filter_task **out);
void filter_tasks_release(struct filter_tasks *tasks);

enum filter_process {
	FILTER_KEPT = 1 << 0,
	FILTER_NAMED = 1 << 1, /* its name stays, and its tasks' names */
};

struct filter_processes {
	uint8_t *are; /* by id: bits of enum filter_process */
	size_t count;
};

struct dwell_filter {
	struct dwell_sink sink;
	struct dwell_sink *next;
	struct dwell_filter_options options;
	uint64_t to_ns; /* exclusive; UINT64_MAX: to the end */
	struct filter_tasks tasks;
	struct filter_processes processes;
	struct dwell_states *states; /* until the window begins */
	bool inside;                 /* the window has begun */
	bool fed;                    /* a row or keyframe came */
	uint64_t ahead_ns;           /* of a loss that was told before the window and goes on */
	struct dwell_event ahead;
	struct dwell_event rows[256];
	size_t count;
};

/* Is there a choice of tasks at all? */
static inline bool filter_chooses(const struct dwell_filter *filter)
{
	return filter->options.keep_process || filter->options.keep_task;
}

/*
 * What stays of a row of a task that is not kept: where it ran, since who ran instead of one that
 * is kept is asked for, and what it did to objects. False: nothing.
 */
bool filter_bare(struct dwell_event *row);
/* The same of its row in a keyframe. */
bool filter_bare_state(const struct dwell_task_state *state, struct dwell_task_state *bare);

/* What --strip leaves of definitions; the results point into the arguments. */
struct dwell_string filter_base(struct dwell_string path);
bool filter_drops_note(const struct dwell_note *note);

#endif

#ifndef DWELL_FILTER_H
#define DWELL_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "dwell/sink.h"

/*
 * A sink that passes on a part of a trace, which is a trace of its own: a window of time, some
 * tasks, some kinds of rows. Times and ids stay those of the original.
 *
 * A window [from, to) begins with the keyframe at from; it may be fed from the beginning of
 * the trace or from any keyframe before from, and needs rows in order of time. Of tasks, only
 * those are defined that live in the window or are named in it; other tables are passed on whole.
 *
 * Of a task that is not kept, where it ran stays (so that who ran instead of one that is kept can
 * be told), and what it released or acquired; no other state, and no reason, stack or status. It
 * is defined with a created_ns of DWELL_FOREVER: of its own life nothing is known, at no time.
 */
struct dwell_filter_options {
	uint64_t from_ns;
	uint64_t to_ns; /* exclusive; 0: to the end */
	uint32_t kinds; /* bits 1 << enum dwell_event_kind to keep; 0: all */
	/*
	 * Remove command lines, the folders of paths, notes about the machine, and the
	 * names of processes and tasks that are not kept, or of processes that own_process denies.
	 */
	bool strip;
	bool (*own_process)(void *context, const struct dwell_process *process); /* NULL: all */
	/* NULL: all. A task is kept if both say so, of itself and of its process. */
	bool (*keep_process)(void *context, const struct dwell_process *process);
	bool (*keep_task)(void *context, const struct dwell_task *task);
	void *context;
};

struct dwell_filter;

/* next must outlive the filter. options are copied. DWELL_ENOMEM, DWELL_EINVAL (to before from). */
int dwell_filter_new(struct dwell_filter **out, struct dwell_sink *next,
	const struct dwell_filter_options *options);

/* The sink to drive. */
struct dwell_sink *dwell_filter_sink(struct dwell_filter *filter);

/* NULL is allowed. */
void dwell_filter_free(struct dwell_filter *filter);

#endif

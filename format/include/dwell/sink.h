#ifndef DWELL_SINK_H
#define DWELL_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/event.h"
#include "dwell/tables.h"

/*
 * What crosses between whoever has a trace and whoever wants one. The format's
 * reader and every importer are sources; the encoder, the order buffer, filters,
 * the analyzer's model and every event exporter are sinks.
 *
 * Order of calls: begin; then definitions, keyframes and events; end. close at
 * any time after a failed or finished run. Events come in order of time over all
 * calls (a source that cannot promise that puts dwell/order.h between). Every
 * identifier is defined before the first event or keyframe that uses it.
 *
 * Each function returns 0, or a negative enum dwell_error that the source
 * passes on and stops at. A function that is NULL means: not interested.
 */
struct dwell_sink;
struct dwell_task_state;

struct dwell_sink_ops {
	int (*begin)(struct dwell_sink *sink, const struct dwell_trace_info *info);
	int (*process)(struct dwell_sink *sink, const struct dwell_process *process);
	int (*task)(struct dwell_sink *sink, const struct dwell_task *task);
	int (*executor)(struct dwell_sink *sink, const struct dwell_executor *executor);
	int (*object)(struct dwell_sink *sink, const struct dwell_object *object);
	int (*mapping)(struct dwell_sink *sink, const struct dwell_mapping *mapping);
	int (*location)(struct dwell_sink *sink, const struct dwell_location *location);
	int (*stack)(struct dwell_sink *sink, const struct dwell_stack *stack);
	int (*label)(struct dwell_sink *sink, const struct dwell_label *label);
	int (*counter)(struct dwell_sink *sink, const struct dwell_counter *counter);
	int (*clock)(struct dwell_sink *sink, const struct dwell_clock_pair *pair);
	int (*note)(struct dwell_sink *sink, const struct dwell_note *note);
	/*
	 * The state of every live task at time_ns, in order of task id: at the start of a trace
	 * that begins in the middle of things (a cut), and of each part of one that is read
	 * in parts. A sink that has been following the events may ignore it.
	 */
	int (*keyframe)(struct dwell_sink *sink, uint64_t time_ns,
		const struct dwell_task_state *states, size_t count);
	/*
	 * Where the next rows, so many at most, may be made before they are told: a sink that hands
	 * them on to another thread, or keeps them, need not copy them then. NULL: nowhere. Valid
	 * until the next call that tells it rows or a watermark: nobody else may tell it any
	 * meanwhile. Nothing need be made there, and not all of what is made need be told.
	 */
	struct dwell_event *(*room)(struct dwell_sink *sink, size_t count);
	/* Rows in order of time; the array is the caller's and valid for the call only. */
	int (*events)(struct dwell_sink *sink, const struct dwell_event *events, size_t count);
	/*
	 * No row earlier than time_ns will come any more. Sinks that only
	 * take ordered rows may use it to know how far the trace has come when
	 * nothing happens; the order buffer needs it.
	 */
	int (*watermark)(struct dwell_sink *sink, uint64_t time_ns);
	int (*end)(struct dwell_sink *sink, const struct dwell_trace_end *end);
};

/* Embedded as the first member of a concrete sink. */
struct dwell_sink {
	const struct dwell_sink_ops *ops;
};

/* Call a function of a sink, if it is interested; its result. */
#define DWELL_TELL(sink, call, ...) ((sink)->ops->call ? (sink)->ops->call((sink), __VA_ARGS__) : 0)

/* What a consumer asks of a source. All zero: everything. */
struct dwell_source_options {
	uint64_t from_ns;
	uint64_t to_ns;   /* exclusive; 0: to the end */
	uint32_t columns; /* bits of enum dwell_column that must be filled; 0: all */
	uint32_t kinds;   /* bits 1 << enum dwell_event_kind wanted; 0: all; others may come all the
			     same */
};

enum dwell_column {
	DWELL_COLUMN_VALUE = 1 << 0,
	DWELL_COLUMN_EXTRA = 1 << 1,
	DWELL_COLUMN_TASK = 1 << 2,
	DWELL_COLUMN_PEER = 1 << 3,
	DWELL_COLUMN_EXECUTOR = 1 << 4,
	DWELL_COLUMN_OBJECT = 1 << 5,
	DWELL_COLUMN_STACK = 1 << 6 /* time, kind, state, reason and flags are always there */
};

/*
 * A trace that can be read. `parts` are stretches that can be read alone, in
 * parallel, by one thread each: a keyframe at their start, then their events.
 * Sources that can only be read from front to back have one part.
 */
struct dwell_source;
struct dwell_diag;

struct dwell_source_ops {
	/* start tells every definition of the trace: who asks for names need not read the rows. */
	bool all_defined;
	/* Another program's trace: none of its processes is marked as recorded. */
	bool foreign;
	/* How many parts overlap [from, to) of the options; at least 1. */
	size_t (*parts)(struct dwell_source *source, const struct dwell_source_options *options);
	/*
	 * Drive begin and the definitions of the whole trace as far as they are known before the
	 * events are read (maybe none); drive_part(0 .. parts - 1), then finish. drive_part may be
	 * called by several threads, each with a part and a sink of its own; definitions that are
	 * met on the way are told to that sink.
	 */
	int (*start)(struct dwell_source *source, const struct dwell_source_options *options,
		struct dwell_sink *sink);
	int (*drive_part)(struct dwell_source *source, const struct dwell_source_options *options,
		size_t part, struct dwell_sink *sink);
	/* Notes and definitions that stand at the end of the trace, then end. */
	int (*finish)(struct dwell_source *source, const struct dwell_source_options *options,
		struct dwell_sink *sink);
	/* Where and what the last error was. */
	const struct dwell_diag *(*diag)(struct dwell_source *source);
	void (*close)(struct dwell_source *source);
};

struct dwell_source {
	const struct dwell_source_ops *ops;
};

/* start, every part in order, finish: the whole trace into one sink. options may be NULL. */
int dwell_source_drive(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink);

/* Close a source; NULL is allowed. */
void dwell_source_close(struct dwell_source *source);

#endif

#ifndef DWELL_MODEL_H
#define DWELL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/sink.h"
#include "dwell/tables.h"
#include "dwell/types.h"

/*
 * What a trace is about: the catalog of everything that its rows name, which part of it was
 * asked for, and the facts that stand above every answer.
 *
 * A catalog is filled while a source is driven and does not change after that: then any number
 * of threads may read it. Its strings live as long as it does, are not ended by NUL and may be
 * hostile; texts that are NULL have size 0.
 */
struct dwell_catalog;

struct dwell_catalog_process {
	uint32_t id;
	uint32_t parent;
	int64_t pid; /* -1: not known */
	struct dwell_string name;
	struct dwell_string command;
	bool recorded; /* it was to be: see tables.h */
};

struct dwell_catalog_task {
	uint32_t id;
	uint32_t process;
	uint32_t parent;
	uint32_t creation_stack;
	uint32_t start_location;
	uint32_t class_id; /* dense from 1, in order of their texts */
	uint8_t kind;      /* enum dwell_task_kind */
	bool born;
	int64_t tid;        /* -1: none or not known */
	uint64_t native_id; /* 0: none */
	uint64_t created_ns;
	struct dwell_string name;
};

/* Tasks alike: process name, task name with digits folded to '#', start function or creation
 * site. */
struct dwell_catalog_class {
	uint32_t id;
	uint32_t tasks;
	struct dwell_string text; /* "redis-server/bio_# bioProcessBackgroundJobs" */
};

struct dwell_catalog_executor {
	uint32_t id;
	uint32_t parent;
	uint32_t number;
	uint8_t kind; /* enum dwell_executor_kind */
	struct dwell_string name;
};

struct dwell_catalog_object {
	uint32_t id;
	uint32_t process;
	uint32_t creation_stack;
	uint8_t kind; /* enum dwell_object_kind */
	uint64_t native_id;
	struct dwell_string name;
};

struct dwell_catalog_counter {
	uint32_t id;
	uint8_t kind; /* enum dwell_counter_kind */
	int8_t exponent;
	struct dwell_string name;
	struct dwell_string unit;
};

/* One line of a stack as people read it: a location has several where functions were inlined. */
struct dwell_frame {
	struct dwell_string function; /* empty: not known */
	struct dwell_string file;
	struct dwell_string module; /* path of the file mapped there */
	uint64_t address;           /* 0: not known */
	uint64_t offset;            /* of the address in the module's file */
	uint32_t line;              /* 0: not known */
	bool inlined;
};

/* NULL where the id was never defined; 0 is never defined. */
const struct dwell_catalog_process *dwell_catalog_process(
	const struct dwell_catalog *catalog, uint32_t id);
const struct dwell_catalog_task *dwell_catalog_task(
	const struct dwell_catalog *catalog, uint32_t id);
const struct dwell_catalog_class *dwell_catalog_class(
	const struct dwell_catalog *catalog, uint32_t id);
const struct dwell_catalog_executor *dwell_catalog_executor(
	const struct dwell_catalog *catalog, uint32_t id);
const struct dwell_catalog_object *dwell_catalog_object(
	const struct dwell_catalog *catalog, uint32_t id);
const struct dwell_catalog_counter *dwell_catalog_counter(
	const struct dwell_catalog *catalog, uint32_t id);
struct dwell_string dwell_catalog_label(const struct dwell_catalog *catalog, uint32_t id);

/* Whether a task belongs to what was to be recorded: where no process is marked, each does; never
 * one that a cut left out (created_ns is DWELL_FOREVER). */
bool dwell_catalog_recorded(const struct dwell_catalog *catalog, uint32_t task);

/* One more than the highest id that was defined. */
uint32_t dwell_catalog_processes(const struct dwell_catalog *catalog);
uint32_t dwell_catalog_tasks(const struct dwell_catalog *catalog);
uint32_t dwell_catalog_classes(const struct dwell_catalog *catalog);
uint32_t dwell_catalog_executors(const struct dwell_catalog *catalog);

/* Frames of a stack, innermost first: up to cap of them into frames; returns how many there are.
 * A location that was not symbolized is one frame without a function. */
size_t dwell_catalog_frames(const struct dwell_catalog *catalog, uint32_t stack,
	struct dwell_frame *frames, size_t cap);
/* Where every program waits (the C library, a runtime): it says nothing of this one. */
bool dwell_frame_is_common(const struct dwell_frame *frame);
/* Of the C library, or of what is around it, also where that lies in the program itself. */
bool dwell_frame_is_of_libc(const struct dwell_frame *frame);
/* Of what is in no file and has no name it is not known whether it was ever called: a walk without
 * tables follows whatever a register holds. */
bool dwell_frame_is_code(const struct dwell_frame *frame);
/*
 * Which of the frames, innermost first, is where the program waited; count where all of them are
 * common. Where an interpreter ran the program, its frames are named, not addressed, and lie below
 * the interpreter's own: then it is the first of those that is not of Python's own library, or the
 * first of them.
 */
size_t dwell_frames_site(const struct dwell_frame *frames, size_t count);
/* What follows the last slash. */
struct dwell_string dwell_base_name(struct dwell_string path);
bool dwell_catalog_truncated(const struct dwell_catalog *catalog, uint32_t stack);

/* Notes in the order in which they came. */
size_t dwell_catalog_notes(const struct dwell_catalog *catalog);
const struct dwell_note *dwell_catalog_note(const struct dwell_catalog *catalog, size_t i);

/*
 * Which part of a trace. All zero: all of it that was to be recorded: where processes are marked
 * as that, tasks of others are left out, though they are still named as wakers, holders and who
 * ran instead. Globs have * ? and [...]; NULL is any.
 */
struct dwell_selection {
	uint64_t from_ns;
	uint64_t to_ns;         /* exclusive; 0: to the end */
	bool all_processes;     /* those that were not to be recorded, too; so does process_glob */
	const char *task_glob;  /* of its name, or its tid or native id as a number */
	const char *class_glob; /* of the class's text */
	const char *process_glob; /* of its name, or its pid */
	const char *object_glob;  /* of its name, or its native id as 0x... */
	uint32_t reasons;         /* bits 1 << enum dwell_reason; 0: any */
};

/* A share of waits in millionths; meaningless where waits is 0. */
struct dwell_wait_coverage {
	uint64_t waits;
	uint32_t stack_ppm, object_ppm, holder_ppm, waker_ppm;
};

/* What every answer begins with. */
struct dwell_trace_facts {
	struct dwell_string source; /* the catalog's */
	uint64_t begin_ns, end_ns;  /* of the window that was asked for, within the trace */
	uint64_t start_unix_ns;     /* 0: not known */
	uint64_t tick_ns;
	uint64_t events; /* rows in the window */
	uint64_t lost_events;
	uint64_t losses;      /* in the window: not 0 where lost_events is not known, too */
	uint32_t tasks;       /* that lived in the window */
	uint32_t other_tasks; /* of these, of processes that were not to be recorded */
	uint32_t executors;
	uint32_t levels; /* bits of enum dwell_level */
	uint32_t coverage_ppm;
	bool closed;
	bool has_switches; /* switches and preemptions were recorded */
	bool has_wakes;
	bool names_nobody; /* tasks, classes or processes were selected that the trace has not */
	struct dwell_wait_coverage waits;
};

#endif

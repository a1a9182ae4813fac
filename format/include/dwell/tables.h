#ifndef DWELL_TABLES_H
#define DWELL_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/types.h"

/*
 * Definitions: what the identifiers in events stand for. A source defines an
 * identifier before the first event that uses it; a later definition of the
 * same one replaces it (a thread renamed, a location symbolized).
 *
 * Strings are bytes of the given length, UTF-8 by convention, not ended by NUL, maybe
 * hostile: whoever prints them escapes them. Pointers are the caller's and
 * valid for the call only; a sink copies what it keeps.
 */
struct dwell_string {
	const char *at; /* may be NULL when size is 0 */
	size_t size;
};

/* What is known of the trace when it begins. */
struct dwell_trace_info {
	struct dwell_string source; /* "dwell", "go", "perf", ... as in the JSON key trace.source */
	uint64_t start_unix_ns;     /* wall clock at the trace's zero; 0: not known */
	uint64_t start_monotonic_ns; /* CLOCK_MONOTONIC at the trace's zero; 0: not known */
	uint64_t begin_ns;           /* where the trace begins: 0, or a cut's start */
	uint64_t tick_ns;            /* times are multiples of this; at least 1 */
	uint32_t levels; /* bits of enum dwell_level; more may be added by a later note */
};

/* What is known when it ends. */
struct dwell_trace_end {
	uint64_t end_ns; /* where the trace ends: at or after its last event */
	bool closed;     /* the source was closed properly */
};

struct dwell_process {
	uint32_t id;
	uint32_t parent; /* process id (of ours) or 0 */
	int64_t pid;     /* as the kernel numbers it; -1: not known */
	struct dwell_string name;
	struct dwell_string command; /* whole command line or empty */
	/* It was to be recorded; others were seen beside it. Where no process is: all were. */
	bool recorded;
};

struct dwell_task {
	uint32_t id;
	uint32_t process;
	uint32_t parent; /* task or 0 */
	uint32_t creation_stack;
	uint32_t start_location; /* location of the start function or 0 */
	uint8_t kind;            /* enum dwell_task_kind */
	bool born;               /* its creation was seen */
	int64_t tid;             /* OS thread number; -1: none or not known */
	uint64_t native_id;      /* the runtime's own number (goroutine); 0: none */
	/* Where knowledge of it starts; DWELL_FOREVER: nothing of its life is told but where it ran
	 * (dwell/filter.h). */
	uint64_t created_ns;
	struct dwell_string name;
};

struct dwell_executor {
	uint32_t id;
	uint32_t parent; /* executor or 0 */
	uint8_t kind;    /* enum dwell_executor_kind */
	uint32_t number; /* CPU number, P number */
	struct dwell_string name;
};

struct dwell_object {
	uint32_t id;
	uint32_t process;
	uint32_t creation_stack;
	uint8_t kind;       /* enum dwell_object_kind */
	uint64_t native_id; /* its address, descriptor or number; 0: none */
	struct dwell_string name;
};

/* A file mapped into a process, so that addresses can be told from each other and symbolized
 * elsewhere. */
struct dwell_mapping {
	uint32_t id;
	uint32_t process;
	uint64_t start, end, file_offset;
	struct dwell_string path;
	struct dwell_string build_id; /* raw bytes */
};

/* One source position; a location has several where functions were inlined, innermost first. */
struct dwell_line {
	struct dwell_string function; /* demangled; empty: not known */
	struct dwell_string file;
	uint32_t line; /* 0: not known */
};

struct dwell_location {
	uint32_t id;
	uint32_t mapping;
	uint64_t address; /* of the instruction, in the process; 0: not known */
	const struct dwell_line *lines;
	size_t line_count; /* 0: not symbolized */
};

/* A call stack, innermost location first. */
struct dwell_stack {
	uint32_t id;
	const uint32_t *locations;
	size_t count;
	bool truncated; /* it does not reach the task's start */
};

/* A short text used by spans and marks. */
struct dwell_label {
	uint32_t id;
	struct dwell_string text;
};

struct dwell_counter {
	uint32_t id;
	uint8_t kind;    /* enum dwell_counter_kind */
	int8_t exponent; /* a value v means v * 10^exponent */
	struct dwell_string name;
	struct dwell_string unit;
};

/* At trace time time_ns, clock `clock` ("tsc", "monotonic", "unix", ...) read `value`. */
struct dwell_clock_pair {
	struct dwell_string clock;
	uint64_t value;
	uint64_t time_ns;
};

/* A fact about the whole trace: "host", "command", "recorder.cpu_ns", "repairs", ...
 * (docs/format.md lists the keys). */
struct dwell_note {
	struct dwell_string key;
	struct dwell_string value;
};

#endif

#ifndef DWELL_IMPORT_FTRACE_LINE_H
#define DWELL_IMPORT_FTRACE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/tables.h"

/*
 * One line of ftrace's text, as trace_pipe, `trace-cmd report` and Perfetto's converter print it:
 *
 *     comm-12  (  345) [001] d..2. 1234.567890: event: details
 *
 * The number in parentheses (the process) and the flags may be missing. Names may hold anything,
 * so lines are read from what can be told surely.
 */
enum ftrace_event {
	FTRACE_OTHER = 0,
	FTRACE_SWITCH,
	FTRACE_WAKING,
	FTRACE_WAKEUP,
	FTRACE_WAKEUP_NEW,
	FTRACE_FORK,
	FTRACE_EXIT,
	FTRACE_RENAME,
	FTRACE_MARK, /* what a program wrote into the trace */
	FTRACE_LOST  /* `value` records of this CPU, or an unknown number (0) */
};

struct ftrace_line {
	enum ftrace_event event;
	uint32_t cpu;
	uint64_t time_ns;
	uint32_t tick_ns;  /* what the time is a multiple of, by its digits */
	int32_t tid, tgid; /* who ran; tgid -1: not told */
	bool in_interrupt; /* a hardware interrupt: not the doing of who ran */
	struct dwell_string comm;

	/* SWITCH: who enters; WAKING, WAKEUP, WAKEUP_NEW, EXIT: whom; FORK: the child; RENAME. */
	int32_t other;
	struct dwell_string other_comm;
	int32_t prio, other_prio; /* INT32_MIN: not told */
	/* SWITCH: who leaves, as the event has it, and for what state. */
	int32_t prev;
	struct dwell_string prev_comm;
	char state;
	bool preempted;
	struct dwell_string text; /* MARK */
	uint64_t value;
};

/* False: not such a line (a comment, a header, something else). */
bool ftrace_line_parse(struct ftrace_line *out, const char *at, size_t size);

#endif

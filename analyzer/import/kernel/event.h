#ifndef DWELL_IMPORT_KERNEL_EVENT_H
#define DWELL_IMPORT_KERNEL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "dwell/tables.h"

/* What Linux says of its scheduling, in whatever form it was written down. */
enum kernel_event_kind {
	KERNEL_OTHER = 0,
	KERNEL_SWITCH,
	KERNEL_WAKING,
	KERNEL_WAKEUP,
	KERNEL_WAKEUP_NEW,
	KERNEL_FORK,
	KERNEL_EXIT,
	KERNEL_RENAME,
	KERNEL_KNOWN,         /* `other` exists, since earlier */
	KERNEL_SYSCALL_ENTER, /* `text`: the call's name; `value`: its first argument */
	KERNEL_SYSCALL_EXIT,
	KERNEL_MARK, /* `text`: what a program wrote into the trace, as marks.c reads it */
	KERNEL_SAID, /* `text`: the name of a program's own event */
	KERNEL_LOST  /* `value` records of this CPU, or an unknown number (0) */
};

enum { KERNEL_CURRENT = -1 }; /* a tid: who entered the CPU last, as its last switch says */

struct kernel_event {
	enum kernel_event_kind kind;
	uint32_t cpu;
	uint64_t time_ns;
	uint32_t tick_ns;  /* what the time is a multiple of, by its digits */
	int32_t tid, tgid; /* who ran; tgid -1: not told */
	bool in_interrupt; /* a hardware interrupt: not the doing of who ran */
	struct dwell_string comm;

	/* SWITCH: who enters; WAKING, WAKEUP, WAKEUP_NEW, EXIT: whom; FORK: the child; RENAME. */
	int32_t other;
	int32_t other_tgid; /* FORK, KNOWN; 0: not told */
	struct dwell_string other_comm;
	int32_t prio, other_prio; /* INT32_MIN: not told */
	/* SWITCH: who leaves, as the event has it, and for what state. */
	int32_t prev;
	struct dwell_string prev_comm;
	char state;
	bool preempted;
	struct dwell_string text;
	uint64_t value;
};

#endif

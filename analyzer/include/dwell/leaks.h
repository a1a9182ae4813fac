#ifndef DWELL_LEAKS_H
#define DWELL_LEAKS_H

#include "dwell/keys.h"

/*
 * Tasks that outlive their use: judged where their process ended, or where the window does. The
 * definitions are in docs/findings.md.
 */
enum dwell_leak_kind {
	DWELL_LEAK_DEADLOCK = 0,  /* tasks wait for each other in a circle */
	DWELL_LEAK_WAITS_FOREVER, /* nobody is left who could end the wait */
	DWELL_LEAK_NEVER_JOINED,  /* a thread ended, and was neither joined nor detached */
	DWELL_LEAK_ALIVE_AT_END,  /* it waits on: tasks like it end, or nobody went on from there */
	DWELL_LEAK_GROWING,       /* there are more and more of its class */
	DWELL_LEAK_KIND_COUNT
};
const char *dwell_leak_name(unsigned kind);

/* Why nobody can end a wait. */
enum dwell_forever {
	DWELL_FOREVER_NONE = 0,
	DWELL_FOREVER_HOLDER_ENDED, /* the holder ended without giving it up */
	DWELL_FOREVER_HOLDER_STUCK, /* the holder itself waits forever, or in a circle */
	DWELL_FOREVER_ALL_STUCK,    /* every task of the process waits for another */
	DWELL_FOREVER_WAKERS_ENDED, /* all who ever ended such a wait have ended */
	DWELL_FOREVER_UNHEARD,      /* so, and its signal came before it waited */
	/* Of those alive at the end, of which it is likely: */
	DWELL_FOREVER_ABANDONED, /* no wait there ever ended, and who made it has */
	DWELL_FOREVER_LOCKED_OUT /* no wait for a lock there ever ended */
};

/* "its holder ended without giving it up"; NULL of none. */
const char *dwell_forever_text(unsigned why);

/* One task of a circle, or that waits forever. */
struct dwell_leak_step {
	uint64_t since_ns;
	uint32_t task;
	uint32_t object; /* waited for */
	uint32_t holder; /* task; 0: none is known */
	uint32_t stack;  /* where it waits */
	uint8_t reason;
	uint8_t why; /* enum dwell_forever */
	/* DWELL_FOREVER_UNHEARD: the signal. */
	uint64_t unheard_ns;
	uint32_t unheard_task, unheard_stack;
};

/* Leaks alike: one circle, or tasks that were made and wait at one place. */
struct dwell_leak {
	uint64_t id;
	uint64_t since_ns; /* the first began to wait, ended, or was created */
	uint64_t until_ns; /* their process's end, or the window's */
	uint64_t lost_ns;  /* of all its waits until then; of those that ended unjoined, 0 */
	uint32_t count;    /* tasks */
	uint32_t stack;    /* where they wait; 0: they do not, or it is not known */
	uint32_t creation_stack;
	uint8_t kind;   /* enum dwell_leak_kind */
	uint8_t reason; /* why they wait; 0: they do not */
	uint8_t why;    /* enum dwell_forever */
	uint32_t *tasks;
	uint32_t *objects;
	size_t object_count;
	struct dwell_leak_step
		*steps; /* of a circle, in its order; else one for each waiting task */
	size_t step_count;
};

struct dwell_leaks {
	struct dwell_leak *rows; /* by kind, those of most tasks first */
	size_t count;
	uint32_t left;  /* tasks of a runtime that wait at the end, and are in no row */
	bool has_joins; /* joins were recorded, all of them: never-joined could be judged */
};

#endif

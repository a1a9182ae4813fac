#ifndef DWELL_WAITS_H
#define DWELL_WAITS_H

#include "dwell/keys.h"

/* Answers about waits: where time was blocked, and what held it. */

enum dwell_how { DWELL_HOW_NONE = 0, DWELL_HOW_READ, DWELL_HOW_INFERRED };

/* The longest stretch of one state that a holder spent while it was waited for. */
struct dwell_worst_stretch {
	uint64_t at_ns, ns; /* ns 0: there was none */
	uint32_t stack;
	uint8_t reason;
};

struct dwell_reason_time {
	uint64_t ns;
	uint8_t reason;
};

/* A holder, its stack where it released, and what it did while it was waited for. */
struct dwell_holder {
	uint32_t task;
	uint32_t stack;
	uint8_t how; /* enum dwell_how */
	uint8_t reason_count;
	uint64_t count; /* waits that it had a part in */
	uint64_t total_ns;
	struct dwell_times times; /* adds up to total_ns */
	/* Of times.blocked_ns, each reason once; there may be very many holders, mostly with one or
	 * none. */
	struct dwell_reason_time *reasons;
	uint64_t preempted_ns; /* of times.runnable_ns: it had run before, and had to leave */
	uint64_t late_ns;      /* of times.runnable_ns: after a wait for anything but a lock */
	struct dwell_worst_stretch blocked, preempted;
};

/* The same for each reason; [0]: no reason was recorded. */
void dwell_holder_blocked_by(
	const struct dwell_holder *holder, uint64_t by_reason[DWELL_REASON_COUNT]);

struct dwell_waker {
	uint32_t task; /* 0: those beyond the ones told apart */
	uint32_t stack;
	uint64_t count;
	uint64_t total_ns;
};

/* Rules: docs/roles.md. */
enum dwell_role {
	DWELL_ROLE_CONTENTION = 0,
	DWELL_ROLE_PEER,
	DWELL_ROLE_IO,
	DWELL_ROLE_WORK,
	DWELL_ROLE_TIME,
	DWELL_ROLE_COUNT
};
const char *dwell_role_name(unsigned role);

struct dwell_blocked_row {
	uint64_t id;
	struct dwell_key key;
	uint8_t reason;      /* of most of its time */
	uint8_t role;        /* enum dwell_role */
	uint8_t object_kind; /* enum dwell_object_kind; 0 where there is no object */
	bool several;        /* more than one object: `object` is that of the longest total */
	bool has_underused;
	bool known_lock; /* the functions that wait tell that it is for a lock */
	uint32_t object;
	uint32_t stack; /* of the longest total */
	uint32_t tasks; /* that waited here */
	struct dwell_distribution waits;
	struct dwell_times times; /* within the waits */
	uint64_t open_count;      /* waits that had not ended */
	uint64_t open_ns;         /* within the window; in no other figure but the holders' */
	uint64_t timed_out;       /* waits */
	uint64_t turns;           /* waits ended by who waited here, too, each of its own process */
	uint64_t lived_ns;        /* of the tasks that waited here */
	uint64_t underused_ns;
	uint64_t first_ns, last_ns; /* from the first wait's start to the last one's end; 0: none */
	uint32_t first_task;        /* whose wait was the first */
	struct dwell_holder *holders; /* longest first */
	size_t holder_count;
	struct dwell_waker *wakers; /* longest first */
	size_t waker_count;
};

/* Those that matter first; rows[matter ...] are of role work and time. */
struct dwell_blocked {
	struct dwell_blocked_row *rows;
	size_t count;
	size_t matter;
	uint64_t idle_count, idle_ns;
};

/* A stretch of time in which a lock was handed over to one waiter while others waited on. */
struct dwell_convoy {
	uint64_t start_ns, end_ns;
	uint64_t handovers;
	uint32_t longest_queue; /* tasks that waited at once */
};

struct dwell_lock_row {
	uint64_t id;
	uint32_t object; /* 0: what was held has no name, and is told by where it was waited for */
	uint32_t stack;  /* of the longest total */
	uint8_t reason;
	uint64_t contended;              /* waits */
	uint32_t waiters;                /* tasks */
	struct dwell_distribution waits; /* total_ns, max_ns: time waited */
	struct dwell_times times;        /* within the waits */
	uint64_t open_count, open_ns;
	struct dwell_holder *holders; /* longest first */
	size_t holder_count;
	uint64_t convoys, convoy_ns;
	struct dwell_convoy convoy; /* the longest */
	/*
	 * Times it was given up and taken again before those who waited; and the time in which
	 * somebody waited all along while that, or a hand-over, came four times or more: in all,
	 * and where the longest such stretch begins.
	 */
	uint64_t passes, pressed_ns, pressed_at_ns;
	uint64_t first_ns; /* the first wait's start */
};

/* Locks taken in an order that goes round: objects[i] was held while objects[i + 1] was taken. */
struct dwell_order_cycle {
	uint64_t id;
	uint64_t at_ns; /* when the last of these was first taken so: from then on it was a cycle */
	uint32_t *objects;
	uint32_t *tasks;  /* that took the next one */
	uint32_t *stacks; /* where, 0 where it is not known */
	size_t count;
};

struct dwell_locks {
	struct dwell_lock_row *rows; /* longest waited first */
	size_t count;
	bool has_order; /* every acquire was recorded */
	struct dwell_order_cycle *cycles;
	size_t cycle_count;
};

#endif

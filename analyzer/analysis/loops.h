#ifndef DWELL_ANALYSIS_LOOPS_H
#define DWELL_ANALYSIS_LOOPS_H

#include "analysis/fold.h"

/*
 * Event loops: tasks that wait for events again and again, each on an epoll of its own. A turn is
 * what a task does between two such waits. It is long where it ran, or was blocked, for
 * LONG_TURN_NS at least: all that its loop serves must wait meanwhile.
 */
#define LONG_TURN_NS UINT64_C(50000000)

struct loop {
	uint64_t
		since_ns; /* the end of its last wait for events; 0: it waited for work elsewhere */
	uint64_t running_ns; /* of its task until then */
	uint64_t turns, turns_ns;
	uint64_t long_turns, long_ns; /* of them */
	uint64_t longest_ns, longest_at_ns;
	uint64_t blocked_ns; /* in this turn */
	uint64_t slow_ns;    /* blocked in the longest other wait of this turn */
	uint32_t slow_stack;
	uint32_t longest_stack; /* of that in the longest turn */
	uint32_t object, stack; /* where it waits for events */
	uint32_t client;        /* the first that woke it */
	uint8_t slow_reason, longest_reason;
	bool longest_blocked; /* for most of it, the rest ran */
	bool many;            /* woken by several, or by nobody known */
};

/* Who waits for events on an object. */
struct loop_object {
	uint32_t task;
	bool shared;
};

struct loops {
	struct table tasks;   /* struct loop */
	struct table objects; /* struct loop_object */
};

void loops_init(struct loops *loops);
void loops_release(struct loops *loops);

/* A task's wait ended, until which it had run so long. 0 or DWELL_ENOMEM. */
int loops_wait(struct loops *loops, const struct dwell_catalog *catalog,
	const struct dwell_wait *wait, uint64_t running_ns);

/* It turned fifty times at least, and nobody else waits on its object. */
bool loop_is_one(const struct loops *loops, const struct loop *loop);

#endif

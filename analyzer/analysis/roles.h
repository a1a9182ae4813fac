#ifndef DWELL_ANALYSIS_ROLES_H
#define DWELL_ANALYSIS_ROLES_H

#include "analysis/groups.h"

/* What a role is told by (docs/roles.md). */
struct role_facts {
	unsigned reason;      /* enum dwell_reason */
	unsigned object_kind; /* enum dwell_object_kind */
	uint32_t tasks;
	uint64_t count, total_ns; /* open waits too */
	uint64_t lived_ns;        /* of those tasks */
	uint64_t timed_out, woken, replies;
	uint64_t turns; /* ended by a task that waited here, too, each of a process of its own */
	bool held;      /* who held it was told for half of the time */
	bool known;     /* its functions tell that it is a lock */
	bool joins;     /* its functions tell that it waits for a task's end */
	bool barrier;   /* those who wait are let go together, by one of them */
	bool runtimes;  /* all of its functions are a runtime's own: nobody's work waits for it */
};

unsigned role_of(const struct role_facts *facts);

/* Only a task ends a wait for this reason, or a time limit: nothing that a device does. Channels
 * are not among them: a timer may send. */
static inline bool only_tasks_end(unsigned reason)
{
	switch (reason) {
	case DWELL_REASON_MUTEX:
	case DWELL_REASON_RWLOCK:
	case DWELL_REASON_COND:
	case DWELL_REASON_SEMAPHORE:
	case DWELL_REASON_BARRIER:
	case DWELL_REASON_JOIN:
	case DWELL_REASON_FUTEX:
		return true;
	default:
		return false;
	}
}

#endif

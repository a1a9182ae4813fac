#ifndef DWELL_RECORD_STUCK_H
#define DWELL_RECORD_STUCK_H

#include <stdbool.h>
#include <stdint.h>

#include "drain/drain.h"
#include "sched.h"

/*
 * Threads of Java's and Python's (3.13) that have waited long for a lock: for which, and who has
 * it, from then on. What their library and the kernel tell is a condition of each Java thread's
 * own, and of Python's locks not who has them. They are looked for now and then, and each wait is
 * looked at until that is found, a few times at most. Looks take the two hundredth part of a CPU at
 * most.
 */
struct dwell_stuck;

/* next: where the rows of the program's own records go. sched and next must outlive it.
 * DWELL_ENOMEM. */
int dwell_stuck_new(struct dwell_stuck **out, struct dwell_sched *sched, struct dwell_sink *next);
void dwell_stuck_free(struct dwell_stuck *stuck);

/* Through it they go: the waits that one which is told here consists of are left out. */
struct dwell_sink *dwell_stuck_sink(struct dwell_stuck *stuck);

/* Whether it is time for a look. */
bool dwell_stuck_is_due(const struct dwell_stuck *stuck, uint64_t now_ns);

/* drain: of the program's records, or NULL. last: there will be no other, and what has waited for
 * a shorter time is told, too. Told at now_ns. Returns 0 or a negative dwell_error. */
int dwell_stuck_look(
	struct dwell_stuck *stuck, const struct dwell_drain *drain, uint64_t now_ns, bool last);

#endif

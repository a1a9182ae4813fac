#ifndef DWELL_RECORD_SCHED_PRIVATE_H
#define DWELL_RECORD_SCHED_PRIVATE_H

#include "sched.h"

int dwell_sched_put(struct dwell_sched *sched, const struct dwell_event *row);

/* Why a thread blocks, and on what: the call << 48 and its first argument; a DWELL_KERNEL_WHY where
 * it does not go on. */
void dwell_sched_explain(struct dwell_sched *sched, uint32_t tid, uint64_t why, uint64_t time_ns,
	bool goes_on, struct dwell_event *row);

/* A thread of a process by the number that it has there; 0: there is none. */
uint32_t dwell_sched_thread(uint32_t pid, uint32_t inside);

/* How a thread was found to wait. */
enum {
	SCHED_FOUND_WAIT = 1,
	SCHED_FOUND_MONITOR /* for a monitor, and looks at it again and again by itself */
};

/* A thread was told to wait, as of time_ns. DWELL_ENOMEM. */
int dwell_sched_found_keep(struct dwell_sched *sched, uint32_t tid, uint64_t time_ns, uint32_t how);
void dwell_sched_found_drop(struct dwell_sched *sched, uint32_t tid);

/* Another thread woke it. */
void dwell_sched_found_woken(struct dwell_sched *sched, uint32_t tid);

/* A thread got a CPU: what it waited for when it was found, it does not wait for any more. */
int dwell_sched_found_runs(
	struct dwell_sched *sched, uint32_t tid, uint32_t task, uint64_t time_ns);

#endif

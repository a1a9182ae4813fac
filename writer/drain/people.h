#ifndef DWELL_DRAIN_PEOPLE_H
#define DWELL_DRAIN_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

/* Processes and threads that come and go. */

struct dwell_drain;

/* A process slot that has another owner than before. */
struct drain_fresh {
	uint64_t started_ns;
	uint32_t index, generation;
};

/* Meet processes and threads that are new, once more in this pass: false where that was done. */
bool dwell_drain_meet(struct dwell_drain *drain);
/* One, if its slot has another owner than before. Returns the slot's state. */
uint32_t dwell_drain_meet_thread(struct dwell_drain *drain, uint32_t index);
void dwell_drain_processes(struct dwell_drain *drain);
void dwell_drain_thread_begin(struct dwell_drain *drain, uint32_t index);
void dwell_drain_thread_end(struct dwell_drain *drain, uint32_t index, uint64_t time_ns);

/* The process was replaced by exec: end all of its threads but the first. */
void dwell_drain_replace(struct dwell_drain *drain, uint32_t process);

#endif

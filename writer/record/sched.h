#ifndef DWELL_RECORD_SCHED_H
#define DWELL_RECORD_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "delay.h"
#include "drain/descriptors.h"
#include "drain/map.h"
#include "drain/registry.h"
#include "dwell/sink.h"
#include "hotspot.h"
#include "kernel.h"
#include "maps.h"
#include "python.h"
#include "who.h"

/* The kernel's events as rows. Every member is the caller's. */
struct dwell_sched {
	struct dwell_registry *registry;
	struct dwell_who *who;
	struct dwell_maps *maps;
	struct dwell_descriptors *descriptors;
	struct dwell_kernel *kernel; /* that is told how much of a stack is needed; may be NULL */
	struct dwell_sink *sink;
	struct dwell_delay *delay; /* NULL: the kernel tells of wakes, or keeps no account */
	/* The last thread of a recorded process ended; may be NULL. */
	void (*process_gone)(void *context, uint32_t pid, uint64_t time_ns);
	void *context;
	struct dwell_map found; /* threads in a wait that began before us: tid, 0 -> how; tid, 1 and
				   2 -> since when */
	struct dwell_python *python;   /* NULL: not needed so far */
	struct dwell_hotspot *hotspot; /* the same */
	bool stacks;                   /* are told */
	uint64_t long_wait_ns;         /* look for waits that last longer; 0: do not */
	bool long_wait;                /* there was one */
	uint64_t told_ns;              /* the sink takes no row of before it */
	/* Counted here. */
	uint64_t events;
	uint64_t waits; /* of the recorded program */
	uint64_t lost;
	size_t rows;
	struct dwell_event row[256];
};

/* A dwell_kernel_tell; context: the struct dwell_sched. */
int dwell_sched_tell(void *context, const struct dwell_kernel_event *event);

/* What a thread that ran before us waits for at time_ns, which is taken before this is called: so a
   change since then contradicts it. */
int dwell_sched_find(struct dwell_sched *sched, uint32_t tid, uint64_t time_ns);

/*
 * A thread of a program that is recorded: the lock of Java's or Python's that it waits for at
 * time_ns, and who has that, as a WAIT_BEGIN of it. false: for none, or nobody is known to have it.
 */
bool dwell_sched_find_lock(struct dwell_sched *sched, uint32_t pid, uint32_t tid, uint64_t time_ns,
	struct dwell_event *begin, struct dwell_hotspot_wait *wait);

/* Recording ends: threads that were on their way out are said to have ended. Who waits for a
 * process is told before its last thread leaves its CPU for the last time. */
int dwell_sched_end(struct dwell_sched *sched, uint64_t time_ns);

/* What the functions here keep. */
void dwell_sched_release(struct dwell_sched *sched);

/* Hand on the rows that are held back to be told together. */
int dwell_sched_flush(struct dwell_sched *sched);

#endif

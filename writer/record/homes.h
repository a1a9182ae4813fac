#ifndef DWELL_RECORD_HOMES_H
#define DWELL_RECORD_HOMES_H

#include <stddef.h>
#include <stdint.h>

#include "drain/map.h"

/*
 * Processes that have another /tmp than ours (a container, another root) or know themselves by
 * another number: there lies what their compiler at run time wrote down, under that number. Looked
 * at while they live; a folder stays reachable after their end. All zero: none.
 */
struct dwell_homes {
	struct dwell_home {
		uint64_t device, inode;
		int folder;      /* its /tmp; -1: ours */
		uint32_t inside; /* its own number */
	} * all;
	size_t count, room;
	struct dwell_map by_pid; /* index + 1 */
};

void dwell_homes_release(struct dwell_homes *homes);
void dwell_homes_look(struct dwell_homes *homes, uint32_t pid);
/* Where the map of a process's compiled code is: /tmp/perf-PID.map, or that of its home. */
void dwell_homes_jit_path(const struct dwell_homes *homes, int64_t pid, char *out, size_t size);

#endif

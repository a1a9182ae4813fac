#ifndef DWELL_RECORD_ROOTS_H
#define DWELL_RECORD_ROOTS_H

#include <stddef.h>
#include <stdint.h>

/* The processes that a recording of what runs already begins with. */

/* Call for the process and all that came of it and still run. */
void dwell_roots_tree(uint32_t pid, void (*tell)(void *context, uint32_t pid), void *context);

/*
 * Where the control group is: a path as it is, or below /sys/fs/cgroup or its hierarchy of version
 * 2. DWELL_EINVAL: there is none. out has PATH_MAX bytes.
 */
int dwell_roots_find_cgroup(const char *name, char *out);

/* Call for each process of the group and of those below it; returns how many there are. */
size_t dwell_roots_cgroup(
	const char *path, void (*tell)(void *context, uint32_t pid), void *context);

#endif

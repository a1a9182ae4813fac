#ifndef DWELL_RECORD_OBJECTS_H
#define DWELL_RECORD_OBJECTS_H

#include <stdint.h>

#include "drain/registry.h"

/* What descriptors of other processes are: asks /proc, and remembers the answer for a while. */
struct dwell_objects;

int dwell_objects_new(struct dwell_objects **out, struct dwell_registry *registry);
void dwell_objects_free(struct dwell_objects *objects);

/*
 * The object behind a process's descriptor, as far as /proc still knows (0: it does not), and the
 * reason of a thread that waits in a read or write of it.
 */
uint32_t dwell_objects_descriptor(struct dwell_objects *objects, uint32_t pid, uint32_t process,
	uint32_t fd, uint64_t now_ns, uint8_t *reason);

#endif

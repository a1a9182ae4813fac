#ifndef DWELL_RECORD_MAPS_H
#define DWELL_RECORD_MAPS_H

#include <stddef.h>
#include <stdint.h>

#include "drain/registry.h"

/* The files that are mapped into the recorded processes, read from /proc when a stack needs them.
 */
struct dwell_maps;

int dwell_maps_new(struct dwell_maps **out, struct dwell_registry *registry);
void dwell_maps_free(struct dwell_maps *maps);

/* Before a stack is told: define the mappings in which its addresses lie. */
void dwell_maps_cover(struct dwell_maps *maps, uint32_t pid, uint32_t process,
	const uint64_t *addresses, size_t count, uint64_t now_ns);

/* The process runs another program now. */
void dwell_maps_exec(struct dwell_maps *maps, uint32_t process);

#endif

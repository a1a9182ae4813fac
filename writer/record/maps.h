#ifndef DWELL_RECORD_MAPS_H
#define DWELL_RECORD_MAPS_H

#include <stddef.h>
#include <stdint.h>

#include "area.h"
#include "drain/registry.h"

/*
 * What is mapped into the recorded processes, read from /proc when a stack needs it: the files, for
 * the symbols, and how to find callers in them, for this recorder and for the program itself.
 */
struct dwell_maps;

/* area and registry must outlive it. DWELL_ENOMEM. */
int dwell_maps_new(
	struct dwell_maps **out, struct dwell_registry *registry, struct dwell_area *area);
void dwell_maps_free(struct dwell_maps *maps);

/* A process that writes to a session: its slot learns from now on where its list is. */
void dwell_maps_follow(struct dwell_maps *maps, uint32_t pid, uint32_t process,
	struct dwell_process_slot *slot, uint64_t now_ns);

/* Before a stack is told: define the mappings in which its addresses lie. */
void dwell_maps_cover(struct dwell_maps *maps, uint32_t pid, uint32_t process,
	const uint64_t *addresses, size_t count, uint64_t now_ns);

/*
 * The callers of a frame whose stack was copied, innermost first, the frame's own address before
 * them. Returns how many; *whole: up to the outermost.
 */
size_t dwell_maps_walk(struct dwell_maps *maps, uint32_t pid, uint32_t process,
	const struct dwell_unwind_frame *frame, const struct dwell_unwind_stack *stack,
	uint64_t now_ns, uint64_t *out, size_t most, bool *whole);

/* The process runs another program now; it ended. */
void dwell_maps_exec(struct dwell_maps *maps, uint32_t process);
void dwell_maps_gone(struct dwell_maps *maps, uint32_t process, uint64_t now_ns);

#endif

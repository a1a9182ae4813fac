#ifndef DWELL_RECORD_MAPS_H
#define DWELL_RECORD_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "area.h"
#include "drain/registry.h"
#include "dwell/limits.h"

/*
 * What is mapped into the recorded processes, read from /proc when a stack needs it: the files, for
 * the symbols, and how to find callers in them, for this recorder and for the program itself.
 */
struct dwell_maps;
struct dwell_hotspot_tables;
struct dwell_python_exports;

/* area and registry must outlive it. DWELL_ENOMEM. */
int dwell_maps_new(
	struct dwell_maps **out, struct dwell_registry *registry, struct dwell_area *area);
void dwell_maps_free(struct dwell_maps *maps);

/* A process that writes to a session since started_ns: its slot learns from now on where its list
 * is. */
void dwell_maps_follow(struct dwell_maps *maps, uint32_t pid, uint32_t process,
	struct dwell_process_slot *slot, uint64_t started_ns, uint64_t now_ns);

/* Before a stack is told: define the mappings in which its addresses lie. cut: it is not whole. */
void dwell_maps_cover(struct dwell_maps *maps, uint32_t pid, uint32_t process,
	const uint64_t *addresses, size_t count, bool cut, uint64_t now_ns);

/* Before a pass over what was recorded up to now: read again what could not be read at once, since
 * it had just been read. */
void dwell_maps_pass(struct dwell_maps *maps, uint64_t now_ns);

struct dwell_maps_walk {
	uint64_t
		frames[DWELL_MAX_FRAMES]; /* innermost first, the frame's own address before them */
	uint64_t pointers[DWELL_MAX_FRAMES]; /* frame pointers, of walk_still(); 0: not known */
	size_t count;
	uint64_t needed; /* bytes of the stack that were looked at */
	bool whole;      /* up to the outermost */
	bool beyond;     /* the next frame lies beyond what was copied */
};

/* The callers of a frame whose stack was copied. */
void dwell_maps_walk(struct dwell_maps *maps, uint32_t pid, uint32_t process,
	const struct dwell_unwind_frame *frame, const struct dwell_unwind_stack *stack,
	uint64_t now_ns, struct dwell_maps_walk *out);

/* The same of a thread that waits, whose frame pointer is not known. */
void dwell_maps_walk_still(struct dwell_maps *maps, uint32_t pid, uint32_t process,
	const struct dwell_unwind_frame *frame, const struct dwell_unwind_stack *stack,
	uint64_t now_ns, struct dwell_maps_walk *out);

/* Whether a stack begins in glibc; role: of the first of its functions there that has one (enum
 * dwell_libc_role). */
bool dwell_maps_libc(struct dwell_maps *maps, uint32_t process, const uint64_t *frames,
	size_t count, unsigned *role);

/* Whether the library that was loaded into the program has its code at an address. */
bool dwell_maps_preload(struct dwell_maps *maps, uint32_t process, uint64_t address);

/* As dwell_maps_libc() for CPython's loop: index of the frame, and what to add to addresses of its
 * file. NULL: the stack does not come to it. */
const struct dwell_python_exports *dwell_maps_python(struct dwell_maps *maps, uint32_t process,
	const uint64_t *frames, size_t count, size_t *at, uint64_t *bias);

/* Where in the process HotSpot points to its tables, if the stack goes through it. */
bool dwell_maps_hotspot(struct dwell_maps *maps, uint32_t process, const uint64_t *frames,
	size_t count, struct dwell_hotspot_tables *out);

/* Call for each process that has HotSpot in it, as far as is known. */
void dwell_maps_each_hotspot(struct dwell_maps *maps,
	void (*tell)(void *context, uint32_t pid, uint32_t process,
		const struct dwell_hotspot_tables *tables),
	void *context);

/* And for each that has a parking lot of CPython's (3.13). */
void dwell_maps_each_lot(
	struct dwell_maps *maps, void (*tell)(void *context, uint32_t pid), void *context);

/* Whether a program of Go's was mapped into any of the processes. */
bool dwell_maps_have_go(const struct dwell_maps *maps);

/* Where a process wrote down what it compiled at run time. */
void dwell_maps_jit_path(const struct dwell_maps *maps, int64_t pid, char *out, size_t size);

/* A process was made from another one; it runs another program now; it ended. */
void dwell_maps_fork(struct dwell_maps *maps, uint32_t parent, uint32_t child);
void dwell_maps_exec(struct dwell_maps *maps, uint32_t process, uint64_t now_ns);
void dwell_maps_gone(struct dwell_maps *maps, uint32_t process, uint64_t now_ns);

#endif

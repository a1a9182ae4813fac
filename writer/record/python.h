#ifndef DWELL_RECORD_PYTHON_H
#define DWELL_RECORD_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drain/registry.h"
#include "maps.h"
#include "memory.h"

/*
 * What CPython's threads that wait are in, read from outside (3.11, 3.12, 3.13; as released): its
 * functions and lines, and the locks that they are inside of. As preload/python.c does it from
 * inside; here the kernel says what can be read.
 */

/* Where in a file of CPython is what we look for. */
struct dwell_python_exports {
	uint64_t loop, loop_size;
	uint64_t wait, wait_size; /* for a semaphore; as of 3.13 */
	uint64_t park, park_size; /* that calls it for what stands before one */
	uint64_t version, runtime, code_type, text_type, bytes_type, method_type;
	bool debug; /* a build for its developers, of which the layout is another */
};

/* *out is NULL where the file is none; else to be freed. DWELL_ENOMEM. */
int dwell_python_read(struct dwell_python_exports **out, int fd);
bool dwell_python_is_loop(const struct dwell_python_exports *exports, uint64_t address);

struct dwell_python;

/* The registry gets the names of frames; it must outlive it. DWELL_ENOMEM. */
int dwell_python_new(struct dwell_python **out, struct dwell_registry *registry);
void dwell_python_free(struct dwell_python *python);

/*
 * Frames of the interpreter's loop, from frame `at` of the walk on, become those of the functions
 * that it runs. false: they cannot be read, and the walk is as it was.
 */
bool dwell_python_frames(struct dwell_python *python, const struct dwell_python_exports *exports,
	uint64_t bias, const struct dwell_still *still, size_t at, struct dwell_maps_walk *walk);

/* Whether a wait for a semaphore, of whose stack these are the first frames, is one of the parking
 * lot's (preload/parking.h): what it is for stands in the word before the semaphore. */
bool dwell_python_is_parked(const struct dwell_python_exports *exports, uint64_t bias,
	const uint64_t *frames, size_t count);

/*
 * Which thread of the process is inside a `with` of the lock that is that semaphore, or that byte
 * of the parking lot. 0: none that stands still, or more than one. After frames() of the thread
 * that waits for it.
 */
uint32_t dwell_python_holder(struct dwell_python *python, const struct dwell_still *still,
	uint64_t lock, uint64_t now_ns);

#endif

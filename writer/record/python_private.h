#ifndef DWELL_RECORD_PYTHON_PRIVATE_H
#define DWELL_RECORD_PYTHON_PRIVATE_H

#include "drain/map.h"
#include "python.h"
#include "ring/intern.h"
#include "ring/python.h"

/* A process, as far as it is known: the last one that was asked for. */
struct python_process {
	uint32_t pid;
	uint64_t bias;
	const struct dwell_python_exports *exports;
	struct dwell_python_layout layout;
};

/* A thread is inside of a `with` of a lock. */
struct python_held {
	uint64_t byte, semaphore; /* of the lock that it is: one of them */
	struct dwell_still still;
};

struct dwell_python {
	struct dwell_registry *registry;
	struct python_process process;
	uint64_t thread;         /* of the last frames: its state in CPython */
	struct dwell_map frames; /* hash, pid -> number of the named frame */
	uint32_t count;
	struct python_held *held; /* of one process, at that time */
	size_t held_count, held_room;
	uint32_t held_pid;
	uint64_t held_ns;
	char function[DWELL_FRAME_FUNCTION], file[DWELL_FRAME_FILE];
	uint8_t table[1 << 16];
};

/* One function that the interpreter runs. */
struct python_frame {
	uint64_t at, code, previous;
	int64_t unit; /* of its instruction; -1: it has not begun */
	bool is_shim; /* no function: stands where C called the interpreter */
};

uint64_t python_word(const struct python_process *process, uint64_t address);
/* The innermost one of a thread; 0: there is none. */
uint64_t python_current(const struct python_process *process, uint64_t thread);
/* false: that is no frame. */
bool python_frame(const struct python_process *process, uint64_t at, struct python_frame *out);
/* A bytes object's contents; 0: that is none, or it is larger than the room. */
size_t python_bytes(
	const struct python_process *process, uint64_t object, uint8_t *out, size_t room);
/* Function and file of a frame, in python->function and file. */
bool python_name(struct dwell_python *python, uint64_t code, struct dwell_line *line);

#endif

#ifndef DWELL_LIB_INTERPRETER_H
#define DWELL_LIB_INTERPRETER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An interpreter in this process, set once, at start (all zero: there is none). A walk that comes
 * to an address in its loop hands over: `frames` writes what the program it runs is in, innermost
 * first, as named frames (ring/intern.h), at most that many, and says whether they go down to the
 * thread's start. It returns 0 where it cannot tell; the walk goes on then.
 */
struct dwell_interpreter {
	uintptr_t loop, loop_size; /* code */
	uintptr_t data, data_size; /* where its own locks lie */
	/* What one of those is called (an entry of the arena); 0: it has no name. */
	uint32_t (*lock_name)(uint64_t object, unsigned kind);
	uint32_t (*frames)(uint64_t *out, uint32_t most, bool *whole);
};
extern struct dwell_interpreter dwell_interpreter;

/*
 * The same of code that is compiled while the program runs (NULL: of none), from a frame in it on,
 * which becomes the first one beyond; its pc is 0 where that is not known. Returns 0 where it
 * cannot tell what the frame is.
 */
struct dwell_unwind_frame;
struct dwell_unwind_stack;
extern uint32_t (*dwell_compiled)(struct dwell_unwind_frame *frame,
	const struct dwell_unwind_stack *stack, uint64_t *out, uint32_t most);

static inline bool dwell_in_loop(uint64_t address)
{
	return address - dwell_interpreter.loop < dwell_interpreter.loop_size;
}

#endif

#ifndef DWELL_RECORD_PROLOGUE_H
#define DWELL_RECORD_PROLOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "ring/unwind.h"

/*
 * The frame pointer of a function that keeps one, where its stack pointer is all that is known: a
 * thread that waits has the register, and nobody may look at it. The function's own beginning tells
 * how far the one is from the other, and what is found must be a return to after a call of it.
 * Sets frame->fp. x86-64.
 */
bool dwell_prologue_find(const struct dwell_unwind_space *space, uint32_t pid,
	const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame);

/* How many bytes below the frame pointer the stack pointer is after these instructions, which
 * follow `push rbp; mov rbp, rsp`. */
uint64_t dwell_prologue_depth(const uint8_t *code, size_t size);

/* Whether the instruction that ends there is a call of a function, which begins at `function`. */
enum dwell_call_kind { DWELL_CALL_NONE, DWELL_CALL_DIRECT, DWELL_CALL_INDIRECT };
enum dwell_call_kind dwell_prologue_call(
	const uint8_t *end, size_t size, uint64_t address, uint64_t *target);

#endif

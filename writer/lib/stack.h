#ifndef DWELL_LIB_STACK_H
#define DWELL_LIB_STACK_H

#include <stdbool.h>
#include <stdint.h>

struct dwell_self;

/*
 * The stack of the caller whose return address and frame are given, innermost first; 0 where the
 * thread is on a stack that is not its own and not even one frame is known. Callers are found by
 * the tables that the recorder made (ring/unwind.h), before it has by frame pointers; as long as
 * frames lie within the thread's stack and rise.
 */
uint32_t dwell_stack(struct dwell_self *self, const void *return_address, const void *frame);
/* What dwell_stack() goes by now: it changes when the recorder has new tables. false: these are
 * still to come. */
bool dwell_stack_by(uint64_t *unwind);

/* valgrind runs this program: it tells of what a program would not do of itself. */
bool dwell_lib_watched(void);

#endif

#ifndef DWELL_LIB_THREAD_H
#define DWELL_LIB_THREAD_H

#include "lib.h"

/* Between the files of this folder. */

/* Take a process slot in a fork's child. false: another thread does it, or there is none. */
bool dwell_lib_child(void);

/* Where the main thread's stack lies; at start, once. */
void dwell_stack_init(void);

/* From the stack's size (0: not known) and where the thread's control block lies. */
void dwell_thread_set_bounds(struct dwell_self *self, size_t stack_size);

#endif

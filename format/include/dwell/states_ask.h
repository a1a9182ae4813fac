#ifndef DWELL_STATES_ASK_H
#define DWELL_STATES_ASK_H

#include "dwell/states.h"

/*
 * Instead of being told of definitions, ask for them where they are needed, so that tasks that were
 * not met yet take no room. `defined` sets created_ns of those of first to first + 63 that were
 * defined and returns their bits; tasks from `end` on were not. All is as if dwell_states_task had
 * been called for each. Before the first row and the keyframe. Returns DWELL_ENOMEM, DWELL_ELIMIT.
 */
typedef uint64_t dwell_states_defined(void *context, uint32_t first, uint64_t created_ns[64]);
int dwell_states_ask(
	struct dwell_states *states, uint32_t end, dwell_states_defined *defined, void *context);

#endif

#ifndef DWELL_STATES_LIGHT_H
#define DWELL_STATES_LIGHT_H

#include "dwell/states.h"
#include "src/pyramid_build.h"

/*
 * As dwell_states_apply, for states that tell the pyramid (dwell_pyramid_interval, build): the
 * encoder's way, which wants of most intervals no more than task, state and time, and no sums.
 */
int dwell_states_light(struct dwell_states *states, const struct dwell_event *events, size_t count,
	struct pyramid_build *build);

#endif

/* What a filter leaves of the rows of tasks that are not kept. */
#include "src/filter_private.h"

/* That it runs, or has ended, says who held an executor; the rest is its own life. */
static uint8_t bare(unsigned state)
{
	return state == DWELL_RUNNING || state == DWELL_EXITED || state == DWELL_STATE_SAME
		       ? (uint8_t)state
		       : (uint8_t)DWELL_UNKNOWN;
}

bool filter_bare(struct dwell_event *row)
{
	switch (row->kind) {
	case DWELL_EVENT_SWITCH:
	case DWELL_EVENT_STATE:
	case DWELL_EVENT_EXIT:
		row->state = bare(row->state);
		row->reason = 0;
		row->object = DWELL_NONE;
		row->stack = DWELL_NONE;
		row->value = 0;
		row->flags = 0;
		return true;
	case DWELL_EVENT_ACQUIRE:
	case DWELL_EVENT_RELEASE:
		return true;
	default:
		return false;
	}
}

bool filter_bare_state(const struct dwell_task_state *state, struct dwell_task_state *out)
{
	if (state->state != DWELL_RUNNING || !state->executor)
		return false;
	*out = (struct dwell_task_state){
		.since_ns = state->since_ns,
		.lost_ns = state->lost_ns,
		.created_ns = state->since_ns,
		.task = state->task,
		.executor = state->executor,
		.state = state->state,
		.own_word = state->own_word,
	};
	return true;
}

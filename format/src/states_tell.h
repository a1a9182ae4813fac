#ifndef DWELL_STATES_TELL_H
#define DWELL_STATES_TELL_H

#include "src/states_private.h"

/* A blocked interval that the program itself says nothing of is a wait, where its end is known. */
void states_tell_wait(
	struct dwell_states *states, const struct dwell_interval *interval, uint8_t flags);

/* Time in a state up to now that was told. */
static inline void states_sum(const struct dwell_states *states, struct dwell_task_sums *sums,
	uint64_t *of_state_ns, uint64_t start_ns, uint64_t end_ns)
{
	if (start_ns < states->sum_from_ns)
		start_ns = states->sum_from_ns;
	*of_state_ns += end_ns > start_ns ? end_ns - start_ns : 0;
	sums->intervals++;
}

/* The interval at states->at is told; a wait that is one of its own: with the flags of its end. */
static inline void states_tell(struct dwell_states *states, bool is_wait, uint8_t flags)
{
	struct dwell_interval *interval = states->at;

	if (__builtin_expect(states->told != NULL, 1)) {
		states->at++;
		return;
	}
	states->ops.interval(states->context, interval);
	if (is_wait && states->ops.wait)
		states_tell_wait(states, interval, flags);
}

#endif

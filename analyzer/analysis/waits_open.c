/* Waits that had not ended. */
#include "analysis/waits.h"

/* All of it, if it is a wait of the program's, in which its task may have been woken now and then.
 */
static struct dwell_wait open_wait(const struct waits *waits, const struct dwell_interval *interval)
{
	const struct dwell_task_state *state =
		interval->flags & DWELL_INTERVAL_IN_WAIT
			? dwell_states_get(waits->states, interval->task)
			: NULL;
	struct dwell_wait wait = dwell_wait_of(interval);

	wait.holder = interval->holder;
	wait.holder_how = interval->holder_how;
	if (state && state->wait_reason)
		wait.start_ns = state->wait_since_ns;
	if (wait.start_ns < waits->model->from_ns)
		wait.start_ns = waits->model->from_ns;
	return wait;
}

int waits_open(struct waits *waits, const struct dwell_interval *interval)
{
	const struct dwell_wait wait = open_wait(waits, interval);
	struct group *groups[WAITS_VIEWS] = { NULL };

	if (!wants_wait(waits->model, &wait))
		return DWELL_OK;
	for (unsigned i = 0; i < waits->view_count; i++) {
		struct waits_view *view = &waits->views[i];

		if (!waits_shows(view, interval->reason))
			continue;
		groups[i] = waits_group(waits, view, interval->task, interval->object,
			interval->stack, interval->reason);
		if (!groups[i])
			return DWELL_ENOMEM;
		groups[i]->open_count++;
		groups[i]->open_ns += wait.end_ns - wait.start_ns;
	}
	return waits_blame_open(waits, groups, &wait);
}

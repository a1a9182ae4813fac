/* Waits with a time limit that are begun again. */
#include "analysis/again.h"

#include "analysis/roles.h"

static bool ran_out(const struct dwell_stretch *s, bool has_wakes)
{
	if (s->waker || s->flags & DWELL_INTERVAL_OPEN)
		return false;
	return s->flags & DWELL_STRETCH_TIMED_OUT || (has_wakes && only_tasks_end(s->reason));
}

bool again_may_be(const struct dwell_stretch *wait)
{
	return wait->reason && (wait->object || wait->stack);
}

/* Of a short wait no stack may have been taken. */
static bool is_same(const struct dwell_stretch *a, const struct dwell_stretch *b)
{
	if (a->reason != b->reason || a->object != b->object)
		return false;
	return a->stack == b->stack || (a->object && (!a->stack || !b->stack));
}

static bool is_at_once(const struct dwell_stretch *s, uint64_t ran_ns, uint64_t from_ns)
{
	const uint64_t length_ns = s->end_ns - (s->start_ns > from_ns ? s->start_ns : from_ns);

	return ran_ns <= AGAIN_NS || ran_ns <= length_ns / AGAIN_PART;
}

enum again again_before(const struct dwell_stretch *wait, const struct dwell_stretch *before,
	uint64_t *ran_ns, uint64_t from_ns, bool has_wakes)
{
	switch (before->state) {
	case DWELL_RUNNING:
		*ran_ns += before->end_ns - before->start_ns;
		return *ran_ns <= AGAIN_MOST_NS ? AGAIN_BETWEEN : AGAIN_NO;
	case DWELL_RUNNABLE:
		return AGAIN_BETWEEN;
	case DWELL_BLOCKED:
		return is_same(wait, before) && ran_out(before, has_wakes) &&
				       is_at_once(before, *ran_ns, from_ns)
			       ? AGAIN_YES
			       : AGAIN_NO;
	default:
		return AGAIN_NO;
	}
}

/* Ways from the first of waits that were begun again. */
#include "analysis/first.h"

#include <stdlib.h>

bool first_may_be(
	const struct chapters *chapters, const struct dwell_stretch *wait, uint64_t from_ns)
{
	uint64_t end_ns = wait->start_ns, ran_ns = 0;
	enum again is = again_may_be(wait) ? AGAIN_BETWEEN : AGAIN_NO;

	while (is == AGAIN_BETWEEN && end_ns > from_ns && end_ns > chapters->begin_ns) {
		const struct dwell_stretch *s = chapters_at(chapters, wait->task, end_ns);

		if (!s)
			return false;
		is = again_before(wait, s, &ran_ns, from_ns, chapters->model->has_wakes);
		end_ns = s->start_ns;
	}
	return is == AGAIN_YES || (is == AGAIN_BETWEEN && end_ns > from_ns);
}

struct first *first_new(const struct dwell_stretch *wait, const struct ways *ways)
{
	struct first *first = malloc(sizeof(*first));

	if (first)
		*first = (struct first){ .wait = *wait, .kept = *ways, .ways = *ways };
	return first;
}

bool first_pass(struct first *first, const struct dwell_stretch *s, uint64_t length_ns,
	uint32_t free_lanes, uint64_t from_ns, bool has_wakes)
{
	switch (again_before(&first->wait, s, &first->ran_ns, from_ns, has_wakes)) {
	case AGAIN_BETWEEN:
		lengthen_all(&first->ways, length_ns, free_lanes);
		return true;
	case AGAIN_YES:
		first->ways = first->kept;
		first->ran_ns = 0;
		return true;
	default:
		return false;
	}
}

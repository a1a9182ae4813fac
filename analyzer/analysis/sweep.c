/* The longest ways to the end of an interval, over one stretch or moment. */
#include "analysis/sweep.h"

#include <stdlib.h>

static inline struct place *place_of(struct sweep *sweep, uint32_t task)
{
	struct place *place = task < sweep->places.end ? table_get(&sweep->places, task) : NULL;

	return place ? place : table_make(&sweep->places, task);
}

/* A way from a task's place on. */
int sweep_reach(struct sweep *sweep, uint32_t task, const struct ways *ways, uint64_t ns,
	uint32_t free_lanes)
{
	struct place *place = place_of(sweep, task);

	if (!place)
		return DWELL_ENOMEM;
	place->reached = true;
	lengthen(&place->ways, ways, ns, free_lanes);
	return DWELL_OK;
}

/* It was the first one. */
void sweep_settle_first(struct place *place)
{
	if (!place->first)
		return;
	lengthen(&place->ways, &place->first->ways, 0, 0);
	place->reached = true;
	free(place->first);
	place->first = NULL;
}

static int find_lanes(struct sweep *sweep, struct place *place, const struct dwell_stretch *s,
	struct known_lanes *known)
{
	const struct gains *gains = sweep->gains;
	uint64_t site = 0;
	int err = DWELL_OK;

	if (!place->classed)
		place->class_id = group_of(gains->shares->catalog, DWELL_BY_CLASS, s->task);
	place->classed = true;
	if (s->state == DWELL_BLOCKED)
		err = site_of(gains->shares, s->stack, &site);
	*known = (struct known_lanes){ true, s->reason, s->object, s->stack, 0 };
	for (unsigned i = 0; i < gains->lanes; i++) {
		const struct unless *u = &gains->unless[i];

		if ((u->state && u->state != s->state) || (u->task && u->task != s->task) ||
			(u->class_id && u->class_id != place->class_id) ||
			(!u->any_reason && u->reason != s->reason) ||
			(u->by_object && u->object != s->object) || (u->by_site && u->site != site))
			continue;
		known->lanes |= 1u << i;
	}
	return err;
}

/* In which lanes a stretch takes no time. */
int sweep_lanes(struct sweep *sweep, const struct dwell_stretch *s, uint32_t *out)
{
	struct place *place = place_of(sweep, s->task);
	struct known_lanes *known;
	int err = DWELL_OK;

	if (!place)
		return DWELL_ENOMEM;
	known = &place->known[s->state < DWELL_STATE_COUNT ? s->state : 0];
	if (!known->known || known->reason != s->reason || known->object != s->object ||
		known->stack != s->stack)
		err = find_lanes(sweep, place, s, known);
	*out = known->lanes;
	return err;
}

uint64_t sweep_length(const struct sweep *sweep, const struct dwell_stretch *s, uint64_t end_ns)
{
	const uint64_t start_ns = s->start_ns > sweep->from_ns ? s->start_ns : sweep->from_ns;

	return end_ns > start_ns ? end_ns - start_ns : 0;
}

/* A way that leaves a task at a moment in the midst of what it did. */
static int leave(
	struct sweep *sweep, const struct dwell_stretch *s, uint64_t at_ns, const struct ways *ways)
{
	uint32_t lanes;
	int err = sweep_lanes(sweep, s, &lanes);

	return err ? err : sweep_reach(sweep, s->task, ways, sweep_length(sweep, s, at_ns), lanes);
}

/* Somebody who was to be recorded ended it; anybody else is taken for a device. */
bool sweep_is_joined(const struct sweep *sweep, const struct dwell_stretch *s)
{
	if (s->state != DWELL_BLOCKED || s->flags & DWELL_INTERVAL_OPEN)
		return false;
	return is_earlier(s->let_go_ns) ||
	       (s->waker && s->let_go_ns && s->waker != s->task &&
		       dwell_catalog_recorded(sweep->gains->shares->catalog, s->waker));
}

/* What ended the wait is gone into at its moment; false: it lies before the interval. */
static bool may_join(const struct sweep *sweep, const struct dwell_stretch *s, uint64_t *at_ns)
{
	*at_ns = is_earlier(s->let_go_ns) ? sweep->chapters.begin_ns : s->let_go_ns;
	return sweep_is_joined(sweep, s) && *at_ns > sweep->from_ns;
}

static int defer_join(
	struct sweep *sweep, const struct dwell_stretch *s, uint64_t at_ns, const struct ways *ways)
{
	struct pending *join = pendings_make(&sweep->pendings, at_ns, PENDING_JOIN);

	if (!join)
		return DWELL_ENOMEM;
	join->wait = *s;
	join->ways = *ways;
	join->unresolved = is_earlier(s->let_go_ns);
	return pendings_add(&sweep->pendings, join);
}

/* The way over a whole stretch, from the interval's end. */
static int pass_last(struct sweep *sweep, const struct dwell_stretch *s)
{
	uint64_t at_ns;
	uint32_t lanes;
	const int err = sweep_lanes(sweep, s, &lanes);

	if (err)
		return err;
	if (may_join(sweep, s, &at_ns))
		return defer_join(sweep, s, at_ns, &sweep->end);
	return sweep_reach(sweep, s->task, &sweep->end, sweep_length(sweep, s, s->end_ns), lanes);
}

/* The task's stretch before a wait, or before those that were. */
static int pass_first(struct sweep *sweep, struct place *place, const struct dwell_stretch *s)
{
	uint32_t lanes;
	const int err = sweep_lanes(sweep, s, &lanes);

	if (!err && !first_pass(place->first, s, sweep_length(sweep, s, s->end_ns), lanes,
			    sweep->from_ns, sweep->chapters.model->has_wakes))
		sweep_settle_first(place);
	return err;
}

/* Over a whole stretch, from the way at its end to the one at its start. */
int sweep_over(struct sweep *sweep, const struct dwell_stretch *s)
{
	struct place *place = place_of(sweep, s->task);
	uint64_t at_ns;
	uint32_t lanes;
	int err = DWELL_OK;

	if (!place)
		return DWELL_ENOMEM;
	place->last = s;
	place->chapter = sweep->chapters.left;
	if (s->task == sweep->task && s->end_ns == sweep->to_ns)
		return pass_last(sweep, s);
	if (place->first)
		err = pass_first(sweep, place, s);
	if (err || !place->reached)
		return err;
	if (may_join(sweep, s, &at_ns)) {
		err = defer_join(sweep, s, at_ns, &place->ways);
		lose_ways(&place->ways);
		place->reached = false;
		return err;
	}
	err = sweep_lanes(sweep, s, &lanes);
	lengthen_all(&place->ways, sweep_length(sweep, s, s->end_ns), lanes);
	return err;
}

/* What a task did right before the moment that the sweep has come to. All that ended no earlier has
 * been swept over, and stretches are contiguous. */
static const struct dwell_stretch *at_moment(
	const struct sweep *sweep, uint32_t task, uint64_t time_ns)
{
	const struct place *place = table_get(&sweep->places, task);

	if (place && place->last && place->chapter == sweep->chapters.left &&
		place->last->start_ns < time_ns && place->last->end_ns >= time_ns)
		return place->last;
	return chapters_at(&sweep->chapters, task, time_ns);
}

/* The waiter's own side of a wait that ended: from its start, or the first one's. */
static int join_own(
	struct sweep *sweep, const struct pending *p, uint64_t back_ns, uint32_t free_lanes)
{
	const struct dwell_stretch *wait = &p->wait;
	struct ways ways = p->ways;
	struct place *place = place_of(sweep, wait->task);

	if (!place)
		return DWELL_ENOMEM;
	if (!(ways.lanes & ~free_lanes) || !first_may_be(&sweep->chapters, wait, sweep->from_ns))
		return sweep_reach(sweep, wait->task, &ways, back_ns, free_lanes);
	sweep_settle_first(place);
	ways.lanes &= ~free_lanes;
	lengthen_all(&ways, back_ns, 0);
	place->first = first_new(wait, &ways);
	if (!place->first)
		return DWELL_ENOMEM;
	/* Where it takes no time it was not begun again. */
	ways = p->ways;
	ways.lanes &= free_lanes;
	return ways.lanes ? sweep_reach(sweep, wait->task, &ways, back_ns, free_lanes) : 0;
}

/* The waker's side of a wait that ended. */
static int join(struct sweep *sweep, struct pending *p)
{
	const struct dwell_stretch *wait = &p->wait;
	const struct dwell_stretch *of = at_moment(sweep, wait->waker, p->time_ns);
	const uint64_t back_ns = wait->end_ns - p->time_ns;
	uint32_t lanes;
	int err = sweep_lanes(sweep, wait, &lanes);

	if (err)
		return err;
	if (!of)
		return sweep_reach(sweep, wait->task, &p->ways,
			sweep_length(sweep, wait, wait->end_ns), lanes);
	err = join_own(sweep, p, back_ns, lanes);
	/* Where the wait takes no time it waits for nobody. */
	p->ways.lanes &= ~lanes;
	p->ways.all_ns += back_ns;
	return err ? err : leave(sweep, of, p->time_ns, &p->ways);
}

int sweep_birth(struct sweep *sweep, const struct birth *p)
{
	struct place *place = table_get(&sweep->places, p->task);
	const uint32_t maker = maker_of(sweep->gains->shares->catalog, p->task, p->time_ns);
	const struct dwell_stretch *parent = NULL;
	struct ways ways;

	if (!place || p->task >= sweep->places.end)
		return DWELL_OK;
	sweep_settle_first(place);
	if (!place->reached)
		return DWELL_OK;
	ways = place->ways;
	place->reached = false;
	lose_ways(&place->ways);
	if (maker)
		parent = at_moment(sweep, maker, p->time_ns);
	if (parent)
		return leave(sweep, parent, p->time_ns, &ways);
	lengthen(&sweep->longest, &ways, p->time_ns - sweep->from_ns, 0);
	return DWELL_OK;
}

int sweep_pending(struct sweep *sweep, struct pending *p)
{
	const struct dwell_stretch *s;

	if (p->kind == PENDING_JOIN)
		return join(sweep, p);
	s = chapters_at(&sweep->chapters, sweep->task, p->time_ns);
	return s ? leave(sweep, s, p->time_ns, &sweep->end) : (int)DWELL_OK;
}

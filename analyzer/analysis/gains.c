/* The longest ways to the end of an interval, back over its history. */
#include "analysis/gains.h"

#include <stdlib.h>

#include "analysis/by_ends.h"
#include "analysis/first.h"

/* In which lanes a stretch like this takes no time. */
struct known_lanes {
	bool known;
	uint8_t reason;
	uint32_t object, stack, lanes;
};

/* Where a task's sweep has come to: the start of one of its stretches. */
struct place {
	struct ways ways;
	bool reached; /* the interval's end can be reached from here */
	bool classed;
	uint32_t class_id;
	struct known_lanes known[DWELL_STATE_COUNT]; /* of its last stretch in each state */
	/* The latest stretch that ended no earlier than where the sweep is; of that chapter. */
	const struct dwell_stretch *last;
	size_t chapter;
	struct first *first; /* of a wait that may have been begun again; else NULL */
};

struct sweep {
	struct gains *gains;
	struct chapters chapters;
	struct table places; /* by task */
	uint64_t from_ns, to_ns;
	uint32_t task;
	struct pendings pendings;
	struct by_ends ends;
	struct ways end, longest;
};

static inline struct place *place_of(struct sweep *sweep, uint32_t task)
{
	struct place *place = task < sweep->places.end ? table_get(&sweep->places, task) : NULL;

	return place ? place : table_make(&sweep->places, task);
}

/* A way from a task's place on. */
static int reach(struct sweep *sweep, uint32_t task, const struct ways *ways, uint64_t ns,
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
static void settle_first(struct place *place)
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
static int lanes_of(struct sweep *sweep, const struct dwell_stretch *s, uint32_t *out)
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

static uint64_t length_of(const struct sweep *sweep, const struct dwell_stretch *s, uint64_t end_ns)
{
	const uint64_t start_ns = s->start_ns > sweep->from_ns ? s->start_ns : sweep->from_ns;

	return end_ns > start_ns ? end_ns - start_ns : 0;
}

/* A way that leaves a task at a moment in the midst of what it did. */
static int leave(
	struct sweep *sweep, const struct dwell_stretch *s, uint64_t at_ns, const struct ways *ways)
{
	uint32_t lanes;
	int err = lanes_of(sweep, s, &lanes);

	return err ? err : reach(sweep, s->task, ways, length_of(sweep, s, at_ns), lanes);
}

/* Somebody who was to be recorded ended it; anybody else is taken for a device. */
static bool is_joined(const struct sweep *sweep, const struct dwell_stretch *s)
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
	return is_joined(sweep, s) && *at_ns > sweep->from_ns;
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
	const int err = lanes_of(sweep, s, &lanes);

	if (err)
		return err;
	if (may_join(sweep, s, &at_ns))
		return defer_join(sweep, s, at_ns, &sweep->end);
	return reach(sweep, s->task, &sweep->end, length_of(sweep, s, s->end_ns), lanes);
}

/* The task's stretch before a wait, or before those that were. */
static int pass_first(struct sweep *sweep, struct place *place, const struct dwell_stretch *s)
{
	uint32_t lanes;
	const int err = lanes_of(sweep, s, &lanes);

	if (!err && !first_pass(place->first, s, length_of(sweep, s, s->end_ns), lanes,
			    sweep->from_ns, sweep->chapters.model->has_wakes))
		settle_first(place);
	return err;
}

/* Over a whole stretch, from the way at its end to the one at its start. */
static int end_stretch(struct sweep *sweep, const struct dwell_stretch *s)
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
	err = lanes_of(sweep, s, &lanes);
	lengthen_all(&place->ways, length_of(sweep, s, s->end_ns), lanes);
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
		return reach(sweep, wait->task, &ways, back_ns, free_lanes);
	settle_first(place);
	ways.lanes &= ~free_lanes;
	lengthen_all(&ways, back_ns, 0);
	place->first = first_new(wait, &ways);
	if (!place->first)
		return DWELL_ENOMEM;
	/* Where it takes no time it was not begun again. */
	ways = p->ways;
	ways.lanes &= free_lanes;
	return ways.lanes ? reach(sweep, wait->task, &ways, back_ns, free_lanes) : 0;
}

/* The waker's side of a wait that ended. */
static int join(struct sweep *sweep, struct pending *p)
{
	const struct dwell_stretch *wait = &p->wait;
	const struct dwell_stretch *of = at_moment(sweep, wait->waker, p->time_ns);
	const uint64_t back_ns = wait->end_ns - p->time_ns;
	uint32_t lanes;
	int err = lanes_of(sweep, wait, &lanes);

	if (err)
		return err;
	if (!of)
		return reach(
			sweep, wait->task, &p->ways, length_of(sweep, wait, wait->end_ns), lanes);
	err = join_own(sweep, p, back_ns, lanes);
	/* Where the wait takes no time it waits for nobody. */
	p->ways.lanes &= ~lanes;
	p->ways.all_ns += back_ns;
	return err ? err : leave(sweep, of, p->time_ns, &p->ways);
}

static int born(struct sweep *sweep, const struct pending *p)
{
	struct place *place = table_get(&sweep->places, p->task);
	const uint32_t maker = maker_of(sweep->gains->shares->catalog, p->task, p->time_ns);
	const struct dwell_stretch *parent = NULL;
	struct ways ways;

	if (!place || p->task >= sweep->places.end)
		return DWELL_OK;
	settle_first(place);
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

static int do_pending(struct sweep *sweep, struct pending *p)
{
	const struct dwell_stretch *s;

	if (p->kind == PENDING_JOIN)
		return join(sweep, p);
	if (p->kind == PENDING_BIRTH)
		return born(sweep, p);
	s = chapters_at(&sweep->chapters, sweep->task, p->time_ns);
	return s ? leave(sweep, s, p->time_ns, &sweep->end) : (int)DWELL_OK;
}

static int expect_birth(struct sweep *sweep, const struct dwell_stretch *first)
{
	struct pending *birth;

	if (first->start_ns <= sweep->chapters.begin_ns ||
		first->start_ns > sweep->chapters.end_ns || first->start_ns <= sweep->from_ns)
		return DWELL_OK;
	birth = pendings_make(&sweep->pendings, first->start_ns, PENDING_BIRTH);
	if (!birth)
		return DWELL_ENOMEM;
	birth->task = first->task;
	return pendings_add(&sweep->pendings, birth);
}

/* All tasks that begin in this chapter. */
static int expect_births(struct sweep *sweep)
{
	const struct chapters *chapters = &sweep->chapters;
	const struct dwell_history *now = chapters->now;
	int err = DWELL_OK;

	for (uint32_t task = 0; !err && task < chapters->carried.end; task++) {
		const struct carried *of = table_get(&chapters->carried, task);

		if (of && of->count && !dwell_history_stretches(now, task))
			err = expect_birth(sweep, &of->at[0]);
	}
	for (uint32_t task = 0; !err && task < dwell_history_tasks(now); task++)
		if (dwell_history_stretches(now, task))
			err = expect_birth(sweep, dwell_history_stretch(now, task, 0));
	return err;
}

/* A wait of which nobody knows when it was let go is as long as it was. */
static int give_up(struct sweep *sweep, const struct pending *p)
{
	uint32_t lanes;
	const int err = lanes_of(sweep, &p->wait, &lanes);

	return err ? err
		   : reach(sweep, p->wait.task, &p->ways,
			     length_of(sweep, &p->wait, p->wait.end_ns), lanes);
}

static void resolve_one(const struct sweep *sweep, struct pending *p)
{
	const struct carried *of = table_get(&sweep->chapters.carried, p->wait.task);

	for (size_t k = 0; of && k < of->count; k++)
		if (of->at[k].start_ns == p->wait.start_ns)
			p->wait = of->at[k];
	p->unresolved = is_earlier(p->wait.let_go_ns);
	p->time_ns = p->unresolved ? sweep->chapters.begin_ns : p->wait.let_go_ns;
	/* What it was waits for nobody who was recorded. */
	if (!is_joined(sweep, &p->wait))
		p->time_ns = 0;
}

/* The releases that later chapters looked for. */
static int resolve(struct sweep *sweep)
{
	size_t kept = 0;
	int err = DWELL_OK;

	for (size_t i = 0; i < sweep->pendings.count; i++) {
		struct pending *p = sweep->pendings.heap[i];

		if (p->unresolved)
			resolve_one(sweep, p);
		if (p->time_ns > sweep->from_ns) {
			sweep->pendings.heap[kept++] = p;
			continue;
		}
		if (!err)
			err = give_up(sweep, p);
		pendings_drop(&sweep->pendings, p);
	}
	sweep->pendings.count = kept;
	pendings_sort(&sweep->pendings);
	return err;
}

/* Down to a moment: first what ends then, then what was done in the midst of it. */
static int sweep_chapter(struct sweep *sweep)
{
	const uint64_t begin_ns = sweep->chapters.begin_ns > sweep->from_ns
					  ? sweep->chapters.begin_ns
					  : sweep->from_ns;
	int err = resolve(sweep);

	if (!err)
		err = by_ends_fill(&sweep->ends, &sweep->chapters, sweep->from_ns);
	if (!err)
		err = expect_births(sweep);
	while (!err) {
		const uint64_t pending_ns =
			sweep->pendings.count ? sweep->pendings.heap[0]->time_ns : 0;
		const struct dwell_stretch *last = by_ends_take(&sweep->ends, pending_ns);

		if (last) {
			err = end_stretch(sweep, last);
		} else if (pending_ns > begin_ns) {
			struct pending *p = pendings_take(&sweep->pendings);

			err = do_pending(sweep, p);
			pendings_drop(&sweep->pendings, p);
		} else {
			break;
		}
	}
	return err;
}

/* Where the interval ends in the midst of a stretch, its way begins there. */
static int expect_start(struct sweep *sweep)
{
	const struct dwell_stretch *s = chapters_at(&sweep->chapters, sweep->task, sweep->to_ns);
	struct pending *start;

	if (!s || s->end_ns <= sweep->to_ns)
		return DWELL_OK;
	start = pendings_make(&sweep->pendings, sweep->to_ns, PENDING_START);
	return start ? pendings_add(&sweep->pendings, start) : DWELL_ENOMEM;
}

static int sweep_all(struct sweep *sweep)
{
	bool begun = false;
	int err;

	while (!(err = chapters_back(&sweep->chapters))) {
		if (sweep->chapters.begin_ns >= sweep->to_ns)
			continue;
		if (!begun)
			err = expect_start(sweep);
		begun = true;
		if (!err)
			err = sweep_chapter(sweep);
		if (err || sweep->chapters.begin_ns <= sweep->from_ns)
			break;
	}
	if (err && err != DWELL_END)
		return err;
	err = DWELL_OK;
	for (size_t i = 0; i < sweep->pendings.count && !err; i++)
		if (sweep->pendings.heap[i]->kind == PENDING_JOIN)
			err = give_up(sweep, sweep->pendings.heap[i]);
	/* What was there at the beginning. */
	for (uint32_t task = 0; task < sweep->places.end; task++) {
		struct place *place = table_get(&sweep->places, task);

		if (place)
			settle_first(place);
		if (place && place->reached)
			lengthen(&sweep->longest, &place->ways, 0, 0);
	}
	return err;
}

int gains_find(
	struct gains *gains, struct model *view, uint32_t task, uint64_t from_ns, uint64_t to_ns)
{
	struct sweep sweep = {
		.gains = gains,
		.places = { .item = sizeof(struct place) },
		.from_ns = from_ns,
		.to_ns = to_ns,
		.task = task,
	};
	int err = chapters_open(&sweep.chapters, view, 0, gains->spares);

	sweep.end.lanes = (UINT32_C(1) << gains->lanes) - 1;
	if (!err)
		err = sweep_all(&sweep);
	for (unsigned i = 0; i < gains->lanes && !err; i++)
		gains->length_ns[i] = sweep.longest.lanes >> i & 1
					      ? sweep.longest.ns[i] + sweep.longest.all_ns
					      : 0;
	pendings_release(&sweep.pendings);
	by_ends_release(&sweep.ends);
	for (uint32_t i = 0; i < sweep.places.end; i++) {
		const struct place *place = table_get(&sweep.places, i);

		if (place)
			free(place->first);
	}
	table_release(&sweep.places);
	chapters_close(&sweep.chapters);
	return err;
}

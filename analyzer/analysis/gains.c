/* The longest ways to the end of an interval, back over its history. */
#include "analysis/gains.h"

#include <stdlib.h>

#include "analysis/sweep.h"

static int expect_birth(struct sweep *sweep, const struct dwell_stretch *first)
{
	if (first->start_ns <= sweep->chapters.begin_ns ||
		first->start_ns > sweep->chapters.end_ns || first->start_ns <= sweep->from_ns)
		return DWELL_OK;
	return births_add(&sweep->births, first->task, first->start_ns);
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
	births_sort(&sweep->births);
	return err;
}

/* A wait of which nobody knows when it was let go is as long as it was. */
static int give_up(struct sweep *sweep, const struct pending *p)
{
	uint32_t lanes;
	const int err = sweep_lanes(sweep, &p->wait, &lanes);

	return err ? err
		   : sweep_reach(sweep, p->wait.task, &p->ways,
			     sweep_length(sweep, &p->wait, p->wait.end_ns), lanes);
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
	if (!sweep_is_joined(sweep, &p->wait))
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

static void drop_places(struct sweep *sweep, uint32_t task)
{
	const uint32_t first = task & ~(uint32_t)(TABLE_PAGE - 1);

	for (uint32_t id = first; id < first + TABLE_PAGE; id++) {
		struct place *place = table_get(&sweep->places, id);

		if (place)
			free(place->first);
	}
	table_drop(&sweep->places, first);
}

/* The last one that is left to be born: nothing is before that, so its place is not needed. */
static int do_birth(struct sweep *sweep)
{
	const struct birth birth = sweep->births.at[--sweep->births.count];
	bool all = false;
	int err = sweep_birth(sweep, &birth);

	if (!err)
		err = births_note(&sweep->births, birth.task, &all);
	if (all)
		drop_places(sweep, birth.task);
	return err;
}

/* The latest moment in the midst of a stretch that is to be gone into. */
static uint64_t next_ns(const struct sweep *sweep)
{
	const uint64_t pending_ns = sweep->pendings.count ? sweep->pendings.heap[0]->time_ns : 0;
	const uint64_t birth_ns = births_last_ns(&sweep->births);

	return pending_ns > birth_ns ? pending_ns : birth_ns;
}

/* What is let go at the moment at which a task begins is before that. */
static int do_next(struct sweep *sweep, uint64_t time_ns)
{
	struct pending *p;
	int err;

	if (!sweep->pendings.count || sweep->pendings.heap[0]->time_ns < time_ns)
		return do_birth(sweep);
	p = pendings_take(&sweep->pendings);
	err = sweep_pending(sweep, p);
	pendings_drop(&sweep->pendings, p);
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
		const uint64_t pending_ns = next_ns(sweep);
		const struct dwell_stretch *last = by_ends_take(&sweep->ends, pending_ns);

		if (last)
			err = sweep_over(sweep, last);
		else if (pending_ns > begin_ns)
			err = do_next(sweep, pending_ns);
		else
			break;
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
			sweep_settle_first(place);
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

	births_init(&sweep.births);
	sweep.end.lanes = (UINT32_C(1) << gains->lanes) - 1;
	if (!err)
		err = sweep_all(&sweep);
	for (unsigned i = 0; i < gains->lanes && !err; i++)
		gains->length_ns[i] = sweep.longest.lanes >> i & 1
					      ? sweep.longest.ns[i] + sweep.longest.all_ns
					      : 0;
	for (uint32_t id = 0; id < sweep.places.end; id += TABLE_PAGE)
		drop_places(&sweep, id);
	table_release(&sweep.places);
	births_release(&sweep.births);
	pendings_release(&sweep.pendings);
	by_ends_release(&sweep.ends);
	chapters_close(&sweep.chapters);
	return err;
}

/*
 * Generations of a file in memory, as the states of all tasks and when they changed: so that
 * cells of any width are worked out within a frame once a generation was read.
 */
#include "timeline/region.h"

#include <stdlib.h>
#include <string.h>

/*
 * Of each task the lengths of its states, one behind the other, 29 bits each beside the state:
 * a length that needs more has its upper bits in an entry before it. 4 bytes for a state of which a
 * generation has one or two million.
 */
enum { STATE_BITS = 3, STATE_MASK = 7, GOES_ON = 7, UPPER = 6, LENGTH_BITS = 32 - STATE_BITS };

/* A state as it is collected: intervals end in order of time, not of task. */
struct step {
	uint32_t task, entry;
};

/* The state of a task whose end is not known yet: it ends where the next one begins. */
struct pending {
	uint64_t from_ns, to_ns;
	uint8_t state; /* DWELL_STATE_SAME: none */
	bool goes_on;
};

struct collecting {
	struct watch watch;
	struct region *region;
	struct step *steps;
	size_t count, cap;
	struct pending *pending; /* by task */
};

static void put(struct collecting *c, uint32_t task, unsigned state, uint64_t length)
{
	if (c->count == c->cap) {
		const size_t cap = c->cap ? c->cap + c->cap / 2 : 1 << 18;
		struct step *grown = realloc(c->steps, cap * sizeof(*grown));

		if (!grown) {
			c->watch.err = DWELL_ENOMEM;
			return;
		}
		c->steps = grown;
		c->cap = cap;
	}
	c->steps[c->count++] = (struct step){ task, (uint32_t)(length << STATE_BITS | state) };
}

/* A length of 2^58 ns is one of nine years. */
static void put_state(struct collecting *c, uint32_t task, uint64_t to_ns)
{
	const struct pending *was = &c->pending[task];
	const uint64_t length = to_ns > was->from_ns ? to_ns - was->from_ns : 0;

	if (!was->state)
		return;
	if (length >> LENGTH_BITS)
		put(c, task, UPPER, length >> LENGTH_BITS);
	put(c, task, was->state, length & ((UINT64_C(1) << LENGTH_BITS) - 1));
}

static void collect(void *context, const struct dwell_interval *interval)
{
	struct watch *watch = context;
	struct collecting *c = watch->context;
	struct pending *pending;

	if (interval->task >= c->region->tasks)
		return;
	pending = &c->pending[interval->task];
	if (interval->end_ns > interval->start_ns) {
		if (!pending->state)
			c->region->begins[interval->task] = interval->start_ns;
		put_state(c, interval->task, interval->start_ns);
		pending->from_ns = interval->start_ns;
		pending->state = interval->state & STATE_MASK;
	}
	pending->to_ns = interval->end_ns;
	pending->goes_on = interval->flags & DWELL_INTERVAL_OPEN;
}

static void put_last(struct collecting *c)
{
	for (uint32_t task = 0; task < c->region->tasks; task++) {
		const struct pending *last = &c->pending[task];

		put_state(c, task, last->to_ns);
		if (last->state && last->goes_on)
			put(c, task, GOES_ON, 0);
	}
}

/* By task, in their order. */
static int arrange(struct region *region, const struct collecting *c)
{
	uint32_t at = 0;

	region->steps = malloc((c->count + 1) * sizeof(*region->steps));
	if (!region->steps)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < c->count; i++)
		region->first[c->steps[i].task + 1]++;
	for (uint32_t task = 0; task <= region->tasks; task++) {
		at += region->first[task];
		region->first[task] = at;
	}
	/* first[task] moves to where the next task's begin, and back. */
	for (size_t i = 0; i < c->count; i++)
		region->steps[region->first[c->steps[i].task]++] = c->steps[i].entry;
	for (uint32_t task = region->tasks; task > 0; task--)
		region->first[task] = region->first[task - 1];
	region->first[0] = 0;
	return DWELL_OK;
}

int region_read(struct region *region, struct dwell_job *job)
{
	static const struct dwell_states_ops ops = { .interval = collect };
	struct collecting c = { .region = region };
	int err = DWELL_ENOMEM;

	region->tasks = dwell_catalog_tasks(job->timeline->catalog);
	region->first = calloc((size_t)region->tasks + 2, sizeof(*region->first));
	region->begins = calloc((size_t)region->tasks + 1, sizeof(*region->begins));
	c.pending = calloc((size_t)region->tasks + 1, sizeof(*c.pending));
	c.watch = (struct watch){
		.job = job,
		.from_ns = region->from_ns,
		.to_ns = region->to_ns,
		.ops = &ops,
		.context = &c,
	};
	if (region->first && region->begins && c.pending)
		err = watch_run(&c.watch);
	if (!err) {
		put_last(&c);
		err = c.watch.err ? c.watch.err : arrange(region, &c);
	}
	free(c.pending);
	free(c.steps);
	return err;
}

void region_release(struct region *region)
{
	free(region->first);
	free(region->begins);
	free(region->steps);
	*region = (struct region){ .from_ns = 0 };
}

/* One state after the other. */
struct walk {
	const uint32_t *at, *end;
	uint64_t from_ns, to_ns;
	unsigned state;
};

static struct walk walk_of(const struct region *region, uint32_t task)
{
	return (struct walk){
		.at = region->steps + region->first[task],
		.end = region->steps + region->first[task + 1],
		.to_ns = region->begins[task],
	};
}

static bool walk_next(struct walk *walk)
{
	uint64_t length = 0;

	if (walk->at < walk->end && (*walk->at & STATE_MASK) == UPPER)
		length = (uint64_t)(*walk->at++ >> STATE_BITS) << LENGTH_BITS;
	if (walk->at == walk->end || (*walk->at & STATE_MASK) == GOES_ON)
		return false;
	walk->state = *walk->at & STATE_MASK;
	walk->from_ns = walk->to_ns;
	walk->to_ns += length | *walk->at++ >> STATE_BITS;
	return true;
}

/* The one at hand is the last, and its end is not in the region. */
static bool walk_goes_on(const struct walk *walk)
{
	return walk->at + 1 == walk->end && (*walk->at & STATE_MASK) == GOES_ON;
}

bool region_end_of(const struct region *region, uint32_t task, uint64_t *end_ns)
{
	struct walk walk;

	if (task >= region->tasks)
		return false;
	walk = walk_of(region, task);
	if (!walk_next(&walk))
		return false;
	*end_ns = walk.to_ns;
	return walk_goes_on(&walk);
}

static void spread(
	const struct region_query *q, uint64_t start, uint64_t end, unsigned state, uint64_t length)
{
	const uint64_t to_ns = q->from_ns + q->count * q->cell_ns;

	if (start < q->from_ns)
		start = q->from_ns;
	if (end > to_ns)
		end = to_ns;
	while (start < end) {
		const size_t at = (size_t)((start - q->from_ns) / q->cell_ns);
		const uint64_t stop = q->from_ns + (at + 1) * q->cell_ns;
		const uint64_t until = stop < end ? stop : end;

		q->cells[at].ns[state] += until - start;
		if (state == DWELL_BLOCKED && q->cells[at].longest_wait_ns < length)
			q->cells[at].longest_wait_ns = length;
		q->cells[at].switches += state == DWELL_RUNNING && end <= stop;
		start = until;
	}
}

void region_cells(const struct region *region, const struct region_query *q)
{
	const uint64_t to_ns = q->from_ns + q->count * q->cell_ns;
	struct walk walk;

	if (q->task >= region->tasks)
		return;
	walk = walk_of(region, q->task);
	while (walk_next(&walk) && walk.from_ns < to_ns) {
		uint64_t length = walk.to_ns - walk.from_ns;

		if (walk.to_ns <= q->from_ns)
			continue;
		if (walk_goes_on(&walk) && q->goes_on_to > walk.to_ns)
			length = q->goes_on_to - walk.from_ns;
		/* What lies in the region before or behind is the others' to tell. */
		spread(q, walk.from_ns > region->from_ns ? walk.from_ns : region->from_ns,
			walk.to_ns < region->to_ns ? walk.to_ns : region->to_ns, walk.state,
			length);
	}
}

/*
 * Generations of a file in memory, as the states of all tasks and when they changed: so that
 * cells of any width are worked out within a frame once a generation was read.
 */
#include "timeline/region.h"

#include <stdlib.h>
#include <string.h>

enum { STATE_BITS = 3, STATE_MASK = 7, GOES_ON = 7 };

/* A change as it is collected: intervals end in order of time, not of task. */
struct change {
	uint32_t task;
	uint64_t at; /* time << STATE_BITS | state */
};

struct collecting {
	struct watch watch;
	struct change *changes;
	size_t count, cap;
	uint64_t *ends; /* by task: end << STATE_BITS | what follows */
	uint32_t tasks;
};

static void collect(void *context, const struct dwell_interval *interval)
{
	struct watch *watch = context;
	struct collecting *c = watch->context;

	if (interval->task >= c->tasks)
		return;
	c->ends[interval->task] = interval->end_ns << STATE_BITS |
				  (interval->flags & DWELL_INTERVAL_OPEN ? GOES_ON : 0);
	if (interval->end_ns == interval->start_ns)
		return;
	if (c->count == c->cap) {
		const size_t cap = c->cap ? c->cap + c->cap / 2 : 1 << 18;
		struct change *grown = realloc(c->changes, cap * sizeof(*grown));

		if (!grown) {
			watch->err = DWELL_ENOMEM;
			return;
		}
		c->changes = grown;
		c->cap = cap;
	}
	c->changes[c->count++] = (struct change){ interval->task,
		interval->start_ns << STATE_BITS | (interval->state & STATE_MASK) };
}

/* By task, in their order; behind the last of each task stands its end. */
static int arrange(struct region *region, const struct collecting *c)
{
	size_t at = 0;

	region->first = calloc((size_t)c->tasks + 2, sizeof(*region->first));
	region->changes = malloc((c->count + c->tasks + 1) * sizeof(*region->changes));
	if (!region->first || !region->changes)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < c->count; i++)
		region->first[c->changes[i].task]++;
	for (uint32_t task = 0; task <= c->tasks; task++) {
		const uint32_t own = region->first[task];

		region->first[task] = (uint32_t)at;
		at += task < c->tasks && own ? own + 1u : 0;
	}
	/* first[task] moves to where the task's end stands; settle() moves it back. */
	for (size_t i = 0; i < c->count; i++)
		region->changes[region->first[c->changes[i].task]++] = c->changes[i].at;
	for (uint32_t task = 0, begin = 0; task < c->tasks; task++) {
		if (region->first[task] == begin)
			continue;
		begin = region->first[task];
		region->changes[begin++] = c->ends[task];
	}
	region->tasks = c->tasks;
	return DWELL_OK;
}

/* first[] was moved to each task's end mark: where each begins is behind the one before. */
static void settle(struct region *region)
{
	uint32_t begin = 0;

	for (uint32_t task = 0; task < region->tasks; task++) {
		const uint32_t end = region->first[task];
		const bool any = end > begin;

		region->first[task] = begin;
		begin = any ? end + 1 : begin;
	}
	region->first[region->tasks] = begin;
}

int region_read(struct region *region, struct dwell_job *job)
{
	static const struct dwell_states_ops ops = { .interval = collect };
	struct collecting c = { .tasks = dwell_catalog_tasks(job->timeline->catalog) };
	int err;

	c.ends = calloc((size_t)c.tasks + 1, sizeof(*c.ends));
	c.watch = (struct watch){
		.job = job,
		.from_ns = region->from_ns,
		.to_ns = region->to_ns,
		.ops = &ops,
		.context = &c,
	};
	err = c.ends ? watch_run(&c.watch) : DWELL_ENOMEM;
	if (!err)
		err = arrange(region, &c);
	if (!err)
		settle(region);
	free(c.ends);
	free(c.changes);
	return err;
}

void region_release(struct region *region)
{
	free(region->first);
	free(region->changes);
	*region = (struct region){ .from_ns = 0 };
}

static uint64_t time_of(uint64_t change)
{
	return change >> STATE_BITS;
}

/* The change that was last at time_ns, or the first one. */
static uint32_t change_at(const struct region *region, uint32_t low, uint32_t end, uint64_t time_ns)
{
	uint32_t high = end;

	while (high - low > 1) {
		const uint32_t middle = low + (high - low) / 2;

		if (time_of(region->changes[middle]) <= time_ns)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool region_end_of(const struct region *region, uint32_t task, uint64_t *end_ns)
{
	const uint32_t begin = region->first[task], end = region->first[task + 1];

	if (begin == end)
		return false;
	*end_ns = time_of(region->changes[end - begin > 1 ? begin + 1 : begin]);
	/* The only one of this region, and it goes on behind it. */
	return end - begin == 2 && (region->changes[begin + 1] & STATE_MASK) == GOES_ON;
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
	uint32_t begin, end;

	if (q->task >= region->tasks)
		return;
	begin = region->first[q->task];
	end = region->first[q->task + 1];
	if (begin == end)
		return;
	for (uint32_t i = change_at(region, begin, end - 1, q->from_ns); i + 1 < end; i++) {
		const uint64_t start = time_of(region->changes[i]);
		uint64_t stop = time_of(region->changes[i + 1]);
		uint64_t length = stop - start;

		if (start >= to_ns)
			break;
		if (i + 2 == end && (region->changes[i + 1] & STATE_MASK) == GOES_ON &&
			q->goes_on_to > stop)
			length = q->goes_on_to - start;
		/* What lies in the region before or behind is the others' to tell. */
		if (stop > region->to_ns)
			stop = region->to_ns;
		spread(q, start > region->from_ns ? start : region->from_ns, stop,
			region->changes[i] & STATE_MASK, length);
	}
}

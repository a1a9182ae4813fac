/* Cells of a screen from the buckets of one level. */
#include "src/pyramid_query.h"

#include <string.h>

/* The cell that holds a time at or behind the last one asked for. */
static struct dwell_cell *cell_at(struct pyramid_query *q, uint64_t time_ns)
{
	while (time_ns >= q->at_end_ns && q->at + 1 < q->count) {
		q->at++;
		q->at_end_ns += q->cell_ns;
	}
	return &q->cells[q->at];
}

static uint64_t share_of(uint64_t ns, unsigned part, unsigned whole)
{
	const uint64_t share = (uint64_t)((unsigned __int128)ns * part / whole);

	return share ? share : 1;
}

void dwell_pyramid_query_begin(struct pyramid_query *q, uint64_t width_ns)
{
	q->width_ns = width_ns;
	q->at = 0;
	q->at_end_ns = q->from_ns + q->cell_ns;
	q->has_before = false;
	q->share_ns[0] = 0;
	for (unsigned part = 1; part <= PYRAMID_STORED_WHOLE; part++)
		q->share_ns[part] = share_of(width_ns, part, PYRAMID_STORED_WHOLE);
}

/* [start, end) with a share of `part / whole` in a state. */
static void spread(struct pyramid_query *q, uint64_t start, uint64_t end, unsigned state,
	unsigned part, unsigned whole, uint64_t longest)
{
	const size_t at = q->at;
	const uint64_t at_end_ns = q->at_end_ns;

	if (start < q->from_ns)
		start = q->from_ns;
	if (end > q->to_ns)
		end = q->to_ns;
	while (start < end) {
		struct dwell_cell *cell = cell_at(q, start);
		const bool last = q->at + 1 == q->count;
		const uint64_t stop = last || q->at_end_ns > end ? end : q->at_end_ns;

		cell->ns[state] +=
			part == whole ? stop - start : share_of(stop - start, part, whole);
		if (cell->longest_wait_ns < longest)
			cell->longest_wait_ns = longest;
		start = stop;
	}
	/* The next state may be of the same time. */
	q->at = at;
	q->at_end_ns = at_end_ns;
}

static void see_gap(struct pyramid_query *q, const struct pyramid_seen *next)
{
	const uint64_t start = (q->before.index + UINT64_C(1)) * q->width_ns;
	const uint64_t end = next->index * q->width_ns;
	const unsigned state = pyramid_after(&q->before);

	if (q->has_before && start < end && state >= DWELL_UNKNOWN && state < DWELL_EXITED)
		spread(q, start, end, state, 1, 1,
			state == DWELL_BLOCKED ? dwell_pyramid_decode(next->lead) : 0);
}

/* All of the bucket is in one cell, as nearly all are. */
static void add_bucket(const struct pyramid_query *q, struct dwell_cell *cell,
	const struct pyramid_seen *bucket, uint64_t longest)
{
	for (unsigned i = 0; i < PYRAMID_STATES; i++)
		cell->ns[DWELL_UNKNOWN + i] += q->share_ns[pyramid_share(bucket, i)];
	if (cell->longest_wait_ns < longest)
		cell->longest_wait_ns = longest;
}

static void see_bucket(struct pyramid_query *q, const struct pyramid_seen *bucket)
{
	const uint64_t start = bucket->index * q->width_ns, end = start + q->width_ns;
	const uint64_t middle = start + q->width_ns / 2;
	const uint64_t longest = dwell_pyramid_decode(bucket->longest);
	struct dwell_cell *cell;

	see_gap(q, bucket);
	cell = cell_at(q, start > q->from_ns ? start : q->from_ns);
	if (start >= q->from_ns && end <= q->at_end_ns && end <= q->to_ns &&
		bucket->packed << (32 - PYRAMID_AFTER_SHIFT)) {
		add_bucket(q, cell, bucket, longest);
	} else {
		for (unsigned i = 0; i < PYRAMID_STATES; i++)
			if (pyramid_share(bucket, i))
				spread(q, start, end, DWELL_UNKNOWN + i, pyramid_share(bucket, i),
					PYRAMID_STORED_WHOLE, longest);
	}
	if (middle >= q->from_ns && middle < q->to_ns)
		cell_at(q, middle)->switches += bucket->switches;
	q->before = *bucket;
	q->has_before = true;
}

/* The task's run; NULL: it has none here. */
static const struct pyramid_run *find_run(const struct pyramid_chunk *chunk, uint32_t task)
{
	uint32_t low = 0, high = chunk->run_count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (chunk->runs[middle].task < task)
			low = middle + 1;
		else
			high = middle;
	}
	return low < chunk->run_count && chunk->runs[low].task == task ? &chunk->runs[low] : NULL;
}

/* The first bucket of a run at or behind an index. */
static uint32_t lower_bound(
	const struct pyramid_chunk *chunk, const struct pyramid_run *run, uint64_t index)
{
	uint32_t low = run[0].first, high = run[1].first;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (chunk->buckets[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool dwell_pyramid_see(struct pyramid_query *q, const struct pyramid_chunk *chunk)
{
	const struct pyramid_run *run = find_run(chunk, q->task);
	uint32_t i;

	if (!run)
		return !chunk->run_count || chunk->runs[chunk->run_count - 1].task < q->task;
	i = lower_bound(chunk, run, q->from_ns / q->width_ns);
	/* The one before tells in which state the task was. */
	if (!q->has_before && i > run->first)
		i--;
	for (; i < run[1].first; i++) {
		const struct pyramid_seen *bucket = &chunk->buckets[i];

		see_bucket(q, bucket);
		if (bucket->index * q->width_ns >= q->to_ns)
			return false;
	}
	return i == chunk->count;
}

void dwell_pyramid_see_all(struct pyramid_query *q, const struct pyramid_chunk *chunk,
	uint8_t state, uint64_t *ns, uint32_t tasks)
{
	for (uint32_t r = 0; r < chunk->run_count; r++) {
		const struct pyramid_run *run = &chunk->runs[r];

		if (run->task >= tasks)
			return;
		/* One that began in the chunk before goes on. */
		if (run->task != q->task) {
			q->task = run->task;
			q->has_before = false;
			memset(q->cells, 0, sizeof(*q->cells));
		}
		for (uint32_t i = run[0].first; i < run[1].first; i++)
			see_bucket(q, &chunk->buckets[i]);
		ns[run->task] = q->cells->ns[state];
	}
}

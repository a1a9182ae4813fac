/*
 * Rows that wait, in runs: each row goes behind a run whose last row is not later, that of the
 * latest such row (C. Schensted's way, known as patience sorting). One ring after the other is
 * read, so that there are about as many runs as rings. The rows themselves stay where they came, in
 * chunks.
 */
#include "src/order_private.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

enum { NEAR_ROWS = 32 /* how far a row that is a little early is moved within its segment */ };

void order_hold_init(struct order_hold *hold)
{
	*hold = (struct order_hold){ .earliest_ns = UINT64_MAX };
}

static void release_run(struct order_run *run)
{
	while (run->first) {
		struct order_segment *segment = run->first;

		run->first = segment->next;
		/* The last of its segments frees a chunk. */
		if (--segment->chunk->segments == 0)
			free(segment->chunk);
		free(segment);
	}
}

void order_hold_release(struct order_hold *hold)
{
	if (hold->chunk)
		hold->chunk->segments++;
	for (size_t i = 0; i < hold->run_count; i++)
		release_run(&hold->runs[i]);
	release_run(&hold->loose);
	free(hold->chunk);
	while (hold->free_chunks) {
		struct order_chunk *chunk = hold->free_chunks;

		hold->free_chunks = chunk->next;
		free(chunk);
	}
	while (hold->free_segments) {
		struct order_segment *segment = hold->free_segments;

		hold->free_segments = segment->next;
		free(segment);
	}
}

struct order_segment *order_hold_drop(struct order_hold *hold, struct order_segment *segment)
{
	struct order_segment *next = segment->next;
	struct order_chunk *chunk = segment->chunk;

	if (--chunk->segments == 0 && chunk != hold->chunk) {
		chunk->next = hold->free_chunks;
		hold->free_chunks = chunk;
	}
	segment->next = hold->free_segments;
	hold->free_segments = segment;
	return next;
}

/* Room for one more row at least. */
static bool make_room(struct order_hold *hold)
{
	if (hold->chunk && hold->room < hold->chunk->rows + ORDER_CHUNK_ROWS)
		return true;
	if (!hold->chunk || hold->chunk->segments) {
		struct order_chunk *chunk = hold->free_chunks;

		if (chunk)
			hold->free_chunks = chunk->next;
		else
			chunk = malloc(sizeof(*chunk));
		if (!chunk)
			return false;
		chunk->segments = 0;
		hold->chunk = chunk;
	}
	hold->room = hold->chunk->rows;
	return true;
}

struct dwell_event *order_hold_room(struct order_hold *hold, size_t count)
{
	struct order_chunk *chunk = hold->chunk;

	if (count > ORDER_CHUNK_ROWS)
		return NULL;
	/* What is left of a chunk is given up where it is too little. */
	if (chunk && (size_t)(chunk->rows + ORDER_CHUNK_ROWS - hold->room) < count)
		hold->room = chunk->rows + ORDER_CHUNK_ROWS;
	return make_room(hold) ? hold->room : NULL;
}

/* An empty segment at the end of a run. */
static bool begin_segment(struct order_hold *hold, struct order_run *run)
{
	struct order_segment *segment = hold->free_segments;

	if (segment)
		hold->free_segments = segment->next;
	else
		segment = malloc(sizeof(*segment));
	if (!segment)
		return false;
	*segment = (struct order_segment){
		.chunk = hold->chunk,
		.at = hold->room,
		.end = hold->room,
		.number = hold->numbers++,
	};
	hold->chunk->segments++;
	if (run->first)
		run->last->next = segment;
	else
		run->first = segment;
	run->last = segment;
	hold->run = run;
	return true;
}

/* The row before the last one's end that is not earlier, if it is near: where the row belongs. */
static struct dwell_event *near_place(
	const struct order_segment *segment, const struct dwell_event *row)
{
	struct dwell_event *to = segment->end;
	struct dwell_event *least =
		segment->end - segment->at > NEAR_ROWS ? segment->end - NEAR_ROWS : segment->at;

	while (to > least && order_is_before(row, to - 1))
		to--;
	return to == least ? NULL : to;
}

/* A run that the row may stand behind; the loose ones where there is none. */
static struct order_run *find_run(struct order_hold *hold, const struct dwell_event *row)
{
	struct order_run *best = NULL;

	for (size_t i = 0; i < hold->run_count && !hold->loose.first; i++) {
		struct order_run *run = &hold->runs[i];

		if (!order_is_before(row, run->last->end - 1) &&
			(!best || order_is_before(best->last->end - 1, run->last->end - 1)))
			best = run;
	}
	if (best)
		return best;
	if (hold->run_count == ORDER_RUNS || hold->loose.first)
		return &hold->loose;
	hold->runs[hold->run_count] = (struct order_run){ 0 };
	return &hold->runs[hold->run_count++];
}

/* There is room. */
static bool put_one(struct order_hold *hold, const struct dwell_event *row)
{
	struct order_segment *segment = hold->run ? hold->run->last : NULL;
	struct dwell_event *to = hold->room;

	if (row->time_ns < hold->earliest_ns)
		hold->earliest_ns = row->time_ns;
	if (segment && order_is_before(row, segment->end - 1)) {
		to = segment->end == hold->room ? near_place(segment, row) : NULL;
		segment = to ? segment : NULL;
	}
	if (!segment && !begin_segment(hold, find_run(hold, row)))
		return false;
	if (segment && segment->end != hold->room && !begin_segment(hold, hold->run))
		return false;
	segment = hold->run->last;
	if (to && to < segment->end)
		memmove(to + 1, to, (size_t)(segment->end - to) * sizeof(*to));
	else
		to = segment->end;
	*to = *row;
	segment->end = ++hold->room;
	hold->count++;
	return true;
}

/* How many, from the first on, are in order, the first after `before`, and no losses. */
static size_t in_order(
	const struct dwell_event *rows, size_t count, const struct dwell_event *before)
{
	size_t i = 0;

	while (i < count && rows[i].kind != DWELL_EVENT_LOSS && !order_is_before(&rows[i], before))
		before = &rows[i++];
	return i;
}

size_t order_hold_put_on(struct order_hold *hold, const struct dwell_event *rows, size_t count)
{
	const size_t room = (size_t)(hold->chunk->rows + ORDER_CHUNK_ROWS - hold->room);
	size_t n = in_order(rows, count < room ? count : room, hold->room - 1);

	/* Those that were made here are here. */
	if (rows != hold->room)
		memcpy(hold->room, rows, n * sizeof(*rows));
	hold->room += n;
	hold->run->last->end = hold->room;
	hold->count += n;
	return n;
}

int order_hold_put(struct order_hold *hold, const struct dwell_event *row)
{
	return make_room(hold) && put_one(hold, row) ? (int)DWELL_OK : (int)DWELL_ENOMEM;
}

/* All rows, those of runs in order, then the loose ones. */
static void take_all(struct order_hold *hold, struct order_merge *merge, struct dwell_event *out)
{
	out += order_merge_some(merge, out, hold->count, 0, hold->count);
	order_merge_end(merge);
	while (hold->loose.first) {
		const struct order_segment *segment = hold->loose.first;
		const size_t n = (size_t)(segment->end - segment->at);

		memcpy(out, segment->at, n * sizeof(*out));
		out += n;
		hold->loose.first = order_hold_drop(hold, hold->loose.first);
	}
	hold->loose.last = NULL;
	hold->run = NULL;
	hold->count = 0;
}

static int put_sorted(struct order_hold *hold, const struct dwell_event *rows,
	const struct order_ref *refs, size_t count)
{
	int err = DWELL_OK;

	hold->earliest_ns = UINT64_MAX;
	for (size_t i = 0; i < count && !err; i++)
		err = order_hold_put(hold, &rows[refs[i].index]);
	return err;
}

int order_hold_settle(struct order_hold *hold)
{
	const size_t count = hold->count;
	struct dwell_event *rows = malloc(count * sizeof(*rows) + 1);
	struct order_ref *refs = malloc(2 * count * sizeof(*refs) + 1);
	struct order_merge merge;
	int err = DWELL_ENOMEM;

	if (rows && refs) {
		order_merge_begin(&merge, hold);
		take_all(hold, &merge, rows);
		for (size_t i = 0; i < count; i++)
			refs[i] = (struct order_ref){ rows[i].time_ns, order_ring(&rows[i]),
				(uint32_t)i };
		err = put_sorted(hold, rows, order_sort(refs, refs + count, count), count);
	}
	free(rows);
	free(refs);
	return err;
}

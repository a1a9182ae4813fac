#include "import/perf/queue.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

int perf_queue_grow(struct perf_queue *queue)
{
	const size_t room = queue->room ? 2 * queue->room : 4096;
	struct perf_item *items = realloc(queue->items, room * sizeof(*items));

	if (!items)
		return DWELL_ENOMEM;
	queue->items = items;

	struct perf_item *spare = realloc(queue->spare, room * sizeof(*spare));
	if (!spare)
		return DWELL_ENOMEM;
	queue->spare = spare;
	queue->room = room;
	return DWELL_OK;
}

int perf_queue_put(struct perf_queue *queue, const struct perf_item *item)
{
	struct perf_item *here = perf_queue_add(queue, item->time_ns);
	uint64_t time_ns;

	if (!here)
		return DWELL_ENOMEM;
	time_ns = here->time_ns;
	*here = *item;
	here->time_ns = time_ns;
	return DWELL_OK;
}

static size_t run_end(const struct perf_item *items, size_t at, size_t count)
{
	do
		at++;
	while (at < count && items[at].time_ns >= items[at - 1].time_ns);
	return at;
}

/* The first of the items in order [from, to) that is younger than until_ns. */
static size_t up_to(const struct perf_item *items, size_t from, size_t to, uint64_t until_ns)
{
	while (from < to) {
		const size_t middle = from + (to - from) / 2;

		if (items[middle].time_ns <= until_ns)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/*
 * [a, b) and [b, c), each in order, into one; of equal times, the first stay first. What lies right
 * stays where it is. Which of two is older is as good as random: it is counted, not branched on.
 */
static void join(struct perf_queue *queue, size_t a, size_t b, size_t c)
{
	const struct perf_item *right = queue->items + b, *right_end = queue->items + c;
	struct perf_item *to = queue->items + up_to(queue->items, a, b, right->time_ns);
	const size_t moved = (size_t)(right - to);
	const struct perf_item *left = queue->spare, *left_end = left + moved;

	memcpy(queue->spare, to, moved * sizeof(*to));
	while (left < left_end && right < right_end) {
		const size_t older = right->time_ns < left->time_ns;
		const struct perf_item *const both[] = { left, right };

		*to++ = *both[older];
		left += 1 - older;
		right += older;
	}
	memcpy(to, left, (size_t)(left_end - left) * sizeof(*to));
}

/* One pass over pairs of runs, from `from` on. False: it is one run. */
static bool join_pairs(struct perf_queue *queue, size_t from)
{
	const size_t count = queue->count;
	size_t runs = 0;

	for (size_t at = from; at < count; runs++) {
		const size_t middle = run_end(queue->items, at, count);
		const size_t end = middle < count ? run_end(queue->items, middle, count) : count;

		if (middle < count)
			join(queue, at, middle, end);
		at = end;
	}
	return runs > 1;
}

/*
 * Natural merge sort: each CPU's records of a round are in order already. What a round left is
 * older than nearly all that the next one brings, so it is joined last.
 */
static void sort(struct perf_queue *queue)
{
	if (queue->count == queue->sorted)
		return;
	while (join_pairs(queue, queue->sorted))
		;
	if (queue->sorted)
		join(queue, 0, queue->sorted, queue->count);
	queue->sorted = queue->count;
}

/* How many may be told now: those up to until_ns. */
static size_t tell(struct perf_queue *queue, uint64_t until_ns)
{
	sort(queue);
	if (until_ns > queue->told_ns)
		queue->told_ns = until_ns;
	return up_to(queue->items, 0, queue->count, until_ns);
}

size_t perf_queue_round(struct perf_queue *queue)
{
	const uint64_t until_ns = queue->round_ns;

	queue->round_ns = queue->newest_ns;
	return tell(queue, until_ns);
}

size_t perf_queue_all(struct perf_queue *queue)
{
	return tell(queue, queue->newest_ns);
}

size_t perf_queue_half(struct perf_queue *queue)
{
	sort(queue);
	return tell(queue, queue->items[queue->count / 2].time_ns);
}

void perf_queue_took(struct perf_queue *queue, size_t count)
{
	if (!count)
		return;
	memmove(queue->items, queue->items + count, (queue->count - count) * sizeof(*queue->items));
	queue->count -= count;
	queue->sorted -= count;
}

void perf_queue_release(struct perf_queue *queue)
{
	free(queue->items);
	free(queue->spare);
	*queue = (struct perf_queue){ .items = NULL };
}

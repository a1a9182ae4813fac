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

/* Merge [a, b) and [b, c) of from; of equal times, the first stay first. */
static void merge(const struct perf_item *from, struct perf_item *to, size_t a, size_t b, size_t c)
{
	size_t i = a, j = b, k = a;

	while (i < b && j < c)
		to[k++] = from[j].time_ns < from[i].time_ns ? from[j++] : from[i++];
	memcpy(to + k, from + i, (b - i) * sizeof(*to));
	k += b - i;
	memcpy(to + k, from + j, (c - j) * sizeof(*to));
}

/* One pass over pairs of runs, into the spare array. False: it is one run. */
static bool merge_pairs(struct perf_queue *queue)
{
	const size_t count = queue->count;
	size_t runs = 0, at = 0;

	if (run_end(queue->items, 0, count) == count)
		return false;
	while (at < count) {
		const size_t middle = run_end(queue->items, at, count);
		const size_t end = middle < count ? run_end(queue->items, middle, count) : count;

		merge(queue->items, queue->spare, at, middle, end);
		at = end;
		runs++;
	}

	struct perf_item *swap = queue->items;
	queue->items = queue->spare;
	queue->spare = swap;
	return runs > 1;
}

/* Natural merge sort: each CPU's records of a round are in order already. */
static void sort(struct perf_queue *queue)
{
	if (!queue->count)
		return;
	while (merge_pairs(queue))
		;
}

/* The first of the sorted items that is younger than until_ns. */
static size_t up_to(struct perf_queue *queue, uint64_t until_ns)
{
	size_t low = 0, high = queue->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (queue->items[middle].time_ns <= until_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (until_ns > queue->told_ns)
		queue->told_ns = until_ns;
	return low;
}

size_t perf_queue_round(struct perf_queue *queue)
{
	const uint64_t until_ns = queue->round_ns;

	queue->round_ns = queue->newest_ns;
	sort(queue);
	return up_to(queue, until_ns);
}

size_t perf_queue_all(struct perf_queue *queue)
{
	sort(queue);
	return up_to(queue, queue->newest_ns);
}

size_t perf_queue_half(struct perf_queue *queue)
{
	sort(queue);
	return up_to(queue, queue->items[queue->count / 2].time_ns);
}

void perf_queue_took(struct perf_queue *queue, size_t count)
{
	if (!count)
		return;
	memmove(queue->items, queue->items + count, (queue->count - count) * sizeof(*queue->items));
	queue->count -= count;
}

void perf_queue_release(struct perf_queue *queue)
{
	free(queue->items);
	free(queue->spare);
	*queue = (struct perf_queue){ .items = NULL };
}

/* Who held an executor: piece by piece of late, in sums before. */
#include "analysis/held.h"

#include <stdlib.h>

int pile_grow(struct pile *pile)
{
	const uint32_t cap = pile->cap ? pile->cap * 2 : 64;
	struct held *at = realloc(pile->at, cap * sizeof(*at));

	if (!at)
		return DWELL_ENOMEM;
	pile->at = at;
	pile->cap = cap;
	return DWELL_OK;
}

static void drop_heaps(struct helds *helds)
{
	for (size_t i = 0; i < helds->heap_count; i++)
		free(helds->heaps[i].shares);
	free(helds->heaps);
	helds->heaps = NULL;
	helds->heap_count = helds->heap_cap = helds->shares = 0;
}

void helds_release(struct helds *helds)
{
	drop_heaps(helds);
	free(helds->running.at);
	free(helds->idle.at);
	*helds = (struct helds){ 0 };
}

void helds_drop(struct helds *helds, uint64_t now_ns)
{
	drop_heaps(helds);
	helds->running.count = 0;
	helds->idle.count = 0;
	helds->dropped_ns = now_ns;
}

void condenser_release(struct condenser *condenser)
{
	table_release(&condenser->sums);
	free(condenser->touched);
	condenser->touched = NULL;
	condenser->touched_cap = 0;
}

static struct heap *new_heap(struct helds *helds)
{
	if (helds->heap_count == helds->heap_cap) {
		const size_t cap = helds->heap_cap ? helds->heap_cap * 2 : 16;
		struct heap *heaps = realloc(helds->heaps, cap * sizeof(*heaps));

		if (!heaps)
			return NULL;
		helds->heaps = heaps;
		helds->heap_cap = cap;
	}
	return &helds->heaps[helds->heap_count];
}

/* The sums become a heap. */
static int flush(struct helds *helds, struct condenser *c)
{
	struct heap *heap;

	if (!c->touched_count)
		return DWELL_OK;
	heap = new_heap(helds);
	if (!heap)
		return DWELL_ENOMEM;
	*heap = (struct heap){ .start_ns = c->starts[c->at] };
	heap->shares = malloc(c->touched_count * sizeof(*heap->shares));
	if (!heap->shares)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < c->touched_count; i++) {
		uint64_t *sum = table_get(&c->sums, c->touched[i]);

		heap->shares[heap->count++] = (struct share){ *sum, c->touched[i] };
		*sum = 0;
	}
	helds->heap_count++;
	helds->shares += heap->count;
	c->touched_count = 0;
	return DWELL_OK;
}

/* The latest start that is not after a time; count: none. */
static size_t start_before(const struct condenser *c, uint64_t time_ns)
{
	size_t low = 0, high = c->count;

	if (c->at < c->count && c->starts[c->at] <= time_ns &&
		(c->at + 1 == c->count || time_ns < c->starts[c->at + 1]))
		return c->at;
	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (c->starts[middle] <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : c->count;
}

static int add(struct helds *helds, struct condenser *c, size_t at, uint32_t task, uint64_t ns)
{
	uint64_t *sum;

	if (at != c->at) {
		const int err = flush(helds, c);

		if (err)
			return err;
		c->at = at;
	}
	sum = task < c->sums.end ? table_get(&c->sums, task) : NULL;
	sum = sum ? sum : table_make(&c->sums, task);
	if (!sum)
		return DWELL_ENOMEM;
	if (!*sum) {
		if (c->touched_count == c->touched_cap) {
			const size_t cap = c->touched_cap ? c->touched_cap * 2 : 256;
			uint32_t *touched = realloc(c->touched, cap * sizeof(*touched));

			if (!touched)
				return DWELL_ENOMEM;
			c->touched = touched;
			c->touched_cap = cap;
		}
		c->touched[c->touched_count++] = task;
	}
	*sum += ns;
	return DWELL_OK;
}

/* A piece, cut where somebody began to wait. */
static int add_held(struct helds *helds, struct condenser *c, const struct held *held)
{
	uint64_t from_ns = held->start_ns < c->starts[0] ? c->starts[0] : held->start_ns;
	int err = DWELL_OK;

	while (from_ns < held->end_ns && !err) {
		const size_t at = start_before(c, from_ns);
		const uint64_t next_ns = at + 1 < c->count ? c->starts[at + 1] : UINT64_MAX;
		const uint64_t to_ns = held->end_ns < next_ns ? held->end_ns : next_ns;

		err = add(helds, c, at, held->task, to_ns - from_ns);
		from_ns = to_ns;
	}
	return err;
}

/* The first that may end after a time. */
static uint32_t first_after(const struct pile *pile, uint64_t time_ns)
{
	uint32_t low = 0, high = pile->count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (pile->at[middle].told_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* To a sum that is there. False: it is not, or somebody began to wait meanwhile. */
static inline bool add_whole(struct condenser *c, const struct held *held, uint64_t until_ns)
{
	const size_t page = held->task >> TABLE_BITS;
	uint64_t *sum;

	if (held->start_ns < c->starts[c->at] || held->end_ns > until_ns ||
		held->task >= c->sums.end || !c->sums.pages[page])
		return false;
	sum = (uint64_t *)c->sums.pages[page] + (held->task & (TABLE_PAGE - 1));
	if (!*sum)
		return false;
	*sum += held->end_ns - held->start_ns;
	return true;
}

static int add_pile(struct helds *helds, struct condenser *c, struct pile *pile)
{
	uint64_t until_ns = 0;
	int err = DWELL_OK;

	for (uint32_t i = first_after(pile, c->starts[0]); i < pile->count && !err; i++) {
		if (add_whole(c, &pile->at[i], until_ns))
			continue;
		err = add_held(helds, c, &pile->at[i]);
		until_ns = c->at + 1 < c->count ? c->starts[c->at + 1] : UINT64_MAX;
	}
	pile->count = 0;
	return err;
}

/* Starts only become fewer, but for new ones that are later than all that was condensed: so a heap
 * goes whole into one of the new ones. */
static int add_heap(struct helds *helds, struct condenser *c, const struct heap *heap)
{
	const size_t at = start_before(c, heap->start_ns);
	int err = DWELL_OK;

	for (uint32_t i = 0; at < c->count && i < heap->count && !err; i++)
		err = add(helds, c, at, heap->shares[i].task, heap->shares[i].ns);
	return err;
}

int helds_condense(struct helds *helds, struct condenser *c)
{
	struct helds old = *helds;
	int err = DWELL_OK;

	if (!old.heap_count && !old.running.count && !old.idle.count)
		return DWELL_OK;
	helds->heaps = NULL;
	helds->heap_count = helds->heap_cap = helds->shares = 0;
	if (!c->count) {
		helds->running.count = helds->idle.count = 0;
	} else {
		c->at = 0;
		for (size_t i = 0; i < old.heap_count && !err; i++)
			err = add_heap(helds, c, &old.heaps[i]);
		if (!err)
			err = add_pile(helds, c, &helds->running);
		if (!err)
			err = add_pile(helds, c, &helds->idle);
		if (!err)
			err = flush(helds, c);
	}
	drop_heaps(&old);
	return err;
}

int helds_move(struct helds *into, struct helds *from)
{
	const uint64_t dropped_ns =
		from->dropped_ns > into->dropped_ns ? from->dropped_ns : into->dropped_ns;

	for (size_t i = 0; i < from->heap_count; i++) {
		struct heap *heap = new_heap(into);

		if (!heap)
			return DWELL_ENOMEM;
		*heap = from->heaps[i];
		from->heaps[i] = (struct heap){ 0 };
		into->heap_count++;
	}
	into->shares += from->shares;
	free(into->running.at);
	free(into->idle.at);
	into->running = from->running;
	into->idle = from->idle;
	into->dropped_ns = dropped_ns;
	from->running = from->idle = (struct pile){ 0 };
	helds_release(from);
	return DWELL_OK;
}

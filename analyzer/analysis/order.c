/* In which order locks are taken. */
#include "analysis/order.h"

#include <stdlib.h>

/* Locks owned at once by one task; more are not followed. */
enum { OWNED = 16 };

/* Leads to no lock. */
#define FORGOTTEN UINT32_MAX

struct owned {
	uint32_t losses, count;
	uint32_t objects[OWNED];
};

void order_init(struct order *order)
{
	*order = (struct order){ .owned = { .item = sizeof(struct owned) } };
}

void order_release(struct order *order)
{
	table_release(&order->owned);
	free(order->edges);
	free(order->slots);
}

static uint32_t *find_slot(const struct order *order, uint32_t from, uint32_t to)
{
	size_t i = hash_mix(from, to) & (order->slot_count - 1);

	for (; order->slots[i]; i = (i + 1) & (order->slot_count - 1)) {
		const struct order_edge *edge = &order->edges[order->slots[i] - 1];

		if (edge->from == from && edge->to == to)
			break;
	}
	return &order->slots[i];
}

static int grow(struct order *order)
{
	const size_t cap = order->cap ? order->cap * 2 : 32;
	struct order_edge *edges = realloc(order->edges, cap * sizeof(*edges));
	uint32_t *slots = calloc(cap * 2, sizeof(*slots));

	if (edges)
		order->edges = edges;
	if (!edges || !slots) {
		free(slots);
		return DWELL_ENOMEM;
	}
	free(order->slots);
	order->slots = slots;
	order->slot_count = cap * 2;
	order->cap = cap;
	for (size_t i = 0; i < order->count; i++)
		*find_slot(order, edges[i].from, edges[i].to) = (uint32_t)i + 1;
	return DWELL_OK;
}

static int add_edge(struct order *order, uint32_t from, const struct dwell_event *event)
{
	uint32_t *slot;

	if (order->count == order->cap && grow(order))
		return DWELL_ENOMEM;
	slot = find_slot(order, from, event->object);
	if (*slot)
		return DWELL_OK;
	order->edges[order->count++] = (struct order_edge){ from, event->object, event->task,
		event->stack, event->time_ns };
	*slot = (uint32_t)order->count;
	return DWELL_OK;
}

static void give_up(struct owned *owned, uint32_t object)
{
	for (uint32_t i = owned->count; i > 0; i--) {
		if (owned->objects[i - 1] != object)
			continue;
		for (uint32_t j = i; j < owned->count; j++)
			owned->objects[j - 1] = owned->objects[j];
		owned->count--;
		return;
	}
}

/* Whether two tasks that do this could wait for each other for ever. */
static bool may_lock_up(const struct owned *owned, const struct dwell_event *event)
{
	for (uint32_t i = 0; i < owned->count; i++)
		if (owned->objects[i] == event->object)
			return false;
	return !(event->flags & DWELL_EVENT_TIMED_OUT);
}

/* What was taken in the midst of it, seen then for the first time, tells nothing. */
void order_lose(struct order *order, const struct dwell_event *loss)
{
	const uint64_t from_ns = loss->extra < loss->time_ns ? loss->extra : loss->time_ns;

	order->losses++;
	for (size_t i = order->count; i > 0 && order->edges[i - 1].at_ns >= from_ns; i--) {
		struct order_edge *edge = &order->edges[i - 1];

		if (!loss->task || edge->task == loss->task) {
			edge->from = FORGOTTEN;
			edge->to = 0;
		}
	}
}

int order_event(struct order *order, const struct dwell_event *event)
{
	struct owned *owned =
		event->task && event->object ? table_make(&order->owned, event->task) : NULL;
	int err = DWELL_OK;

	if (!owned)
		return event->task && event->object ? DWELL_ENOMEM : DWELL_OK;
	if (owned->losses != order->losses)
		*owned = (struct owned){ .losses = order->losses };
	if (event->kind == DWELL_EVENT_RELEASE) {
		give_up(owned, event->object);
		return DWELL_OK;
	}
	if (may_lock_up(owned, event))
		for (uint32_t i = 0; i < owned->count && !err; i++)
			err = add_edge(order, owned->objects[i], event);
	if (owned->count < OWNED)
		owned->objects[owned->count++] = event->object;
	return err;
}

static int by_from(const void *a, const void *b)
{
	const struct order_edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* Edges in order, and a search from one lock back to itself. */
struct search {
	struct order_edge *edges;
	size_t count;
	size_t *via; /* by edge: the edge before it on the way, + 1 */
	size_t *queue;
	uint8_t *done;   /* by edge: its first lock has been in a cycle, or leads to none */
	uint32_t *round; /* by edge: the search that saw it last */
	uint32_t rounds;
};

static size_t first_from(const struct search *search, uint32_t object)
{
	size_t low = 0, high = search->count;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (search->edges[middle].from < object)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Breadth first: the last edge of the shortest way from a lock back to it, or count. */
static size_t way_back(struct search *search, uint32_t object)
{
	size_t head = 0, tail = 0;

	search->rounds++;
	for (size_t i = first_from(search, object);
		i < search->count && search->edges[i].from == object; i++) {
		search->via[i] = 0;
		search->round[i] = search->rounds;
		search->queue[tail++] = i;
	}
	while (head < tail) {
		const size_t at = search->queue[head++];
		const uint32_t to = search->edges[at].to;

		if (to == object)
			return at;
		for (size_t i = first_from(search, to);
			i < search->count && search->edges[i].from == to; i++) {
			if (search->round[i] == search->rounds || search->done[i])
				continue;
			search->round[i] = search->rounds;
			search->via[i] = at + 1;
			search->queue[tail++] = i;
		}
	}
	return search->count;
}

static int add_cycle(struct search *search, size_t last, const struct dwell_catalog *catalog,
	struct dwell_locks *out)
{
	struct dwell_order_cycle *cycles =
		realloc(out->cycles, (out->cycle_count + 1) * sizeof(*cycles));
	struct dwell_order_cycle *cycle;
	size_t length = 1;

	if (!cycles)
		return DWELL_ENOMEM;
	out->cycles = cycles;
	cycle = &cycles[out->cycle_count++];
	for (size_t i = last; search->via[i]; i = search->via[i] - 1)
		length++;
	*cycle = (struct dwell_order_cycle){
		.objects = calloc(length, sizeof(uint32_t)),
		.tasks = calloc(length, sizeof(uint32_t)),
		.stacks = calloc(length, sizeof(uint32_t)),
		.count = length,
	};
	if (!cycle->objects || !cycle->tasks || !cycle->stacks)
		return DWELL_ENOMEM;
	for (size_t i = last, n = length; n > 0; i = search->via[i] - 1, n--) {
		const struct order_edge *edge = &search->edges[i];

		cycle->objects[n - 1] = edge->from;
		cycle->tasks[n - 1] = edge->task;
		cycle->stacks[n - 1] = edge->stack;
		if (edge->at_ns > cycle->at_ns)
			cycle->at_ns = edge->at_ns;
		cycle->id = hash_mix(cycle->id, catalog_object_hash(catalog, edge->from));
	}
	return DWELL_OK;
}

/* Everything on a cycle that was told, and every lock that leads to none, need no other search. */
static void mark_done(struct search *search, uint32_t object, size_t last)
{
	for (size_t i = first_from(search, object);
		i < search->count && search->edges[i].from == object; i++)
		search->done[i] = 1;
	for (size_t i = last; i < search->count; i = search->via[i] - 1) {
		search->done[i] = 1;
		if (!search->via[i])
			break;
	}
}

static int find_cycles(
	struct search *search, const struct dwell_catalog *catalog, struct dwell_locks *out)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < search->count && !err; i++) {
		const uint32_t object = search->edges[i].from;
		const bool first = !i || search->edges[i - 1].from != object;
		size_t last;

		if (!first || search->done[i])
			continue;
		last = way_back(search, object);
		if (last < search->count)
			err = add_cycle(search, last, catalog, out);
		mark_done(search, object, last);
	}
	return err;
}

int order_cycles(
	const struct order *order, const struct dwell_catalog *catalog, struct dwell_locks *out)
{
	struct search search = { .edges = order->edges, .count = order->count };
	int err = DWELL_ENOMEM;

	if (!order->count)
		return DWELL_OK;
	search.via = calloc(order->count, sizeof(*search.via));
	search.queue = calloc(order->count, sizeof(*search.queue));
	search.done = calloc(order->count, 1);
	search.round = calloc(order->count, sizeof(*search.round));
	qsort(search.edges, search.count, sizeof(*search.edges), by_from);
	if (search.via && search.queue && search.done && search.round)
		err = find_cycles(&search, catalog, out);
	free(search.via);
	free(search.queue);
	free(search.done);
	free(search.round);
	return err;
}

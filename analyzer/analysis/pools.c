/* Pools of objects: reuse, who holds what how long, and items that are put back wrongly or never.
 */
#include "dwell/pools.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/fold.h"

/* Items remembered at once, of all pools; a program has fewer by orders of magnitude. */
enum { MAX_ITEMS = 1 << 22, MAX_SITES = 64 };

struct item {
	uint64_t item, since_ns;
	uint32_t pool, task, stack; /* who got it, where; pool 0: an empty slot */
	bool out;
};

struct pool {
	struct dwell_pool_row row;
	struct dwell_histogram held;
	struct dwell_pool_site sites[MAX_SITES];
	size_t site_count;
};

struct pools {
	const struct model *model;
	struct table pools; /* by object: struct pool * */
	struct item *items; /* a hash table */
	size_t count, cap;
};

const char *dwell_pool_fault_name(unsigned fault)
{
	static const char *const names[] = { "foreign-put", "double-put", "never-put" };

	return fault < DWELL_POOL_FAULT_COUNT ? names[fault] : NULL;
}

static int pools_make(void **fold, const struct model *model)
{
	struct pools *pools = calloc(1, sizeof(*pools));

	if (!pools)
		return DWELL_ENOMEM;
	pools->model = model;
	pools->pools.item = sizeof(struct pool *);
	*fold = pools;
	return DWELL_OK;
}

static struct pool *pool_at(const struct pools *pools, uint32_t object)
{
	struct pool **at = table_get(&pools->pools, object);

	return at ? *at : NULL;
}

static void pools_drop(void *fold)
{
	struct pools *pools = fold;

	if (!pools)
		return;
	for (uint32_t object = 0; object < pools->pools.end; object++) {
		struct pool *pool = pool_at(pools, object);

		if (pool)
			dwell_histogram_release(&pool->held);
		free(pool);
	}
	table_release(&pools->pools);
	free(pools->items);
	free(pools);
}

static struct pool *make_pool(struct pools *pools, uint32_t object)
{
	struct pool **at = table_make(&pools->pools, object);

	if (at && !*at) {
		*at = calloc(1, sizeof(**at));
		if (*at)
			(*at)->row.object = object;
	}
	return at ? *at : NULL;
}

static struct item *slot_of(const struct pools *pools, uint32_t pool, uint64_t item)
{
	size_t i = hash_mix(hash_mix(pool, item), 1) & (pools->cap - 1);

	while (pools->items[i].pool &&
		(pools->items[i].pool != pool || pools->items[i].item != item))
		i = (i + 1) & (pools->cap - 1);
	return &pools->items[i];
}

static int widen(struct pools *pools)
{
	struct pools wider = *pools;

	wider.cap = pools->cap ? pools->cap * 2 : 256;
	wider.items = calloc(wider.cap, sizeof(*wider.items));
	if (!wider.items)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < pools->cap; i++)
		if (pools->items[i].pool)
			*slot_of(&wider, pools->items[i].pool, pools->items[i].item) =
				pools->items[i];
	free(pools->items);
	pools->items = wider.items;
	pools->cap = wider.cap;
	return DWELL_OK;
}

/* The item, new with pool 0 where it was not known; *out NULL: too many. */
static int find_item(struct pools *pools, const struct dwell_event *event, struct item **out)
{
	*out = NULL;
	if (pools->count * 2 >= pools->cap) {
		const int err = pools->cap < 2 * MAX_ITEMS ? widen(pools) : DWELL_OK;

		if (err)
			return err;
	}
	*out = slot_of(pools, event->object, event->value);
	if (!(*out)->pool && pools->count >= MAX_ITEMS)
		*out = NULL;
	return DWELL_OK;
}

static void add_fault(struct pool *pool, const struct dwell_pool_site *fault)
{
	pool->row.faults[fault->fault]++;
	for (size_t i = 0; i < pool->site_count; i++) {
		if (pool->sites[i].fault != fault->fault || pool->sites[i].stack != fault->stack)
			continue;
		pool->sites[i].count++;
		if (fault->first_ns < pool->sites[i].first_ns) {
			pool->sites[i].first_ns = fault->first_ns;
			pool->sites[i].task = fault->task;
		}
		return;
	}
	if (pool->site_count < MAX_SITES)
		pool->sites[pool->site_count++] = *fault;
}

static void put_wrong(struct pool *pool, const struct dwell_event *event, uint8_t fault)
{
	const struct dwell_pool_site site = {
		.fault = fault,
		.stack = event->stack,
		.task = event->task,
		.count = 1,
		.first_ns = event->time_ns,
	};

	add_fault(pool, &site);
}

static int on_put(struct pool *pool, const struct dwell_event *event, struct item *item)
{
	int err = DWELL_OK;

	if (event->flags & DWELL_EVENT_FOREIGN_PUT || (item->pool && !item->out))
		put_wrong(pool, event, DWELL_POOL_DOUBLE_PUT);
	else if (item->pool && item->task != event->task)
		put_wrong(pool, event, DWELL_POOL_FOREIGN_PUT);
	if (item->pool && item->out)
		err = dwell_histogram_add(&pool->held, event->time_ns - item->since_ns, 1);
	item->out = false;
	return err;
}

static void count_use(struct pool *pool, const struct dwell_event *event)
{
	const unsigned use = event->reason;

	if (use == DWELL_POOL_GET && !pool->row.gets) {
		pool->row.first_ns = event->time_ns;
		pool->row.first_task = event->task;
	}
	pool->row.news += use == DWELL_POOL_NEW;
	pool->row.gets += use == DWELL_POOL_GET;
	pool->row.puts += use == DWELL_POOL_PUT;
}

static int pools_event(void *fold, const struct dwell_event *event)
{
	struct pools *pools = fold;
	struct pool *pool;
	struct item *item;
	int err;

	if (!event->object || !wants_task(pools->model, event->task))
		return DWELL_OK;
	pool = make_pool(pools, event->object);
	if (!pool)
		return DWELL_ENOMEM;
	count_use(pool, event);
	if (event->reason == DWELL_POOL_NEW)
		return DWELL_OK; /* who makes it gets it, and says so */
	err = find_item(pools, event, &item);
	if (err)
		return err;
	pool->row.untracked += !item;
	if (!item)
		return DWELL_OK;
	if (event->reason == DWELL_POOL_PUT)
		err = on_put(pool, event, item);
	pools->count += !item->pool;
	item->pool = event->object;
	item->item = event->value;
	if (event->reason == DWELL_POOL_GET) {
		item->out = true;
		item->task = event->task;
		item->stack = event->stack;
		item->since_ns = event->time_ns;
	}
	return err;
}

static int pools_merge(void *into, void *from)
{
	(void)into;
	(void)from;
	return DWELL_EINVAL; /* serial: there is nothing to merge */
}

const struct fold_ops pools_fold = {
	.serial = true,
	.kinds = 1u << DWELL_EVENT_POOL,
	.make = pools_make,
	.free = pools_drop,
	.event = pools_event,
	.merge = pools_merge,
};

/* What is out at the end. The order of the table says nothing: the earliest of a site is told. */
static void add_never_put(struct pools *pools)
{
	for (size_t i = 0; i < pools->cap; i++) {
		const struct item *item = &pools->items[i];
		const struct dwell_pool_site site = {
			.fault = DWELL_POOL_NEVER_PUT,
			.stack = item->stack,
			.task = item->task,
			.count = 1,
			.first_ns = item->since_ns,
		};

		if (item->pool && item->out)
			add_fault(pool_at(pools, item->pool), &site);
	}
}

static int most_sites_first(const void *a, const void *b)
{
	const struct dwell_pool_site *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return (x->fault > y->fault) - (x->fault < y->fault);
}

static int take_pool(struct dwell_pool_row *row, struct pool *pool, const struct model *model)
{
	const uint64_t news = pool->row.news < pool->row.gets ? pool->row.news : pool->row.gets;

	*row = pool->row;
	row->id = hash_mix(catalog_object_hash(model->catalog, row->object), 7);
	if (row->gets)
		row->reuse_ppm = (uint32_t)((__uint128_t)(row->gets - news) * 1000000 / row->gets);
	row->sites = malloc((pool->site_count + 1) * sizeof(*row->sites));
	if (!row->sites)
		return DWELL_ENOMEM;
	memcpy(row->sites, pool->sites, pool->site_count * sizeof(*row->sites));
	row->site_count = pool->site_count;
	qsort(row->sites, row->site_count, sizeof(*row->sites), most_sites_first);
	return distribution_of(&pool->held, &row->held);
}

static int most_first(const void *a, const void *b)
{
	const struct dwell_pool_row *x = a, *y = b;

	if (x->gets != y->gets)
		return x->gets > y->gets ? -1 : 1;
	return (x->object > y->object) - (x->object < y->object);
}

int pools_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct pools *pools = fold;
	struct dwell_pools *out = calloc(1, sizeof(*out));
	int err = DWELL_OK;

	(void)query;
	answer->pools = out;
	if (!out)
		return DWELL_ENOMEM;
	out->rows = calloc((size_t)pools->pools.end + 1, sizeof(*out->rows));
	if (!out->rows)
		return DWELL_ENOMEM;
	add_never_put(pools);
	for (uint32_t object = 0; object < pools->pools.end && !err; object++) {
		struct pool *pool = pool_at(pools, object);

		if (pool)
			err = take_pool(&out->rows[out->count++], pool, model);
	}
	qsort(out->rows, out->count, sizeof(*out->rows), most_first);
	return err;
}

void pools_free(struct dwell_pools *pools)
{
	for (size_t i = 0; pools && i < pools->count; i++) {
		free(pools->rows[i].held.bars);
		free(pools->rows[i].sites);
	}
	if (pools)
		free(pools->rows);
	free(pools);
}

/* Locks: who waited, who held, convoys. */
#include <stdlib.h>

#include "analysis/findings.h"
#include "analysis/order.h"
#include "analysis/waits.h"

/* waits is NULL where the fold of `blocked` has the same waits, and locks as its second view. */
struct locks {
	struct waits *waits;
	struct order order;
};

static int locks_make(void **fold, const struct model *model)
{
	const bool shared = model->query->analyses & DWELL_ANALYZE_BLOCKED;
	struct locks *locks = calloc(1, sizeof(*locks));
	void *waits = NULL;
	int err = locks ? DWELL_OK : DWELL_ENOMEM;

	if (!err && !shared)
		err = waits_make(&waits, model, DWELL_BY_OBJECT, true);
	if (err) {
		free(locks);
		return err;
	}
	locks->waits = waits;
	order_init(&locks->order);
	*fold = locks;
	return DWELL_OK;
}

static void locks_drop(void *fold)
{
	struct locks *locks = fold;

	if (!locks)
		return;
	waits_drop(locks->waits);
	order_release(&locks->order);
	free(locks);
}

static int locks_begin(void *fold, const struct fold_start *start)
{
	struct waits *waits = ((struct locks *)fold)->waits;

	return waits ? waits_begin(waits, start) : DWELL_OK;
}

static void locks_go_on(void *fold, const struct dwell_states *states)
{
	struct waits *waits = ((struct locks *)fold)->waits;

	if (waits)
		waits_go_on(waits, states);
}

static int locks_ahead(void *fold, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	struct waits *waits = ((struct locks *)fold)->waits;

	return waits ? waits_ahead(waits, rows, count, kinds) : DWELL_OK;
}

static int locks_batch(void *fold, const struct fold_batch *batch)
{
	const uint32_t takes = 1u << DWELL_EVENT_ACQUIRE | 1u << DWELL_EVENT_RELEASE;
	const uint32_t loses = 1u << DWELL_EVENT_LOSS;
	struct locks *locks = fold;
	int err = DWELL_OK;

	for (size_t i = 0; batch->kinds & (takes | loses) && i < batch->count && !err; i++)
		if (takes >> batch->rows[i].kind & 1)
			err = order_event(&locks->order, &batch->rows[i]);
		else if (batch->rows[i].kind == DWELL_EVENT_LOSS)
			order_lose(&locks->order, &batch->rows[i]);
	return err || !locks->waits ? err : waits_batch(locks->waits, batch);
}

static uint32_t locks_skips(const void *fold)
{
	const struct waits *waits = ((const struct locks *)fold)->waits;

	return waits ? waits_skips(waits) : UINT32_MAX;
}

static int locks_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct waits *waits = ((struct locks *)fold)->waits;

	return waits ? waits_settle(waits, first, lives, count) : DWELL_OK;
}

static bool locks_looks(
	const void *fold, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	const struct waits *waits = ((const struct locks *)fold)->waits;

	return waits && waits_looks(waits, rows, count, kinds);
}

static bool locks_firsts(const void *fold)
{
	const struct waits *waits = ((const struct locks *)fold)->waits;

	return waits && waits_firsts(waits);
}

const struct fold_ops locks_fold = {
	.serial = true,
	.apart = true,
	.make = locks_make,
	.free = locks_drop,
	.begin = locks_begin,
	.go_on = locks_go_on,
	.ahead = locks_ahead,
	.batch = locks_batch,
	.looks = locks_looks,
	.skips = locks_skips,
	.firsts = locks_firsts,
	.merge = waits_merge,
	.settle = locks_settle,
	.settles_some = true,
};

uint64_t lock_id(const struct dwell_catalog *catalog, uint32_t object, uint32_t stack)
{
	const struct dwell_catalog_object *of = dwell_catalog_object(catalog, object);

	return hash_mix(catalog_object_hash(catalog, object),
		of ? of->native_id : catalog_stack_hash(catalog, stack));
}

static int fill_row(struct dwell_lock_row *row, const struct waits *waits, struct group *group)
{
	const struct dwell_catalog *catalog = waits->model->catalog;
	struct released *of =
		group->object ? table_get(&waits->releases.objects, group->object) : NULL;
	int err;

	row->id = lock_id(catalog, group->object, group->stack);
	row->object = group->object;
	row->reason = group->reason;
	row->stack = group->stack;
	row->contended = group->waits.count;
	row->waiters = group->tasks.count;
	row->times = group->times;
	row->first_ns = group->first_ns;
	row->open_count = group->open_count;
	row->open_ns = group->open_ns;
	if (of) {
		released_close(of);
		released_calm(of);
		row->convoys = of->convoys;
		row->convoy_ns = of->convoy_ns;
		row->convoy = of->longest;
		row->passes = of->passes;
		row->pressed_ns = of->pressed_ns;
		row->pressed_at_ns = of->longest_press.start_ns;
	}
	err = distribution_of(&group->waits, &row->waits);
	return err ? err : group_take_holders(group, &row->holders, &row->holder_count);
}

/*
 * A semaphore or futex is one where tasks that got it before gave it up, for most of the time; a
 * condition, where besides most gave up what they alone had got since the one before: their turn.
 * Python's lock is one, whatever shows of it.
 */
static bool is_lock(struct waits *waits, struct group *group)
{
	const struct released *of =
		group->object ? table_get(&waits->releases.objects, group->object) : NULL;

	if (is_held(group->reason) ||
		stack_is_gil(waits->model->catalog, group->reason, group->stack))
		return true;
	if (stack_is_join(waits->model->catalog, group->stack))
		return false;
	if (group->reason == DWELL_REASON_COND && (!of || of->turns <= of->releases / 2))
		return false;
	waits_doubt(waits, waits->view_count - 1, group);
	return group_is_held(group);
}

static int longest_first(const void *a, const void *b)
{
	const struct dwell_lock_row *x = a, *y = b;
	const uint64_t x_ns = x->waits.total_ns + x->open_ns;
	const uint64_t y_ns = y->waits.total_ns + y->open_ns;

	if (x_ns != y_ns)
		return x_ns > y_ns ? -1 : 1;
	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static struct waits *waits_of(const struct locks *locks, const struct model *model)
{
	struct waits *waits = locks->waits;

	for (size_t i = 0; i < model->fold_count && !waits; i++)
		if (model->ops[i] == &blocked_fold)
			waits = model->folds[i];
	return waits;
}

int locks_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct locks *locks = fold;
	struct waits *waits = waits_of(locks, model);
	const struct groups *groups = &waits->views[waits->view_count - 1].groups;
	struct dwell_locks *out = calloc(1, sizeof(*out));
	int err = DWELL_OK;

	(void)query;
	if (!out)
		return DWELL_ENOMEM;
	answer->locks = out;
	out->has_order = model->info.levels & DWELL_LEVEL_ALL_LOCKS;
	out->rows = groups->count ? calloc(groups->count, sizeof(*out->rows)) : NULL;
	if (groups->count && !out->rows)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < groups->count && !err; i++)
		if (is_lock(waits, groups->at[i]))
			err = fill_row(&out->rows[out->count++], waits, groups->at[i]);
	if (out->count)
		qsort(out->rows, out->count, sizeof(*out->rows), longest_first);
	return err ? err : order_cycles(&locks->order, model->catalog, out);
}

void locks_free(struct dwell_locks *locks)
{
	for (size_t i = 0; locks && i < locks->count; i++) {
		free(locks->rows[i].waits.bars);
		free(locks->rows[i].holders);
	}
	for (size_t i = 0; locks && i < locks->cycle_count; i++) {
		free(locks->cycles[i].objects);
		free(locks->cycles[i].tasks);
		free(locks->cycles[i].stacks);
	}
	if (locks) {
		free(locks->rows);
		free(locks->cycles);
	}
	free(locks);
}

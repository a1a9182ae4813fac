/* Where time was blocked: groups as rows, those that matter first. */
#include <stdlib.h>
#include <string.h>

#include "analysis/findings.h"
#include "analysis/roles.h"
#include "analysis/waits.h"
#include "analysis/walked.h"

static int blocked_make(void **fold, const struct model *model)
{
	const unsigned by = model->query->blocked_by;
	const int err = waits_make(fold, model, by ? by : DWELL_BY_SITE, false);

	/* Who asks for locks, too, has them of the same waits: locks_fold. */
	if (!err && model->query->analyses & DWELL_ANALYZE_LOCKS)
		waits_add_view(*fold, DWELL_BY_OBJECT, true);
	return err;
}

const struct fold_ops blocked_fold = {
	.serial = true,
	.apart = true,
	.make = blocked_make,
	.free = waits_drop,
	.begin = waits_begin,
	.go_on = waits_go_on,
	.ahead = waits_ahead,
	.batch = waits_batch,
	.looks = waits_looks,
	.skips = waits_skips,
	.firsts = waits_firsts,
	.merge = waits_merge,
	.settle = waits_settle,
	.settles_some = true,
};

static uint64_t hash_text(uint64_t hash, struct dwell_string text)
{
	return hash_bytes(text.at, text.size, hash);
}

/* The same in a cut, and in another run where names are. */
static uint64_t site_key(const struct dwell_catalog *catalog, const struct group *group)
{
	uint64_t key = hash_mix(hash_mix(0, DWELL_BY_SITE), group->reason);

	key = hash_mix(key, catalog_object_hash(catalog, group->object));
	if (group->stack)
		return hash_mix(key, catalog_stack_hash(catalog, group->stack));

	const struct dwell_catalog_class *class =
		dwell_catalog_class(catalog, group_of(catalog, DWELL_BY_CLASS, group->id));
	return class ? hash_text(key, class->text) : hash_mix(key, group->id);
}

/* The same whatever the object. */
static uint64_t place_key(const struct dwell_catalog *catalog, const struct group *group)
{
	struct group place = {
		.id = group->id,
		.reason = group->reason,
		.stack = group->stack,
	};

	return site_key(catalog, &place);
}

static uint64_t object_key(const struct dwell_catalog *catalog, const struct group *group)
{
	const struct dwell_catalog_object *object = dwell_catalog_object(catalog, group->object);
	uint64_t key = hash_mix(0, DWELL_BY_OBJECT);

	/* Two of one address follow one another in time: their ids differ. */
	key = hash_mix(key, catalog_object_hash(catalog, group->object));
	key = hash_mix(key, object ? object->native_id : 0);
	return hash_mix(key, group->object ? group->object : ~(uint64_t)group->reason);
}

static uint64_t final_key(
	const struct dwell_catalog *catalog, unsigned by, const struct group *group, uint32_t *id)
{
	const struct dwell_catalog_class *class;

	*id = group->id;
	switch (by) {
	case DWELL_BY_SITE:
		*id = group_of(catalog, DWELL_BY_CLASS, group->id);
		return site_key(catalog, group);
	case DWELL_BY_OBJECT:
		return object_key(catalog, group);
	case DWELL_BY_CLASS:
		*id = group_of(catalog, by, group->id);
		class = dwell_catalog_class(catalog, *id);
		return class ? hash_text(by, class->text) : hash_mix(by, group->id);
	case DWELL_BY_TASK:
		return id_of(catalog, "task", group->id, 0) + group->id;
	default:
		return hash_mix(by, group->id);
	}
}

bool task_has_key(const struct dwell_catalog *catalog, uint32_t task, uint64_t id)
{
	const struct group group = { .id = task };
	uint32_t unused;

	return final_key(catalog, DWELL_BY_TASK, &group, &unused) == id ||
	       final_key(catalog, DWELL_BY_CLASS, &group, &unused) == id;
}

bool wait_has_key(const struct dwell_catalog *catalog, const struct wait_key *key, uint64_t id)
{
	struct group group = {
		.id = key->task,
		.reason = key->reason,
		.object = key->object,
		.stack = key->stack,
	};
	uint32_t unused;

	if (final_key(catalog, DWELL_BY_SITE, &group, &unused) == id)
		return true;
	if (walked_is_file(catalog, key->object) && place_key(catalog, &group) == id)
		return true;
	group.id = key->object;
	if (final_key(catalog, DWELL_BY_OBJECT, &group, &unused) == id)
		return true;
	group.id = key->reason;
	if (final_key(catalog, DWELL_BY_REASON, &group, &unused) == id)
		return true;
	return may_be_lock(key->reason) && lock_id(catalog, key->object, key->stack) == id;
}

/* A group's only part: as it is. */
static void group_move(struct group *into, struct group *from)
{
	const uint64_t key = into->key;

	*into = *from;
	into->key = key;
	into->lead_ns = from->waits.sum + from->open_ns;
	*from = (struct group){ .key = from->key };
}

/* The key of a site: of what is gone through without the file. */
static uint64_t row_key(const struct dwell_catalog *catalog, unsigned by,
	const struct walked *walked, const struct group *group, uint32_t *id)
{
	const uint64_t key = final_key(catalog, by, group, id);
	uint64_t place;

	if (!walked->count || !walked_is_file(catalog, group->object))
		return key;
	place = place_key(catalog, group);
	return walked_has(walked, place) ? place : key;
}

/* Some of them, by what the reader takes for one; apart: and by their reasons. What they are made
 * of is used up. */
static int merge_alike(const struct waits *waits, const struct walked *walked, struct groups *from,
	struct groups *out, bool apart)
{
	const unsigned by = waits->views[0].by;
	int err = DWELL_OK;

	for (size_t i = 0; i < from->count && !err; i++) {
		struct group *group = from->at[i];
		uint32_t id;
		bool made;
		const uint64_t key = row_key(waits->model->catalog, by, walked, group, &id);
		struct group *into =
			groups_get(out, apart ? hash_mix(key, group->reason) : key, &made);

		/* Its key is told by a task once more. */
		if (apart)
			id = group->id;
		if (!into)
			err = DWELL_ENOMEM;
		else if (made)
			group_move(into, group);
		else
			err = group_merge(into, group);
		if (into)
			into->id = id;
		groups_drop(from, i);
	}
	return err;
}

/* Groups that are one for the reader. Of a class first those of one reason, so that the one that
 * all its tasks together waited for longest stands for it. */
static int regroup(struct waits *waits, struct groups *out)
{
	struct waits_view *view = &waits->views[0];
	struct walked walked = { 0 };
	struct groups reasons = { 0 };
	int err = DWELL_OK;

	if (view->by == DWELL_BY_SITE)
		err = walked_find(&walked, waits->model->catalog, &view->groups, place_key);
	if (!err && view->by == DWELL_BY_CLASS) {
		err = merge_alike(waits, &walked, &view->groups, &reasons, true);
		if (!err)
			err = merge_alike(waits, &walked, &reasons, out, false);
	} else if (!err) {
		err = merge_alike(waits, &walked, &view->groups, out, false);
	}
	groups_release(&reasons);
	walked_release(&walked);
	return err;
}

struct living {
	const struct waits *waits;
	struct waits_lived last;
	uint64_t ns;
};

static void add_life(void *context, uint32_t task)
{
	struct living *living = context;
	const struct task_life *life = model_life(living->waits->model, task);

	living->ns += life ? sum_of(&life->sums) : waits_lived(living->waits, &living->last, task);
}

struct processes {
	const struct dwell_catalog *catalog;
	struct idset seen;
	int err;
};

static void add_process(void *context, uint32_t task)
{
	struct processes *processes = context;
	const struct dwell_catalog_task *of = dwell_catalog_task(processes->catalog, task);

	if (!processes->err)
		processes->err = idset_add(&processes->seen, of ? of->process : 0);
}

/*
 * What is handed on comes round: all but an eighth of those who wait here end such waits as well.
 * The last one of a pipeline wakes nobody.
 */
static int comes_round(const struct group *group, bool *round)
{
	struct idset wake = { 0 };
	int err = DWELL_OK;

	for (uint32_t i = 0; i < group->waker_count && !err; i++)
		if (idset_has(&group->tasks, group->wakers[i].task))
			err = idset_add(&wake, group->wakers[i].task);
	/* Of very many who woke some are not known by name. */
	*round = (group->tasks.count - wake.count) * 8 <= group->tasks.count ||
		 group->waker_count >= GROUP_PEOPLE || (group->rest && group->rest->wakers.count);
	idset_release(&wake);
	return err;
}

/*
 * Waits that were ended by a task that waited here, too: where each has a process of its own.
 * Threads of one process that wake one another out of a loop may as well hand on work.
 */
static int count_turns(const struct waits *waits, const struct group *group, uint64_t *turns)
{
	struct processes processes = { .catalog = waits->model->catalog };
	bool round = false;
	int err;

	*turns = 0;
	if (!group->woken || group->tasks.count < 2 ||
		group->tasks.count > dwell_catalog_processes(processes.catalog))
		return DWELL_OK;
	idset_each(&group->tasks, add_process, &processes);
	err = processes.err;
	if (!err && processes.seen.count == group->tasks.count)
		err = comes_round(group, &round);
	idset_release(&processes.seen);
	for (uint32_t i = 0; round && i < group->waker_count; i++)
		if (idset_has(&group->tasks, group->wakers[i].task))
			*turns += group->wakers[i].count;
	return err;
}

/* Those who wait for its object are let go together, of a team also where its first never waits. */
static bool is_barrier(const struct waits *waits, const struct group *group)
{
	const struct released *of = group->object && !group->several
					    ? table_get(&waits->releases.objects, group->object)
					    : NULL;

	if (!of || group->reason != DWELL_REASON_FUTEX)
		return false;
	return released_is_barrier(of, 0) ||
	       (of->for_all > of->releases / 2 &&
		       stack_is_team(waits->model->catalog, group->stack));
}

static int fill_role(struct dwell_blocked_row *row, const struct waits *waits,
	const struct group *group, unsigned object_kind)
{
	struct living living = { .waits = waits };
	const int err = count_turns(waits, group, &row->turns);

	idset_each(&group->tasks, add_life, &living);
	row->lived_ns = living.ns;
	row->known_lock = waits->views[0].by == DWELL_BY_SITE &&
			  stack_is_lock(waits->model->catalog, group->reason, group->stack);

	const struct role_facts facts = {
		.reason = group->reason,
		.object_kind = object_kind,
		.tasks = group->tasks.count,
		.count = group->waits.count + group->open_count,
		.total_ns = group->waits.sum + group->open_ns,
		.lived_ns = living.ns,
		.timed_out = group->timed_out,
		.woken = group->woken,
		.replies = group->replies,
		.turns = row->turns,
		.held = group_is_held(group),
		.known = row->known_lock,
		.joins = waits->views[0].by == DWELL_BY_SITE &&
			 stack_is_join(waits->model->catalog, group->stack),
		.barrier = is_barrier(waits, group),
		.runtimes = waits->views[0].by == DWELL_BY_SITE &&
			    stack_is_runtimes(waits->model->catalog, group->stack),
	};
	row->role = (uint8_t)role_of(&facts);
	return err;
}

static int fill_row(struct dwell_blocked_row *row, const struct waits *waits, struct group *group)
{
	const struct dwell_catalog *catalog = waits->model->catalog;
	const struct dwell_catalog_object *object = dwell_catalog_object(catalog, group->object);
	int err;

	waits_doubt(waits, 0, group);
	row->id = group->key;
	row->key = key_of(catalog, waits->views[0].by, group->id);
	row->reason = group->reason;
	row->object = group->object;
	row->object_kind = object ? object->kind : 0;
	row->several = group->several;
	row->stack = group->stack;
	row->tasks = group->tasks.count;
	row->times = group->times;
	row->open_count = group->open_count;
	row->open_ns = group->open_ns;
	row->timed_out = group->timed_out;
	row->first_ns = group->first_ns;
	row->last_ns = group->last_ns;
	row->first_task = group->first_task;
	row->has_underused = waits->active.cpus != 0;
	row->underused_ns = group->underused_ns;
	err = fill_role(row, waits, group, row->object_kind);
	if (!err)
		err = distribution_of(&group->waits, &row->waits);
	if (!err)
		err = group_take_holders(group, &row->holders, &row->holder_count);
	if (!err)
		err = group_take_wakers(group, &row->wakers, &row->waker_count);
	return err;
}

static bool is_harmless(const struct dwell_blocked_row *row)
{
	return row->role == DWELL_ROLE_WORK || row->role == DWELL_ROLE_TIME;
}

/*
 * What a wait cost: all of the time in which CPUs stood idle, an eighth of the rest. While all CPUs
 * are busy others got on with their work, but who waited was late, and a long wait is not to
 * stand behind a short one for a microsecond of idleness. Who still waits may do so for ever.
 */
static uint64_t weight(const struct dwell_blocked_row *row)
{
	if (is_harmless(row))
		return row->waits.total_ns;
	if (row->underused_ns >= row->waits.total_ns)
		return row->underused_ns + row->open_ns;
	return row->underused_ns + (row->waits.total_ns - row->underused_ns) / 8 + row->open_ns;
}

static int rank(const void *a, const void *b)
{
	const struct dwell_blocked_row *x = a, *y = b;

	if (is_harmless(x) != is_harmless(y))
		return is_harmless(x) ? 1 : -1;
	if (weight(x) != weight(y))
		return weight(x) > weight(y) ? -1 : 1;
	if (x->waits.total_ns != y->waits.total_ns)
		return x->waits.total_ns > y->waits.total_ns ? -1 : 1;
	if (x->open_ns != y->open_ns)
		return x->open_ns > y->open_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int fill_rows(struct dwell_blocked *out, const struct waits *waits, struct groups *groups)
{
	int err = DWELL_OK;

	out->rows = groups->count ? calloc(groups->count, sizeof(*out->rows)) : NULL;
	if (groups->count && !out->rows)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < groups->count && !err; i++) {
		err = fill_row(&out->rows[out->count++], waits, groups->at[i]);
		groups_drop(groups, i);
	}
	if (err || !out->count)
		return err;
	qsort(out->rows, out->count, sizeof(*out->rows), rank);
	while (out->matter < out->count && !is_harmless(&out->rows[out->matter]))
		out->matter++;
	for (size_t i = out->matter; i < out->count; i++) {
		out->idle_count += out->rows[i].waits.count;
		out->idle_ns += out->rows[i].waits.total_ns;
	}
	return DWELL_OK;
}

int blocked_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct waits *waits = fold;
	struct groups groups = { 0 };
	int err;

	(void)model;
	(void)query;
	/* Room for rows. */
	past_release(&waits->past);
	answer->blocked = calloc(1, sizeof(*answer->blocked));
	err = answer->blocked ? regroup(waits, &groups) : DWELL_ENOMEM;
	if (!err)
		err = fill_rows(answer->blocked, waits, &groups);
	groups_release(&groups);
	return err;
}

void blocked_free(struct dwell_blocked *blocked)
{
	for (size_t i = 0; blocked && i < blocked->count; i++) {
		free(blocked->rows[i].waits.bars);
		free(blocked->rows[i].holders);
		free(blocked->rows[i].wakers);
	}
	if (blocked)
		free(blocked->rows);
	free(blocked);
}

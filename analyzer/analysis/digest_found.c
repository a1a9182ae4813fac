/* Leaks and pools as subjects of a digest. */
#include <stdio.h>
#include <string.h>

#include "analysis/digest_fold.h"

/* "waits-forever at take < serve", "alive-at-end made in start": of what kind, and where. */
static void key_leak(
	char key[KEY_SIZE], const struct dwell_catalog *catalog, const struct dwell_leak *leak)
{
	char where[KEY_SIZE], who[KEY_SIZE];

	key_place(where, catalog, leak->stack, 3);
	if (*where) {
		snprintf(key, KEY_SIZE, "%s at %.220s", dwell_leak_name(leak->kind), where);
		return;
	}
	key_place(where, catalog, leak->creation_stack, 2);
	key_class(who, catalog, leak->count ? leak->tasks[0] : 0);
	if (*where)
		snprintf(key, KEY_SIZE, "%s made in %.220s", dwell_leak_name(leak->kind), where);
	else
		snprintf(key, KEY_SIZE, "%s of %.220s", dwell_leak_name(leak->kind), who);
}

/* "each waits for what another has: account 1, account 2" */
static void say_circle(
	char text[KEY_SIZE], const struct dwell_catalog *catalog, const struct dwell_leak *leak)
{
	enum { SAID = 3 };

	snprintf(text, KEY_SIZE, "each waits for what another has");
	for (size_t i = 0; i < leak->object_count && i < SAID; i++) {
		const size_t used = strlen(text);
		char lock[KEY_SIZE];

		key_lock(lock, catalog, leak->objects[i], 0, 0);
		snprintf(text + used, KEY_SIZE - used, "%s %.60s", i ? "," : ":", lock);
	}
}

/* "server/worker-# run, made in start < main"; "its holder is stuck itself: server/main". */
static int blame_leak(struct dwell_blame *blame, const struct dwell_catalog *catalog,
	const struct dwell_leak *leak)
{
	const char *why = dwell_forever_text(leak->why);
	const uint32_t holder = leak->step_count ? leak->steps[0].holder : 0;
	char who[KEY_SIZE], where[KEY_SIZE], text[KEY_SIZE];
	int err = DWELL_OK;

	key_class(who, catalog, leak->tasks[0]);
	key_place(where, catalog, leak->creation_stack, 2);
	snprintf(text, sizeof(text), "%.120s%s%.110s", who, *where ? ", made in " : "", where);
	if (*text)
		err = subject_text(&blame->waker, text);
	key_class(who, catalog, holder);
	if (leak->kind == DWELL_LEAK_DEADLOCK)
		say_circle(text, catalog, leak);
	else
		snprintf(text, sizeof(text), "%s%s%.150s", why ? why : "", why && *who ? ": " : "",
			why ? who : "");
	return err || !*text ? err : subject_text(&blame->holder, text);
}

/* When the first of them began to wait, was made, or ended: of that the last that it did. */
static uint64_t where_leaked(const struct model *model, const struct dwell_leak *leak)
{
	const bool ended = leak->kind == DWELL_LEAK_NEVER_JOINED && leak->since_ns;
	const uint64_t since_ns =
		leak->step_count ? leak->steps[0].since_ns : leak->since_ns - ended;

	return moment_id(model->catalog, leak->step_count ? leak->steps[0].task : leak->tasks[0],
		since_ns < model->from_ns ? model->from_ns : since_ns);
}

int digest_leaks(
	struct subjects *subjects, const struct dwell_leaks *leaks, const struct model *model)
{
	for (size_t i = 0; i < leaks->count; i++) {
		const struct dwell_leak *leak = &leaks->rows[i];
		struct dwell_digest_subject *into;
		char key[KEY_SIZE];

		if (!leak->count || !wants_task(model, leak->tasks[0]))
			continue;
		key_leak(key, model->catalog, leak);
		into = subjects_get(subjects, DWELL_SUBJECT_LEAK, key);
		if (!into)
			return DWELL_ENOMEM;
		if (!into->has_value) {
			into->id = where_leaked(model, leak);
			if (blame_leak(&into->blame, model->catalog, leak))
				return DWELL_ENOMEM;
		}
		into->has_value = true;
		into->value += leak->count;
		into->tasks += leak->count;
	}
	return DWELL_OK;
}

/* What is told of a pool as times: gets, those that made an object, those that nothing was put back
 * for, and how long the others were held in all. And where most of the third kind are,
 * and the first of these. */
static int tell_pool(struct dwell_digest_subject *into, const struct dwell_pool_row *row,
	const struct dwell_catalog *catalog)
{
	const uint64_t served = (uint64_t)((double)row->gets * row->reuse_ppm / 1e6 + 0.5);
	const struct dwell_times told = {
		.running_ns = row->gets,
		.runnable_ns = row->gets - served,
		.blocked_ns = row->faults[DWELL_POOL_NEVER_PUT],
		.unknown_ns = row->held.total_ns,
	};
	int err = DWELL_OK;

	add_times(&into->times, &told);
	for (size_t i = 0; i < row->site_count && !err; i++) {
		const struct dwell_pool_site *site = &row->sites[i];
		char who[KEY_SIZE], where[KEY_SIZE], text[KEY_SIZE];

		if (site->fault != DWELL_POOL_NEVER_PUT || site->count <= into->blame.holder_ns)
			continue;
		key_class(who, catalog, site->task);
		key_place(where, catalog, site->stack, 3);
		snprintf(text, sizeof(text), "%s%.150s%s%.90s", *where ? "at " : "", where,
			*where ? " by " : "by ", who);
		into->blame.holder_ns = site->count;
		into->id = moment_id(catalog, site->task, site->first_ns);
		err = subject_text(&into->blame.waker, text);
	}
	return err;
}

/* Of so few gets a share says nothing. */
enum { GETS_LEAST = 100 };

/* Pools of one name are one: their gets count together. */
int digest_pools(struct subjects *subjects, const struct dwell_pools *pools,
	const struct dwell_catalog *catalog)
{
	for (size_t i = 0; i < pools->count; i++) {
		const struct dwell_pool_row *row = &pools->rows[i];
		const double gets = (double)row->gets;
		struct dwell_digest_subject *into;
		char key[KEY_SIZE];
		double before;

		if (row->gets < GETS_LEAST)
			continue;
		key_lock(key, catalog, row->object, 0, 0);
		into = subjects_get(subjects, DWELL_SUBJECT_POOL, key);
		if (!into)
			return DWELL_ENOMEM;
		before = into->value_of;
		into->value =
			(into->value * before + gets * row->reuse_ppm / 1e6) / (before + gets);
		into->has_value = true;
		into->value_of += gets;
		if (!into->id)
			into->id = moment_id(catalog, row->first_task, row->first_ns);
		if (tell_pool(into, row, catalog))
			return DWELL_ENOMEM;
	}
	return DWELL_OK;
}

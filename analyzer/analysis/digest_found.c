/* Leaks and pools as subjects of a digest. */
#include <stdio.h>

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
		if (!into->has_value)
			into->id = leak->id;
		into->has_value = true;
		into->value += leak->count;
		into->tasks += leak->count;
	}
	return DWELL_OK;
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
			into->id = row->id;
	}
	return DWELL_OK;
}

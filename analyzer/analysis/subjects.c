/* Subjects by their names, and what becomes them by its ids. */
#include "analysis/subjects.h"

#include <stdlib.h>
#include <string.h>

const char *dwell_digest_kind_name(unsigned kind)
{
	static const char *const names[DWELL_SUBJECT_KIND_COUNT] = { NULL, "run", "class", "site",
		"lock", "span", "pause", "counter", "leak", "pool", "path", "reason", "left" };

	return kind < DWELL_SUBJECT_KIND_COUNT ? names[kind] : NULL;
}

static struct item **item_slot(const struct items *items, uint64_t key)
{
	struct item **slot = items_first_slot(items, key);

	while (*slot && (*slot)->key != key)
		slot = slot + 1 == items->slots + items->slot_count ? items->slots : slot + 1;
	return slot;
}

static int grow_items(struct items *items)
{
	const size_t cap = items->cap ? items->cap * 2 : 64;
	struct item **at = realloc(items->at, cap * sizeof(struct item *));
	struct item **slots = calloc(cap * 2, sizeof(struct item *));

	if (at)
		items->at = at;
	if (!at || !slots) {
		free(slots);
		return DWELL_ENOMEM;
	}
	free(items->slots);
	items->slots = slots;
	items->slot_count = cap * 2;
	items->cap = cap;
	for (size_t i = 0; i < items->count; i++)
		*item_slot(items, at[i]->key) = at[i];
	return DWELL_OK;
}

struct item *items_get(struct items *items, uint64_t key, bool *made)
{
	struct item *item, **slot;

	*made = false;
	if (items->count == items->cap && grow_items(items))
		return NULL;
	slot = item_slot(items, key);
	if (*slot)
		return *slot;
	item = calloc(1, sizeof(*item));
	if (!item)
		return NULL;
	item->key = key;
	item->place = (uint32_t)items->count;
	items->at[items->count++] = item;
	*slot = item;
	*made = true;
	return item;
}

void items_release(struct items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		free(items->at[i]->states.cells);
		series_release(&items->at[i]->series);
		series_release(&items->at[i]->hold);
		free(items->at[i]);
	}
	free(items->at);
	free(items->slots);
	*items = (struct items){ 0 };
}

static uint32_t *subject_slot(const struct subjects *subjects, unsigned kind, const char *key)
{
	size_t i = hash_bytes(key, strlen(key), kind) & (subjects->slot_count - 1);

	for (; subjects->slots[i]; i = (i + 1) & (subjects->slot_count - 1)) {
		const struct dwell_digest_subject *subject = &subjects->at[subjects->slots[i] - 1];

		if (subject->kind == kind && !strcmp(subject->key, key))
			break;
	}
	return &subjects->slots[i];
}

static int grow_subjects(struct subjects *subjects)
{
	const size_t cap = subjects->cap ? subjects->cap * 2 : 64;
	struct dwell_digest_subject *at = realloc(subjects->at, cap * sizeof(*at));
	uint32_t *slots = calloc(cap * 2, sizeof(*slots));

	if (at)
		subjects->at = at;
	if (!at || !slots) {
		free(slots);
		return DWELL_ENOMEM;
	}
	free(subjects->slots);
	subjects->slots = slots;
	subjects->slot_count = cap * 2;
	subjects->cap = cap;
	for (size_t i = 0; i < subjects->count; i++)
		*subject_slot(subjects, at[i].kind, at[i].key) = (uint32_t)i + 1;
	return DWELL_OK;
}

struct dwell_digest_subject *subjects_get(struct subjects *subjects, unsigned kind, const char *key)
{
	struct dwell_digest_subject *subject;
	uint32_t *slot;

	if (subjects->count == subjects->cap && grow_subjects(subjects))
		return NULL;
	slot = subject_slot(subjects, kind, key);
	if (*slot)
		return &subjects->at[*slot - 1];
	subject = &subjects->at[subjects->count];
	*subject = (struct dwell_digest_subject){ .kind = (uint8_t)kind };
	if (subject_text(&subject->key, key) || subject_text(&subject->alias, "")) {
		subject_release(subject);
		return NULL;
	}
	*slot = (uint32_t)++subjects->count;
	return subject;
}

struct dwell_digest_subject *subjects_find(
	const struct subjects *subjects, unsigned kind, const char *key)
{
	const uint32_t slot = subjects->slots ? *subject_slot(subjects, kind, key) : 0;

	return slot ? &subjects->at[slot - 1] : NULL;
}

void subjects_release(struct subjects *subjects)
{
	for (size_t i = 0; i < subjects->count; i++)
		subject_release(&subjects->at[i]);
	free(subjects->at);
	free(subjects->slots);
	*subjects = (struct subjects){ 0 };
}

void subject_release(struct dwell_digest_subject *subject)
{
	free(subject->key);
	free(subject->alias);
	free(subject->blame.holder);
	free(subject->blame.waker);
	free(subject->states.cells);
	series_release(&subject->series);
	series_release(&subject->hold);
	for (size_t i = 0; i < subject->instead.count; i++)
		free(subject->instead.ran[i].who);
	free(subject->instead.ran);
	*subject = (struct dwell_digest_subject){ 0 };
}

int subject_text(char **into, const char *text)
{
	const size_t size = text ? strlen(text) + 1 : 0;
	char *copy = text ? malloc(size) : NULL;

	if (text && !copy)
		return DWELL_ENOMEM;
	if (copy)
		memcpy(copy, text, size);
	free(*into);
	*into = copy;
	return DWELL_OK;
}

int subject_merge(struct dwell_digest_subject *into, const struct dwell_digest_subject *from)
{
	int err = series_merge(&into->series, &from->series);

	if (!err)
		err = series_merge(&into->hold, &from->hold);
	if (!err)
		err = windows_merge(&into->states, &from->states);
	into->times.running_ns += from->times.running_ns;
	into->times.runnable_ns += from->times.runnable_ns;
	into->times.blocked_ns += from->times.blocked_ns;
	into->times.unknown_ns += from->times.unknown_ns;
	into->tasks += from->tasks;
	return err;
}

static int by_key(const void *a, const void *b)
{
	const struct dwell_digest_subject *x = a, *y = b;

	return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
				  : strcmp(x->key, y->key);
}

void digest_sort(struct dwell_digest *digest)
{
	qsort(digest->subjects, digest->count, sizeof(*digest->subjects), by_key);
}

void dwell_digest_free(struct dwell_digest *digest)
{
	if (!digest)
		return;
	for (size_t i = 0; i < digest->count; i++)
		subject_release(&digest->subjects[i]);
	free(digest->subjects);
	free((char *)digest->trace.source.at);
	free(digest);
}

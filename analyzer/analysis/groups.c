/* Waits alike, with who held and who woke. */
#include "analysis/groups.h"

#include <stdlib.h>
#include <string.h>

enum { FEW = 64 };

static int set_bit(struct idset *set, uint32_t id)
{
	const size_t word = id / 64;

	if (word >= set->words) {
		const size_t words = (word + 1) * 2;
		uint64_t *bits = realloc(set->bits, words * sizeof(*bits));

		if (!bits)
			return DWELL_ENOMEM;
		memset(&bits[set->words], 0, (words - set->words) * sizeof(*bits));
		set->bits = bits;
		set->words = words;
	}
	if (!(set->bits[word] >> (id % 64) & 1)) {
		set->bits[word] |= 1ull << (id % 64);
		set->count++;
	}
	return DWELL_OK;
}

static int spread(struct idset *set)
{
	uint32_t *few = set->few;
	const uint32_t count = set->count;
	int err = DWELL_OK;

	set->few = NULL;
	set->count = 0;
	for (uint32_t i = 0; i < count && !err; i++)
		err = set_bit(set, few[i]);
	free(few);
	return err;
}

int idset_add(struct idset *set, uint32_t id)
{
	if (set->bits)
		return set_bit(set, id);
	for (uint32_t i = set->count; i > 0; i--)
		if (set->few[i - 1] == id)
			return DWELL_OK;
	if (set->count == FEW) {
		const int err = spread(set);

		return err ? err : set_bit(set, id);
	}
	if (set->count == set->cap) {
		const uint32_t cap = set->cap ? set->cap * 4 : 4;
		uint32_t *few = realloc(set->few, cap * sizeof(*few));

		if (!few)
			return DWELL_ENOMEM;
		set->few = few;
		set->cap = cap;
	}
	set->few[set->count++] = id;
	return DWELL_OK;
}

bool idset_has(const struct idset *set, uint32_t id)
{
	if (set->bits)
		return id / 64 < set->words && (set->bits[id / 64] >> (id % 64) & 1);
	for (uint32_t i = 0; i < set->count; i++)
		if (set->few[i] == id)
			return true;
	return false;
}

void idset_each(const struct idset *set, void (*visit)(void *context, uint32_t id), void *context)
{
	for (uint32_t i = 0; !set->bits && i < set->count; i++)
		visit(context, set->few[i]);
	for (size_t word = 0; set->bits && word < set->words; word++)
		for (unsigned bit = 0; set->bits[word] && bit < 64; bit++)
			if (set->bits[word] >> bit & 1)
				visit(context, (uint32_t)(word * 64 + bit));
}

struct adding {
	struct idset *into;
	int err;
};

static void add_one(void *context, uint32_t id)
{
	struct adding *adding = context;

	if (!adding->err)
		adding->err = idset_add(adding->into, id);
}

int idset_merge(struct idset *into, const struct idset *from)
{
	struct adding adding = { into, DWELL_OK };

	idset_each(from, add_one, &adding);
	return adding.err;
}

void idset_release(struct idset *set)
{
	free(set->few);
	free(set->bits);
	*set = (struct idset){ 0 };
}

static struct group **find_slot(const struct groups *groups, uint64_t key)
{
	struct group **slot = groups_first_slot(groups, key);

	while (*slot && (*slot)->key != key)
		slot = slot + 1 == groups->slots + groups->slot_count ? groups->slots : slot + 1;
	return slot;
}

static int grow(struct groups *groups)
{
	const size_t cap = groups->cap ? groups->cap * 2 : 32;
	struct group **at = realloc(groups->at, cap * sizeof(struct group *));

	if (!at)
		return DWELL_ENOMEM;
	groups->at = at;

	struct group **slots = calloc(cap * 2, sizeof(struct group *));
	if (!slots)
		return DWELL_ENOMEM;
	free(groups->slots);
	groups->slots = slots;
	groups->slot_count = cap * 2;
	groups->cap = cap;
	for (size_t i = 0; i < groups->count; i++)
		*find_slot(groups, at[i]->key) = at[i];
	return DWELL_OK;
}

struct group *groups_get(struct groups *groups, uint64_t key, bool *made)
{
	*made = false;
	if (groups->count == groups->cap && grow(groups))
		return NULL;

	struct group **slot = find_slot(groups, key);
	if (*slot)
		return *slot;

	struct group *group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->key = key;
	groups->at[groups->count++] = group;
	*slot = group;
	*made = true;
	return group;
}

void groups_drop(struct groups *groups, size_t i)
{
	struct group *group = groups->at[i];

	groups->at[i] = NULL;
	if (!group)
		return;
	dwell_histogram_release(&group->waits);
	idset_release(&group->tasks);
	group_forget_holders(group);
	free(group->holders);
	free(group->wakers);
	free(group->rest);
	free(group);
}

void groups_release(struct groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		groups_drop(groups, i);
	free(groups->at);
	free(groups->slots);
	*groups = (struct groups){ 0 };
}

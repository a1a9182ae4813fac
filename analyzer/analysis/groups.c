/* Waits alike, with who held and who woke. */
#include "analysis/groups.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_MOST = 512 };

static int set_bit(struct idset *set, uint32_t id)
{
	const size_t word = id / 64;

	if (word >= set->words) {
		const size_t words = word + 1 + word / 8;
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

static inline uint32_t few_at(const struct idset *set, uint32_t i)
{
	return set->is_wide ? set->wide[i] : set->few[i];
}

/* The few and one more, as bits. */
static int spread(struct idset *set, uint32_t id, uint32_t highest)
{
	const size_t words = (size_t)highest / 64 + 1;
	uint64_t *bits = calloc(words, sizeof(*bits));

	if (!bits)
		return DWELL_ENOMEM;
	for (uint32_t i = 0; i < set->count; i++)
		bits[few_at(set, i) / 64] |= 1ull << (few_at(set, i) % 64);
	free(set->few);
	set->few = NULL;
	set->cap = 0;
	set->bits = bits;
	set->words = words;
	return set_bit(set, id);
}

/* Where it is among the few, or would be. */
static uint32_t find_few(const struct idset *set, uint32_t id)
{
	uint32_t low = 0, high = set->count;

	while (low < high) {
		const uint32_t middle = (low + high) / 2;

		if (few_at(set, middle) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* By a quarter: there may be very many sets. */
static uint32_t more_few(const struct idset *set)
{
	return set->cap + set->cap / 4 + 4;
}

/* Room for one more, up to an id. */
static int grow_few(struct idset *set, uint32_t highest)
{
	const bool widen = !set->is_wide && highest > UINT16_MAX;
	const uint32_t cap = more_few(set);
	void *few;

	if (!widen && set->count < set->cap)
		return DWELL_OK;
	few = realloc(
		set->few, cap * (widen || set->is_wide ? sizeof(uint32_t) : sizeof(uint16_t)));
	if (!few)
		return DWELL_ENOMEM;
	set->few = few;
	set->cap = cap;
	if (!widen)
		return DWELL_OK;
	/* From behind: what is not widened yet stays. */
	for (uint32_t i = set->count; i > 0; i--) {
		uint16_t narrow;

		memcpy(&narrow, (const char *)few + (i - 1) * sizeof(narrow), sizeof(narrow));
		memcpy((char *)few + (i - 1) * sizeof(uint32_t), &(uint32_t){ narrow },
			sizeof(uint32_t));
	}
	set->is_wide = true;
	return DWELL_OK;
}

static void insert_few(struct idset *set, uint32_t at, uint32_t id)
{
	const size_t size = set->is_wide ? sizeof(*set->wide) : sizeof(*set->few);
	char *place = (char *)set->few + at * size;

	memmove(place + size, place, (set->count - at) * size);
	if (set->is_wide)
		set->wide[at] = id;
	else
		set->few[at] = (uint16_t)id;
	set->count++;
}

/* Which of both is smaller goes by the highest id. */
static bool is_smaller_as_bits(const struct idset *set, uint32_t highest)
{
	const uint64_t bits = highest > UINT16_MAX ? 32 : 16;

	return set->count == FEW_MOST || more_few(set) * bits > highest;
}

int idset_add(struct idset *set, uint32_t id)
{
	uint32_t at, highest;
	int err;

	if (set->bits)
		return set_bit(set, id);
	at = find_few(set, id);
	if (at < set->count && few_at(set, at) == id)
		return DWELL_OK;
	highest = at < set->count ? few_at(set, set->count - 1) : id;
	if (set->count && set->count == set->cap && is_smaller_as_bits(set, highest))
		return spread(set, id, highest);
	err = grow_few(set, highest);
	if (!err)
		insert_few(set, at, id);
	return err;
}

bool idset_has(const struct idset *set, uint32_t id)
{
	uint32_t at;

	if (set->bits)
		return id / 64 < set->words && (set->bits[id / 64] >> (id % 64) & 1);
	at = find_few(set, id);
	return at < set->count && few_at(set, at) == id;
}

void idset_each(const struct idset *set, void (*visit)(void *context, uint32_t id), void *context)
{
	for (uint32_t i = 0; !set->bits && i < set->count; i++)
		visit(context, few_at(set, i));
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
	free(group->holder_keys);
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

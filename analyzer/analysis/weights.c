/* Weighted stacks by who had them: found by a hash, and by the task where that is to be settled. */
#include "analysis/weights.h"

#include <stdlib.h>

void weights_init(struct weights *weights)
{
	*weights = (struct weights){ .owners = { .item = sizeof(uint32_t) } };
}

void weights_release(struct weights *weights)
{
	free(weights->at);
	free(weights->slots);
	table_release(&weights->owners);
	*weights = (struct weights){ 0 };
}

static uint32_t *slot_of(const struct weights *weights, const struct weight *like)
{
	uint64_t hash = hash_mix(like->of_shape, like->owner);

	hash = hash_mix(hash_mix(hash, like->reason), like->stack);
	return &weights->slots[hash >> 32 & (weights->slot_count - 1)];
}

static int grow_slots(struct weights *weights)
{
	const size_t count = weights->slot_count ? weights->slot_count * 2 : 256;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return DWELL_ENOMEM;
	free(weights->slots);
	weights->slots = slots;
	weights->slot_count = count;
	for (uint32_t i = 1; i < weights->end; i++) {
		struct weight *of = &weights->at[i];
		uint32_t *slot = of->count ? slot_of(weights, of) : NULL;

		if (!slot)
			continue;
		of->next = *slot;
		*slot = i;
	}
	return DWELL_OK;
}

static int grow(struct weights *weights)
{
	const uint32_t cap = weights->cap ? weights->cap * 2 : 256;
	struct weight *at = realloc(weights->at, cap * sizeof(*at));

	if (!at)
		return DWELL_ENOMEM;
	weights->at = at;
	weights->cap = cap;
	if (!weights->end)
		weights->end = 1;
	return weights->slot_count < cap ? grow_slots(weights) : DWELL_OK;
}

/* 0: no memory. */
static uint32_t take_one(struct weights *weights)
{
	const uint32_t free_one = weights->free;

	if (free_one) {
		weights->free = weights->at[free_one].next;
		return free_one;
	}
	if (weights->end == weights->cap && grow(weights))
		return 0;
	return weights->end++;
}

static bool is_like(const struct weight *a, const struct weight *b)
{
	return a->owner == b->owner && a->stack == b->stack && a->reason == b->reason &&
	       a->of_shape == b->of_shape;
}

/* Made where it was not: then *made. NULL: no memory. */
static struct weight *find(struct weights *weights, const struct weight *like, bool *made)
{
	uint32_t place = weights->slots ? *slot_of(weights, like) : 0, *slot;

	*made = false;
	while (place && !is_like(&weights->at[place], like))
		place = weights->at[place].next;
	if (place)
		return &weights->at[place];
	place = take_one(weights);
	if (!place)
		return NULL;
	slot = slot_of(weights, like);
	weights->at[place] = *like;
	weights->at[place].next = *slot;
	*slot = place;
	*made = true;
	return &weights->at[place];
}

int weights_add(
	struct weights *weights, uint32_t task, unsigned reason, uint32_t stack, uint64_t ns)
{
	const struct weight like = {
		.owner = task, .task = task, .stack = stack, .reason = (uint8_t)reason
	};
	bool made;
	struct weight *of = find(weights, &like, &made);
	uint32_t *first = of && made ? table_make(&weights->owners, task) : NULL;

	if (!of || (made && !first))
		return DWELL_ENOMEM;
	if (made) {
		of->more = *first;
		*first = (uint32_t)(of - weights->at);
	}
	of->count++;
	of->ns += ns;
	return DWELL_OK;
}

/* A place is free. */
static void give_back(struct weights *weights, uint32_t place)
{
	uint32_t *at = slot_of(weights, &weights->at[place]);

	while (*at != place)
		at = &weights->at[*at].next;
	*at = weights->at[place].next;
	weights->at[place] = (struct weight){ .next = weights->free };
	weights->free = place;
}

int weights_settle(struct weights *weights, uint32_t task, uint32_t shape)
{
	uint32_t *first = table_get(&weights->owners, task);

	for (uint32_t place = first ? *first : 0, more; place; place = more) {
		const struct weight was = weights->at[place];
		const struct weight like = { .owner = shape,
			.task = task,
			.stack = was.stack,
			.reason = was.reason,
			.of_shape = true };
		bool made;
		struct weight *into;

		more = was.more;
		*first = more;
		give_back(weights, place);
		into = find(weights, &like, &made);
		if (!into)
			return DWELL_ENOMEM;
		if (task < into->task)
			into->task = task;
		into->count += was.count;
		into->ns += was.ns;
	}
	return DWELL_OK;
}

void weights_drop(struct weights *weights, uint32_t first)
{
	table_drop(&weights->owners, first);
}

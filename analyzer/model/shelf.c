/* Things found by a key. */
#include "model/shelf.h"

#include <stdlib.h>
#include <string.h>

int shelf_grow(struct shelf *shelf)
{
	const size_t cap = shelf->cap ? shelf->cap + shelf->cap / 2 : 256;
	unsigned char *at = realloc(shelf->at, cap * shelf->item);
	uint32_t *key_of;

	if (!at)
		return DWELL_ENOMEM;
	shelf->at = at;
	key_of = realloc(shelf->key_of, 2 * cap * sizeof(*key_of));
	if (!key_of)
		return DWELL_ENOMEM;
	shelf->key_of = key_of;
	shelf->cap = cap;
	return DWELL_OK;
}

int shelf_meet(struct shelf *shelf, uint32_t key)
{
	const size_t cap = ((size_t)key + 3) * 2;
	uint32_t *first = realloc(shelf->first, cap * sizeof(*first));

	if (!first)
		return DWELL_ENOMEM;
	memset(first + shelf->first_cap, 0, (cap - shelf->first_cap) * sizeof(*first));
	shelf->first = first;
	shelf->first_cap = cap;
	return DWELL_OK;
}

/* While things are put down, first[key + 1] is where the next goes. */
void shelf_index(struct shelf *shelf)
{
	uint32_t *first = shelf->first;

	shelf->order = shelf->key_of + shelf->cap;
	for (uint32_t k = 1; k <= shelf->keys; k++)
		first[k + 1] += first[k];
	for (size_t i = 0; i < shelf->count; i++)
		shelf->order[first[shelf->key_of[i] + 1]++] = (uint32_t)i;
}

void shelf_clear(struct shelf *shelf)
{
	if (shelf->first)
		memset(shelf->first, 0, shelf->first_cap * sizeof(*shelf->first));
	shelf->count = 0;
	shelf->keys = 0;
	shelf->order = NULL;
}

void shelf_release(struct shelf *shelf)
{
	free(shelf->at);
	free(shelf->key_of);
	free(shelf->first);
	*shelf = (struct shelf){ .item = shelf->item };
}

size_t shelf_find(const struct shelf *shelf, uint32_t key, uint64_t time_ns)
{
	size_t low = 0, high = shelf_count(shelf, key);

	while (low < high) {
		const size_t middle = (low + high) / 2;
		const uint64_t *times = shelf_get(shelf, key, middle);

		if (times[1] > time_ns)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

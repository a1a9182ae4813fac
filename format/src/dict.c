#include "src/dict.h"

#include "dwell/error.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 64, FEW_IDS = 1 << 16 };

int dwell_dict_init(struct dict *dict)
{
	*dict = (struct dict){ .numbers = { .size = sizeof(uint64_t) }, .epoch = 1, .count = 1 };
	dict->ids = calloc(FIRST_CAP, sizeof(*dict->ids));
	dict->cap = FIRST_CAP;
	dict->few = calloc(FIRST_CAP, sizeof(*dict->few));
	dict->few_cap = FIRST_CAP;
	if (!dict->ids || !dict->few)
		return DWELL_ENOMEM;
	dict->few[0] = (uint64_t)dict->epoch << 32;
	return DWELL_OK;
}

void dwell_dict_release(struct dict *dict)
{
	dwell_pages_release(&dict->numbers);
	free(dict->few);
	dict->few = NULL;
	free(dict->ids);
	dict->ids = NULL;
}

void dwell_dict_clear(struct dict *dict)
{
	dict->count = 1;
	dict->epoch++;
	dict->few[0] = (uint64_t)dict->epoch << 32;
}

/* Where the number of an id is kept. */
static uint64_t *place_of(struct dict *dict, uint32_t id)
{
	if (id >= FEW_IDS)
		return dwell_pages_make(&dict->numbers, id);
	if (id >= dict->few_cap) {
		uint32_t cap = dict->few_cap;

		while (cap <= id)
			cap *= 2;

		uint64_t *few = realloc(dict->few, cap * sizeof(*few));

		if (!few)
			return NULL;
		memset(few + dict->few_cap, 0, (cap - dict->few_cap) * sizeof(*few));
		dict->few = few;
		dict->few_cap = cap;
	}
	return &dict->few[id];
}

uint32_t dwell_dict_add(struct dict *dict, uint32_t id)
{
	uint64_t *number = place_of(dict, id);

	if (!number)
		return UINT32_MAX;
	if (dict->count == dict->cap) {
		uint32_t *ids = realloc(dict->ids, 2 * (size_t)dict->cap * sizeof(*ids));

		if (!ids)
			return UINT32_MAX;
		dict->ids = ids;
		dict->cap *= 2;
	}
	*number = (uint64_t)dict->epoch << 32 | dict->count;
	dict->ids[dict->count] = id;
	return dict->count++;
}

#include "src/dict.h"

#include "dwell/error.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 64 };

int dwell_dict_init(struct dict *dict)
{
	*dict = (struct dict){ .numbers = { .size = sizeof(uint64_t) }, .epoch = 1, .count = 1 };
	dict->ids = calloc(FIRST_CAP, sizeof(*dict->ids));
	dict->cap = FIRST_CAP;
	/* Only what is used of it takes memory. */
	dict->few = calloc(DICT_FEW, sizeof(*dict->few));
	if (!dict->ids || !dict->few)
		return DWELL_ENOMEM;
	dict->few[0] = 1;
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
	for (uint32_t i = 1; i < dict->count; i++)
		if (dict->ids[i] < DICT_FEW)
			dict->few[dict->ids[i]] = 0;
	dict->few[0] = 1;
	dict->count = 1;
	dict->epoch++;
}

uint32_t dwell_dict_add(struct dict *dict, uint32_t id)
{
	uint64_t *number = id < DICT_FEW ? NULL : dwell_pages_make(&dict->numbers, id);

	if (id >= DICT_FEW && !number)
		return UINT32_MAX;
	if (dict->count == dict->cap) {
		uint32_t *ids = realloc(dict->ids, 2 * (size_t)dict->cap * sizeof(*ids));

		if (!ids)
			return UINT32_MAX;
		dict->ids = ids;
		dict->cap *= 2;
	}
	if (number)
		*number = (uint64_t)dict->epoch << 32 | dict->count;
	else
		dict->few[id] = dict->count + 1;
	dict->ids[dict->count] = id;
	return dict->count++;
}

#include "src/dict.h"

#include "dwell/error.h"

#include <stdlib.h>

enum { FIRST_CAP = 64 };

int dwell_dict_init(struct dict *dict)
{
	*dict = (struct dict){ .numbers = { .size = sizeof(uint64_t) }, .epoch = 1, .count = 1 };
	dict->ids = calloc(FIRST_CAP, sizeof(*dict->ids));
	dict->cap = FIRST_CAP;
	return dict->ids ? DWELL_OK : DWELL_ENOMEM;
}

void dwell_dict_release(struct dict *dict)
{
	dwell_pages_release(&dict->numbers);
	free(dict->ids);
	dict->ids = NULL;
}

void dwell_dict_clear(struct dict *dict)
{
	dict->count = 1;
	dict->epoch++;
}

uint32_t dwell_dict_add(struct dict *dict, uint32_t id)
{
	uint64_t *number = dwell_pages_make(&dict->numbers, id);

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

/* A ring of who held an executor. */
#include "analysis/held.h"

#include <stdlib.h>

int helds_grow(struct helds *helds, uint32_t limit)
{
	const uint32_t twice = helds->cap ? helds->cap * 2 : 64;
	const uint32_t cap = twice < limit ? twice : limit;
	struct held *at = realloc(helds->at, cap * sizeof(*at));

	if (!at)
		return DWELL_ENOMEM;
	/* It was full: from the oldest on, which is at the start where nothing was dropped. */
	helds->at = at;
	helds->cap = cap;
	helds->next = helds->count;
	return DWELL_OK;
}

void helds_release(struct helds *helds)
{
	free(helds->at);
	*helds = (struct helds){ 0 };
}

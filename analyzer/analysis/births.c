#include "analysis/births.h"

#include <stdlib.h>

#include "dwell/error.h"

void births_init(struct births *births)
{
	*births = (struct births){ .born = { .item = sizeof(uint64_t) } };
}

void births_release(struct births *births)
{
	free(births->at);
	table_release(&births->born);
	*births = (struct births){ 0 };
}

int births_add(struct births *births, uint32_t task, uint64_t time_ns)
{
	if (births->count == births->cap) {
		const size_t cap = births->cap ? births->cap * 2 : 64;
		struct birth *at = realloc(births->at, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		births->at = at;
		births->cap = cap;
	}
	births->at[births->count++] = (struct birth){ time_ns, task };
	return DWELL_OK;
}

static int by_time(const void *a, const void *b)
{
	const struct birth *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->task > y->task) - (x->task < y->task);
}

void births_sort(struct births *births)
{
	if (births->count)
		qsort(births->at, births->count, sizeof(*births->at), by_time);
}

int births_note(struct births *births, uint32_t task, bool *all)
{
	uint64_t *bits = table_make(&births->born, task >> TABLE_BITS);

	if (!bits)
		return DWELL_ENOMEM;
	/* There is no task 0. */
	*bits |= UINT64_C(1) << (task & (TABLE_PAGE - 1)) | (task < TABLE_PAGE);
	*all = *bits == UINT64_MAX;
	return DWELL_OK;
}

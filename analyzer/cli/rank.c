#include "cli/rank.h"

#include <stdlib.h>
#include <string.h>

uint64_t rank_find(const struct rank *ranks, size_t count, const char *sort)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(ranks[i].word, sort))
			return ranks[i].value;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return x->place < y->place ? -1 : 1;
}

struct ranked *rank_rows(const void *rows, size_t size, size_t count,
	uint64_t (*value)(const void *row, const char *sort), const char *sort)
{
	struct ranked *ranked = calloc(count + 1, sizeof(*ranked));

	for (size_t i = 0; ranked && i < count; i++) {
		const void *row = (const char *)rows + i * size;

		ranked[i] = (struct ranked){ row, sort ? value(row, sort) : 0, i };
	}
	if (ranked && sort)
		qsort(ranked, count, sizeof(*ranked), compare);
	return ranked;
}

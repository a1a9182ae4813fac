#include "analysis/walked.h"

#include <stdlib.h>

#include "dwell/error.h"

struct visit {
	uint64_t place, ns;
};

bool walked_is_file(const struct dwell_catalog *catalog, uint32_t object)
{
	const struct dwell_catalog_object *of = dwell_catalog_object(catalog, object);

	return of && of->kind == DWELL_OBJECT_FILE;
}

static int by_place(const void *a, const void *b)
{
	const struct visit *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

/* How many are of the place of the first one; *ns, *most: of all, and of one file. */
static size_t add_up(const struct visit *visits, size_t count, uint64_t *ns, uint64_t *most)
{
	size_t i;

	*ns = *most = 0;
	for (i = 0; i < count && visits[i].place == visits[0].place; i++) {
		*ns += visits[i].ns;
		if (visits[i].ns > *most)
			*most = visits[i].ns;
	}
	return i;
}

int walked_find(struct walked *out, const struct dwell_catalog *catalog,
	const struct groups *groups,
	uint64_t (*place)(const struct dwell_catalog *catalog, const struct group *group))
{
	struct visit *visits = malloc((groups->count + 1) * sizeof(*visits));
	size_t count = 0, files;

	*out = (struct walked){ 0 };
	if (!visits)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < groups->count; i++) {
		const struct group *group = groups->at[i];

		if (walked_is_file(catalog, group->object))
			visits[count++] = (struct visit){ place(catalog, group),
				group->waits.sum + group->open_ns };
	}
	qsort(visits, count, sizeof(*visits), by_place);
	/* Places take the room of the visits that were looked at. */
	out->places = (uint64_t *)visits;
	for (size_t at = 0; at < count; at += files) {
		const uint64_t key = visits[at].place;
		uint64_t ns, most;

		files = add_up(visits + at, count - at, &ns, &most);
		if (files > WALKED_FILES && most < ns / 8)
			out->places[out->count++] = key;
	}
	return DWELL_OK;
}

void walked_release(struct walked *walked)
{
	free(walked->places);
	*walked = (struct walked){ 0 };
}

bool walked_has(const struct walked *walked, uint64_t place)
{
	size_t low = 0, high = walked->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (walked->places[middle] < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low < walked->count && walked->places[low] == place;
}

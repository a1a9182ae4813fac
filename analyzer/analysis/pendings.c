/* What is to be done at earlier moments: a heap. */
#include "analysis/pendings.h"

#include <stdlib.h>

static bool later_than(const struct pending *a, const struct pending *b)
{
	return a->time_ns > b->time_ns;
}

static void sift_down(struct pendings *pendings, size_t i)
{
	for (size_t first = i;; i = first) {
		for (size_t child = 2 * i + 1; child < pendings->count && child <= 2 * i + 2;
			child++)
			if (later_than(pendings->heap[child], pendings->heap[first]))
				first = child;
		if (first == i)
			return;

		struct pending *was = pendings->heap[i];
		pendings->heap[i] = pendings->heap[first];
		pendings->heap[first] = was;
	}
}

int pendings_add(struct pendings *pendings, const struct pending *pending)
{
	struct pending *kept = malloc(sizeof(*kept));

	if (kept && pendings->count == pendings->cap) {
		const size_t cap = pendings->cap ? pendings->cap * 2 : 64;
		struct pending **heap = realloc(pendings->heap, cap * sizeof(struct pending *));

		if (!heap) {
			free(kept);
			return DWELL_ENOMEM;
		}
		pendings->heap = heap;
		pendings->cap = cap;
	}
	if (!kept)
		return DWELL_ENOMEM;
	*kept = *pending;
	pendings->heap[pendings->count] = kept;
	for (size_t i = pendings->count++; i && later_than(kept, pendings->heap[(i - 1) / 2]);
		i = (i - 1) / 2) {
		pendings->heap[i] = pendings->heap[(i - 1) / 2];
		pendings->heap[(i - 1) / 2] = kept;
	}
	return DWELL_OK;
}

struct pending pendings_take(struct pendings *pendings)
{
	struct pending *first = pendings->heap[0], out = *first;

	pendings->heap[0] = pendings->heap[--pendings->count];
	sift_down(pendings, 0);
	free(first);
	return out;
}

void pendings_sort(struct pendings *pendings)
{
	for (size_t i = pendings->count / 2; i > 0; i--)
		sift_down(pendings, i - 1);
}

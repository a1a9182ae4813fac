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

struct pending *pendings_make(struct pendings *pendings, uint64_t time_ns, unsigned kind)
{
	struct pending *made = pendings->spare;

	if (made)
		pendings->spare = made->next;
	else
		made = malloc(sizeof(*made));
	if (!made)
		return NULL;
	made->time_ns = time_ns;
	made->kind = (uint8_t)kind;
	made->unresolved = false;
	return made;
}

int pendings_add(struct pendings *pendings, struct pending *pending)
{
	size_t i;

	if (pendings->count == pendings->cap) {
		const size_t cap = pendings->cap ? pendings->cap * 2 : 64;
		struct pending **heap = realloc(pendings->heap, cap * sizeof(struct pending *));

		if (!heap) {
			pendings_drop(pendings, pending);
			return DWELL_ENOMEM;
		}
		pendings->heap = heap;
		pendings->cap = cap;
	}
	for (i = pendings->count++; i && later_than(pending, pendings->heap[(i - 1) / 2]);
		i = (i - 1) / 2)
		pendings->heap[i] = pendings->heap[(i - 1) / 2];
	pendings->heap[i] = pending;
	return DWELL_OK;
}

struct pending *pendings_take(struct pendings *pendings)
{
	struct pending *first = pendings->heap[0];

	pendings->heap[0] = pendings->heap[--pendings->count];
	sift_down(pendings, 0);
	return first;
}

void pendings_drop(struct pendings *pendings, struct pending *pending)
{
	pending->next = pendings->spare;
	pendings->spare = pending;
}

void pendings_release(struct pendings *pendings)
{
	for (size_t i = 0; i < pendings->count; i++)
		free(pendings->heap[i]);
	while (pendings->spare) {
		struct pending *next = pendings->spare->next;

		free(pendings->spare);
		pendings->spare = next;
	}
	free(pendings->heap);
	*pendings = (struct pendings){ 0 };
}

void pendings_sort(struct pendings *pendings)
{
	for (size_t i = pendings->count / 2; i > 0; i--)
		sift_down(pendings, i - 1);
}

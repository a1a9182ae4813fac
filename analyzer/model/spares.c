/* Shelves to be used again. */
#include "model/spares.h"

#include <pthread.h>
#include <stdlib.h>

enum { MOST_SPARES = 3 };

struct spares {
	pthread_mutex_t lock;
	struct shelf kept[MOST_SPARES];
	size_t count;
};

struct spares *spares_new(void)
{
	struct spares *spares = calloc(1, sizeof(*spares));

	if (spares)
		pthread_mutex_init(&spares->lock, NULL);
	return spares;
}

void spares_free(struct spares *spares)
{
	if (!spares)
		return;
	for (size_t i = 0; i < spares->count; i++)
		shelf_release(&spares->kept[i]);
	pthread_mutex_destroy(&spares->lock);
	free(spares);
}

struct shelf spares_take(struct spares *spares, size_t item)
{
	struct shelf shelf = { .item = item };

	pthread_mutex_lock(&spares->lock);
	if (spares->count && spares->kept[spares->count - 1].item == item)
		shelf = spares->kept[--spares->count];
	pthread_mutex_unlock(&spares->lock);
	return shelf;
}

void spares_give(struct spares *spares, struct shelf *shelf)
{
	bool kept;

	shelf_clear(shelf);
	pthread_mutex_lock(&spares->lock);
	kept = spares->count < MOST_SPARES;
	if (kept)
		spares->kept[spares->count++] = *shelf;
	pthread_mutex_unlock(&spares->lock);
	if (kept)
		*shelf = (struct shelf){ .item = shelf->item };
	else
		shelf_release(shelf);
}

/* Blocks of memory to be used again. */
#include "model/spares.h"

#include <pthread.h>
#include <stdlib.h>

enum { MOST_SPARES = 2 };

struct spares {
	pthread_mutex_t lock;
	struct spare {
		void *at;
		size_t size;
	} kept[MOST_SPARES];
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
		free(spares->kept[i].at);
	pthread_mutex_destroy(&spares->lock);
	free(spares);
}

void *spares_take(struct spares *spares, size_t *size)
{
	struct spare spare = { 0 };

	pthread_mutex_lock(&spares->lock);
	if (spares->count)
		spare = spares->kept[--spares->count];
	pthread_mutex_unlock(&spares->lock);
	*size = spare.size;
	return spare.at;
}

void spares_give(struct spares *spares, void *at, size_t size)
{
	pthread_mutex_lock(&spares->lock);
	if (at && spares->count < MOST_SPARES) {
		spares->kept[spares->count++] = (struct spare){ at, size };
		at = NULL;
	}
	pthread_mutex_unlock(&spares->lock);
	free(at);
}

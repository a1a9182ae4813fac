/* Parts read before they are asked for, from the last to the first. */
#include "model/ahead.h"

#include <pthread.h>
#include <stdlib.h>

/* Each holds a part in memory, and so does who takes them. */
enum { MOST_HANDS = 4 };

struct ahead_part {
	void *read;
	int err;
	bool done;
};

struct ahead {
	struct model *model;
	const struct ahead_ops *ops;
	void *context;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct ahead_part *parts;
	size_t left;  /* parts that nobody has begun to read: the last of them is next */
	size_t taken; /* and not to be read more than `most` ahead of */
	size_t most;
	bool stop;
	unsigned hands;
	pthread_t threads[MOST_HANDS];
};

/* True with the part that is to be read next. */
static bool next_part(struct ahead *ahead, size_t *part)
{
	bool found;

	pthread_mutex_lock(&ahead->lock);
	while (!ahead->stop && ahead->left &&
		ahead->model->parts - ahead->left >= ahead->taken + ahead->most)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	found = !ahead->stop && ahead->left;
	if (found)
		*part = --ahead->left;
	pthread_mutex_unlock(&ahead->lock);
	return found;
}

static void *read_parts(void *context)
{
	struct ahead *ahead = context;
	size_t part;

	while (next_part(ahead, &part)) {
		struct ahead_part read = { .done = true };

		read.err = ahead->ops->read(ahead->model, ahead->context, part, &read.read);
		pthread_mutex_lock(&ahead->lock);
		ahead->parts[part] = read;
		pthread_cond_broadcast(&ahead->changed);
		pthread_mutex_unlock(&ahead->lock);
	}
	return NULL;
}

int ahead_new(struct ahead **out, struct model *model, const struct ahead_ops *ops, void *context)
{
	const unsigned wanted = model->threads < MOST_HANDS ? model->threads : (unsigned)MOST_HANDS;
	struct ahead *ahead = calloc(1, sizeof(*ahead));

	if (ahead)
		ahead->parts = calloc(model->parts, sizeof(*ahead->parts));
	if (!ahead || !ahead->parts) {
		free(ahead);
		return DWELL_ENOMEM;
	}
	ahead->model = model;
	ahead->ops = ops;
	ahead->context = context;
	ahead->left = model->parts;
	ahead->most = (size_t)wanted;
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->changed, NULL);
	/* Where no other thread can be had, who asks for a part reads it. */
	while (model->parts > 1 && wanted > 1 && ahead->hands < wanted &&
		!pthread_create(&ahead->threads[ahead->hands], NULL, read_parts, ahead))
		ahead->hands++;
	*out = ahead;
	return DWELL_OK;
}

void ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return;
	pthread_mutex_lock(&ahead->lock);
	ahead->stop = true;
	pthread_cond_broadcast(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	for (unsigned i = 0; i < ahead->hands; i++)
		pthread_join(ahead->threads[i], NULL);
	for (size_t i = 0; i < ahead->model->parts; i++)
		ahead->ops->drop(ahead->parts[i].read);
	free(ahead->parts);
	pthread_mutex_destroy(&ahead->lock);
	pthread_cond_destroy(&ahead->changed);
	free(ahead);
}

int ahead_take(struct ahead *ahead, size_t part, void **out)
{
	struct ahead_part read;

	if (!ahead->hands)
		return ahead->ops->read(ahead->model, ahead->context, part, out);
	pthread_mutex_lock(&ahead->lock);
	while (!ahead->parts[part].done)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	read = ahead->parts[part];
	ahead->parts[part].read = NULL;
	ahead->taken++;
	pthread_cond_broadcast(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	*out = read.read;
	return read.err;
}

/* Rows from one thread to another. */
#include "model/pipe.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

/* Who had to wait goes on when so many are ready: so that neither wakes the other for each. All of
 * them stay in the second cache of a core. */
enum { BATCH = 512, BATCHES = 8, ENOUGH = BATCHES / 2 };

struct batch {
	struct dwell_event rows[BATCH];
	size_t count;
};

struct pipe {
	int (*take)(void *context, const struct dwell_event *rows, size_t count);
	void *context;
	struct batch *batches;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t given, taken; /* batches so far */
	bool hurry;            /* take all that were given */
	bool ended;
	int err;
	pthread_t thread;
};

/* True: the batch `taken` is there. */
static bool wait_for_batch(struct pipe *pipe)
{
	if (pipe->given == pipe->taken)
		while (!pipe->ended && !(pipe->hurry && pipe->given > pipe->taken) &&
			pipe->given - pipe->taken < ENOUGH)
			pthread_cond_wait(&pipe->changed, &pipe->lock);
	return pipe->given > pipe->taken;
}

static void *take_all(void *context)
{
	struct pipe *pipe = context;

	pthread_mutex_lock(&pipe->lock);
	while (wait_for_batch(pipe)) {
		const struct batch *batch = &pipe->batches[pipe->taken % BATCHES];
		int err = pipe->err;

		pthread_mutex_unlock(&pipe->lock);
		if (!err)
			err = pipe->take(pipe->context, batch->rows, batch->count);
		pthread_mutex_lock(&pipe->lock);
		pipe->err = err;
		pipe->taken++;
		if (err || pipe->given - pipe->taken == (pipe->hurry ? 0 : BATCHES - ENOUGH))
			pthread_cond_broadcast(&pipe->changed);
	}
	pthread_mutex_unlock(&pipe->lock);
	return NULL;
}

static void release(struct pipe *pipe)
{
	free(pipe->batches);
	pthread_mutex_destroy(&pipe->lock);
	pthread_cond_destroy(&pipe->changed);
	free(pipe);
}

int pipe_new(struct pipe **out,
	int (*take)(void *context, const struct dwell_event *rows, size_t count), void *context)
{
	struct pipe *pipe = calloc(1, sizeof(*pipe));
	int err = pipe ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	pipe->take = take;
	pipe->context = context;
	pthread_mutex_init(&pipe->lock, NULL);
	pthread_cond_init(&pipe->changed, NULL);
	pipe->batches = malloc(BATCHES * sizeof(*pipe->batches));
	if (!pipe->batches || pthread_create(&pipe->thread, NULL, take_all, pipe))
		err = DWELL_ENOMEM;
	if (err)
		release(pipe);
	else
		*out = pipe;
	return err;
}

int pipe_free(struct pipe *pipe)
{
	int err;

	if (!pipe)
		return DWELL_OK;
	pthread_mutex_lock(&pipe->lock);
	pipe->ended = true;
	pthread_cond_broadcast(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
	pthread_join(pipe->thread, NULL);
	err = pipe->err;
	release(pipe);
	return err;
}

/* Room for one more; the error of what was taken. */
static int wait_for_room(struct pipe *pipe)
{
	int err;

	pthread_mutex_lock(&pipe->lock);
	if (pipe->given - pipe->taken == BATCHES)
		while (!pipe->err && pipe->given - pipe->taken > BATCHES - ENOUGH)
			pthread_cond_wait(&pipe->changed, &pipe->lock);
	err = pipe->err;
	pthread_mutex_unlock(&pipe->lock);
	return err;
}

static void give(struct pipe *pipe)
{
	pthread_mutex_lock(&pipe->lock);
	pipe->given++;
	if (pipe->given - pipe->taken == ENOUGH)
		pthread_cond_broadcast(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
}

int pipe_put(struct pipe *pipe, const struct dwell_event *rows, size_t count)
{
	for (size_t at = 0, n; at < count; at += n) {
		struct batch *batch = &pipe->batches[pipe->given % BATCHES];
		const int err = wait_for_room(pipe);

		if (err)
			return err;
		n = count - at < BATCH ? count - at : BATCH;
		memcpy(batch->rows, rows + at, n * sizeof(*rows));
		batch->count = n;
		give(pipe);
	}
	return DWELL_OK;
}

int pipe_drain(struct pipe *pipe)
{
	int err;

	pthread_mutex_lock(&pipe->lock);
	pipe->hurry = true;
	pthread_cond_broadcast(&pipe->changed);
	while (pipe->taken < pipe->given)
		pthread_cond_wait(&pipe->changed, &pipe->lock);
	pipe->hurry = false;
	err = pipe->err;
	pthread_mutex_unlock(&pipe->lock);
	return err;
}

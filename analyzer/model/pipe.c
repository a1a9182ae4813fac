/* Batches from one thread to another. */
#include "model/pipe.h"

#include <pthread.h>
#include <stdlib.h>

/* Who had to wait goes on when so many are ready: so that neither wakes the other for each. */
enum { BATCHES = 16, ENOUGH = BATCHES / 2 };

struct pipe {
	int (*fold)(void *context, const struct fold_batch *batch);
	void *context;
	struct pipe_batch *batches;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t given, folded; /* so far */
	bool hurry;             /* fold all that were given */
	bool ended;
	int err;
	pthread_t thread;
};

/* True: the batch `folded` is there. */
static bool wait_for_batch(struct pipe *pipe)
{
	if (pipe->given == pipe->folded)
		while (!pipe->ended && !(pipe->hurry && pipe->given > pipe->folded) &&
			pipe->given - pipe->folded < ENOUGH)
			pthread_cond_wait(&pipe->changed, &pipe->lock);
	return pipe->given > pipe->folded;
}

static void *fold_all(void *context)
{
	struct pipe *pipe = context;

	pthread_mutex_lock(&pipe->lock);
	while (wait_for_batch(pipe)) {
		const struct pipe_batch *at = &pipe->batches[pipe->folded % BATCHES];
		const struct fold_batch batch = { at->rows, at->count, at->kinds, &at->told };
		int err = pipe->err;

		pthread_mutex_unlock(&pipe->lock);
		if (!err)
			err = pipe->fold(pipe->context, &batch);
		pthread_mutex_lock(&pipe->lock);
		pipe->err = err;
		pipe->folded++;
		if (err || pipe->given - pipe->folded == (pipe->hurry ? 0 : BATCHES - ENOUGH))
			pthread_cond_broadcast(&pipe->changed);
	}
	pthread_mutex_unlock(&pipe->lock);
	return NULL;
}

static void release(struct pipe *pipe)
{
	for (size_t i = 0; pipe->batches && i < BATCHES; i++)
		told_leave(&pipe->batches[i].told);
	free(pipe->batches);
	pthread_mutex_destroy(&pipe->lock);
	pthread_cond_destroy(&pipe->changed);
	free(pipe);
}

int pipe_new(struct pipe **out, int (*fold)(void *context, const struct fold_batch *batch),
	void *context)
{
	struct pipe *pipe = calloc(1, sizeof(*pipe));
	int err = pipe ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	pipe->fold = fold;
	pipe->context = context;
	pthread_mutex_init(&pipe->lock, NULL);
	pthread_cond_init(&pipe->changed, NULL);
	pipe->batches = calloc(BATCHES, sizeof(*pipe->batches));
	err = pipe->batches ? DWELL_OK : DWELL_ENOMEM;
	for (size_t i = 0; i < BATCHES && !err; i++)
		err = told_room(&pipe->batches[i].told, RUN_BATCH);
	if (!err && pthread_create(&pipe->thread, NULL, fold_all, pipe))
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

struct pipe_batch *pipe_room(struct pipe *pipe)
{
	bool failed;

	pthread_mutex_lock(&pipe->lock);
	if (pipe->given - pipe->folded == BATCHES)
		while (!pipe->err && pipe->given - pipe->folded > BATCHES - ENOUGH)
			pthread_cond_wait(&pipe->changed, &pipe->lock);
	failed = pipe->err;
	pthread_mutex_unlock(&pipe->lock);
	return failed ? NULL : &pipe->batches[pipe->given % BATCHES];
}

void pipe_give(struct pipe *pipe)
{
	pthread_mutex_lock(&pipe->lock);
	pipe->given++;
	if (pipe->given - pipe->folded == ENOUGH)
		pthread_cond_broadcast(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
}

int pipe_drain(struct pipe *pipe)
{
	int err;

	pthread_mutex_lock(&pipe->lock);
	pipe->hurry = true;
	pthread_cond_broadcast(&pipe->changed);
	while (pipe->folded < pipe->given)
		pthread_cond_wait(&pipe->changed, &pipe->lock);
	pipe->hurry = false;
	err = pipe->err;
	pthread_mutex_unlock(&pipe->lock);
	return err;
}

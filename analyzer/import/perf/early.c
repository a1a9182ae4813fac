/* Two threads for perf.data: one reads records and puts them in order, the other makes rows. */
#include "import/perf/perf.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Batches under way: as many items as a large round has, for rounds are of very different sizes. */
enum { BATCHES = 32 };

struct perf_early {
	struct perf *perf;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct perf_batch batches[BATCHES];
	uint64_t given, done; /* batches so far */
	uint32_t slots;       /* told of so far */
	bool taken;           /* the batch `done` */
	bool stop;
};

/*
 * Call chains and what was mapped are known to both sides; of a pipe, which events there are comes
 * in between.
 */
bool perf_early_pays(const struct perf *perf)
{
	const uint64_t left = perf->stream.end - perf->stream.at;

	return !perf->pipe && !perf->mode.stacks && !perf->done && import_ahead_pays(left);
}

/* Where the next batch is filled. NULL: nobody wants more. */
static struct perf_batch *wait_for_room(struct perf_early *early)
{
	bool stop;

	pthread_mutex_lock(&early->lock);
	while (!early->stop && early->given - early->done == BATCHES)
		pthread_cond_wait(&early->changed, &early->lock);
	stop = early->stop;
	pthread_mutex_unlock(&early->lock);
	return stop ? NULL : &early->batches[early->given % BATCHES];
}

static void give(struct perf_early *early)
{
	pthread_mutex_lock(&early->lock);
	early->given++;
	pthread_cond_signal(&early->changed);
	pthread_mutex_unlock(&early->lock);
}

static int tell_slots(struct perf_early *early, struct perf_batch *batch)
{
	const struct perf_tasks *tasks = &early->perf->tasks;
	const size_t count = tasks->count - early->slots;

	if (count > batch->tid_room) {
		int32_t *tids = realloc(batch->tids, 2 * count * sizeof(*tids));

		if (!tids)
			return DWELL_ENOMEM;
		batch->tids = tids;
		batch->tid_room = 2 * count;
	}
	for (size_t i = 0; i < count; i++)
		batch->tids[i] = tasks->said[early->slots + i].tid;
	batch->tid_count = count;
	early->slots = tasks->count;
	return DWELL_OK;
}

/* The first `count` items of the queue, the last of them with what is told. */
static int hand(struct perf_early *early, size_t count)
{
	struct perf_queue *queue = &early->perf->queue;
	size_t at = 0;

	do {
		struct perf_batch *batch = wait_for_room(early);
		const size_t n = count - at < PERF_BATCH ? count - at : PERF_BATCH;

		if (!batch)
			return DWELL_END;
		memcpy(batch->items, queue->items + at, n * sizeof(*batch->items));
		at += n;
		batch->count = n;
		batch->told_ns = at == count ? queue->told_ns : 0;
		batch->err = tell_slots(early, batch);
		if (batch->err)
			return batch->err;
		give(early);
	} while (at < count);
	perf_queue_took(queue, count);
	return DWELL_OK;
}

static void *read_on(void *context)
{
	struct perf_early *early = context;
	struct perf_batch *batch;
	size_t count;
	int err = DWELL_OK;

	while (!err) {
		err = perf_read_on(early->perf, &count);
		if (!err)
			err = hand(early, count);
	}
	batch = wait_for_room(early);
	if (batch) {
		batch->err = err;
		give(early);
	}
	return NULL;
}

static void release(struct perf_early *early)
{
	for (size_t i = 0; i < BATCHES; i++) {
		free(early->batches[i].items);
		free(early->batches[i].tids);
	}
	pthread_mutex_destroy(&early->lock);
	pthread_cond_destroy(&early->changed);
	free(early);
}

static int make_room(struct perf_early *early)
{
	for (size_t i = 0; i < BATCHES; i++) {
		struct perf_batch *batch = &early->batches[i];

		batch->items = malloc(PERF_BATCH * sizeof(*batch->items));
		if (!batch->items)
			return DWELL_ENOMEM;
	}
	return DWELL_OK;
}

int perf_early_start(struct perf *perf)
{
	struct perf_early *early = calloc(1, sizeof(*early));

	if (!early)
		return DWELL_ENOMEM;
	early->perf = perf;
	early->slots = perf->tasks.slot_count;
	pthread_mutex_init(&early->lock, NULL);
	pthread_cond_init(&early->changed, NULL);
	if (make_room(early) || pthread_create(&early->thread, NULL, read_on, early)) {
		release(early);
		return DWELL_ENOMEM;
	}
	perf->early = early;
	return DWELL_OK;
}

int perf_early_next(struct perf *perf, const struct perf_batch **out)
{
	struct perf_early *early = perf->early;
	const struct perf_batch *batch;

	pthread_mutex_lock(&early->lock);
	if (early->taken) {
		early->done++;
		pthread_cond_signal(&early->changed);
	}
	while (early->given == early->done)
		pthread_cond_wait(&early->changed, &early->lock);
	early->taken = true;
	batch = *out = &early->batches[early->done % BATCHES];
	pthread_mutex_unlock(&early->lock);
	return batch->err ? batch->err
			  : perf_tasks_append(&perf->tasks, batch->tids, batch->tid_count);
}

void perf_early_stop(struct perf *perf)
{
	struct perf_early *early = perf->early;

	if (!early)
		return;
	pthread_mutex_lock(&early->lock);
	early->stop = true;
	pthread_cond_signal(&early->changed);
	pthread_mutex_unlock(&early->lock);
	pthread_join(early->thread, NULL);
	release(early);
	perf->early = NULL;
}

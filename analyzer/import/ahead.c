#include "import/ahead.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "dwell/error.h"

enum {
	BLOCKS = 10, /* two of them are with whoever takes them */
	ENOUGH = 4, /* free ones, for who waits for any: so that neither wakes the other for each */
	WORTH_IT = 1 << 20
};

struct block {
	size_t got;
	int err;
	uint8_t room[AHEAD_BEFORE + AHEAD_BLOCK];
};

struct import_ahead {
	struct dwell_bytes *bytes;
	uint64_t at, end;
	struct block *blocks;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t read, taken; /* blocks so far */
	bool stopped, done;
	pthread_t thread;
};

bool import_ahead_pays(uint64_t size)
{
	cpu_set_t set;

	return size >= WORTH_IT && sched_getaffinity(0, sizeof(set), &set) == 0 &&
	       CPU_COUNT(&set) > 1;
}

static uint64_t free_blocks(const struct import_ahead *ahead)
{
	return ahead->taken + BLOCKS - 2 - ahead->read;
}

/* False: nobody wants more. */
static bool wait_for_room(struct import_ahead *ahead)
{
	bool stopped;

	pthread_mutex_lock(&ahead->lock);
	if (!free_blocks(ahead))
		while (!ahead->stopped && free_blocks(ahead) < ENOUGH)
			pthread_cond_wait(&ahead->changed, &ahead->lock);
	stopped = ahead->stopped;
	pthread_mutex_unlock(&ahead->lock);
	return !stopped;
}

static void *read_all(void *context)
{
	struct import_ahead *ahead = context;

	while (ahead->at < ahead->end && wait_for_room(ahead)) {
		struct block *block = &ahead->blocks[ahead->read % BLOCKS];
		const uint64_t left = ahead->end - ahead->at;
		const size_t size = left < AHEAD_BLOCK ? (size_t)left : AHEAD_BLOCK;

		block->err = ahead->bytes->ops->read(
			ahead->bytes, ahead->at, block->room + AHEAD_BEFORE, size, &block->got);
		ahead->at = block->err || block->got < size ? ahead->end : ahead->at + size;
		pthread_mutex_lock(&ahead->lock);
		ahead->read++;
		pthread_cond_broadcast(&ahead->changed);
		pthread_mutex_unlock(&ahead->lock);
	}
	pthread_mutex_lock(&ahead->lock);
	ahead->done = true;
	pthread_cond_broadcast(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

static void release(struct import_ahead *ahead)
{
	pthread_mutex_destroy(&ahead->lock);
	pthread_cond_destroy(&ahead->changed);
	free(ahead->blocks);
	free(ahead);
}

int import_ahead_start(
	struct import_ahead **out, struct dwell_bytes *bytes, uint64_t at, uint64_t end)
{
	struct import_ahead *ahead = calloc(1, sizeof(*ahead));

	if (!ahead)
		return DWELL_ENOMEM;
	ahead->bytes = bytes;
	ahead->at = at;
	ahead->end = end;
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->changed, NULL);
	ahead->blocks = malloc(BLOCKS * sizeof(*ahead->blocks));
	if (!ahead->blocks || pthread_create(&ahead->thread, NULL, read_all, ahead)) {
		release(ahead);
		return DWELL_ENOMEM;
	}
	*out = ahead;
	return DWELL_OK;
}

int import_ahead_next(struct import_ahead *ahead, uint8_t **block, size_t *got)
{
	struct block *next = &ahead->blocks[ahead->taken % BLOCKS];
	bool none;

	pthread_mutex_lock(&ahead->lock);
	while (ahead->read == ahead->taken && !ahead->done)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	none = ahead->read == ahead->taken;
	ahead->taken += !none;
	if (free_blocks(ahead) == ENOUGH)
		pthread_cond_broadcast(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	if (none)
		return DWELL_EIO;
	*block = next->room + AHEAD_BEFORE;
	*got = next->got;
	return next->err;
}

void import_ahead_stop(struct import_ahead *ahead)
{
	if (!ahead)
		return;
	pthread_mutex_lock(&ahead->lock);
	ahead->stopped = true;
	pthread_cond_broadcast(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	pthread_join(ahead->thread, NULL);
	release(ahead);
}

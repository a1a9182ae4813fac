/* Rows from step to step, each in a thread of its own. */
#include "model/pipe.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "model/batch.h"

/*
 * Who had to wait goes on when so many are ready: to put a thread to sleep and to wake it costs as
 * much as some of them. While there is no room more are under way than all steps together wait
 * for, so that one of them has enough.
 */
enum { BATCHES = 64, ENOUGH = 20 };

_Static_assert(PIPE_STEPS *(ENOUGH - 1) <= BATCHES - ENOUGH, "one of the steps has enough");

/* A line of its own, since others read it all the time. */
struct step {
	_Alignas(64) _Atomic uint64_t done; /* batches so far */
	_Atomic bool waits;                 /* until there is more */
	_Atomic bool left;
	struct pipe *pipe;
	pipe_step *take;
	pthread_t thread;
	pthread_cond_t more;
};

struct pipe {
	void *context;
	struct pipe_batch batches[BATCHES];
	pthread_mutex_t lock; /* of who waits, and who wakes */
	pthread_cond_t room, still;
	_Alignas(64) _Atomic uint64_t given; /* batches so far */
	_Atomic bool wants_room;
	_Atomic unsigned hurry; /* who wait until all is done: none is held back */
	_Atomic bool ended;
	_Atomic int err;
	size_t count, started;
	struct step steps[PIPE_STEPS];
};

static size_t number_of(const struct step *step)
{
	return (size_t)(step - step->pipe->steps);
}

static uint64_t ready(const struct step *step)
{
	const uint64_t come = number_of(step) ? step[-1].done : step->pipe->given;

	return come - step->done;
}

static bool no_more(const struct step *step)
{
	return number_of(step) ? step[-1].left : step->pipe->ended;
}

static bool goes_on(const struct step *step)
{
	return no_more(step) || ready(step) >= (step->pipe->hurry ? 1 : ENOUGH);
}

/* True: the batch `done` is there. */
static bool wait_for_batch(struct step *step)
{
	struct pipe *pipe = step->pipe;

	if (ready(step))
		return true;
	pthread_mutex_lock(&pipe->lock);
	/* Who makes one ready looks whether anybody waits after that: one of both sees the other.
	 */
	for (step->waits = true; !goes_on(step); step->waits = true)
		pthread_cond_wait(&step->more, &pipe->lock);
	step->waits = false;
	pthread_mutex_unlock(&pipe->lock);
	return ready(step) > 0;
}

static void wake(struct pipe *pipe, pthread_cond_t *who)
{
	pthread_mutex_lock(&pipe->lock);
	pthread_cond_broadcast(who);
	pthread_mutex_unlock(&pipe->lock);
}

static uint64_t under_way(const struct pipe *pipe)
{
	return pipe->given - pipe->steps[pipe->count - 1].done;
}

/* One more is done: who waits for that goes on. */
static void tell_others(struct step *step)
{
	struct pipe *pipe = step->pipe;
	const bool is_last = number_of(step) + 1 == pipe->count;

	if (!is_last && step[1].waits && goes_on(step + 1) &&
		atomic_exchange(&step[1].waits, false))
		wake(pipe, &step[1].more);
	if (is_last && pipe->hurry && !ready(step))
		wake(pipe, &pipe->still);
	if (pipe->wants_room && (pipe->err || under_way(pipe) <= BATCHES - ENOUGH) &&
		atomic_exchange(&pipe->wants_room, false))
		wake(pipe, &pipe->room);
}

static void *take_all(void *context)
{
	struct step *step = context;
	struct pipe *pipe = step->pipe;

	while (wait_for_batch(step)) {
		int err = pipe->err, none = DWELL_OK;

		if (!err)
			err = step->take(pipe->context, &pipe->batches[step->done % BATCHES]);
		if (err)
			atomic_compare_exchange_strong(&pipe->err, &none, err);
		step->done++;
		tell_others(step);
	}
	step->left = true;
	if (number_of(step) + 1 < pipe->count)
		wake(pipe, &step[1].more);
	return NULL;
}

static void release(struct pipe *pipe)
{
	for (size_t i = 0; i < BATCHES; i++) {
		free(pipe->batches[i].room);
		free(pipe->batches[i].firsts.at);
		told_leave(&pipe->batches[i].told);
	}
	for (size_t i = 0; i < pipe->count; i++)
		pthread_cond_destroy(&pipe->steps[i].more);
	pthread_mutex_destroy(&pipe->lock);
	pthread_cond_destroy(&pipe->room);
	pthread_cond_destroy(&pipe->still);
	free(pipe);
}

static int make_room(struct pipe *pipe)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < BATCHES && !err; i++) {
		struct pipe_batch *batch = &pipe->batches[i];

		batch->room = malloc(PIPE_ROWS * sizeof(*batch->room));
		err = batch->room ? DWELL_OK : DWELL_ENOMEM;
		if (!err && pipe->count > 1)
			err = told_room(&batch->told, PIPE_ROWS);
	}
	return err;
}

static int start(struct pipe *pipe)
{
	while (pipe->started < pipe->count) {
		struct step *step = &pipe->steps[pipe->started];

		if (pthread_create(&step->thread, NULL, take_all, step))
			return DWELL_ENOMEM;
		pipe->started++;
	}
	return DWELL_OK;
}

int pipe_new(struct pipe **out, pipe_step *const steps[], size_t count, void *context)
{
	struct pipe *pipe = aligned_alloc(_Alignof(struct pipe), sizeof(*pipe));
	int err = pipe ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	memset(pipe, 0, sizeof(*pipe));
	pipe->context = context;
	pipe->count = count;
	pthread_mutex_init(&pipe->lock, NULL);
	pthread_cond_init(&pipe->room, NULL);
	pthread_cond_init(&pipe->still, NULL);
	for (size_t i = 0; i < count; i++) {
		pipe->steps[i].pipe = pipe;
		pipe->steps[i].take = steps[i];
		pthread_cond_init(&pipe->steps[i].more, NULL);
	}
	err = make_room(pipe);
	if (!err)
		err = start(pipe);
	if (err)
		pipe_free(pipe);
	else
		*out = pipe;
	return err;
}

int pipe_free(struct pipe *pipe)
{
	int err;

	if (!pipe)
		return DWELL_OK;
	pipe->ended = true;
	wake(pipe, &pipe->steps[0].more);
	for (size_t i = 0; i < pipe->started; i++)
		pthread_join(pipe->steps[i].thread, NULL);
	err = pipe->err;
	release(pipe);
	return err;
}

/* Room for one more; the error of what was taken. */
static int wait_for_room(struct pipe *pipe)
{
	if (under_way(pipe) < BATCHES)
		return pipe->err;
	pthread_mutex_lock(&pipe->lock);
	for (pipe->wants_room = true; !pipe->err && under_way(pipe) > BATCHES - ENOUGH;
		pipe->wants_room = true)
		pthread_cond_wait(&pipe->room, &pipe->lock);
	pipe->wants_room = false;
	pthread_mutex_unlock(&pipe->lock);
	return pipe->err;
}

static void give(struct pipe *pipe)
{
	struct step *first = &pipe->steps[0];

	pipe->given++;
	if (first->waits && goes_on(first) && atomic_exchange(&first->waits, false))
		wake(pipe, &first->more);
}

struct dwell_event *pipe_room(struct pipe *pipe)
{
	return wait_for_room(pipe) ? NULL : pipe->batches[pipe->given % BATCHES].room;
}

static bool is_in_room(const struct pipe_batch *batch, const struct dwell_event *rows)
{
	return (uintptr_t)rows >= (uintptr_t)batch->room &&
	       (uintptr_t)rows < (uintptr_t)(batch->room + PIPE_ROWS);
}

int pipe_put(struct pipe *pipe, const struct dwell_event *rows, size_t count)
{
	for (size_t at = 0, n; at < count; at += n) {
		struct pipe_batch *batch = &pipe->batches[pipe->given % BATCHES];
		const int err = wait_for_room(pipe);

		if (err)
			return err;
		n = count - at < PIPE_ROWS ? count - at : PIPE_ROWS;
		batch->count = n;
		batch->rows = rows + at;
		if (!is_in_room(batch, rows))
			batch->rows = memcpy(batch->room, rows + at, n * sizeof(*rows));
		give(pipe);
	}
	return DWELL_OK;
}

/* The last step has done what it can: those from `first` on do what is ready, however little. */
static int hurry(struct pipe *pipe, size_t first, const struct step *until)
{
	pthread_mutex_lock(&pipe->lock);
	pipe->hurry++;
	for (size_t i = first; i < pipe->count; i++)
		pthread_cond_signal(&pipe->steps[i].more);
	while (until ? ready(until) : under_way(pipe))
		pthread_cond_wait(&pipe->still, &pipe->lock);
	pipe->hurry--;
	pthread_mutex_unlock(&pipe->lock);
	return pipe->err;
}

int pipe_drain(struct pipe *pipe)
{
	return hurry(pipe, 0, NULL);
}

int pipe_still(struct pipe *pipe)
{
	return hurry(pipe, 1, &pipe->steps[1]);
}

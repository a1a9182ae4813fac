/* A source's parts on several threads, merged in their order. */
#include <pthread.h>
#include <stdlib.h>

#include "model/run.h"
#include "model/turns.h"

/* Which of the query's folds a run has. */
enum share { SHARE_ALL, SHARE_SERIAL, SHARE_PARALLEL };

static int make_folds(struct run *run, enum share share)
{
	struct model *model = run->model;

	for (size_t i = 0; i < model->fold_count; i++) {
		const struct fold_ops *ops = model->ops[i];
		const size_t at = run->fold_count;
		int err;

		if (share != SHARE_ALL && ops->serial != (share == SHARE_SERIAL))
			continue;
		err = ops->make(&run->folds[at], model);
		if (err)
			return err;
		run->ops[at] = ops;
		run->places[at] = i;
		run->fold_count = at + 1;
		if (ops->event)
			run->kinds |= ops->kinds;
	}
	return DWELL_OK;
}

int run_part(struct run *run, size_t part)
{
	const struct dwell_source_options options = options_of(run->model);

	run->stage = (uint32_t)part + 1;
	return run->model->source->ops->drive_part(run->model->source, &options, part, &run->sink);
}

/* Parts are taken in order, and merged in order: who finds its part next in line merges. */
struct crew {
	struct model *model;
	pthread_mutex_t lock;
	pthread_cond_t merged_one;
	size_t next;   /* part to take */
	size_t merged; /* parts merged so far */
	unsigned hands;
	enum share share;
	int err;
	struct run *last; /* the last part's: not to be merged before its flush */
};

/* The next part, not too far ahead of what is merged; false: no more. */
static bool take_part(struct crew *crew, size_t *part)
{
	bool taken;

	pthread_mutex_lock(&crew->lock);
	while (!crew->err && crew->next < crew->model->parts &&
		crew->next >= crew->merged + 2 * (size_t)crew->hands)
		pthread_cond_wait(&crew->merged_one, &crew->lock);
	taken = !crew->err && crew->next < crew->model->parts;
	if (taken)
		*part = crew->next++;
	pthread_mutex_unlock(&crew->lock);
	return taken;
}

/* Wait for the turn of a part, merge it, let the next one do so. */
static void give_part(struct crew *crew, size_t part, struct run *run, int err)
{
	pthread_mutex_lock(&crew->lock);
	while (!crew->err && crew->merged != part)
		pthread_cond_wait(&crew->merged_one, &crew->lock);
	if (err && !crew->err)
		crew->err = err;
	if (!crew->err)
		crew->err = run_merge(crew->model, run);
	/* The first part tells of itself; from then on, one holder of the lock at a time. */
	if (!crew->err && crew->model->progress && run->followed && !run->again)
		crew->model->progress(crew->model->progress_context, run->now_ns);
	crew->merged++;
	pthread_cond_broadcast(&crew->merged_one);
	pthread_mutex_unlock(&crew->lock);
	run_release(run);
}

static void keep_last(struct crew *crew, struct run *run, int err)
{
	pthread_mutex_lock(&crew->lock);
	if (err && !crew->err)
		crew->err = err;
	crew->last = run;
	pthread_cond_broadcast(&crew->merged_one);
	pthread_mutex_unlock(&crew->lock);
}

/* What came before is known in part: to those who can make use of it. */
static void follow(struct crew *crew, struct run *run)
{
	pthread_mutex_lock(&crew->lock);
	for (size_t i = 0; i < run->fold_count; i++) {
		const void *merged = crew->model->folds[run->places[i]];

		if (run->ops[i]->follow && merged)
			run->ops[i]->follow(run->folds[i], merged);
	}
	pthread_mutex_unlock(&crew->lock);
}

static void *work(void *context)
{
	struct crew *crew = context;
	size_t part;

	while (take_part(crew, &part)) {
		struct run *run = calloc(1, sizeof(*run));
		int err = run ? run_init(run, crew->model, part) : DWELL_ENOMEM;

		if (run)
			run->again = crew->share == SHARE_PARALLEL;
		if (!err)
			err = make_folds(run, crew->share);
		if (!err) {
			follow(crew, run);
			err = run_part(run, part);
		}
		if (part + 1 == crew->model->parts && run) {
			keep_last(crew, run, err);
			continue;
		}
		if (run)
			give_part(crew, part, run, err);
		free(run);
	}
	return NULL;
}

static int drive_parallel(struct model *model, enum share share, unsigned hands, struct run **last)
{
	pthread_t threads[64];
	struct crew crew = { .model = model, .hands = hands, .share = share };
	unsigned started = 0;

	if (crew.hands > model->parts)
		crew.hands = (unsigned)model->parts;
	if (crew.hands > 64)
		crew.hands = 64;
	pthread_mutex_init(&crew.lock, NULL);
	pthread_cond_init(&crew.merged_one, NULL);
	/* This thread is one of them: where no other can be had it does all. */
	while (started + 1 < crew.hands &&
		pthread_create(&threads[started], NULL, work, &crew) == 0)
		started++;
	work(&crew);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&crew.lock);
	pthread_cond_destroy(&crew.merged_one);
	*last = crew.last;
	return crew.err;
}

static int drive_serial(struct model *model, enum share share, struct run **last)
{
	struct run *run = calloc(1, sizeof(*run));
	int err = run ? run_init(run, model, 0) : DWELL_ENOMEM, failed;

	*last = run;
	if (!err)
		err = make_folds(run, share);
	if (!err && share == SHARE_ALL) {
		run_fork(run);
		run_may_forget(run);
	}
	for (size_t part = 0; part < model->parts && !err; part++)
		err = run_part(run, part);
	failed = run ? run_join(run) : DWELL_OK;
	return err ? err : failed;
}

/*
 * Some folds must see the rows in one piece: those have a thread of their own, and the rest go over
 * the parts with the others. Rows are read twice, so what is read must not depend on who comes
 * first: only where all definitions were told at the start.
 */
struct apart {
	struct model *model;
	struct run *run;
	int err;
};

static void *work_apart(void *context)
{
	struct apart *apart = context;

	apart->err = drive_serial(apart->model, SHARE_SERIAL, &apart->run);
	return NULL;
}

static int drive_divided(struct model *model, struct run **serial, struct run **last)
{
	struct apart apart = { .model = model };
	pthread_t thread;
	const bool started = !pthread_create(&thread, NULL, work_apart, &apart);
	const int err = drive_parallel(model, SHARE_PARALLEL, model->threads - 1, last);

	if (started)
		pthread_join(thread, NULL);
	else
		work_apart(&apart);
	*serial = apart.run;
	return apart.err ? apart.err : err;
}

static size_t serial_folds(const struct model *model)
{
	size_t count = 0;

	for (size_t i = 0; i < model->fold_count; i++)
		count += model->ops[i]->serial;
	return count;
}

int crew_drive(struct model *model, struct run **last, struct run **other)
{
	const size_t serial = serial_folds(model);

	if (serial && serial == model->fold_count && turns_can(model))
		return turns_drive(model, last);
	/* One thread has nothing of parts that begin anew and are merged. What a part knows of a
	 * task that ended is not all, so it could not be settled there. */
	if (model->parts == 1 || model->crowded || model->threads == 1 ||
		(serial && serial == model->fold_count))
		return drive_serial(model, SHARE_ALL, last);
	if (!serial)
		return drive_parallel(model, SHARE_ALL, model->threads, last);
	if (!model->source->ops->all_defined)
		return drive_serial(model, SHARE_ALL, last);
	return drive_divided(model, last, other);
}

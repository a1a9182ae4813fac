/* Parts told on several threads, and folded by each in its turn. */
#include "model/turns.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "model/backlog.h"

enum {
	MOST_HANDS = 8,
	/* For all that is told ahead: with it what most ask for stays within 64 MiB. */
	MOST_BYTES = 40 << 20,
	/* Of many tasks folds know so much that room is dear, and take so long that little is won.
	 */
	MANY_TASKS = 1 << 12,
	MANY_BYTES = 8 << 20
};

struct turns {
	struct model *model;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	_Atomic size_t turn; /* the part that is folded */
	size_t next;         /* part to take */
	unsigned hands;
	_Atomic int err;
	bool begun; /* the folds; whose turn it is looks, as with all below */
	bool calm;  /* they look ahead no more, and skip nothing */
	void *folds[MODEL_FOLDS];
	struct run *last;
};

/* Of a run that waits for its turn. */
struct turn {
	struct turns *turns;
	struct backlog *backlog; /* of the thread */
	bool mine, again;
	bool calm;               /* it tells all, and nobody looks */
	uint32_t skips;          /* else: what it left out */
	void *idle[MODEL_FOLDS]; /* folds that never begin: what such a one skips and looks at */
};

bool turns_can(const struct model *model)
{
	for (size_t i = 0; i < model->fold_count; i++)
		if (!model->ops[i]->apart || model->ops[i]->event)
			return false;
	return model->parts > 1 && !model->crowded && model->threads > 1 &&
	       model->source->ops->all_defined;
}

static void use(struct run *run, void *const folds[])
{
	for (size_t i = 0; i < run->fold_count; i++)
		run->folds[i] = folds[i];
}

static bool any_wants_firsts(const struct run *run)
{
	for (size_t i = 0; i < run->fold_count; i++)
		if (run->ops[i]->firsts && run->ops[i]->firsts(run->folds[i]))
			return true;
	return false;
}

static void go_on(struct run *run)
{
	for (size_t i = 0; i < run->fold_count; i++)
		if (run->ops[i]->go_on)
			run->ops[i]->go_on(run->folds[i], run->states);
}

bool turns_begin(struct run *run)
{
	struct turns *turns = run->turn->turns;

	if (!run->turn->mine)
		return false;
	if (turns->begun) {
		go_on(run);
		return false;
	}
	turns->begun = true;
	return true;
}

/* It is the part's turn: what was told of it is folded, if it was told as it should. */
static int take_turn(struct run *run)
{
	struct turn *turn = run->turn;
	struct fold_batch batch;
	int err = DWELL_OK;

	use(run, turn->turns->folds);
	turn->again = !turn->turns->begun ||
		      (!turn->calm && (any_wants_firsts(run) || turn->skips & ~run_skips(run)));
	turn->mine = true;
	if (!turn->again)
		go_on(run);
	while (backlog_take(turn->backlog, &batch))
		if (!turn->again && !err)
			err = run_fold(run, &batch);
	return err;
}

static int wait_for_turn(struct run *run)
{
	struct turns *turns = run->turn->turns;

	pthread_mutex_lock(&turns->lock);
	while (!turns->err && turns->turn != run->part)
		pthread_cond_wait(&turns->changed, &turns->lock);
	pthread_mutex_unlock(&turns->lock);
	return turns->err ? turns->err : take_turn(run);
}

/* 0, or DWELL_END: there is no room. */
static int keep(struct run *run, const struct dwell_event *rows, size_t count)
{
	const struct fold_batch batch = {
		.rows = rows,
		.count = count,
		.kinds = run->own.kinds,
		.told = &run->own.told,
		.firsts = run->own.firsts.at,
		.first_count = run->own.firsts.count,
	};

	return backlog_put(run->turn->backlog, &batch);
}

/* Tell some rows; folded, if there is no room to keep what they told. */
static int tell(struct run *run, const struct dwell_event *rows, size_t count)
{
	int err = run_tell(run, &run->own, rows, count, run->turn->calm);

	if (!err)
		err = keep(run, rows, count);
	if (err != DWELL_END)
		return err;
	err = wait_for_turn(run);
	return err || run->turn->again ? err : run_fold_own(run, rows, count);
}

int turns_rows(struct run *run, const struct dwell_event *rows, size_t count)
{
	struct turn *turn = run->turn;
	int err = turn->turns->err;

	if (!err && !turn->mine &&
		(turn->turns->turn == run->part ||
			(!turn->calm && run_looks(run, rows, count, run->own.kinds))))
		err = wait_for_turn(run);
	if (err || turn->again)
		return err;
	return turn->mine ? run_batch(run, rows, count) : tell(run, rows, count);
}

/* A run of a part; mine: its turn has come. */
static int new_run(struct turns *turns, struct turn *turn, size_t part, struct run **out)
{
	struct model *model = turns->model;
	struct run *run = calloc(1, sizeof(*run));
	const int err = run ? run_init(run, model, part) : DWELL_ENOMEM;

	*out = run;
	if (err)
		return err;
	run->turn = turn;
	for (size_t i = 0; i < model->fold_count; i++) {
		run->ops[i] = model->ops[i];
		run->places[i] = i;
	}
	run->fold_count = model->fold_count;
	use(run, turn->mine ? turns->folds : turn->idle);
	turn->skips = run_skips(run);
	return DWELL_OK;
}

static void drop_run(struct run *run)
{
	if (!run)
		return;
	run->fold_count = 0; /* all have them */
	run_release(run);
	free(run);
}

/* Its turn has come when it returns, unless it failed. */
static int drive_part(struct turns *turns, struct turn *turn, size_t part, struct run **out)
{
	int err = new_run(turns, turn, part, out);

	if (!err)
		err = run_part(*out, part);
	if (!err && !turn->mine)
		err = wait_for_turn(*out);
	if (err || !turn->again)
		return err;
	drop_run(*out);
	turn->again = false;
	err = new_run(turns, turn, part, out);
	return err ? err : run_part(*out, part);
}

/* Let the next one have its turn. */
static void pass_turn(struct turns *turns, struct run *run, int err)
{
	const bool last = run && run->part + 1 == turns->model->parts;

	pthread_mutex_lock(&turns->lock);
	if (!err)
		turns->calm = any_wants_firsts(run);
	if (!err && !last) {
		run->fold_count = 0;
		err = run_merge(turns->model, run);
	}
	if (!err && turns->model->progress && run->part)
		turns->model->progress(turns->model->progress_context, run->now_ns);
	if (err && !turns->err)
		turns->err = err;
	if (last)
		turns->last = run;
	turns->turn++;
	pthread_cond_broadcast(&turns->changed);
	pthread_mutex_unlock(&turns->lock);
	if (!last)
		drop_run(run);
}

static bool take_part(struct turns *turns, struct turn *turn, size_t *part)
{
	bool taken;

	pthread_mutex_lock(&turns->lock);
	taken = !turns->err && turns->next < turns->model->parts;
	if (taken)
		*part = turns->next++;
	turn->calm = turns->calm;
	turn->mine = taken && *part == turns->turn;
	turn->again = false;
	pthread_mutex_unlock(&turns->lock);
	return taken;
}

static int make_folds(const struct model *model, void *folds[])
{
	int err = DWELL_OK;

	for (size_t i = 0; i < model->fold_count && !err; i++)
		err = model->ops[i]->make(&folds[i], model);
	return err;
}

static void free_folds(const struct model *model, void *folds[])
{
	for (size_t i = 0; i < model->fold_count; i++)
		model->ops[i]->free(folds[i]);
}

/* For what one thread tells ahead. */
static size_t ahead_bytes(const struct turns *turns)
{
	const struct model *model = turns->model;
	const bool many = dwell_catalog_tasks(model->catalog) > MANY_TASKS;
	const size_t most = many ? MANY_BYTES : MOST_BYTES;

	return (model->ahead_bytes ? model->ahead_bytes : most) / turns->hands;
}

static void *work(void *context)
{
	struct turns *turns = context;
	struct turn turn = { .turns = turns };
	size_t part;
	int err = backlog_new(&turn.backlog, ahead_bytes(turns));

	if (!err)
		err = make_folds(turns->model, turn.idle);
	if (err)
		turns->err = err;
	while (!err && take_part(turns, &turn, &part)) {
		struct run *run = NULL;

		err = drive_part(turns, &turn, part, &run);
		pass_turn(turns, run, err);
	}
	free_folds(turns->model, turn.idle);
	backlog_free(turn.backlog);
	return NULL;
}

static void start(struct turns *turns)
{
	pthread_t threads[MOST_HANDS];
	unsigned started = 0;

	pthread_mutex_init(&turns->lock, NULL);
	pthread_cond_init(&turns->changed, NULL);
	/* This thread is one of them: where no other can be had it does all. */
	while (started + 1 < turns->hands &&
		pthread_create(&threads[started], NULL, work, turns) == 0)
		started++;
	work(turns);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&turns->lock);
	pthread_cond_destroy(&turns->changed);
}

int turns_drive(struct model *model, struct run **last)
{
	struct turns turns = { .model = model, .hands = model->threads };
	int err = make_folds(model, turns.folds);

	if (turns.hands > MOST_HANDS)
		turns.hands = MOST_HANDS;
	if (turns.hands > model->parts)
		turns.hands = (unsigned)model->parts;
	if (!err)
		start(&turns);
	err = err ? err : turns.err;
	if (!turns.last) {
		free_folds(model, turns.folds);
		return err;
	}
	use(turns.last, turns.folds);
	turns.last->turn = NULL;
	*last = turns.last;
	return err;
}

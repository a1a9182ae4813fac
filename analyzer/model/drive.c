/* Driving a source: its parts on several threads, merged in their order. */
#include "model/drive.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/run.h"

static int make_folds(struct run *run)
{
	struct model *model = run->model;

	for (size_t i = 0; i < model->fold_count; i++) {
		const int err = model->ops[i]->make(&run->folds[i], model);

		if (err)
			return err;
		run->ops[i] = model->ops[i];
		run->fold_count = i + 1;
		if (!model->ops[i]->batch)
			run->kinds |= model->ops[i]->kinds;
	}
	return DWELL_OK;
}

static struct dwell_source_options options_of(const struct model *model)
{
	return (struct dwell_source_options){
		.from_ns = model->selection.from_ns,
		.to_ns = model->selection.to_ns,
	};
}

static int drive_part(struct run *run, size_t part)
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
	if (!crew->err && crew->model->progress && run->followed)
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

static void *work(void *context)
{
	struct crew *crew = context;
	size_t part;

	while (take_part(crew, &part)) {
		struct run *run = calloc(1, sizeof(*run));
		int err = run ? run_init(run, crew->model, part) : DWELL_ENOMEM;

		if (!err)
			err = make_folds(run);
		if (!err)
			err = drive_part(run, part);
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

static int drive_parallel(struct model *model, struct run **last)
{
	pthread_t threads[64];
	struct crew crew = { .model = model, .hands = model->threads };
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

static int drive_serial(struct model *model, struct run **last)
{
	struct run *run = calloc(1, sizeof(*run));
	int err = run ? run_init(run, model, 0) : DWELL_ENOMEM;

	*last = run;
	if (!err)
		err = make_folds(run);
	for (size_t part = 0; part < model->parts && !err; part++)
		err = drive_part(run, part);
	return err;
}

static bool is_serial(const struct model *model)
{
	for (size_t i = 0; i < model->fold_count; i++)
		if (model->ops[i]->serial)
			return true;
	return false;
}

static unsigned cpus(void)
{
	const long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count < 1 ? 1 : count > 64 ? 64 : (unsigned)count;
}

/* Definitions, and what follows from them before the first row. */
static int start(struct model *model, uint32_t stage)
{
	const struct dwell_source_options options = options_of(model);
	struct run tables;

	run_init_tables(&tables, model, stage);

	const int err = model->source->ops->start(model->source, &options, &tables.sink);
	if (err)
		return err;
	model->has_wakes = model->info.levels & (DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_RUNTIME);
	model->parts = model->source->ops->parts(model->source, &options);
	model->from_ns = model->selection.from_ns > model->info.begin_ns ? model->selection.from_ns
									 : model->info.begin_ns;
	model->to_ns = model->selection.to_ns ? model->selection.to_ns : DWELL_FOREVER;
	return DWELL_OK;
}

static int finish(struct model *model)
{
	const struct dwell_source_options options = options_of(model);
	struct run tables;

	run_init_tables(&tables, model, UINT32_MAX);
	return model->source->ops->finish(model->source, &options, &tables.sink);
}

static bool by_names(const struct dwell_selection *selection)
{
	return selection->task_glob || selection->class_glob || selection->process_glob ||
	       selection->object_glob;
}

/* Names that are asked for, and which processes were to be recorded, may come late in a trace. */
static bool names_come_late(const struct model *model)
{
	const struct dwell_source_ops *ops = model->source->ops;

	return !ops->all_defined &&
	       (by_names(&model->selection) || (!ops->foreign && !model->selection.all_processes));
}

static int select_by_names(struct model *model)
{
	int err = by_names(&model->selection) ? catalog_finish(model->catalog) : DWELL_OK;

	if (!err)
		err = model_select(model);
	model->selected = true;
	return err;
}

/* A pass that reads definitions only. */
static int learn(struct model *model)
{
	struct dwell_source_options options = options_of(model);
	const bool early = model->source->ops->all_defined;
	struct run tables;
	int err = start(model, 0);

	options.kinds = 1u << DWELL_EVENT_LOSS;
	for (size_t part = 0; part < model->parts && !early && !err; part++) {
		run_init_tables(&tables, model, (uint32_t)part + 1);
		err = model->source->ops->drive_part(model->source, &options, part, &tables.sink);
	}
	return err ? err : finish(model);
}

static int learn_names(struct model *model)
{
	const int err = learn(model);

	return err ? err : select_by_names(model);
}

/* The window's end: where the trace ends, unless it was asked to end before. */
static void settle_end(struct model *model, uint64_t now_ns)
{
	uint64_t end_ns = model->ended ? model->end.end_ns : now_ns;

	if (end_ns < now_ns)
		end_ns = now_ns;
	if (model->to_ns < end_ns)
		end_ns = model->to_ns;
	model->end_ns = end_ns < model->from_ns ? model->from_ns : end_ns;
}

void model_count_lives(struct model *model)
{
	struct tally *tally = &model->tally;

	for (uint32_t task = 1; task < tally->lives.end; task++) {
		const struct task_life *life = model_life(model, task);

		if (!life)
			continue;
		tally->tasks++;
		if (!in_scope(model, task))
			continue;
		tally->state_ns[DWELL_UNKNOWN] += life->sums.unknown_ns;
		tally->state_ns[DWELL_RUNNING] += life->sums.running_ns;
		tally->state_ns[DWELL_RUNNABLE] += life->sums.runnable_ns;
		tally->state_ns[DWELL_BLOCKED] += life->sums.blocked_ns;
	}
}

static int conclude(struct model *model, struct run *last)
{
	int err = finish(model);

	if (err)
		return err;
	settle_end(model, last->now_ns);
	err = run_flush(last, model->end_ns);
	if (!err)
		err = run_merge(model, last);
	model_count_lives(model);
	return err ? err : catalog_finish(model->catalog);
}

static int drive(struct model *model)
{
	struct run *last = NULL;
	int err = start(model, 0);

	if (!err && !model->selected)
		err = select_by_names(model);
	if (err)
		return err;
	if (!model->parts)
		return DWELL_EINVAL;
	model->part_starts = malloc(model->parts * sizeof(*model->part_starts));
	if (!model->part_starts)
		return DWELL_ENOMEM;
	memset(model->part_starts, 0xff, model->parts * sizeof(*model->part_starts));
	err = is_serial(model) || model->parts == 1 ? drive_serial(model, &last)
						    : drive_parallel(model, &last);
	if (!err)
		err = conclude(model, last);
	if (last)
		run_release(last);
	free(last);
	return err;
}

int model_complain(const struct model *model, int err, struct dwell_diag *diag)
{
	const struct dwell_diag *why =
		model->source->ops->diag ? model->source->ops->diag(model->source) : NULL;

	if (err >= 0 || !diag)
		return err;
	if (why && why->what[0])
		*diag = *why;
	else
		dwell_diag_set(diag, err, UINT64_MAX, 0, "%s", dwell_strerror(err));
	return err;
}

int model_run(struct model *model, struct dwell_diag *diag)
{
	int err = catalog_new(&model->catalog);

	if (!model->threads)
		model->threads = cpus();
	if (!err && names_come_late(model))
		err = learn_names(model);
	if (!err)
		err = drive(model);
	return model_complain(model, err, diag);
}

int model_learn(struct model *model, struct dwell_diag *diag)
{
	int err = catalog_new(&model->catalog);

	if (!model->threads)
		model->threads = cpus();
	if (!err)
		err = learn(model);
	if (!err)
		err = catalog_finish(model->catalog);
	if (!err)
		err = model_select(model);
	if (!err)
		settle_end(model, model->from_ns);
	return model_complain(model, err, diag);
}

int model_view(const struct model *model, uint64_t from_ns, uint64_t to_ns, struct model *view)
{
	const uint64_t begin_ns = model->info.begin_ns;
	struct dwell_source_options options;

	*view = *model;
	view->selection = (struct dwell_selection){ .from_ns = from_ns, .to_ns = to_ns };
	view->task_bits = view->object_bits = view->part_starts = NULL;
	view->tally = (struct tally){ 0 };
	view->from_ns = from_ns > begin_ns ? from_ns : begin_ns;
	view->to_ns = to_ns ? to_ns : DWELL_FOREVER;
	settle_end(view, view->from_ns);
	if (view->end_ns <= view->from_ns)
		return DWELL_EINVAL;
	options = options_of(view);
	view->parts = model->source->ops->parts(model->source, &options);
	return view->parts ? DWELL_OK : DWELL_EINVAL;
}

int model_part(struct model *model, size_t first, size_t count, const struct fold_ops *ops,
	void *fold, struct tally *tally)
{
	static const struct dwell_sink_ops deaf = { 0 };
	const struct dwell_source_options options = options_of(model);
	struct dwell_sink nobody = { &deaf };
	struct run run;
	int err = run_init(&run, model, first);

	run.again = true;
	run.silent = !tally;
	run.ops[0] = ops;
	run.folds[0] = fold;
	run.fold_count = 1;
	run.kinds = ops->batch ? 0 : ops->kinds;
	/* Sources of one part read on from where they are: from the front again. */
	if (!err && model->parts == 1)
		err = model->source->ops->start(model->source, &options, &nobody);
	for (size_t part = first; part < first + count && !err; part++)
		err = drive_part(&run, part);
	if (!err && first + count == model->parts)
		err = run_flush(&run, model->end_ns > run.now_ns ? model->end_ns : run.now_ns);
	if (!err && tally)
		err = tally_take(tally, run.states);
	if (!err && tally)
		err = tally_merge(tally, &run.tally);
	run.fold_count = 0; /* the caller's */
	run_release(&run);
	return err;
}

int model_replay(
	struct model *model, size_t first, size_t last, const struct fold_ops *ops, void *fold)
{
	static const struct dwell_sink_ops deaf = { 0 };
	const struct dwell_source_options options = options_of(model);
	struct dwell_sink nobody = { &deaf };
	struct run run;
	int err = run_init(&run, model, first);

	run.silent = true;
	run.ops[0] = ops;
	run.folds[0] = fold;
	run.fold_count = 1;
	run.kinds = ops->batch ? 0 : ops->kinds;
	/* Sources of one part read on from where they are: from the front again. */
	if (!err)
		err = model->source->ops->start(model->source, &options, &nobody);
	for (size_t part = first; part <= last && !err; part++)
		err = drive_part(&run, part);
	run.fold_count = 0; /* the caller's */
	run_release(&run);
	return err;
}

void model_release(struct model *model)
{
	for (size_t i = 0; i < model->fold_count; i++)
		model->ops[i]->free(model->folds[i]);
	free(model->part_starts);
	free(model->task_bits);
	free(model->scope_bits);
	free(model->object_bits);
	tally_release(&model->tally);
	catalog_free(model->catalog);
	*model = (struct model){ 0 };
}

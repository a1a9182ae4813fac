/* Driving a source: definitions, rows, the end; the whole of it, or some parts once more. */
#include "model/drive.h"

#include <stdlib.h>
#include <string.h>

#include "model/cpus.h"
#include "model/run.h"

enum { THREADS_MOST = 64 };

static unsigned threads(void)
{
	const unsigned cpus = cpus_allowed();

	return cpus > THREADS_MOST ? THREADS_MOST : cpus;
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

void tally_sums(struct tally *tally, const struct dwell_task_sums *sums)
{
	tally->state_ns[DWELL_UNKNOWN] += sums->unknown_ns;
	tally->state_ns[DWELL_RUNNING] += sums->running_ns;
	tally->state_ns[DWELL_RUNNABLE] += sums->runnable_ns;
	tally->state_ns[DWELL_BLOCKED] += sums->blocked_ns;
}

void model_count_life(struct model *model, uint32_t task, const struct dwell_task_sums *sums)
{
	struct tally *tally = &model->tally;

	tally->tasks++;
	tally->others += !dwell_catalog_recorded(model->catalog, task);
	if (in_scope(model, task))
		tally_sums(tally, sums);
}

void model_count_lives(struct model *model)
{
	for (uint32_t task = 1; task < model->tally.lives.end; task++) {
		const struct task_life *life = model_life(model, task);

		if (life)
			model_count_life(model, task, &life->sums);
	}
}

static int conclude(struct model *model, struct run *counting, struct run *other)
{
	int err = finish(model);

	if (err)
		return err;
	settle_end(model, counting->now_ns);
	err = run_flush(counting, model->end_ns);
	if (!err)
		err = run_merge(model, counting);
	if (!err && other)
		err = run_flush(other, model->end_ns);
	if (!err && other)
		err = run_merge(model, other);
	model_count_lives(model);
	return err ? err : catalog_finish(model->catalog);
}

static void drop_run(struct run *run)
{
	if (run)
		run_release(run);
	free(run);
}

static bool is_crowded(const struct model *model)
{
	return model->source->ops->all_defined &&
	       dwell_catalog_tasks(model->catalog) >= CATALOG_MANY;
}

/* Where only some tasks are asked for, or told of, the folds must mind. */
static bool may_settle(const struct model *model)
{
	bool some = !model->catalog->has_others;

	for (size_t i = 0; i < model->fold_count; i++)
		some = some && (!model->ops[i]->settle || model->ops[i]->settles_some);
	return some || wants_all(model);
}

/* Several threads may look for tasks, where there is only a number of them. */
static int look_at_crowd(struct model *model)
{
	model->crowded = is_crowded(model) && may_settle(model);
	return model->crowded ? DWELL_OK : catalog_unpack_all(model->catalog);
}

static int drive(struct model *model)
{
	struct run *last = NULL, *other = NULL;
	int err = start(model, 0);

	if (!err && !model->selected)
		err = select_by_names(model);
	if (!err)
		err = look_at_crowd(model);
	if (err)
		return err;
	if (!model->parts)
		return DWELL_EINVAL;
	model->part_starts = malloc(model->parts * sizeof(*model->part_starts));
	if (!model->part_starts)
		return DWELL_ENOMEM;
	memset(model->part_starts, 0xff, model->parts * sizeof(*model->part_starts));
	err = crew_drive(model, &last, &other);
	if (!err)
		err = conclude(model, last, other);
	drop_run(last);
	drop_run(other);
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
		model->threads = threads();
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
		model->threads = threads();
	if (!err)
		err = learn(model);
	/* Parts of views are read by several threads. */
	model->crowded = is_crowded(model);
	if (!err)
		err = catalog_unpack_all(model->catalog);
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
	run.kinds = ops->event ? ops->kinds : 0;
	/* What ended adds to the sums and is not looked for in the states. */
	run.forgets = tally && tally->sums_of;
	run.tally.sums_of = tally ? tally->sums_of : NULL;
	/* Sources of one part read on from where they are: from the front again. */
	if (!err && model->parts == 1)
		err = model->source->ops->start(model->source, &options, &nobody);
	for (size_t part = first; part < first + count && !err; part++)
		err = run_part(&run, part);
	if (!err && first + count == model->parts)
		err = run_flush(&run, model->end_ns > run.now_ns ? model->end_ns : run.now_ns);
	if (!err && tally)
		err = tally_take(tally, run.states);
	if (!err && tally)
		err = tally_merge(tally, &run.tally);
	tally_release(&run.tally);
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
	run.kinds = ops->event ? ops->kinds : 0;
	/* Sources of one part read on from where they are: from the front again. */
	if (!err)
		err = model->source->ops->start(model->source, &options, &nobody);
	for (size_t part = first; part <= last && !err; part++)
		err = run_part(&run, part);
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

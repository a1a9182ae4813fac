/* What a run need not keep of tasks that have ended. */
#include "model/run.h"

static bool keeps(const struct run *run, size_t fold)
{
	const struct fold_ops *ops = run->ops[fold];

	return ops->keeps_lives && ops->keeps_lives(run->folds[fold]);
}

void run_may_forget(struct run *run)
{
	struct model *model = run->model;

	run->forgets = true;
	/* A runtime tells of a task when it is made, and then no more. A definition that came when
	 * what it did was added up would be missing in that. */
	run->settles = model->crowded ||
		       (model->source->ops->foreign && model->info.levels & DWELL_LEVEL_RUNTIME &&
			       model->parts == 1 && wants_all(model));
	model->settles |= run->settles;
	run->packs = run->keeps_lives = false;
	for (size_t i = 0; i < run->fold_count; i++) {
		const struct fold_ops *ops = run->ops[i];

		run->packs |= !ops->names_none || keeps(run, i);
		run->keeps_lives |= keeps(run, i);
	}
}

static int drop_tasks(struct run *run, uint32_t first)
{
	struct dwell_catalog *catalog = run->model->catalog;

	return run->packs ? catalog_pack(catalog, first) : catalog_forget(catalog, first);
}

static int keep_lives(void *context, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct run *run = context;
	int err = DWELL_OK;

	(void)first;
	for (size_t i = 0; i < count && !err; i++)
		err = tally_life(&run->tally, &lives[i]);
	return err;
}

/* Nothing of them is in the window. */
static int drop_lives(void *context, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct run *run = context;

	(void)lives;
	(void)count;
	return run->settles ? drop_tasks(run, first) : DWELL_OK;
}

static int settle_lives(void *context, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct run *run = context;
	int err = DWELL_OK;

	if (run->keeps_lives)
		err = keep_lives(run, first, lives, count);
	for (size_t i = 0; i < count && !run->keeps_lives; i++)
		model_count_life(run->model, lives[i].task, &lives[i].sums);
	for (size_t i = 0; i < run->fold_count && !err; i++)
		if (run->ops[i]->settle && !keeps(run, i))
			err = run->ops[i]->settle(run->folds[i], first, lives, count);
	return err ? err : drop_tasks(run, first);
}

int run_forget(struct run *run, bool told)
{
	if (!run->forgets)
		return DWELL_OK;
	if (!told)
		return dwell_states_forget(run->states, drop_lives, run);
	return dwell_states_forget(run->states, run->settles ? settle_lives : keep_lives, run);
}

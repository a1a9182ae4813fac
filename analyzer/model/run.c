/* One pass over rows: definitions to the catalog, rows through the states into folds. */
#include "model/run.h"
#include "model/turns.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/states_ask.h"

static struct run *run_of(struct dwell_sink *sink)
{
	return (struct run *)sink;
}

/* What is told between rows is told when those before it are folded. */
static int rows_so_far(struct run *run)
{
	return run->pipe ? pipe_drain(run->pipe) : DWELL_OK;
}

static int tell_executors(struct run *run)
{
	const struct dwell_catalog *catalog = run->model->catalog;
	int err = DWELL_OK;

	for (uint32_t id = 1; id < dwell_catalog_executors(catalog) && !err; id++) {
		const struct catalog_executor *kept = table_get(&catalog->executors, id);
		const struct dwell_executor executor = {
			.id = id,
			.kind = kept ? kept->executor.kind : 0,
		};

		if (kept && kept->executor.id && kept->first_stage == 0)
			err = dwell_states_executor(run->states, &executor);
	}
	return err;
}

static int tell_tasks(struct run *run)
{
	struct dwell_catalog *catalog = run->model->catalog;
	uint64_t created_ns[TABLE_PAGE];
	const uint32_t end = dwell_catalog_tasks(catalog);
	int err = DWELL_OK;

	if (run->model->crowded)
		return dwell_states_ask(run->states, end, catalog_created, catalog);
	for (uint32_t first = 0; first < end && !err; first += TABLE_PAGE) {
		uint64_t bits = catalog_created(catalog, first, created_ns);

		for (; bits && !err; bits &= bits - 1) {
			const unsigned i = (unsigned)__builtin_ctzll(bits);
			const struct dwell_task task = {
				.id = first + i,
				.created_ns = created_ns[i],
			};

			err = dwell_states_task(run->states, &task);
		}
	}
	return err;
}

/* Told of what the source knew at its start, and only that: parts are driven at the same time. */
static int new_states(struct run *run)
{
	static const struct dwell_states_ops ops = { .interval = run_interval };
	struct dwell_catalog *catalog = run->model->catalog;
	int err = dwell_states_new(&run->states, run->model->info.levels, &ops, run);

	if (err)
		return err;
	dwell_states_sum_from(run->states, run->model->from_ns);
	pthread_mutex_lock(&catalog->lock);
	err = tell_executors(run);
	if (!err)
		err = tell_tasks(run);
	pthread_mutex_unlock(&catalog->lock);
	return err;
}

static int begin_folds(struct run *run, const struct fold_start *start)
{
	run->folding = true;
	if (run->turn && !turns_begin(run))
		return DWELL_OK;
	for (size_t i = 0; i < run->fold_count; i++) {
		const int err = run->ops[i]->begin ? run->ops[i]->begin(run->folds[i], start) : 0;

		if (err)
			return err;
	}
	return DWELL_OK;
}

/* The window begins after rows that are not in it: as a cut does, from a keyframe. */
static int begin_window(struct run *run)
{
	/* Says nothing of states, but brings them to the time: tasks may have been created since.
	 */
	const struct dwell_event now = { .kind = DWELL_EVENT_MARK, .time_ns = run->model->from_ns };
	struct dwell_states *before = run->states;
	const struct dwell_task_state *states = NULL;
	size_t count = 0;
	int err = run->followed ? dwell_states_apply(before, &now, 1) : DWELL_OK;

	if (!err && run->followed)
		err = dwell_states_save(before, &states, &count);
	if (err)
		return err;
	if (run->followed) {
		run->states = NULL;
		err = new_states(run);
		if (!err)
			err = dwell_states_load(run->states, run->model->from_ns, states, count);
	}

	const struct fold_start start = {
		.model = run->model,
		.states = run->states,
		.time_ns = run->model->from_ns,
		.part = run->part,
		.keyframe = states,
		.count = count,
	};
	if (!err)
		err = begin_folds(run, &start);
	if (run->followed)
		dwell_states_free(before);
	return err;
}

static int sink_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct run *run = run_of(sink);
	int err = rows_so_far(run);

	if (err)
		return err;
	if (!run->silent && !run->again)
		run->model->part_starts[run->stage - 1] = time_ns;
	if (run->followed)
		return DWELL_OK;
	err = dwell_states_load(run->states, time_ns, states, count);
	run->followed = true;
	if (err || run->folding || time_ns < run->model->from_ns)
		return err;

	const struct fold_start start = {
		.model = run->model,
		.states = run->states,
		/* The first one is as old as the first row: nothing happened before it. */
		.time_ns = run->part && !run->turn ? time_ns : run->model->from_ns,
		.part = run->part,
		.keyframe = states,
		.count = count,
	};
	return begin_folds(run, &start);
}

/* Rows of the window. */
static int fold_rows(struct run *run, const struct dwell_event *events, size_t count)
{
	if (!count)
		return DWELL_OK;
	if (!run->folding) {
		const int err = begin_window(run);

		if (err)
			return err;
	}
	run->followed = true;
	run->now_ns = events[count - 1].time_ns;

	const int err = run_rows(run, events, count);

	return err ? err : run_forget(run, true);
}

/* How many rows from the start are earlier than time_ns. */
static size_t rows_before(const struct dwell_event *events, size_t count, uint64_t time_ns)
{
	size_t low = 0, high = count;

	if (!count || events[0].time_ns >= time_ns)
		return 0;
	if (events[count - 1].time_ns < time_ns)
		return count;
	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (events[middle].time_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int take_rows(void *context, const struct dwell_event *events, size_t count)
{
	struct run *run = context;
	const size_t before = rows_before(events, count, run->model->from_ns);
	const size_t end = rows_before(events, count, run->model->to_ns);
	int err = DWELL_OK;

	if (before && !run->folding) {
		err = dwell_states_apply(run->states, events, before);
		run->followed = true;
		if (!err)
			err = run_forget(run, false);
	}
	if (!err && end > before)
		err = fold_rows(run, events + before, end - before);
	if (!err && run->model->progress && run->part == 0 && !run->silent && !run->again && count)
		run->model->progress(run->model->progress_context, events[count - 1].time_ns);
	return err;
}

static int step_all(void *context, struct pipe_batch *batch)
{
	return take_rows(context, batch->rows, batch->count);
}

static int step_states(void *context, struct pipe_batch *batch)
{
	struct run *run = context;
	int err;

	batch->folded = 0;
	run->apart = batch;
	err = take_rows(run, batch->rows, batch->count);
	run->apart = NULL;
	return err;
}

static int step_folds(void *context, struct pipe_batch *batch)
{
	return batch->folded ? run_fold_apart(context, batch) : DWELL_OK;
}

static bool folds_apart(const struct run *run)
{
	bool apart = !run->settles && !run->kinds;

	for (size_t i = 0; i < run->fold_count; i++)
		apart = apart && run->ops[i]->apart;
	return apart;
}

/*
 * To read rows is as much work as to follow the states; what folds do goes by what they are told.
 * Where that is little, or no third thread is wanted, one does both.
 */
static void consider_fork(struct run *run, size_t count)
{
	static pipe_step *const steps[] = { step_states, step_folds };
	static pipe_step *const step = step_all;
	enum { ROWS = 1 << 16 };
	const bool two = run->model->threads > 2 && folds_apart(run);
	int err;

	run->rows += count;
	if (run->rows < ROWS)
		return;
	run->may_fork = false;
	if (two && run->told_count >= run->rows / 8)
		err = pipe_new(&run->pipe, steps, 2, run);
	else
		err = pipe_new(&run->pipe, &step, 1, run);
	/* Where no other thread can be had, this one goes on. */
	if (err)
		run->pipe = NULL;
}

static int sink_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct run *run = run_of(sink);

	if (run->may_fork)
		consider_fork(run, count);
	return run->pipe ? pipe_put(run->pipe, events, count) : take_rows(run, events, count);
}

static struct dwell_event *sink_room(struct dwell_sink *sink, size_t count)
{
	struct run *run = run_of(sink);

	return run->pipe && count <= PIPE_ROWS ? pipe_room(run->pipe) : NULL;
}

/* Only where all definitions are known: what comes between rows has to wait for those before it. */
void run_fork(struct run *run)
{
	run->may_fork = run->model->threads > 1 && run->model->source->ops->all_defined;
}

int run_join(struct run *run)
{
	struct pipe *pipe = run->pipe;

	run->pipe = NULL;
	return pipe_free(pipe);
}

int run_flush(struct run *run, uint64_t end_ns)
{
	int err = run->folding ? DWELL_OK : begin_window(run);

	if (!err)
		err = dwell_states_flush(run->states, end_ns);
	if (!err)
		err = run->err;
	return err ? err : run_told(run);
}

static int sink_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	struct run *run = run_of(sink);
	struct model *model = run->model;

	model->info = *info;
	return catalog_keep(model->catalog, info->source, &model->info.source);
}

static int sink_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct run *run = run_of(sink);

	run->model->end = *end;
	run->model->ended = true;
	return DWELL_OK;
}

static int sink_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct run *run = run_of(sink);
	struct dwell_task what = *task;
	int err = rows_so_far(run);

	if (err)
		return err;
	if (run->states)
		what.created_ns = dwell_states_created(run->states, task);
	if (!run->again)
		err = catalog_put_task(run->model->catalog, run->stage, &what);
	if (!err && !run->stage && run->model->source->ops->all_defined)
		err = catalog_pack_told(run->model->catalog, task->id);
	return err || !run->states ? err : dwell_states_task(run->states, &what);
}

static int sink_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	struct run *run = run_of(sink);
	int err = rows_so_far(run);

	if (!err && !run->again)
		err = catalog_put_executor(run->model->catalog, run->stage, executor);
	return err || !run->states ? err : dwell_states_executor(run->states, executor);
}

#define TO_CATALOG(word)                                                                           \
	static int sink_##word(struct dwell_sink *sink, const struct dwell_##word *word)           \
	{                                                                                          \
		struct run *run = run_of(sink);                                                    \
		const int err = rows_so_far(run);                                                  \
                                                                                                   \
		return err || run->again                                                           \
			       ? err                                                               \
			       : catalog_put_##word(run->model->catalog, run->stage, word);        \
	}
TO_CATALOG(process)
TO_CATALOG(object)
TO_CATALOG(mapping)
TO_CATALOG(location)
TO_CATALOG(stack)
TO_CATALOG(label)
TO_CATALOG(counter)
TO_CATALOG(note)

static const struct dwell_sink_ops sink_ops = {
	.begin = sink_begin,
	.process = sink_process,
	.task = sink_task,
	.executor = sink_executor,
	.object = sink_object,
	.mapping = sink_mapping,
	.location = sink_location,
	.stack = sink_stack,
	.label = sink_label,
	.counter = sink_counter,
	.note = sink_note,
	.keyframe = sink_keyframe,
	.room = sink_room,
	.events = sink_events,
	.end = sink_end,
};

static const struct dwell_sink_ops table_ops = {
	.begin = sink_begin,
	.process = sink_process,
	.task = sink_task,
	.executor = sink_executor,
	.object = sink_object,
	.mapping = sink_mapping,
	.location = sink_location,
	.stack = sink_stack,
	.label = sink_label,
	.counter = sink_counter,
	.note = sink_note,
	.end = sink_end,
};

void run_init_tables(struct run *run, struct model *model, uint32_t stage)
{
	*run = (struct run){ .sink = { &table_ops }, .model = model, .stage = stage };
}

int run_init(struct run *run, struct model *model, size_t part)
{
	*run = (struct run){
		.sink = { &sink_ops },
		.model = model,
		.stage = (uint32_t)part + 1,
		.part = part,
	};

	const int err = told_room(&run->own.told, RUN_BATCH);

	return err ? err : new_states(run);
}

void run_release(struct run *run)
{
	run_join(run);
	for (size_t i = 0; i < run->fold_count; i++)
		run->ops[i]->free(run->folds[i]);
	run->fold_count = 0;
	dwell_states_free(run->states);
	run->states = NULL;
	told_leave(&run->own.told);
	free(run->own.firsts.at);
	free(run->first_bits);
}

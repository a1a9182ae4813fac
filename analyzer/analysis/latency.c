/* From runnable to running: how long, and who ran instead. */
#include "analysis/latency.h"

#include <stdlib.h>

#include "model/histogram_add.h"

/*
 * So many pieces of who held executors are kept one by one before they are condensed, and so many
 * sums of them at most: who needs more is read again.
 */
enum { MOST_PIECES = 1 << 15, MOST_SHARES = 1 << 20 };

static int keep_idle(void *context, const struct piece *piece)
{
	struct latency *latency = context;
	struct executor_times *of = table_make(&latency->executors, piece->executor);

	latency->pieces++;
	return of && pile_add(&of->held.idle, piece->start_ns, piece->end_ns) ? DWELL_OK
									      : DWELL_ENOMEM;
}

static int latency_make(void **fold, const struct model *model)
{
	struct latency *latency = calloc(1, sizeof(*latency));

	if (!latency)
		return DWELL_ENOMEM;
	latency->model = model;
	latency->executors.item = sizeof(struct executor_times);
	latency->tasks.item = sizeof(struct dwell_histogram);
	latency->shapes.item = sizeof(struct dwell_histogram);
	latency->settled.item = sizeof(bool);
	latency->worst.limit = model->query->worst;
	latency->condenser.sums.item = sizeof(uint64_t);
	occupants_init(&latency->occupants, model, keep_idle, latency);
	latency->least_ns = latency->worst.limit ? 0 : UINT64_MAX;
	*fold = latency;
	return DWELL_OK;
}

static void release_histograms(struct table *histograms)
{
	for (uint32_t id = 0; id < histograms->end; id++) {
		struct dwell_histogram *of = table_get(histograms, id);

		if (of)
			dwell_histogram_release(of);
	}
	table_release(histograms);
}

static void latency_drop(void *fold)
{
	struct latency *latency = fold;

	if (!latency)
		return;
	for (uint32_t id = 0; id < latency->executors.end; id++) {
		struct executor_times *of = table_get(&latency->executors, id);

		for (size_t i = 0; of && i < DWELL_CAUSE_COUNT; i++)
			dwell_histogram_release(&of->causes[i]);
		if (of)
			helds_release(&of->held);
	}
	release_histograms(&latency->tasks);
	release_histograms(&latency->shapes);
	table_release(&latency->executors);
	table_release(&latency->settled);
	worst_list_release(&latency->worst);
	occupants_release(&latency->occupants);
	condenser_release(&latency->condenser);
	free(latency->starts);
	free(latency);
}

/* A latency that is told later began then: not only of what is runnable, for a wake may have
 * overtaken the leaving. */
static bool may_be_latency(const struct dwell_task_state *state)
{
	return state->state == DWELL_RUNNABLE || (state->state == DWELL_BLOCKED && state->wake_ns);
}

static int by_time(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Each once, in order; returns how many there are. */
static size_t sort_starts(uint64_t *starts, size_t count)
{
	size_t n = 0;

	if (count)
		qsort(starts, count, sizeof(*starts), by_time);
	for (size_t i = 0; i < count; i++)
		if (!n || starts[n - 1] != starts[i])
			starts[n++] = starts[i];
	return n;
}

static int latency_begin(void *fold, const struct fold_start *start)
{
	struct latency *latency = fold;

	latency->states = start->states;
	latency->occupants.carried = start->part && start->time_ns > latency->model->from_ns;
	latency->starts = malloc((start->count + 1) * sizeof(*latency->starts));
	if (!latency->starts)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < start->count; i++)
		if (may_be_latency(&start->keyframe[i]))
			latency->starts[latency->start_count++] = start->keyframe[i].since_ns;
	latency->start_count = sort_starts(latency->starts, latency->start_count);
	return occupants_begin(&latency->occupants, start);
}

/* Forget what nobody needs who began to wait at one of these times. */
static int condense(struct latency *latency, const uint64_t *starts, size_t count, uint64_t now_ns)
{
	size_t shares = 0;
	int err = DWELL_OK;

	latency->condenser.starts = starts;
	latency->condenser.count = count;
	for (uint32_t id = 0; id < latency->executors.end && !err; id++) {
		struct executor_times *of = table_get(&latency->executors, id);

		err = of ? helds_condense(&of->held, &latency->condenser) : DWELL_OK;
		shares += of ? of->held.shares : 0;
	}
	latency->pieces = 0;
	for (uint32_t id = 0; shares > MOST_SHARES && id < latency->executors.end && !err; id++) {
		struct executor_times *of = table_get(&latency->executors, id);

		if (of)
			helds_drop(&of->held, now_ns);
	}
	return err;
}

static uint32_t tasks_end(const struct model *model)
{
	uint32_t end;

	pthread_mutex_lock(&model->catalog->lock);
	end = dwell_catalog_tasks(model->catalog);
	pthread_mutex_unlock(&model->catalog->lock);
	return end;
}

/* When the states began that may turn out to be latencies, into starts; how many. */
static size_t find_starts(const struct latency *latency, uint64_t *starts, uint32_t end)
{
	size_t n = 0;

	for (uint32_t task = 1; task < end; task++) {
		const bool *settled = table_get(&latency->settled, task >> TABLE_BITS);
		const struct dwell_task_state *state;

		if (settled && *settled) {
			task |= TABLE_PAGE - 1;
			continue;
		}
		state = dwell_states_get(latency->states, task);
		if (state && may_be_latency(state))
			starts[n++] = state->since_ns;
	}
	return sort_starts(starts, n);
}

/* Between batches: what the rows so far ended has been told. */
static int latency_ahead(void *fold, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	struct latency *latency = fold;
	const uint32_t end = latency->pieces < MOST_PIECES ? 0 : tasks_end(latency->model);
	uint64_t *starts = end ? malloc(end * sizeof(*starts)) : NULL;
	int err;

	(void)count;
	(void)kinds;
	if (!starts)
		return end ? DWELL_ENOMEM : DWELL_OK;
	err = condense(latency, starts, find_starts(latency, starts, end), rows->time_ns);
	free(starts);
	return err;
}

/* A full list: what is shorter than all of it is not among the worst. */
static void raise_least(struct latency *latency, const struct worst_list *list)
{
	const uint64_t least_ns = list->count == list->limit ? worst_least(list) : 0;

	if (least_ns > latency->least_ns)
		latency->least_ns = least_ns;
}

static void latency_follow(void *fold, const void *merged)
{
	const struct latency *before = merged;

	raise_least(fold, &before->worst);
}

static int keep_worst(
	struct latency *latency, const struct dwell_interval *interval, uint32_t order)
{
	const struct dwell_worst is = {
		.at_ns = interval->start_ns,
		.latency_ns = interval->end_ns - interval->start_ns,
		.task = interval->task,
		.executor = interval->executor,
		.waker = interval->waker,
		.waker_stack = interval->waker_stack,
		.cause = interval->cause,
	};
	struct worst *worst;
	int err;

	if (!worst_wants(&latency->worst, &is))
		return DWELL_OK;
	worst = calloc(1, sizeof(*worst));
	if (!worst)
		return DWELL_ENOMEM;
	worst->is = is;
	err = is.executor ? latency_look_back(latency, worst, order) : DWELL_OK;
	if (err) {
		worst_free(worst);
		return err;
	}
	err = worst_add(&latency->worst, worst);
	raise_least(latency, &latency->worst);
	return err;
}

static struct executor_times *meet(struct latency *latency, uint32_t executor)
{
	struct executor_times *of = table_make(&latency->executors, executor);

	if (executor < LATENCY_NEAR)
		latency->near[executor] = of;
	return of;
}

static inline struct executor_times *times_of(struct latency *latency, uint32_t executor)
{
	struct executor_times *of = executor < LATENCY_NEAR ? latency->near[executor] : NULL;

	return of ? of : meet(latency, executor);
}

static inline struct dwell_histogram *histogram_of(struct latency *latency, uint32_t task)
{
	const size_t page = task >> TABLE_BITS;

	if (task < latency->tasks.end && latency->tasks.pages[page])
		return (struct dwell_histogram *)latency->tasks.pages[page] +
		       (task & (TABLE_PAGE - 1));
	return table_make(&latency->tasks, task);
}

static inline int add_sample(struct latency *latency, const struct dwell_interval *interval)
{
	const uint64_t ns = interval->end_ns - interval->start_ns;
	const unsigned bucket = histogram_bucket(ns);
	const unsigned cause = interval->cause < DWELL_CAUSE_COUNT ? interval->cause : 0;
	struct executor_times *executor = times_of(latency, interval->executor);
	struct dwell_histogram *task = histogram_of(latency, interval->task);

	if (!executor || !task || histogram_add_in(&executor->causes[cause], ns, bucket))
		return DWELL_ENOMEM;
	return histogram_add_in(task, ns, bucket);
}

static int add_running(struct latency *latency, const struct dwell_told *told)
{
	for (size_t i = 0; i < told->running_count; i++) {
		const struct dwell_interval *of = &told->intervals[told->running[i]];
		struct executor_times *executor = times_of(latency, of->executor);
		struct held *held;

		if (!executor)
			return DWELL_ENOMEM;
		if (!of->executor || of->end_ns <= of->start_ns)
			continue;
		held = pile_add(&executor->held.running, of->start_ns, of->end_ns);
		if (!held)
			return DWELL_ENOMEM;
		held->task = of->task;
		held->order = latency->order + told->running[i];
	}
	latency->pieces += told->running_count;
	return DWELL_OK;
}

static int add_runnable(struct latency *latency, const struct dwell_told *told)
{
	const bool all = !latency->model->task_bits;
	const bool only_worst = latency->model->query->only_worst;
	int err = DWELL_OK;

	for (size_t i = 0; i < told->runnable_count && !err; i++) {
		const struct dwell_interval *of = &told->intervals[told->runnable[i]];

		if (of->next != DWELL_RUNNING || !(all || wants_task(latency->model, of->task)))
			continue;
		if (!only_worst)
			err = add_sample(latency, of);
		if (!err && of->end_ns - of->start_ns >= latency->least_ns)
			err = keep_worst(latency, of, latency->order + told->runnable[i]);
	}
	return err;
}

static int latency_batch(void *fold, const struct fold_batch *batch)
{
	struct latency *latency = fold;
	const struct dwell_told *told = batch->told;
	int err = batch->kinds >> DWELL_EVENT_LOSS & 1
			  ? occupants_rows(
				    &latency->occupants, batch->rows, batch->count, batch->kinds)
			  : occupants_gaps(&latency->occupants, batch->rows, told->gaps,
				    batch->count ? told->gap_count : 0);

	if (!err)
		err = add_running(latency, told);
	if (!err)
		err = add_runnable(latency, told);
	latency->order += (uint32_t)told->count;
	return err;
}

static uint32_t latency_skips(const void *fold)
{
	(void)fold;
	return DWELL_SKIP_BLOCKED | DWELL_SKIP_REASONLESS;
}

static int merge_histograms(struct latency *into, const struct latency *from)
{
	int err = DWELL_OK;

	for (uint32_t id = 0; id < from->executors.end && !err; id++) {
		const struct executor_times *b = table_get(&from->executors, id);
		struct executor_times *a = b ? table_make(&into->executors, id) : NULL;

		if (b && !a)
			return DWELL_ENOMEM;
		for (size_t i = 0; b && i < DWELL_CAUSE_COUNT && !err; i++)
			err = dwell_histogram_merge(&a->causes[i], &b->causes[i]);
	}
	for (uint32_t id = 0; id < from->tasks.end && !err; id++) {
		const struct dwell_histogram *b = table_get(&from->tasks, id);
		struct dwell_histogram *a = b && b->count ? table_make(&into->tasks, id) : NULL;

		if (b && b->count)
			err = a ? dwell_histogram_merge(a, b) : DWELL_ENOMEM;
	}
	return err;
}

/*
 * Idle time over the border: what lies behind it belongs to `from`, for somebody may have begun to
 * wait in the midst of it.
 */
static int split_idle(struct latency *into, struct latency *from)
{
	const uint64_t border_ns = from->occupants.begin_ns;

	for (uint32_t id = 0; id < into->executors.end; id++) {
		struct executor_times *a = table_get(&into->executors, id), *b;
		struct held *last =
			a && a->held.idle.count ? &a->held.idle.at[a->held.idle.count - 1] : NULL;
		uint64_t end_ns;

		if (!last || last->end_ns <= border_ns)
			continue;
		b = table_make(&from->executors, id);
		end_ns = last->end_ns;
		last->end_ns = last->start_ns > border_ns ? last->start_ns : border_ns;
		if (!b || !pile_add(&b->held.idle, last->end_ns, end_ns))
			return DWELL_ENOMEM;
	}
	return DWELL_OK;
}

/* What `into` kept goes on with what `from` kept. */
static int merge_held(struct latency *into, struct latency *from)
{
	int err = split_idle(into, from);

	if (!err)
		err = condense(into, from->starts, from->start_count, from->occupants.begin_ns);
	for (uint32_t id = 0; id < from->executors.end && !err; id++) {
		struct executor_times *b = table_get(&from->executors, id);
		struct executor_times *a = b ? table_make(&into->executors, id) : NULL;

		if (b && !a)
			return DWELL_ENOMEM;
		if (b)
			err = helds_move(&a->held, &b->held);
	}
	into->pieces = from->pieces;
	return err;
}

static int latency_merge(void *into_fold, void *from_fold)
{
	struct latency *into = into_fold, *from = from_fold;
	int err = merge_histograms(into, from);

	if (!err)
		err = occupants_merge(&into->occupants, &from->occupants);
	for (size_t i = 0; i < from->worst.count && !err; i++) {
		struct worst *worst = from->worst.at[i];

		from->worst.at[i] = NULL;
		if (worst->deferred)
			err = latency_look_back(into, worst, UINT32_MAX);
		if (err)
			worst_free(worst);
		else if (worst_wants(&into->worst, &worst->is))
			err = worst_add(&into->worst, worst);
		else
			worst_free(worst);
	}
	from->worst.count = 0;
	return err || !from->occupants.begun ? err : merge_held(into, from);
}

/* Classes have latencies, and tasks of one shape have one class. */
static int latency_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct latency *latency = fold;
	bool *settled = table_make(&latency->settled, first >> TABLE_BITS);
	int err = settled ? DWELL_OK : DWELL_ENOMEM;

	(void)lives;
	(void)count;
	for (uint32_t task = first; task < first + TABLE_PAGE && !err; task++) {
		struct dwell_histogram *of = table_get(&latency->tasks, task), *into;

		if (!of || !of->count)
			continue;
		into = table_make(&latency->shapes, catalog_shape(latency->model->catalog, task));
		err = into ? dwell_histogram_merge(into, of) : DWELL_ENOMEM;
		dwell_histogram_release(of);
	}
	if (err)
		return err;
	*settled = true;
	table_drop(&latency->tasks, first);
	table_drop(&latency->condenser.sums, first);
	return DWELL_OK;
}

const struct fold_ops latency_fold = {
	.make = latency_make,
	.free = latency_drop,
	.follow = latency_follow,
	.begin = latency_begin,
	.ahead = latency_ahead,
	.batch = latency_batch,
	.skips = latency_skips,
	.merge = latency_merge,
	.settle = latency_settle,
	.settles_some = true,
};

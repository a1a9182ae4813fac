/* From runnable to running: how long, and who ran instead. */
#include "analysis/latency.h"

#include <stdlib.h>

#include "model/histogram_add.h"

/*
 * Kept of who held executors, in all and of one: what a long latency needs beyond that is read
 * again. More of a source of one part, of which there is one fold, and all to be read again.
 */
enum { KEPT = 1 << 17, KEPT_OF_ONE = 1 << 20, LEAST = 1 << 10 };

/* Idle and running apart, each in the order in which it was told. */
struct executor_times {
	struct dwell_histogram causes[DWELL_CAUSE_COUNT];
	struct helds running, idle;
};

struct latency {
	const struct model *model;
	struct occupants occupants;
	struct table executors; /* struct executor_times */
	struct table tasks;     /* struct dwell_histogram */
	struct worst_list worst;
	uint32_t limit; /* of helds of an executor */
	uint32_t order; /* of intervals so far */
	size_t part;
	uint64_t begin_ns;
};

static int keep_idle(void *context, const struct piece *piece)
{
	struct latency *latency = context;
	struct executor_times *of = table_make(&latency->executors, piece->executor);
	const struct held held = { .start_ns = piece->start_ns, .end_ns = piece->end_ns };

	return of ? helds_keep(&of->idle, &held, latency->limit) : DWELL_ENOMEM;
}

static uint32_t limit_of(const struct model *model)
{
	const uint32_t kept = model->parts == 1 ? KEPT_OF_ONE : KEPT;
	uint32_t limit;

	pthread_mutex_lock(&model->catalog->lock);
	limit = kept / (dwell_catalog_executors(model->catalog) + 1);
	pthread_mutex_unlock(&model->catalog->lock);
	return limit < LEAST ? LEAST : limit > kept / 2 ? kept / 2 : limit;
}

static int latency_make(void **fold, const struct model *model)
{
	struct latency *latency = calloc(1, sizeof(*latency));

	if (!latency)
		return DWELL_ENOMEM;
	latency->model = model;
	latency->executors.item = sizeof(struct executor_times);
	latency->tasks.item = sizeof(struct dwell_histogram);
	latency->worst.limit = model->query->worst;
	latency->limit = limit_of(model);
	occupants_init(&latency->occupants, model, keep_idle, latency);
	*fold = latency;
	return DWELL_OK;
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
		if (of) {
			helds_release(&of->running);
			helds_release(&of->idle);
		}
	}
	for (uint32_t id = 0; id < latency->tasks.end; id++) {
		struct dwell_histogram *of = table_get(&latency->tasks, id);

		if (of)
			dwell_histogram_release(of);
	}
	table_release(&latency->executors);
	table_release(&latency->tasks);
	worst_list_release(&latency->worst);
	occupants_release(&latency->occupants);
	free(latency);
}

static int latency_begin(void *fold, const struct fold_start *start)
{
	struct latency *latency = fold;

	latency->part = start->part;
	latency->begin_ns = start->time_ns;
	return occupants_begin(&latency->occupants, start);
}

/* Add to a latency what lies in it and was told before `order`; *known_ns is where knowledge of
 * what came before begins. */
static int look_back_in(
	const struct helds *helds, struct worst *worst, uint32_t order, uint64_t *known_ns)
{
	for (uint32_t i = 0; i < helds->count; i++) {
		const struct held *held = helds_latest(helds, i);
		const struct piece piece = {
			.start_ns = held->start_ns,
			.end_ns = held->end_ns,
			.task = held->task,
		};
		int err;

		if (held->told_ns <= worst->is.at_ns)
			break;
		if (held->task && held->order >= order)
			continue;
		if (held->start_ns < *known_ns && held->end_ns >= *known_ns)
			*known_ns = held->start_ns;
		err = worst_add_piece(worst, &piece);
		if (err)
			return err;
	}
	return DWELL_OK;
}

/* Who held the executor; true where what is kept reaches back to the latency's start. */
static int look_back(struct latency *latency, struct worst *worst, uint32_t order, bool *whole)
{
	const struct executor_times *of = table_get(&latency->executors, worst->is.executor);
	/* Before the first part, and before the window, nothing is to be found. */
	uint64_t known_ns = latency->part && latency->begin_ns > latency->model->from_ns
				    ? latency->begin_ns
				    : 0;
	int err = DWELL_OK;

	if (of) {
		err = look_back_in(&of->running, worst, order, &known_ns);
		if (!err)
			err = look_back_in(&of->idle, worst, order, &known_ns);
		if (of->running.dropped_ns > known_ns)
			known_ns = of->running.dropped_ns;
		if (of->idle.dropped_ns > known_ns)
			known_ns = of->idle.dropped_ns;
	}
	*whole = known_ns <= worst->is.at_ns;
	return err;
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
	bool whole = true;
	int err;

	if (!worst_wants(&latency->worst, &is))
		return DWELL_OK;
	worst = calloc(1, sizeof(*worst));
	if (!worst)
		return DWELL_ENOMEM;
	worst->is = is;
	err = is.executor ? look_back(latency, worst, order, &whole) : DWELL_OK;
	worst->deferred = !whole;
	if (!err)
		return worst_add(&latency->worst, worst);
	worst_free(worst);
	return err;
}

static inline void *find(struct table *table, uint32_t id)
{
	void *at = id < table->end ? table_get(table, id) : NULL;

	return at ? at : table_make(table, id);
}

static inline int add_sample(struct latency *latency, const struct dwell_interval *interval)
{
	const uint64_t ns = interval->end_ns - interval->start_ns;
	struct executor_times *executor = find(&latency->executors, interval->executor);
	struct dwell_histogram *task = find(&latency->tasks, interval->task);
	const unsigned cause = interval->cause < DWELL_CAUSE_COUNT ? interval->cause : 0;
	int err = executor && task ? histogram_add_one(&executor->causes[cause], ns) : DWELL_ENOMEM;

	return err ? err : histogram_add_one(task, ns);
}

static int add_running(struct latency *latency, const struct dwell_told *told)
{
	for (size_t i = 0; i < told->running_count; i++) {
		const struct dwell_interval *of = &told->intervals[told->running[i]];
		const struct held held = {
			.start_ns = of->start_ns,
			.end_ns = of->end_ns,
			.task = of->task,
			.order = latency->order + told->running[i],
		};
		struct executor_times *executor = find(&latency->executors, of->executor);

		if (!executor)
			return DWELL_ENOMEM;
		if (of->executor && of->end_ns > of->start_ns &&
			helds_keep(&executor->running, &held, latency->limit))
			return DWELL_ENOMEM;
	}
	return DWELL_OK;
}

static int add_runnable(struct latency *latency, const struct dwell_told *told)
{
	for (size_t i = 0; i < told->runnable_count; i++) {
		const struct dwell_interval *of = &told->intervals[told->runnable[i]];
		const bool listed = latency->worst.count < latency->worst.limit;
		int err;

		if (of->next != DWELL_RUNNING || !wants_task(latency->model, of->task))
			continue;
		err = add_sample(latency, of);
		if (!err && (listed || of->end_ns - of->start_ns >= worst_least(&latency->worst)))
			err = keep_worst(latency, of, latency->order + told->runnable[i]);
		if (err)
			return err;
	}
	return DWELL_OK;
}

static int latency_batch(void *fold, const struct fold_batch *batch)
{
	struct latency *latency = fold;
	int err = occupants_rows(&latency->occupants, batch->rows, batch->count, batch->kinds);

	if (!err)
		err = add_running(latency, batch->told);
	if (!err)
		err = add_runnable(latency, batch->told);
	latency->order += (uint32_t)batch->told->count;
	return err;
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

static int latency_merge(void *into_fold, void *from_fold)
{
	struct latency *into = into_fold, *from = from_fold;
	int err = merge_histograms(into, from);

	for (size_t i = 0; i < from->worst.count && !err; i++) {
		struct worst *worst = from->worst.at[i];

		from->worst.at[i] = NULL;
		if (worst_wants(&into->worst, &worst->is))
			err = worst_add(&into->worst, worst);
		else
			worst_free(worst);
	}
	from->worst.count = 0;
	return err;
}

const struct fold_ops latency_fold = {
	.make = latency_make,
	.free = latency_drop,
	.begin = latency_begin,
	.batch = latency_batch,
	.merge = latency_merge,
};

static int answer_executors(struct dwell_latency *out, const struct latency *latency,
	struct dwell_histogram causes[DWELL_CAUSE_COUNT])
{
	int err = DWELL_OK;

	out->executors = calloc((size_t)latency->executors.end + 1, sizeof(*out->executors));
	if (!out->executors)
		return DWELL_ENOMEM;
	for (uint32_t id = 0; id < latency->executors.end && !err; id++) {
		const struct executor_times *of = table_get(&latency->executors, id);
		struct dwell_histogram all = { 0 };

		for (size_t i = 0; of && i < DWELL_CAUSE_COUNT && !err; i++) {
			err = dwell_histogram_merge(&all, &of->causes[i]);
			if (!err)
				err = dwell_histogram_merge(&causes[i], &of->causes[i]);
		}
		if (!err && all.count) {
			out->executors[out->executor_count].id = id;
			err = distribution_of(&all, &out->executors[out->executor_count++].times);
		}
		dwell_histogram_release(&all);
	}
	return err;
}

static int answer_overall(
	struct dwell_latency *out, struct dwell_histogram causes[DWELL_CAUSE_COUNT])
{
	struct dwell_histogram all = { 0 };
	int err = DWELL_OK;

	for (size_t i = 0; i < DWELL_CAUSE_COUNT && !err; i++) {
		err = distribution_of(&causes[i], &out->causes[i]);
		if (!err)
			err = dwell_histogram_merge(&all, &causes[i]);
	}
	if (!err)
		err = distribution_of(&all, &out->overall);
	dwell_histogram_release(&all);
	return err;
}

static int longest_first(const void *a, const void *b)
{
	const struct dwell_latency_row *x = a, *y = b;

	if (x->times.total_ns != y->times.total_ns)
		return x->times.total_ns > y->times.total_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int answer_classes(
	struct dwell_latency *out, const struct model *model, const struct latency *latency)
{
	const uint32_t count = dwell_catalog_classes(model->catalog) + 1;
	struct dwell_histogram *all = calloc(count, sizeof(*all));
	int err = all ? DWELL_OK : DWELL_ENOMEM;

	out->classes = calloc(count, sizeof(*out->classes));
	if (!out->classes)
		err = DWELL_ENOMEM;
	for (uint32_t id = 0; id < latency->tasks.end && !err; id++) {
		const struct dwell_histogram *of = table_get(&latency->tasks, id);

		if (of && of->count)
			err = dwell_histogram_merge(
				&all[group_of(model->catalog, DWELL_BY_CLASS, id)], of);
	}
	for (uint32_t id = 0; id < count && !err; id++) {
		if (!all[id].count)
			continue;
		out->classes[out->class_count].id = id;
		err = distribution_of(&all[id], &out->classes[out->class_count++].times);
	}
	for (uint32_t id = 0; all && id < count; id++)
		dwell_histogram_release(&all[id]);
	free(all);
	if (!err)
		qsort(out->classes, out->class_count, sizeof(*out->classes), longest_first);
	return err;
}

static int answer_worst(struct dwell_latency *out, struct model *model, struct latency *latency)
{
	struct worst_list *list = &latency->worst;
	int err = worst_replay(list, model);

	worst_sort(list);
	if (list->count)
		out->worst = calloc(list->count, sizeof(*out->worst));
	if (list->count && !out->worst)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < list->count && !err; i++) {
		err = worst_close(list->at[i]);
		out->worst[i] = list->at[i]->is;
		out->worst[i].id =
			id_of(model->catalog, "latency", out->worst[i].task, out->worst[i].at_ns);
		out->worst_count++;
		list->at[i]->is.ran_instead = NULL;
	}
	return err;
}

int latency_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct dwell_latency *out = calloc(1, sizeof(*out));
	struct dwell_histogram causes[DWELL_CAUSE_COUNT] = { { 0 } };
	int err;

	(void)query;
	if (!out)
		return DWELL_ENOMEM;
	answer->latency = out;
	err = answer_executors(out, fold, causes);
	if (!err)
		err = answer_overall(out, causes);
	if (!err)
		err = answer_classes(out, model, fold);
	if (!err)
		err = answer_worst(out, model, fold);
	for (size_t i = 0; i < DWELL_CAUSE_COUNT; i++)
		dwell_histogram_release(&causes[i]);
	return err;
}

static void free_rows(struct dwell_latency_row *rows, size_t count)
{
	for (size_t i = 0; rows && i < count; i++)
		free(rows[i].times.bars);
	free(rows);
}

void latency_free(struct dwell_latency *latency)
{
	if (!latency)
		return;
	free(latency->overall.bars);
	for (size_t i = 0; i < DWELL_CAUSE_COUNT; i++)
		free(latency->causes[i].bars);
	free_rows(latency->classes, latency->class_count);
	free_rows(latency->executors, latency->executor_count);
	for (size_t i = 0; i < latency->worst_count; i++)
		free(latency->worst[i].ran_instead);
	free(latency->worst);
	free(latency);
}

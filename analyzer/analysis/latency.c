/* From runnable to running: how long, and who ran instead. */
#include "analysis/latency.h"

#include <stdlib.h>

/* Pieces kept of each executor: what a long latency needs beyond them is read again. */
enum { HISTORY = 4096 };

struct history {
	struct piece *at; /* a ring once it is full */
	size_t count, next, cap;
	uint64_t told_ns;    /* the latest end of any piece so far */
	uint64_t dropped_ns; /* no piece that was dropped ends after this */
};

struct executor_times {
	struct dwell_histogram causes[DWELL_CAUSE_COUNT];
	struct history history;
};

struct latency {
	const struct model *model;
	struct occupants occupants;
	struct table executors; /* struct executor_times */
	struct table tasks;     /* struct dwell_histogram */
	struct worst_list worst;
	size_t part;
	uint64_t begin_ns;
};

static int keep_piece(void *context, const struct piece *piece)
{
	struct latency *latency = context;
	struct executor_times *of = table_make(&latency->executors, piece->executor);

	if (!of)
		return DWELL_ENOMEM;

	struct history *h = &of->history;
	if (h->count == h->cap && h->cap < HISTORY) {
		const size_t cap = h->cap ? h->cap * 2 : 64;
		struct piece *at = realloc(h->at, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		h->at = at;
		h->cap = cap;
		h->next = h->count;
	}
	if (h->count == HISTORY)
		h->dropped_ns = h->at[h->next].told_ns;
	else
		h->count++;
	/* One that a loss ended is told late: ends are not in order. */
	if (piece->end_ns > h->told_ns)
		h->told_ns = piece->end_ns;
	h->at[h->next] = *piece;
	h->at[h->next].told_ns = h->told_ns;
	h->next = h->next + 1 == HISTORY ? 0 : h->next + 1;
	return DWELL_OK;
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
	occupants_init(&latency->occupants, model, keep_piece, latency);
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
		if (of)
			free(of->history.at);
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

static int latency_event(void *fold, const struct dwell_event *event)
{
	return occupants_event(&((struct latency *)fold)->occupants, event);
}

/* Who held the executor, from the history; true where that reaches back to the latency's start. */
static int look_back(struct latency *latency, struct worst *worst, bool *whole)
{
	const struct executor_times *of = table_get(&latency->executors, worst->is.executor);
	const struct history *h = of ? &of->history : NULL;
	const uint64_t start_ns = worst->is.at_ns;
	/* Before the first part, and before the window, nothing is to be found. */
	uint64_t known_ns = latency->part && latency->begin_ns > latency->model->from_ns
				    ? latency->begin_ns
				    : 0;

	for (size_t i = 0; h && i < h->count; i++) {
		const struct piece *piece = &h->at[(h->next + HISTORY - 1 - i) % HISTORY];
		int err;

		if (h->count < HISTORY)
			piece = &h->at[h->count - 1 - i];
		if (piece->told_ns <= start_ns)
			break;
		if (piece->start_ns < known_ns && piece->end_ns >= known_ns)
			known_ns = piece->start_ns;
		err = worst_add_piece(worst, piece);
		if (err)
			return err;
	}
	if (h && h->count == HISTORY && h->dropped_ns > known_ns)
		known_ns = h->dropped_ns;
	*whole = known_ns <= start_ns;
	return DWELL_OK;
}

static int keep_worst(struct latency *latency, const struct dwell_worst *is)
{
	struct worst *worst = calloc(1, sizeof(*worst));
	bool whole = true;
	int err;

	if (!worst)
		return DWELL_ENOMEM;
	worst->is = *is;
	err = is->executor ? look_back(latency, worst, &whole) : DWELL_OK;
	worst->deferred = !whole;
	if (!err)
		return worst_add(&latency->worst, worst);
	worst_free(worst);
	return err;
}

static int add_sample(struct latency *latency, const struct dwell_interval *interval)
{
	const uint64_t ns = interval->end_ns - interval->start_ns;
	struct executor_times *executor = table_make(&latency->executors, interval->executor);
	struct dwell_histogram *task = table_make(&latency->tasks, interval->task);
	const unsigned cause = interval->cause < DWELL_CAUSE_COUNT ? interval->cause : 0;
	int err = executor && task ? dwell_histogram_add(&executor->causes[cause], ns, 1)
				   : DWELL_ENOMEM;

	return err ? err : dwell_histogram_add(task, ns, 1);
}

static int latency_interval(void *fold, const struct dwell_interval *interval)
{
	struct latency *latency = fold;

	if (interval->state == DWELL_RUNNING)
		return occupants_interval(&latency->occupants, interval);
	if (interval->state != DWELL_RUNNABLE || interval->next != DWELL_RUNNING ||
		interval->flags & DWELL_INTERVAL_OPEN ||
		!wants_task(latency->model, interval->task))
		return DWELL_OK;

	const struct dwell_worst is = {
		.at_ns = interval->start_ns,
		.latency_ns = interval->end_ns - interval->start_ns,
		.task = interval->task,
		.executor = interval->executor,
		.waker = interval->waker,
		.waker_stack = interval->waker_stack,
		.cause = interval->cause,
	};
	const int err = add_sample(latency, interval);

	if (err || !worst_wants(&latency->worst, &is))
		return err;
	return keep_worst(latency, &is);
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
	.kinds = OCCUPANTS_KINDS,
	.make = latency_make,
	.free = latency_drop,
	.begin = latency_begin,
	.event = latency_event,
	.interval = latency_interval,
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

/* Counters over time. */
#include <stdlib.h>

#include "analysis/fold.h"

/* Points of a series: pairs are joined once there are so many, so that memory does not grow. */
enum { POINTS = 256 };

struct series {
	struct dwell_metric row;
	struct dwell_histogram histogram;
	struct dwell_metric_point points[POINTS];
};

struct metrics {
	const struct model *model;
	struct series **at;
	size_t count, cap;
	uint32_t *slots;
	size_t slot_count;
	uint64_t begin_ns;
};

static int metrics_make(void **fold, const struct model *model)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return DWELL_ENOMEM;
	metrics->model = model;
	*fold = metrics;
	return DWELL_OK;
}

static void metrics_drop(void *fold)
{
	struct metrics *metrics = fold;

	if (!metrics)
		return;
	for (size_t i = 0; i < metrics->count; i++) {
		dwell_histogram_release(&metrics->at[i]->histogram);
		free(metrics->at[i]);
	}
	free(metrics->at);
	free(metrics->slots);
	free(metrics);
}

static int metrics_begin(void *fold, const struct fold_start *start)
{
	((struct metrics *)fold)->begin_ns = start->time_ns;
	return DWELL_OK;
}

static uint32_t *find_slot(
	const struct metrics *metrics, uint32_t counter, uint32_t task, uint32_t executor)
{
	const uint64_t hash = hash_mix(hash_mix(counter, task), executor);
	size_t i = hash & (metrics->slot_count - 1);

	for (; metrics->slots[i]; i = (i + 1) & (metrics->slot_count - 1)) {
		const struct dwell_metric *row = &metrics->at[metrics->slots[i] - 1]->row;

		if (row->counter == counter && row->task == task && row->executor == executor)
			break;
	}
	return &metrics->slots[i];
}

static int grow(struct metrics *metrics)
{
	const size_t cap = metrics->cap ? metrics->cap * 2 : 8;
	struct series **at = realloc(metrics->at, cap * sizeof(struct series *));
	uint32_t *slots = calloc(cap * 2, sizeof(*slots));

	if (at)
		metrics->at = at;
	if (!at || !slots) {
		free(slots);
		return DWELL_ENOMEM;
	}
	free(metrics->slots);
	metrics->slots = slots;
	metrics->slot_count = cap * 2;
	metrics->cap = cap;
	for (size_t i = 0; i < metrics->count; i++) {
		const struct dwell_metric *row = &at[i]->row;

		*find_slot(metrics, row->counter, row->task, row->executor) = (uint32_t)i + 1;
	}
	return DWELL_OK;
}

static struct series *series_of(struct metrics *metrics, const struct dwell_event *event)
{
	struct series *series;
	uint32_t *slot;

	if (metrics->count == metrics->cap && grow(metrics))
		return NULL;
	slot = find_slot(metrics, event->object, event->task, event->executor);
	if (*slot)
		return metrics->at[*slot - 1];
	series = calloc(1, sizeof(*series));
	if (!series)
		return NULL;
	series->row.counter = event->object;
	series->row.task = event->task;
	series->row.executor = event->executor;
	series->row.point_ns = 1000000;
	metrics->at[metrics->count++] = series;
	*slot = (uint32_t)metrics->count;
	return series;
}

static void add_to_point(struct dwell_metric_point *point, int64_t value)
{
	if (!point->count || value < point->min)
		point->min = value;
	if (!point->count || value > point->max)
		point->max = value;
	point->last = value;
	point->count++;
}

static void join_pairs(struct series *series)
{
	for (size_t i = 0; i < POINTS / 2; i++) {
		struct dwell_metric_point a = series->points[2 * i], b = series->points[2 * i + 1];

		if (b.count && a.count) {
			b.min = a.min < b.min ? a.min : b.min;
			b.max = a.max > b.max ? a.max : b.max;
			b.count += a.count;
		}
		series->points[i] = b.count ? b : a;
	}
	for (size_t i = POINTS / 2; i < POINTS; i++)
		series->points[i] = (struct dwell_metric_point){ 0 };
	series->row.point_ns *= 2;
}

static int metrics_event(void *fold, const struct dwell_event *event)
{
	struct metrics *metrics = fold;
	struct series *series = NULL;
	const uint64_t at_ns = event->time_ns - metrics->begin_ns;
	const int64_t value = (int64_t)event->value;

	if (event->task && !wants_task(metrics->model, event->task))
		return DWELL_OK;
	series = series_of(metrics, event);
	if (!series)
		return DWELL_ENOMEM;

	struct dwell_metric *row = &series->row;
	if (!row->count++) {
		row->first_at_ns = event->time_ns;
		row->first = value;
		row->min = value;
		row->max = value;
	}
	row->last_at_ns = event->time_ns;
	row->last = value;
	row->min = value < row->min ? value : row->min;
	row->max = value > row->max ? value : row->max;
	row->sum += (double)value;
	while (at_ns / row->point_ns >= POINTS)
		join_pairs(series);
	add_to_point(&series->points[at_ns / row->point_ns], value);
	return dwell_histogram_add(&series->histogram, value < 0 ? 0 : (uint64_t)value, 1);
}

static int metrics_merge(void *into, void *from)
{
	(void)into;
	(void)from;
	return DWELL_EINVAL; /* serial: there is nothing to merge */
}

const struct fold_ops metrics_fold = {
	.serial = true,
	.kinds = 1u << DWELL_EVENT_COUNTER,
	.make = metrics_make,
	.free = metrics_drop,
	.begin = metrics_begin,
	.event = metrics_event,
	.merge = metrics_merge,
};

static int in_order(const void *a, const void *b)
{
	const struct dwell_metric *x = a, *y = b;

	if (x->counter != y->counter)
		return x->counter < y->counter ? -1 : 1;
	if (x->task != y->task)
		return x->task < y->task ? -1 : 1;
	return (x->executor > y->executor) - (x->executor < y->executor);
}

static int fill_row(struct dwell_metric *row, const struct metrics *metrics, struct series *series)
{
	*row = series->row;
	row->points = calloc(POINTS, sizeof(*row->points));
	if (!row->points)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < POINTS; i++) {
		if (!series->points[i].count)
			continue;
		row->points[row->point_count] = series->points[i];
		row->points[row->point_count++].start_ns = metrics->begin_ns + i * row->point_ns;
	}
	return distribution_of(&series->histogram, &row->histogram);
}

int metrics_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct metrics *metrics = fold;
	struct dwell_metrics *out = calloc(1, sizeof(*out));
	int err = DWELL_OK;

	(void)model;
	(void)query;
	answer->metrics = out;
	if (!out)
		return DWELL_ENOMEM;
	out->rows = metrics->count ? calloc(metrics->count, sizeof(*out->rows)) : NULL;
	if (metrics->count && !out->rows)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < metrics->count && !err; i++)
		err = fill_row(&out->rows[out->count++], metrics, metrics->at[i]);
	if (out->count)
		qsort(out->rows, out->count, sizeof(*out->rows), in_order);
	return err;
}

void metrics_free(struct dwell_metrics *metrics)
{
	for (size_t i = 0; metrics && i < metrics->count; i++) {
		free(metrics->rows[i].points);
		free(metrics->rows[i].histogram.bars);
	}
	if (metrics)
		free(metrics->rows);
	free(metrics);
}

/* What was folded of latencies, as an answer. */
#include <stdlib.h>

#include "analysis/latency.h"

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

/* Those of tasks and of shapes, by their classes. */
static int add_classes(struct dwell_histogram *all, const struct dwell_catalog *catalog,
	const struct latency *latency)
{
	int err = DWELL_OK;

	for (uint32_t id = 0; id < latency->tasks.end && !err; id++) {
		const struct dwell_histogram *of = table_get(&latency->tasks, id);

		if (of && of->count)
			err = dwell_histogram_merge(
				&all[group_of(catalog, DWELL_BY_CLASS, id)], of);
	}
	for (uint32_t id = 0; id < latency->shapes.end && !err; id++) {
		const struct dwell_histogram *of = table_get(&latency->shapes, id);

		if (of && of->count)
			err = dwell_histogram_merge(&all[catalog_class_of_shape(catalog, id)], of);
	}
	return err;
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
	if (!err)
		err = add_classes(all, model->catalog, latency);
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

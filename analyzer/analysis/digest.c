/* A digest of what was folded: ids become names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/digest_fold.h"

struct making {
	struct dwell_answer *answer;
	const struct model *model;
	const struct dwell_catalog *catalog;
	struct digest_fold *fold;
	struct dwell_digest *digest;
	struct subjects subjects;
	struct late_pairs late;
	struct left_tasks left;
	struct table locks; /* by object: uint32_t, 1 more than the index of its subject */
};

/* What is not of one task counts; others that shared the machine are not what is compared. */
static bool counts(const struct making *making, uint32_t task)
{
	return !task || wants_task(making->model, task);
}

static void add_figures(
	struct dwell_digest_subject *into, const struct digest_task *task, uint32_t count)
{
	add_times(&into->times, &task->times);
	into->tasks += count;
	if (task->late) {
		into->instead.latencies += task->late->count;
		into->instead.total_ns += task->late->total_ns;
	}
}

/* One, or `count` of which it is the first. */
static int add_task(
	struct making *making, const struct digest_task *task, uint32_t id, uint32_t count)
{
	char text[KEY_SIZE];
	struct dwell_digest_subject *into;
	int err = DWELL_OK;

	key_class(text, making->catalog, id);
	for (unsigned kind = DWELL_SUBJECT_RUN; kind <= DWELL_SUBJECT_CLASS && !err; kind++) {
		into = subjects_get(
			&making->subjects, kind, kind == DWELL_SUBJECT_CLASS ? text : "");
		if (!into)
			return DWELL_ENOMEM;
		add_figures(into, task, count);
		err = series_merge(&into->series, &task->latency);
		if (!err)
			err = windows_merge(&into->states, &task->states);
	}
	if (err || *into->alias)
		return err;
	key_origin(text, making->catalog, id);
	return subject_text(&into->alias, text);
}

static void widen(const struct making *making, struct digest_task *task)
{
	const uint64_t from_ns = making->model->from_ns;

	windows_widen(&task->latency.windows, from_ns, making->digest->window_shift);
	windows_widen(&task->states, from_ns, making->digest->window_shift);
}

static int by_first_task(const void *a, const void *b)
{
	const struct digest_shape *const *x = a, *const *y = b;

	return ((*x)->first_task > (*y)->first_task) - ((*x)->first_task < (*y)->first_task);
}

/* Those that were settled, in order of the first task of each; ended by NULL. NULL: no memory. */
static struct digest_shape **list_shapes(const struct table *shapes)
{
	struct digest_shape **list = calloc((size_t)shapes->end + 1, sizeof(struct digest_shape *));
	size_t count = 0;

	for (uint32_t id = 0; list && id < shapes->end; id++) {
		struct digest_shape *shape = table_get(shapes, id);

		if (shape && shape->tasks)
			list[count++] = shape;
	}
	if (count)
		qsort(list, count, sizeof(struct digest_shape *), by_first_task);
	return list;
}

/* Who is named first by a class is told with it: shapes and tasks by their ids. */
static int add_shapes(struct making *making, struct digest_shape ***next, uint32_t until)
{
	int err = DWELL_OK;

	for (; **next && (**next)->first_task < until && !err; ++*next) {
		struct digest_shape *shape = **next;

		making->digest->born += shape->born;
		widen(making, &shape->sum);
		err = add_task(making, &shape->sum, shape->first_task, shape->tasks);
	}
	return err;
}

static int add_one(struct making *making, uint32_t id, struct digest_task *task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(making->catalog, id);
	int err;

	making->digest->born += of && of->born;
	widen(making, task);
	err = add_task(making, task, id, 1);
	if (!err && of && of->born && task->alive) {
		making->digest->left++;
		err = left_tasks_add(&making->left, making->catalog, id, task);
	}
	return err || !task->late ? err
				  : late_pairs_add(&making->late, making->catalog, id, task->late);
}

static int add_all(struct making *making, struct digest_shape **shapes)
{
	struct table *tasks = &making->fold->tasks.of;
	int err = DWELL_OK;

	for (uint32_t id = 1; id < tasks->end && !err; id++) {
		struct digest_task *task = table_get(tasks, id);

		if (!task || !task->seen)
			continue;
		err = add_shapes(making, &shapes, id);
		if (!err)
			err = add_one(making, id, task);
	}
	return err ? err : add_shapes(making, &shapes, UINT32_MAX);
}

static int add_tasks(struct making *making)
{
	int err = digest_tasks_flush(&making->fold->tasks);
	struct digest_shape **shapes = list_shapes(&making->fold->tasks.shapes);

	if (!err)
		err = shapes ? add_all(making, shapes) : DWELL_ENOMEM;
	free(shapes);
	if (!err)
		err = late_settled_take(
			&making->fold->tasks.settled_late, making->catalog, &making->late);
	if (!err)
		err = left_tasks_take(&making->left, making->catalog, &making->subjects);
	making->digest->kinds |= 1u << DWELL_SUBJECT_LEFT;
	return err ? err : late_pairs_take(&making->late, making->catalog, &making->subjects);
}

/*
 * The place that names a lock which nothing else does: of those where it was waited for in at
 * least a twentieth of the time, the first by its name. The longest would change from run to run.
 */
static uint32_t naming_place(const struct making *making, const struct item *item)
{
	char best[KEY_SIZE] = "", text[KEY_SIZE];
	uint32_t stack = 0;

	for (size_t i = 0; i < ITEM_PLACES; i++) {
		const struct place *place = &item->places[i];

		if (place->total_ns < item->series.whole.sum / 20 || !place->total_ns)
			continue;
		key_place(text, making->catalog, place->stack, 3);
		if (*text && (!*best || strcmp(text, best) < 0)) {
			memcpy(best, text, sizeof(best));
			stack = place->stack;
		}
	}
	return stack;
}

static void name_item(char key[KEY_SIZE], char alias[KEY_SIZE], const struct making *making,
	const struct item *item)
{
	char who[KEY_SIZE];
	uint32_t stack;

	*alias = '\0';
	switch (item->kind) {
	case DWELL_SUBJECT_SITE:
		key_class(who, making->catalog, item->task);
		key_site(key, making->catalog, item->reason, item->stack, who, 3);
		if (item->stack)
			key_site(alias, making->catalog, item->reason, item->stack, "", 1);
		break;
	case DWELL_SUBJECT_LOCK:
		stack = naming_place(making, item);
		key_lock(key, making->catalog, item->object, item->reason, stack);
		key_site(alias, making->catalog, item->reason, stack, "", 1);
		break;
	default:
		key_text(key, dwell_catalog_label(making->catalog, item->label));
	}
}

static int add_item(struct making *making, struct item *item)
{
	const uint64_t from_ns = making->model->from_ns;
	const unsigned shift = making->digest->window_shift;
	char key[KEY_SIZE], alias[KEY_SIZE];
	struct dwell_digest_subject *into;
	struct dwell_digest_subject from = {
		.times = item->times,
		.series = item->series,
		.hold = item->hold,
	};

	if (!item->series.whole.count || !counts(making, item->task))
		return DWELL_OK;
	name_item(key, alias, making, item);
	windows_widen(&from.series.windows, from_ns, shift);
	windows_widen(&from.hold.windows, from_ns, shift);
	item->series = from.series;
	item->hold = from.hold;
	into = subjects_get(&making->subjects, item->kind, key);
	if (!into)
		return DWELL_ENOMEM;
	into->reason = item->reason;
	if (item->kind == DWELL_SUBJECT_LOCK && item->object) {
		uint32_t *index = table_make(&making->locks, item->object);

		if (!index)
			return DWELL_ENOMEM;
		*index = (uint32_t)(into - making->subjects.at) + 1;
	}
	if (!*into->alias && subject_text(&into->alias, alias))
		return DWELL_ENOMEM;
	return subject_merge(into, &from);
}

static int add_items(struct making *making)
{
	int err = digest_waits_flush(&making->fold->waits, &making->fold->items);

	for (size_t i = 0; i < making->fold->items.count && !err; i++)
		err = add_item(making, making->fold->items.at[i]);
	return err;
}

/* What other analyses found, where they were asked for: else nobody looked for it. */
static int add_found(struct making *making)
{
	const struct dwell_answer *answer = making->answer;
	int err = DWELL_OK;

	making->digest->kinds |= DWELL_KINDS_ALWAYS;
	if (answer->leaks) {
		err = digest_leaks(&making->subjects, answer->leaks, making->model);
		making->digest->kinds |= 1u << DWELL_SUBJECT_LEAK;
	}
	if (!err && answer->pools) {
		err = digest_pools(&making->subjects, answer->pools, making->catalog);
		making->digest->kinds |= 1u << DWELL_SUBJECT_POOL;
	}
	return err;
}

/* Blocked for the same at all places, but where they wait for work or a time. */
static int add_reasons(struct making *making)
{
	const size_t sites = making->subjects.count;
	int err = DWELL_OK;

	for (size_t i = 0; i < sites && !err; i++) {
		const struct dwell_digest_subject *site = &making->subjects.at[i];
		const char *name = dwell_reason_name(site->reason);
		struct dwell_digest_subject *into;

		if (site->kind != DWELL_SUBJECT_SITE || site->harmless)
			continue;
		into = subjects_get(
			&making->subjects, DWELL_SUBJECT_REASON, name ? name : "not known");
		if (!into)
			return DWELL_ENOMEM;
		site = &making->subjects.at[i]; /* they may have moved */
		into->reason = site->reason;
		err = subject_merge(into, site);
	}
	making->digest->kinds |= 1u << DWELL_SUBJECT_REASON;
	return err;
}

/* From when on a counter is highest, as its stretches tell; of a sum, grows most. False: never more
 * than at another time. */
static bool height_of(const struct dwell_metric *row, bool is_sum, uint64_t *at_ns)
{
	double most = -INFINITY, least = INFINITY;

	*at_ns = row->first_at_ns;

	for (size_t i = 0; i < row->point_count; i++) {
		const struct dwell_metric_point *point = &row->points[i];
		const int64_t before = !is_sum ? 0 : i ? point[-1].last : row->first;
		const double value = (double)(is_sum ? point->last : point->max) - (double)before;

		if (value < least)
			least = value;
		if (value > most) {
			most = value;
			*at_ns = point->start_ns > row->first_at_ns ? point->start_ns
								    : row->first_at_ns;
		}
	}
	return most > least;
}

/* Of one that tasks tell: whose part is the largest. And where to look. */
static int blame_counter(struct dwell_digest_subject *into, const struct dwell_catalog *catalog,
	const struct dwell_metric *row, bool is_sum, double value)
{
	const double size = value < 0 ? -value : value;
	uint64_t at_ns;
	const bool is_high = height_of(row, is_sum, &at_ns);
	char who[KEY_SIZE];

	key_class(who, catalog, row->task);
	if (into->id && (!*who || (into->blame.waker && size <= into->value_of)))
		return DWELL_OK;
	into->value_of = size;
	into->id = moment_id(catalog, row->task, at_ns);
	into->blame.holder_ns = is_high ? at_ns : 0;
	return *who ? subject_text(&into->blame.waker, who) : (int)DWELL_OK;
}

/* Of a counter of several tasks: the mean of a gauge's values, the growth of all sums. */
static int add_counters(struct making *making)
{
	const struct dwell_metrics *metrics = making->answer->metrics;
	const struct dwell_trace_facts *trace = &making->answer->trace;
	const double seconds = (double)(trace->end_ns - trace->begin_ns) / 1e9;

	for (size_t i = 0; metrics && i < metrics->count; i++) {
		const struct dwell_metric *row = &metrics->rows[i];
		const struct dwell_catalog_counter *counter =
			dwell_catalog_counter(making->catalog, row->counter);
		char text[KEY_SIZE];
		struct dwell_digest_subject *into;
		const bool is_sum = counter && counter->kind == DWELL_COUNTER_SUM;
		double value;

		if (!counter || !row->count || !counter->name.size || !counts(making, row->task))
			continue;
		key_text(text, counter->name);
		into = subjects_get(&making->subjects, DWELL_SUBJECT_COUNTER, text);
		if (!into)
			return DWELL_ENOMEM;
		value = is_sum ? (double)(row->last - row->first) / (seconds > 0 ? seconds : 1)
			       : row->sum / (double)row->count;
		for (int e = 0; e < counter->exponent && e < 18; e++)
			value *= 10;
		for (int e = 0; e > counter->exponent && e > -18; e--)
			value /= 10;
		into->value += value;
		into->has_value = true;
		if (blame_counter(into, making->catalog, row, is_sum, value))
			return DWELL_ENOMEM;
	}
	return DWELL_OK;
}

static int begin(struct making *making)
{
	const struct dwell_string source = making->answer->trace.source;
	struct dwell_digest *digest = calloc(1, sizeof(*digest));
	char *copy = digest ? malloc(source.size + 1) : NULL;

	if (!copy) {
		free(digest);
		return DWELL_ENOMEM;
	}
	memcpy(copy, source.at ? source.at : "", source.size);
	copy[source.size] = '\0';
	digest->trace = making->answer->trace;
	digest->trace.source = (struct dwell_string){ copy, source.size };
	digest->window_shift =
		(uint8_t)windows_shift(making->model->from_ns, making->model->end_ns, 0);
	making->digest = digest;
	making->answer->digest = digest;
	digest->of_command = making->catalog->marked && !making->model->selection.all_processes;
	/* The run itself is always there, so that two digests have something in common. */
	return subjects_get(&making->subjects, DWELL_SUBJECT_RUN, "") ? DWELL_OK : DWELL_ENOMEM;
}

int digest_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct making making = {
		.answer = answer,
		.model = model,
		.catalog = model->catalog,
		.fold = fold,
		.locks = { .item = sizeof(uint32_t) },
	};
	int err = begin(&making);

	(void)query;
	if (!err)
		err = add_tasks(&making);
	if (!err)
		err = add_items(&making);
	if (!err)
		err = add_counters(&making);
	if (!err)
		err = add_found(&making);
	if (!err)
		err = blame_subjects(&making.subjects, answer, model->catalog, &making.locks);
	if (!err)
		err = add_reasons(&making);
	table_release(&making.locks);
	late_pairs_release(&making.late);
	left_tasks_release(&making.left);
	if (err) {
		subjects_release(&making.subjects);
		return err;
	}
	making.digest->subjects = making.subjects.at;
	making.digest->count = making.subjects.count;
	free(making.subjects.slots);
	digest_sort(making.digest);
	return DWELL_OK;
}

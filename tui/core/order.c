/* In which order the rows are: there may be more than a million tasks. */
#include "core/order.h"

#include <stdlib.h>
#include <string.h>

#include "core/rows.h"

/* A task to be sorted: as little as can be, for it is moved several times. */
struct sort_key {
	uint64_t rank; /* the lower, the earlier */
	uint32_t task, group;
};

struct named {
	struct dwell_string name;
	uint32_t at; /* of the key */
};

enum { DIGIT_BITS = 11, DIGIT_VALUES = 1 << DIGIT_BITS, DIGITS = 64 / DIGIT_BITS + 1 };

static int compare_names(struct dwell_string a, struct dwell_string b)
{
	const size_t size = a.size < b.size ? a.size : b.size;
	const int order = size ? memcmp(a.at, b.at, size) : 0;

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_named(const void *left, const void *right)
{
	const struct named *a = left, *b = right;
	const int order = compare_names(a->name, b->name);

	return order ? order : (a->at > b->at) - (a->at < b->at);
}

/* Names are empty where they are not sorted by. */
static int compare_parts(const void *left, const void *right)
{
	const struct rows_part *a = left, *b = right;
	int order;

	if (a->other != b->other)
		return a->other ? 1 : -1;
	order = compare_names(a->name, b->name);
	if (!order && a->weight != b->weight)
		order = a->weight > b->weight ? -1 : 1;
	return order ? order : (a->id > b->id) - (a->id < b->id);
}

int rows_weigh(struct tui *tui)
{
	static const uint8_t states[] = { [SORT_RUNNING] = DWELL_RUNNING,
		[SORT_RUNNABLE] = DWELL_RUNNABLE,
		[SORT_BLOCKED] = DWELL_BLOCKED };
	const uint32_t end = dwell_catalog_tasks(tui->catalog);
	uint64_t *weights = calloc((size_t)end + 1, sizeof(*weights));

	if (!weights)
		return DWELL_ENOMEM;
	free(tui->rows.weights);
	tui->rows.weights = weights;
	if (tui->sort != SORT_START && tui->sort != SORT_NAME) {
		/* What cannot be read weighs nothing. */
		dwell_timeline_totals(tui->timeline, states[tui->sort], weights, end);
		return DWELL_OK;
	}
	for (uint32_t id = 1; id < end; id++) {
		const struct dwell_catalog_task *task = dwell_catalog_task(tui->catalog, id);

		if (task)
			weights[id] =
				UINT64_MAX - (tui->sort == SORT_START ? task->created_ns : id);
	}
	return DWELL_OK;
}

static uint32_t group_of(const struct tui *tui, const struct dwell_catalog_task *task)
{
	const uint32_t group = tui->group == GROUP_PROCESS ? task->process
			       : tui->group == GROUP_CLASS ? task->class_id
							   : 0;

	/* Of a process that nothing is known of. */
	return group < tui->rows.group_end ? group : 0;
}

static struct dwell_string group_name(const struct tui *tui, uint32_t id)
{
	const struct dwell_catalog_process *process;
	const struct dwell_catalog_class *class;

	switch (tui->group) {
	case GROUP_PROCESS:
		process = dwell_catalog_process(tui->catalog, id);
		return process ? process->name : (struct dwell_string){ 0 };
	case GROUP_CLASS:
		class = dwell_catalog_class(tui->catalog, id);
		return class ? class->text : (struct dwell_string){ 0 };
	default:
		return (struct dwell_string){ 0 };
	}
}

static bool is_shown(const struct tui *tui, uint32_t task, uint32_t group)
{
	const struct tui_rows *rows = &tui->rows;

	if (!rows_task_counts(tui, task) && !(rows->task_flags[task] & FLAG_CALLED))
		return false;
	return !(rows->task_flags[task] & (FLAG_HIDDEN | FLAG_FILTERED)) &&
	       !(rows->group_flags[group] & FLAG_HIDDEN);
}

/* Keys of what is shown, by id; parts, by the ids of their groups. */
static size_t collect(struct tui *tui, struct rows_order *order, struct sort_key *keys)
{
	const struct tui_rows *rows = &tui->rows;
	const bool least = tui->sort == SORT_START || tui->sort == SORT_NAME;
	size_t count = 0;

	for (uint32_t id = 1; id < rows->task_end; id++) {
		const struct dwell_catalog_task *task = dwell_catalog_task(tui->catalog, id);
		const uint32_t group = task ? group_of(tui, task) : 0;
		const uint64_t weight = rows->weights[id];
		struct rows_part *part = &order->parts[group];

		if (!task || !is_shown(tui, id, group))
			continue;
		keys[count++] = (struct sort_key){ UINT64_MAX - weight, id, group };
		if (!part->count++)
			part->other = true;
		part->other = part->other && !dwell_catalog_recorded(tui->catalog, id);
		if (!least)
			part->weight += weight;
		else if (part->weight < weight)
			part->weight = weight;
		order->has_pinned |=
			(rows->task_flags[id] | rows->group_flags[group]) & FLAG_PINNED;
	}
	return count;
}

static unsigned digit_of(const struct sort_key *key, unsigned digit)
{
	return key->rank >> digit * DIGIT_BITS & (DIGIT_VALUES - 1);
}

/* Digit by digit, the lowest first: what is equal stays in its order. Returns where they are. */
static struct sort_key *sort_by_rank(struct sort_key *keys, struct sort_key *other, size_t count)
{
	uint32_t places[DIGITS][DIGIT_VALUES] = { 0 };

	for (size_t i = 0; i < count; i++)
		for (unsigned digit = 0; digit < DIGITS; digit++)
			places[digit][digit_of(&keys[i], digit)]++;
	for (unsigned digit = 0; digit < DIGITS && count; digit++) {
		uint32_t *place = places[digit], at = 0;
		struct sort_key *const from = keys;

		if (place[digit_of(&keys[0], digit)] == count)
			continue; /* all have the same */
		for (unsigned value = 0; value < DIGIT_VALUES; value++) {
			const uint32_t here = place[value];

			place[value] = at;
			at += here;
		}
		for (size_t i = 0; i < count; i++)
			other[place[digit_of(&from[i], digit)]++] = from[i];
		keys = other;
		other = from;
	}
	return keys;
}

/* Names in front of ranks, which are by ids then. */
static int sort_by_name(
	const struct tui *tui, const struct sort_key *keys, struct sort_key *other, size_t count)
{
	struct named *named = malloc((count + 1) * sizeof(*named));

	if (!named)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < count; i++)
		named[i] = (struct named){ dwell_catalog_task(tui->catalog, keys[i].task)->name,
			(uint32_t)i };
	qsort(named, count, sizeof(*named), compare_named);
	for (size_t i = 0; i < count; i++)
		other[i] = keys[named[i].at];
	free(named);
	return DWELL_OK;
}

/* Drop the parts that have no tasks, and put the others in their order. */
static void sort_parts(const struct tui *tui, struct rows_order *order)
{
	size_t count = 0;

	for (uint32_t id = 0; id < order->part_count; id++) {
		if (!order->parts[id].count)
			continue;
		order->parts[count] = order->parts[id];
		order->parts[count].id = id;
		if (tui->sort == SORT_NAME)
			order->parts[count].name = group_name(tui, id);
		count++;
	}
	order->part_count = count;
	qsort(order->parts, count, sizeof(*order->parts), compare_parts);
}

/* Sorted tasks, each into its part. */
static int place(
	struct tui *tui, struct rows_order *order, const struct sort_key *keys, size_t count)
{
	size_t *next = calloc((size_t)tui->rows.group_end + 1, sizeof(*next));
	size_t at = 0;

	if (!next)
		return DWELL_ENOMEM;
	sort_parts(tui, order);
	for (size_t i = 0; i < order->part_count; i++) {
		struct rows_part *part = &order->parts[i];

		part->first = next[part->id] = at;
		at += part->count;
	}
	for (size_t i = 0; i < count; i++)
		tui->rows.members[next[keys[i].group]++] = keys[i].task;
	free(next);
	return DWELL_OK;
}

int rows_order(struct tui *tui, struct rows_order *out)
{
	struct sort_key *keys = malloc(((size_t)tui->rows.task_end + 1) * 2 * sizeof(*keys));
	struct sort_key *other = keys ? keys + tui->rows.task_end + 1 : NULL, *sorted;
	size_t count;
	int err = DWELL_OK;

	*out = (struct rows_order){ .part_count = (size_t)tui->rows.group_end + 1 };
	out->parts = calloc(out->part_count, sizeof(*out->parts));
	if (!keys || !out->parts) {
		free(keys);
		free(out->parts);
		return DWELL_ENOMEM;
	}
	count = collect(tui, out, keys);
	if (tui->sort == SORT_NAME) {
		err = sort_by_name(tui, keys, other, count);
		sorted = other;
	} else {
		sorted = sort_by_rank(keys, other, count);
	}
	if (!err)
		err = place(tui, out, sorted, count);
	free(keys);
	if (err)
		free(out->parts);
	return err;
}

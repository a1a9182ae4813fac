/* Which rows there are, and in which order. */
#include "core/rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/against.h"
#include "core/port.h"
#include "core/work.h"

enum { FOLD_FROM = 40 };

/* A task on its way to a row. */
struct sorted {
	uint64_t group_weight, weight;
	struct dwell_string group_name, name;
	uint32_t group, task;
	bool by_name;
	bool other; /* a program that was only seen from outside */
};

static int compare_names(struct dwell_string a, struct dwell_string b)
{
	const size_t size = a.size < b.size ? a.size : b.size;
	const int order = size ? memcmp(a.at, b.at, size) : 0;

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare(const void *left, const void *right)
{
	const struct sorted *a = left, *b = right;
	int order;

	if (a->group != b->group) {
		if (a->other != b->other)
			return a->other ? 1 : -1;
		order = a->by_name ? compare_names(a->group_name, b->group_name) : 0;
		if (!order && a->group_weight != b->group_weight)
			order = a->group_weight > b->group_weight ? -1 : 1;
		return order ? order : (a->group > b->group) - (a->group < b->group);
	}
	order = a->by_name ? compare_names(a->name, b->name) : 0;
	if (!order && a->weight != b->weight)
		order = a->weight > b->weight ? -1 : 1;
	return order ? order : (a->task > b->task) - (a->task < b->task);
}

static uint64_t weight_of(struct tui *tui, const struct dwell_catalog_task *task)
{
	static const uint8_t states[] = { [SORT_RUNNING] = DWELL_RUNNING,
		[SORT_RUNNABLE] = DWELL_RUNNABLE,
		[SORT_BLOCKED] = DWELL_BLOCKED };
	const uint64_t length = tui->facts->end_ns - tui->facts->begin_ns;
	struct dwell_cells_question question = { .columns = 1 };
	struct dwell_cell cell;
	bool exact;

	if (tui->sort == SORT_START)
		return UINT64_MAX - task->created_ns;
	if (tui->sort == SORT_NAME)
		return UINT64_MAX - task->id;
	/* One cell over all: the coarsest buckets are near enough to sort by. */
	question.cell_ns = 1;
	while (question.cell_ns < tui->facts->begin_ns + length)
		question.cell_ns *= 2;
	if (dwell_timeline_cells(tui->timeline, task->id, &question, &cell, &exact))
		return 0;
	return cell.ns[states[tui->sort]];
}

static int learn_weights(struct tui *tui)
{
	const uint32_t end = dwell_catalog_tasks(tui->catalog);
	uint64_t *weights = calloc((size_t)end + 1, sizeof(*weights));

	if (!weights)
		return DWELL_ENOMEM;
	for (uint32_t id = 1; id < end; id++) {
		const struct dwell_catalog_task *task = dwell_catalog_task(tui->catalog, id);

		if (task)
			weights[id] = weight_of(tui, task);
	}
	free(tui->rows.weights);
	tui->rows.weights = weights;
	return DWELL_OK;
}

static uint32_t group_of(const struct tui *tui, const struct dwell_catalog_task *task)
{
	switch (tui->group) {
	case GROUP_PROCESS:
		return task->process;
	case GROUP_CLASS:
		return task->class_id;
	default:
		return 0;
	}
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

bool rows_task_counts(const struct tui *tui, uint32_t task)
{
	return tui->others || dwell_catalog_recorded(tui->catalog, task);
}

static bool is_shown(const struct tui *tui, uint32_t task, uint32_t group)
{
	const struct tui_rows *rows = &tui->rows;

	if (!rows_task_counts(tui, task) && !(rows->task_flags[task] & FLAG_CALLED))
		return false;
	return !(rows->task_flags[task] & (FLAG_HIDDEN | FLAG_FILTERED)) &&
	       !(group < rows->group_end && rows->group_flags[group] & FLAG_HIDDEN);
}

static size_t collect(struct tui *tui, struct sorted *out)
{
	uint64_t *sums = calloc((size_t)tui->rows.group_end + 1, sizeof(*sums));
	size_t count = 0;

	for (uint32_t id = 1; id < tui->rows.task_end && sums; id++) {
		const struct dwell_catalog_task *task = dwell_catalog_task(tui->catalog, id);
		const uint32_t group = task ? group_of(tui, task) : 0;

		if (!task || !is_shown(tui, id, group))
			continue;
		out[count++] = (struct sorted){
			.weight = tui->rows.weights[id],
			.group = group,
			.task = id,
			.name = task->name,
			.group_name = group_name(tui, group),
			.by_name = tui->sort == SORT_NAME,
			.other = !dwell_catalog_recorded(tui->catalog, id),
		};
		if (group < tui->rows.group_end) {
			const bool least = tui->sort == SORT_START || tui->sort == SORT_NAME;
			const uint64_t weight = tui->rows.weights[id];

			if (!least)
				sums[group] += weight;
			else if (sums[group] < weight)
				sums[group] = weight;
		}
	}
	for (size_t i = 0; i < count; i++)
		out[i].group_weight = out[i].group < tui->rows.group_end ? sums[out[i].group] : 0;
	free(sums);
	return count;
}

struct tui_row *rows_add(struct tui_rows *rows)
{
	if (rows->count == rows->cap) {
		const size_t cap = rows->cap ? rows->cap * 2 : 64;
		struct tui_row *grown = realloc(rows->at, cap * sizeof(*grown));

		if (!grown)
			return NULL;
		rows->at = grown;
		rows->cap = cap;
	}
	rows->at[rows->count] = (struct tui_row){ 0 };
	return &rows->at[rows->count++];
}

static void add_task(struct tui *tui, size_t member, unsigned depth, bool pinned)
{
	struct tui_row *row = rows_add(&tui->rows);

	if (row)
		*row = (struct tui_row){ .kind = ROW_TASK,
			.depth = (uint8_t)depth,
			.pinned = pinned,
			.id = tui->rows.members[member],
			.first = member,
			.count = 1 };
}

static bool task_has(const struct tui *tui, size_t member, unsigned flag)
{
	return tui->rows.task_flags[tui->rows.members[member]] & flag;
}

/* A group's own row, and those of its tasks. */
static void add_group(struct tui *tui, uint32_t id, size_t first, size_t count, bool pinned)
{
	const uint8_t kind = tui->group == GROUP_CLASS ? ROW_CLASS : ROW_PROCESS;
	const uint8_t flags = id < tui->rows.group_end ? tui->rows.group_flags[id] : 0;
	const bool is_pinned = flags & FLAG_PINNED;
	/* The flag turns round what is so by itself: folded are big groups behind the first, and
	   all where classes are compared. */
	const bool big = (count > FOLD_FROM && first > 0) || against_shown(tui);
	const bool folded = big != !!(flags & FLAG_FOLDED);
	const bool headed = tui->group != GROUP_TASK && (count > 1 || against_shown(tui));
	struct tui_row *row = headed && is_pinned == pinned ? rows_add(&tui->rows) : NULL;

	if (row)
		*row = (struct tui_row){ .kind = kind,
			.folded = folded || pinned,
			.pinned = pinned,
			.id = id,
			.first = first,
			.count = count };
	if (!pinned)
		against_add(tui, id);
	for (size_t i = first; i < first + count; i++)
		if (task_has(tui, i, FLAG_PINNED) == pinned &&
			(pinned || !headed || is_pinned || !folded))
			add_task(tui, i, headed && !pinned, pinned);
}

static void add_groups(struct tui *tui, const struct sorted *sorted, size_t count, bool pinned)
{
	for (size_t first = 0, end; first < count; first = end) {
		end = first + 1;
		while (end < count && sorted[end].group == sorted[first].group)
			end++;
		add_group(tui, sorted[first].group, first, end - first, pinned);
	}
	if (pinned)
		tui->rows.pinned = tui->rows.count;
}

static void add_executors(struct tui *tui)
{
	const uint32_t end = dwell_catalog_executors(tui->catalog);

	for (uint32_t id = 1; id < end; id++) {
		struct tui_row *row =
			dwell_catalog_executor(tui->catalog, id) ? rows_add(&tui->rows) : NULL;

		if (row)
			*row = (struct tui_row){ .kind = ROW_EXECUTOR, .id = id };
	}
}

static void add_counters(struct tui *tui)
{
	const struct dwell_survey *survey =
		work_has(&tui->survey) ? dwell_job_survey(tui->survey.job) : NULL;

	for (size_t i = 0; survey && i < survey->series_count; i++) {
		const uint32_t task = survey->series[i].task;
		struct tui_row *row =
			!task || rows_task_counts(tui, task) ? rows_add(&tui->rows) : NULL;

		if (row)
			*row = (struct tui_row){ .kind = ROW_COUNTER, .id = (uint32_t)i };
	}
}

static int make_room(struct tui *tui)
{
	struct tui_rows *rows = &tui->rows;
	const uint32_t processes = dwell_catalog_processes(tui->catalog);
	const uint32_t classes = dwell_catalog_classes(tui->catalog);

	rows->count = rows->pinned = rows->member_count = 0;
	if (rows->members)
		return DWELL_OK;
	rows->task_end = dwell_catalog_tasks(tui->catalog);
	rows->group_end = processes > classes ? processes : classes;
	rows->members = calloc((size_t)rows->task_end + 1, sizeof(*rows->members));
	rows->task_flags = calloc((size_t)rows->task_end + 1, 1);
	rows->group_flags = calloc((size_t)rows->group_end + 1, 1);
	return rows->members && rows->task_flags && rows->group_flags ? learn_weights(tui)
								      : (int)DWELL_ENOMEM;
}

static int sort_tasks(struct tui *tui)
{
	struct sorted *sorted = malloc(((size_t)tui->rows.task_end + 1) * sizeof(*sorted));
	size_t count;

	if (!sorted)
		return DWELL_ENOMEM;
	count = collect(tui, sorted);
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; i < count; i++)
		tui->rows.members[i] = sorted[i].task;
	tui->rows.member_count = count;
	add_groups(tui, sorted, count, true);
	add_groups(tui, sorted, count, false);
	against_add_rest(tui);
	free(sorted);
	return DWELL_OK;
}

int rows_build(struct tui *tui)
{
	static const enum tui_sort none = SORT_COUNT;
	int err;

	rows_note_place(tui);
	err = make_room(tui);
	if (!err && tui->sorted_by != tui->sort && tui->sorted_by != none)
		err = learn_weights(tui);
	tui->sorted_by = tui->sort;
	if (!err && tui->group == GROUP_EXECUTOR)
		add_executors(tui);
	else if (!err)
		err = sort_tasks(tui);
	if (!err)
		add_counters(tui);
	tui->rows_version++;
	rows_find_place(tui);
	return err;
}

void rows_release(struct tui_rows *rows)
{
	free(rows->at);
	free(rows->members);
	free(rows->weights);
	free(rows->task_flags);
	free(rows->group_flags);
	*rows = (struct tui_rows){ 0 };
}

uint8_t *rows_flags(struct tui *tui, const struct tui_row *row)
{
	struct tui_rows *rows = &tui->rows;

	if (row->kind == ROW_TASK && row->id < rows->task_end)
		return &rows->task_flags[row->id];
	if ((row->kind == ROW_PROCESS || row->kind == ROW_CLASS) && row->id < rows->group_end)
		return &rows->group_flags[row->id];
	return NULL;
}

void rows_filter(struct tui *tui, const uint64_t *bits, size_t words)
{
	for (uint32_t id = 0; id < tui->rows.task_end; id++) {
		const bool kept = !bits || (id / 64 < words && bits[id / 64] >> (id % 64) & 1);

		tui->rows.task_flags[id] &= (uint8_t)~FLAG_FILTERED;
		if (!kept)
			tui->rows.task_flags[id] |= FLAG_FILTERED;
	}
	tui->filtered = bits;
	rows_build(tui);
}

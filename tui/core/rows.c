/* Which rows there are. */
#include "core/rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/against.h"
#include "core/order.h"
#include "core/work.h"

enum { FOLD_FROM = 40 };

bool rows_task_counts(const struct tui *tui, uint32_t task)
{
	return tui->others || dwell_catalog_recorded(tui->catalog, task);
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

static void add_parts(struct tui *tui, const struct rows_order *order, bool pinned)
{
	for (size_t i = 0; i < order->part_count; i++) {
		const struct rows_part *part = &order->parts[i];

		add_group(tui, part->id, part->first, part->count, pinned);
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

	rows->count = rows->pinned = 0;
	if (rows->members)
		return DWELL_OK;
	rows->task_end = dwell_catalog_tasks(tui->catalog);
	rows->group_end = processes > classes ? processes : classes;
	rows->members = calloc((size_t)rows->task_end + 1, sizeof(*rows->members));
	rows->task_flags = calloc((size_t)rows->task_end + 1, 1);
	rows->group_flags = calloc((size_t)rows->group_end + 1, 1);
	return rows->members && rows->task_flags && rows->group_flags ? rows_weigh(tui)
								      : (int)DWELL_ENOMEM;
}

static int add_tasks(struct tui *tui)
{
	struct rows_order order;
	const int err = rows_order(tui, &order);

	if (err)
		return err;
	if (order.has_pinned)
		add_parts(tui, &order, true);
	add_parts(tui, &order, false);
	against_add_rest(tui);
	free(order.parts);
	return DWELL_OK;
}

int rows_build(struct tui *tui)
{
	static const enum tui_sort none = SORT_COUNT;
	int err;

	rows_note_place(tui);
	err = make_room(tui);
	if (!err && tui->sorted_by != tui->sort && tui->sorted_by != none)
		err = rows_weigh(tui);
	tui->sorted_by = tui->sort;
	if (!err && tui->group == GROUP_EXECUTOR)
		add_executors(tui);
	else if (!err)
		err = add_tasks(tui);
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

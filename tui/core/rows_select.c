/* The selected row: which one, and where it is on the screen. */
#include "core/port.h"
#include "core/rows.h"

const struct tui_row *rows_selected(const struct tui *tui)
{
	return tui->row < tui->rows.count ? &tui->rows.at[tui->row] : NULL;
}

uint32_t rows_task(const struct tui *tui)
{
	const struct tui_row *row = rows_selected(tui);

	if (!row || row->kind == ROW_EXECUTOR || row->kind == ROW_BASE || row->kind == ROW_COUNTER)
		return 0;
	/* Of a group, the first one. */
	return row->kind == ROW_TASK ? row->id : row->count ? tui->rows.members[row->first] : 0;
}

size_t rows_index_on_line(const struct tui *tui, unsigned line)
{
	return line < tui->rows.pinned ? line : tui->top + line;
}

const struct tui_row *rows_on_line(const struct tui *tui, unsigned line)
{
	const size_t index = rows_index_on_line(tui, line);

	return line < tui->layout.rows && index < tui->rows.count ? &tui->rows.at[index] : NULL;
}

void rows_select(struct tui *tui, size_t row)
{
	const size_t lines = tui->layout.rows, pinned = tui->rows.pinned;
	size_t free_lines = lines > pinned ? lines - pinned : 1;

	if (row >= tui->rows.count)
		row = tui->rows.count ? tui->rows.count - 1 : 0;
	tui->row = row;
	if (row < pinned)
		return;
	row -= pinned;
	if (row < tui->top)
		tui->top = row;
	if (row >= tui->top + free_lines)
		tui->top = row - free_lines + 1;
	/* Use the whole screen. */
	if (tui->rows.count - pinned <= free_lines)
		tui->top = 0;
	else if (tui->top > tui->rows.count - pinned - free_lines)
		tui->top = tui->rows.count - pinned - free_lines;
}

static bool find(struct tui *tui, unsigned kind, uint32_t id)
{
	for (size_t i = 0; i < tui->rows.count; i++) {
		if (tui->rows.at[i].kind != kind || tui->rows.at[i].id != id)
			continue;
		rows_select(tui, i);
		return true;
	}
	return false;
}

/* The group's row, if the task is folded away in it. */
static const struct tui_row *group_of(const struct tui *tui, uint32_t task)
{
	for (size_t i = 0; i < tui->rows.count; i++) {
		const struct tui_row *row = &tui->rows.at[i];

		if (row->kind == ROW_TASK || row->kind == ROW_BASE || !row->folded)
			continue;
		for (size_t k = row->first; k < row->first + row->count; k++)
			if (tui->rows.members[k] == task)
				return row;
	}
	return NULL;
}

void rows_select_task(struct tui *tui, uint32_t task)
{
	const struct tui_row *group;

	if (!task || task >= tui->rows.task_end || find(tui, ROW_TASK, task))
		return;
	if (tui->group == GROUP_EXECUTOR)
		tui->group = GROUP_PROCESS;
	tui->rows.task_flags[task] &= (uint8_t) ~(FLAG_HIDDEN | FLAG_FILTERED);
	tui->rows.task_flags[task] |= FLAG_CALLED;
	rows_build(tui);
	group = group_of(tui, task);
	if (group) {
		uint8_t *flags = rows_flags(tui, group);

		if (flags)
			*flags ^= FLAG_FOLDED;
		rows_build(tui);
	}
	find(tui, ROW_TASK, task);
}

void rows_note_place(struct tui *tui)
{
	const struct tui_row *row = rows_selected(tui);

	if (!row)
		return;
	tui->place.row_id = row->id;
	tui->place.row_kind = row->kind;
}

void rows_find_place(struct tui *tui)
{
	if (!find(tui, tui->place.row_kind, tui->place.row_id))
		rows_select(tui, tui->row);
}

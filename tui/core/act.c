/* What requests do to the view, the rows, the selection. */
#include "core/act.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/cells.h"
#include "core/find.h"
#include "core/item.h"
#include "core/port.h"
#include "core/prompt.h"
#include "core/rows.h"
#include "core/say.h"
#include "core/table.h"
#include "core/work.h"

/* The cursor's cell, from its start. */
static uint64_t cell_start(const struct tui *tui)
{
	const int column = port_column(tui, tui->place.time_ns);

	return tui->place.from_ns + (column < 0 ? 0 : (uint64_t)column * tui->place.cell_ns);
}

void act_move(struct tui *tui, int cells)
{
	const uint64_t at = cell_start(tui), cell = tui->place.cell_ns;
	int column;

	tui->place.time_ns = cells < 0 ? at - (at < cell ? at : cell) : at + cell;
	tui->place.pointed = false;
	if (tui->place.time_ns < tui->facts->begin_ns)
		tui->place.time_ns = tui->facts->begin_ns;
	if (tui->place.time_ns >= tui->facts->end_ns)
		tui->place.time_ns = tui->facts->end_ns - 1;
	column = port_column(tui, tui->place.time_ns);
	if (column >= 0)
		return;

	const uint64_t time_ns = tui->place.time_ns;
	port_pan(tui, cells * (int)(tui->layout.columns / 4));
	tui->place.time_ns = time_ns;
	if (port_column(tui, time_ns) < 0)
		port_reveal(tui, time_ns);
}

void act_select_row(struct tui *tui, int64_t lines)
{
	if (table_is_shown(tui))
		table_move(tui, lines);
	else if (lines < 0)
		rows_select(tui, tui->row > (size_t)-lines ? tui->row - (size_t)-lines : 0);
	else
		rows_select(tui, tui->row + (size_t)lines);
}

void act_page(struct tui *tui, int sign)
{
	act_select_row(
		tui, sign * (int64_t)(table_is_shown(tui) ? tui->table_rows : tui->layout.rows));
}

void act_to_end(struct tui *tui, bool end)
{
	port_remember(tui);
	tui->place.time_ns = end ? tui->facts->end_ns - 1 : tui->facts->begin_ns;
	tui->place.pointed = false;
	port_reveal(tui, tui->place.time_ns);
}

void act_select_time(struct tui *tui)
{
	const uint64_t at = tui->place.pointed ? tui->place.time_ns : cell_start(tui);

	if (!tui->selecting) {
		tui->selecting = true;
		tui->has_selection = true;
		tui->select_anchor = at;
	} else {
		tui->selecting = false;
	}
}

/* While a selection is open its end follows the cursor. */
void act_stretch(struct tui *tui)
{
	const uint64_t at = cell_start(tui), end = at + tui->place.cell_ns;

	if (!tui->selecting)
		return;
	tui->select_from = at < tui->select_anchor ? at : tui->select_anchor;
	tui->select_to = end > tui->select_anchor ? end : tui->select_anchor + 1;
}

void act_cancel(struct tui *tui)
{
	struct tui_work *const works[] = { &tui->step, &tui->look_up, &tui->save };
	struct tui_work *const shown[] = { &tui->answer, &tui->story };
	bool any = false;

	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		any |= work_goes_on(works[i]);
		work_drop(works[i]);
	}
	/* What the screen needs would be asked for again: its key stays, its job goes. */
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		if (!work_goes_on(shown[i]))
			continue;
		dwell_job_drop(shown[i]->job);
		shown[i]->job = NULL;
		any = true;
	}
	if (any) {
		say(tui, "cancelled");
		return;
	}
	if (tui->screen != SCREEN_TIMELINE)
		tui->screen = SCREEN_TIMELINE;
	else
		tui->has_selection = tui->selecting = false;
}

void act_zoom_item(struct tui *tui)
{
	const struct dwell_interval *item = item_interval(tui);

	if (table_is_shown(tui)) {
		table_go(tui);
		return;
	}
	if (!item) {
		say(tui, "nothing is known of the selected row here");
		return;
	}
	port_remember(tui);
	tui->place.time_ns =
		item->start_ns < tui->facts->begin_ns ? tui->facts->begin_ns : item->start_ns;
	tui->place.pointed = true;
	port_show(tui, item->start_ns, item->end_ns);
}

void act_zoom_selection(struct tui *tui)
{
	if (!tui->has_selection) {
		say(tui, "nothing is selected: v begins a selection");
		return;
	}
	port_remember(tui);
	port_show(tui, tui->select_from, tui->select_to);
	port_reveal(tui, tui->place.time_ns);
	if (port_column(tui, tui->place.time_ns) < 0)
		tui->place.time_ns = tui->select_from;
	tui->selecting = false;
}

static void follow(struct tui *tui, uint32_t task, uint64_t time_ns, const char *what)
{
	if (!task)
		say(tui, "%s is not known", what);
	else
		item_go(tui, task, time_ns);
}

void act_follow_waker(struct tui *tui)
{
	const struct dwell_interval *item = item_interval(tui);

	if (!item)
		say(tui, "select the row of a task first");
	else if (item->state == DWELL_RUNNABLE)
		follow(tui, item->waker, item->start_ns ? item->start_ns - 1 : 0, "the waker");
	else
		follow(tui, item->waker, item->end_ns ? item->end_ns - 1 : 0, "the waker");
}

/* What one task has and gives up: who ends the wait had it. */
static bool is_held(unsigned reason)
{
	return reason == DWELL_REASON_MUTEX || reason == DWELL_REASON_RWLOCK ||
	       reason == DWELL_REASON_SEMAPHORE || reason == DWELL_REASON_FUTEX;
}

void act_follow_holder(struct tui *tui)
{
	const struct dwell_interval *item = item_interval(tui);
	const struct dwell_wait *wait = item_wait(tui);
	const uint32_t holder = item && item->holder ? item->holder : wait ? wait->holder : 0;

	if (!item)
		say(tui, "select the row of a task first");
	else if (!holder && item->waker && is_held(item->reason)) {
		item_go(tui, item->waker, item->start_ns);
		say(tui, "the holder was not read: this is the task that gave it up");
	} else {
		follow(tui, holder, item->start_ns, "the holder");
	}
}

void act_turn_flag(struct tui *tui, unsigned flag)
{
	const struct tui_row *row = rows_selected(tui);
	uint8_t *flags = row ? rows_flags(tui, row) : NULL;

	if (!flags)
		return;
	if (flag == FLAG_FOLDED && row->kind == ROW_TASK) {
		/* Of the group that the task is in. */
		size_t at = tui->row;

		while (at > 0 && tui->rows.at[at].kind == ROW_TASK)
			at--;
		row = &tui->rows.at[at];
		flags = row->kind == ROW_TASK ? NULL : rows_flags(tui, row);
		if (!flags)
			return;
		rows_select(tui, at);
	}
	*flags ^= (uint8_t)flag;
	rows_build(tui);
}

void act_fold_all(struct tui *tui)
{
	bool any_open = false;

	for (size_t i = 0; i < tui->rows.count; i++)
		any_open |= tui->rows.at[i].kind != ROW_TASK && !tui->rows.at[i].folded;
	for (size_t i = 0; i < tui->rows.count; i++) {
		uint8_t *flags =
			tui->rows.at[i].kind == ROW_TASK ? NULL : rows_flags(tui, &tui->rows.at[i]);

		if (flags && tui->rows.at[i].folded != any_open)
			*flags ^= FLAG_FOLDED;
	}
	rows_build(tui);
}

void act_show_all(struct tui *tui)
{
	for (uint32_t id = 0; id < tui->rows.task_end; id++)
		tui->rows.task_flags[id] &= (uint8_t)~FLAG_HIDDEN;
	for (uint32_t id = 0; id < tui->rows.group_end; id++)
		tui->rows.group_flags[id] &= (uint8_t)~FLAG_HIDDEN;
	rows_filter(tui, NULL, 0);
}

void act_turn_others(struct tui *tui)
{
	if (!tui->other_tasks) {
		say(tui, "nothing of other programs is in this trace");
		return;
	}
	tui->others = !tui->others;
	for (uint32_t id = 0; id < tui->rows.task_end; id++)
		tui->rows.task_flags[id] &= (uint8_t)~FLAG_CALLED;
	rows_build(tui);
	say(tui, tui->others ? "all programs, in tables too" : "the recorded program only");
}

void act_next_group(struct tui *tui)
{
	static const char *const names[] = { "process", "class", "task", "executor" };
	const uint32_t task = rows_task(tui);

	tui->group = (tui->group + 1) % GROUP_COUNT;
	for (uint32_t id = 0; id < tui->rows.group_end; id++)
		tui->rows.group_flags[id] = 0;
	rows_build(tui);
	if (tui->group != GROUP_EXECUTOR)
		rows_select_task(tui, task);
	say(tui, "rows by %s", names[tui->group]);
}

void act_next_sort(struct tui *tui)
{
	static const char *const names[] = { "time running", "time runnable", "time blocked",
		"name", "start" };

	tui->sort = (tui->sort + 1) % SORT_COUNT;
	rows_build(tui);
	rows_select(tui, 0);
	say(tui, "sorted by %s", names[tui->sort]);
}

void act_change_details(struct tui *tui)
{
	tui->details =
		!tui->details || tui->details == DETAILS_WHY ? DETAILS_MORE : tui->details - 1;
	tui_resize(tui, tui->layout.width, tui->layout.height);
}

void act_change_bound(struct tui *tui, bool up)
{
	char text[DWELL_NUMBER_SIZE];

	tui->bound_is_set = true;
	if (up && tui->bound_ns < UINT64_C(1) << 40)
		tui->bound_ns *= 2;
	if (!up && tui->bound_ns > 1024)
		tui->bound_ns /= 2;
	say(tui, "waits over %s are marked",
		dwell_format_duration(text, tui->bound_ns, tui->ascii));
}

void act_exchange_mark(struct tui *tui)
{
	const uint64_t at = tui->place.time_ns;

	if (!tui->has_mark) {
		say(tui, "there is no mark: m sets it");
		return;
	}
	port_remember(tui);
	tui->place.time_ns = tui->mark_ns;
	tui->place.pointed = true;
	tui->mark_ns = at;
	port_reveal(tui, tui->place.time_ns);
}

void act_set_mark(struct tui *tui)
{
	tui->has_mark = true;
	tui->mark_ns = tui->place.pointed ? tui->place.time_ns : cell_start(tui);
	tui->place.time_ns = tui->mark_ns;
	say(tui, "mark set: times are told from here, too");
}

void act_show_screen(struct tui *tui, enum tui_screen screen)
{
	if (screen == SCREEN_HELP) {
		if (tui->screen == SCREEN_HELP) {
			tui->screen = tui->before_help;
			return;
		}
		tui->before_help = tui->screen;
		tui->help_top = 0;
	}
	tui->screen = screen;
}

void act_turn_screen(struct tui *tui, int by)
{
	const int count = SCREEN_HELP;

	act_show_screen(tui, (enum tui_screen)(((int)tui->screen + by + count) % count));
}

void act_open_save(struct tui *tui, enum tui_prompt_kind kind, const char *ending)
{
	char name[TUI_PROMPT];
	const char *slash = tui->path, *at;

	for (at = tui->path; *at; at++)
		if (*at == '/')
			slash = at + 1;
	snprintf(name, sizeof(name), "%.200s-%s", slash, ending);
	prompt_open(tui, kind, name);
}

/* Tasks of which something is known in view. */
void act_alive(struct tui *tui)
{
	const struct dwell_cells_question question = {
		.from_ns = tui->place.from_ns,
		.cell_ns = tui->place.cell_ns,
		.columns = tui->layout.columns,
	};
	const size_t words = tui->rows.task_end / 64 + 1;
	uint64_t *bits = calloc(words, sizeof(*bits));
	struct dwell_cell *cells = malloc((tui->layout.columns + 1) * sizeof(*cells));
	bool exact;

	for (uint32_t id = 1; bits && cells && id < tui->rows.task_end; id++) {
		if (dwell_timeline_cells(tui->timeline, id, &question, cells, &exact))
			continue;
		for (unsigned i = 0; i < tui->layout.columns; i++)
			if (shade_of(&cells[i], 0, 0).present)
				bits[id / 64] |= UINT64_C(1) << (id % 64);
	}
	if (bits && cells)
		rows_filter(tui, bits, words);
	free(bits);
	free(cells);
	say(tui, "only what lives in view is shown; I shows all");
}

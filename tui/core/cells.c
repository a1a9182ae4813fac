#include "core/cells.h"

#include <stdlib.h>
#include <string.h>

#include "core/against.h"
#include "core/port.h"
#include "core/rows.h"
#include "core/work.h"

bool cells_make_room(struct tui *tui)
{
	const size_t lines = tui->layout.rows, columns = tui->layout.columns;

	cells_release(tui);
	tui->strips = calloc(lines + 1, sizeof(*tui->strips));
	tui->cell_store = calloc(lines * columns + 1, sizeof(*tui->cell_store));
	tui->overview = calloc(columns + 1, sizeof(*tui->overview));
	if (!tui->strips || !tui->cell_store || !tui->overview)
		return false;
	tui->strip_count = lines;
	tui->overview_columns = columns;
	for (size_t i = 0; i < lines; i++)
		tui->strips[i].cells = tui->cell_store + i * columns;
	return true;
}

void cells_release(struct tui *tui)
{
	free(tui->strips);
	free(tui->cell_store);
	free(tui->overview);
	free(tui->kept.rows);
	free(tui->kept.cells);
	tui->kept = (struct tui_kept){ .count = 0 };
	tui->strips = NULL;
	tui->cell_store = tui->overview = NULL;
	tui->strip_count = 0;
	tui->overview_known = false;
}

static struct dwell_cells_question question_of(const struct tui *tui)
{
	return (struct dwell_cells_question){
		.from_ns = tui->place.from_ns,
		.cell_ns = tui->place.cell_ns,
		.columns = tui->layout.columns,
		.bound_ns = tui->bound_ns,
	};
}

/* Rows of one task, at once. True: all are exact. */
static bool fill_tasks(struct tui *tui)
{
	const struct dwell_cells_question question = question_of(tui);
	bool all = true;

	for (unsigned line = 0; line < tui->strip_count; line++) {
		const struct tui_row *row = rows_on_line(tui, line);
		struct tui_strip *strip = &tui->strips[line];

		*strip = (struct tui_strip){ .cells = strip->cells };
		/* What a counter has is in the survey. */
		strip->exact = row && row->kind == ROW_COUNTER;
		if (!row || row->kind != ROW_TASK)
			continue;
		strip->known = !dwell_timeline_cells(
			tui->timeline, row->id, &question, strip->cells, &strip->exact);
		all = all && strip->exact;
	}
	return all;
}

/* Rows that somebody else must tell: groups always, tasks where they are not exact. */
static bool is_asked(const struct tui *tui, unsigned line, bool tasks)
{
	const struct tui_row *row = rows_on_line(tui, line);

	return row && row->kind != ROW_BASE && row->kind != ROW_COUNTER &&
	       (row->kind != ROW_TASK || (tasks && !tui->strips[line].exact));
}

static uint64_t groups_key(const struct tui *tui, bool tasks)
{
	uint64_t key = work_key(tui->place.from_ns, tui->place.cell_ns);

	key = work_key(key, tui->layout.columns);
	key = work_key(key, tui->rows_version);
	key = work_key(key, tui->bound_ns);
	for (unsigned line = 0; line < tui->strip_count; line++)
		if (is_asked(tui, line, tasks))
			key = work_key(key, rows_index_on_line(tui, line));
	return key;
}

static size_t list_groups(const struct tui *tui, bool tasks, struct dwell_group *groups)
{
	size_t count = 0;

	for (unsigned line = 0; line < tui->strip_count; line++) {
		const struct tui_row *row = rows_on_line(tui, line);

		if (!is_asked(tui, line, tasks))
			continue;
		groups[count++] = (struct dwell_group){
			.tasks = tui->rows.members + row->first,
			.count = row->count,
			.executor = row->kind == ROW_EXECUTOR ? row->id : 0,
		};
	}
	return count;
}

static void ask_groups(struct tui *tui, bool tasks)
{
	struct dwell_cells_question question = question_of(tui);
	struct dwell_group *groups;

	/* What is being read will tell them at once. */
	if (work_goes_on(&tui->near) || work_is(&tui->groups, groups_key(tui, tasks)))
		return;
	groups = malloc((tui->strip_count + 1) * sizeof(*groups));
	if (!groups)
		return;
	question.groups = groups;
	question.group_count = list_groups(tui, tasks, groups);
	if (question.group_count)
		dwell_timeline_want_cells(tui->timeline, &question, &tui->groups.job);
	free(groups);
}

/* Keep what came: until the next comes, it is drawn where it belongs by then. */
static void keep_groups(struct tui *tui, bool tasks)
{
	struct tui_kept *kept = &tui->kept;
	const size_t columns = tui->layout.columns;
	size_t count = 0;

	free(kept->rows);
	free(kept->cells);
	*kept = (struct tui_kept){
		.from_ns = tui->place.from_ns, .cell_ns = tui->place.cell_ns, .columns = columns
	};
	kept->rows = malloc((tui->strip_count + 1) * sizeof(*kept->rows));
	kept->cells = malloc((tui->strip_count * columns + 1) * sizeof(*kept->cells));
	if (!kept->rows || !kept->cells)
		return;
	for (unsigned line = 0; line < tui->strip_count; line++)
		if (is_asked(tui, line, tasks))
			kept->rows[count++] = *rows_on_line(tui, line);
	memcpy(kept->cells, dwell_job_cells(tui->groups.job),
		count * columns * sizeof(*kept->cells));
	kept->count = count;
}

/* A row's cells as they were seen last, moved and stretched to where the view is now. */
static void reproject(const struct tui *tui, const struct dwell_cell *old, struct dwell_cell *out)
{
	const struct tui_kept *kept = &tui->kept;

	for (unsigned i = 0; i < tui->layout.columns; i++) {
		const uint64_t at = tui->place.from_ns + i * tui->place.cell_ns;
		const uint64_t column =
			at < kept->from_ns ? kept->columns : (at - kept->from_ns) / kept->cell_ns;

		out[i] = (struct dwell_cell){ .switches = 0 };
		if (column < kept->columns)
			out[i] = old[column];
	}
}

static bool use_kept(struct tui *tui, const struct tui_row *row, struct tui_strip *strip)
{
	const struct tui_kept *kept = &tui->kept;

	for (size_t i = 0; i < kept->count; i++) {
		if (kept->rows[i].kind != row->kind || kept->rows[i].id != row->id)
			continue;
		reproject(tui, kept->cells + i * kept->columns, strip->cells);
		return true;
	}
	return false;
}

static void take_groups(struct tui *tui, bool tasks, bool fresh)
{
	const size_t columns = tui->layout.columns;
	/* An older question had other rows. */
	const bool mine = tui->groups.key == groups_key(tui, tasks);
	const struct dwell_cell *cells =
		mine && work_has(&tui->groups) ? dwell_job_cells(tui->groups.job) : NULL;

	if (cells && fresh)
		keep_groups(tui, tasks);
	for (unsigned line = 0; line < tui->strip_count; line++) {
		struct tui_strip *strip = &tui->strips[line];

		if (!is_asked(tui, line, tasks))
			continue;
		if (!cells) {
			strip->known |= use_kept(tui, rows_on_line(tui, line), strip);
			continue;
		}
		memcpy(strip->cells, cells, columns * sizeof(*cells));
		strip->known = strip->exact = true;
		cells += columns;
	}
}

/* Cells narrower than the finest buckets: read what is in view. False: it is too much. */
static bool ask_near(struct tui *tui)
{
	const struct dwell_cells_question question = question_of(tui);
	uint64_t first_ns, last_ns, end_ns, key;

	/* The same generations are the same question. */
	dwell_timeline_generation(tui->timeline, question.from_ns, &first_ns, &end_ns);
	dwell_timeline_generation(
		tui->timeline, port_to(tui) + question.bound_ns, &last_ns, &end_ns);
	key = work_key(first_ns + 1, last_ns);
	if (work_is(&tui->near, key) && (work_goes_on(&tui->near) || tui->too_much))
		return !tui->too_much;
	if (tui->near.done) {
		/* What cannot be read now cannot be read by asking again. */
		if (dwell_job_error(tui->near.job))
			return true;
		work_drop(&tui->near);
		tui->near.key = key;
	}
	tui->too_much =
		dwell_timeline_want_near(tui->timeline, &question, &tui->near.job) == DWELL_ELIMIT;
	return !tui->too_much;
}

static void ask_whole(struct tui *tui)
{
	uint32_t *tasks;
	struct dwell_cells_question question = { .columns = tui->layout.columns };
	struct dwell_group all = { .count = 0 };

	if (work_is(&tui->whole, work_key(tui->layout.columns, tui->others)))
		return;
	tasks = malloc(((size_t)tui->rows.task_end + 1) * sizeof(*tasks));
	if (!tasks)
		return;
	for (uint32_t id = 1; id < tui->rows.task_end; id++)
		if (dwell_catalog_task(tui->catalog, id) && rows_task_counts(tui, id))
			tasks[all.count++] = id;
	all.tasks = tasks;
	question.cell_ns =
		port_cell_for(tui->facts->end_ns - tui->facts->begin_ns, tui->layout.columns);
	question.from_ns = tui->facts->begin_ns -
			   tui->facts->begin_ns % (question.cell_ns & (~question.cell_ns + 1));
	question.groups = &all;
	question.group_count = 1;
	tui->overview_from = question.from_ns;
	tui->overview_cell = question.cell_ns;
	tui->overview_known = false;
	dwell_timeline_want_cells(tui->timeline, &question, &tui->whole.job);
	free(tasks);
}

static bool take_whole(struct tui *tui, unsigned milliseconds)
{
	const bool fresh = work_poll(&tui->whole, milliseconds);

	if ((!fresh && tui->overview_known) || !work_has(&tui->whole))
		return false;
	memcpy(tui->overview, dwell_job_cells(tui->whole.job),
		tui->overview_columns * sizeof(*tui->overview));
	tui->overview_known = true;
	return true;
}

bool cells_update(struct tui *tui, unsigned milliseconds)
{
	bool changed = false, exact = fill_tasks(tui), by_rows = false, fresh;

	if (!exact)
		by_rows = !ask_near(tui);
	/* It may have ended just after its cells were there. */
	if (work_poll(&tui->near, exact ? 0 : milliseconds / 2)) {
		changed = true;
		fill_tasks(tui);
	}
	ask_groups(tui, by_rows);
	fresh = work_poll(&tui->groups, work_goes_on(&tui->near) ? 0 : milliseconds / 2);
	take_groups(tui, by_rows, fresh);
	ask_whole(tui);
	changed |= fresh;
	changed |= take_whole(tui, 0);
	changed |= against_update(tui, milliseconds / 4);
	tui->exact = true;
	for (unsigned line = 0; line < tui->strip_count; line++)
		if (rows_on_line(tui, line) && !tui->strips[line].exact)
			tui->exact = false;
	return changed;
}

static uint8_t eighths_of(uint64_t ns, uint64_t whole)
{
	const uint64_t eighths = (uint64_t)(((__uint128_t)ns * 16 / whole + 1) / 2);

	return ns ? (uint8_t)(eighths < 1 ? 1 : eighths > 8 ? 8 : eighths) : 0;
}

struct tui_shade shade_of(const struct dwell_cell *cell, uint64_t bound_ns, uint64_t whole_ns)
{
	struct tui_shade shade = { .hot = cell->longest_wait_ns > bound_ns };
	uint64_t sum = 0;

	for (unsigned state = DWELL_UNKNOWN; state < DWELL_EXITED; state++)
		sum += cell->ns[state];
	if (!sum)
		return shade;
	if (!whole_ns)
		whole_ns = sum;
	shade.present = true;
	for (unsigned state = DWELL_UNKNOWN; state < DWELL_EXITED; state++)
		shade.eighths[state] = eighths_of(cell->ns[state], whole_ns);
	/* Shares of the pyramid are rounded up: less than its steps is nothing. */
	if (sum < whole_ns - whole_ns / 16)
		shade.eighths[SHADE_ABSENT] = eighths_of(whole_ns - sum, whole_ns);
	return shade;
}

uint64_t shade_whole(const struct tui *tui, const struct tui_row *row)
{
	return row->kind == ROW_TASK ? tui->place.cell_ns : 0;
}

#include "core/tui.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/against.h"
#include "core/cells.h"
#include "core/find.h"
#include "core/item.h"
#include "core/layout.h"
#include "core/notes.h"
#include "core/port.h"
#include "core/prompt.h"
#include "core/rows.h"
#include "core/say.h"
#include "core/table.h"
#include "core/why.h"
#include "core/work.h"

enum { TITLE = 1, OVERVIEW = 1, RULER = 1, STATUS = 1, LENS = 4 };

void say(struct tui *tui, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(tui->message, sizeof(tui->message), format, arguments);
	va_end(arguments);
}

static unsigned details_of(unsigned height, unsigned details)
{
	if (!details || height < 14)
		return 0;
	if (details == DETAILS_WHY)
		return height < 20 ? 6 : height * 2 / 5;
	if (details == DETAILS_LESS || height < 30)
		return height < 20 ? 3 : 5;
	return height / 4 > 14 ? 14 : height / 4;
}

struct tui_layout layout_of(unsigned width, unsigned height, unsigned details)
{
	struct tui_layout layout = { .width = width, .height = height };
	unsigned used = TITLE + OVERVIEW + RULER + STATUS;

	layout.label = width < 80 ? 16 : width < 140 ? 24 : 32;
	layout.columns = width - layout.label;
	layout.rows_top = TITLE + OVERVIEW + RULER;
	layout.detail = details_of(height, details);
	layout.lens = details && height >= (details == DETAILS_WHY ? 30 : 24) ? LENS + 1 : 0;
	used += layout.detail + layout.lens;
	layout.rows = height > used ? height - used : 1;
	layout.lens_top = layout.rows_top + layout.rows;
	layout.detail_top = layout.lens_top + layout.lens;
	return layout;
}

struct tui *tui_new(struct dwell_timeline *timeline, const char *path)
{
	struct tui *tui = calloc(1, sizeof(*tui));

	if (!tui)
		return NULL;
	tui->timeline = timeline;
	tui->path = path;
	tui->details = DETAILS_MORE;
	tui->bound_ns = UINT64_C(1) << 23;
	tui->sorted_by = SORT_COUNT;
	tui->layout = layout_of(80, 24, tui->details);
	return tui;
}

void tui_free(struct tui *tui)
{
	struct tui_work *const works[] = { &tui->near, &tui->groups, &tui->whole, &tui->strip,
		&tui->survey, &tui->answer, &tui->count, &tui->step, &tui->look_up, &tui->save,
		&tui->story };

	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		work_drop(works[i]);
	against_free(tui->against);
	cells_release(tui);
	rows_release(&tui->rows);
	free(tui->notes);
	free(tui);
}

static uint32_t count_others(const struct tui *tui)
{
	uint32_t count = 0;

	for (uint32_t id = 1; id < dwell_catalog_tasks(tui->catalog); id++)
		count += dwell_catalog_task(tui->catalog, id) &&
			 !dwell_catalog_recorded(tui->catalog, id);
	return count;
}

/* The trace can be seen now. */
static void begin(struct tui *tui)
{
	tui->ready = true;
	tui->facts = dwell_timeline_facts(tui->timeline);
	tui->catalog = dwell_timeline_catalog(tui->timeline);
	tui->other_tasks = count_others(tui);
	tui->place = (struct tui_place){ .time_ns = tui->facts->begin_ns };
	port_fit(tui);
	rows_build(tui);
	rows_select(tui, 0);
	notes_load(tui);
	cells_make_room(tui);
	dwell_timeline_read_ahead(tui->timeline);
	dwell_timeline_want_survey(tui->timeline, &tui->survey.job);
	if (tui->wanted_text)
		table_go_id(tui, tui->wanted_text);
}

void tui_resize(struct tui *tui, unsigned width, unsigned height)
{
	const struct tui_layout was = tui->layout;

	width = width < TUI_WIDTH_MIN ? TUI_WIDTH_MIN : width;
	height = height < TUI_HEIGHT_MIN ? TUI_HEIGHT_MIN : height;
	width = width > TUI_WIDTH_MAX ? TUI_WIDTH_MAX : width;
	height = height > TUI_HEIGHT_MAX ? TUI_HEIGHT_MAX : height;
	tui->layout = layout_of(width, height, tui->details);
	if (!tui->ready)
		return;
	/* What was all of the trace stays so. */
	if (tui->place.cell_ns ==
		port_cell_for(tui->facts->end_ns - tui->facts->begin_ns, was.columns))
		port_fit(tui);
	port_settle(tui);
	rows_select(tui, tui->row);
	cells_make_room(tui);
}

void tui_key(struct tui *tui, uint32_t key)
{
	*tui->message = '\0';
	if (tui->prompt)
		prompt_key(tui, key);
	else
		tui_step(tui, request_of_key(key));
}

static bool wait_ready(struct tui *tui)
{
	const int err = dwell_timeline_ready(tui->timeline, &tui->rows_read, &tui->diag);

	if (err == DWELL_END)
		return false;
	tui->err = err;
	if (!err)
		begin(tui);
	return true;
}

static bool take_save(struct tui *tui)
{
	if (!work_poll(&tui->save, 0))
		return false;
	say(tui, "%s: %s", tui->save_path,
		dwell_job_error(tui->save.job) ? dwell_strerror(dwell_job_error(tui->save.job))
					       : "written");
	work_drop(&tui->save);
	return true;
}

bool tui_tick(struct tui *tui, unsigned milliseconds)
{
	bool changed = false;

	if (tui->err)
		return false;
	if (!tui->ready && !wait_ready(tui))
		return false;
	if (!tui->ready)
		return true;
	changed |= find_update(tui, milliseconds / 4);
	if (work_poll(&tui->survey, 0)) {
		/* Counters are rows, too. */
		rows_build(tui);
		changed = true;
	}
	changed |= table_look_up(tui);
	changed |= take_save(tui);
	if (table_is_shown(tui))
		return table_update(tui, milliseconds) || changed;
	changed |= cells_update(tui, milliseconds);
	changed |= item_update(tui, milliseconds);
	changed |= why_update(tui, milliseconds / 4);
	return changed;
}

bool tui_waits(const struct tui *tui)
{
	return tui->ready && tui->screen == SCREEN_TIMELINE && tui->waits;
}

/* What has ended is not busy, though the screen that asked for it may not be there to take it. */
static bool is_busy(const struct tui_work *work)
{
	return work_goes_on(work) && !dwell_job_wait(work->job, 0);
}

bool tui_busy(const struct tui *tui, const char **what, uint64_t *at_ns)
{
	const struct {
		const struct tui_work *work;
		const char *what;
	} all[] = {
		{ &tui->step, "searching" },
		{ &tui->look_up, "looking for it" },
		{ &tui->save, "writing" },
		{ &tui->answer, "working it out" },
		{ &tui->count, "counting" },
		{ &tui->story, "following causes" },
		{ &tui->near, "reading" },
		{ &tui->groups, "reading" },
	};

	if (tui->against && !tui->against->facts) {
		*what = "reading the other";
		*at_ns = 0;
		return true;
	}
	if (tui->against && is_busy(&tui->against->cells)) {
		*what = "reading the other";
		*at_ns = dwell_job_at(tui->against->cells.job);
		return true;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!is_busy(all[i].work))
			continue;
		*what = all[i].what;
		*at_ns = dwell_job_at(all[i].work->job);
		return true;
	}
	return false;
}

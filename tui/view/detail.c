/* What is under the cursor, in words. */
#include <stdio.h>
#include <string.h>

#include "core/cells.h"
#include "core/item.h"
#include "core/names.h"
#include "core/port.h"
#include "core/rows.h"
#include "core/work.h"
#include "view/view.h"

/* Lines of the pane, one after the other. */
struct pane {
	struct frame *frame;
	const struct tui *tui;
	unsigned x, y, end, width;
};

static const struct pen plain = { .fore = TONE_TEXT };
static const struct pen faint = { .fore = TONE_FAINT };

static const char *duration(char out[DWELL_NUMBER_SIZE], const struct tui *tui, uint64_t ns)
{
	return dwell_format_duration(out, ns, tui->ascii);
}

/* "label  value" */
static void field(struct pane *pane, const char *label, const char *value)
{
	if (pane->y >= pane->end || !*value)
		return;
	frame_text(pane->frame, pane->x, pane->y, 9, label, faint);
	frame_text(pane->frame, pane->x + 10, pane->y, pane->width > 10 ? pane->width - 10 : 0,
		value, plain);
	pane->y++;
}

static uint8_t tone_of(unsigned state, bool hot)
{
	switch (state) {
	case DWELL_RUNNING:
		return TONE_RUNNING;
	case DWELL_RUNNABLE:
		return TONE_RUNNABLE;
	case DWELL_BLOCKED:
		return hot ? TONE_HOT : TONE_ACCENT;
	default:
		return TONE_FAINT;
	}
}

static void headline(struct pane *pane, const struct dwell_interval *item)
{
	const struct tui *tui = pane->tui;
	const uint64_t length = item->end_ns - item->start_ns;
	const bool open = item->flags & DWELL_INTERVAL_OPEN;
	const char *reason = dwell_reason_name(item->reason);
	char text[DWELL_NUMBER_SIZE], name[NAME_SIZE];
	unsigned x = pane->x;

	x += frame_text(pane->frame, x, pane->y, pane->width / 2,
		dwell_name_task(name, tui->catalog, item->task),
		(struct pen){ .fore = TONE_STRONG, .attributes = FRAME_BOLD });
	frame_print(pane->frame, x + 2, pane->y, pane->width - (x - pane->x) - 2,
		(struct pen){ .fore = tone_of(item->state, length > tui->bound_ns),
			.attributes = FRAME_BOLD },
		"%s%s%s%s %s", dwell_state_name(item->state),
		item->state == DWELL_BLOCKED && item->reason ? " on " : "",
		item->state == DWELL_BLOCKED && item->reason && reason ? reason : "",
		open ? ", at least" : " for", duration(text, tui, length));
	pane->y++;
}

static void when(struct pane *pane, const struct dwell_interval *item)
{
	char from[NAME_SIZE], to[NAME_SIZE], text[2 * NAME_SIZE];

	snprintf(text, sizeof(text), "%s .. %s", name_time(from, item->start_ns, 1),
		name_time(to, item->end_ns, 1));
	field(pane, "from", text);
}

static void people(struct pane *pane, const struct dwell_interval *item)
{
	const struct tui *tui = pane->tui;
	const struct dwell_wait *wait = item_wait(tui);
	const uint32_t object = item->object ? item->object : wait ? wait->object : 0;
	const uint32_t holder = item->holder ? item->holder : wait ? wait->holder : 0;
	const unsigned how = item->holder ? item->holder_how : wait ? wait->holder_how : 0;
	char name[NAME_SIZE], site[NAME_SIZE], text[2 * NAME_SIZE + 64];

	if (item->state == DWELL_BLOCKED)
		field(pane, "on", dwell_name_object(name, tui->catalog, object));
	if (holder) {
		snprintf(text, sizeof(text), "%s%s  (o goes there)",
			dwell_name_task(name, tui->catalog, holder), how == 2 ? ", inferred" : "");
		field(pane, "held by", text);
	}
	if (item->waker) {
		dwell_name_site(site, tui->catalog, item->waker_stack);
		snprintf(text, sizeof(text), "%s%s%s  (W goes there)",
			dwell_name_task(name, tui->catalog, item->waker), *site ? " in " : "",
			site);
		field(pane, item->state == DWELL_RUNNABLE ? "woken by" : "ended by", text);
	}
	if (item->state == DWELL_RUNNABLE) {
		const char *cause = dwell_cause_name(item->cause);

		field(pane, "ready as", cause ? cause : "");
	}
	if (item->executor)
		field(pane, item->state == DWELL_RUNNING ? "ran on" : "then on",
			dwell_name_executor(name, tui->catalog, item->executor));
}

static void share(char *out, size_t size, const char *name, uint64_t ns, uint64_t whole)
{
	const size_t used = strlen(out);
	char text[DWELL_NUMBER_SIZE];

	if (ns && used < size)
		snprintf(out + used, size - used, "%s%s %s", used ? ", " : "", name,
			dwell_format_share(text, dwell_share_ppm(ns, whole)));
}

/* What the row did in the cursor's cell. */
static void cell_line(struct pane *pane)
{
	const struct tui *tui = pane->tui;
	const int column = port_column(tui, tui->place.time_ns);
	const struct dwell_cell *cell = NULL;
	char text[512] = "", longest[DWELL_NUMBER_SIZE];
	uint64_t whole = 0;
	size_t used;

	for (unsigned line = 0; line < tui->strip_count && column >= 0; line++)
		if (rows_on_line(tui, line) && rows_index_on_line(tui, line) == tui->row &&
			tui->strips[line].known)
			cell = &tui->strips[line].cells[column];
	for (unsigned state = DWELL_UNKNOWN; cell && state < DWELL_EXITED; state++)
		whole += cell->ns[state];
	if (!cell || !whole)
		return;
	if (rows_selected(tui)->kind == ROW_EXECUTOR)
		whole = tui->place.cell_ns;
	if (cell->longest_wait_ns)
		snprintf(text, sizeof(text), "longest wait %s",
			duration(longest, tui, cell->longest_wait_ns));
	share(text, sizeof(text), "running", cell->ns[DWELL_RUNNING], whole);
	share(text, sizeof(text), "runnable", cell->ns[DWELL_RUNNABLE], whole);
	share(text, sizeof(text), "blocked", cell->ns[DWELL_BLOCKED], whole);
	share(text, sizeof(text), "unknown", cell->ns[DWELL_UNKNOWN], whole);
	used = strlen(text);
	if (!tui->exact)
		snprintf(text + used, sizeof(text) - used, " (about)");
	field(pane, "here", text);
}

static void neighbours(struct pane *pane, const struct dwell_interval *item)
{
	const struct dwell_strip *strip = item_strip(pane->tui);
	char text[256], length[DWELL_NUMBER_SIZE];

	for (size_t i = 0; strip && i < strip->count; i++) {
		const struct dwell_interval *next = &strip->intervals[i];

		if (next <= item || next->end_ns == next->start_ns)
			continue;
		snprintf(text, sizeof(text), "%s for %s", dwell_state_name(next->state),
			duration(length, pane->tui, next->end_ns - next->start_ns));
		field(pane, "then", text);
		return;
	}
	if (item->next && item->next < DWELL_STATE_COUNT)
		field(pane, "then", dwell_state_name(item->next));
}

/* The wait as the program had it, where the scheduler cut it into pieces. */
static void whole_wait(struct pane *pane, const struct dwell_interval *item)
{
	const struct dwell_wait *wait = item_wait(pane->tui);
	char text[256], whole[DWELL_NUMBER_SIZE], blocked[DWELL_NUMBER_SIZE],
		runnable[DWELL_NUMBER_SIZE];

	if (!wait || wait->end_ns - wait->start_ns == item->end_ns - item->start_ns)
		return;
	snprintf(text, sizeof(text), "%s in all, %s of it blocked, %s runnable",
		duration(whole, pane->tui, wait->end_ns - wait->start_ns),
		duration(blocked, pane->tui, wait->blocked_ns),
		duration(runnable, pane->tui, wait->runnable_ns));
	field(pane, "a wait of", text);
}

static void note_line(struct pane *pane)
{
	for (size_t i = 0; i < pane->tui->note_count; i++)
		if (port_column(pane->tui, pane->tui->notes[i].time_ns) >= 0 &&
			port_column(pane->tui, pane->tui->notes[i].time_ns) ==
				port_column(pane->tui, pane->tui->place.time_ns))
			field(pane, "note", pane->tui->notes[i].text);
}

static void stack_lines(struct pane *pane, const char *title, uint32_t stack)
{
	struct dwell_frame frames[32];
	const size_t count = dwell_catalog_frames(pane->tui->catalog, stack, frames, 32);
	char name[NAME_SIZE];

	if (!count || pane->y >= pane->end)
		return;
	frame_text(pane->frame, pane->x, pane->y++, pane->width, title, faint);
	for (size_t i = 0; i < count && i < 32 && pane->y < pane->end; i++)
		frame_text(pane->frame, pane->x + 2, pane->y++, pane->width - 2,
			dwell_name_frame(name, &frames[i], true), plain);
}

static void no_item(struct pane *pane)
{
	const struct tui *tui = pane->tui;
	const struct tui_row *row = rows_selected(tui);
	char name[NAME_SIZE], words[NAME_SIZE];

	if (!row)
		return;
	frame_text(pane->frame, pane->x, pane->y, pane->width, name_row(name, tui, row),
		(struct pen){ .fore = TONE_STRONG, .attributes = FRAME_BOLD });
	pane->y++;
	cell_line(pane);
	if (row->kind == ROW_COUNTER) {
		view_counter_words(words, sizeof(words), tui, row);
		field(pane, "counter", words);
	} else if (row->kind == ROW_EXECUTOR)
		field(pane, "", "an executor: R on a task that is ready goes to who ran here");
	else if (row->kind == ROW_BASE)
		field(pane, "",
			"the class in the trace that is compared with; the number: how much "
			"more the one above waits");
	else if (row->kind != ROW_TASK)
		field(pane, "", "a group: the row of a task tells what it waited for");
	else if (work_goes_on(&tui->strip))
		field(pane, "", "reading ...");
	else
		field(pane, "", "nothing is known of this task here");
}

void view_details(struct frame *frame, const struct tui *tui)
{
	const struct tui_layout *layout = &tui->layout;
	const bool wide = layout->width >= 110;
	const struct dwell_interval *item = item_interval(tui);
	struct pane pane = {
		.frame = frame,
		.tui = tui,
		.x = 1,
		.y = layout->detail_top + 1,
		.end = layout->detail_top + layout->detail,
		.width = wide ? layout->width * 3 / 5 - 2 : layout->width - 2,
	};

	if (!layout->detail)
		return;
	for (unsigned x = 0; x < frame->width; x++)
		frame_put(frame, x, layout->detail_top, frame->ascii ? "-" : "─", faint);
	if (!item) {
		no_item(&pane);
		return;
	}
	headline(&pane, item);
	if (tui->details == DETAILS_WHY) {
		view_why(frame, tui, pane.y, pane.end);
		return;
	}
	when(&pane, item);
	whole_wait(&pane, item);
	people(&pane, item);
	cell_line(&pane);
	neighbours(&pane, item);
	note_line(&pane);
	if (wide) {
		pane.x = layout->width * 3 / 5;
		pane.y = layout->detail_top + 1;
		pane.width = layout->width - pane.x - 1;
	}
	stack_lines(&pane, "at", item->stack);
	stack_lines(&pane, "the waker was at", item->waker_stack);
}

/* Which request does what. */
#include "core/act.h"
#include "core/find.h"
#include "core/notes.h"
#include "core/port.h"
#include "core/prompt.h"
#include "core/table.h"
#include "core/why.h"

/* On a timeline only: what has a cursor on time. */
static bool step_time(struct tui *tui, enum request request)
{
	switch (request) {
	case REQUEST_LEFT:
		act_move(tui, -1);
		return true;
	case REQUEST_RIGHT:
		act_move(tui, 1);
		return true;
	case REQUEST_PAN_LEFT:
		port_pan(tui, -(int64_t)(tui->layout.columns / 4));
		return true;
	case REQUEST_PAN_RIGHT:
		port_pan(tui, tui->layout.columns / 4);
		return true;
	case REQUEST_BEGIN:
		act_to_end(tui, false);
		return true;
	case REQUEST_END:
		act_to_end(tui, true);
		return true;
	case REQUEST_ZOOM_IN:
		port_zoom(tui, 2, tui->place.time_ns);
		return true;
	case REQUEST_ZOOM_OUT:
		port_zoom(tui, -2, tui->place.time_ns);
		return true;
	case REQUEST_FIT:
		port_remember(tui);
		port_fit(tui);
		return true;
	case REQUEST_ZOOM_SELECTION:
		act_zoom_selection(tui);
		return true;
	case REQUEST_CENTER:
		port_pan(tui,
			port_column(tui, tui->place.time_ns) - (int64_t)(tui->layout.columns / 2));
		return true;
	case REQUEST_SELECT:
		act_select_time(tui);
		return true;
	case REQUEST_MARK:
		act_set_mark(tui);
		return true;
	case REQUEST_GO_MARK:
		act_exchange_mark(tui);
		return true;
	default:
		return false;
	}
}

static bool step_find(struct tui *tui, enum request request)
{
	switch (request) {
	case REQUEST_NEXT_EVENT:
	case REQUEST_PREVIOUS_EVENT:
		find_event(tui, request == REQUEST_PREVIOUS_EVENT);
		return true;
	case REQUEST_NEXT_WAIT:
	case REQUEST_PREVIOUS_WAIT:
		find_wait(tui, request == REQUEST_PREVIOUS_WAIT);
		return true;
	case REQUEST_NEXT_MATCH:
	case REQUEST_PREVIOUS_MATCH:
		find_match(tui, request == REQUEST_PREVIOUS_MATCH);
		return true;
	case REQUEST_LONGEST_HERE:
	case REQUEST_LONGEST:
		find_longest(tui, request == REQUEST_LONGEST);
		return true;
	case REQUEST_WAKER:
		act_follow_waker(tui);
		return true;
	case REQUEST_WAKEE:
		find_wakee(tui);
		return true;
	case REQUEST_HOLDER:
		act_follow_holder(tui);
		return true;
	case REQUEST_INSTEAD:
		find_instead(tui);
		return true;
	case REQUEST_NEXT_NOTE:
	case REQUEST_PREVIOUS_NOTE:
		notes_go(tui, request == REQUEST_PREVIOUS_NOTE);
		return true;
	case REQUEST_NEXT_FINDING:
	case REQUEST_PREVIOUS_FINDING:
		table_step(tui, request == REQUEST_NEXT_FINDING ? 1 : -1);
		return true;
	case REQUEST_BOUND_UP:
	case REQUEST_BOUND_DOWN:
		act_change_bound(tui, request == REQUEST_BOUND_UP);
		return true;
	default:
		return false;
	}
}

static bool step_rows(struct tui *tui, enum request request)
{
	switch (request) {
	case REQUEST_FOLD:
		act_turn_flag(tui, FLAG_FOLDED);
		return true;
	case REQUEST_PIN:
		act_turn_flag(tui, FLAG_PINNED);
		return true;
	case REQUEST_HIDE:
		act_turn_flag(tui, FLAG_HIDDEN);
		return true;
	case REQUEST_FOLD_ALL:
		act_fold_all(tui);
		return true;
	case REQUEST_ALIVE:
		act_alive(tui);
		return true;
	case REQUEST_OTHERS:
		act_turn_others(tui);
		return true;
	case REQUEST_SHOW_ALL:
		act_show_all(tui);
		return true;
	case REQUEST_GROUP:
		act_next_group(tui);
		return true;
	case REQUEST_SORT:
		act_next_sort(tui);
		return true;
	case REQUEST_WHY:
		why_turn(tui);
		return true;
	case REQUEST_DETAILS:
		act_change_details(tui);
		return true;
	default:
		return false;
	}
}

static bool step_lines(struct tui *tui, enum request request)
{
	switch (request) {
	case REQUEST_UP:
		act_select_row(tui, -1);
		return true;
	case REQUEST_DOWN:
		act_select_row(tui, 1);
		return true;
	case REQUEST_PAGE_UP:
		act_page(tui, -1);
		return true;
	case REQUEST_PAGE_DOWN:
		act_page(tui, 1);
		return true;
	case REQUEST_TOP:
		act_select_row(tui, -(1 << 30));
		return true;
	case REQUEST_BOTTOM:
		act_select_row(tui, 1 << 30);
		return true;
	default:
		return false;
	}
}

static bool step_prompt(struct tui *tui, enum request request)
{
	switch (request) {
	case REQUEST_SEARCH:
		prompt_open(tui, PROMPT_SEARCH, "");
		return true;
	case REQUEST_FILTER:
		prompt_open(tui, PROMPT_FILTER, tui->search_text);
		return true;
	case REQUEST_GO:
		prompt_open(tui, PROMPT_GO, "");
		return true;
	case REQUEST_NOTE:
		prompt_open(tui, PROMPT_NOTE, "");
		return true;
	case REQUEST_SAVE_CUT:
		act_open_save(tui, PROMPT_CUT, "cut.dwell");
		return true;
	case REQUEST_SAVE_TEXT:
		act_open_save(tui, PROMPT_TEXT, "screen.txt");
		return true;
	case REQUEST_SAVE_TABLE:
		act_open_save(tui, PROMPT_TABLE, "table.csv");
		return true;
	default:
		return false;
	}
}

static void step_else(struct tui *tui, enum request request)
{
	if (request >= REQUEST_TIMELINE && request <= REQUEST_SPANS) {
		act_show_screen(tui, (enum tui_screen)(request - REQUEST_TIMELINE));
		return;
	}
	switch (request) {
	case REQUEST_ZOOM_ITEM:
		act_zoom_item(tui);
		break;
	case REQUEST_BACK:
		port_back(tui);
		break;
	case REQUEST_FORWARD:
		port_forward(tui);
		break;
	case REQUEST_NEXT_SCREEN:
	case REQUEST_PREVIOUS_SCREEN:
		act_turn_screen(tui, request == REQUEST_NEXT_SCREEN ? 1 : -1);
		break;
	case REQUEST_CANCEL:
		act_cancel(tui);
		break;
	case REQUEST_PALETTE:
		tui->palette++;
		break;
	default:
		break;
	}
}

static bool step_help(struct tui *tui, enum request request)
{
	const unsigned page = tui->layout.height - 3;

	if (request == REQUEST_DOWN)
		tui->help_top++;
	else if (request == REQUEST_UP && tui->help_top)
		tui->help_top--;
	else if (request == REQUEST_PAGE_DOWN)
		tui->help_top += page;
	else if (request == REQUEST_PAGE_UP)
		tui->help_top = tui->help_top > page ? tui->help_top - page : 0;
	else
		return false;
	return true;
}

void tui_step(struct tui *tui, enum request request)
{
	if (request == REQUEST_QUIT) {
		tui->quit = true;
		return;
	}
	if (request == REQUEST_HELP) {
		act_show_screen(tui, SCREEN_HELP);
		return;
	}
	if (request == REQUEST_NONE)
		return;
	if (tui->screen == SCREEN_HELP) {
		if (step_help(tui, request))
			return;
		tui->screen = tui->before_help;
		if (request == REQUEST_CANCEL)
			return;
	}
	if (!tui->ready)
		return;
	if (table_is_shown(tui) && (step_lines(tui, request) || step_prompt(tui, request)))
		return;
	/* What moves on the timeline shows it. */
	if (step_time(tui, request) || step_find(tui, request) || step_rows(tui, request) ||
		step_lines(tui, request)) {
		tui->screen = SCREEN_TIMELINE;
		act_stretch(tui);
		return;
	}
	if (!step_prompt(tui, request))
		step_else(tui, request);
}

/* The mouse, in cells of the screen. */
#include "core/find.h"
#include "core/port.h"
#include "core/rows.h"
#include "core/table.h"

enum { TABLE_TOP = 3 };

static uint64_t time_at(const struct tui *tui, unsigned x)
{
	const unsigned column = x > tui->layout.label ? x - tui->layout.label : 0;

	return tui->place.from_ns + column * tui->place.cell_ns;
}

static void press_overview(struct tui *tui, unsigned x)
{
	const uint64_t half = tui->place.cell_ns * tui->layout.columns / 2;
	const uint64_t at = tui->overview_from + (x - tui->layout.label) * tui->overview_cell;

	port_remember(tui);
	tui->place.from_ns = at > half ? at - half : 0;
	tui->place.time_ns = at;
	tui->place.pointed = false;
	port_settle(tui);
}

static void press_row(struct tui *tui, const struct tui_mouse *mouse)
{
	const unsigned line = mouse->y - tui->layout.rows_top;

	if (!rows_on_line(tui, line))
		return;
	rows_select(tui, rows_index_on_line(tui, line));
	if (mouse->x < tui->layout.label)
		return;
	tui->place.time_ns = time_at(tui, mouse->x);
	tui->place.pointed = false;
	tui->dragging = true;
	tui->drag_ns = tui->place.time_ns;
	port_settle(tui);
}

static void press(struct tui *tui, const struct tui_mouse *mouse)
{
	const struct tui_layout *layout = &tui->layout;

	if (mouse->y == 1 && mouse->x >= layout->label)
		press_overview(tui, mouse->x);
	else if (mouse->y >= layout->rows_top && mouse->y < layout->rows_top + layout->rows)
		press_row(tui, mouse);
}

static void drag(struct tui *tui, const struct tui_mouse *mouse)
{
	uint64_t at = time_at(tui, mouse->x);

	if (!tui->dragging)
		return;
	tui->place.time_ns = at;
	if (at < tui->drag_ns) {
		tui->select_from = at;
		tui->select_to = tui->drag_ns + tui->place.cell_ns;
	} else {
		tui->select_from = tui->drag_ns;
		tui->select_to = at + tui->place.cell_ns;
	}
	/* A click is no selection. */
	tui->has_selection = at != tui->drag_ns || tui->has_selection;
	tui->selecting = false;
	port_settle(tui);
}

static void table_mouse(struct tui *tui, const struct tui_mouse *mouse)
{
	size_t line;

	if (mouse->kind == MOUSE_WHEEL_UP || mouse->kind == MOUSE_WHEEL_DOWN) {
		table_move(tui, mouse->kind == MOUSE_WHEEL_UP ? -3 : 3);
		return;
	}
	if (mouse->kind != MOUSE_PRESS || mouse->y < TABLE_TOP ||
		mouse->y >= TABLE_TOP + tui->table_rows)
		return;
	line = tui->line_top[tui->screen] + mouse->y - TABLE_TOP;
	if (line >= table_count(tui))
		return;
	/* The second click on a row goes there. */
	if (line == tui->line[tui->screen])
		table_go(tui);
	else
		tui->line[tui->screen] = line;
}

void tui_mouse(struct tui *tui, const struct tui_mouse *mouse)
{
	*tui->message = '\0';
	if (!tui->ready || tui->prompt || tui->screen == SCREEN_HELP)
		return;
	if (table_is_shown(tui)) {
		table_mouse(tui, mouse);
		return;
	}
	switch (mouse->kind) {
	case MOUSE_PRESS:
		press(tui, mouse);
		break;
	case MOUSE_DRAG:
		drag(tui, mouse);
		break;
	case MOUSE_RELEASE:
		tui->dragging = false;
		break;
	case MOUSE_WHEEL_UP:
		port_zoom(tui, 1, time_at(tui, mouse->x));
		break;
	case MOUSE_WHEEL_DOWN:
		port_zoom(tui, -1, time_at(tui, mouse->x));
		break;
	}
}

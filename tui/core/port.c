#include "core/port.h"

#include <string.h>

#include "core/rows.h"

uint64_t port_to(const struct tui *tui)
{
	return tui->place.from_ns + tui->place.cell_ns * tui->layout.columns;
}

static bool is_power(uint64_t n)
{
	return (n & (n - 1)) == 0;
}

uint64_t port_finer(uint64_t cell_ns)
{
	if (cell_ns <= 2)
		return 1;
	return is_power(cell_ns) ? cell_ns / 4 * 3 : cell_ns / 3 * 2;
}

uint64_t port_coarser(uint64_t cell_ns)
{
	if (cell_ns < 2)
		return 2;
	return is_power(cell_ns) ? cell_ns / 2 * 3 : cell_ns / 3 * 4;
}

static uint64_t grid(uint64_t cell_ns)
{
	return cell_ns & (~cell_ns + 1);
}

uint64_t port_cell_for(uint64_t length_ns, unsigned columns)
{
	uint64_t cell_ns = 1;

	while (cell_ns < UINT64_MAX / 4 / columns && cell_ns * columns < length_ns)
		cell_ns = port_coarser(cell_ns);
	return cell_ns;
}

static uint64_t length_of(const struct tui *tui)
{
	return tui->facts->end_ns - tui->facts->begin_ns;
}

/* A wait that one sees by its length needs no mark: what hides in a cell does. */
static void settle_bound(struct tui *tui)
{
	if (tui->bound_is_set)
		return;
	tui->bound_ns = UINT64_C(1) << 23;
	while (tui->bound_ns < tui->place.cell_ns / 4)
		tui->bound_ns *= 2;
}

void port_settle(struct tui *tui)
{
	struct tui_place *place = &tui->place;
	const uint64_t begin = tui->facts->begin_ns, end = tui->facts->end_ns;
	const uint64_t widest = port_cell_for(length_of(tui), tui->layout.columns);
	uint64_t unit, width;

	if (!place->cell_ns || place->cell_ns > widest)
		place->cell_ns = widest;
	unit = grid(place->cell_ns);
	width = place->cell_ns * tui->layout.columns;
	if (place->from_ns > end || end - place->from_ns < width)
		place->from_ns = end > width ? (end - width + unit - 1) / unit * unit : 0;
	if (place->from_ns < begin)
		place->from_ns = begin;
	place->from_ns -= place->from_ns % unit;
	if (place->time_ns < begin)
		place->time_ns = begin;
	if (place->time_ns >= end)
		place->time_ns = end - 1;
	settle_bound(tui);
}

void port_fit(struct tui *tui)
{
	tui->place.from_ns = tui->facts->begin_ns;
	tui->place.cell_ns = 0;
	port_settle(tui);
}

void port_show(struct tui *tui, uint64_t from_ns, uint64_t to_ns)
{
	const uint64_t length = to_ns > from_ns ? to_ns - from_ns : 1;
	uint64_t spare;

	/* A tenth on both sides, so that it is seen where it begins and ends. */
	tui->place.cell_ns = port_cell_for(length + length / 5, tui->layout.columns);
	spare = tui->place.cell_ns * tui->layout.columns;
	spare = spare > length ? (spare - length) / 2 : 0;
	tui->place.from_ns = from_ns > spare ? from_ns - spare : 0;
	port_settle(tui);
}

void port_zoom(struct tui *tui, int notches, uint64_t time_ns)
{
	struct tui_place *place = &tui->place;
	const uint64_t column =
		time_ns > place->from_ns ? (time_ns - place->from_ns) / place->cell_ns : 0;

	for (; notches > 0; notches--)
		place->cell_ns = port_finer(place->cell_ns);
	for (; notches < 0; notches++)
		place->cell_ns = port_coarser(place->cell_ns);
	if (place->cell_ns > port_cell_for(length_of(tui), tui->layout.columns)) {
		port_fit(tui);
		return;
	}
	place->from_ns = time_ns > column * place->cell_ns ? time_ns - column * place->cell_ns : 0;
	port_settle(tui);
}

void port_pan(struct tui *tui, int64_t cells)
{
	struct tui_place *place = &tui->place;
	const uint64_t shift = (uint64_t)(cells < 0 ? -cells : cells) * place->cell_ns;
	const uint64_t was = place->from_ns;

	if (cells < 0)
		place->from_ns = place->from_ns > shift ? place->from_ns - shift : 0;
	else
		place->from_ns += shift;
	port_settle(tui);
	/* The cursor stays where it is on the screen. */
	place->time_ns = place->time_ns + place->from_ns - was;
	place->pointed = false;
	port_settle(tui);
}

int port_column(const struct tui *tui, uint64_t time_ns)
{
	if (time_ns < tui->place.from_ns || time_ns >= port_to(tui))
		return -1;
	return (int)((time_ns - tui->place.from_ns) / tui->place.cell_ns);
}

void port_reveal(struct tui *tui, uint64_t time_ns)
{
	const uint64_t half = tui->place.cell_ns * tui->layout.columns / 2;

	if (port_column(tui, time_ns) >= 0)
		return;
	tui->place.from_ns = time_ns > half ? time_ns - half : 0;
	port_settle(tui);
}

void port_remember(struct tui *tui)
{
	rows_note_place(tui);
	if (tui->history_at == TUI_HISTORY - 1) {
		memmove(tui->history, tui->history + 1, (TUI_HISTORY - 1) * sizeof(*tui->history));
		tui->history_at--;
	}
	tui->history[tui->history_at++] = tui->place;
	tui->history_count = tui->history_at;
}

static void restore(struct tui *tui)
{
	tui->place = tui->history[tui->history_at];
	port_settle(tui);
	rows_find_place(tui);
	tui->screen = SCREEN_TIMELINE;
}

void port_back(struct tui *tui)
{
	if (!tui->history_at)
		return;
	/* Where we are, to come forward to. */
	rows_note_place(tui);
	tui->history[tui->history_at] = tui->place;
	if (tui->history_count <= tui->history_at)
		tui->history_count = tui->history_at + 1;
	tui->history_at--;
	restore(tui);
}

void port_forward(struct tui *tui)
{
	if (tui->history_at + 1 >= tui->history_count)
		return;
	rows_note_place(tui);
	tui->history[tui->history_at++] = tui->place;
	restore(tui);
}

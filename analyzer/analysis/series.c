/* Distributions over time. */
#include "analysis/series.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

enum {
	LAST_SHIFT = 63,
	NEAR = 8, /* cells from the end that are looked at one by one */
	REACH = 32
};

unsigned windows_shift(uint64_t from_ns, uint64_t to_ns, unsigned shift)
{
	const uint64_t length = to_ns > from_ns ? to_ns - from_ns : 0;
	/* Below that there are at least DWELL_WINDOWS. */
	const unsigned least = length >> 7 ? 57u - (unsigned)__builtin_clzll(length) : 0;

	_Static_assert(DWELL_WINDOWS == 64, "the bits above");
	if (shift < WINDOW_SHIFT)
		shift = WINDOW_SHIFT;
	if (shift < least)
		shift = least;
	while (shift < LAST_SHIFT && (to_ns >> shift) - (from_ns >> shift) >= DWELL_WINDOWS)
		shift++;
	return shift;
}

unsigned windows_bucket(uint64_t value)
{
	if (value < 4)
		return (unsigned)value;

	const unsigned shift = 61u - (unsigned)__builtin_clzll(value);
	return (shift + 1) * 4 + (unsigned)((value >> shift) - 4);
}

uint64_t windows_low(unsigned bucket)
{
	return bucket < 4 ? bucket : (uint64_t)(4 + bucket % 4) << (bucket / 4 - 1);
}

static bool before(const struct dwell_window_cell *a, unsigned window, unsigned bucket)
{
	return a->window != window ? a->window < window : a->bucket < bucket;
}

/* Where the cell is, or would be. Most are near the end where time goes forward; where what was
 * folded of other tasks is added, anywhere. */
static size_t find(const struct dwell_windows *windows, unsigned window, unsigned bucket)
{
	size_t low = 0, high = windows->count;

	for (unsigned near = 0; near < NEAR && high; near++, high--)
		if (before(&windows->cells[high - 1], window, bucket))
			return high;
	if (high > REACH && before(&windows->cells[high - REACH], window, bucket))
		low = high - REACH;
	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (before(&windows->cells[middle], window, bucket))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int insert(struct dwell_windows *windows, size_t at, const struct dwell_window_cell *cell)
{
	if (windows->count == windows->cap) {
		const size_t cap = windows->cap ? windows->cap * 2 : 4;
		struct dwell_window_cell *cells = realloc(windows->cells, cap * sizeof(*cells));

		if (!cells)
			return DWELL_ENOMEM;
		windows->cells = cells;
		windows->cap = cap;
	}
	memmove(&windows->cells[at + 1], &windows->cells[at],
		(windows->count - at) * sizeof(*windows->cells));
	windows->cells[at] = *cell;
	windows->count++;
	return DWELL_OK;
}

static int add_cell(struct dwell_windows *windows, const struct dwell_window_cell *cell)
{
	const size_t at = find(windows, cell->window, cell->bucket);
	struct dwell_window_cell *there = &windows->cells[at];

	if (at == windows->count || there->window != cell->window || there->bucket != cell->bucket)
		return insert(windows, at, cell);
	there->count += cell->count;
	there->total_ns += cell->total_ns;
	return DWELL_OK;
}

/* Cells come out in the order they were in, two windows as one: in place. */
void windows_widen(struct dwell_windows *windows, uint64_t from_ns, unsigned shift)
{
	struct dwell_windows out = { windows->cells, 0, windows->cap, (uint8_t)shift };
	const uint64_t base = from_ns >> windows->shift;
	const unsigned by = shift - windows->shift;

	for (size_t i = 0; i < windows->count && by; i++) {
		struct dwell_window_cell cell = windows->cells[i];

		cell.window = (uint8_t)(((base + cell.window) >> by) - (from_ns >> shift));
		add_cell(&out, &cell); /* takes no more room than there is */
	}
	if (by && windows->count)
		windows->count = out.count;
	windows->shift = (uint8_t)shift;
}

static void fit(struct dwell_windows *windows, uint64_t from_ns, uint64_t at_ns)
{
	const unsigned shift = windows_shift(from_ns, at_ns, windows->shift);

	if (shift != windows->shift)
		windows_widen(windows, from_ns, shift);
}

int windows_add(struct dwell_windows *windows, uint64_t from_ns, uint64_t at_ns, unsigned bucket,
	uint32_t count, uint64_t total_ns)
{
	if (at_ns < from_ns)
		at_ns = from_ns;
	fit(windows, from_ns, at_ns);

	const struct dwell_window_cell cell = {
		.window = (uint8_t)window_of(from_ns, at_ns, windows->shift),
		.bucket = (uint8_t)bucket,
		.count = count,
		.total_ns = total_ns,
	};
	return add_cell(windows, &cell);
}

int windows_put(struct dwell_windows *windows, const struct dwell_window_cell *cell)
{
	return add_cell(windows, cell);
}

int windows_merge(struct dwell_windows *into, const struct dwell_windows *from)
{
	int err = DWELL_OK;

	into->shift = from->shift;
	for (size_t i = 0; i < from->count && !err; i++)
		err = add_cell(into, &from->cells[i]);
	return err;
}

int dwell_windows_histogram(const struct dwell_windows *windows, unsigned first, unsigned last,
	struct dwell_histogram *out)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < windows->count && !err; i++) {
		const struct dwell_window_cell *cell = &windows->cells[i];

		if (cell->window >= first && cell->window <= last && cell->count)
			err = dwell_histogram_add(out, cell->total_ns / cell->count, cell->count);
	}
	return err;
}

int series_add(struct dwell_series *series, uint64_t from_ns, uint64_t at_ns, uint64_t value)
{
	const int err = dwell_histogram_add(&series->whole, value, 1);

	return err ? err
		   : windows_add(&series->windows, from_ns, at_ns, windows_bucket(value), 1, value);
}

int series_merge(struct dwell_series *into, const struct dwell_series *from)
{
	const int err = dwell_histogram_merge(&into->whole, &from->whole);

	return err ? err : windows_merge(&into->windows, &from->windows);
}

void series_release(struct dwell_series *series)
{
	dwell_histogram_release(&series->whole);
	free(series->windows.cells);
	series->windows = (struct dwell_windows){ 0 };
}

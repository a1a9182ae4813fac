/* Counters, as lines of bars. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/names.h"
#include "core/port.h"
#include "core/series.h"
#include "view/view.h"

struct range {
	bool any;
	int64_t min, max;
};

/* From nothing, or from what lies below it. */
static struct range range_of(const struct tui_level *levels, unsigned count)
{
	struct range range = { .any = false };

	for (unsigned i = 0; i < count; i++) {
		if (!levels[i].known)
			continue;
		range.min = levels[i].min < range.min ? levels[i].min : range.min;
		range.max = levels[i].max > range.max ? levels[i].max : range.max;
		range.any = true;
	}
	return range;
}

static unsigned eighths_of(int64_t value, const struct range *range)
{
	const double whole = (double)range->max - (double)range->min;
	const double height = whole > 0 ? ((double)value - (double)range->min) / whole * 8 : 0;

	/* What is there is never nothing. */
	return height < 1 ? value != 0 : height >= 7.5 ? 8 : (unsigned)(height + 0.5);
}

static struct tui_level *levels_of(const struct tui *tui, const struct tui_row *row)
{
	struct tui_level *levels = malloc((tui->layout.columns + 1) * sizeof(*levels));

	if (levels)
		series_levels(tui, series_of(tui, row->id), levels);
	return levels;
}

void view_counter(struct frame *frame, const struct tui *tui, const struct tui_row *row, unsigned y)
{
	struct tui_level *levels = levels_of(tui, row);
	const struct range range =
		levels ? range_of(levels, tui->layout.columns) : (struct range){ .any = false };

	for (unsigned i = 0; range.any && i < tui->layout.columns; i++)
		if (levels[i].known)
			frame_put(frame, tui->layout.label + i, y,
				view_bar(frame, eighths_of(levels[i].max, &range)),
				(struct pen){ .fore = levels[i].fresh ? TONE_NOTE : TONE_FAINT });
	free(levels);
}

static const char *value_text(
	char out[NAME_SIZE], const struct dwell_catalog_counter *counter, int64_t value)
{
	double scaled = (double)value;
	int exponent = counter ? counter->exponent : 0;

	for (; exponent > 0; exponent--)
		scaled *= 10;
	for (; exponent < 0; exponent++)
		scaled /= 10;
	if (!counter || !counter->exponent)
		snprintf(out, NAME_SIZE, "%lld", (long long)value);
	else
		snprintf(out, NAME_SIZE, "%.6g", scaled);
	return out;
}

void view_counter_words(char *text, size_t size, const struct tui *tui, const struct tui_row *row)
{
	const struct dwell_catalog_counter *counter =
		dwell_catalog_counter(tui->catalog, series_of(tui, row->id)->counter);
	const int column = port_column(tui, tui->place.time_ns);
	const bool sum = counter && counter->kind == DWELL_COUNTER_SUM;
	struct tui_level *levels = levels_of(tui, row);
	const struct tui_level *here = levels && column >= 0 ? &levels[column] : NULL;
	char last[NAME_SIZE], max[NAME_SIZE];
	struct range range;

	if (!here || !here->known) {
		snprintf(text, size, sum ? "nothing was added here" : "nothing was told here");
		free(levels);
		return;
	}
	range = range_of(levels, tui->layout.columns);
	snprintf(text, size, "%s%s%s%.*s; the highest in view %s", sum ? "+" : "",
		value_text(last, counter, here->max), counter && counter->unit.size ? " " : "",
		counter ? (int)(counter->unit.size & 0xff) : 0, counter ? counter->unit.at : "",
		value_text(max, counter, range.max));
	free(levels);
}

#ifndef DWELL_TUI_SERIES_H
#define DWELL_TUI_SERIES_H

#include "core/tui.h"

/* Counters in the columns of the view. */

/* The series of a ROW_COUNTER, which is there as long as the row is. */
const struct dwell_counted *series_of(const struct tui *tui, uint32_t id);

/* What a counter was in a column: of a sum, how much was added. */
struct tui_level {
	bool known;
	bool fresh; /* something was told in it; else it is as it was */
	int64_t min, max, last;
};

/* One for each column of the view. */
void series_levels(
	const struct tui *tui, const struct dwell_counted *series, struct tui_level *levels);

#endif

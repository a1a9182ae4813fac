#ifndef DWELL_TUI_AGAINST_H
#define DWELL_TUI_AGAINST_H

#include "core/tui.h"
#include "core/work.h"

/* The trace that is compared with: rows of its classes below those of the same name. */
struct tui_against {
	struct dwell_timeline *timeline;
	const struct dwell_catalog *catalog;
	const struct dwell_timeline_facts *facts; /* NULL: it is still being read */
	uint32_t *members;                        /* tasks, class by class */
	size_t *first;                            /* of each class; one more at the end */
	uint8_t *used;                            /* classes that have a row */
	uint32_t class_end;
	struct tui_work cells;
};

bool against_shown(const struct tui *tui);
/* The row of the base's class that has the name of this one; none where there is none. */
void against_add(struct tui *tui, uint32_t class_id);
/* Rows of classes that only the base has. */
void against_add_rest(struct tui *tui);
/* Cells of its rows on the screen. True: something new came. */
bool against_update(struct tui *tui, unsigned milliseconds);
void against_free(struct tui_against *against);

/* What the row above waited (blocked, or ready), less what this one did, in millionths of their
 * lives in view; false: not known. */
bool against_change(const struct tui *tui, unsigned line, int64_t *ppm);

#endif

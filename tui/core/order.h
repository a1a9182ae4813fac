#ifndef DWELL_TUI_ORDER_H
#define DWELL_TUI_ORDER_H

#include "core/tui.h"

/* The tasks of one process or class that are shown: a part of rows.members. */
struct rows_part {
	uint64_t weight;
	struct dwell_string name;
	size_t first, count;
	uint32_t id;
	bool other; /* of a program that was only seen from outside */
};

struct rows_order {
	struct rows_part *parts; /* in the order of their rows; the caller's to free */
	size_t part_count;
	bool has_pinned; /* a task or a part */
};

/* Put the tasks that are shown into rows.members, in the order of their rows. 0 or DWELL_ENOMEM. */
int rows_order(struct tui *tui, struct rows_order *out);
/* Weigh all tasks anew, as they are to be sorted. 0 or DWELL_ENOMEM. */
int rows_weigh(struct tui *tui);

#endif

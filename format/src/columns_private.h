#ifndef DWELL_COLUMNS_PRIVATE_H
#define DWELL_COLUMNS_PRIVATE_H

#include "src/columns.h"

/* A row in numbers of the dictionaries. */
struct numbers {
	uint32_t n[COLUMNS_EXPLICIT];
	uint32_t who;
	uint64_t modes;
};

/* Numbers of ids, new ones where they must be. DWELL_ENOMEM, DWELL_EINVAL (an id beyond its
 * limit). */
int dwell_columns_task(struct columns *columns, uint32_t id, uint32_t *out);
int dwell_columns_executor(struct columns *columns, uint32_t id, uint32_t *out);
int dwell_columns_numbers(
	struct columns *columns, const struct dwell_event *row, struct numbers *out);

#endif

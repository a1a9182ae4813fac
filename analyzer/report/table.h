#ifndef DWELL_REPORT_TABLE_H
#define DWELL_REPORT_TABLE_H

#include "dwell/report.h"

struct cell {
	uint64_t number; /* of a text: its offset in the table's text */
	uint32_t size;   /* of a text */
	bool absent;
};

struct dwell_table {
	const struct dwell_column_spec *columns;
	size_t column_count;
	struct cell *cells; /* row by row */
	size_t cell_count, cell_capacity;
	char *text;
	size_t text_size, text_capacity;
	int err; /* what went wrong while cells were told */
};

#endif

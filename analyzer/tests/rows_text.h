#ifndef DWELL_TESTS_ROWS_TEXT_H
#define DWELL_TESTS_ROWS_TEXT_H

#include "dwell/importer.h"

/* What a source told, as short lines: tasks by their thread numbers, executors by number. */
struct rows_text {
	struct dwell_sink sink;
	char text[400000];
	size_t size;
	int64_t tid[64];
	bool tables; /* also definitions of tasks, mappings, locations, stacks */
	struct dwell_trace_info info;
	struct dwell_trace_end end;
	uint64_t watermark_ns; /* rows before it must not come */
	bool disorder;
	unsigned rows;
};

void rows_text_init(struct rows_text *text);

/* Drive a source of bytes (which are taken over); what opening or driving returns. */
int rows_text_drive(struct rows_text *text, struct dwell_bytes *bytes, struct dwell_diag *diag);

#endif

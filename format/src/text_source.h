#ifndef DWELL_TEXT_SOURCE_H
#define DWELL_TEXT_SOURCE_H

#include "dwell/error.h"
#include "dwell/limits.h"
#include "src/text_lines.h"
#include "src/text_private.h"

/* The first line of a text begins so. */
#define TEXT_HEADER "dwell-text "

enum {
	BATCH = 256,
	TEXT_LINE_EVENT = TEXT_LINE_COUNT, /* beside enum text_line */
};

struct text_source {
	struct dwell_source source;
	struct text_lines lines;
	struct dwell_diag diag;
	struct text_in in;
	char *strings; /* spare room for a line's strings */
	size_t strings_cap;
	struct text_ids defined[TEXT_TABLE_COUNT];
	uint32_t frames[DWELL_MAX_FRAMES];
	struct dwell_line inlined[DWELL_MAX_INLINE_LINES];
	union text_row row; /* the line read last */
	int line;           /* what it is */
	bool waits;         /* it is not yet told */
	bool began, ended;
	uint64_t now_ns;
	struct dwell_trace_end end;
	struct dwell_event events[BATCH];
	size_t event_count;
	struct dwell_task_state *states; /* of the keyframe being read */
	size_t state_count, state_cap;
	uint64_t keyframe_ns;
	bool in_keyframe;
};

/* Fill the diag: what is wrong with the line read last. Returns err. */
int text_refuse(struct text_source *text, int err, const char *what);
/* The first line. */
int text_read_header(struct text_source *text);
/* The next line that is not empty, into text->row; DWELL_END. */
int text_read_line(struct text_source *text);

#endif

#ifndef DWELL_KEYFRAME_H
#define DWELL_KEYFRAME_H

#include "dwell/states.h"
#include "src/buffer.h"
#include "src/cursor.h"

/* States of tasks as bytes (docs/format.md, "Keyframes"). */
void dwell_keyframe_write(
	struct dwell_buffer *out, const struct dwell_task_state *states, size_t count);

/* free(*out). DWELL_EFORMAT, DWELL_ETRUNCATED, DWELL_ELIMIT, DWELL_ENOMEM. */
int dwell_keyframe_read(struct dwell_cursor in, size_t count, struct dwell_task_state **out);

#endif

#ifndef DWELL_RECORD_TRACEPOINTS_H
#define DWELL_RECORD_TRACEPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

/*
 * The scheduler's tracepoints as perf hands them out: records whose fields lie where the kernel's
 * own description (tracefs, events/sched/NAME/format) says.
 */
enum dwell_tracepoint { DWELL_TRACEPOINT_SWITCH, DWELL_TRACEPOINT_WAKING, DWELL_TRACEPOINT_EXEC };
enum { DWELL_TRACEPOINTS = 3, DWELL_TRACEPOINT_FIELDS = 4 };

struct dwell_tracepoint_field {
	uint32_t offset, size;
};

struct dwell_tracepoint_format {
	uint32_t id;
	struct dwell_tracepoint_field fields[DWELL_TRACEPOINT_FIELDS];
};

struct dwell_tracepoints {
	struct dwell_tracepoint_format formats[DWELL_TRACEPOINTS];
};

/* Read one description. False: a field that is needed is not there, or not as it must be. */
bool dwell_tracepoint_parse(
	const char *text, enum dwell_tracepoint which, struct dwell_tracepoint_format *out);

/*
 * Find tracefs (where it is mounted, else by a mount of our own that nobody sees) and read all.
 * Returns 0 or DWELL_EUNSUPPORTED, DWELL_EIO (errno); why: one line for people.
 */
int dwell_tracepoints_read(struct dwell_tracepoints *out, char *why, size_t why_size);

/*
 * One record of the thread that ran: sets kind, tid, peer, leave, interrupt, code of the event, as
 * kernel.h has them. False: it is none of these, or it is too short.
 */
bool dwell_tracepoints_take(const struct dwell_tracepoints *tracepoints, const uint8_t *raw,
	size_t size, uint32_t tid, struct dwell_kernel_event *event);

#endif

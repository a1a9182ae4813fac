#ifndef DWELL_IMPORT_DIAL9_WIRE_H
#define DWELL_IMPORT_DIAL9_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/error.h"
#include "dwell/tables.h"

/*
 * dial9's format, version 1 (dial9-trace-format/SPEC.md of its repository): a header, then frames:
 * layouts of events, events, pooled texts and stacks. A header among the frames begins anew: a
 * file is the batches of many threads, one behind the other.
 */

/* What of an event is wanted, by the names of its fields. */
enum dial9_field {
	DIAL9_WORKER,
	DIAL9_TASK,
	DIAL9_LOCATION,
	DIAL9_INSTRUMENTED,
	DIAL9_WAKER,
	DIAL9_WOKEN,
	DIAL9_REALTIME,
	DIAL9_FIELDS
};

enum dial9_kind {
	DIAL9_OTHER,
	DIAL9_POLL_START,
	DIAL9_POLL_END,
	DIAL9_SPAWN,
	DIAL9_TERMINATE,
	DIAL9_WAKE,
	DIAL9_CLOCK
};

struct dial9_event {
	enum dial9_kind kind;
	uint64_t time_ns;
	uint32_t has; /* bits 1 << enum dial9_field */
	uint64_t values[DIAL9_FIELDS];
	struct dwell_string location; /* of the file's bytes */
};

struct dial9_schema;

struct dial9_text {
	struct dwell_string text;
	uint64_t batch; /* that told it */
};

struct dial9_wire {
	const uint8_t *bytes;
	size_t size, at;
	uint64_t base_ns, batch;
	struct dial9_schema *schemas; /* 65,536 of them, by number */
	struct dial9_text *pool;      /* by number */
	uint32_t pool_room;
	const char *what; /* of the last error */
};

bool dial9_recognizes(const void *at, size_t size);
/* bytes stay the caller's. DWELL_ENOMEM. */
int dial9_wire_init(struct dial9_wire *wire, const uint8_t *bytes, size_t size);
void dial9_wire_release(struct dial9_wire *wire);
/* The next event with a time. DWELL_END; DWELL_ETRUNCATED, DWELL_EFORMAT, DWELL_ELIMIT: at `at`. */
int dial9_wire_next(struct dial9_wire *wire, struct dial9_event *out);

#endif

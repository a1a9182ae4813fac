#ifndef DWELL_IMPORT_CHROME_CHROME_H
#define DWELL_IMPORT_CHROME_CHROME_H

#include <json.h>

#include "dwell/bytes.h"
#include "dwell/error.h"
#include "dwell/sink.h"
#include "import/intern.h"
#include "import/source.h"

/*
 * Events of a file may stand in any order, and names at its end: all are read before the first is
 * told. So memory grows with the file, about 80 bytes an event.
 */
enum { CHROME_MAX_ROWS = 1 << 26, CHROME_MAX_VALUE = 1 << 24, CHROME_DEPTH = 64 };

/* How a span is told apart until its turn comes. */
enum chrome_match {
	CHROME_PLAIN,  /* the row is as it will be told */
	CHROME_WHOLE,  /* X: `value` is its number already */
	CHROME_NESTED, /* B, E: the innermost open one of the thread */
	CHROME_ASYNC   /* b, e, S, F: `value` is a hash of what tells it apart */
};

struct chrome_row {
	struct dwell_event row;
	uint64_t tie;   /* order among rows of one time */
	uint32_t index; /* order in the file */
	uint8_t match;
};

struct chrome_process {
	int64_t pid;
	uint32_t name; /* number of a text; 0: none */
};

struct chrome_task {
	int64_t tid;
	uint32_t process; /* id */
	uint32_t name;
	uint64_t first_ns;
	uint32_t depth; /* of what is open now */
	uint64_t open[CHROME_DEPTH];
};

struct chrome_nested {
	uint64_t span, outer; /* outer: as the values of `open`; 0: none */
};

struct chrome {
	struct import_source source;
	bool read; /* all of the file is below */

	struct chrome_row *rows;
	size_t count, room;
	struct import_intern texts, labels, counters;
	struct import_map process_ids, task_ids; /* by number, by hash of both */
	struct chrome_process *processes;        /* id - 1 */
	struct chrome_task *tasks;               /* id - 1 */
	uint32_t process_count, process_room, task_count, task_room;
	uint64_t zero_ns, last_ns;
	uint64_t spans;
	/* Asynchronous spans, while rows are told: what tells them apart to the last one, number in
	 * `nested` + 1; each knows the one that it lies in. */
	struct import_map open;
	struct chrome_nested *nested;
	size_t nested_count, nested_room;
	uint64_t ignored, malformed;
	bool cut; /* the file ended within an event, or an array */
};

/* events.c: one event into rows, tasks and names. DWELL_ENOMEM, DWELL_ELIMIT. */
int chrome_event(struct chrome *chrome, struct json_object *event);

/* parse.c: all events of the file. DWELL_EFORMAT: not JSON (diag says where), else as above. */
int chrome_parse(struct chrome *chrome);
bool chrome_recognizes(const void *at, size_t size);

/* rows.c: into the order in which they are told; then tell them. */
void chrome_sort(struct chrome *chrome);
int chrome_tell(struct chrome *chrome, struct dwell_sink *sink);

#endif

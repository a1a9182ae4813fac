#ifndef DWELL_DECODE_H
#define DWELL_DECODE_H

#include <stdbool.h>

#include "src/cursor.h"
#include "src/rows.h"
#include "src/squeeze.h"
#include "src/timecode.h"

/*
 * Events chunks into rows. A chunk is opened, which checks all that can be checked
 * before rows are made, then read in batches.
 */
struct decode_column {
	struct dwell_cursor stored;
	uint8_t codec;
	uint32_t raw_size;
	uint8_t *raw; /* in the arena; NULL: absent or not loaded */
};

enum { DECODE_PARTS = 16 };

/*
 * A shape of a scheduler's row without object, stack, value and extra, as masks, so
 * that rows are made without branches that cannot be foreseen.
 */
struct decode_plain {
	uint32_t word; /* kind, state, reason, flags as they lie in a row */
	uint32_t executor;
	uint32_t executor_explicit; /* 1: the next entry */
	/* All ones for the mode that a number is found by. */
	uint32_t occupant, explicit_one; /* of the one that is running: task left, or waker */
	uint32_t first, second, woken, explicit_two; /* of the other */
	uint8_t stream;
	uint8_t is; /* 0: not plain; 1: SWITCH; 2: WAKE; 3: any, where tasks are not wanted */
};

/* An explicit field's entries, put together from their planes. */
struct decode_entries {
	uint64_t *wide; /* value, extra */
	uint32_t *narrow;
	uint32_t count, next;
};

struct decoder {
	struct dwell_unsqueeze *unsqueeze;
	const char *what; /* is being read: names the fault after a failure */
	/* Of the chunk. */
	const struct wire_chunk *chunk;
	struct decode_column columns[WIRE_FIELD_COUNT][DECODE_PARTS];
	uint32_t wanted; /* bits of enum dwell_column */
	bool tasks_wanted;
	uint64_t unit;
	uint64_t lost;
	uint64_t by_kind[DWELL_EVENT_KIND_COUNT];
	struct rows_shape shapes[256];
	unsigned shape_count;
	struct decode_plain plain[256];
	uint32_t uses[256]; /* rows of each shape */
	uint32_t *tasks;    /* ids by number */
	uint32_t *executors;
	uint32_t *objects; /* ids */
	uint8_t *spaces;   /* of objects */
	uint32_t *stacks;
	uint32_t task_count, executor_count, object_count, stack_count; /* with number 0 */
	struct timecode_table code;

	/* While rows are made. */
	uint32_t row;
	uint64_t time; /* of the last row, in units */
	uint64_t bit;  /* position in the time bits */
	const uint8_t *stream[WIRE_TIME_STREAMS];
	struct rows_executor *on;
	struct rows_follow *follow;
	struct rows_detail *detail;
	uint64_t *object_values;
	uint32_t woken, woken2, last_other;
	struct decode_entries entries[WIRE_FIELDS];

	uint8_t *arena;
	size_t arena_cap, arena_used;
	uint8_t *head;
	size_t head_cap;
};

int dwell_decoder_init(struct decoder *decoder);
void dwell_decoder_release(struct decoder *decoder);

/*
 * Begin a chunk whose checksums are right. columns: bits of enum dwell_column, 0: all. chunk and
 * body must stay. DWELL_EFORMAT, DWELL_ETRUNCATED, DWELL_EVERSION, DWELL_ELIMIT, DWELL_ENOMEM.
 */
int dwell_decoder_open(struct decoder *decoder, const struct wire_chunk *chunk,
	struct dwell_cursor body, uint32_t columns);

/* Only what says how many rows there are of which kind. */
int dwell_decoder_peek(
	struct decoder *decoder, const struct wire_chunk *chunk, struct dwell_cursor body);

/* The next rows, at most max; *got 0 after the last. DWELL_EFORMAT: rows that cannot be; *got
 * rows before them are good. */
int dwell_decoder_rows(struct decoder *decoder, struct dwell_event *out, size_t max, size_t *got);

/* One row of any shape; there must be one. DWELL_EFORMAT. */
int dwell_decoder_row(struct decoder *decoder, struct dwell_event *out);
/* What decode_plain.c wants to know of the shapes. */
void dwell_decoder_plain_shapes(struct decoder *decoder);

/* For the parts of the decoder: memory that lives as long as the chunk; NULL: out of memory. */
void *dwell_decoder_take(struct decoder *decoder, size_t size);
int dwell_decoder_head(struct decoder *decoder, bool peek);

#endif

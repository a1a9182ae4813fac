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

enum {
	DECODE_PARTS = 16,
	DECODE_ROWS = 512 /* made at once, field after field; they stay in the first cache */
};

/* Two words of a row, written as one. */
typedef uint64_t decode_words __attribute__((vector_size(16), may_alias));

/* What each shape says of when and where. */
struct decode_when {
	decode_words said[256];    /* of a row: its executor and all behind it */
	decode_words mark[256];    /* of its kind; see decode_times.c */
	uint64_t stream[256];      /* of its codes */
	uint64_t executor[256];    /* of the shape, a number */
	uint64_t is_explicit[256]; /* the executor: all ones */
};

/* What a shape says of whom; see decode_tasks.c. */
enum decode_how {
	DECODE_SWITCH_FIRST, /* the executor's task leaves, and who entered after it last time */
	DECODE_SWITCH_SECOND,
	DECODE_SWITCH_WOKEN,
	DECODE_SWITCH_IDLE,
	DECODE_WAKE_FIRST, /* the executor's task wakes, and whom it woke last time */
	DECODE_WAKE_SECOND,
	DECODE_SCHED, /* other switches and wakes */
	DECODE_OTHER
};

struct decode_who {
	uint8_t how;
	uint8_t details; /* not 0: it has object, stack, value or extra */
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
	bool by_row; /* times follow from the row before, not from that on the same executor */
	bool fold;   /* all executors are those of shapes */
	struct decode_when when;
	struct decode_who who[256];
	uint32_t *tasks; /* ids by number */
	uint32_t *executors;
	uint32_t *objects; /* ids */
	uint8_t *spaces;   /* of objects */
	uint32_t *stacks;
	uint32_t task_count, executor_count, object_count, stack_count; /* with number 0 */
	struct timecode_table code;

	/* While rows are made. */
	uint32_t row;
	uint64_t origin; /* what units are counted from: the first time where they are nanoseconds
			  */
	uint64_t time;   /* of the last row, in units */
	uint64_t marks;  /* the sum of all rows' */
	uint64_t bit;    /* position in the time bits */
	uint64_t bit_count;
	const uint8_t *stream[WIRE_TIME_STREAMS], *stream_end[WIRE_TIME_STREAMS];
	uint64_t *on_time; /* of the last row by executor, in units */
	struct rows_executor *on;
	struct rows_follow *follow;
	struct rows_detail *detail;
	uint64_t *object_values;
	uint32_t woken, woken2, last_other;
	struct decode_entries entries[WIRE_FIELDS];
	bool starved;                       /* a row wanted an entry behind the last */
	uint32_t row_executor[DECODE_ROWS]; /* numbers, of the rows being made, where not fold */

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

/* For the parts of the decoder. What they want to know of the shapes: */
int dwell_decoder_when(struct decoder *decoder); /* DWELL_ENOMEM */
void dwell_decoder_who(struct decoder *decoder);
/* All rows are made: was all used? DWELL_EFORMAT. */
int dwell_decoder_end(struct decoder *decoder);
/* Are the rows, all made, of the kinds that the head says? */
bool dwell_decoder_kinds(const struct decoder *decoder);
/* Begin the next rows, at most DECODE_ROWS; fewer than max: the next one cannot be. */
size_t dwell_decoder_times(struct decoder *decoder, struct dwell_event *out, size_t max);
/* All other fields of these rows; fewer than count: the next one cannot be. */
size_t dwell_decoder_tasks(struct decoder *decoder, struct dwell_event *out, size_t count);
/* Object, stack, value and extra of a row of shape k. False: an object of another kind. */
bool dwell_decoder_detail(
	struct decoder *decoder, unsigned k, uint32_t who, struct dwell_event *out);
/* Memory that lives as long as the chunk; NULL: out of memory. */
void *dwell_decoder_take(struct decoder *decoder, size_t size);
int dwell_decoder_head(struct decoder *decoder, bool peek);

/* A field's next explicit entry; 0 and starved where there is none. */
static inline uint32_t dwell_decoder_number(struct decoder *d, unsigned field)
{
	struct decode_entries *entries = &d->entries[field];

	d->starved |= entries->next == entries->count;
	return entries->next < entries->count ? entries->narrow[entries->next++] : 0;
}

static inline uint64_t dwell_decoder_wide(struct decoder *d, unsigned field)
{
	struct decode_entries *entries = &d->entries[field];

	d->starved |= entries->next == entries->count;
	return entries->next < entries->count ? entries->wide[entries->next++] : 0;
}

#endif

#ifndef DWELL_COLUMNS_H
#define DWELL_COLUMNS_H

#include <stdbool.h>

#include "src/buffer.h"
#include "src/dict.h"
#include "src/shapes.h"

/*
 * Rows of one events chunk, split into columns as they come. The rows of a chunk
 * need not be kept: each is looked at once.
 */
enum {
	COLUMNS_EXPLICIT = ROWS_STACK + 1,
	COLUMNS_NO_SHIFT = 64,
	COLUMNS_FOLD = 16, /* executors that shapes may name, and none */
	COLUMNS_AGAIN = 256,
	COLUMNS_AGAIN_WORDS = 3,
	COLUMNS_FAMILIES = 64,
	COLUMNS_NO_SHAPE = 0xffff
};

struct columns_executor {
	uint64_t key; /* its share of the key of a shape; valid for the chunk's fold */
	uint32_t occupant;
	struct rows_follow follow;
};

/*
 * Rows that name no more than a task, an object and a stack, of one kind, state and reason and with
 * the same flags: the shapes that they have.
 */
struct columns_family {
	uint32_t what;           /* kind, state, reason, flags; 0: none */
	const uint32_t *objects; /* numbers by id, as in dict.h */
	uint16_t shape[1 << 7];  /* by modes; COLUMNS_NO_SHAPE: not found so far */
};

/*
 * What a task's last row of a class said, where it was such a row: one that says the same again
 * differs by its time only.
 */
struct columns_again {
	/* Of the row, from its task to its end; all 0: there was none. */
	uint64_t words[COLUMNS_AGAIN_WORDS];
	uint32_t number; /* of the task */
	struct columns_family *family;
	const uint16_t *shape; /* of the family's, those of such a row, by the mode of its task */
};

struct columns {
	uint32_t max_rows;
	/* Of the chunk. */
	uint32_t count;
	uint64_t first_ns, last_ns;
	uint64_t time; /* of the last row, in units since the first */
	uint64_t unit;
	unsigned shift; /* unit is 1 << shift; COLUMNS_NO_SHIFT: it is not */
	bool fold;      /* executors are part of shapes */
	uint64_t lost;
	struct shapes shapes;
	struct dict tasks, executors, stacks;
	struct dict objects[WIRE_SPACE_COUNT]; /* numbers of all three are one sequence */
	uint64_t *object_ids;                  /* id << 2 | space, by number */
	uint32_t object_count;
	uint32_t woken, woken2, last_other;
	struct columns_family families[COLUMNS_FAMILIES];
	unsigned family_count;
	struct columns_again again[COLUMNS_AGAIN]; /* by task and class */

	/* By number; allocated as the dictionaries grow. */
	struct columns_executor *on;
	uint32_t on_cap;
	struct rows_follow *follow;
	struct rows_detail *detail;
	uint32_t task_cap;
	uint64_t *object_values;
	uint32_t object_cap;

	/* Columns. */
	uint8_t *shape;
	uint64_t *delta;
	uint32_t *number[COLUMNS_EXPLICIT]; /* explicit entries by field */
	uint64_t *value, *extra;
	uint32_t entries[WIRE_FIELDS];
	uint32_t uses[SHAPES_MAX]; /* rows of each shape; see dwell_columns_count */

	/* Across chunks. */
	uint64_t tick;
	bool odd;            /* a time was no multiple of the tick */
	bool unfold;         /* too many shapes with executors in them */
	uint32_t *occupants; /* task by executor */
	uint32_t occupant_cap;
};

int dwell_columns_init(struct columns *columns, uint32_t max_rows);
void dwell_columns_release(struct columns *columns);

/*
 * Take rows in order of time. *taken < count: the chunk is full and must be written and
 * cleared first. Returns 0, DWELL_ENOMEM, DWELL_EINVAL (a kind of row or an
 * id that cannot be, a time that goes back).
 */
int dwell_columns_put(
	struct columns *columns, const struct dwell_event *rows, size_t count, size_t *taken);
void dwell_columns_clear(struct columns *columns);

/* Count the uses of shapes: before dwell_columns_kinds and dwell_columns_write. */
void dwell_columns_count(struct columns *columns);
/* Give what is frequent a stream of times of its own; after counting. */
void dwell_columns_streams(struct columns *columns);
/* Rows of each kind in the chunk. */
void dwell_columns_kinds(const struct columns *columns, uint64_t by_kind[DWELL_EVENT_KIND_COUNT]);

#endif

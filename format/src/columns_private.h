#ifndef DWELL_COLUMNS_PRIVATE_H
#define DWELL_COLUMNS_PRIVATE_H

#include "src/columns.h"

/* A row in numbers of the dictionaries. */
struct numbers {
	uint32_t n[COLUMNS_EXPLICIT];
	uint32_t who;
	uint64_t modes;
};

/* Numbers of ids, new ones where they must be. DWELL_ENOMEM, DWELL_EINVAL (an id beyond its
 * limit). */
int dwell_columns_task(struct columns *columns, uint32_t id, uint32_t *out);
int dwell_columns_executor(struct columns *columns, uint32_t id, uint32_t *out);
int dwell_columns_numbers(
	struct columns *columns, const struct dwell_event *row, struct numbers *out);

/* As many rows as are plain: no losses, and of whom, where and what the chunk has seen already, in
 * shapes that it has. They change columns as dwell_columns_put does, in a third of the time. */
size_t dwell_columns_plain(struct columns *columns, const struct dwell_event *rows, size_t count);

/* The same for rows that name a task, an object and a stack at most. */
size_t dwell_columns_others(struct columns *columns, const struct dwell_event *rows, size_t count);

/* It is such a row. */
static inline bool dwell_columns_is_bare(const struct dwell_event *row)
{
	return row->kind > DWELL_EVENT_WAKE && row->kind < DWELL_EVENT_KIND_COUNT &&
	       row->kind != DWELL_EVENT_LOSS && (row->peer | row->executor) == 0 &&
	       (row->value | row->extra) == 0;
}

/* Of a kind that is neither SWITCH nor WAKE: which of the two classes that are left. */
static inline bool dwell_columns_begins(unsigned kind)
{
	const uint32_t begins = 1u << DWELL_EVENT_STATE | 1u << DWELL_EVENT_WAIT_BEGIN;

	return begins >> kind % 32 & 1;
}

/* Where it is kept what a task's last row of such a kind's class said; others may be kept there. */
static inline struct columns_again *dwell_columns_again(
	struct columns *c, uint32_t task, unsigned kind)
{
	return &c->again[(2 * task + dwell_columns_begins(kind)) % COLUMNS_AGAIN];
}

/* Another row of its class was put elsewhere. */
static inline void dwell_columns_forget(struct columns *c, uint32_t task, unsigned kind)
{
	dwell_columns_again(c, task, kind)->words[COLUMNS_AGAIN_WORDS - 1] = 0; /* of no kind */
}

/* Where its family is looked for first. */
static inline size_t dwell_columns_family_at(uint32_t what)
{
	return what * UINT32_C(0x9e3779b1) >> 26;
}

_Static_assert(COLUMNS_FAMILIES == 1 << (32 - 26), "as many as its hashes");

/* Its share of the key of a shape. */
static inline uint64_t dwell_columns_executor_key(const struct columns *c, uint32_t number)
{
	if (!number)
		return 0;
	return c->fold ? dwell_shapes_mode(ROWS_EXECUTOR, WIRE_CONSTANT) << SHAPES_MODES_SHIFT |
				 (uint64_t)number << (64 - SHAPES_EXECUTOR_BITS)
		       : dwell_shapes_mode(ROWS_EXECUTOR, WIRE_EXPLICIT) << SHAPES_MODES_SHIFT;
}

/* Units since the chunk's first row. False: it is not a whole number of them. */
static inline bool dwell_columns_units(const struct columns *c, uint64_t time_ns, uint64_t *units)
{
	const uint64_t since = time_ns - c->first_ns;

	if (c->shift < COLUMNS_NO_SHIFT) {
		*units = since >> c->shift;
		return *units << c->shift == since;
	}
	*units = since / c->unit;
	return since % c->unit == 0;
}

#endif

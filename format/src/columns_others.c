/*
 * Rows of the program's own: marks, waits, locks. They name a task, an object and a stack, and on
 * no executor. Whose row is next, and on what, cannot be foreseen: so modes are chosen without
 * branches.
 */
#include "src/columns_private.h"

#include <string.h>

/* What the rows are put into and found by, in local variables while they follow each other. */
struct others {
	const uint32_t *tasks, *stacks; /* numbers by id, as in dict.h */
	struct rows_follow *follow;
	struct rows_detail *detail;
	const struct shapes_slot *slots;
	uint8_t *shape;
	uint64_t *delta;
	uint64_t first_ns, last_ns;
	uint64_t time;  /* of the last row on no executor */
	uint64_t below; /* mask of what a multiple of the unit does not have */
	unsigned shift;
	uint32_t last; /* task */
};

static void load(const struct columns *c, struct others *o)
{
	*o = (struct others){
		.tasks = c->tasks.few,
		.stacks = c->stacks.few,
		.follow = c->follow,
		.detail = c->detail,
		.slots = c->shapes.slots,
		.shape = c->shape + c->count,
		.delta = c->delta + c->count,
		.first_ns = c->first_ns,
		.last_ns = c->last_ns,
		.time = c->on[0].time,
		.below = c->unit - 1,
		.shift = c->shift,
		.last = c->last_other,
	};
}

static void save(struct columns *c, const struct others *o, size_t rows)
{
	c->count += (uint32_t)rows;
	c->last_ns = o->last_ns;
	c->on[0].time = o->time;
	c->last_other = o->last;
}

/* Kind, state, reason, flags. */
static inline uint32_t what_of(const struct dwell_event *row)
{
	uint32_t what;

	memcpy(&what, &row->kind, sizeof(what));
	return what;
}

/* Which of the last two, if it is one of them. */
static inline unsigned mode_of(struct rows_pair pair, uint32_t value, unsigned first)
{
	unsigned mode = value == rows_second(pair) ? first + 1 : WIRE_EXPLICIT;

	mode = value == rows_first(pair) ? first : mode;
	return value == 0 ? WIRE_ZERO : mode;
}

static inline unsigned mode_of_task(const struct others *o, uint32_t number)
{
	const unsigned mode = mode_of(o->follow[o->last].after, number, WIRE_FOLLOWS);

	return number && number == o->last ? WIRE_OCCUPANT : mode;
}

static inline void put_number(struct columns *c, unsigned field, uint32_t number, unsigned mode)
{
	c->number[field][c->entries[field]] = number;
	c->entries[field] += mode == WIRE_EXPLICIT;
}

/* Its time is good, its shape and the mode of its task are known. */
static inline void put(struct columns *c, struct others *o, const struct dwell_event *row, size_t i,
	unsigned shape, uint32_t number, unsigned mode)
{
	const uint64_t time = (row->time_ns - o->first_ns) >> o->shift;

	o->shape[i] = (uint8_t)shape;
	o->delta[i] = time - o->time;
	o->time = time;
	o->last_ns = row->time_ns;
	put_number(c, ROWS_TASK, number, mode);
	rows_push(&o->follow[o->last].after, number);
	o->last = number;
}

/* Object and stack were those before: the next row that says all the same can be told at once. */
static inline void note(struct columns_again *again, const struct dwell_event *row, uint32_t number)
{
	again->task = row->task;
	again->object = row->object;
	again->stack = row->stack;
	again->what = what_of(row);
	again->number = number;
	memset(again->shape, 0xff, sizeof(again->shape));
}

static inline bool says_again(const struct columns_again *again, const struct dwell_event *row)
{
	return again->object == row->object && again->stack == row->stack &&
	       again->what == what_of(row) && again->task == row->task;
}

static uint32_t find_shape(const struct shapes_slot *slots, uint64_t key)
{
	size_t slot = dwell_shapes_slot(key);

	for (; slots[slot].key; slot = (slot + 1) % SHAPES_SLOTS)
		if (slots[slot].key == key)
			return slots[slot].number;
	return COLUMNS_NO_SHAPE;
}

/* False: of what the chunk has not seen yet, or in a shape that it does not have. */
static inline bool put_one(struct columns *c, struct others *o, const struct dwell_event *row,
	size_t i, struct columns_again *again, bool known)
{
	const struct dict *objects = &c->objects[dwell_space_of(row->kind)];
	const unsigned class = rows_class(row->kind);

	if ((row->task | row->object | row->stack) >= DICT_FEW)
		return false;

	const uint32_t number = o->tasks[row->task] - 1, object = objects->few[row->object] - 1,
		       stack = o->stacks[row->stack] - 1;

	if ((number | object | stack) >> 31)
		return false;

	struct rows_pair *on = &o->detail[number].object[class],
			 *at = &o->detail[number].stack[class];
	const unsigned mode = mode_of_task(o, number), on_mode = mode_of(*on, object, WIRE_LAST),
		       at_mode = mode_of(*at, stack, WIRE_LAST);
	const uint32_t shape =
		find_shape(o->slots, dwell_shapes_key(row,
					     dwell_shapes_mode(ROWS_TASK, mode) |
						     dwell_shapes_mode(ROWS_OBJECT, on_mode) |
						     dwell_shapes_mode(ROWS_STACK, at_mode),
					     0));

	if (shape == COLUMNS_NO_SHAPE)
		return false;
	put(c, o, row, i, shape, number, mode);
	put_number(c, ROWS_OBJECT, object, on_mode);
	put_number(c, ROWS_STACK, stack, at_mode);
	if (object)
		rows_push(on, object);
	if (stack)
		rows_push(at, stack);
	if (known)
		again->shape[mode] = (uint16_t)shape;
	else
		note(again, row, number);
	return true;
}

size_t dwell_columns_others(struct columns *c, const struct dwell_event *rows, size_t count)
{
	struct others o;
	size_t i;

	if (!count || !dwell_columns_is_bare(rows))
		return 0;
	load(c, &o);
	for (i = 0; i < count && dwell_columns_is_bare(&rows[i]); i++) {
		const struct dwell_event *row = &rows[i];
		struct columns_again *again = dwell_columns_again(c, row->task, row->kind);
		const bool known = row->task && says_again(again, row);

		if (row->time_ns < o.last_ns || (row->time_ns - o.first_ns) & o.below)
			break;
		if (known) {
			const unsigned mode = mode_of_task(&o, again->number);

			if (again->shape[mode] != COLUMNS_NO_SHAPE) {
				put(c, &o, row, i, again->shape[mode], again->number, mode);
				continue;
			}
		}
		if (!put_one(c, &o, row, i, again, known))
			break;
	}
	save(c, &o, i);
	return i;
}

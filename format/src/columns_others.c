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
	uint8_t *shape;
	uint64_t *delta;
	uint32_t *number[COLUMNS_EXPLICIT];
	uint64_t last_ns;
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
		.shape = c->shape + c->count,
		.delta = c->delta + c->count,
		.last_ns = c->last_ns,
		.below = c->unit - 1,
		.shift = c->shift,
		.last = c->last_other,
	};
	for (unsigned i = 0; i < COLUMNS_EXPLICIT; i++)
		o->number[i] = c->number[i] + c->entries[i];
}

static void save(struct columns *c, const struct others *o, size_t rows)
{
	c->count += (uint32_t)rows;
	c->last_ns = o->last_ns;
	c->time = (o->last_ns - c->first_ns) >> o->shift;
	c->last_other = o->last;
	for (unsigned i = 0; i < COLUMNS_EXPLICIT; i++)
		c->entries[i] = (uint32_t)(o->number[i] - c->number[i]);
}

/* Kind, state, reason, flags. */
static inline uint32_t what_of(const struct dwell_event *row)
{
	uint32_t what;

	memcpy(&what, &row->kind, sizeof(what));
	return what;
}

/* Neither peer nor executor, value, extra. */
static inline bool names_few(const struct dwell_event *row)
{
	return (row->value | row->extra | row->peer | row->executor) == 0;
}

/* What was chosen by comparisons and is used more than once: else it is chosen for each use anew.
 */
static inline unsigned chosen(unsigned value)
{
	__asm__("" : "+r"(value));
	return value;
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
	const struct rows_pair after = o->follow[o->last].after;
	unsigned mode = number == rows_second(after) ? WIRE_FOLLOWS2 : WIRE_EXPLICIT;

	mode = number == rows_first(after) ? (unsigned)WIRE_FOLLOWS : mode;
	/* Of no task it is not put here. */
	return chosen(number == o->last ? (unsigned)WIRE_OCCUPANT : mode);
}

static inline void put_number(struct others *o, unsigned field, uint32_t number, bool explicit)
{
	*o->number[field] = number;
	o->number[field] += explicit;
}

/* Its time is good, its shape and the mode of its task are known. */
static inline void put(
	struct others *o, size_t i, uint64_t time_ns, unsigned shape, uint32_t task, bool explicit)
{
	o->shape[i] = (uint8_t)shape;
	/* Both times are whole numbers of units behind the chunk's first. */
	o->delta[i] = (time_ns - o->last_ns) >> o->shift;
	o->last_ns = time_ns;
	put_number(o, ROWS_TASK, task, explicit);
	rows_push(&o->follow[o->last].after, task);
	o->last = task;
}

__attribute__((noinline)) static struct columns_family *begin_family(
	struct columns *c, const struct dwell_event *row, struct columns_family *family)
{
	if (!dwell_columns_is_bare(row) || c->family_count == COLUMNS_FAMILIES / 2)
		return NULL;
	c->family_count++;
	family->what = what_of(row);
	family->objects = c->objects[dwell_space_of(row->kind)].few;
	memset(family->shape, 0xff, sizeof(family->shape));
	return family;
}

/* The shapes of such rows; NULL: they are not put here. */
static inline struct columns_family *family_of(struct columns *c, const struct dwell_event *row)
{
	const uint32_t what = what_of(row);
	size_t at = dwell_columns_family_at(what);

	while (c->families[at].what && c->families[at].what != what)
		at = (at + 1) % COLUMNS_FAMILIES;
	return c->families[at].what ? &c->families[at] : begin_family(c, row, &c->families[at]);
}

/* Modes of task, object, stack: what a family's shapes are found by. */
enum {
	OBJECT_SHIFT = 3,
	STACK_SHIFT = 5,
	DETAIL_MASK = 3,
};

static uint16_t find_shape(const struct columns *c, const struct dwell_event *row,
	struct columns_family *family, unsigned modes)
{
	const struct shapes_slot *slots = c->shapes.slots;
	const uint64_t key = dwell_shapes_key(row,
		dwell_shapes_mode(ROWS_TASK, modes & ((1 << OBJECT_SHIFT) - 1)) |
			dwell_shapes_mode(ROWS_OBJECT, modes >> OBJECT_SHIFT & DETAIL_MASK) |
			dwell_shapes_mode(ROWS_STACK, modes >> STACK_SHIFT),
		0);
	size_t slot = dwell_shapes_slot(key);

	while (slots[slot].key && slots[slot].key != key)
		slot = (slot + 1) % SHAPES_SLOTS;
	if (slots[slot].key)
		family->shape[modes] = (uint16_t)slots[slot].number;
	return family->shape[modes];
}

_Static_assert((WIRE_EXPLICIT & WIRE_LAST2 & 1) && !((WIRE_ZERO | WIRE_LAST) & 1),
	"modes that say that another is the last now are odd");

/* An object or stack becomes the last but where it is that already, or none. */
static inline void put_detail(
	struct others *o, unsigned field, uint32_t number, unsigned mode, struct rows_pair *pair)
{
	const uint64_t both = pair->both, pushed = both << 32 | number;

	put_number(o, field, number, mode == WIRE_EXPLICIT);
	pair->both = mode & 1 ? pushed : both;
}

/* What is the same for all rows of a task and a family that have an object and a stack, or lack
 * them, alike. */
static inline void know(struct columns_again *again, const struct dwell_event *row)
{
	const unsigned object = row->object ? WIRE_LAST : WIRE_ZERO,
		       stack = row->stack ? WIRE_LAST : WIRE_ZERO;

	memcpy(again->words, &row->task, sizeof(again->words));
	again->shape = again->family->shape + (object << OBJECT_SHIFT | stack << STACK_SHIFT);
}

/* As rows_class has it, of rows that are put here. */
enum { CLASS_BEGIN = 2, CLASS_OTHER = 3 };

/* Such a row of a task and a family that are known. False: of what the chunk has not seen yet, or
 * in a shape that it does not have. */
static inline bool put_known(const struct columns *c, struct others *o,
	const struct dwell_event *row, size_t i, uint32_t task, struct columns_family *family)
{
	const unsigned class = CLASS_OTHER - dwell_columns_begins(row->kind);
	const uint32_t object = family->objects[row->object] - 1, stack = o->stacks[row->stack] - 1;

	if ((object | stack) >> 31)
		return false;

	struct rows_pair *on = &o->detail[task].object[class], *at = &o->detail[task].stack[class];
	const unsigned mode = mode_of_task(o, task),
		       on_mode = chosen(mode_of(*on, object, WIRE_LAST)),
		       at_mode = chosen(mode_of(*at, stack, WIRE_LAST)),
		       modes = mode | on_mode << OBJECT_SHIFT | at_mode << STACK_SHIFT;
	unsigned shape = family->shape[modes];

	if (__builtin_expect(shape == COLUMNS_NO_SHAPE, 0) &&
		(shape = find_shape(c, row, family, modes)) == COLUMNS_NO_SHAPE)
		return false;
	put(o, i, row->time_ns, shape, task, mode == WIRE_EXPLICIT);
	put_detail(o, ROWS_OBJECT, object, on_mode, on);
	put_detail(o, ROWS_STACK, stack, at_mode, at);
	return true;
}

/* Any row whose time is good. False: it is not put here. */
__attribute__((noinline)) static bool put_any(struct columns *c, struct others *o,
	const struct dwell_event *row, size_t i, struct columns_again *again)
{
	struct columns_family *family = family_of(c, row);

	if (!family || !names_few(row) || (row->task | row->object | row->stack) >= DICT_FEW)
		return false;

	const uint32_t task = o->tasks[row->task] - 1;

	if (!task || task >> 31 || !put_known(c, o, row, i, task, family))
		return false;
	again->number = task;
	again->family = family;
	know(again, row);
	return true;
}

/* Of two words that are told apart by `differs`: the halves that are at that place in a row. */
enum half { FIRST, SECOND };

static inline uint64_t half(uint64_t differs, enum half which)
{
	const uint32_t halves[2] = { which == FIRST ? UINT32_MAX : 0,
		which == SECOND ? UINT32_MAX : 0 };
	uint64_t mask;

	memcpy(&mask, halves, sizeof(mask));
	return differs & mask;
}

size_t dwell_columns_others(struct columns *c, const struct dwell_event *rows, size_t count)
{
	struct others o;
	size_t i;

	if (!count || !dwell_columns_is_bare(rows))
		return 0;
	load(c, &o);
	for (i = 0; i < count; i++) {
		const struct dwell_event *row = &rows[i];
		struct columns_again *again = dwell_columns_again(c, row->task, row->kind);
		const uint64_t other = row->value | row->extra;
		uint64_t words[COLUMNS_AGAIN_WORDS];

		if (row->time_ns < o.last_ns || (row->time_ns - o.last_ns) & o.below)
			break;
		memcpy(words, &row->task, sizeof(words));
		/* Task and peer; executor and object; stack and what it is. */
		words[0] ^= again->words[0];
		words[1] ^= again->words[1];
		words[2] ^= again->words[2];
		if (!(words[0] | words[1] | words[2] | other)) {
			const unsigned mode = mode_of_task(&o, again->number);
			const unsigned shape = again->shape[mode];

			if (shape != COLUMNS_NO_SHAPE) {
				put(&o, i, row->time_ns, shape, again->number,
					mode == WIRE_EXPLICIT);
				continue;
			}
		} else if (!(words[0] | half(words[1], FIRST) | half(words[2], SECOND) | other) &&
			   (row->object | row->stack) < DICT_FEW &&
			   put_known(c, &o, row, i, again->number, again->family)) {
			know(again, row);
			continue;
		}
		if (!put_any(c, &o, row, i, again))
			break;
	}
	save(c, &o, i);
	return i;
}

#include "src/columns_private.h"

enum { BARE_STRETCH = 4 };

/*
 * The rows that nearly all of a trace is made of. Modes are chosen by branches: they
 * follow each other regularly, and what a processor foresees it need not wait for.
 */
struct plain {
	struct columns_executor *on;
	struct rows_pair *pair; /* of who is running */
	uint32_t executor;      /* numbers */
	uint32_t one, two;      /* who is running: leaves, or wakes; whom the row is about */
	uint64_t modes;         /* of them, as in a shape's key */
	uint64_t time;
	bool explicit_one, explicit_two;
	/* Of rows with objects, stacks, values. */
	struct rows_detail *detail; /* of whose they are */
	uint64_t *last_value;       /* of the object */
	uint32_t object, stack;
	unsigned class;
};

/* What the rows are put into and found by, in local variables while plain ones follow each other.
 */
struct memory {
	const uint32_t *tasks, *executors; /* numbers by id, as in dict.h */
	struct columns_executor *on;
	struct rows_follow *follow;
	struct rows_detail *detail;
	uint64_t *object_values;
	const struct shapes_slot *slots;
	uint8_t *shape;
	uint64_t *delta;
	uint64_t first_ns, last_ns;
	uint64_t time;  /* of the last row, in units */
	uint64_t below; /* mask of what a multiple of the unit does not have */
	unsigned shift;
	bool fold;
	uint32_t woken, woken2, last_other;
};

static void load(const struct columns *c, struct memory *m)
{
	*m = (struct memory){
		.tasks = c->tasks.few,
		.executors = c->executors.few,
		.on = c->on,
		.follow = c->follow,
		.detail = c->detail,
		.object_values = c->object_values,
		.slots = c->shapes.slots,
		.shape = c->shape + c->count,
		.delta = c->delta + c->count,
		.first_ns = c->first_ns,
		.last_ns = c->last_ns,
		.time = c->time,
		.below = c->unit - 1,
		.shift = c->shift,
		.fold = c->fold,
		.woken = c->woken,
		.woken2 = c->woken2,
		.last_other = c->last_other,
	};
}

static void save(struct columns *c, const struct memory *m, size_t rows)
{
	c->count += (uint32_t)rows;
	c->last_ns = m->last_ns;
	c->time = m->time;
	c->woken = m->woken;
	c->woken2 = m->woken2;
	c->last_other = m->last_other;
}

/* False: an id that the chunk has not seen yet, or that is among the many; see dict.h. */
static inline bool find_numbers(
	const struct memory *m, const struct dwell_event *row, bool wake, struct plain *p)
{
	const uint32_t one = wake ? row->peer : row->task, two = wake ? row->task : row->peer;

	if ((one | two | row->executor) >= DICT_FEW)
		return false;
	p->one = m->tasks[one] - 1;
	p->two = m->tasks[two] - 1;
	p->executor = m->executors[row->executor] - 1;
	/* Less than 2^31, but for those that are not there. */
	return (p->one | p->two | p->executor) >> 31 == 0;
}

static inline void find_one(bool wake, struct plain *p)
{
	const unsigned field = wake ? ROWS_PEER : ROWS_TASK;

	p->explicit_one = false;
	if (__builtin_expect(p->one && p->one == p->on->occupant, 1)) {
		p->modes = dwell_shapes_mode(field, WIRE_OCCUPANT);
		return;
	}
	p->modes = 0;
	if (p->one) {
		p->modes = dwell_shapes_mode(field, WIRE_EXPLICIT);
		p->explicit_one = true;
	}
}

static inline void find_two(bool wake, uint32_t woken, struct plain *p)
{
	const unsigned field = wake ? ROWS_TASK : ROWS_PEER;

	p->explicit_two = false;
	if (__builtin_expect(!p->two, 0))
		return;
	if (__builtin_expect(p->two == rows_first(*p->pair), 1)) {
		p->modes |= dwell_shapes_mode(field, WIRE_FOLLOWS);
	} else if (!wake && p->two == woken) {
		p->modes |= dwell_shapes_mode(field, WIRE_WOKEN);
	} else if (p->two == rows_second(*p->pair)) {
		p->modes |= dwell_shapes_mode(field, WIRE_FOLLOWS2);
	} else {
		p->modes |= dwell_shapes_mode(field, WIRE_EXPLICIT);
		p->explicit_two = true;
	}
}

/* False: it goes back, or is no multiple of the unit. */
static inline bool find_time(const struct memory *m, const struct dwell_event *row, struct plain *p)
{
	const uint64_t since = row->time_ns - m->first_ns;

	p->time = since >> m->shift;
	return row->time_ns >= m->last_ns && (since & m->below) == 0;
}

/* It is not where it is looked for first. */
__attribute__((noinline)) static uint32_t find_shape_further(
	const struct shapes_slot *slots, uint64_t key)
{
	size_t slot = dwell_shapes_slot(key);

	for (; slots[slot].key; slot = (slot + 1) % SHAPES_SLOTS)
		if (slots[slot].key == key)
			return slots[slot].number;
	return UINT32_MAX;
}

/* Its shape's number; UINT32_MAX: there is none yet. */
static inline uint32_t find_shape(
	const struct memory *m, const struct dwell_event *row, const struct plain *p)
{
	const uint64_t key = dwell_shapes_key(row, p->modes, 0) | p->on->key;
	const struct shapes_slot *slot = &m->slots[dwell_shapes_slot(key)];

	return __builtin_expect(slot->key == key, 1) ? slot->number
						     : find_shape_further(m->slots, key);
}

static inline void put_explicit(struct columns *c, unsigned field, uint32_t number)
{
	c->number[field][c->entries[field]++] = number;
}

static inline void put_numbers(
	struct columns *c, const struct memory *m, bool wake, const struct plain *p)
{
	if (__builtin_expect(p->explicit_one, 0))
		put_explicit(c, wake ? ROWS_PEER : ROWS_TASK, p->one);
	if (__builtin_expect(p->explicit_two, 0))
		put_explicit(c, wake ? ROWS_TASK : ROWS_PEER, p->two);
	if (__builtin_expect(!m->fold, 0) && p->executor)
		put_explicit(c, ROWS_EXECUTOR, p->executor);
}

static inline void learn(struct memory *m, bool wake, const struct plain *p)
{
	rows_push(p->pair, p->two);
	if (wake) {
		m->woken2 = m->woken;
		m->woken = p->two;
		return;
	}
	p->on->occupant = p->two;
	if (p->two == m->woken)
		m->woken = m->woken2;
}

/* Which of the last two, if it is one of them. */
static inline unsigned mode_of_last(const struct rows_pair *pair, uint32_t value, unsigned first)
{
	if (!value)
		return WIRE_ZERO;
	if (value == rows_first(*pair))
		return first;
	return value == rows_second(*pair) ? first + 1 : WIRE_EXPLICIT;
}

static inline uint64_t mode_of_value(const struct plain *p, uint64_t value)
{
	if (value == p->detail->value)
		return dwell_shapes_mode(ROWS_VALUE, WIRE_VALUE_TASK);
	if (value == *p->last_value)
		return dwell_shapes_mode(ROWS_VALUE, WIRE_VALUE_OBJECT);
	return dwell_shapes_mode(
		ROWS_VALUE, value == *p->last_value + 1 ? WIRE_VALUE_NEXT : WIRE_EXPLICIT);
}

/* False: an object or stack that the chunk has not seen yet. */
static inline bool find_details(const struct columns *c, const struct memory *m,
	const struct dwell_event *row, struct plain *p)
{
	p->object = dwell_dict_find(&c->objects[dwell_space_of(row->kind)], row->object);
	p->stack = dwell_dict_find(&c->stacks, row->stack);
	if ((p->object | p->stack) >> 31)
		return false;
	p->class = rows_class(row->kind);
	p->last_value = &m->object_values[p->object];
	p->modes |= dwell_shapes_mode(ROWS_OBJECT,
			    mode_of_last(&p->detail->object[p->class], p->object, WIRE_LAST)) |
		    dwell_shapes_mode(ROWS_STACK,
			    mode_of_last(&p->detail->stack[p->class], p->stack, WIRE_LAST));
	if (row->value)
		p->modes |= mode_of_value(p, row->value);
	if (row->extra)
		p->modes |= dwell_shapes_mode(ROWS_EXTRA,
			row->extra == p->detail->extra ? WIRE_EXTRA_TASK : WIRE_EXPLICIT);
	return true;
}

static inline bool is_explicit(const struct plain *p, unsigned field)
{
	return (p->modes >> (3 * field) & 7) == WIRE_EXPLICIT;
}

static inline void put_details(
	struct columns *c, const struct dwell_event *row, const struct plain *p)
{
	struct rows_detail *detail = p->detail;

	if (is_explicit(p, ROWS_OBJECT))
		put_explicit(c, ROWS_OBJECT, p->object);
	if (is_explicit(p, ROWS_STACK))
		put_explicit(c, ROWS_STACK, p->stack);
	if (p->object)
		rows_push(&detail->object[p->class], p->object);
	if (p->stack)
		rows_push(&detail->stack[p->class], p->stack);
	if (row->value) {
		if (is_explicit(p, ROWS_VALUE))
			c->value[c->entries[ROWS_VALUE]++] =
				dwell_zigzag((int64_t)(row->value - *p->last_value));
		detail->value = row->value;
		*p->last_value = row->value;
	}
	if (row->extra) {
		if (is_explicit(p, ROWS_EXTRA))
			c->extra[c->entries[ROWS_EXTRA]++] = row->extra;
		detail->extra = row->extra;
	}
}

static inline void put_shape(struct memory *m, const struct dwell_event *row, size_t i,
	uint32_t shape, const struct plain *p)
{
	m->shape[i] = (uint8_t)shape;
	m->delta[i] = p->time - m->time;
	m->time = p->time;
	m->last_ns = row->time_ns;
}

static inline bool has_details(const struct dwell_event *row)
{
	return (row->object | row->stack) != 0 || (row->value | row->extra) != 0;
}

/* A switch or a wake. */
__attribute__((always_inline)) static inline bool put_sched(struct columns *c, struct memory *m,
	const struct dwell_event *row, size_t i, bool wake, bool details)
{
	struct plain p;

	if (!find_numbers(m, row, wake, &p) || !find_time(m, row, &p))
		return false;
	p.on = &m->on[p.executor];
	p.pair =
		&(p.one ? &m->follow[p.one] : &p.on->follow)->sched[wake ? ROWS_WAKE : ROWS_SWITCH];
	/* Who is running has them. */
	p.detail = &m->detail[p.one];
	p.last_value = m->object_values;
	p.object = p.stack = p.class = 0;
	find_one(wake, &p);
	find_two(wake, m->woken, &p);
	if (details && !find_details(c, m, row, &p))
		return false;

	const uint32_t shape = find_shape(m, row, &p);

	if (shape == UINT32_MAX)
		return false;
	put_shape(m, row, i, shape, &p);
	put_numbers(c, m, wake, &p);
	if (details)
		put_details(c, row, &p);
	learn(m, wake, &p);
	return true;
}

/* Whose the row is, and the peer. */
static inline void find_others(const struct memory *m, struct plain *p)
{
	const uint32_t last = p->executor ? p->on->occupant : m->last_other;
	const unsigned task =
		p->one && p->one == last
			? WIRE_OCCUPANT
			: mode_of_last(&m->follow[m->last_other].after, p->one, WIRE_FOLLOWS);
	const unsigned peer = mode_of_last(p->pair, p->two, WIRE_FOLLOWS);

	p->explicit_one = task == WIRE_EXPLICIT;
	p->explicit_two = peer == WIRE_EXPLICIT;
	p->modes = dwell_shapes_mode(ROWS_TASK, task) | dwell_shapes_mode(ROWS_PEER, peer);
}

/* Neither switch nor wake nor loss. */
static inline bool put_other(
	struct columns *c, struct memory *m, const struct dwell_event *row, size_t i)
{
	struct plain p;

	if (!find_numbers(m, row, false, &p) || !find_time(m, row, &p))
		return false;
	p.on = &m->on[p.executor];
	p.pair = &m->follow[p.one].peers;
	p.detail = &m->detail[p.one];
	find_others(m, &p);
	if (!find_details(c, m, row, &p))
		return false;

	const uint32_t shape = find_shape(m, row, &p);

	if (shape == UINT32_MAX)
		return false;
	put_shape(m, row, i, shape, &p);
	put_numbers(c, m, false, &p);
	put_details(c, row, &p);
	dwell_columns_forget(c, row->task, row->kind);
	rows_push(&m->follow[m->last_other].after, p.one);
	m->last_other = p.one;
	if (p.two)
		rows_push(p.pair, p.two);
	return true;
}

static inline bool put_any(
	struct columns *c, struct memory *m, const struct dwell_event *row, size_t i, bool details)
{
	if (row->kind == DWELL_EVENT_SWITCH)
		return put_sched(c, m, row, i, false, details);
	if (row->kind == DWELL_EVENT_WAKE)
		return put_sched(c, m, row, i, true, details);
	return details && row->kind > DWELL_EVENT_WAKE && row->kind < DWELL_EVENT_KIND_COUNT &&
	       row->kind != DWELL_EVENT_LOSS && put_other(c, m, row, i);
}

/* Switches and wakes that say no more than who. A loop of its own: its values fit into registers.
 */
static size_t put_bare(struct columns *c, const struct dwell_event *rows, size_t count)
{
	struct memory m;
	size_t i;

	load(c, &m);
	for (i = 0; i < count; i++)
		if (has_details(&rows[i]) || !put_any(c, &m, &rows[i], i, false))
			break;
	save(c, &m, i);
	return i;
}

/* Up to a stretch of rows that others.c puts faster. */
static size_t put_detailed(struct columns *c, const struct dwell_event *rows, size_t count)
{
	struct memory m;
	unsigned bare = 0;
	size_t i;

	load(c, &m);
	for (i = 0; i < count; i++) {
		bare = dwell_columns_is_bare(&rows[i]) ? bare + 1 : 0;
		if (bare == BARE_STRETCH || !put_any(c, &m, &rows[i], i, true))
			break;
	}
	save(c, &m, i);
	return i;
}

size_t dwell_columns_plain(struct columns *c, const struct dwell_event *rows, size_t count)
{
	const size_t room = c->max_rows - c->count;
	size_t done = 0, some;

	if (c->shift == COLUMNS_NO_SHIFT)
		return 0;
	if (count > room)
		count = room;
	do {
		some = put_bare(c, rows + done, count - done);
		some += dwell_columns_others(c, rows + done + some, count - done - some);
		some += put_detailed(c, rows + done + some, count - done - some);
		done += some;
	} while (some && done < count);
	return done;
}

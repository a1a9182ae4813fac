#include "src/columns_private.h"

/*
 * The rows that nearly all of a scheduler's trace is made of. Modes are chosen by branches: they
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
};

/* What the rows are put into and found by, in local variables while plain ones follow each other.
 */
struct memory {
	const uint32_t *tasks, *executors; /* numbers by id, as in dict.h */
	struct columns_executor *on;
	struct rows_follow *follow;
	const struct shapes_slot *slots;
	uint8_t *shape;
	uint64_t *delta;
	uint64_t first_ns, last_ns;
	uint64_t below; /* mask of what a multiple of the unit does not have */
	unsigned shift;
	bool fold;
	uint32_t woken, woken2;
};

static void load(const struct columns *c, struct memory *m)
{
	*m = (struct memory){
		.tasks = c->tasks.few,
		.executors = c->executors.few,
		.on = c->on,
		.follow = c->follow,
		.slots = c->shapes.slots,
		.shape = c->shape + c->count,
		.delta = c->delta + c->count,
		.first_ns = c->first_ns,
		.last_ns = c->last_ns,
		.below = c->unit - 1,
		.shift = c->shift,
		.fold = c->fold,
		.woken = c->woken,
		.woken2 = c->woken2,
	};
}

static void save(struct columns *c, const struct memory *m, size_t rows)
{
	c->count += (uint32_t)rows;
	c->last_ns = m->last_ns;
	c->woken = m->woken;
	c->woken2 = m->woken2;
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

/* Its shape's number; UINT32_MAX: there is none yet, or it is not where it is looked for first. */
static inline uint32_t find_shape(
	const struct memory *m, const struct dwell_event *row, const struct plain *p)
{
	const uint64_t key = dwell_shapes_key(row, p->modes, 0) | p->on->key;
	const struct shapes_slot *slot = &m->slots[dwell_shapes_slot(key)];

	return slot->key == key ? slot->number : UINT32_MAX;
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

static inline bool put_plain(
	struct columns *c, struct memory *m, const struct dwell_event *row, size_t i, bool wake)
{
	struct plain p;

	if (!find_numbers(m, row, wake, &p) || !find_time(m, row, &p))
		return false;
	p.on = &m->on[p.executor];
	p.pair =
		&(p.one ? &m->follow[p.one] : &p.on->follow)->sched[wake ? ROWS_WAKE : ROWS_SWITCH];
	find_one(wake, &p);
	find_two(wake, m->woken, &p);

	const uint32_t shape = find_shape(m, row, &p);

	if (shape == UINT32_MAX)
		return false;
	m->shape[i] = (uint8_t)shape;
	m->delta[i] = p.time - p.on->time;
	p.on->time = p.time;
	m->last_ns = row->time_ns;
	put_numbers(c, m, wake, &p);
	learn(m, wake, &p);
	return true;
}

size_t dwell_columns_plain(struct columns *c, const struct dwell_event *rows, size_t count)
{
	const size_t room = c->max_rows - c->count;
	struct memory m;
	size_t i;

	if (c->shift == COLUMNS_NO_SHIFT)
		return 0;
	if (count > room)
		count = room;
	load(c, &m);
	for (i = 0; i < count; i++) {
		const struct dwell_event *row = &rows[i];

		if (!dwell_columns_may_be_plain(row))
			break;
		if (row->kind == DWELL_EVENT_SWITCH
				? !put_plain(c, &m, row, i, false)
				: row->kind != DWELL_EVENT_WAKE || !put_plain(c, &m, row, i, true))
			break;
	}
	save(c, &m, i);
	return i;
}

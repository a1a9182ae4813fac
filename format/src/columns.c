#include "src/columns_private.h"

#include "dwell/error.h"

#include <string.h>

static unsigned mode_of_pair(const struct rows_pair *pair, uint32_t value, unsigned first)
{
	unsigned mode = value == rows_second(*pair) ? first + 1 : WIRE_EXPLICIT;

	mode = value == rows_first(*pair) ? first : mode;
	return value == 0 ? WIRE_ZERO : mode;
}

static unsigned mode_of_occupant(uint32_t occupant, uint32_t value)
{
	const unsigned mode = value == occupant ? WIRE_OCCUPANT : WIRE_EXPLICIT;

	return value == 0 ? WIRE_ZERO : mode;
}

static uint64_t switch_modes(const struct columns *c, const uint32_t n[])
{
	const struct columns_executor *on = &c->on[n[ROWS_EXECUTOR]];
	const uint32_t task = n[ROWS_TASK], peer = n[ROWS_PEER];
	const struct rows_follow *follow = task ? &c->follow[task] : &on->follow;
	unsigned enters = mode_of_pair(&follow->sched[ROWS_SWITCH], peer, WIRE_FOLLOWS);

	enters = enters != WIRE_ZERO && enters != WIRE_FOLLOWS && peer == c->woken ? WIRE_WOKEN
										   : enters;
	return dwell_shapes_mode(ROWS_TASK, mode_of_occupant(on->occupant, task)) |
	       dwell_shapes_mode(ROWS_PEER, enters);
}

static uint64_t wake_modes(const struct columns *c, const uint32_t n[])
{
	const struct columns_executor *on = &c->on[n[ROWS_EXECUTOR]];
	const uint32_t task = n[ROWS_TASK], peer = n[ROWS_PEER];
	const struct rows_follow *follow = peer ? &c->follow[peer] : &on->follow;

	return dwell_shapes_mode(
		       ROWS_TASK, mode_of_pair(&follow->sched[ROWS_WAKE], task, WIRE_FOLLOWS)) |
	       dwell_shapes_mode(ROWS_PEER, mode_of_occupant(on->occupant, peer));
}

static uint64_t other_modes(const struct columns *c, const uint32_t n[])
{
	const uint32_t task = n[ROWS_TASK];
	const uint32_t last = n[ROWS_EXECUTOR] ? c->on[n[ROWS_EXECUTOR]].occupant : c->last_other;
	const unsigned whose = task && task == last ? WIRE_OCCUPANT
						    : mode_of_pair(&c->follow[c->last_other].after,
							      task, WIRE_FOLLOWS);

	return dwell_shapes_mode(ROWS_TASK, whose) |
	       dwell_shapes_mode(
		       ROWS_PEER, mode_of_pair(&c->follow[task].peers, n[ROWS_PEER], WIRE_FOLLOWS));
}

static unsigned value_mode(const struct columns *c, const struct numbers *in, uint64_t value)
{
	const uint64_t before = c->object_values[in->n[ROWS_OBJECT]];

	if (value == 0)
		return WIRE_ZERO;
	if (value == c->detail[in->who].value)
		return WIRE_VALUE_TASK;
	if (value == before)
		return WIRE_VALUE_OBJECT;
	return value == before + 1 ? WIRE_VALUE_NEXT : WIRE_EXPLICIT;
}

static unsigned extra_mode(
	const struct columns *c, const struct numbers *in, const struct dwell_event *row)
{
	if (row->extra == 0)
		return WIRE_ZERO;
	if (row->extra == c->detail[in->who].extra)
		return WIRE_EXTRA_TASK;
	return row->kind == DWELL_EVENT_LOSS ? WIRE_EXTRA_TIME : WIRE_EXPLICIT;
}

static void find_modes(const struct columns *c, const struct dwell_event *row, struct numbers *io)
{
	const uint32_t *n = io->n;
	const unsigned class = rows_class(row->kind);
	const struct rows_detail *detail = &c->detail[io->who];
	uint64_t modes = row->kind == DWELL_EVENT_SWITCH ? switch_modes(c, n)
			 : row->kind == DWELL_EVENT_WAKE ? wake_modes(c, n)
							 : other_modes(c, n);

	if (n[ROWS_EXECUTOR])
		modes |= dwell_shapes_mode(ROWS_EXECUTOR, c->fold ? WIRE_CONSTANT : WIRE_EXPLICIT);
	if (n[ROWS_OBJECT] | n[ROWS_STACK]) {
		modes |= dwell_shapes_mode(ROWS_OBJECT,
			mode_of_pair(&detail->object[class], n[ROWS_OBJECT], WIRE_LAST));
		modes |= dwell_shapes_mode(
			ROWS_STACK, mode_of_pair(&detail->stack[class], n[ROWS_STACK], WIRE_LAST));
	}
	if (row->value | row->extra) {
		modes |= dwell_shapes_mode(ROWS_VALUE, value_mode(c, io, row->value));
		modes |= dwell_shapes_mode(ROWS_EXTRA, extra_mode(c, io, row));
	}
	io->modes = modes;
}

static unsigned mode_in(uint64_t modes, unsigned field)
{
	return (unsigned)(modes >> (3 * field)) & 7;
}

static void put_number(struct columns *c, const struct numbers *in, unsigned field)
{
	c->number[field][c->entries[field]] = in->n[field];
	c->entries[field] += mode_in(in->modes, field) == WIRE_EXPLICIT;
}

static void put_details(struct columns *c, const struct dwell_event *row, const struct numbers *in)
{
	put_number(c, in, ROWS_OBJECT);
	put_number(c, in, ROWS_STACK);
	if (mode_in(in->modes, ROWS_VALUE) == WIRE_EXPLICIT)
		c->value[c->entries[ROWS_VALUE]++] =
			dwell_zigzag((int64_t)(row->value - c->object_values[in->n[ROWS_OBJECT]]));
	if (mode_in(in->modes, ROWS_EXTRA) == WIRE_EXPLICIT)
		c->extra[c->entries[ROWS_EXTRA]++] = row->extra;
	if (mode_in(in->modes, ROWS_EXTRA) == WIRE_EXTRA_TIME)
		c->extra[c->entries[ROWS_EXTRA]++] =
			dwell_zigzag((int64_t)(row->extra - row->time_ns));
}

static void learn_sched(struct columns *c, const struct dwell_event *row, const uint32_t n[])
{
	const uint32_t task = n[ROWS_TASK], peer = n[ROWS_PEER];
	struct columns_executor *on = &c->on[n[ROWS_EXECUTOR]];

	if (row->kind == DWELL_EVENT_SWITCH) {
		rows_push(&(task ? &c->follow[task] : &on->follow)->sched[ROWS_SWITCH], peer);
		on->occupant = peer;
		c->woken = peer == c->woken ? c->woken2 : c->woken;
		return;
	}
	rows_push(&(peer ? &c->follow[peer] : &on->follow)->sched[ROWS_WAKE], task);
	c->woken2 = c->woken;
	c->woken = task;
}

static void learn_details(
	struct columns *c, const struct dwell_event *row, const struct numbers *in)
{
	const uint32_t *n = in->n;
	struct rows_detail *detail = &c->detail[in->who];
	const unsigned class = rows_class(row->kind);

	if (n[ROWS_OBJECT])
		rows_push(&detail->object[class], n[ROWS_OBJECT]);
	if (n[ROWS_STACK])
		rows_push(&detail->stack[class], n[ROWS_STACK]);
	if (row->value) {
		detail->value = row->value;
		c->object_values[n[ROWS_OBJECT]] = row->value;
	}
	if (row->extra)
		detail->extra = row->extra;
}

static void learn(struct columns *c, const struct dwell_event *row, const struct numbers *in)
{
	const uint32_t *n = in->n;

	if (row->kind <= DWELL_EVENT_WAKE) {
		learn_sched(c, row, n);
		return;
	}
	dwell_columns_forget(c, row->task, row->kind);
	rows_push(&c->follow[c->last_other].after, n[ROWS_TASK]);
	c->last_other = n[ROWS_TASK];
	if (n[ROWS_PEER])
		rows_push(&c->follow[n[ROWS_TASK]].peers, n[ROWS_PEER]);
}

static void set_fold(struct columns *c, bool fold)
{
	c->fold = fold;
	for (uint32_t i = 0; i < c->executors.count; i++)
		c->on[i].key = dwell_columns_executor_key(c, i);
}

/* The chunk's first row: where the last chunk left the executors. */
static int start(struct columns *c, const struct dwell_event *row)
{
	c->first_ns = c->last_ns = row->time_ns;
	c->time = 0;
	c->unit = c->odd ? 1 : c->tick;
	c->shift = c->unit & (c->unit - 1) ? COLUMNS_NO_SHIFT : (unsigned)__builtin_ctzll(c->unit);
	for (uint32_t id = 1; id < c->occupant_cap; id++) {
		uint32_t executor, task;

		if (!c->occupants[id])
			continue;
		if (dwell_columns_executor(c, id, &executor) ||
			dwell_columns_task(c, c->occupants[id], &task))
			return DWELL_ENOMEM;
		c->on[executor].occupant = task;
	}
	set_fold(c, !c->unfold);
	return DWELL_OK;
}

/* Does the chunk take a row with these executors? If not, the next will. */
static bool can_fold(struct columns *c)
{
	if (!c->fold || c->executors.count <= COLUMNS_FOLD)
		return true;
	c->unfold = true;
	if (c->count)
		return false;
	set_fold(c, false);
	return true;
}

/* DWELL_END: the row is for the next chunk. */
static int put_row(struct columns *c, const struct dwell_event *row)
{
	struct numbers in;
	uint64_t time;
	int err = dwell_columns_numbers(c, row, &in);

	if (err)
		return err;
	if (row->time_ns < c->last_ns)
		return DWELL_EINVAL;
	if (!dwell_columns_units(c, row->time_ns, &time)) {
		c->odd = true;
		return DWELL_END;
	}
	if (!can_fold(c))
		return DWELL_END;
	find_modes(c, row, &in);

	const uint32_t e = in.n[ROWS_EXECUTOR];
	const int shape = dwell_shapes_find(&c->shapes, row, in.modes, c->fold ? e : 0);

	if (shape < 0) {
		c->unfold = true;
		return DWELL_END;
	}
	c->shape[c->count] = (uint8_t)shape;
	c->delta[c->count++] = time - c->time;
	c->time = time;
	c->last_ns = row->time_ns;
	put_number(c, &in, ROWS_TASK);
	put_number(c, &in, ROWS_PEER);
	put_number(c, &in, ROWS_EXECUTOR);
	learn(c, row, &in);
	if (row->object | row->stack | row->value | row->extra) {
		put_details(c, row, &in);
		learn_details(c, row, &in);
	}
	c->lost += row->kind == DWELL_EVENT_LOSS ? row->value : 0;
	return DWELL_OK;
}

int dwell_columns_put(
	struct columns *c, const struct dwell_event *rows, size_t count, size_t *taken)
{
	int err = DWELL_OK;

	*taken = 0;
	if (!c->count && count)
		err = start(c, rows);
	while (!err && *taken < count && c->count < c->max_rows) {
		*taken += dwell_columns_plain(c, rows + *taken, count - *taken);
		if (*taken == count || c->count == c->max_rows)
			break;
		err = put_row(c, &rows[*taken]);
		*taken += !err;
	}
	return err == DWELL_END ? DWELL_OK : err;
}

void dwell_columns_clear(struct columns *c)
{
	for (uint32_t i = 1; i < c->executors.count && c->count; i++)
		c->occupants[c->executors.ids[i]] = c->tasks.ids[c->on[i].occupant];
	dwell_shapes_clear(&c->shapes);
	dwell_dict_clear(&c->tasks);
	dwell_dict_clear(&c->executors);
	dwell_dict_clear(&c->stacks);
	for (int i = 0; i < WIRE_SPACE_COUNT; i++)
		dwell_dict_clear(&c->objects[i]);
	c->object_count = 1;
	c->woken = c->woken2 = c->last_other = 0;
	c->count = 0;
	c->lost = 0;
	memset(c->entries, 0, sizeof(c->entries));
	memset(c->again, 0, sizeof(c->again));
	c->family_count = 0;
	for (unsigned i = 0; i < COLUMNS_FAMILIES; i++)
		c->families[i].what = 0;
	c->on[0] = (struct columns_executor){ 0 };
	c->follow[0] = (struct rows_follow){ 0 };
	c->detail[0] = (struct rows_detail){ 0 };
	c->object_values[0] = 0;
}

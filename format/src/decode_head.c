#include "src/decode.h"

#include "dwell/error.h"
#include "dwell/limits.h"

#include <string.h>

static int number(struct dwell_cursor *in, uint64_t max, uint64_t *out)
{
	const int err = dwell_cursor_varint(in, out);

	return err ? err : *out > max ? DWELL_EFORMAT : DWELL_OK;
}

static int read_kinds(struct decoder *d, struct dwell_cursor *in)
{
	uint64_t kinds, kind, rows;
	int err = number(in, UINT64_MAX, &d->lost);

	if (!err)
		err = number(in, UINT8_MAX, &kinds);
	for (uint64_t i = 0; !err && i < kinds; i++) {
		err = number(in, DWELL_EVENT_KIND_COUNT - 1, &kind);
		if (!err)
			err = number(in, d->chunk->count, &rows);
		if (!err)
			d->by_kind[kind] = rows;
	}
	return err;
}

/* The size of a dictionary: each entry takes a byte at least. */
static int read_count(struct dwell_cursor *in, uint32_t *count)
{
	uint64_t value;
	const int err = number(in, in->left, &value);

	if (!err)
		*count = (uint32_t)value + 1;
	return err;
}

static int read_ids(
	struct decoder *d, struct dwell_cursor *in, int64_t max, uint32_t **out, uint32_t *count)
{
	int err = read_count(in, count);
	int64_t id = 0;
	uint32_t *ids = err ? NULL : dwell_decoder_take(d, *count * sizeof(*ids));

	if (!err && !ids)
		return DWELL_ENOMEM;
	if (!err)
		ids[0] = 0;
	for (uint32_t i = 1; !err && i < *count; i++) {
		uint64_t step;

		err = number(in, 4 * (uint64_t)max, &step);
		id += err ? 0 : dwell_unzigzag(step);
		if (!err && (id < 1 || id > max))
			err = DWELL_EFORMAT;
		ids[i] = (uint32_t)id;
	}
	*out = ids;
	return err;
}

static int read_occupants(struct decoder *d, struct dwell_cursor *in)
{
	int err = DWELL_OK;

	d->on = dwell_decoder_take(d, d->executor_count * sizeof(*d->on));
	if (!d->on)
		return DWELL_ENOMEM;
	memset(d->on, 0, d->executor_count * sizeof(*d->on));
	for (uint32_t i = 1; i < d->executor_count && !err; i++) {
		uint64_t task;

		err = number(in, d->task_count - 1, &task);
		d->on[i].occupant = err ? 0 : (uint32_t)task;
	}
	return err;
}

static int read_object(struct decoder *d, uint32_t i, int64_t entry)
{
	static const int64_t max[] = { DWELL_MAX_OBJECTS, DWELL_MAX_LABELS, DWELL_MAX_COUNTERS };
	const int64_t space = entry & 3, id = entry >> 2;

	if (space >= WIRE_SPACE_COUNT || id < 1 || id > max[space])
		return DWELL_EFORMAT;
	d->objects[i] = (uint32_t)id;
	d->spaces[i] = (uint8_t)space;
	return DWELL_OK;
}

static int read_objects(struct decoder *d, struct dwell_cursor *in)
{
	int64_t entry = 0;
	int err = read_count(in, &d->object_count);

	if (err)
		return err;
	d->objects = dwell_decoder_take(d, d->object_count * sizeof(*d->objects));
	d->spaces = dwell_decoder_take(d, d->object_count);
	if (!d->objects || !d->spaces)
		return DWELL_ENOMEM;
	d->objects[0] = 0;
	d->spaces[0] = UINT8_MAX;
	for (uint32_t i = 1; i < d->object_count && !err; i++) {
		uint64_t step;

		err = number(in, UINT64_C(1) << 32, &step);
		entry += err ? 0 : dwell_unzigzag(step);
		if (!err)
			err = read_object(d, i, entry);
	}
	return err;
}

/* Modes that a field may have, a bit each. */
static unsigned allowed_modes(unsigned kind, unsigned field)
{
	enum {
		EITHER = 1 << WIRE_ZERO | 1 << WIRE_EXPLICIT,
		RUNNING = EITHER | 1 << WIRE_OCCUPANT,
		PAIR = EITHER | 1 << WIRE_FOLLOWS | 1 << WIRE_FOLLOWS2
	};
	static const uint8_t others[WIRE_FIELDS] = { RUNNING | PAIR, PAIR, 0x7, 0xf, 0xf, 0x1f,
		0xf };

	if (kind == DWELL_EVENT_SWITCH && field == ROWS_TASK)
		return RUNNING;
	if (kind == DWELL_EVENT_SWITCH && field == ROWS_PEER)
		return PAIR | 1 << WIRE_WOKEN;
	if (kind == DWELL_EVENT_WAKE && field == ROWS_TASK)
		return PAIR;
	if (kind == DWELL_EVENT_WAKE && field == ROWS_PEER)
		return RUNNING;
	return others[field];
}

static bool shape_is_good(const struct decoder *d, const struct rows_shape *shape)
{
	for (unsigned i = 0; i < WIRE_FIELDS; i++)
		if (shape->mode[i] >= WIRE_MODE_COUNT ||
			!(allowed_modes(shape->kind, i) >> shape->mode[i] & 1))
			return false;
	return shape->kind != 0 && shape->kind < DWELL_EVENT_KIND_COUNT &&
	       shape->stream < WIRE_TIME_STREAMS && shape->state < DWELL_STATE_COUNT &&
	       shape->executor < d->executor_count;
}

static int read_shapes(struct decoder *d, struct dwell_cursor *in)
{
	uint64_t count, executor = 0;
	int err = number(in, 256, &count);

	for (unsigned i = 0; !err && i < count; i++) {
		struct rows_shape *shape = &d->shapes[i];
		struct dwell_cursor at;

		err = dwell_cursor_take(in, 4 + WIRE_FIELDS + 1, &at);
		if (err)
			break;
		shape->kind = at.at[0];
		shape->state = at.at[1];
		shape->reason = at.at[2];
		shape->flags = at.at[3];
		memcpy(shape->mode, at.at + 4, WIRE_FIELDS);
		shape->stream = at.at[4 + WIRE_FIELDS];
		err = number(in, UINT32_MAX, &executor);
		shape->executor = (uint32_t)executor;
		if (!err && !shape_is_good(d, shape))
			err = DWELL_EFORMAT;
	}
	d->shape_count = err ? 0 : (unsigned)count;
	return err;
}

/* The dictionaries, in their order. */
static int read_dictionaries(struct decoder *d, struct dwell_cursor *in)
{
	int err;

	d->what = "head: tasks";
	err = read_ids(d, in, DWELL_MAX_TASKS, &d->tasks, &d->task_count);
	if (err)
		return err;
	d->what = "head: executors";
	err = read_ids(d, in, DWELL_MAX_EXECUTORS, &d->executors, &d->executor_count);
	if (err)
		return err;
	d->what = "head: occupants";
	err = read_occupants(d, in);
	if (err)
		return err;
	d->what = "head: objects";
	err = read_objects(d, in);
	if (err)
		return err;
	d->what = "head: stacks";
	return read_ids(d, in, DWELL_MAX_STACKS, &d->stacks, &d->stack_count);
}

int dwell_decoder_head(struct decoder *d, bool peek)
{
	struct dwell_cursor in = { d->columns[WIRE_HEAD][0].raw,
		d->columns[WIRE_HEAD][0].raw_size };
	int err;

	d->what = "head: unit";
	err = number(&in, UINT64_MAX, &d->unit);
	if (!err && !d->unit)
		return DWELL_EFORMAT;
	if (err)
		return err;
	d->what = "head: rows of each kind";
	err = read_kinds(d, &in);
	if (err || peek)
		return err;
	err = read_dictionaries(d, &in);
	if (err)
		return err;
	d->what = "head: time code";
	err = dwell_timecode_read(&in, &d->code);
	if (err)
		return err;
	d->what = "head: shapes";
	err = read_shapes(d, &in);
	if (err)
		return err;
	d->what = "head: something behind the shapes";
	return in.left ? DWELL_EFORMAT : DWELL_OK;
}

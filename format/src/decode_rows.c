#include "src/decode.h"

#include "dwell/error.h"
#include "dwell/sink.h"

/* Object or stack: explicit, or one of the two that the task had in such rows. */
static uint32_t read_number(
	struct decoder *d, unsigned field, unsigned mode, struct rows_pair *pair)
{
	uint32_t number;

	if (mode == WIRE_ZERO)
		return 0;
	if (mode == WIRE_EXPLICIT)
		number = dwell_decoder_number(d, field);
	else
		number = mode == WIRE_LAST ? rows_first(*pair) : rows_second(*pair);
	if (number)
		rows_push(pair, number);
	return number;
}

static uint64_t read_value(struct decoder *d, unsigned mode, uint32_t who, uint32_t object)
{
	uint64_t *before = &d->object_values[object];
	uint64_t value;

	switch (mode) {
	case WIRE_ZERO:
		return 0;
	case WIRE_EXPLICIT:
		value = *before + (uint64_t)dwell_unzigzag(dwell_decoder_wide(d, ROWS_VALUE));
		break;
	case WIRE_VALUE_TASK:
		value = d->detail[who].value;
		break;
	case WIRE_VALUE_OBJECT:
		value = *before;
		break;
	default:
		value = *before + 1;
	}
	if (value) {
		d->detail[who].value = value;
		*before = value;
	}
	return value;
}

static uint64_t read_extra(struct decoder *d, unsigned mode, uint32_t who, uint64_t time_ns)
{
	uint64_t extra;

	switch (mode) {
	case WIRE_ZERO:
		return 0;
	case WIRE_EXPLICIT:
		extra = dwell_decoder_wide(d, ROWS_EXTRA);
		break;
	case WIRE_EXTRA_TASK:
		return d->detail[who].extra;
	default:
		extra = time_ns + (uint64_t)dwell_unzigzag(dwell_decoder_wide(d, ROWS_EXTRA));
	}
	if (extra)
		d->detail[who].extra = extra;
	return extra;
}

bool dwell_decoder_detail(struct decoder *d, unsigned k, uint32_t who, struct dwell_event *out)
{
	const struct rows_shape *shape = &d->shapes[k];
	struct rows_detail *detail = &d->detail[who];
	const unsigned class = rows_class(shape->kind);
	uint32_t object = 0;

	if (d->wanted & DWELL_COLUMN_OBJECT) {
		object = read_number(
			d, ROWS_OBJECT, shape->mode[ROWS_OBJECT], &detail->object[class]);
		if (object && d->spaces[object] != dwell_space_of(shape->kind))
			return false;
		out->object = d->objects[object];
	}
	if (d->wanted & DWELL_COLUMN_STACK)
		out->stack = d->stacks[read_number(
			d, ROWS_STACK, shape->mode[ROWS_STACK], &detail->stack[class])];
	if (d->wanted & DWELL_COLUMN_VALUE)
		out->value = read_value(d, shape->mode[ROWS_VALUE], who, object);
	if (d->wanted & DWELL_COLUMN_EXTRA)
		out->extra = read_extra(d, shape->mode[ROWS_EXTRA], who, out->time_ns);
	return !d->starved;
}

/* Some rows, field after field. */
static int read_some(struct decoder *d, struct dwell_event *out, size_t max, size_t *got)
{
	size_t rows = dwell_decoder_times(d, out, max);

	if (d->tasks_wanted)
		rows = dwell_decoder_tasks(d, out, rows);
	d->row += (uint32_t)rows;
	*got += rows;
	if (rows < max)
		return DWELL_EFORMAT;
	return d->row == d->chunk->count ? dwell_decoder_end(d) : DWELL_OK;
}

int dwell_decoder_rows(struct decoder *d, struct dwell_event *out, size_t max, size_t *got)
{
	const size_t left = d->chunk->count - d->row;
	int err = DWELL_OK;

	*got = 0;
	if (max > left)
		max = left;
	while (*got < max && !err) {
		const size_t more = max - *got;

		err = read_some(d, out + *got, more < DECODE_ROWS ? more : DECODE_ROWS, got);
	}
	return err;
}

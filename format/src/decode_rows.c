#include "src/decode.h"

#include "dwell/error.h"
#include "dwell/sink.h"

/* A row's fields in numbers of the chunk's dictionaries. */
struct numbers {
	uint32_t executor, task, peer, object, stack;
	uint64_t value, extra;
};

static uint32_t next_narrow(struct decoder *d, unsigned field)
{
	struct decode_entries *entries = &d->entries[field];

	return entries->narrow[entries->next++];
}

static uint64_t next_wide(struct decoder *d, unsigned field)
{
	struct decode_entries *entries = &d->entries[field];

	return entries->wide[entries->next++];
}

/* `count` of the time bits; dwell_decoder_open has seen that there are enough. */
static uint64_t next_bits(struct decoder *d, unsigned count)
{
	const struct decode_column *bits = &d->columns[WIRE_TIME_BITS][0];
	const uint64_t at = d->bit >> 3;
	const unsigned shift = d->bit & 7;

	if (count > 56) {
		const uint64_t low = next_bits(d, 32);

		return low | next_bits(d, count - 32) << 32;
	}
	d->bit += count;
	return dwell_get_u64(bits->raw + at) >> shift & ((UINT64_C(1) << count) - 1);
}

static uint32_t by_pair(struct decoder *d, unsigned field, unsigned mode,
	const struct rows_pair *pair, unsigned first)
{
	if (mode == WIRE_ZERO)
		return 0;
	if (mode == WIRE_EXPLICIT)
		return next_narrow(d, field);
	return mode == first ? pair->first : pair->second;
}

static void read_switch(struct decoder *d, const struct rows_shape *shape, struct numbers *n)
{
	struct rows_executor *on = &d->on[n->executor];
	const unsigned leaves = shape->mode[ROWS_TASK], enters = shape->mode[ROWS_PEER];
	struct rows_follow *follow;

	n->task = leaves == WIRE_ZERO       ? 0
		  : leaves == WIRE_EXPLICIT ? next_narrow(d, ROWS_TASK)
					    : on->occupant;
	follow = n->task ? &d->follow[n->task] : &on->follow;
	n->peer = enters == WIRE_WOKEN
			  ? d->woken
			  : by_pair(d, ROWS_PEER, enters, &follow->enters, WIRE_FOLLOWS);
	rows_push(&follow->enters, n->peer);
	on->occupant = n->peer;
	if (n->peer == d->woken)
		d->woken = d->woken2;
}

static void read_wake(struct decoder *d, const struct rows_shape *shape, struct numbers *n)
{
	struct rows_executor *on = &d->on[n->executor];
	const unsigned by = shape->mode[ROWS_PEER];
	struct rows_follow *follow;

	n->peer = by == WIRE_ZERO       ? 0
		  : by == WIRE_EXPLICIT ? next_narrow(d, ROWS_PEER)
					: on->occupant;
	follow = n->peer ? &d->follow[n->peer] : &on->follow;
	n->task = by_pair(d, ROWS_TASK, shape->mode[ROWS_TASK], &follow->wakes, WIRE_FOLLOWS);
	rows_push(&follow->wakes, n->task);
	d->woken2 = d->woken;
	d->woken = n->task;
}

static void read_other(struct decoder *d, const struct rows_shape *shape, struct numbers *n)
{
	struct rows_pair *after = &d->follow[d->last_other].after;
	const uint32_t last = n->executor ? d->on[n->executor].occupant : d->last_other;

	n->task = shape->mode[ROWS_TASK] == WIRE_OCCUPANT
			  ? last
			  : by_pair(d, ROWS_TASK, shape->mode[ROWS_TASK], after, WIRE_FOLLOWS);
	rows_push(after, n->task);
	d->last_other = n->task;

	struct rows_pair *peers = &d->follow[n->task].peers;

	n->peer = by_pair(d, ROWS_PEER, shape->mode[ROWS_PEER], peers, WIRE_FOLLOWS);
	if (n->peer)
		rows_push(peers, n->peer);
}

static void read_numbers(
	struct decoder *d, const struct rows_shape *shape, uint32_t who, struct numbers *n)
{
	struct rows_detail *detail = &d->detail[who];
	const unsigned class = rows_class(shape->kind);

	if (d->wanted & DWELL_COLUMN_OBJECT) {
		n->object = by_pair(d, ROWS_OBJECT, shape->mode[ROWS_OBJECT],
			&detail->object[class], WIRE_LAST);
		if (n->object)
			rows_push(&detail->object[class], n->object);
	}
	if (d->wanted & DWELL_COLUMN_STACK) {
		n->stack = by_pair(
			d, ROWS_STACK, shape->mode[ROWS_STACK], &detail->stack[class], WIRE_LAST);
		if (n->stack)
			rows_push(&detail->stack[class], n->stack);
	}
}

static uint64_t read_value(struct decoder *d, unsigned mode, uint32_t who, uint32_t object)
{
	uint64_t *before = &d->object_values[object];
	uint64_t value;

	switch (mode) {
	case WIRE_ZERO:
		return 0;
	case WIRE_EXPLICIT:
		value = *before + (uint64_t)dwell_unzigzag(next_wide(d, ROWS_VALUE));
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
		extra = next_wide(d, ROWS_EXTRA);
		break;
	case WIRE_EXTRA_TASK:
		return d->detail[who].extra;
	default:
		extra = time_ns + (uint64_t)dwell_unzigzag(next_wide(d, ROWS_EXTRA));
	}
	if (extra)
		d->detail[who].extra = extra;
	return extra;
}

/* Fields that scheduler rows do not have. */
static bool read_rest(
	struct decoder *d, const struct rows_shape *shape, struct numbers *n, uint64_t time_ns)
{
	const uint32_t who = rows_who(shape->kind, n->task, n->peer);

	read_numbers(d, shape, who, n);
	if (d->wanted & DWELL_COLUMN_VALUE)
		n->value = read_value(d, shape->mode[ROWS_VALUE], who, n->object);
	if (d->wanted & DWELL_COLUMN_EXTRA)
		n->extra = read_extra(d, shape->mode[ROWS_EXTRA], who, time_ns);
	return !n->object || d->spaces[n->object] == dwell_space_of(shape->kind);
}

static void read_tasks(struct decoder *d, const struct rows_shape *shape, struct numbers *n)
{
	switch (shape->kind) {
	case DWELL_EVENT_SWITCH:
		read_switch(d, shape, n);
		break;
	case DWELL_EVENT_WAKE:
		read_wake(d, shape, n);
		break;
	default:
		read_other(d, shape, n);
	}
}

/* False: the time goes back, or beyond what the chunk says. */
static bool read_time(struct decoder *d, const struct rows_shape *shape, uint32_t executor)
{
	const unsigned code = *d->stream[shape->stream]++;
	const uint64_t delta =
		d->code.code[code].base | next_bits(d, (unsigned)d->code.code[code].bits);
	const uint64_t time = d->on[executor].time + delta;
	const uint64_t span = (d->chunk->last_ns - d->chunk->first_ns) / d->unit;

	if (time < d->time || time > span)
		return false;
	d->on[executor].time = time;
	d->time = time;
	return true;
}

int dwell_decoder_row(struct decoder *d, struct dwell_event *out)
{
	const struct rows_shape *shape = &d->shapes[d->columns[WIRE_SHAPE][0].raw[d->row]];
	const unsigned mode = shape->mode[ROWS_EXECUTOR];
	struct numbers n = { 0 };

	n.executor = mode == WIRE_CONSTANT   ? shape->executor
		     : mode == WIRE_EXPLICIT ? next_narrow(d, ROWS_EXECUTOR)
					     : 0;
	if (!read_time(d, shape, n.executor))
		return DWELL_EFORMAT;

	const uint64_t time_ns = d->chunk->first_ns + d->time * d->unit;

	if (d->tasks_wanted) {
		read_tasks(d, shape, &n);
		if (!read_rest(d, shape, &n, time_ns))
			return DWELL_EFORMAT;
	}
	*out = (struct dwell_event){
		.time_ns = time_ns,
		.value = n.value,
		.extra = n.extra,
		.task = d->tasks[n.task],
		.peer = d->tasks[n.peer],
		.executor = d->executors[n.executor],
		.object = d->objects[n.object],
		.stack = d->stacks[n.stack],
		.kind = shape->kind,
		.state = shape->state,
		.reason = shape->reason,
		.flags = shape->flags,
	};
	d->row++;
	return DWELL_OK;
}

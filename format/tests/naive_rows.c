#include "tests/naive_rows.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS = 12, PARTS = 16 };

struct pair {
	uint32_t first, second;
};

/* What is remembered of a task or executor number. */
struct memory {
	struct pair enters, wakes, after, peers;
	struct pair object[4], stack[4];
	uint64_t value, extra;
	uint64_t time;
	uint32_t occupant;
};

struct shape {
	uint8_t kind, state, reason, flags, mode[7], stream;
	uint32_t executor;
};

struct rows {
	uint8_t *column[FIELDS][PARTS];
	uint32_t next[FIELDS];
	uint32_t next_code[PARTS];
	size_t bits_size;
	uint64_t bit;
	uint64_t unit;
	uint64_t tasks[1 << 16], executors[1 << 12], objects[1 << 16], stacks[1 << 16];
	uint64_t task_count, executor_count, object_count, stack_count;
	uint64_t code_base[256];
	unsigned code_bits[256], code_count;
	struct shape shapes[256];
	struct memory task[1 << 16], executor[1 << 12];
	uint64_t object_value[1 << 16];
	uint32_t woken, woken2, last;
};

static uint64_t read_ids(struct naive_bytes *in, uint64_t *out, uint64_t room)
{
	const uint64_t count = naive_varint(in);
	int64_t id = 0;

	for (uint64_t i = 1; i <= count && i < room && !in->bad; i++) {
		id += naive_signed(in);
		out[i] = (uint64_t)id;
	}
	in->bad |= count >= room;
	return count;
}

static void read_code(struct rows *r, struct naive_bytes *in)
{
	const uint64_t widths = naive_varint(in);

	for (uint64_t k = 0; k < widths && !in->bad; k++) {
		const unsigned w = (unsigned)naive_varint(in), m = (unsigned)naive_varint(in);

		for (unsigned i = 0; i < 1u << m && r->code_count < 256; i++) {
			const unsigned bits = w ? w - 1 - m : 0;

			r->code_bits[r->code_count] = bits;
			r->code_base[r->code_count++] = w ? ((UINT64_C(1) << m) + i) << bits : 0;
		}
	}
}

static bool read_head(struct rows *r, struct naive_bytes in)
{
	r->unit = naive_varint(&in);
	naive_varint(&in);
	for (uint64_t kinds = naive_varint(&in); kinds > 0 && !in.bad; kinds--) {
		naive_varint(&in);
		naive_varint(&in);
	}
	r->task_count = read_ids(&in, r->tasks, 1 << 16);
	r->executor_count = read_ids(&in, r->executors, 1 << 12);
	for (uint64_t i = 1; i <= r->executor_count && !in.bad; i++)
		r->executor[i].occupant = (uint32_t)naive_varint(&in);
	r->object_count = read_ids(&in, r->objects, 1 << 16);
	r->stack_count = read_ids(&in, r->stacks, 1 << 16);
	read_code(r, &in);

	const uint64_t shapes = naive_varint(&in);

	for (uint64_t i = 0; i < shapes && i < 256; i++) {
		const struct naive_bytes at = naive_take(&in, 12);

		if (at.bad)
			return false;
		memcpy(&r->shapes[i], at.at, 12);
		r->shapes[i].executor = (uint32_t)naive_varint(&in);
	}
	return !in.bad && !in.left;
}

static uint64_t explicit_entry(struct rows *r, unsigned field, unsigned bytes)
{
	const uint32_t i = r->next[field]++;
	uint64_t value = 0;

	for (unsigned part = 0; part < bytes; part++)
		if (r->column[field][part])
			value |= (uint64_t)r->column[field][part][i] << (8 * part);
	return value;
}

static uint64_t time_bits(struct rows *r, unsigned count)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < count; i++, r->bit++)
		if (r->column[3][0][r->bit / 8] >> (r->bit % 8) & 1)
			value |= UINT64_C(1) << i;
	return value;
}

static void push(struct pair *pair, uint32_t value)
{
	if (pair->first == value)
		return;
	pair->second = pair->first;
	pair->first = value;
}

static uint32_t choose(struct rows *r, unsigned field, unsigned mode, const struct pair *pair)
{
	switch (mode) {
	case 0:
		return 0;
	case 1:
		return (uint32_t)explicit_entry(r, field, 4);
	case 3:
		return pair->first;
	case 4:
		return pair->second;
	default:
		return r->woken;
	}
}

static uint32_t choose_detail(struct rows *r, unsigned field, unsigned mode, struct pair *pair)
{
	const uint32_t value = choose(r, field, mode > 1 ? mode + 1 : mode, pair);

	if (value)
		push(pair, value);
	return value;
}

static void tasks_of_row(
	struct rows *r, const struct shape *s, uint32_t e, uint32_t *t, uint32_t *p)
{
	struct pair *pair;

	if (s->kind == 1) {
		*t = s->mode[0] == 2 ? r->executor[e].occupant : choose(r, 4, s->mode[0], NULL);
		pair = *t ? &r->task[*t].enters : &r->executor[e].enters;
		*p = choose(r, 5, s->mode[1], pair);
		push(pair, *p);
		r->executor[e].occupant = *p;
		if (*p == r->woken)
			r->woken = r->woken2;
	} else if (s->kind == 2) {
		*p = s->mode[1] == 2 ? r->executor[e].occupant : choose(r, 5, s->mode[1], NULL);
		pair = *p ? &r->task[*p].wakes : &r->executor[e].wakes;
		*t = choose(r, 4, s->mode[0], pair);
		push(pair, *t);
		r->woken2 = r->woken;
		r->woken = *t;
	} else {
		pair = &r->task[r->last].after;
		if (s->mode[0] == 2)
			*t = e ? r->executor[e].occupant : r->last;
		else
			*t = choose(r, 4, s->mode[0], pair);
		push(pair, *t);
		r->last = *t;
		*p = choose(r, 5, s->mode[1], &r->task[*t].peers);
		if (*p)
			push(&r->task[*t].peers, *p);
	}
}

static uint64_t unzigzag(uint64_t value)
{
	return value & 1 ? ~(value >> 1) : value >> 1;
}

static uint64_t value_of_row(struct rows *r, const struct shape *s, uint32_t who, uint32_t object)
{
	uint64_t *before = &r->object_value[object], *own = &r->task[who].value;
	const unsigned mode = s->mode[5];
	const uint64_t value = mode == 0   ? 0
			       : mode == 1 ? *before + unzigzag(explicit_entry(r, 9, 8))
			       : mode == 2 ? *own
			       : mode == 3 ? *before
					   : *before + 1;

	if (value)
		*before = *own = value;
	return value;
}

static uint64_t extra_of_row(struct rows *r, const struct shape *s, uint32_t who, uint64_t time)
{
	uint64_t *own = &r->task[who].extra;
	const unsigned mode = s->mode[6];
	const uint64_t extra = mode == 0   ? 0
			       : mode == 1 ? explicit_entry(r, 10, 8)
			       : mode == 2 ? *own
					   : time + unzigzag(explicit_entry(r, 10, 8));

	if (extra)
		*own = extra;
	return extra;
}

static void one_row(
	struct rows *r, const struct shape *s, uint64_t first_ns, struct dwell_event *out)
{
	const unsigned class = s->kind == 1                   ? 0
			       : s->kind == 2                 ? 1
			       : s->kind == 3 || s->kind == 6 ? 2
							      : 3;
	const uint32_t e = s->mode[2] == 0   ? 0
			   : s->mode[2] == 1 ? (uint32_t)explicit_entry(r, 6, 4)
					     : s->executor;
	/* Field 2: an old chunk, in which times follow from that on the same executor. */
	const bool old = r->column[2][s->stream] != NULL;
	const unsigned code = r->column[old ? 2 : 11][s->stream][r->next_code[s->stream]++];
	uint64_t *const time = &r->executor[old ? e : 0].time;
	uint32_t t, p;

	*time += r->code_base[code] + time_bits(r, r->code_bits[code]);
	*out = (struct dwell_event){ .kind = s->kind,
		.state = s->state,
		.reason = s->reason,
		.flags = s->flags,
		.time_ns = first_ns + *time * r->unit };
	tasks_of_row(r, s, e, &t, &p);

	const uint32_t who = s->kind == 2 ? p : t;
	const uint32_t object = choose_detail(r, 7, s->mode[3], &r->task[who].object[class]);
	const uint32_t stack = choose_detail(r, 8, s->mode[4], &r->task[who].stack[class]);

	out->value = value_of_row(r, s, who, object);
	out->extra = extra_of_row(r, s, who, out->time_ns);
	out->task = (uint32_t)r->tasks[t];
	out->peer = (uint32_t)r->tasks[p];
	out->executor = (uint32_t)r->executors[e];
	out->object = (uint32_t)(r->objects[object] / 4);
	out->stack = (uint32_t)r->stacks[stack];
}

/* Columns into memory of their own. */
static bool read_columns(struct rows *r, struct naive_bytes body, size_t *head_size)
{
	if (body.left < 4)
		return false;

	const uint32_t count = (uint32_t)(body.at[0] | body.at[1] << 8 | body.at[2] << 16);

	body.at += 4;
	body.left -= 4;

	struct naive_bytes table = naive_take(&body, count * 12u);

	for (uint32_t i = 0; i < count && !table.bad; i++) {
		const uint8_t *entry = table.at + 12 * i;
		const uint32_t stored = (uint32_t)(entry[4] | entry[5] << 8 | entry[6] << 16);
		const uint32_t size = (uint32_t)(entry[8] | entry[9] << 8 | entry[10] << 16);
		const struct naive_bytes at = naive_take(&body, stored);

		if (at.bad || entry[0] >= FIELDS || entry[1] >= PARTS)
			return false;
		r->column[entry[0]][entry[1]] = naive_unpack(entry[2], at, size);
		if (!r->column[entry[0]][entry[1]])
			return false;
		if (entry[0] == 0)
			*head_size = size;
	}
	return !table.bad && !body.left;
}

bool naive_rows(struct naive_bytes body, uint32_t count, uint64_t first_ns, uint64_t last_ns,
	struct dwell_sink *sink)
{
	struct rows *r = calloc(1, sizeof(*r));
	size_t head_size = 0;
	uint64_t time_ns = first_ns;

	if (!r)
		abort();

	bool good = read_columns(r, body, &head_size) &&
		    read_head(r, (struct naive_bytes){ r->column[0][0], head_size, false });

	for (uint32_t i = 0; i < count && good; i++) {
		struct dwell_event row;

		one_row(r, &r->shapes[r->column[1][0][i]], first_ns, &row);
		good = row.time_ns >= time_ns && row.time_ns <= last_ns;
		time_ns = row.time_ns;
		if (good)
			sink->ops->events(sink, &row, 1);
	}
	for (unsigned i = 0; i < FIELDS; i++)
		for (unsigned k = 0; k < PARTS; k++)
			free(r->column[i][k]);
	free(r);
	return good;
}

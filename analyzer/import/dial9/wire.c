#include "import/dial9/wire.h"

#include <stdlib.h>
#include <string.h>

enum { SCHEMAS = 1 << 16, MAX_POOL = 1 << 22, MAX_DEPTH = 16, OPTIONAL = 0x80 };

enum type {
	TYPE_I64 = 1,
	TYPE_F64,
	TYPE_BOOL,
	TYPE_STRING,
	TYPE_BYTES,
	TYPE_POOLED_STACK,
	TYPE_POOLED_STRING,
	TYPE_STACK,
	TYPE_VARINT,
	TYPE_STRING_MAP,
	TYPE_U8,
	TYPE_U16,
	TYPE_U32,
	TYPE_LIST,
	TYPE_MAP,
	TYPES
};

struct schema_field {
	uint8_t type;
	uint8_t role; /* enum dial9_field; DIAL9_FIELDS: none */
};

/* Of another batch than the current one: not known. */
struct dial9_schema {
	uint64_t batch;
	bool timed;
	uint8_t kind;
	uint16_t count;
	struct schema_field *fields;
};

static int broken(struct dial9_wire *wire, int err, const char *what)
{
	wire->what = what;
	return err;
}

/* size bytes further on, or NULL. */
static const uint8_t *take(struct dial9_wire *wire, uint64_t size)
{
	const uint8_t *at = wire->bytes + wire->at;

	if (size > wire->size - wire->at)
		return NULL;
	wire->at += (size_t)size;
	return at;
}

static int short_file(struct dial9_wire *wire)
{
	return broken(wire, DWELL_ETRUNCATED, "it ends within a frame");
}

static int take_uint(struct dial9_wire *wire, size_t width, uint64_t *out)
{
	const uint8_t *at = take(wire, width);

	if (!at)
		return short_file(wire);
	*out = 0;
	for (size_t i = 0; i < width; i++)
		*out |= (uint64_t)at[i] << 8 * i;
	return DWELL_OK;
}

static int take_varint(struct dial9_wire *wire, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		const uint8_t *at = take(wire, 1);

		if (!at)
			return short_file(wire);
		if (shift == 63 && *at > 1)
			break;
		*out |= (uint64_t)(*at & 0x7f) << shift;
		if (!(*at & 0x80))
			return DWELL_OK;
	}
	return broken(wire, DWELL_EFORMAT, "a number of more than 64 bits");
}

/* A length of `width` bytes, then so many units. */
static int take_text(struct dial9_wire *wire, size_t width, uint64_t unit, struct dwell_string *out)
{
	uint64_t size = 0;
	const int err = take_uint(wire, width, &size);
	const uint8_t *at = err ? NULL : take(wire, size * unit);

	if (err)
		return err;
	if (!at)
		return short_file(wire);
	*out = (struct dwell_string){ (const char *)at, (size_t)(size * unit) };
	return DWELL_OK;
}

static int skip_map(struct dial9_wire *wire)
{
	struct dwell_string text;
	uint64_t count = 0;
	int err = take_uint(wire, 4, &count);

	for (; count && !err; count--) {
		err = take_text(wire, 4, 1, &text);
		if (!err)
			err = take_text(wire, 4, 1, &text);
	}
	return err;
}

static int take_value(struct dial9_wire *wire, uint8_t type, int depth, uint64_t *number,
	struct dwell_string *text);

/* Values that each say their type. */
static int skip_values(struct dial9_wire *wire, uint64_t each, int depth)
{
	struct dwell_string text;
	uint64_t count = 0, number, type = 0;
	int err = take_uint(wire, 4, &count);

	if (depth == MAX_DEPTH)
		return broken(wire, DWELL_ELIMIT, "values nested more than 16 deep");
	for (count *= each; count && !err; count--) {
		err = take_uint(wire, 1, &type);
		if (!err)
			err = take_value(wire, (uint8_t)type, depth + 1, &number, &text);
	}
	return err;
}

static int take_value(struct dial9_wire *wire, uint8_t type, int depth, uint64_t *number,
	struct dwell_string *text)
{
	switch (type) {
	case TYPE_I64:
	case TYPE_F64:
		return take_uint(wire, 8, number);
	case TYPE_BOOL:
	case TYPE_U8:
		return take_uint(wire, 1, number);
	case TYPE_U16:
		return take_uint(wire, 2, number);
	case TYPE_U32:
	case TYPE_POOLED_STACK:
	case TYPE_POOLED_STRING:
		return take_uint(wire, 4, number);
	case TYPE_STRING:
	case TYPE_BYTES:
		return take_text(wire, 4, 1, text);
	case TYPE_STACK:
		return take_text(wire, 4, 8, text);
	case TYPE_VARINT:
		return take_varint(wire, number);
	case TYPE_STRING_MAP:
		return skip_map(wire);
	case TYPE_LIST:
		return skip_values(wire, 1, depth);
	case TYPE_MAP:
		return skip_values(wire, 2, depth);
	default:
		return broken(wire, DWELL_EFORMAT, "a value of an unknown type");
	}
}

static uint8_t number_of(struct dwell_string name, const char *const *names, uint8_t count)
{
	for (uint8_t i = 0; i < count; i++)
		if (names[i] && strlen(names[i]) == name.size &&
			!memcmp(names[i], name.at, name.size))
			return i;
	return count;
}

static uint8_t kind_of(struct dwell_string name)
{
	static const char *const names[] = { [DIAL9_POLL_START] = "PollStartEvent",
		[DIAL9_POLL_END] = "PollEndEvent",
		[DIAL9_SPAWN] = "TaskSpawnEvent",
		[DIAL9_TERMINATE] = "TaskTerminateEvent",
		[DIAL9_WAKE] = "WakeEventEvent",
		[DIAL9_CLOCK] = "ClockSyncEvent" };
	const uint8_t kind = number_of(name, names, DIAL9_CLOCK + 1);

	return kind > DIAL9_CLOCK ? DIAL9_OTHER : kind;
}

static uint8_t role_of(struct dwell_string name)
{
	static const char *const names[DIAL9_FIELDS] = { [DIAL9_WORKER] = "worker_id",
		[DIAL9_TASK] = "task_id",
		[DIAL9_LOCATION] = "spawn_loc",
		[DIAL9_INSTRUMENTED] = "instrumented",
		[DIAL9_WAKER] = "waker_task_id",
		[DIAL9_WOKEN] = "woken_task_id",
		[DIAL9_REALTIME] = "realtime_ns" };

	return number_of(name, names, DIAL9_FIELDS);
}

static int take_fields(struct dial9_wire *wire, struct dial9_schema *schema)
{
	for (uint32_t i = 0; i < schema->count; i++) {
		struct dwell_string name;
		uint64_t type = 0;
		int err = take_text(wire, 2, 1, &name);

		if (!err)
			err = take_uint(wire, 1, &type);
		if (err)
			return err;
		if (!(type & 0x7f) || (type & 0x7f) >= TYPES)
			return broken(wire, DWELL_EFORMAT, "a field of an unknown type");
		schema->fields[i] = (struct schema_field){ (uint8_t)type, role_of(name) };
	}
	return DWELL_OK;
}

static int take_schema(struct dial9_wire *wire)
{
	struct dial9_schema schema = { .batch = wire->batch };
	struct dwell_string name;
	uint64_t number = 0, timed = 0, count = 0;
	int err = take_uint(wire, 2, &number);

	if (!err)
		err = take_text(wire, 2, 1, &name);
	if (!err)
		err = take_uint(wire, 1, &timed);
	if (!err)
		err = take_uint(wire, 2, &count);
	if (err)
		return err;
	schema.kind = kind_of(name);
	schema.timed = timed != 0;
	schema.count = (uint16_t)count;
	schema.fields = calloc(count + 1, sizeof(*schema.fields));
	if (!schema.fields)
		return DWELL_ENOMEM;
	err = take_fields(wire, &schema);
	if (err) {
		free(schema.fields);
		return err;
	}
	free(wire->schemas[number].fields);
	wire->schemas[number] = schema;
	return DWELL_OK;
}

static int keep_text(struct dial9_wire *wire, uint64_t number, struct dwell_string text)
{
	if (number >= MAX_POOL)
		return broken(wire, DWELL_ELIMIT, "a pool of more than 4,194,304 texts");
	if (number >= wire->pool_room) {
		uint32_t room = wire->pool_room ? wire->pool_room : 64;
		struct dial9_text *wider;

		while (room <= number)
			room *= 2;
		wider = realloc(wire->pool, room * sizeof(*wider));
		if (!wider)
			return DWELL_ENOMEM;
		memset(wider + wire->pool_room, 0, (room - wire->pool_room) * sizeof(*wider));
		wire->pool = wider;
		wire->pool_room = room;
	}
	wire->pool[number] = (struct dial9_text){ text, wire->batch };
	return DWELL_OK;
}

static int take_pool(struct dial9_wire *wire, bool texts)
{
	struct dwell_string text;
	uint64_t count = 0, number = 0;
	int err = take_uint(wire, 4, &count);

	for (; count && !err; count--) {
		err = take_uint(wire, 4, &number);
		if (!err)
			err = take_text(wire, 4, texts ? 1 : 8, &text);
		if (!err && texts)
			err = keep_text(wire, number, text);
	}
	return err;
}

static int skip_annotations(struct dial9_wire *wire)
{
	struct dwell_string text;
	uint64_t number, count = 0;
	int err = take_varint(wire, &number);

	if (!err)
		err = take_uint(wire, 2, &count);
	for (; count && !err; count--) {
		err = take_uint(wire, 2, &number);
		if (!err)
			err = take_text(wire, 2, 1, &text);
		if (!err)
			err = take_text(wire, 4, 1, &text);
	}
	return err;
}

static int take_field(struct dial9_wire *wire, struct schema_field field, struct dial9_event *out)
{
	struct dwell_string text = { NULL, 0 };
	uint64_t number = 0, there = 1;
	int err = field.type & OPTIONAL ? take_uint(wire, 1, &there) : DWELL_OK;

	if (err || !there)
		return err;
	err = take_value(wire, field.type & 0x7f, 0, &number, &text);
	if (err || field.role == DIAL9_FIELDS)
		return err;
	out->has |= 1u << field.role;
	out->values[field.role] = number;
	if (field.role != DIAL9_LOCATION)
		return DWELL_OK;
	if ((field.type & 0x7f) == TYPE_POOLED_STRING && number < wire->pool_room &&
		wire->pool[number].batch == wire->batch)
		text = wire->pool[number].text;
	out->location = text;
	return DWELL_OK;
}

/* *timed: it has a time. */
static int take_event(struct dial9_wire *wire, struct dial9_event *out, bool *timed)
{
	const struct dial9_schema *schema;
	uint64_t number = 0, delta = 0;
	int err = take_uint(wire, 2, &number);

	if (err)
		return err;
	schema = &wire->schemas[number];
	if (schema->batch != wire->batch)
		return broken(wire, DWELL_EFORMAT, "an event of no known layout");
	if (schema->timed)
		err = take_uint(wire, 3, &delta);
	*timed = schema->timed;
	wire->base_ns += delta;
	*out = (struct dial9_event){ .kind = schema->kind, .time_ns = wire->base_ns };
	for (uint32_t i = 0; i < schema->count && !err; i++)
		err = take_field(wire, schema->fields[i], out);
	return err;
}

static int begin_batch(struct dial9_wire *wire)
{
	const uint8_t *rest = take(wire, 4);

	if (!rest)
		return short_file(wire);
	if (memcmp(rest, "RC\0", 3) != 0)
		return broken(wire, DWELL_EFORMAT, "a frame of an unknown kind");
	if (rest[3] != 1)
		return broken(wire, DWELL_EVERSION, "a version other than 1");
	wire->batch++;
	wire->base_ns = 0;
	return DWELL_OK;
}

int dial9_wire_next(struct dial9_wire *wire, struct dial9_event *out)
{
	while (wire->at < wire->size) {
		const size_t frame = wire->at;
		bool timed = false;
		int err;

		switch (wire->bytes[wire->at++]) {
		case 'T':
			err = begin_batch(wire);
			break;
		case 1:
			err = take_schema(wire);
			break;
		case 2:
			err = take_event(wire, out, &timed);
			break;
		case 3:
		case 4:
			err = take_pool(wire, wire->bytes[frame] == 3);
			break;
		case 5:
			err = take_uint(wire, 8, &wire->base_ns);
			break;
		case 6:
			err = skip_annotations(wire);
			break;
		default:
			err = broken(wire, DWELL_EFORMAT, "a frame of an unknown kind");
		}
		if (err)
			wire->at = frame;
		if (err || timed)
			return err;
	}
	return DWELL_END;
}

int dial9_wire_init(struct dial9_wire *wire, const uint8_t *bytes, size_t size)
{
	*wire = (struct dial9_wire){ .bytes = bytes, .size = size, .batch = 1 };
	wire->schemas = calloc(SCHEMAS, sizeof(*wire->schemas));
	return wire->schemas ? DWELL_OK : DWELL_ENOMEM;
}

void dial9_wire_release(struct dial9_wire *wire)
{
	for (size_t i = 0; wire->schemas && i < SCHEMAS; i++)
		free(wire->schemas[i].fields);
	free(wire->schemas);
	free(wire->pool);
	*wire = (struct dial9_wire){ .bytes = NULL };
}

bool dial9_recognizes(const void *at, size_t size)
{
	return size >= 5 && !memcmp(at, "TRC", 4);
}

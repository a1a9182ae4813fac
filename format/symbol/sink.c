/* A sink between others: hands all on, and tells at the end where the addresses were. */
#include "dwell/relay.h"
#include "dwell/symbol.h"

#include <stdlib.h>

#include "symbol/private.h"

struct place {
	uint32_t id, mapping;
	uint64_t address;
	bool named; /* it has a function, and no line in it */
};

struct symbol_sink {
	struct dwell_relay relay;
	struct dwell_symbol *symbol;
	unsigned apart_part;
	int64_t *pids; /* by process id */
	size_t pid_room;
	struct place *places; /* locations of which no line of a file is known */
	size_t place_count, place_room;
	struct dwell_object *objects; /* by id: those that may be variables */
	size_t object_room;
};

static struct symbol_sink *self_of(struct dwell_sink *sink)
{
	return (struct symbol_sink *)sink;
}

static int process(struct dwell_sink *sink, const struct dwell_process *process)
{
	struct symbol_sink *self = self_of(sink);

	if (process->id >= self->pid_room && process->id < DWELL_MAX_PROCESSES) {
		const size_t room = 2 * (size_t)process->id + 64;
		int64_t *pids = realloc(self->pids, room * sizeof(*pids));

		if (!pids)
			return DWELL_ENOMEM;
		for (size_t i = self->pid_room; i < room; i++)
			pids[i] = -1;
		self->pids = pids;
		self->pid_room = room;
	}
	if (process->id < self->pid_room)
		self->pids[process->id] = process->pid;
	return DWELL_TELL(self_of(sink)->relay.next, process, process);
}

static int mapping(struct dwell_sink *sink, const struct dwell_mapping *mapping)
{
	struct symbol_sink *self = self_of(sink);
	const int64_t pid = mapping->process < self->pid_room ? self->pids[mapping->process] : -1;
	const int err = dwell_symbol_map(self->symbol, mapping, pid);

	return err ? err : DWELL_TELL(self_of(sink)->relay.next, mapping, mapping);
}

static int keep(struct symbol_sink *self, const struct dwell_location *location)
{
	if (self->place_count == self->place_room) {
		const size_t room = self->place_room ? 2 * self->place_room : 256;
		struct place *places = realloc(self->places, room * sizeof(*places));

		if (!places)
			return DWELL_ENOMEM;
		self->places = places;
		self->place_room = room;
	}
	self->places[self->place_count++] = (struct place){ location->id, location->mapping,
		location->address, location->line_count > 0 };
	return DWELL_OK;
}

/* What programs wait at in their own memory. */
static bool may_be_variable(const struct dwell_object *object)
{
	return !object->name.size && object->native_id && object->kind >= DWELL_OBJECT_MUTEX &&
	       object->kind <= DWELL_OBJECT_FUTEX;
}

/* The last definition of each counts; one that is no candidate leaves its place empty. */
static int keep_object(struct symbol_sink *self, const struct dwell_object *object)
{
	if (object->id >= self->object_room) {
		const size_t room = 2 * (size_t)object->id + 64;
		struct dwell_object *objects = realloc(self->objects, room * sizeof(*objects));

		if (!objects)
			return DWELL_ENOMEM;
		for (size_t i = self->object_room; i < room; i++)
			objects[i] = (struct dwell_object){ .id = 0 };
		self->objects = objects;
		self->object_room = room;
	}
	self->objects[object->id] =
		may_be_variable(object) ? *object : (struct dwell_object){ .id = 0 };
	return DWELL_OK;
}

static int object(struct dwell_sink *sink, const struct dwell_object *object)
{
	const int err =
		object->id < DWELL_MAX_OBJECTS ? keep_object(self_of(sink), object) : DWELL_OK;

	return err ? err : DWELL_TELL(self_of(sink)->relay.next, object, object);
}

static bool has_line(const struct dwell_location *location)
{
	for (size_t i = 0; i < location->line_count; i++)
		if (location->lines[i].line)
			return true;
	return false;
}

static int location(struct dwell_sink *sink, const struct dwell_location *location)
{
	int err = DWELL_OK;

	if (!has_line(location) && location->address)
		err = keep(self_of(sink), location);
	return err ? err : DWELL_TELL(self_of(sink)->relay.next, location, location);
}

static int tell(struct symbol_sink *self, const struct place *place)
{
	struct dwell_location found = {
		.id = place->id, .mapping = place->mapping, .address = place->address
	};
	const int err = dwell_symbol_find(
		self->symbol, place->mapping, -1, place->address, &found.lines, &found.line_count);

	if (err || !found.line_count || (place->named && !has_line(&found)))
		return err;
	return DWELL_TELL(self->relay.next, location, &found);
}

static int name(struct symbol_sink *self, struct dwell_object *object)
{
	const int64_t pid = object->process < self->pid_room ? self->pids[object->process] : -1;
	int err = DWELL_OK;

	if (pid > 0)
		err = dwell_symbol_variable(self->symbol, pid, object->native_id, &object->name);
	if (err || !object->name.size)
		return err;
	return DWELL_TELL(self->relay.next, object, object);
}

static int end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct symbol_sink *self = self_of(sink);
	int err = DWELL_OK;

	if (self->apart_part)
		symbol_limit_apart(self->symbol, end->end_ns / self->apart_part + 1);
	for (size_t i = 0; i < self->place_count && !err; i++)
		err = tell(self, &self->places[i]);
	for (size_t i = 0; i < self->object_room && !err; i++)
		err = self->objects[i].id ? name(self, &self->objects[i]) : DWELL_OK;
	return err ? err : DWELL_TELL(self_of(sink)->relay.next, end, end);
}

int dwell_symbol_sink_new(struct dwell_sink **out, struct dwell_sink *next,
	const struct dwell_symbol_options *options)
{
	struct symbol_sink *self = calloc(1, sizeof(*self));
	int err;

	if (!self)
		return DWELL_ENOMEM;
	dwell_relay_init(&self->relay, next);
	self->relay.ops.process = process;
	self->relay.ops.mapping = mapping;
	self->relay.ops.location = location;
	self->relay.ops.object = object;
	self->relay.ops.end = end;
	self->relay.ops.room = dwell_relay_room;
	self->apart_part = options ? options->apart_part : 0;
	err = dwell_symbol_new(&self->symbol, options);
	if (err) {
		free(self);
		return err;
	}
	*out = &self->relay.sink;
	return DWELL_OK;
}

void dwell_symbol_sink_free(struct dwell_sink *sink)
{
	struct symbol_sink *self = self_of(sink);

	if (!self)
		return;
	dwell_symbol_free(self->symbol);
	free(self->pids);
	free(self->places);
	free(self->objects);
	free(self);
}

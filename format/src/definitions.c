#include "src/definitions.h"

#include "dwell/error.h"
#include "src/records.h"

#include <stdlib.h>
#include <string.h>

/* Where a record is, and the generation whose tables have it (0: none). */
struct definition {
	uint64_t offset;
	uint32_t size;
	uint32_t generation;
};

struct pending {
	uint32_t type, id;
};

static struct definitions *of(struct dwell_sink *sink)
{
	return (struct definitions *)sink;
}

static int needs_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	dwell_definitions_need(of(sink), WIRE_PROCESS, task->process);
	dwell_definitions_need(of(sink), WIRE_STACK, task->creation_stack);
	dwell_definitions_need(of(sink), WIRE_LOCATION, task->start_location);
	return DWELL_OK;
}

static int needs_object(struct dwell_sink *sink, const struct dwell_object *object)
{
	dwell_definitions_need(of(sink), WIRE_PROCESS, object->process);
	dwell_definitions_need(of(sink), WIRE_STACK, object->creation_stack);
	return DWELL_OK;
}

static int needs_mapping(struct dwell_sink *sink, const struct dwell_mapping *mapping)
{
	dwell_definitions_need(of(sink), WIRE_PROCESS, mapping->process);
	return DWELL_OK;
}

static int needs_location(struct dwell_sink *sink, const struct dwell_location *location)
{
	dwell_definitions_need(of(sink), WIRE_MAPPING, location->mapping);
	return DWELL_OK;
}

static int needs_stack(struct dwell_sink *sink, const struct dwell_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		dwell_definitions_need(of(sink), WIRE_LOCATION, stack->locations[i]);
	return DWELL_OK;
}

void dwell_definitions_init(struct definitions *d)
{
	static const struct dwell_sink_ops ops = {
		.task = needs_task,
		.object = needs_object,
		.mapping = needs_mapping,
		.location = needs_location,
		.stack = needs_stack,
	};

	*d = (struct definitions){ .reader = { &ops }, .generation = 1 };
	for (unsigned i = 0; i < WIRE_RECORD_COUNT; i++)
		d->by_id[i].size = sizeof(struct definition);
}

void dwell_definitions_release(struct definitions *d)
{
	for (unsigned i = 0; i < WIRE_RECORD_COUNT; i++)
		dwell_pages_release(&d->by_id[i]);
	dwell_buffer_release(&d->records);
	dwell_buffer_release(&d->loose);
	dwell_buffer_release(&d->pending);
}

int dwell_definitions_add(struct definitions *d, enum wire_record type, uint32_t id, size_t start)
{
	if (d->records.failed)
		return DWELL_ENOMEM;

	struct definition *definition = dwell_pages_make(&d->by_id[type], id);
	const size_t size = d->records.size - start;
	const struct pending pending = { type, id };

	if (!definition)
		return DWELL_ENOMEM;
	/* Told again as it was: nothing to write. */
	if (definition->size == size &&
		!memcmp(d->records.at + definition->offset, d->records.at + start, size)) {
		d->records.size = start;
		return DWELL_OK;
	}
	if (!definition->size) {
		d->tasks += type == WIRE_TASK;
		d->executors += type == WIRE_EXECUTOR;
	}
	*definition = (struct definition){ .offset = start, .size = (uint32_t)size };
	dwell_buffer_put(&d->pending, &pending, sizeof(pending));
	return d->pending.failed ? DWELL_ENOMEM : DWELL_OK;
}

void dwell_definitions_need(struct definitions *d, enum wire_record type, uint32_t id)
{
	struct definition *definition = id ? dwell_pages_find(&d->by_id[type], id) : NULL;

	if (!definition || !definition->size || definition->generation == d->generation)
		return;
	definition->generation = d->generation;

	struct dwell_cursor in = { d->records.at + definition->offset, definition->size };

	dwell_record_next(&in, &d->reader);
	dwell_buffer_put(d->out, d->records.at + definition->offset, definition->size);
	d->out_count++;
}

static int compare_pending(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* In order of type and id, so that the order in which a source tells them makes no difference. */
void dwell_definitions_pending(struct definitions *d)
{
	const size_t count = d->pending.size / sizeof(struct pending);

	if (count)
		qsort(d->pending.at, count, sizeof(struct pending), compare_pending);
	for (size_t i = 0; i < count; i++) {
		struct pending pending;

		memcpy(&pending, d->pending.at + i * sizeof(pending), sizeof(pending));
		dwell_definitions_need(d, (enum wire_record)pending.type, pending.id);
	}
	d->pending.size = 0;
	dwell_buffer_put(d->out, d->loose.at + d->loose_written, d->loose.size - d->loose_written);
	d->out_count += d->loose.size > d->loose_written;
	d->loose_written = d->loose.size;
}

bool dwell_definitions_any_pending(const struct definitions *d)
{
	return d->pending.size || d->loose.size > d->loose_written;
}

static int all_of_page(const struct definitions *d, const uint8_t *page,
	int (*each)(void *context, const uint8_t *at, size_t size), void *context)
{
	int err = DWELL_OK;

	for (unsigned i = 0; i < PAGES_IDS && !err; i++) {
		struct definition definition;

		memcpy(&definition, page + i * sizeof(definition), sizeof(definition));
		if (definition.size)
			err = each(context, d->records.at + definition.offset, definition.size);
	}
	return err;
}

int dwell_definitions_all(const struct definitions *d,
	int (*each)(void *context, const uint8_t *at, size_t size), void *context)
{
	static const enum wire_record order[] = { WIRE_PROCESS, WIRE_MAPPING, WIRE_LOCATION,
		WIRE_STACK, WIRE_EXECUTOR, WIRE_TASK, WIRE_OBJECT, WIRE_LABEL, WIRE_COUNTER };
	int err = DWELL_OK;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct dwell_pages *pages = &d->by_id[order[i]];

		for (size_t page = 0; page < pages->count && !err; page++)
			if (pages->pages[page])
				err = all_of_page(d, pages->pages[page], each, context);
	}
	if (!err && d->loose.size)
		err = each(context, d->loose.at, d->loose.size);
	return err;
}

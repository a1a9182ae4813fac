/* A sink that keeps what it is told. */
#ifndef DWELL_TESTS_COLLECT_H
#define DWELL_TESTS_COLLECT_H

#include <stdlib.h>
#include <string.h>

#include "dwell/sink.h"

enum { COLLECT_ROWS = 1 << 16, COLLECT_NAMES = 4096 };

struct collect {
	struct dwell_sink sink;
	size_t rows;
	uint32_t tasks, processes, objects, stacks, labels, mappings;
	char task_name[COLLECT_NAMES][32];
	struct dwell_task task[COLLECT_NAMES];
	struct dwell_object object[COLLECT_NAMES];
	size_t stack_depth[COLLECT_NAMES];
	uint32_t stack_end[COLLECT_NAMES]; /* its outermost location */
	uint32_t location_line[COLLECT_NAMES];
	char location_text[COLLECT_NAMES][64]; /* function, '@', file; "": it has an address */
	char label[COLLECT_NAMES][32];
	struct dwell_event row[COLLECT_ROWS];
};

static inline struct collect *collect_of(struct dwell_sink *sink)
{
	return (struct collect *)sink;
}

static inline void collect_text(char *to, size_t size, struct dwell_string text)
{
	size_t length = text.size < size - 1 ? text.size : size - 1;

	if (length > 0)
		memcpy(to, text.at, length);
	to[length] = '\0';
}

static inline int collect_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct collect *c = collect_of(sink);

	if (task->id < COLLECT_NAMES) {
		c->task[task->id] = *task;
		collect_text(c->task_name[task->id], sizeof(c->task_name[0]), task->name);
	}
	if (task->id > c->tasks)
		c->tasks = task->id;
	return 0;
}

static inline int collect_process(struct dwell_sink *sink, const struct dwell_process *process)
{
	if (process->id > collect_of(sink)->processes)
		collect_of(sink)->processes = process->id;
	return 0;
}

static inline int collect_object(struct dwell_sink *sink, const struct dwell_object *object)
{
	struct collect *c = collect_of(sink);

	if (object->id < COLLECT_NAMES)
		c->object[object->id] = *object;
	if (object->id > c->objects)
		c->objects = object->id;
	return 0;
}

static inline int collect_stack(struct dwell_sink *sink, const struct dwell_stack *stack)
{
	struct collect *c = collect_of(sink);

	if (stack->id < COLLECT_NAMES)
		c->stack_depth[stack->id] = stack->count;
	if (stack->id < COLLECT_NAMES && stack->count > 0)
		c->stack_end[stack->id] = stack->locations[stack->count - 1];
	if (stack->id > c->stacks)
		c->stacks = stack->id;
	return 0;
}

static inline int collect_location(struct dwell_sink *sink, const struct dwell_location *location)
{
	struct collect *c = collect_of(sink);
	char *text = c->location_text[location->id % COLLECT_NAMES];

	if (location->line_count == 0 || location->address != 0 || location->mapping != 0)
		return 0;
	c->location_line[location->id % COLLECT_NAMES] = location->lines[0].line;
	collect_text(text, sizeof(c->location_text[0]) / 2, location->lines[0].function);
	text += strlen(text);
	*text++ = '@';
	collect_text(text, sizeof(c->location_text[0]) / 2, location->lines[0].file);
	return 0;
}

static inline int collect_label(struct dwell_sink *sink, const struct dwell_label *label)
{
	struct collect *c = collect_of(sink);

	if (label->id < COLLECT_NAMES)
		collect_text(c->label[label->id], sizeof(c->label[0]), label->text);
	c->labels = label->id;
	return 0;
}

static inline int collect_mapping(struct dwell_sink *sink, const struct dwell_mapping *mapping)
{
	collect_of(sink)->mappings = mapping->id;
	return 0;
}

static inline int collect_events(
	struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct collect *c = collect_of(sink);

	for (size_t i = 0; i < count && c->rows < COLLECT_ROWS; i++)
		c->row[c->rows++] = events[i];
	return 0;
}

static inline struct collect *collect_new(void)
{
	static const struct dwell_sink_ops ops = {
		.process = collect_process,
		.task = collect_task,
		.object = collect_object,
		.mapping = collect_mapping,
		.location = collect_location,
		.stack = collect_stack,
		.label = collect_label,
		.events = collect_events,
	};
	struct collect *c = calloc(1, sizeof(*c));

	if (c)
		c->sink.ops = &ops;
	return c;
}

/* The nth row of a kind, or NULL. */
static inline const struct dwell_event *collect_row(
	const struct collect *c, unsigned kind, size_t nth)
{
	for (size_t i = 0; i < c->rows; i++)
		if (c->row[i].kind == kind && nth-- == 0)
			return &c->row[i];
	return NULL;
}

#endif

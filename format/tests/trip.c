#include "tests/trip.h"

#include "dwell/states.h"

#include <stdlib.h>
#include <string.h>

static int append(uint8_t **at, size_t *size, size_t *cap, const void *from, size_t more)
{
	if (more > *cap - *size) {
		size_t grown = *cap ? *cap : 4096;

		while (grown - *size < more)
			grown *= 2;
		uint8_t *moved = realloc(*at, grown);

		if (!moved)
			return DWELL_ENOMEM;
		*at = moved;
		*cap = grown;
	}
	if (more)
		memcpy(*at + *size, from, more);
	*size += more;
	return DWELL_OK;
}

static int memory_write(struct dwell_output *output, const void *at, size_t size)
{
	struct memory_output *memory = (struct memory_output *)output;

	return append(&memory->at, &memory->size, &memory->cap, at, size);
}

void memory_output_init(struct memory_output *memory)
{
	*memory = (struct memory_output){ .output = { memory_write } };
}

void memory_output_release(struct memory_output *memory)
{
	free(memory->at);
	memory->at = NULL;
}

static void put(struct tape *tape, const void *at, size_t size)
{
	if (append(&tape->at, &tape->size, &tape->cap, at, size))
		abort();
}

static void number(struct tape *tape, uint64_t value)
{
	put(tape, &value, sizeof(value));
}

static void string(struct tape *tape, struct dwell_string string)
{
	number(tape, string.size);
	put(tape, string.at, string.size);
}

static struct tape *of(struct dwell_sink *sink)
{
	return (struct tape *)sink;
}

/* Where definitions go. */
static struct tape *definitions_of(struct dwell_sink *sink)
{
	return of(sink)->definitions ? of(sink)->definitions : of(sink);
}

static int put_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	string(of(sink), info->source);
	number(of(sink), info->start_unix_ns);
	number(of(sink), info->start_monotonic_ns);
	number(of(sink), info->begin_ns);
	number(of(sink), info->tick_ns);
	number(of(sink), info->levels);
	return DWELL_OK;
}

static int put_process(struct dwell_sink *sink, const struct dwell_process *process)
{
	number(definitions_of(sink), process->id);
	number(definitions_of(sink), process->parent);
	number(definitions_of(sink), (uint64_t)process->pid);
	string(definitions_of(sink), process->name);
	string(definitions_of(sink), process->command);
	return DWELL_OK;
}

static int put_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	number(definitions_of(sink), task->id);
	number(definitions_of(sink), task->process);
	number(definitions_of(sink), task->parent);
	number(definitions_of(sink), task->creation_stack);
	number(definitions_of(sink), task->start_location);
	number(definitions_of(sink), task->kind);
	number(definitions_of(sink), task->born);
	number(definitions_of(sink), (uint64_t)task->tid);
	number(definitions_of(sink), task->native_id);
	number(definitions_of(sink), task->created_ns);
	string(definitions_of(sink), task->name);
	return DWELL_OK;
}

static int put_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	number(definitions_of(sink), executor->id);
	number(definitions_of(sink), executor->parent);
	number(definitions_of(sink), executor->kind);
	number(definitions_of(sink), executor->number);
	string(definitions_of(sink), executor->name);
	return DWELL_OK;
}

static int put_object(struct dwell_sink *sink, const struct dwell_object *object)
{
	number(definitions_of(sink), object->id);
	number(definitions_of(sink), object->process);
	number(definitions_of(sink), object->creation_stack);
	number(definitions_of(sink), object->kind);
	number(definitions_of(sink), object->native_id);
	string(definitions_of(sink), object->name);
	return DWELL_OK;
}

static int put_mapping(struct dwell_sink *sink, const struct dwell_mapping *mapping)
{
	number(definitions_of(sink), mapping->id);
	number(definitions_of(sink), mapping->process);
	number(definitions_of(sink), mapping->start);
	number(definitions_of(sink), mapping->end);
	number(definitions_of(sink), mapping->file_offset);
	string(definitions_of(sink), mapping->path);
	string(definitions_of(sink), mapping->build_id);
	return DWELL_OK;
}

static int put_location(struct dwell_sink *sink, const struct dwell_location *location)
{
	number(definitions_of(sink), location->id);
	number(definitions_of(sink), location->mapping);
	number(definitions_of(sink), location->address);
	number(definitions_of(sink), location->line_count);
	for (size_t i = 0; i < location->line_count; i++) {
		string(definitions_of(sink), location->lines[i].function);
		string(definitions_of(sink), location->lines[i].file);
		number(definitions_of(sink), location->lines[i].line);
	}
	return DWELL_OK;
}

static int put_stack(struct dwell_sink *sink, const struct dwell_stack *stack)
{
	number(definitions_of(sink), stack->id);
	number(definitions_of(sink), stack->truncated);
	number(definitions_of(sink), stack->count);
	for (size_t i = 0; i < stack->count; i++)
		number(definitions_of(sink), stack->locations[i]);
	return DWELL_OK;
}

static int put_label(struct dwell_sink *sink, const struct dwell_label *label)
{
	number(definitions_of(sink), label->id);
	string(definitions_of(sink), label->text);
	return DWELL_OK;
}

static int put_counter(struct dwell_sink *sink, const struct dwell_counter *counter)
{
	number(definitions_of(sink), counter->id);
	number(definitions_of(sink), counter->kind);
	number(definitions_of(sink), (uint64_t)counter->exponent);
	string(definitions_of(sink), counter->name);
	string(definitions_of(sink), counter->unit);
	return DWELL_OK;
}

static int put_clock(struct dwell_sink *sink, const struct dwell_clock_pair *pair)
{
	string(definitions_of(sink), pair->clock);
	number(definitions_of(sink), pair->value);
	number(definitions_of(sink), pair->time_ns);
	return DWELL_OK;
}

static int put_note(struct dwell_sink *sink, const struct dwell_note *note)
{
	string(definitions_of(sink), note->key);
	string(definitions_of(sink), note->value);
	return DWELL_OK;
}

static int put_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	if (!of(sink)->keyframes)
		return DWELL_OK;
	number(of(sink), time_ns);
	put(of(sink), states, count * sizeof(*states));
	return DWELL_OK;
}

static int put_events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct tape *tape = of(sink);

	for (size_t i = 0; i < count; i++) {
		tape->disorder |= rows[i].time_ns < tape->last_ns;
		tape->last_ns = rows[i].time_ns;
		tape->losses += rows[i].kind == DWELL_EVENT_LOSS;
	}
	tape->rows += count;
	put(tape, rows, count * sizeof(*rows));
	return DWELL_OK;
}

static int put_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	number(of(sink), end->end_ns);
	number(of(sink), end->closed);
	return DWELL_OK;
}

void tape_init(struct tape *tape)
{
	static const struct dwell_sink_ops ops = {
		.begin = put_begin,
		.process = put_process,
		.task = put_task,
		.executor = put_executor,
		.object = put_object,
		.mapping = put_mapping,
		.location = put_location,
		.stack = put_stack,
		.label = put_label,
		.counter = put_counter,
		.clock = put_clock,
		.note = put_note,
		.keyframe = put_keyframe,
		.events = put_events,
		.end = put_end,
	};

	*tape = (struct tape){ .sink = { &ops } };
}

void tape_release(struct tape *tape)
{
	free(tape->at);
	tape->at = NULL;
}

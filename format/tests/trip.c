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
	number(of(sink), process->id);
	number(of(sink), process->parent);
	number(of(sink), (uint64_t)process->pid);
	string(of(sink), process->name);
	string(of(sink), process->command);
	return DWELL_OK;
}

static int put_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	number(of(sink), task->id);
	number(of(sink), task->process);
	number(of(sink), task->parent);
	number(of(sink), task->creation_stack);
	number(of(sink), task->start_location);
	number(of(sink), task->kind);
	number(of(sink), task->born);
	number(of(sink), (uint64_t)task->tid);
	number(of(sink), task->native_id);
	number(of(sink), task->created_ns);
	string(of(sink), task->name);
	return DWELL_OK;
}

static int put_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	number(of(sink), executor->id);
	number(of(sink), executor->parent);
	number(of(sink), executor->kind);
	number(of(sink), executor->number);
	string(of(sink), executor->name);
	return DWELL_OK;
}

static int put_object(struct dwell_sink *sink, const struct dwell_object *object)
{
	number(of(sink), object->id);
	number(of(sink), object->process);
	number(of(sink), object->creation_stack);
	number(of(sink), object->kind);
	number(of(sink), object->native_id);
	string(of(sink), object->name);
	return DWELL_OK;
}

static int put_mapping(struct dwell_sink *sink, const struct dwell_mapping *mapping)
{
	number(of(sink), mapping->id);
	number(of(sink), mapping->process);
	number(of(sink), mapping->start);
	number(of(sink), mapping->end);
	number(of(sink), mapping->file_offset);
	string(of(sink), mapping->path);
	string(of(sink), mapping->build_id);
	return DWELL_OK;
}

static int put_location(struct dwell_sink *sink, const struct dwell_location *location)
{
	number(of(sink), location->id);
	number(of(sink), location->mapping);
	number(of(sink), location->address);
	number(of(sink), location->line_count);
	for (size_t i = 0; i < location->line_count; i++) {
		string(of(sink), location->lines[i].function);
		string(of(sink), location->lines[i].file);
		number(of(sink), location->lines[i].line);
	}
	return DWELL_OK;
}

static int put_stack(struct dwell_sink *sink, const struct dwell_stack *stack)
{
	number(of(sink), stack->id);
	number(of(sink), stack->truncated);
	number(of(sink), stack->count);
	for (size_t i = 0; i < stack->count; i++)
		number(of(sink), stack->locations[i]);
	return DWELL_OK;
}

static int put_label(struct dwell_sink *sink, const struct dwell_label *label)
{
	number(of(sink), label->id);
	string(of(sink), label->text);
	return DWELL_OK;
}

static int put_counter(struct dwell_sink *sink, const struct dwell_counter *counter)
{
	number(of(sink), counter->id);
	number(of(sink), counter->kind);
	number(of(sink), (uint64_t)counter->exponent);
	string(of(sink), counter->name);
	string(of(sink), counter->unit);
	return DWELL_OK;
}

static int put_clock(struct dwell_sink *sink, const struct dwell_clock_pair *pair)
{
	string(of(sink), pair->clock);
	number(of(sink), pair->value);
	number(of(sink), pair->time_ns);
	return DWELL_OK;
}

static int put_note(struct dwell_sink *sink, const struct dwell_note *note)
{
	string(of(sink), note->key);
	string(of(sink), note->value);
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

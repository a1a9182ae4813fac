#include "src/records.h"

#include "dwell/limits.h"

/* Records are short: their length is known only at their end, so fields go into place behind a
 * gap of one byte, which is widened where it must. */
static size_t begin(struct dwell_buffer *out, enum wire_record type)
{
	dwell_buffer_byte(out, type);
	dwell_buffer_byte(out, 0);
	return out->size;
}

static void end(struct dwell_buffer *out, size_t start)
{
	if (out->failed)
		return;

	const size_t size = out->size - start;
	size_t extra = 0;

	while (size >> (7 * (extra + 1)))
		extra++;
	dwell_buffer_zeros(out, extra);
	if (out->failed)
		return;

	uint8_t *at = out->at + start;

	for (size_t i = extra ? size : 0; i > 0; i--)
		at[i - 1 + extra] = at[i - 1];
	for (size_t i = 0; i <= extra; i++)
		at[i - 1] = (uint8_t)((size >> (7 * i) & 0x7f) | (i < extra ? 0x80 : 0));
}

void dwell_record_process(struct dwell_buffer *out, const struct dwell_process *process)
{
	const size_t start = begin(out, WIRE_PROCESS);

	dwell_buffer_varint(out, process->id);
	dwell_buffer_varint(out, process->parent);
	dwell_buffer_signed(out, process->pid);
	dwell_buffer_string(out, process->name);
	dwell_buffer_string(out, process->command);
	dwell_buffer_varint(out, process->recorded);
	end(out, start);
}

void dwell_record_task(struct dwell_buffer *out, const struct dwell_task *task)
{
	const size_t start = begin(out, WIRE_TASK);

	dwell_buffer_varint(out, task->id);
	dwell_buffer_varint(out, task->process);
	dwell_buffer_varint(out, task->parent);
	dwell_buffer_varint(out, task->creation_stack);
	dwell_buffer_varint(out, task->start_location);
	dwell_buffer_varint(out, task->kind);
	dwell_buffer_varint(out, task->born);
	dwell_buffer_signed(out, task->tid);
	dwell_buffer_varint(out, task->native_id);
	dwell_buffer_varint(out, task->created_ns);
	dwell_buffer_string(out, task->name);
	end(out, start);
}

void dwell_record_executor(struct dwell_buffer *out, const struct dwell_executor *executor)
{
	const size_t start = begin(out, WIRE_EXECUTOR);

	dwell_buffer_varint(out, executor->id);
	dwell_buffer_varint(out, executor->parent);
	dwell_buffer_varint(out, executor->kind);
	dwell_buffer_varint(out, executor->number);
	dwell_buffer_string(out, executor->name);
	end(out, start);
}

void dwell_record_object(struct dwell_buffer *out, const struct dwell_object *object)
{
	const size_t start = begin(out, WIRE_OBJECT);

	dwell_buffer_varint(out, object->id);
	dwell_buffer_varint(out, object->process);
	dwell_buffer_varint(out, object->creation_stack);
	dwell_buffer_varint(out, object->kind);
	dwell_buffer_varint(out, object->native_id);
	dwell_buffer_string(out, object->name);
	end(out, start);
}

void dwell_record_mapping(struct dwell_buffer *out, const struct dwell_mapping *mapping)
{
	const size_t start = begin(out, WIRE_MAPPING);

	dwell_buffer_varint(out, mapping->id);
	dwell_buffer_varint(out, mapping->process);
	dwell_buffer_varint(out, mapping->start);
	dwell_buffer_varint(out, mapping->end);
	dwell_buffer_varint(out, mapping->file_offset);
	dwell_buffer_string(out, mapping->path);
	dwell_buffer_string(out, mapping->build_id);
	end(out, start);
}

void dwell_record_location(struct dwell_buffer *out, const struct dwell_location *location)
{
	const size_t start = begin(out, WIRE_LOCATION);
	const size_t count = location->line_count < DWELL_MAX_INLINE_LINES ? location->line_count
									   : DWELL_MAX_INLINE_LINES;

	dwell_buffer_varint(out, location->id);
	dwell_buffer_varint(out, location->mapping);
	dwell_buffer_varint(out, location->address);
	dwell_buffer_varint(out, count);
	for (size_t i = 0; i < count; i++) {
		dwell_buffer_string(out, location->lines[i].function);
		dwell_buffer_string(out, location->lines[i].file);
		dwell_buffer_varint(out, location->lines[i].line);
	}
	end(out, start);
}

void dwell_record_stack(struct dwell_buffer *out, const struct dwell_stack *stack)
{
	const size_t start = begin(out, WIRE_STACK);
	const bool cut = stack->count > DWELL_MAX_FRAMES;
	const size_t count = cut ? DWELL_MAX_FRAMES : stack->count;
	uint32_t before = 0;

	dwell_buffer_varint(out, stack->id);
	dwell_buffer_varint(out, stack->truncated || cut);
	dwell_buffer_varint(out, count);
	for (size_t i = 0; i < count; i++) {
		dwell_buffer_signed(out, (int64_t)stack->locations[i] - before);
		before = stack->locations[i];
	}
	end(out, start);
}

void dwell_record_label(struct dwell_buffer *out, const struct dwell_label *label)
{
	const size_t start = begin(out, WIRE_LABEL);

	dwell_buffer_varint(out, label->id);
	dwell_buffer_string(out, label->text);
	end(out, start);
}

void dwell_record_counter(struct dwell_buffer *out, const struct dwell_counter *counter)
{
	const size_t start = begin(out, WIRE_COUNTER);

	dwell_buffer_varint(out, counter->id);
	dwell_buffer_varint(out, counter->kind);
	dwell_buffer_signed(out, counter->exponent);
	dwell_buffer_string(out, counter->name);
	dwell_buffer_string(out, counter->unit);
	end(out, start);
}

void dwell_record_clock(struct dwell_buffer *out, const struct dwell_clock_pair *pair)
{
	const size_t start = begin(out, WIRE_CLOCK);

	dwell_buffer_string(out, pair->clock);
	dwell_buffer_varint(out, pair->value);
	dwell_buffer_varint(out, pair->time_ns);
	end(out, start);
}

void dwell_record_note(struct dwell_buffer *out, const struct dwell_note *note)
{
	const size_t start = begin(out, WIRE_NOTE);

	dwell_buffer_string(out, note->key);
	dwell_buffer_string(out, note->value);
	end(out, start);
}

void dwell_record_info(struct dwell_buffer *out, const struct dwell_trace_info *info)
{
	dwell_buffer_string(out, info->source);
	dwell_buffer_varint(out, info->start_unix_ns);
	dwell_buffer_varint(out, info->start_monotonic_ns);
	dwell_buffer_varint(out, info->begin_ns);
	dwell_buffer_varint(out, info->tick_ns);
	dwell_buffer_varint(out, info->levels);
}

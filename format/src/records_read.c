#include "src/records.h"

#include "dwell/error.h"
#include "dwell/limits.h"

#include <stdlib.h>

/* Fields one after the other; the first fault stays. */
struct fields {
	struct dwell_cursor in;
	int err;
};

static uint64_t number(struct fields *f, uint64_t max)
{
	uint64_t value = 0;

	if (f->err)
		return 0;
	/* Of one byte, as most are. */
	if (f->in.left && *f->in.at < 0x80 && *f->in.at <= max) {
		f->in.left--;
		return *f->in.at++;
	}
	f->err = dwell_cursor_varint(&f->in, &value);
	if (!f->err && value > max)
		f->err = DWELL_ELIMIT;
	return f->err ? 0 : value;
}

static uint32_t id(struct fields *f, uint32_t max)
{
	const uint32_t value = (uint32_t)number(f, max);

	if (!f->err && !value)
		f->err = DWELL_EFORMAT;
	return value;
}

static uint32_t reference(struct fields *f, uint32_t max)
{
	return (uint32_t)number(f, max);
}

static int64_t signed_number(struct fields *f)
{
	return dwell_unzigzag(number(f, UINT64_MAX));
}

static uint8_t byte(struct fields *f)
{
	return (uint8_t)number(f, UINT8_MAX);
}

static bool flag(struct fields *f)
{
	return number(f, 1) != 0;
}

static struct dwell_string string(struct fields *f)
{
	struct dwell_cursor at = { 0 };
	const uint64_t size = number(f, DWELL_MAX_STRING);

	if (!f->err)
		f->err = dwell_cursor_take(&f->in, size, &at);
	return (struct dwell_string){ .at = (const char *)at.at, .size = at.left };
}

#define TELL(sink, name, value)                                                                    \
	((sink)->ops->name ? (sink)->ops->name((sink), (value)) : (int)DWELL_OK)

static int read_process(struct fields *f, struct dwell_sink *sink)
{
	struct dwell_process process = { 0 };

	process.id = id(f, DWELL_MAX_PROCESSES);
	process.parent = reference(f, DWELL_MAX_PROCESSES);
	process.pid = signed_number(f);
	process.name = string(f);
	process.command = string(f);
	/* Files of before this field have none. */
	process.recorded = f->in.left && flag(f);

	return f->err ? f->err : TELL(sink, process, &process);
}

static int read_task(struct fields *f, struct dwell_sink *sink)
{
	struct dwell_task task = { 0 };

	task.id = id(f, DWELL_MAX_TASKS);
	task.process = reference(f, DWELL_MAX_PROCESSES);
	task.parent = reference(f, DWELL_MAX_TASKS);
	task.creation_stack = reference(f, DWELL_MAX_STACKS);
	task.start_location = reference(f, DWELL_MAX_LOCATIONS);
	task.kind = byte(f);
	task.born = flag(f);
	task.tid = signed_number(f);
	task.native_id = number(f, UINT64_MAX);
	task.created_ns = number(f, UINT64_MAX);
	task.name = string(f);

	return f->err ? f->err : TELL(sink, task, &task);
}

static int read_executor(struct fields *f, struct dwell_sink *sink)
{
	struct dwell_executor executor = { 0 };

	executor.id = id(f, DWELL_MAX_EXECUTORS);
	executor.parent = reference(f, DWELL_MAX_EXECUTORS);
	executor.kind = byte(f);
	executor.number = reference(f, UINT32_MAX);
	executor.name = string(f);

	return f->err ? f->err : TELL(sink, executor, &executor);
}

static int read_object(struct fields *f, struct dwell_sink *sink)
{
	struct dwell_object object = { 0 };

	object.id = id(f, DWELL_MAX_OBJECTS);
	object.process = reference(f, DWELL_MAX_PROCESSES);
	object.creation_stack = reference(f, DWELL_MAX_STACKS);
	object.kind = byte(f);
	object.native_id = number(f, UINT64_MAX);
	object.name = string(f);

	return f->err ? f->err : TELL(sink, object, &object);
}

static int read_mapping(struct fields *f, struct dwell_sink *sink)
{
	struct dwell_mapping mapping = { 0 };

	mapping.id = id(f, DWELL_MAX_LOCATIONS);
	mapping.process = reference(f, DWELL_MAX_PROCESSES);
	mapping.start = number(f, UINT64_MAX);
	mapping.end = number(f, UINT64_MAX);
	mapping.file_offset = number(f, UINT64_MAX);
	mapping.path = string(f);
	mapping.build_id = string(f);

	return f->err ? f->err : TELL(sink, mapping, &mapping);
}

static int read_location(struct fields *f, struct dwell_sink *sink)
{
	struct dwell_line lines[DWELL_MAX_INLINE_LINES];
	struct dwell_location location = { 0 };

	location.id = id(f, DWELL_MAX_LOCATIONS);
	location.mapping = reference(f, DWELL_MAX_LOCATIONS);
	location.address = number(f, UINT64_MAX);
	location.line_count = (size_t)number(f, DWELL_MAX_INLINE_LINES);
	location.lines = lines;

	for (size_t i = 0; i < location.line_count; i++) {
		lines[i].function = string(f);
		lines[i].file = string(f);
		lines[i].line = reference(f, UINT32_MAX);
	}
	return f->err ? f->err : TELL(sink, location, &location);
}

static int read_stack(struct fields *f, struct dwell_sink *sink)
{
	uint32_t locations[DWELL_MAX_FRAMES];
	int64_t location = 0;
	struct dwell_stack stack = { 0 };

	stack.id = id(f, DWELL_MAX_STACKS);
	stack.truncated = flag(f);
	stack.count = (size_t)number(f, DWELL_MAX_FRAMES);
	stack.locations = locations;

	for (size_t i = 0; i < stack.count && !f->err; i++) {
		const int64_t step = signed_number(f);

		/* Both ends first: a hostile step must not overflow the sum. */
		if (step < -(int64_t)DWELL_MAX_LOCATIONS || step > DWELL_MAX_LOCATIONS)
			f->err = DWELL_ELIMIT;
		else
			location += step;
		if (!f->err && (location < 0 || location > DWELL_MAX_LOCATIONS))
			f->err = DWELL_ELIMIT;
		locations[i] = (uint32_t)location;
	}
	return f->err ? f->err : TELL(sink, stack, &stack);
}

static int read_label(struct fields *f, struct dwell_sink *sink)
{
	struct dwell_label label = { 0 };

	label.id = id(f, DWELL_MAX_LABELS);
	label.text = string(f);

	return f->err ? f->err : TELL(sink, label, &label);
}

static int read_counter(struct fields *f, struct dwell_sink *sink)
{
	const uint32_t counter_id = id(f, DWELL_MAX_COUNTERS);
	const uint8_t kind = byte(f);
	const int64_t exponent = signed_number(f);
	struct dwell_counter counter = { 0 };

	counter.id = counter_id;
	counter.kind = kind;
	counter.exponent = (int8_t)exponent;
	counter.name = string(f);
	counter.unit = string(f);

	if (!f->err && (exponent < INT8_MIN || exponent > INT8_MAX))
		f->err = DWELL_ELIMIT;
	return f->err ? f->err : TELL(sink, counter, &counter);
}

static int read_clock(struct fields *f, struct dwell_sink *sink)
{
	struct dwell_clock_pair pair = { 0 };

	pair.clock = string(f);
	pair.value = number(f, UINT64_MAX);
	pair.time_ns = number(f, UINT64_MAX);

	return f->err ? f->err : TELL(sink, clock, &pair);
}

static int read_note(struct fields *f, struct dwell_sink *sink)
{
	struct dwell_note note = { 0 };

	note.key = string(f);
	note.value = string(f);

	return f->err ? f->err : TELL(sink, note, &note);
}

int dwell_record_read_info(struct dwell_cursor *in, struct dwell_trace_info *out)
{
	struct fields f = { .in = *in };
	struct dwell_trace_info info = { 0 };

	info.source = string(&f);
	info.start_unix_ns = number(&f, UINT64_MAX);
	info.start_monotonic_ns = number(&f, UINT64_MAX);
	info.begin_ns = number(&f, UINT64_MAX);
	info.tick_ns = number(&f, UINT64_MAX);
	info.levels = reference(&f, UINT32_MAX);

	if (f.err)
		return f.err;
	if (!info.tick_ns)
		return DWELL_EFORMAT;
	*in = f.in;
	*out = info;
	return DWELL_OK;
}

int dwell_record_tell(struct dwell_cursor *in, struct dwell_sink *sink, bool *faulty)
{
	static int (*const readers[])(struct fields *, struct dwell_sink *) = {
		[WIRE_PROCESS] = read_process,
		[WIRE_TASK] = read_task,
		[WIRE_EXECUTOR] = read_executor,
		[WIRE_OBJECT] = read_object,
		[WIRE_MAPPING] = read_mapping,
		[WIRE_LOCATION] = read_location,
		[WIRE_STACK] = read_stack,
		[WIRE_LABEL] = read_label,
		[WIRE_COUNTER] = read_counter,
		[WIRE_CLOCK] = read_clock,
		[WIRE_NOTE] = read_note,
	};

	if (!in->left)
		return DWELL_END;

	uint64_t type, size;
	struct fields f = { 0 };
	int err = dwell_cursor_varint(in, &type);

	if (!err)
		err = dwell_cursor_varint(in, &size);
	if (!err)
		err = dwell_cursor_take(in, size, &f.in);
	if (!err && type < WIRE_RECORD_COUNT && readers[type]) {
		err = readers[type](&f, sink);
		*faulty = f.err != DWELL_OK;
	} else {
		*faulty = err != DWELL_OK;
	}
	return err;
}

int dwell_record_next(struct dwell_cursor *in, struct dwell_sink *sink)
{
	bool faulty;

	return dwell_record_tell(in, sink, &faulty);
}

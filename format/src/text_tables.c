/* What each kind of line holds, in the order in which it is written. */
#include "src/text_private.h"

#include "dwell/limits.h"

const struct text_table_info text_tables[TEXT_TABLE_COUNT] = {
	[TEXT_PROCESS] = { "process", 'p', DWELL_MAX_PROCESSES },
	[TEXT_TASK] = { "task", 't', DWELL_MAX_TASKS },
	[TEXT_EXECUTOR] = { "executor", 'x', DWELL_MAX_EXECUTORS },
	[TEXT_OBJECT] = { "object", 'o', DWELL_MAX_OBJECTS },
	[TEXT_MAPPING] = { "mapping", 'm', DWELL_MAX_PROCESSES },
	[TEXT_LOCATION] = { "location", 'l', DWELL_MAX_LOCATIONS },
	[TEXT_STACK] = { "stack", 's', DWELL_MAX_STACKS },
	[TEXT_LABEL] = { "label", 'b', DWELL_MAX_LABELS },
	[TEXT_COUNTER] = { "counter", 'c', DWELL_MAX_COUNTERS },
};

/* NAME: bit of enum dwell_event_flag. */
static const char *flag_name(unsigned bit)
{
	static const char *const names[] = { "preempted", "has-value", "holder-read", "timed-out",
		"interrupted", "foreign-put", "shared", "spun" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bit == 1u << i)
			return names[i];
	return NULL;
}

static const char *waker_how_name(unsigned how)
{
	static const char *const names[] = { NULL, "wake", "release", "object" };

	return how < DWELL_WAKER_HOW_COUNT ? names[how] : NULL;
}

#define FIELD(structure, member, key, type)                                                        \
	{                                                                                          \
		key, NULL, offsetof(structure, member), type, 0                                    \
	}
#define NAMED(structure, member, key, type, name)                                                  \
	{                                                                                          \
		key, name, offsetof(structure, member), type, 0                                    \
	}
#define ID(structure, member, key, table)                                                          \
	{                                                                                          \
		key, NULL, offsetof(structure, member), TEXT_ID, table                             \
	}

static const struct text_field trace_fields[] = {
	FIELD(struct dwell_trace_info, source, "source", TEXT_STRING),
	FIELD(struct dwell_trace_info, start_unix_ns, "start-unix", TEXT_U64),
	FIELD(struct dwell_trace_info, start_monotonic_ns, "start-monotonic", TEXT_U64),
	FIELD(struct dwell_trace_info, begin_ns, "begin", TEXT_U64),
	FIELD(struct dwell_trace_info, tick_ns, "tick", TEXT_U64),
	NAMED(struct dwell_trace_info, levels, "levels", TEXT_BITS32, dwell_level_name),
};

static const struct text_field process_fields[] = {
	ID(struct dwell_process, parent, "parent", TEXT_PROCESS),
	FIELD(struct dwell_process, pid, "pid", TEXT_I64),
	FIELD(struct dwell_process, recorded, "recorded", TEXT_BOOL),
	FIELD(struct dwell_process, name, "name", TEXT_STRING),
	FIELD(struct dwell_process, command, "command", TEXT_STRING),
};

static const struct text_field task_fields[] = {
	NAMED(struct dwell_task, kind, "kind", TEXT_NAME, dwell_task_kind_name),
	ID(struct dwell_task, process, "process", TEXT_PROCESS),
	ID(struct dwell_task, parent, "parent", TEXT_TASK),
	FIELD(struct dwell_task, tid, "tid", TEXT_I64),
	FIELD(struct dwell_task, native_id, "native", TEXT_U64),
	FIELD(struct dwell_task, created_ns, "created", TEXT_U64),
	FIELD(struct dwell_task, born, "born", TEXT_BOOL),
	ID(struct dwell_task, creation_stack, "creation", TEXT_STACK),
	ID(struct dwell_task, start_location, "start", TEXT_LOCATION),
	FIELD(struct dwell_task, name, "name", TEXT_STRING),
};

static const struct text_field executor_fields[] = {
	NAMED(struct dwell_executor, kind, "kind", TEXT_NAME, dwell_executor_kind_name),
	FIELD(struct dwell_executor, number, "number", TEXT_U32),
	ID(struct dwell_executor, parent, "parent", TEXT_EXECUTOR),
	FIELD(struct dwell_executor, name, "name", TEXT_STRING),
};

static const struct text_field object_fields[] = {
	NAMED(struct dwell_object, kind, "kind", TEXT_NAME, dwell_object_kind_name),
	ID(struct dwell_object, process, "process", TEXT_PROCESS),
	FIELD(struct dwell_object, native_id, "native", TEXT_HEX),
	ID(struct dwell_object, creation_stack, "creation", TEXT_STACK),
	FIELD(struct dwell_object, name, "name", TEXT_STRING),
};

static const struct text_field mapping_fields[] = {
	ID(struct dwell_mapping, process, "process", TEXT_PROCESS),
	FIELD(struct dwell_mapping, start, "start", TEXT_HEX),
	FIELD(struct dwell_mapping, end, "end", TEXT_HEX),
	FIELD(struct dwell_mapping, file_offset, "offset", TEXT_HEX),
	FIELD(struct dwell_mapping, path, "path", TEXT_STRING),
	FIELD(struct dwell_mapping, build_id, "build-id", TEXT_STRING),
};

static const struct text_field location_fields[] = {
	ID(struct dwell_location, mapping, "mapping", TEXT_MAPPING),
	FIELD(struct dwell_location, address, "address", TEXT_HEX),
	FIELD(struct dwell_location, lines, "lines", TEXT_LINES),
};

static const struct text_field stack_fields[] = {
	FIELD(struct dwell_stack, truncated, "truncated", TEXT_BOOL),
	FIELD(struct dwell_stack, locations, "frames", TEXT_FRAMES),
};

static const struct text_field label_fields[] = {
	FIELD(struct dwell_label, text, "text", TEXT_STRING),
};

static const struct text_field counter_fields[] = {
	NAMED(struct dwell_counter, kind, "kind", TEXT_NAME, dwell_counter_kind_name),
	FIELD(struct dwell_counter, exponent, "exponent", TEXT_I8),
	FIELD(struct dwell_counter, name, "name", TEXT_STRING),
	FIELD(struct dwell_counter, unit, "unit", TEXT_STRING),
};

static const struct text_field clock_fields[] = {
	FIELD(struct dwell_clock_pair, clock, "clock", TEXT_STRING),
	FIELD(struct dwell_clock_pair, value, "value", TEXT_U64),
	FIELD(struct dwell_clock_pair, time_ns, "time", TEXT_U64),
};

static const struct text_field note_fields[] = {
	FIELD(struct dwell_note, key, "key", TEXT_STRING),
	FIELD(struct dwell_note, value, "value", TEXT_STRING),
};

static const struct text_field keyframe_fields[] = {
	{ "time", NULL, 0, TEXT_U64, 0 },
};

static const struct text_field state_fields[] = {
	NAMED(struct dwell_task_state, state, "state", TEXT_NAME, dwell_state_name),
	FIELD(struct dwell_task_state, since_ns, "since", TEXT_U64),
	FIELD(struct dwell_task_state, created_ns, "created", TEXT_U64),
	ID(struct dwell_task_state, executor, "executor", TEXT_EXECUTOR),
	NAMED(struct dwell_task_state, reason, "reason", TEXT_NAME, dwell_reason_name),
	ID(struct dwell_task_state, object, "object", TEXT_OBJECT),
	ID(struct dwell_task_state, stack, "stack", TEXT_STACK),
	NAMED(struct dwell_task_state, cause, "cause", TEXT_NAME, dwell_cause_name),
	FIELD(struct dwell_task_state, wake_ns, "wake", TEXT_U64),
	ID(struct dwell_task_state, waker, "waker", TEXT_TASK),
	ID(struct dwell_task_state, waker_stack, "waker-stack", TEXT_STACK),
	FIELD(struct dwell_task_state, lost_ns, "lost", TEXT_U64),
	FIELD(struct dwell_task_state, own_word, "own-word", TEXT_U8),
	NAMED(struct dwell_task_state, wait_reason, "wait-reason", TEXT_NAME, dwell_reason_name),
	FIELD(struct dwell_task_state, wait_since_ns, "wait-since", TEXT_U64),
	FIELD(struct dwell_task_state, wait_blocked_ns, "wait-blocked", TEXT_U64),
	FIELD(struct dwell_task_state, wait_runnable_ns, "wait-runnable", TEXT_U64),
	FIELD(struct dwell_task_state, wait_running_ns, "wait-running", TEXT_U64),
	ID(struct dwell_task_state, wait_object, "wait-object", TEXT_OBJECT),
	ID(struct dwell_task_state, wait_stack, "wait-stack", TEXT_STACK),
	ID(struct dwell_task_state, wait_holder, "wait-holder", TEXT_TASK),
	ID(struct dwell_task_state, wait_waker, "wait-waker", TEXT_TASK),
	ID(struct dwell_task_state, wait_waker_stack, "wait-waker-stack", TEXT_STACK),
	NAMED(struct dwell_task_state, wait_waker_how, "wait-waker-how", TEXT_NAME, waker_how_name),
	NAMED(struct dwell_task_state, wait_flags, "wait-flags", TEXT_BITS8, flag_name),
};

static const struct text_field end_fields[] = {
	FIELD(struct dwell_trace_end, end_ns, "time", TEXT_U64),
	FIELD(struct dwell_trace_end, closed, "closed", TEXT_BOOL),
};

static const struct text_field event_fields[] = {
	ID(struct dwell_event, task, "task", TEXT_TASK),
	NAMED(struct dwell_event, state, "state", TEXT_NAME, dwell_state_name),
	FIELD(struct dwell_event, reason, "reason", TEXT_REASON),
	FIELD(struct dwell_event, object, "object", TEXT_WHAT),
	ID(struct dwell_event, peer, "peer", TEXT_TASK),
	ID(struct dwell_event, executor, "executor", TEXT_EXECUTOR),
	ID(struct dwell_event, stack, "stack", TEXT_STACK),
	FIELD(struct dwell_event, value, "value", TEXT_VALUE),
	FIELD(struct dwell_event, extra, "extra", TEXT_U64),
	NAMED(struct dwell_event, flags, "flags", TEXT_BITS8, flag_name),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KIND(word, table, structure)                                                               \
	{                                                                                          \
#		word, word##_fields, COUNT(word##_fields), table, offsetof(structure, id)         \
	}
#define PLAIN(word)                                                                                \
	{                                                                                          \
#		word, word##_fields, COUNT(word##_fields), -1, 0                                  \
	}

const struct text_kind text_kinds[TEXT_LINE_COUNT] = {
	[TEXT_LINE_TRACE] = PLAIN(trace),
	[TEXT_LINE_PROCESS] = KIND(process, TEXT_PROCESS, struct dwell_process),
	[TEXT_LINE_TASK] = KIND(task, TEXT_TASK, struct dwell_task),
	[TEXT_LINE_EXECUTOR] = KIND(executor, TEXT_EXECUTOR, struct dwell_executor),
	[TEXT_LINE_OBJECT] = KIND(object, TEXT_OBJECT, struct dwell_object),
	[TEXT_LINE_MAPPING] = KIND(mapping, TEXT_MAPPING, struct dwell_mapping),
	[TEXT_LINE_LOCATION] = KIND(location, TEXT_LOCATION, struct dwell_location),
	[TEXT_LINE_STACK] = KIND(stack, TEXT_STACK, struct dwell_stack),
	[TEXT_LINE_LABEL] = KIND(label, TEXT_LABEL, struct dwell_label),
	[TEXT_LINE_COUNTER] = KIND(counter, TEXT_COUNTER, struct dwell_counter),
	[TEXT_LINE_CLOCK] = PLAIN(clock),
	[TEXT_LINE_NOTE] = PLAIN(note),
	[TEXT_LINE_KEYFRAME] = PLAIN(keyframe),
	[TEXT_LINE_STATE] = { "state", state_fields, COUNT(state_fields), TEXT_TASK,
		offsetof(struct dwell_task_state, task) },
	[TEXT_LINE_END] = PLAIN(end),
};

const struct text_kind text_event_kind = { "event", event_fields, COUNT(event_fields), -1, 0 };

const char *(*text_reason_names(unsigned kind))(unsigned)
{
	switch (kind) {
	case DWELL_EVENT_SPAN_BEGIN:
		return dwell_span_kind_name;
	case DWELL_EVENT_SAMPLE:
		return dwell_sample_kind_name;
	case DWELL_EVENT_POOL:
		return dwell_pool_op_name;
	case DWELL_EVENT_LOSS:
		return dwell_loss_cause_name;
	default:
		return dwell_reason_name;
	}
}

enum text_table text_what_table(unsigned kind)
{
	switch (kind) {
	case DWELL_EVENT_SPAN_BEGIN:
	case DWELL_EVENT_MARK:
		return TEXT_LABEL;
	case DWELL_EVENT_COUNTER:
		return TEXT_COUNTER;
	default:
		return TEXT_OBJECT;
	}
}

bool text_value_signed(unsigned kind)
{
	return kind == DWELL_EVENT_COUNTER || kind == DWELL_EVENT_PRIORITY;
}

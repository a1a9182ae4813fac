#include "tick.h"

#include <string.h>

#include "dwell/error.h"

static struct dwell_tick *tick_of(struct dwell_sink *sink)
{
	return (struct dwell_tick *)sink;
}

static uint64_t cut(const struct dwell_tick *tick, uint64_t time_ns)
{
	return time_ns - time_ns % tick->tick_ns;
}

/* Definitions without times go on as they are. */
#define PASS(name, type)                                                                           \
	static int pass_##name(struct dwell_sink *sink, const struct type *it)                     \
	{                                                                                          \
		struct dwell_sink *next = tick_of(sink)->next;                                     \
                                                                                                   \
		return next->ops->name ? next->ops->name(next, it) : 0;                            \
	}

PASS(begin, dwell_trace_info)
PASS(process, dwell_process)
PASS(executor, dwell_executor)
PASS(object, dwell_object)
PASS(mapping, dwell_mapping)
PASS(location, dwell_location)
PASS(stack, dwell_stack)
PASS(label, dwell_label)
PASS(counter, dwell_counter)
PASS(clock, dwell_clock_pair)
PASS(note, dwell_note)

static int pass_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct dwell_tick *tick = tick_of(sink);
	struct dwell_task copy = *task;

	copy.created_ns = cut(tick, task->created_ns);
	return tick->next->ops->task ? tick->next->ops->task(tick->next, &copy) : 0;
}

static int pass_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct dwell_tick *tick = tick_of(sink);

	/* Only what was cut already has any. */
	return tick->next->ops->keyframe
		       ? tick->next->ops->keyframe(tick->next, time_ns, states, count)
		       : 0;
}

/* A row as it is handed on; false: not at all. */
static bool cut_row(struct dwell_tick *tick, struct dwell_event *row)
{
	row->time_ns = cut(tick, row->time_ns);
	tick->waits += row->kind == DWELL_EVENT_WAIT_END;
	if (row->kind != DWELL_EVENT_LOSS)
		return true;
	row->extra = cut(tick, row->extra);
	return !tick->hold_end || row->reason != DWELL_LOSS_CUT;
}

static int pass_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct dwell_tick *tick = tick_of(sink);
	struct dwell_event some[128];
	size_t used = 0;
	int err = 0;

	tick->rows += count;
	if (!tick->next->ops->events)
		return 0;
	for (size_t i = 0; i < count && !err; i++) {
		some[used] = events[i];
		used += cut_row(tick, &some[used]);
		if (used == sizeof(some) / sizeof(*some) || (i + 1 == count && used > 0)) {
			err = tick->next->ops->events(tick->next, some, used);
			used = 0;
		}
	}
	return err;
}

static int pass_watermark(struct dwell_sink *sink, uint64_t time_ns)
{
	struct dwell_tick *tick = tick_of(sink);

	return tick->next->ops->watermark
		       ? tick->next->ops->watermark(tick->next, cut(tick, time_ns))
		       : 0;
}

static int pass_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct dwell_tick *tick = tick_of(sink);
	struct dwell_trace_end copy = *end;

	copy.end_ns = cut(tick, end->end_ns);
	if (tick->hold_end || !tick->next->ops->end)
		return 0;
	return tick->next->ops->end(tick->next, &copy);
}

void dwell_tick_init(struct dwell_tick *tick, struct dwell_sink *next, uint64_t tick_ns)
{
	static const struct dwell_sink_ops ops = {
		.begin = pass_begin,
		.process = pass_process,
		.task = pass_task,
		.executor = pass_executor,
		.object = pass_object,
		.mapping = pass_mapping,
		.location = pass_location,
		.stack = pass_stack,
		.label = pass_label,
		.counter = pass_counter,
		.clock = pass_clock,
		.note = pass_note,
		.keyframe = pass_keyframe,
		.events = pass_events,
		.watermark = pass_watermark,
		.end = pass_end,
	};

	*tick = (struct dwell_tick){
		.sink = { &ops }, .next = next, .tick_ns = tick_ns ? tick_ns : 1
	};
}

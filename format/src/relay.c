#include "dwell/relay.h"

#define HAND_ON(call, type)                                                                        \
	static int on_##call(struct dwell_sink *sink, const struct type *told)                     \
	{                                                                                          \
		return DWELL_TELL(((struct dwell_relay *)sink)->next, call, told);                 \
	}

HAND_ON(begin, dwell_trace_info)
HAND_ON(process, dwell_process)
HAND_ON(task, dwell_task)
HAND_ON(executor, dwell_executor)
HAND_ON(object, dwell_object)
HAND_ON(mapping, dwell_mapping)
HAND_ON(location, dwell_location)
HAND_ON(stack, dwell_stack)
HAND_ON(label, dwell_label)
HAND_ON(counter, dwell_counter)
HAND_ON(clock, dwell_clock_pair)
HAND_ON(note, dwell_note)
HAND_ON(end, dwell_trace_end)

static int on_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	return DWELL_TELL(((struct dwell_relay *)sink)->next, keyframe, time_ns, states, count);
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	return DWELL_TELL(((struct dwell_relay *)sink)->next, events, events, count);
}

static int on_watermark(struct dwell_sink *sink, uint64_t time_ns)
{
	return DWELL_TELL(((struct dwell_relay *)sink)->next, watermark, time_ns);
}

void dwell_relay_init(struct dwell_relay *relay, struct dwell_sink *next)
{
	relay->ops = (struct dwell_sink_ops){
		.begin = on_begin,
		.process = on_process,
		.task = on_task,
		.executor = on_executor,
		.object = on_object,
		.mapping = on_mapping,
		.location = on_location,
		.stack = on_stack,
		.label = on_label,
		.counter = on_counter,
		.clock = on_clock,
		.note = on_note,
		.keyframe = on_keyframe,
		.events = on_events,
		.watermark = on_watermark,
		.end = on_end,
	};
	relay->sink.ops = &relay->ops;
	relay->next = next;
}

struct dwell_event *dwell_relay_room(struct dwell_sink *sink, size_t count)
{
	struct dwell_sink *next = ((struct dwell_relay *)sink)->next;

	return next->ops->room ? next->ops->room(next, count) : NULL;
}

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

static int pass_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct dwell_tick *tick = tick_of(sink);
	struct dwell_event some[128];

	tick->rows += count;
	if (!tick->next->ops->events)
		return 0;
	while (count > 0) {
		const size_t now = count < 128 ? count : 128;
		int err;

		memcpy(some, events, now * sizeof(*some));
		for (size_t i = 0; i < now; i++) {
			some[i].time_ns = cut(tick, some[i].time_ns);
			tick->waits += some[i].kind == DWELL_EVENT_WAIT_END;
			if (some[i].kind == DWELL_EVENT_LOSS)
				some[i].extra = cut(tick, some[i].extra);
		}
		err = tick->next->ops->events(tick->next, some, now);
		if (err)
			return err;
		events += now;
		count -= now;
	}
	return 0;
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
	return tick->next->ops->end ? tick->next->ops->end(tick->next, &copy) : 0;
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
		.events = pass_events,
		.watermark = pass_watermark,
		.end = pass_end,
	};

	*tick = (struct dwell_tick){ { &ops }, next, tick_ns ? tick_ns : 1, 0, 0 };
}

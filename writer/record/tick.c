#include "tick.h"

#include <string.h>

#include "dwell/error.h"

static struct dwell_tick *tick_of(struct dwell_sink *sink)
{
	return (struct dwell_tick *)sink;
}

static uint64_t cut(const struct dwell_tick *tick, uint64_t time_ns)
{
	const uint64_t below = tick->tick_ns - 1;

	/* Mostly a power of two: a division costs more than all else that is done with a row here.
	 */
	return (tick->tick_ns & below) == 0 ? time_ns & ~below : time_ns - time_ns % tick->tick_ns;
}

static int pass_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct dwell_tick *tick = tick_of(sink);
	struct dwell_task copy = *task;

	copy.created_ns = cut(tick, task->created_ns);
	return DWELL_TELL(tick->relay.next, task, &copy);
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
	for (size_t i = 0; i < count && !err; i++) {
		some[used] = events[i];
		used += cut_row(tick, &some[used]);
		if (used == sizeof(some) / sizeof(*some) || (i + 1 == count && used > 0)) {
			err = DWELL_TELL(tick->relay.next, events, some, used);
			used = 0;
		}
	}
	return err;
}

static int pass_watermark(struct dwell_sink *sink, uint64_t time_ns)
{
	struct dwell_tick *tick = tick_of(sink);

	return DWELL_TELL(tick->relay.next, watermark, cut(tick, time_ns));
}

static int pass_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct dwell_tick *tick = tick_of(sink);
	struct dwell_trace_end copy = *end;

	copy.end_ns = cut(tick, end->end_ns);
	return tick->hold_end ? 0 : DWELL_TELL(tick->relay.next, end, &copy);
}

void dwell_tick_init(struct dwell_tick *tick, struct dwell_sink *next, uint64_t tick_ns)
{
	*tick = (struct dwell_tick){ .tick_ns = tick_ns ? tick_ns : 1 };
	dwell_relay_init(&tick->relay, next);
	tick->relay.ops.task = pass_task;
	tick->relay.ops.events = pass_events;
	tick->relay.ops.watermark = pass_watermark;
	tick->relay.ops.end = pass_end;
}

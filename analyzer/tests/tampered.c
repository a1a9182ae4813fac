/* Generated histories in which tasks end while they are waited for. */
#include "tampered.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

enum { TAMPER_TASKS = 128 };
static struct {
	const struct dwell_sink_ops *real;
	struct dwell_sink_ops ops;
	uint64_t random;
	uint32_t tasks;
	uint32_t ender[TAMPER_TASKS]; /* whom the task waits for, or 0 */
	struct dwell_event last[TAMPER_TASKS];
	bool seen[TAMPER_TASKS], gone[TAMPER_TASKS];
} tamper;

static int end_task(struct dwell_sink *sink, uint32_t task, uint64_t time_ns)
{
	const struct dwell_event end = {
		.kind = DWELL_EVENT_EXIT,
		.task = tamper.ender[task],
		.time_ns = time_ns,
	};

	if (!tamper.seen[end.task] || tamper.gone[end.task])
		return 0;
	tamper.gone[end.task] = true;
	return tamper.real->events(sink, &end, 1);
}

/* Who ended does nothing any more. False: the row is of nobody else. */
static bool bury(struct dwell_event *row)
{
	tamper.seen[row->task] = tamper.seen[row->peer] = true;
	if (tamper.gone[row->peer])
		row->peer = DWELL_NONE;
	if (!tamper.gone[row->task])
		return true;
	row->task = DWELL_NONE;
	row->state = DWELL_STATE_SAME;
	row->reason = 0;
	row->flags = 0;
	return row->kind == DWELL_EVENT_SWITCH && row->peer;
}

static int tamper_row(struct dwell_sink *sink, struct dwell_event row)
{
	uint32_t *ender = &tamper.ender[row.task];
	int err = 0;

	if (gen_random(&tamper.random, 8) == 0)
		err = end_task(
			sink, (uint32_t)gen_random(&tamper.random, tamper.tasks + 1), row.time_ns);
	if (err || !bury(&row))
		return err;
	if (row.kind == DWELL_EVENT_WAIT_BEGIN) {
		*ender = 1 + (uint32_t)gen_random(&tamper.random, tamper.tasks);
		if (*ender == row.task || gen_random(&tamper.random, 3) == 0) {
			*ender = 0;
		} else if (gen_random(&tamper.random, 2)) {
			row.reason = DWELL_REASON_PROCESS;
		} else {
			row.reason = DWELL_REASON_JOIN;
			row.peer = *ender;
			row.flags |= DWELL_EVENT_HOLDER_READ;
		}
	} else if (row.kind == DWELL_EVENT_WAIT_END) {
		if (gen_random(&tamper.random, 2))
			err = end_task(sink, row.task, row.time_ns);
		*ender = 0;
	}
	return err ? err : tamper.real->events(sink, &row, 1);
}

static int tamper_events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = tamper_row(sink, rows[i]);
	return err;
}

/* What a process object's number is, tasks have too. */
static int tamper_object(struct dwell_sink *sink, const struct dwell_object *object)
{
	struct dwell_object other = *object;

	if (other.kind == DWELL_OBJECT_PROCESS)
		other.native_id = 1000 + other.id % (tamper.tasks + 1);
	return tamper.real->object ? tamper.real->object(sink, &other) : 0;
}

static bool one_in(uint64_t count)
{
	return gen_random(&tamper.random, count) == 0;
}

/* Of a short wait there is no stack. */
static void like_last(struct dwell_event *row)
{
	struct dwell_event *last = &tamper.last[row->task];

	if (last->reason && !one_in(4)) {
		row->reason = last->reason;
		row->object = last->object;
		row->stack = one_in(6) ? 0 : last->stack;
	}
	*last = *row;
}

static void again_row(struct dwell_event *row)
{
	static const uint8_t reasons[] = { DWELL_REASON_FUTEX, DWELL_REASON_COND, DWELL_REASON_POLL,
		DWELL_REASON_MUTEX };

	if (row->kind == DWELL_EVENT_WAIT_BEGIN) {
		like_last(row);
	} else if (row->kind == DWELL_EVENT_WAIT_END && !one_in(3)) {
		row->flags |= DWELL_EVENT_TIMED_OUT;
		row->reason = 0;
		row->object = row->stack = row->peer = DWELL_NONE;
	} else if (row->kind == DWELL_EVENT_WAKE && !one_in(3)) {
		row->peer = row->stack = DWELL_NONE;
	} else if (row->kind == DWELL_EVENT_SWITCH && row->state == DWELL_BLOCKED) {
		row->reason = reasons[row->task % 4];
		row->object = row->task % 3;
		row->stack = one_in(6) ? 0 : 1 + row->task % 2;
	}
}

static int again_events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		struct dwell_event row = rows[i];

		again_row(&row);
		err = tamper.real->events(sink, &row, 1);
	}
	return err;
}

static void drive_by(const struct gen_options *options, struct dwell_sink *sink,
	int (*events)(struct dwell_sink *, const struct dwell_event *, size_t))
{
	tamper.ops.events = events;
	tamper.random = options->seed;
	tamper.tasks = options->tasks;
	sink->ops = &tamper.ops;
	cr_assert(eq(int, gen_drive(options, sink), 0));
	sink->ops = tamper.real;
}

void drive_tampered(const struct gen_options *options, struct dwell_sink *sink)
{
	memset(&tamper, 0, sizeof(tamper));
	tamper.real = sink->ops;
	tamper.ops = *sink->ops;
	tamper.ops.object = tamper_object;
	drive_by(options, sink, tamper_events);
}

void drive_again(const struct gen_options *options, struct dwell_sink *sink)
{
	memset(&tamper, 0, sizeof(tamper));
	tamper.real = sink->ops;
	tamper.ops = *sink->ops;
	drive_by(options, sink, again_events);
}

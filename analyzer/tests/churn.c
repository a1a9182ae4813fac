#include "churn.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

enum { EXECUTORS = 8, ROWS = 12, LONG = 2500 };

uint64_t churn_scale = 1;
bool churn_marks;

static size_t one_part(struct dwell_source *source, const struct dwell_source_options *options)
{
	(void)source;
	(void)options;
	return 1;
}

static int tell_start(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	const struct dwell_trace_info info = {
		.tick_ns = 1, .levels = DWELL_LEVEL_RUNTIME, .source = { "go", 2 }
	};
	int err = DWELL_TELL(sink, begin, &info);

	(void)source;
	(void)options;
	for (uint32_t id = 1; id <= 3 && !err; id++) {
		static const char *const names[] = { "one", "two", "six" };
		const struct dwell_process process = { .id = id,
			.pid = -1,
			.recorded = churn_marks && id == 2,
			.name = { names[id - 1], 3 } };

		err = DWELL_TELL(sink, process, &process);
	}
	for (uint32_t id = 1; id <= EXECUTORS + 1 && !err; id++) {
		const struct dwell_executor executor = { .id = id, .kind = DWELL_EXECUTOR_P };

		err = DWELL_TELL(sink, executor, &executor);
	}
	return err;
}

#define ROW(...)                                                                                   \
	rows[n++] = (struct dwell_event)                                                           \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

/* Ever more of a process of their own, which ends with them. */
enum { LEAVE = 32000 };

static bool leaves(uint32_t id)
{
	return id % 601 == 7 && id > 10000 && id < LEAVE - 1000;
}

/* Two wait at one place: with the first ends one that lives for long, so it is settled last. */
static uint32_t stack_of(uint32_t id)
{
	return id == 1609 || id == 3001 ? 9 : 1 + id % 4;
}

/* One wait or none. Neighbours live meanwhile, and wake it: a lock goes to every third. */
static size_t rows_of_life(uint32_t id, struct dwell_event *rows)
{
	const uint64_t at_ns = (uint64_t)id * STEP_NS;
	const uint32_t on = 1 + id % EXECUTORS;
	size_t n = 0;

	ROW(.kind = DWELL_EVENT_CREATE, .task = id, .peer = id - 1, .time_ns = at_ns,
		.state = DWELL_RUNNABLE, .stack = 3);
	ROW(.kind = DWELL_EVENT_SWITCH, .peer = id, .executor = on, .time_ns = at_ns + 5 + id % 13);
	if (id % 7 == 0) {
		ROW(.kind = DWELL_EVENT_SPAN_BEGIN, .task = id, .executor = on, .value = id,
			.time_ns = at_ns + 20, .reason = DWELL_SPAN_GC_ASSIST);
		ROW(.kind = DWELL_EVENT_SPAN_END, .task = id, .executor = on, .value = id,
			.time_ns = at_ns + 20 + id % 9);
	}
	if (id % 3) {
		ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = on, .time_ns = at_ns + 125,
			.state = DWELL_BLOCKED, .stack = stack_of(id),
			.reason = (uint8_t)(id % 3 == 1 ? DWELL_REASON_MUTEX
					    : id % 5    ? DWELL_REASON_CHANNEL_RECEIVE
							: DWELL_REASON_NONE));
		ROW(.kind = DWELL_EVENT_WAKE, .task = id, .peer = id > 3 ? id - 3 : 0,
			.time_ns = at_ns + 130 + id % 29, .state = DWELL_RUNNABLE, .stack = 5);
		ROW(.kind = DWELL_EVENT_SWITCH, .peer = id, .executor = on, .time_ns = at_ns + 170);
	}
	return n;
}

/* Where this one waits nobody ever went on. */
enum { ABANDONED = 20006 };

/* Was there before it was seen, and lived longer than those that still wait. */
enum { OLD = 33001 };

static bool was_born(uint32_t id)
{
	return id != OLD && id % 50 != 3 && !(leaves(id) && id % 2 == 0);
}

/* These live on: ever more of one class; of another some end after all. */
static bool goes_on(uint32_t id)
{
	return id == ABANDONED || id % 2803 == 0 || id % 1607 == 0 || id % 3202 == 0 || id == OLD ||
	       leaves(id);
}

/* When one of these ends; 0: it does not. */
static uint64_t late_end(uint32_t id)
{
	if (id % 3214 == 1607 && id < 7 * 1607)
		return (TASKS / 16 * 13 + id % 100) * STEP_NS;
	if (leaves(id))
		return (uint64_t)LEAVE * STEP_NS + id / 601 * 10;
	if (id == OLD)
		return (TASKS - 3000) * STEP_NS;
	return id == 5606 || id == 3 * 5606 ? (uint64_t)(id + LONG) * STEP_NS : 0;
}

static unsigned last_reason(uint32_t id)
{
	if (id % 5606 == 0)
		return DWELL_REASON_MUTEX;
	return id == ABANDONED || id % 8409 == 0 ? DWELL_REASON_CHANNEL_RECEIVE
						 : DWELL_REASON_SLEEP;
}

static size_t rows_of(uint32_t id, struct dwell_event rows[ROWS])
{
	const uint64_t at_ns = (uint64_t)id * STEP_NS, late_ns = late_end(id);
	const uint32_t on = 1 + id % EXECUTORS, near = (uint32_t)(late_ns / STEP_NS) - 3;
	size_t n = rows_of_life(id, rows);

	if (!goes_on(id)) {
		ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = on,
			.time_ns = at_ns + 780 + id % 7, .state = DWELL_EXITED);
		return n;
	}
	ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = on, .time_ns = at_ns + 780,
		.state = DWELL_BLOCKED, .stack = id == ABANDONED ? 8 : 7,
		.reason = (uint8_t)last_reason(id));
	if (!late_ns)
		return n;
	ROW(.kind = DWELL_EVENT_WAKE, .task = id, .peer = near - (near - 1) % 3, .time_ns = late_ns,
		.state = DWELL_RUNNABLE, .stack = 5);
	ROW(.kind = DWELL_EVENT_SWITCH, .peer = id, .executor = EXECUTORS + 1,
		.time_ns = late_ns + 3);
	ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = EXECUTORS + 1,
		.time_ns = late_ns + 9, .state = DWELL_EXITED);
	return n;
}
#undef ROW

static const char *name_of(uint32_t id)
{
	if (id == 77)
		return "main.lonely";
	if (leaves(id))
		return id % 2 ? "main.leave1" : "main.leave2";
	if (id % 2803 == 0)
		return id % 2 ? "main.work" : "main.serve";
	if (id % 1607 == 0)
		return "main.hold";
	if (id % 3202 == 0 || id % 1601 == 100)
		return "main.grow";
	return id % 2 ? "main.work" : "main.serve";
}

static int tell_task(struct dwell_sink *sink, uint32_t id)
{
	const char *name = name_of(id);
	const struct dwell_task task = { .id = id,
		.process = leaves(id) ? 3 : 1 + (id % 701 == 100),
		.parent = id > 100 ? id - 100 : 0,
		.kind = DWELL_TASK_GOROUTINE,
		.born = was_born(id),
		.tid = -1,
		.native_id = id + 1000 + id / 100,
		.creation_stack = 3,
		.created_ns = (uint64_t)id * STEP_NS * churn_scale,
		.name = { name, strlen(name) } };

	return DWELL_TELL(sink, task, &task);
}

static int by_time(const void *a, const void *b)
{
	const struct dwell_event *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->task > y->task) - (x->task < y->task);
}

static int tell_rows(struct dwell_source *source, const struct dwell_source_options *options,
	size_t part, struct dwell_sink *sink)
{
	struct dwell_event *rows = calloc(TASKS * ROWS, sizeof(*rows));
	size_t count = 0;
	int err = rows ? DWELL_OK : DWELL_ENOMEM;

	(void)source;
	(void)options;
	(void)part;
	for (uint32_t id = 1; id <= TASKS && !err; id++)
		count += rows_of(id, &rows[count]);
	if (!err)
		qsort(rows, count, sizeof(*rows), by_time);
	for (size_t i = 0; i < count && !err; i++) {
		rows[i].time_ns *= churn_scale;
		if (rows[i].kind == DWELL_EVENT_CREATE)
			err = tell_task(sink, rows[i].task);
		if (!err)
			err = DWELL_TELL(sink, events, &rows[i], 1);
	}
	free(rows);
	return err;
}

static int tell_end(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	const struct dwell_trace_end end = { .end_ns = (TASKS + 16) * STEP_NS * churn_scale,
		.closed = true };

	(void)source;
	(void)options;
	return DWELL_TELL(sink, end, &end);
}

struct churn new_churn(bool forgets)
{
	return (struct churn){ .ops = { .foreign = forgets,
				       .parts = one_part,
				       .start = tell_start,
				       .drive_part = tell_rows,
				       .finish = tell_end } };
}

#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>

#include "../../format/tests/gen.h"
#include "dwell/error.h"

enum { TASKS = 10000, MUTEXES = 1000, STACKS = 100000, FRAMES = 4, PLACES = 100, CPUS = 8 };
enum { READY = 64, BATCH = 4096, STEP_NS = 1000 };

struct crowd {
	struct dwell_sink *sink;
	uint64_t seed, now_ns;
	size_t left; /* rows */
	struct dwell_event rows[BATCH];
	size_t count;
	uint32_t running[CPUS];
	uint32_t ready[READY], first; /* a ring that is always full */
	uint32_t blocked[TASKS], blocked_count;
	uint32_t waits_at[TASKS + 1]; /* stack; 0: not in a wait */
	int err;
};

#define TELL(crowd, word, argument)                                                                \
	do {                                                                                       \
		if (!(crowd)->err && (crowd)->sink->ops->word)                                     \
			(crowd)->err = (crowd)->sink->ops->word((crowd)->sink, argument);          \
	} while (0)

static void flush(struct crowd *crowd)
{
	if (!crowd->err && crowd->count && crowd->sink->ops->events)
		crowd->err = crowd->sink->ops->events(crowd->sink, crowd->rows, crowd->count);
	crowd->count = 0;
}

static void put(struct crowd *crowd, struct dwell_event row)
{
	row.time_ns = crowd->now_ns;
	crowd->now_ns += gen_random(&crowd->seed, STEP_NS);
	crowd->rows[crowd->count++] = row;
	if (crowd->left)
		crowd->left--;
	if (crowd->count == BATCH)
		flush(crowd);
}

static uint32_t mutex_of(uint32_t stack)
{
	return 1 + stack % MUTEXES;
}

static void define_places(struct crowd *crowd)
{
	char function[24];
	struct dwell_line line = { .function = { function, 0 }, .file = { "crowd.c", 7 } };

	for (uint32_t id = 1; id <= PLACES; id++) {
		const struct dwell_location location = {
			.id = id, .lines = &line, .line_count = 1
		};

		line.function.size = (size_t)snprintf(function, sizeof(function), "place_%u", id);
		line.line = id;
		TELL(crowd, location, &location);
	}
	/* Each stack is a number of base PLACES. */
	for (uint32_t id = 1; id <= STACKS; id++) {
		uint32_t frames[FRAMES], rest = id;
		const struct dwell_stack stack = { id, frames, FRAMES, false };

		for (size_t i = 0; i < FRAMES; i++, rest /= PLACES)
			frames[i] = 1 + rest % PLACES;
		TELL(crowd, stack, &stack);
	}
}

static void define(struct crowd *crowd)
{
	const struct dwell_trace_info info = { .source = { "crowd", 5 },
		.tick_ns = 1,
		.levels = DWELL_LEVEL_PROGRAM | DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_SWITCHES |
			  DWELL_LEVEL_STACKS };
	const struct dwell_process process = { .id = 1, .pid = 1, .name = { "crowd", 5 } };

	TELL(crowd, begin, &info);
	TELL(crowd, process, &process);
	define_places(crowd);
	for (uint32_t id = 1; id <= MUTEXES; id++) {
		const struct dwell_object mutex = { .id = id,
			.process = 1,
			.kind = DWELL_OBJECT_MUTEX,
			.native_id = 64 * (uint64_t)id };

		TELL(crowd, object, &mutex);
	}
	for (uint32_t id = 1; id <= CPUS; id++) {
		const struct dwell_executor cpu = {
			.id = id, .kind = DWELL_EXECUTOR_CPU, .number = id - 1
		};

		TELL(crowd, executor, &cpu);
	}
	for (uint32_t id = 1; id <= TASKS; id++) {
		char name[24];
		const struct dwell_task task = { .id = id,
			.process = 1,
			.kind = DWELL_TASK_THREAD,
			.tid = id,
			.name = { name, (size_t)snprintf(name, sizeof(name), "worker-%u", id) } };

		TELL(crowd, task, &task);
	}
}

/* Some run, some are ready, all others are blocked: nothing says where. */
static void start(struct crowd *crowd)
{
	for (uint32_t id = 1; id <= TASKS; id++) {
		const bool blocked = id > CPUS + READY;

		put(crowd, (struct dwell_event){ .kind = DWELL_EVENT_CREATE,
				   .task = id,
				   .state = blocked ? DWELL_BLOCKED : DWELL_RUNNABLE });
		if (blocked)
			crowd->blocked[crowd->blocked_count++] = id;
		else if (id > CPUS)
			crowd->ready[id - CPUS - 1] = id;
		else
			crowd->running[id - 1] = id;
	}
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		put(crowd, (struct dwell_event){ .kind = DWELL_EVENT_SWITCH,
				   .executor = cpu + 1,
				   .peer = crowd->running[cpu] });
}

/* Who runs begins to wait, another enters, and lets a third one go on. */
static void turn(struct crowd *crowd)
{
	const uint32_t cpu = (uint32_t)gen_random(&crowd->seed, CPUS);
	const uint32_t stack = 1 + (uint32_t)gen_random(&crowd->seed, STACKS);
	const uint32_t leaves = crowd->running[cpu], enters = crowd->ready[crowd->first];
	const size_t at = (size_t)gen_random(&crowd->seed, crowd->blocked_count);
	const uint32_t woken = crowd->blocked[at], of = crowd->waits_at[woken];

	put(crowd, (struct dwell_event){ .kind = DWELL_EVENT_WAIT_BEGIN,
			   .task = leaves,
			   .state = DWELL_STATE_SAME,
			   .reason = DWELL_REASON_MUTEX,
			   .object = mutex_of(stack),
			   .stack = stack });
	put(crowd, (struct dwell_event){ .kind = DWELL_EVENT_SWITCH,
			   .executor = cpu + 1,
			   .task = leaves,
			   .peer = enters,
			   .state = DWELL_BLOCKED });
	if (crowd->waits_at[enters])
		put(crowd, (struct dwell_event){ .kind = DWELL_EVENT_WAIT_END,
				   .task = enters,
				   .state = DWELL_STATE_SAME });
	if (of)
		put(crowd, (struct dwell_event){ .kind = DWELL_EVENT_RELEASE,
				   .task = enters,
				   .peer = woken,
				   .object = mutex_of(of),
				   .stack = 1 + of % STACKS });
	put(crowd, (struct dwell_event){ .kind = DWELL_EVENT_WAKE,
			   .executor = cpu + 1,
			   .task = woken,
			   .peer = enters,
			   .state = DWELL_RUNNABLE });
	crowd->waits_at[enters] = 0;
	crowd->waits_at[leaves] = stack;
	crowd->running[cpu] = enters;
	crowd->ready[crowd->first] = woken;
	crowd->first = (crowd->first + 1) % READY;
	crowd->blocked[at] = leaves;
}

int crowd_drive(size_t rows, struct dwell_sink *sink)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));
	int err;

	if (!crowd)
		return DWELL_ENOMEM;
	crowd->sink = sink;
	crowd->seed = 1;
	crowd->left = rows;
	define(crowd);
	start(crowd);
	while (crowd->left && !crowd->err)
		turn(crowd);
	flush(crowd);

	const struct dwell_trace_end end = { .end_ns = crowd->now_ns, .closed = true };
	TELL(crowd, end, &end);
	err = crowd->err;
	free(crowd);
	return err;
}

/* What a generated history defines, and the rows that say nothing of states. */
#include <stdio.h>
#include <string.h>

#include "tests/gen_private.h"

/* Call a function of the sink, if it is interested. */
#define TELL(g, function, argument)                                                                \
	do {                                                                                       \
		if (!(g)->err && (g)->sink->ops->function)                                         \
			(g)->err = (g)->sink->ops->function((g)->sink, argument);                  \
	} while (0)

static struct dwell_string text(const char *at)
{
	return (struct dwell_string){ at, strlen(at) };
}

uint8_t gen_task_how(const struct gen *g, uint32_t task)
{
	if (g->o->silent && task % 5 == 4)
		return GEN_SILENT;
	if (!g->kernel || ((g->o->levels & DWELL_LEVEL_PROGRAM) && task % 4 == 3))
		return GEN_PROGRAM;
	return GEN_KERNEL;
}

void gen_define_task(struct gen *g, uint32_t id, bool born)
{
	char name[32];
	const struct dwell_task task = {
		.id = id,
		.process = 1 + id % GEN_PROCESSES,
		.parent = born ? 1 + id % 2 : 0,
		.creation_stack = born ? 1 + id % GEN_STACKS : 0,
		.start_location = id % (GEN_LOCATIONS + 1),
		.kind = g->o->halves ? DWELL_TASK_GOROUTINE : DWELL_TASK_THREAD,
		.born = born,
		.tid = g->o->halves ? -1 : 1000 + (int64_t)id,
		.native_id = g->o->halves ? id : 0,
		.created_ns = born ? g->now : 0,
		.name = { name, (size_t)snprintf(name, sizeof(name), "worker-%u", id) },
	};

	TELL(g, task, &task);
}

static void define_processes(struct gen *g)
{
	static const char *const names[GEN_PROCESSES] = { "server", "cl\"ient\n", "\xff\x01 x" };

	for (uint32_t id = 1; id <= GEN_PROCESSES; id++) {
		const struct dwell_process process = {
			.id = id,
			.parent = id - 1,
			.pid = id == 3 ? -1 : 4000 + (int64_t)id,
			.name = text(names[id - 1]),
			.command = id == 1 ? text("server --port 80") : text(""),
			.recorded = id == 1,
		};
		const struct dwell_mapping mapping = {
			.id = id,
			.process = id,
			.start = 0x400000u * id,
			.end = 0x400000u * id + 0x2000,
			.file_offset = 0x1000,
			.path = text("/usr/lib/x y.so"),
			.build_id = { "\0\1\2\xfe", 4 },
		};

		TELL(g, process, &process);
		TELL(g, mapping, &mapping);
	}
}

static void define_stacks(struct gen *g)
{
	static const struct dwell_line lines[2] = {
		{ { "inner", 5 }, { "a.c", 3 }, 12 },
		{ { "outer(int, std::vector<char> const&)", 36 }, { "b.cc", 4 }, 0 },
	};

	for (uint32_t id = 1; id <= GEN_LOCATIONS; id++) {
		const struct dwell_location location = {
			.id = id,
			.mapping = id % 2,
			.address = id % 2 ? 0x400000u + id * 16 : 0,
			.lines = lines,
			.line_count = id % 3,
		};

		TELL(g, location, &location);
	}
	for (uint32_t id = 1; id <= GEN_STACKS; id++) {
		uint32_t locations[GEN_STACKS];
		const struct dwell_stack stack = { id, locations, id, id % 4 == 0 };

		for (uint32_t i = 0; i < id; i++)
			locations[i] = 1 + (id * 3 + i) % GEN_LOCATIONS;
		TELL(g, stack, &stack);
	}
}

static void define_objects(struct gen *g)
{
	for (uint32_t id = 1; id <= GEN_OBJECTS; id++) {
		const struct dwell_object object = {
			.id = id,
			.process = 1 + id % GEN_PROCESSES,
			.creation_stack = id % 3,
			.kind = (uint8_t)(id % DWELL_OBJECT_KIND_COUNT),
			.native_id = id % 2 ? 0x7fff00000000u + id * 64 : 0,
			.name = id == 1 ? text("queue lock") : text(""),
		};

		TELL(g, object, &object);
	}
	for (uint32_t id = 1; id <= GEN_LABELS; id++) {
		const struct dwell_label label = { id, text(id == 1 ? "request" : "phase two") };

		TELL(g, label, &label);
	}
	for (uint32_t id = 1; id <= GEN_COUNTERS; id++) {
		const struct dwell_counter counter = { id, (uint8_t)id, (int8_t)(id == 1 ? 0 : -3),
			text("heap"), text("By") };

		TELL(g, counter, &counter);
	}
}

static void define_executors(struct gen *g)
{
	for (uint32_t id = 1; id <= g->o->executors; id++) {
		const struct dwell_executor executor = {
			.id = id,
			.kind = g->o->halves ? DWELL_EXECUTOR_P : DWELL_EXECUTOR_CPU,
			.number = id - 1,
		};

		TELL(g, executor, &executor);
	}
}

void gen_begin(struct gen *g)
{
	const struct dwell_trace_info info = {
		.source = text("dwell"),
		.start_unix_ns = 1700000000000000000u,
		.start_monotonic_ns = 5000000000u,
		.tick_ns = 1,
		.levels = g->o->levels,
	};
	const struct dwell_clock_pair clock = { text("tsc"), 123456789, 0 };
	const struct dwell_note note = { text("host"), text("generated") };

	TELL(g, begin, &info);
	TELL(g, clock, &clock);
	TELL(g, note, &note);
	define_processes(g);
	define_stacks(g);
	define_objects(g);
	define_executors(g);
}

static struct dwell_event span(struct gen *g, uint32_t task)
{
	struct gen_task *t = &g->tasks[task];
	struct dwell_event event = { .task = task };

	if (t->span) {
		event.kind = DWELL_EVENT_SPAN_END;
		event.value = t->span;
		t->span = 0;
		return event;
	}
	t->span = ++g->spans;
	event.kind = DWELL_EVENT_SPAN_BEGIN;
	event.object = 1 + task % GEN_LABELS;
	event.value = t->span;
	event.extra = t->span % 3 ? 0 : t->span - 1;
	event.reason = (uint8_t)(1 + t->span % (DWELL_SPAN_KIND_COUNT - 1));
	return event;
}

void gen_extra(struct gen *g, uint32_t task, uint32_t executor,
	void (*emit)(struct gen *, const struct dwell_event *))
{
	const uint64_t random = gen_random(&g->random, 0);
	const uint32_t object = 1 + (uint32_t)(random >> 8) % GEN_OBJECTS;
	const uint32_t stack = (uint32_t)(random >> 16) % (GEN_STACKS + 1);
	const uint32_t other = 1 + (uint32_t)(random >> 24) % g->born;
	const size_t choice = random % 10;
	const struct dwell_event rows[10] = {
		choice == 0 ? span(g, task) : (struct dwell_event){ 0 },
		{ .kind = DWELL_EVENT_MARK, .task = task, .object = 1, .stack = stack, .extra = 2 },
		{ .kind = DWELL_EVENT_COUNTER,
			.object = 1 + object % GEN_COUNTERS,
			.task = task,
			.value = random },
		{ .kind = DWELL_EVENT_SAMPLE,
			.task = task,
			.executor = executor,
			.stack = stack,
			.reason = DWELL_SAMPLE_CPU,
			.value = 1000000 },
		{ .kind = DWELL_EVENT_POOL,
			.task = task,
			.object = object,
			.stack = stack,
			.reason = (uint8_t)(1 + object % (DWELL_POOL_OP_COUNT - 1)),
			.value = random % 64 },
		{ .kind = DWELL_EVENT_ACQUIRE, .task = task, .object = object },
		{ .kind = DWELL_EVENT_RELEASE,
			.task = task,
			.object = object,
			.stack = stack,
			.peer = random % 3 ? other : 0 },
		{ .kind = DWELL_EVENT_PRIORITY, .task = task, .value = 120 - object },
		{ .kind = DWELL_EVENT_CARRY, .executor = executor, .task = random % 2 ? task : 0 },
		{ .kind = DWELL_EVENT_RELEASE, .task = task, .object = object, .stack = stack },
	};

	emit(g, &rows[choice]);
}

/* Plays a scheduler. Definitions are in gen_tables.c. */
#include "tests/gen.h"

#include <stdlib.h>
#include <string.h>

#include "tests/gen_private.h"

uint64_t gen_random(uint64_t *state, uint64_t limit)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	x ^= x >> 31;
	return limit ? x % limit : x;
}

uint64_t gen_share(uint64_t count)
{
	const char *share = getenv("DWELL_TEST_SHARE");

	return share ? 1 + (count - 1) * strtoull(share, NULL, 10) / 100 : count;
}

struct gen_options gen_any(uint64_t seed)
{
	static const uint32_t levels[] = { DWELL_LEVEL_SCHEDULER, DWELL_LEVEL_SWITCHES,
		DWELL_LEVEL_PROGRAM, DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_PROGRAM,
		DWELL_LEVEL_SWITCHES | DWELL_LEVEL_PROGRAM,
		DWELL_LEVEL_RUNTIME | DWELL_LEVEL_SCHEDULER };
	uint64_t state = seed * 77 + 1;
	struct gen_options o = { .seed = seed };

	o.tasks = 1 + (uint32_t)gen_random(&state, 80);
	o.executors = 1 + (uint32_t)gen_random(&state, 6);
	o.rows = 500 + gen_random(&state, 7000);
	o.levels = levels[gen_random(&state, 6)];
	o.losses = gen_random(&state, 2) ? (unsigned)gen_random(&state, 60) : 0;
	o.missing = gen_random(&state, 2) ? (unsigned)gen_random(&state, 300) : 0;
	o.races = (unsigned)gen_random(&state, 2000);
	o.ahead = gen_random(&state, 3) == 0;
	o.ties = gen_random(&state, 3) == 0;
	o.halves = gen_random(&state, 3) == 0;
	o.silent = gen_random(&state, 3) == 0;
	o.extras = gen_random(&state, 2) == 0;
	o.step_ns = 1 + gen_random(&state, 5000);
	return o;
}

static uint64_t pick(struct gen *g, uint64_t limit)
{
	return gen_random(&g->random, limit);
}

static bool chance(struct gen *g, unsigned in_ten_thousand)
{
	return pick(g, 10000) < in_ten_thousand;
}

static void flush(struct gen *g)
{
	const struct dwell_sink_ops *ops = g->sink->ops;

	if (!g->err && g->count && ops->events)
		g->err = ops->events(g->sink, g->buffer, g->count);
	if (!g->err && ops->watermark)
		g->err = ops->watermark(g->sink, g->now);
	g->count = 0;
}

static void put(struct gen *g, const struct dwell_event *event)
{
	g->rows++;
	g->buffer[g->count] = *event;
	g->buffer[g->count++].time_ns = g->now;
	if (g->count == sizeof(g->buffer) / sizeof(g->buffer[0]))
		flush(g);
}

/* Is the row written to a ring that loses at the moment? */
static bool is_lost(const struct gen *g, const struct dwell_event *event)
{
	const bool of_scheduler =
		event->kind == DWELL_EVENT_SWITCH || event->kind == DWELL_EVENT_WAKE;

	if (!g->loss.active)
		return false;
	if (g->loss.task)
		return !of_scheduler && event->task == g->loss.task;
	if (g->loss.executor)
		return of_scheduler && event->executor == g->loss.executor;
	return true;
}

static void emit(struct gen *g, const struct dwell_event *event)
{
	if (is_lost(g, event))
		g->loss.count++;
	else if (!chance(g, g->o->missing))
		put(g, event);
}

static void loss_row(struct gen *g, uint64_t extra)
{
	const struct dwell_event event = {
		.kind = DWELL_EVENT_LOSS,
		.reason = DWELL_LOSS_FULL,
		.task = g->loss.task,
		.executor = g->loss.executor,
		.value = g->loss.count,
		.extra = extra,
	};

	put(g, &event);
}

static void begin_loss(struct gen *g)
{
	memset(&g->loss, 0, sizeof(g->loss));
	g->loss.start = g->now;
	g->loss.end = g->now + 1 + pick(g, g->step * 200);
	switch (pick(g, 4)) {
	case 0:
		break;
	case 1:
		g->loss.task = 1 + (uint32_t)pick(g, g->born);
		break;
	default:
		g->loss.executor = 1 + (uint32_t)pick(g, g->o->executors);
		break;
	}
	g->loss.ahead = g->o->ahead && !g->loss.task;
	if (g->loss.ahead)
		loss_row(g, g->loss.end);
	g->loss.active = true;
}

static void advance(struct gen *g)
{
	if (!g->o->ties || chance(g, 3000))
		g->now += pick(g, g->step * 2) + (chance(g, 20) ? g->step * 500 : 0);
	if (g->loss.active && g->now >= g->loss.end) {
		g->loss.active = false;
		if (!g->loss.ahead)
			loss_row(g, g->loss.start);
	}
	if (!g->loss.active && chance(g, g->o->losses))
		begin_loss(g);
}

static void list_add(struct gen *g, struct gen_list *list, uint32_t task)
{
	g->tasks[task].at = list->count;
	list->tasks[list->count++] = task;
}

static void list_remove(struct gen *g, struct gen_list *list, uint32_t task)
{
	const uint32_t last = list->tasks[--list->count];

	list->tasks[g->tasks[task].at] = last;
	g->tasks[last].at = g->tasks[task].at;
}

static uint32_t list_any(struct gen *g, const struct gen_list *list)
{
	return list->count ? list->tasks[pick(g, list->count)] : 0;
}

/* The next task for an executor, or 0. */
static uint32_t next_task(struct gen *g)
{
	const uint32_t task = chance(g, 9000) ? list_any(g, &g->ready) : 0;

	if (task)
		list_remove(g, &g->ready, task);
	return task;
}

static void switch_rows(struct gen *g, struct dwell_event event)
{
	if (!g->o->halves || !event.task || !event.peer) {
		emit(g, &event);
		return;
	}

	struct dwell_event in = event;

	event.peer = 0;
	emit(g, &event);
	in.task = 0;
	in.state = 0;
	in.reason = 0;
	in.object = 0;
	in.stack = 0;
	in.flags = 0;
	emit(g, &in);
}

static void wake_row(struct gen *g, uint32_t task, uint32_t by, uint32_t executor)
{
	const struct dwell_event event = {
		.kind = DWELL_EVENT_WAKE,
		.task = task,
		.peer = by,
		.executor = executor,
		.stack = by ? (uint32_t)pick(g, GEN_STACKS + 1) : 0,
		.state = DWELL_RUNNABLE,
		.flags = (task + by) % 8 == 0 ? DWELL_EVENT_SHARED : 0,
	};

	if (g->wakes)
		emit(g, &event);
}

static void wait_row(struct gen *g, uint32_t task, unsigned kind, unsigned state)
{
	struct gen_task *t = &g->tasks[task];
	struct dwell_event event = { .kind = (uint8_t)kind, .task = task, .state = (uint8_t)state };

	if (kind == DWELL_EVENT_WAIT_BEGIN || chance(g, 2000)) {
		event.reason = (uint8_t)(1 + pick(g, DWELL_REASON_COUNT - 1));
		event.object = 1 + (uint32_t)pick(g, GEN_OBJECTS);
		event.stack = (uint32_t)pick(g, GEN_STACKS + 1);
		if (chance(g, 3000)) {
			event.peer = 1 + (uint32_t)pick(g, g->born);
			event.flags = DWELL_EVENT_HOLDER_READ;
		}
	}
	if (kind == DWELL_EVENT_WAIT_BEGIN && state == DWELL_BLOCKED && chance(g, 1000))
		event.flags |= DWELL_EVENT_SPUN;
	if (kind == DWELL_EVENT_WAIT_END && chance(g, 1000))
		event.flags |= DWELL_EVENT_TIMED_OUT;
	t->waits = kind == DWELL_EVENT_WAIT_BEGIN;
	emit(g, &event);
}

/* The task that runs on an executor leaves it. */
static void leave(struct gen *g, uint32_t executor, unsigned state)
{
	const uint32_t task = g->running[executor];
	struct dwell_event event = {
		.kind = DWELL_EVENT_SWITCH,
		.executor = executor,
		.task = task,
		.state = (uint8_t)state,
	};

	if (state == DWELL_RUNNABLE) {
		event.flags = DWELL_EVENT_PREEMPTED;
	} else if (state == DWELL_BLOCKED && (g->o->levels & DWELL_LEVEL_REASONS)) {
		event.reason = (uint8_t)(1 + pick(g, DWELL_REASON_COUNT - 1));
		event.object = (uint32_t)pick(g, GEN_OBJECTS + 1);
		event.stack = (uint32_t)pick(g, GEN_STACKS + 1);
	}
	event.peer = next_task(g);
	g->running[executor] = event.peer;
	switch_rows(g, event);
	if (state == DWELL_RUNNABLE)
		list_add(g, &g->ready, task);
}

static void block(struct gen *g, uint32_t executor)
{
	const uint32_t task = g->running[executor];
	const bool program = g->o->levels & DWELL_LEVEL_PROGRAM;
	const bool overtaken = g->wakes && chance(g, g->o->races);

	if (program && chance(g, 6000)) {
		wait_row(g, task, DWELL_EVENT_WAIT_BEGIN, DWELL_STATE_SAME);
		advance(g);
	}
	if (overtaken) {
		wake_row(g, task, (uint32_t)pick(g, g->born + 1),
			1 + (uint32_t)pick(g, g->o->executors));
		advance(g);
	}
	leave(g, executor, DWELL_BLOCKED);
	list_add(g, overtaken ? &g->ready : &g->blocked, task);
}

static void create(struct gen *g, uint32_t by)
{
	struct dwell_event event = {
		.kind = DWELL_EVENT_CREATE,
		.task = g->born + 1,
		.peer = by,
		.stack = (uint32_t)pick(g, GEN_STACKS + 1),
	};

	if (g->born == g->o->tasks)
		return;
	const uint8_t how = gen_task_how(g, event.task);
	g->born++;
	gen_define_task(g, event.task, true);
	if (how == GEN_SILENT)
		return;
	if (how == GEN_PROGRAM) {
		event.state = DWELL_RUNNING;
		list_add(g, &g->own, event.task);
	} else {
		event.state = chance(g, 7000) ? DWELL_RUNNABLE : DWELL_UNKNOWN;
		list_add(g, &g->ready, event.task);
	}
	emit(g, &event);
}

static void wake(struct gen *g, uint32_t by, uint32_t executor)
{
	const uint32_t task = list_any(g, &g->blocked);

	if (chance(g, 500)) { /* one that changes nothing */
		wake_row(g, 1 + (uint32_t)pick(g, g->born), by, executor);
		return;
	}
	if (!task)
		return;
	list_remove(g, &g->blocked, task);
	list_add(g, &g->ready, task);
	wake_row(g, task, by, executor);
}

/* A step of a task whose only rows are the program's own. */
static void own_step(struct gen *g)
{
	const uint32_t task = list_any(g, &g->own);
	const struct dwell_event end = { .kind = DWELL_EVENT_EXIT, .task = task, .value = 256 };

	if (!task)
		return;
	if (g->tasks[task].waits && !chance(g, 200)) {
		wait_row(g, task, DWELL_EVENT_WAIT_END, DWELL_RUNNING);
	} else if (chance(g, 9900)) {
		wait_row(g, task, DWELL_EVENT_WAIT_BEGIN, DWELL_BLOCKED);
	} else {
		list_remove(g, &g->own, task);
		emit(g, &end);
	}
}

/* The running task does something; each in so many of 100. */
static void run_step(struct gen *g, uint32_t executor)
{
	const uint32_t task = g->running[executor];
	const uint64_t dice = pick(g, 100);

	if (g->tasks[task].waits && chance(g, 8000)) {
		wait_row(g, task, DWELL_EVENT_WAIT_END, DWELL_STATE_SAME);
		return;
	}
	if (dice < 30)
		wake(g, task, executor);
	else if (dice < 60)
		block(g, executor);
	else if (dice < 85)
		leave(g, executor, DWELL_RUNNABLE);
	else if (dice < 88)
		create(g, task);
	else if (dice == 88 && chance(g, 3000) &&
		 g->ready.count + g->blocked.count > g->o->tasks / 4) /* some live on */
		leave(g, executor, DWELL_EXITED);
	else if (g->o->extras)
		gen_extra(g, task, executor, emit);
}

static void step(struct gen *g)
{
	const uint32_t executor = 1 + (uint32_t)pick(g, g->o->executors);
	struct dwell_event event = { .kind = DWELL_EVENT_SWITCH, .executor = executor };

	advance(g);
	if (g->own.count && (!g->kernel || chance(g, 2000))) {
		own_step(g);
		if (chance(g, 200))
			create(g, list_any(g, &g->own));
		return;
	}
	if (g->running[executor]) {
		run_step(g, executor);
		return;
	}
	event.peer = next_task(g);
	g->running[executor] = event.peer;
	if (event.peer)
		emit(g, &event);
	else
		wake(g, 0, executor);
	if (chance(g, 500))
		create(g, 0);
}

/* Half of the tasks are there from the start; nothing is known of them until their first row. */
static void start_tasks(struct gen *g)
{
	while (g->born < (g->o->tasks + 1) / 2) {
		const uint32_t task = ++g->born;

		gen_define_task(g, task, false);
		switch (gen_task_how(g, task)) {
		case GEN_SILENT:
			break;
		case GEN_PROGRAM:
			list_add(g, &g->own, task);
			break;
		default:
			list_add(g, chance(g, 5000) ? &g->ready : &g->blocked, task);
			break;
		}
	}
}

static bool allocate(struct gen *g)
{
	const size_t tasks = (size_t)g->o->tasks + 1;

	g->tasks = calloc(tasks, sizeof(*g->tasks));
	g->running = calloc((size_t)g->o->executors + 1, sizeof(*g->running));
	g->ready.tasks = calloc(tasks, sizeof(uint32_t));
	g->blocked.tasks = calloc(tasks, sizeof(uint32_t));
	g->own.tasks = calloc(tasks, sizeof(uint32_t));
	return g->tasks && g->running && g->ready.tasks && g->blocked.tasks && g->own.tasks;
}

static void release(struct gen *g)
{
	free(g->tasks);
	free(g->running);
	free(g->ready.tasks);
	free(g->blocked.tasks);
	free(g->own.tasks);
}

static void play(struct gen *g)
{
	struct dwell_trace_end end = { .closed = true };

	gen_begin(g);
	start_tasks(g);
	/* Steps without a row must end too. */
	for (size_t steps = 0; g->rows < g->o->rows && steps < g->o->rows * 20 && !g->err; steps++)
		step(g);
	flush(g);
	end.end_ns = g->now + g->step;
	if (!g->err && g->sink->ops->end)
		g->err = g->sink->ops->end(g->sink, &end);
}

int gen_drive(const struct gen_options *options, struct dwell_sink *sink)
{
	struct gen g = {
		.o = options,
		.sink = sink,
		.random = options->seed,
		.step = options->step_ns ? options->step_ns : 1000,
		.wakes = options->levels & DWELL_LEVEL_SCHEDULER,
		.kernel = options->levels & (DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_SWITCHES),
	};

	if (allocate(&g))
		play(&g);
	else
		g.err = -1;
	release(&g);
	return g.err;
}

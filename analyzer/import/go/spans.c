#include <stdio.h>
#include <string.h>

#include "dwell/types.h"
#include "import/go/emit.h"
#include "import/go/go.h"

/* Counters: their ids at the sink. */
enum { COUNTER_GOMAXPROCS = 1, COUNTER_HEAP, COUNTER_HEAP_GOAL };

int go_emit_counters(struct go_reader *reader)
{
	static const struct {
		uint32_t id;
		const char *name, *unit;
	} counters[] = {
		{ COUNTER_GOMAXPROCS, "/sched/gomaxprocs", "threads" },
		{ COUNTER_HEAP, "/memory/classes/heap/objects", "bytes" },
		{ COUNTER_HEAP_GOAL, "/gc/heap/goal", "bytes" },
	};
	int err = 0;

	for (size_t i = 0; i < 3 && !err && reader->sink->ops->counter; i++) {
		const struct dwell_counter counter = {
			.id = counters[i].id,
			.kind = DWELL_COUNTER_GAUGE,
			.name = { counters[i].name, strlen(counters[i].name) },
			.unit = { counters[i].unit, strlen(counters[i].unit) },
		};
		err = reader->sink->ops->counter(reader->sink, &counter);
	}
	return err;
}

/* What an annotation is about: whose it is, and the row as far as all kinds share it. */
struct note {
	struct go_reader *reader;
	const struct go_thread *thread;
	const struct go_event *event;
	struct dwell_event row;
};

static int count(struct note *n, uint32_t counter)
{
	n->row.kind = DWELL_EVENT_COUNTER;
	/* Of the whole program: which P told it says nothing. */
	n->row.task = n->row.executor = DWELL_NONE;
	n->row.object = counter;
	n->row.value = n->event->args[0];
	n->row.flags = DWELL_EVENT_HAS_VALUE;
	return go_emit(n->reader, n->row);
}

static int begin(struct note *n, uint64_t *open, uint8_t kind, const char *name, size_t size)
{
	*open = ++n->reader->spans;
	n->row.kind = DWELL_EVENT_SPAN_BEGIN;
	n->row.reason = kind;
	n->row.value = *open;
	n->row.flags = DWELL_EVENT_HAS_VALUE;
	n->row.object = go_label_id(n->reader, name, size);
	return go_emit(n->reader, n->row);
}

static int end(struct note *n, uint64_t *open)
{
	if (!*open)
		return 0;
	n->row.kind = DWELL_EVENT_SPAN_END;
	n->row.value = *open;
	n->row.flags = DWELL_EVENT_HAS_VALUE;
	*open = 0;
	return go_emit(n->reader, n->row);
}

#define BEGIN(note, open, kind, name) begin(note, open, kind, name, sizeof(name) - 1)

static int world_pause(struct note *n, uint64_t *open)
{
	const struct go_text *kind = go_text(n->reader, n->event->args[0]);
	char name[GO_MAX_TEXT + 32];

	const int size =
		snprintf(name, sizeof(name), "stop-the-world (%.*s)", (int)kind->size, kind->at);
	n->row.stack = go_stack_id(n->reader, n->event->args[1]);
	return begin(n, open, DWELL_SPAN_WORLD_PAUSE, name, (size_t)size);
}

static uint64_t span_of_task(const struct go_reader *reader, uint64_t task)
{
	const uint32_t span = go_map_get(&reader->span_by_task, task);

	return span == GO_NOBODY ? 0 : span;
}

static int begin_task(struct note *n)
{
	const struct go_text *name = go_text(n->reader, n->event->args[2]);
	uint64_t span;

	n->row.extra = span_of_task(n->reader, n->event->args[1]);
	n->row.stack = go_stack_id(n->reader, n->event->args[3]);
	const int err = begin(n, &span, DWELL_SPAN_REQUEST, name->at, name->size);
	if (!err && !go_map_put(&n->reader->span_by_task, n->event->args[0], (uint32_t)span))
		return DWELL_ENOMEM;
	return err;
}

static int end_task(struct note *n)
{
	uint64_t span = span_of_task(n->reader, n->event->args[0]);

	go_map_remove(&n->reader->span_by_task, n->event->args[0]);
	n->row.stack = go_stack_id(n->reader, n->event->args[1]);
	return end(n, &span);
}

static int begin_region(struct note *n)
{
	struct go_reader *reader = n->reader;
	struct go_goroutine *g = &reader->goroutines.at[n->thread->g];
	const struct go_text *name = go_text(reader, n->event->args[1]);
	uint32_t i = reader->free_region;

	if (i != GO_NOBODY) {
		reader->free_region = reader->regions.at[i].outer;
	} else {
		if (!GO_RESERVE(&reader->regions))
			return DWELL_ENOMEM;
		i = (uint32_t)reader->regions.count++;
	}
	reader->regions.at[i].outer = g->region;
	g->region = i;
	n->row.extra = span_of_task(reader, n->event->args[0]);
	n->row.stack = go_stack_id(reader, n->event->args[2]);
	return begin(n, &reader->regions.at[i].span, DWELL_SPAN_REGION, name->at, name->size);
}

static int end_region(struct note *n)
{
	struct go_reader *reader = n->reader;
	struct go_goroutine *g = &reader->goroutines.at[n->thread->g];
	const uint32_t i = g->region;

	/* It may have begun before the trace. */
	if (i == GO_NOBODY)
		return 0;
	g->region = reader->regions.at[i].outer;
	reader->regions.at[i].outer = reader->free_region;
	reader->free_region = i;
	return end(n, &reader->regions.at[i].span);
}

static int mark(struct note *n, uint64_t text, uint64_t category, uint64_t stack)
{
	const struct go_text *what = go_text(n->reader, text);
	const struct go_text *key = go_text(n->reader, category);

	n->row.kind = DWELL_EVENT_MARK;
	n->row.object = go_label_id(n->reader, what->at, what->size);
	n->row.extra = key->size ? go_label_id(n->reader, key->at, key->size) : 0;
	n->row.stack = go_stack_id(n->reader, stack);
	return go_emit(n->reader, n->row);
}

static int sweep(struct note *n)
{
	struct go_reader *reader = n->reader;

	if (n->event->type == GO_SWEEP_ACTIVE) {
		const uint32_t p = go_map_get(&reader->proc_by_id, n->event->args[0]);

		if (p == GO_NOBODY || reader->procs.at[p].sweep)
			return 0;
		n->row.executor = go_executor_of(p);
		return BEGIN(n, &reader->procs.at[p].sweep, DWELL_SPAN_GC_SWEEP, "GC sweep");
	}

	struct go_proc *p = &reader->procs.at[n->thread->p];
	if (n->event->type == GO_SWEEP_END)
		return end(n, &p->sweep);
	n->row.stack = go_stack_id(reader, n->event->args[0]);
	return BEGIN(n, &p->sweep, DWELL_SPAN_GC_SWEEP, "GC sweep");
}

static int assist(struct note *n)
{
	struct go_reader *reader = n->reader;
	uint32_t i = n->thread->g;

	if (n->event->type == GO_ASSIST_ACTIVE) {
		i = go_map_get(&reader->goroutine_by_id, n->event->args[0]);
		if (i == GO_NOBODY || reader->goroutines.at[i].assist)
			return 0;
		n->row.task = go_task_of(reader, i);
	}

	struct go_goroutine *g = &reader->goroutines.at[i];
	if (n->event->type == GO_ASSIST_END)
		return end(n, &g->assist);
	return BEGIN(n, &g->assist, DWELL_SPAN_GC_ASSIST, "GC mark assist");
}

static int collection(struct note *n)
{
	uint64_t *open = &n->reader->gc_span;

	if (n->event->type == GO_GC_END)
		return end(n, open);
	if (*open)
		return 0; /* said again at the start of a generation */
	return BEGIN(n, open, DWELL_SPAN_GC_CYCLE, "GC concurrent mark phase");
}

/* Older traces stop the world from outside any goroutine, too. */
static uint64_t *pause_of(struct note *n)
{
	return n->reader->version < 22 ? &n->reader->world_pause
				       : &n->reader->goroutines.at[n->thread->g].world_pause;
}

static int emit(struct note *n)
{
	const struct go_event *event = n->event;

	switch (event->type) {
	case GO_PROCS_CHANGE:
		return count(n, COUNTER_GOMAXPROCS);
	case GO_HEAP_ALLOC:
		return count(n, COUNTER_HEAP);
	case GO_HEAP_GOAL:
		return count(n, COUNTER_HEAP_GOAL);
	case GO_STW_BEGIN:
		return world_pause(n, pause_of(n));
	case GO_STW_END:
		return end(n, pause_of(n));
	case GO_GC_ACTIVE:
	case GO_GC_BEGIN:
	case GO_GC_END:
		return collection(n);
	case GO_SWEEP_ACTIVE:
	case GO_SWEEP_BEGIN:
	case GO_SWEEP_END:
		return sweep(n);
	case GO_ASSIST_ACTIVE:
	case GO_ASSIST_BEGIN:
	case GO_ASSIST_END:
		return assist(n);
	case GO_TASK_BEGIN:
		return begin_task(n);
	case GO_TASK_END:
		return end_task(n);
	case GO_REGION_BEGIN:
		return begin_region(n);
	case GO_REGION_END:
		return end_region(n);
	case GO_LOG:
		return mark(n, event->args[2], event->args[1], event->args[3]);
	case GO_LABEL:
		return mark(n, event->args[0], 0, 0);
	}
	return 0;
}

int go_emit_annotation(struct go_reader *reader, const struct go_thread *thread,
	const struct go_event *event, uint64_t time)
{
	struct note note = {
		.reader = reader,
		.thread = thread,
		.event = event,
		.row = { .time_ns = time,
			.task = go_task_of(reader, thread->g),
			.executor = go_executor_of(thread->p) },
	};

	return reader->rehearsal ? 0 : emit(&note);
}

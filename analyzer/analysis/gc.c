/* What a collector took: the share of processors that was left, and who had to help. */
#include "dwell/gc.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/fold.h"
#include "analysis/utilization.h"

static const uint64_t lengths[UTILIZATION_WINDOWS] = { 10000, 100000, 1000000, 10000000, 100000000,
	1000000000 };

enum { ALL = 1000000, IN_ASSIST = 1, IN_WORKER = 2, MAX_PAUSES = 16 };

struct collecting {
	uint64_t assist, since_ns; /* span of its assist */
	uint8_t how;               /* IN_ASSIST, IN_WORKER */
};

struct occupied {
	uint32_t task;
};

struct gc {
	const struct model *model;
	struct table tasks;     /* struct collecting */
	struct table executors; /* struct occupied */
	struct table classes;   /* by task, merged to classes at the end: struct dwell_gc_assist */
	struct table shapes;    /* the same of tasks that were settled */
	struct utilization left;
	uint64_t processors;         /* 0: not known yet */
	uint64_t taken;              /* executors on which the collector's work runs */
	uint64_t pauses[MAX_PAUSES]; /* spans of the world's pauses that go on */
	size_t pause_count;
};

static int gc_make(void **fold, const struct model *model)
{
	struct gc *gc = calloc(1, sizeof(*gc));

	if (!gc)
		return DWELL_ENOMEM;
	gc->model = model;
	gc->tasks.item = sizeof(struct collecting);
	gc->executors.item = sizeof(struct occupied);
	gc->classes.item = sizeof(struct dwell_gc_assist);
	gc->shapes.item = sizeof(struct dwell_gc_assist);
	for (size_t i = 0; i < UTILIZATION_WINDOWS; i++)
		gc->left.windows[i].length_ns = lengths[i];
	*fold = gc;
	return DWELL_OK;
}

static void gc_drop(void *fold)
{
	struct gc *gc = fold;

	if (!gc)
		return;
	table_release(&gc->tasks);
	table_release(&gc->executors);
	table_release(&gc->classes);
	table_release(&gc->shapes);
	utilization_release(&gc->left);
	free(gc);
}

/* Who runs where when the window begins. */
static int gc_begin(void *fold, const struct fold_start *start)
{
	struct gc *gc = fold;

	for (size_t i = 0; i < start->count; i++) {
		const struct dwell_task_state *state = &start->keyframe[i];
		struct occupied *occupied;

		if (state->state != DWELL_RUNNING || !state->executor)
			continue;
		occupied = table_make(&gc->executors, state->executor);
		if (!occupied)
			return DWELL_ENOMEM;
		occupied->task = state->task;
	}
	return DWELL_OK;
}

static uint8_t how_of(const struct gc *gc, uint32_t task)
{
	const struct collecting *collecting = task ? table_get(&gc->tasks, task) : NULL;

	return collecting ? collecting->how : 0;
}

static int tell(struct gc *gc, uint64_t time_ns)
{
	const uint64_t taken = gc->taken < gc->processors ? gc->taken : gc->processors;
	uint32_t left = 0;

	if (!gc->processors)
		return DWELL_OK;
	if (!gc->pause_count)
		left = (uint32_t)((gc->processors - taken) * ALL / gc->processors);
	return utilization_set(&gc->left, time_ns, left);
}

/* A task begins or ends to work for the collector, where it runs. */
static int set_how(struct gc *gc, uint32_t task, uint32_t executor, uint8_t how)
{
	struct collecting *collecting = table_make(&gc->tasks, task);
	struct occupied *occupied = executor ? table_make(&gc->executors, executor) : NULL;

	if (!collecting || (executor && !occupied))
		return DWELL_ENOMEM;
	if (occupied && occupied->task == task) {
		gc->taken -= collecting->how != 0;
		gc->taken += how != 0;
	}
	collecting->how = how;
	return DWELL_OK;
}

static int on_switch(struct gc *gc, const struct dwell_event *event)
{
	struct occupied *occupied =
		event->executor ? table_make(&gc->executors, event->executor) : NULL;
	uint8_t before, after;

	if (!occupied)
		return event->executor ? DWELL_ENOMEM : DWELL_OK;
	before = how_of(gc, occupied->task);
	after = how_of(gc, event->peer);
	occupied->task = event->peer;
	if (!before == !after)
		return DWELL_OK;
	gc->taken += after != 0;
	gc->taken -= before != 0;
	return tell(gc, event->time_ns);
}

static int begin_assist(struct gc *gc, const struct dwell_event *event)
{
	struct collecting *collecting = table_make(&gc->tasks, event->task);

	if (!collecting)
		return DWELL_ENOMEM;
	collecting->assist = event->value;
	collecting->since_ns = event->time_ns;
	return set_how(gc, event->task, event->executor, collecting->how | IN_ASSIST);
}

static int end_assist(struct gc *gc, const struct dwell_event *event, struct collecting *collecting)
{
	const uint64_t ns = event->time_ns - collecting->since_ns;
	struct dwell_gc_assist *assist = table_make(&gc->classes, event->task);

	if (!assist)
		return DWELL_ENOMEM;
	assist->count++;
	assist->total_ns += ns;
	if (ns > assist->max_ns)
		assist->max_ns = ns;
	collecting->assist = 0;
	return set_how(gc, event->task, event->executor, collecting->how & ~IN_ASSIST & 3);
}

static bool is_text(struct dwell_string text, const char *word)
{
	return text.size == strlen(word) && !memcmp(text.at, word, text.size);
}

/* Go pauses the world for others too: to begin a trace, to read figures. */
static bool is_of_collector(const struct gc *gc, const struct dwell_event *event)
{
	static const char go[] = "stop-the-world (", go_gc[] = "stop-the-world (GC";
	const struct dwell_string text = dwell_catalog_label(gc->model->catalog, event->object);

	return text.size < sizeof(go_gc) - 1 || memcmp(text.at, go, sizeof(go) - 1) ||
	       !memcmp(text.at, go_gc, sizeof(go_gc) - 1);
}

static int on_begin(struct gc *gc, const struct dwell_event *event)
{
	int err = DWELL_OK;

	if (event->reason == DWELL_SPAN_GC_ASSIST && event->task)
		err = begin_assist(gc, event);
	else if (event->reason == DWELL_SPAN_WORLD_PAUSE && gc->pause_count < MAX_PAUSES &&
		 is_of_collector(gc, event))
		gc->pauses[gc->pause_count++] = event->value;
	else
		return DWELL_OK;
	return err ? err : tell(gc, event->time_ns);
}

/* The end of a span does not say its kind: it is what began with that number. */
static int on_end(struct gc *gc, const struct dwell_event *event)
{
	struct collecting *collecting = event->task ? table_get(&gc->tasks, event->task) : NULL;
	int err = DWELL_OK;

	if (collecting && collecting->assist && collecting->assist == event->value) {
		err = end_assist(gc, event, collecting);
		return err ? err : tell(gc, event->time_ns);
	}
	for (size_t i = 0; i < gc->pause_count; i++) {
		if (gc->pauses[i] != event->value)
			continue;
		gc->pauses[i] = gc->pauses[--gc->pause_count];
		return tell(gc, event->time_ns);
	}
	return DWELL_OK;
}

/* Go's background workers say of which kind they are when they begin; idle ones take nothing. */
static int on_mark(struct gc *gc, const struct dwell_event *event)
{
	const struct dwell_string text = dwell_catalog_label(gc->model->catalog, event->object);
	const uint8_t how = how_of(gc, event->task);
	int err;

	if (!event->task)
		return DWELL_OK;
	if (is_text(text, "GC (dedicated)") || is_text(text, "GC (fractional)"))
		err = set_how(gc, event->task, event->executor, how | IN_WORKER);
	else if (is_text(text, "GC (idle)"))
		err = set_how(gc, event->task, event->executor, how & IN_ASSIST);
	else
		return DWELL_OK;
	return err ? err : tell(gc, event->time_ns);
}

static int on_counter(struct gc *gc, const struct dwell_event *event)
{
	const struct dwell_catalog_counter *counter =
		dwell_catalog_counter(gc->model->catalog, event->object);

	if (!counter || !is_text(counter->name, "/sched/gomaxprocs") || !event->value)
		return DWELL_OK;
	gc->processors = event->value < UINT32_MAX ? event->value : UINT32_MAX;
	return tell(gc, event->time_ns);
}

static int gc_event(void *fold, const struct dwell_event *event)
{
	switch (event->kind) {
	case DWELL_EVENT_SWITCH:
		return on_switch(fold, event);
	case DWELL_EVENT_SPAN_BEGIN:
		return on_begin(fold, event);
	case DWELL_EVENT_SPAN_END:
		return on_end(fold, event);
	case DWELL_EVENT_MARK:
		return on_mark(fold, event);
	default:
		return on_counter(fold, event);
	}
}

static int gc_merge(void *into, void *from)
{
	(void)into;
	(void)from;
	return DWELL_EINVAL; /* serial: there is nothing to merge */
}

static void add_assists(struct dwell_gc_assist *into, const struct dwell_gc_assist *from)
{
	into->count += from->count;
	into->total_ns += from->total_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
}

static int gc_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct gc *gc = fold;
	bool works = false;

	(void)lives;
	(void)count;
	for (uint32_t task = first; task < first + TABLE_PAGE; task++) {
		const struct dwell_gc_assist *of = table_get(&gc->classes, task);
		struct dwell_gc_assist *into;

		works |= how_of(gc, task) != 0;
		if (!of || !of->count || !wants_task(gc->model, task))
			continue;
		into = table_make(&gc->shapes, catalog_shape(gc->model->catalog, task));
		if (!into)
			return DWELL_ENOMEM;
		add_assists(into, of);
	}
	table_drop(&gc->classes, first);
	/* One that ended at its work may count still where it ran. */
	if (!works)
		table_drop(&gc->tasks, first);
	return DWELL_OK;
}

const struct fold_ops gc_fold = {
	.serial = true,
	.kinds = 1u << DWELL_EVENT_SWITCH | 1u << DWELL_EVENT_SPAN_BEGIN |
		 1u << DWELL_EVENT_SPAN_END | 1u << DWELL_EVENT_MARK | 1u << DWELL_EVENT_COUNTER,
	.make = gc_make,
	.free = gc_drop,
	.begin = gc_begin,
	.event = gc_event,
	.merge = gc_merge,
	.settle = gc_settle,
	.settles_some = true,
};

static int longest_first(const void *a, const void *b)
{
	const struct dwell_gc_assist *x = a, *y = b;

	if (x->total_ns != y->total_ns)
		return x->total_ns > y->total_ns ? -1 : 1;
	return (x->class_id > y->class_id) - (x->class_id < y->class_id);
}

/* Those of one class in one. */
static int add_classes(struct dwell_gc *out, const struct gc *gc)
{
	const size_t classes = dwell_catalog_classes(gc->model->catalog);

	out->assists = calloc(classes + 1, sizeof(*out->assists));
	if (!out->assists)
		return DWELL_ENOMEM;
	for (uint32_t task = 1; task < gc->classes.end; task++) {
		const struct dwell_gc_assist *of = table_get(&gc->classes, task);

		if (of && of->count && wants_task(gc->model, task))
			add_assists(
				&out->assists[group_of(gc->model->catalog, DWELL_BY_CLASS, task)],
				of);
	}
	for (uint32_t shape = 0; shape < gc->shapes.end; shape++) {
		const struct dwell_gc_assist *of = table_get(&gc->shapes, shape);

		if (of && of->count)
			add_assists(
				&out->assists[catalog_class_of_shape(gc->model->catalog, shape)],
				of);
	}
	for (uint32_t id = 0; id <= classes; id++)
		out->assists[id].class_id = out->assists[id].count ? id : 0;
	qsort(out->assists, classes + 1, sizeof(*out->assists), longest_first);
	while (out->assist_count <= classes && out->assists[out->assist_count].count)
		out->assist_count++;
	return DWELL_OK;
}

static void add_utilization(struct dwell_gc *out, const struct utilization *left)
{
	const uint64_t length_ns = left->now_ns - left->begin_ns;

	out->has_utilization = left->begun && length_ns;
	if (!out->has_utilization)
		return;
	out->mean_ppm = (uint32_t)(left->total / length_ns);
	for (size_t i = 0; i < UTILIZATION_WINDOWS; i++) {
		if (!left->windows[i].begun)
			continue;
		out->windows[out->window_count++] = (struct dwell_gc_window){
			.window_ns = left->windows[i].length_ns,
			.minimum_ppm =
				(uint32_t)(left->windows[i].least / left->windows[i].length_ns),
			.at_ns = left->windows[i].at_ns,
		};
	}
}

int gc_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct gc *gc = fold;
	struct dwell_gc *out = calloc(1, sizeof(*out));

	(void)query;
	answer->gc = out;
	if (!out)
		return DWELL_ENOMEM;
	utilization_end(&gc->left, model->end_ns);
	add_utilization(out, &gc->left);
	return add_classes(out, gc);
}

void gc_free(struct dwell_gc *gc)
{
	if (gc)
		free(gc->assists);
	free(gc);
}

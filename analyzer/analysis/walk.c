/* Back along the critical path. */
#include "analysis/walk.h"

#include <stdlib.h>

const char *dwell_stop_name(unsigned stop)
{
	static const char *const names[DWELL_STOP_COUNT] = { NULL, "open", "nobody", "release",
		"circle", "waker", "middle", "way-back" };

	return stop < DWELL_STOP_COUNT ? names[stop] : NULL;
}

static bool is_on_path(const struct walk *walk, uint32_t task)
{
	const uint8_t *on = table_get(&walk->on_path, task);

	return on && *on;
}

static int put_on_path(struct walk *walk, uint32_t task, bool on_path)
{
	uint8_t *on = table_make(&walk->on_path, task);

	if (!on)
		return DWELL_ENOMEM;
	*on = on_path;
	return DWELL_OK;
}

static int push(struct walk *walk, uint32_t task, uint64_t bound_ns, uint8_t entry,
	const struct dwell_stretch *wait)
{
	if (walk->depth == walk->cap) {
		const size_t cap = walk->cap ? walk->cap * 2 : 16;
		struct walk_frame *frames = realloc(walk->frames, cap * sizeof(*frames));

		if (!frames)
			return DWELL_ENOMEM;
		walk->frames = frames;
		walk->cap = cap;
	}
	walk->frames[walk->depth++] = (struct walk_frame){
		.task = task,
		.entry = entry,
		.bound_ns = bound_ns,
		.wait = wait ? *wait : (struct dwell_stretch){ 0 },
	};
	return put_on_path(walk, task, true);
}

static int pop(struct walk *walk, uint64_t at_ns)
{
	const struct walk_frame *top = &walk->frames[--walk->depth];
	int err = put_on_path(walk, top->task, false);

	if (!err && walk->depth && walk->wait)
		err = walk->wait(walk->context, &top->wait, at_ns, false);
	return err;
}

/* A step of the frame i, [start, end) of the stretch. */
static int tell_step(struct walk *walk, size_t i, const struct dwell_stretch *stretch,
	uint64_t start_ns, uint64_t end_ns, unsigned stop)
{
	const struct walk_frame *frame = &walk->frames[i];
	const struct dwell_step step = {
		.start_ns = start_ns,
		.end_ns = end_ns,
		.task = frame->task,
		.executor = stretch->executor,
		.object = stretch->object,
		.stack = stretch->stack,
		.waker = stretch->waker,
		.waker_stack = stretch->waker_stack,
		.depth = (uint32_t)i,
		.for_task = i ? frame->wait.task : DWELL_NONE,
		.for_object = frame->wait.object,
		.for_stack = frame->wait.stack,
		.for_reason = frame->wait.reason,
		.state = stretch->state,
		.reason = stretch->reason,
		.cause = stretch->cause,
		.entry = frame->entry,
		.stop = (uint8_t)stop,
	};

	return start_ns < end_ns ? walk->step(walk->context, &step) : (int)DWELL_OK;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The path stays on a blocked task, down to start_ns. */
static int stay(struct walk *walk, const struct dwell_stretch *wait, uint64_t start_ns,
	uint64_t *at_ns, unsigned stop)
{
	int err = DWELL_OK;

	start_ns = later(start_ns, walk->frames[walk->depth - 1].bound_ns);
	if (walk->wait)
		err = walk->wait(walk->context, wait, *at_ns, true);
	if (!err)
		err = tell_step(walk, walk->depth - 1, wait, start_ns, *at_ns, stop);
	if (!err && walk->wait)
		err = walk->wait(walk->context, wait, start_ns, false);
	*at_ns = start_ns;
	return err;
}

/* Who ended it, or when, shows in an earlier chapter. */
static bool shows_earlier(const struct walk *walk, const struct dwell_stretch *wait)
{
	return is_earlier(wait->let_go_ns) && walk->chapters.left;
}

/* It was let go before it matters, or when is not known: nothing can be followed there. */
static bool let_go_before(const struct walk *walk, const struct dwell_stretch *wait)
{
	const uint64_t bound_ns = walk->frames[walk->depth - 1].bound_ns;

	return shows_earlier(walk, wait)
		       ? walk->chapters.begin_ns <= bound_ns
		       : is_earlier(wait->let_go_ns) || wait->let_go_ns <= bound_ns;
}

/* Why the path cannot follow who ended the wait at let_go_ns; 0: it can. */
static unsigned walk_stop(const struct walk *walk, const struct dwell_stretch *wait, uint64_t at_ns)
{
	const bool for_child =
		wait->flags & DWELL_STRETCH_FOR_END && wait->reason == DWELL_REASON_PROCESS;

	if (wait->flags & DWELL_INTERVAL_OPEN)
		return DWELL_STOP_OPEN;
	if (let_go_before(walk, wait)) {
		if (for_child || (!wait->waker && at_ns == wait->end_ns))
			return DWELL_STOP_NOBODY;
		return wait->waker ? DWELL_STOP_RELEASE : DWELL_STOP_OPEN;
	}
	if (at_ns > wait->let_go_ns)
		return DWELL_STOP_WAY_BACK;
	if (at_ns < wait->let_go_ns)
		return DWELL_STOP_MIDDLE;
	if (is_on_path(walk, wait->waker))
		return DWELL_STOP_CIRCLE;
	return chapters_at(&walk->chapters, wait->waker, at_ns) ? DWELL_STOP_NONE
								: DWELL_STOP_WAKER;
}

static int through_wait(struct walk *walk, const struct dwell_stretch *stretch, uint64_t *at_ns)
{
	const struct dwell_stretch wait = *stretch;
	const unsigned stop = walk_stop(walk, &wait, *at_ns);
	const uint64_t start_ns = stop == DWELL_STOP_WAY_BACK ? wait.let_go_ns : wait.start_ns;
	int err = DWELL_OK;

	/* It is carried there. */
	if (shows_earlier(walk, &wait) && stop != DWELL_STOP_OPEN && !let_go_before(walk, &wait))
		return chapters_back(&walk->chapters);
	if (stop)
		return stay(walk, &wait, start_ns, at_ns, stop);
	if (walk->wait)
		err = walk->wait(walk->context, &wait, *at_ns, true);
	if (err)
		return err;
	return push(walk, wait.waker, later(wait.start_ns, walk->frames[walk->depth - 1].bound_ns),
		DWELL_ENTRY_WAKER, &wait);
}

uint32_t maker_of(const struct dwell_catalog *catalog, uint32_t task, uint64_t at_ns)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(catalog, task);

	/* Defined late, it has rows from before: of these its creation was the first. */
	return of && (of->born || at_ns < of->created_ns) ? of->parent : DWELL_NONE;
}

/* Nothing is known of the top task before at_ns: who made it goes on; else its waiter waited. */
static int before_life(struct walk *walk, uint64_t *at_ns)
{
	struct walk_frame *top = &walk->frames[walk->depth - 1];
	const uint32_t maker = maker_of(walk->chapters.model->catalog, top->task, *at_ns);
	const uint64_t bound_ns = top->bound_ns;
	int err;

	if (maker && !is_on_path(walk, maker) && chapters_at(&walk->chapters, maker, *at_ns)) {
		err = put_on_path(walk, top->task, false);
		top->task = maker;
		top->entry = DWELL_ENTRY_CREATOR;
		return err ? err : put_on_path(walk, top->task, true);
	}
	err = tell_step(walk, walk->depth - 2, &top->wait, bound_ns, *at_ns, DWELL_STOP_WAKER);
	*at_ns = bound_ns;
	return err;
}

static int one_step(struct walk *walk, uint64_t *at_ns)
{
	const struct walk_frame *top = &walk->frames[walk->depth - 1];
	const struct dwell_stretch *stretch = chapters_at(&walk->chapters, top->task, *at_ns);
	uint64_t start_ns;
	int err;

	if (!stretch && walk->depth > 1)
		return before_life(walk, at_ns);
	if (!stretch) { /* the interval begins with the task's life */
		walk->from_ns = *at_ns;
		walk->frames[0].bound_ns = *at_ns;
		return DWELL_OK;
	}
	if (stretch->state == DWELL_BLOCKED)
		return through_wait(walk, stretch, at_ns);
	start_ns = later(stretch->start_ns, top->bound_ns);
	err = tell_step(walk, walk->depth - 1, stretch, start_ns, *at_ns, DWELL_STOP_NONE);
	*at_ns = start_ns;
	return err;
}

/* Where the task's life ends, at to_ns or before. 0, DWELL_END where it has none there. */
static int find_end(struct walk *walk, uint32_t task, uint64_t from_ns, uint64_t *at_ns)
{
	int err;

	while (!(err = chapters_back(&walk->chapters))) {
		const struct dwell_history *now = walk->chapters.now;
		size_t i;

		if (chapters_at(&walk->chapters, task, *at_ns))
			return DWELL_OK;
		i = dwell_history_find(now, task, *at_ns - 1);
		if (i) {
			*at_ns = dwell_history_stretch(now, task, i - 1)->end_ns;
			return *at_ns > from_ns ? (int)DWELL_OK : (int)DWELL_END;
		}
	}
	return err;
}

int walk_back(
	struct walk *walk, struct model *view, uint32_t task, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t at_ns = to_ns;
	int err = chapters_open(&walk->chapters, view, 0, walk->spares);

	from_ns = later(from_ns, view->from_ns);
	walk->on_path.item = sizeof(uint8_t);
	walk->from_ns = from_ns;
	if (!err)
		err = find_end(walk, task, from_ns, &at_ns);
	if (err)
		return err == DWELL_END ? (int)DWELL_EINVAL : err;
	walk->to_ns = at_ns;
	err = push(walk, task, from_ns, DWELL_ENTRY_SELF, NULL);
	while (!err && walk->depth) {
		if (at_ns <= walk->frames[walk->depth - 1].bound_ns)
			err = pop(walk, at_ns);
		else if (at_ns <= walk->chapters.begin_ns)
			err = chapters_back(&walk->chapters);
		else
			err = one_step(walk, &at_ns);
	}
	return err;
}

void walk_release(struct walk *walk)
{
	chapters_close(&walk->chapters);
	table_release(&walk->on_path);
	free(walk->frames);
	walk->frames = NULL;
	walk->depth = walk->cap = 0;
}

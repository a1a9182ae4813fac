/* Back along the critical path. */
#include "analysis/walk.h"

#include <stdlib.h>

#include "analysis/again.h"

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
		.first_ns = wait ? wait->start_ns : bound_ns,
		.wait = wait ? *wait : (struct dwell_stretch){ 0 },
	};
	return put_on_path(walk, task, true);
}

static int tell_pending(struct walk *walk)
{
	const struct dwell_step step = walk->pending;

	walk->pending.task = DWELL_NONE;
	return step.task ? walk->step(walk->context, &step) : (int)DWELL_OK;
}

static int tell_wait(
	struct walk *walk, const struct dwell_stretch *wait, uint64_t at_ns, bool entered)
{
	const int err = tell_pending(walk);

	return err || !walk->wait ? err : walk->wait(walk->context, wait, at_ns, entered);
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

	struct dwell_step *pending = &walk->pending;
	int err;

	if (start_ns >= end_ns)
		return DWELL_OK;
	if (pending->task == step.task && pending->depth == step.depth &&
		pending->start_ns == end_ns && pending->stop == step.stop &&
		walk->pending_of_ns == stretch->start_ns) {
		pending->start_ns = start_ns; /* the bound was moved */
		return DWELL_OK;
	}
	err = tell_pending(walk);
	*pending = step;
	walk->pending_of_ns = stretch->start_ns;
	return err;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static int leave_stay(struct walk *walk, uint64_t at_ns)
{
	walk->stay.stop = DWELL_STOP_NONE;
	return tell_wait(walk, &walk->stay.wait, at_ns, false);
}

/* The path stays on a blocked task, as far as its bound. */
static int stay(struct walk *walk, uint64_t *at_ns)
{
	const struct walk_stay *is = &walk->stay;
	const uint64_t start_ns = later(is->from_ns, walk->frames[walk->depth - 1].bound_ns);
	const int err =
		tell_step(walk, walk->depth - 1, &is->wait, start_ns, *at_ns, walk->stay.stop);

	*at_ns = start_ns;
	return err || start_ns > is->from_ns ? err : leave_stay(walk, start_ns);
}

static int pop(struct walk *walk, uint64_t at_ns)
{
	int err = walk->stay.stop ? leave_stay(walk, at_ns) : DWELL_OK;
	const struct walk_frame *top = &walk->frames[--walk->depth];

	if (!err)
		err = put_on_path(walk, top->task, false);
	return err || !walk->depth ? err : tell_wait(walk, &top->wait, at_ns, false);
}

/* Why the path cannot follow who ended the wait at let_go_ns; 0: it can. */
static unsigned walk_stop(const struct walk *walk, const struct dwell_stretch *wait, uint64_t at_ns)
{
	const bool for_child =
		wait->flags & DWELL_STRETCH_FOR_END && wait->reason == DWELL_REASON_PROCESS;

	if (wait->flags & DWELL_INTERVAL_OPEN)
		return DWELL_STOP_OPEN;
	if (!wait->let_go_ns || is_earlier(wait->let_go_ns)) {
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
	int err;

	/* Who ended it, or when, shows in an earlier chapter. */
	if (is_earlier(wait.let_go_ns) && walk->chapters.left && stop != DWELL_STOP_OPEN)
		return chapters_back_keeping(&walk->chapters, *at_ns);
	err = tell_wait(walk, &wait, *at_ns, true);
	if (err)
		return err;
	if (stop) {
		walk->stay = (struct walk_stay){ wait,
			stop == DWELL_STOP_WAY_BACK ? wait.let_go_ns : wait.start_ns,
			(uint8_t)stop };
		return stay(walk, at_ns);
	}
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
	const struct dwell_stretch *stretch;
	uint64_t start_ns;
	int err;

	if (walk->stay.stop)
		return stay(walk, at_ns);
	stretch = chapters_at(&walk->chapters, top->task, *at_ns);
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

/* The wait of a frame began at at_ns: after one that ran out of time, and is the same? */
static int find_first(struct walk *walk, struct walk_frame *frame, uint64_t at_ns)
{
	const struct dwell_stretch *wait = &frame->wait;
	uint64_t end_ns = frame->first_ns, ran_ns = 0;
	enum again is = AGAIN_BETWEEN;

	while (is == AGAIN_BETWEEN && end_ns > walk->from_ns) {
		const struct dwell_stretch *before;

		if (end_ns <= walk->chapters.begin_ns) {
			const int err = chapters_back_keeping(&walk->chapters, at_ns);

			if (err)
				return err;
			continue;
		}
		before = chapters_at(&walk->chapters, wait->task, end_ns);
		if (!before)
			return DWELL_OK;
		is = again_before(
			wait, before, &ran_ns, walk->from_ns, walk->chapters.model->has_wakes);
		end_ns = before->start_ns;
	}
	if (is == AGAIN_YES)
		frame->first_ns = end_ns;
	return DWELL_OK;
}

/* The walk came to its bound: which frames' waits began earlier, after all? */
static int move_bounds(struct walk *walk, uint64_t at_ns)
{
	size_t i = walk->depth;
	int err = DWELL_OK;

	if (walk->settled_ns == at_ns)
		return DWELL_OK;
	/* Bounds do not go down from the first frame to the last. */
	while (i > 1 && walk->frames[i - 1].bound_ns >= at_ns)
		i--;
	for (; i < walk->depth && walk->frames[i - 1].bound_ns < at_ns && !err; i++) {
		struct walk_frame *frame = &walk->frames[i];

		if (frame->first_ns == at_ns && again_may_be(&frame->wait))
			err = find_first(walk, frame, at_ns);
		frame->bound_ns = later(frame->first_ns, walk->frames[i - 1].bound_ns);
	}
	if (walk->frames[walk->depth - 1].bound_ns >= at_ns)
		walk->settled_ns = at_ns;
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
	walk->settled_ns = DWELL_FOREVER;
	if (!err)
		err = find_end(walk, task, from_ns, &at_ns);
	if (err)
		return err == DWELL_END ? (int)DWELL_EINVAL : err;
	walk->to_ns = at_ns;
	err = push(walk, task, from_ns, DWELL_ENTRY_SELF, NULL);
	while (!err && walk->depth) {
		if (at_ns <= walk->frames[walk->depth - 1].bound_ns && walk->settled_ns != at_ns)
			err = move_bounds(walk, at_ns);
		else if (at_ns <= walk->frames[walk->depth - 1].bound_ns)
			err = pop(walk, at_ns);
		else if (at_ns <= walk->chapters.begin_ns)
			err = chapters_back(&walk->chapters);
		else
			err = one_step(walk, &at_ns);
	}
	return err ? err : tell_pending(walk);
}

void walk_release(struct walk *walk)
{
	chapters_close(&walk->chapters);
	table_release(&walk->on_path);
	free(walk->frames);
	walk->frames = NULL;
	walk->depth = walk->cap = 0;
}

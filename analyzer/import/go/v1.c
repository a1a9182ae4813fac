#include "import/go/v1.h"
#include "import/go/emit.h"

#include <stdlib.h>
#include <string.h>

#include "import/go/step.h"

/* Larger traces of that age were beyond Go's own tools; batch offsets stay below 2^32. */
enum { MAX_FILE = 1 << 30 };

/* What is at hand while one event is told. */
struct telling {
	struct go_v1 *v1;
	struct go_reader *reader;
	const struct go_v1_event *from;
	struct go_thread thread;
	struct go_event event; /* the same, as a newer trace would have it */
	uint64_t time;
};

static uint32_t proc_index(struct go_reader *reader, int32_t p)
{
	uint32_t i = go_map_get(&reader->proc_by_id, (uint64_t)(uint32_t)p);

	if (p < 0 || i != GO_NOBODY)
		return p < 0 ? GO_NOBODY : i;
	i = (uint32_t)reader->procs.count;
	if (!GO_RESERVE(&reader->procs) || !go_map_put(&reader->proc_by_id, (uint32_t)p, i))
		return GO_NOBODY;
	reader->procs.at[reader->procs.count++] =
		(struct go_proc){ .id = (uint32_t)p, .in_syscall = GO_NOBODY };
	return go_emit_executor(reader, i) ? GO_NOBODY : i;
}

static int leave(struct telling *t, uint8_t how, uint64_t word)
{
	const uint32_t g = t->thread.g;

	if (g == GO_NOBODY || t->thread.p == GO_NOBODY)
		return go_broken(t->reader, &t->event, "a goroutine leaves a P that it is not on");
	t->event.type = how;
	t->event.args[0] = word;
	t->event.args[1] = t->from->stack;

	const int err = go_emit_leave(t->reader, &t->thread, g, &t->event, t->time);
	if (err || how != GO_DESTROY)
		return err;
	return go_remove_goroutine(t->reader, g) < 0 ? DWELL_ENOMEM : 0;
}

static int create(struct telling *t)
{
	struct go_goroutine *g;

	if (go_find_goroutine(t->reader, t->from->args[0]))
		return go_broken(t->reader, &t->event, "a goroutine is created twice");
	if (!(g = go_add_goroutine(t->reader, t->from->args[0], GO_RUNNABLE)))
		return DWELL_ENOMEM;
	t->event.type = GO_CREATE;
	t->event.args[2] = t->from->stack;
	return go_emit_create(t->reader, &t->thread, g, &t->event, t->time);
}

static int start(struct telling *t)
{
	int err = 0;

	if (t->thread.g == GO_NOBODY || t->thread.p == GO_NOBODY)
		return go_broken(t->reader, &t->event, "a goroutine starts that is not there");
	/*
	 * Who entered a system call on this P must have lost it, but old traces do not always
	 * say when; Go's own reader takes it as running until the P stops or the call ends, and so
	 * do we.
	 */
	const uint32_t caller = t->reader->procs.at[t->thread.p].in_syscall;
	if (caller != GO_NOBODY)
		err = go_emit_state(t->reader, caller, DWELL_RUNNING, t->time);
	if (!err)
		err = go_emit_enter(t->reader, &t->thread, t->thread.g, t->time);
	if (err || t->from->type != GO1_START_LABEL)
		return err;
	t->event.type = GO_LABEL;
	t->event.args[0] = t->from->args[2];
	return go_emit_annotation(
		t->reader, &t->thread, &t->event, go_stamp(t->reader, t->from->ts));
}

static int wake(struct telling *t)
{
	const struct go_goroutine *g = go_find_goroutine(t->reader, t->from->args[0]);

	if (!g)
		return go_broken(t->reader, &t->event, "a goroutine is woken that is not there");
	return go_emit_wake(
		t->reader, &t->thread, go_index_of(t->reader, g), t->from->stack, t->time);
}

static int syscall_begin(struct telling *t)
{
	if (t->thread.p == GO_NOBODY || t->thread.g == GO_NOBODY)
		return go_broken(t->reader, &t->event, "a system call without a P");
	if (t->from->args[0]) {
		t->reader->procs.at[t->thread.p].in_syscall = t->thread.g;
		t->reader->goroutines.at[t->thread.g].lost_proc = false;
		go_keep_call(t->reader, t->thread.g, t->from->stack);
	} else {
		go_stamp(t->reader, t->from->ts + 1); /* a short one: its end, too, is an event */
	}
	return 0;
}

static int syscall_end(struct telling *t)
{
	if (t->thread.g == GO_NOBODY)
		return go_broken(t->reader, &t->event, "a system call ends that did not begin");
	for (size_t p = 0; p < t->reader->procs.count; p++)
		if (t->reader->procs.at[p].in_syscall == t->thread.g)
			t->reader->procs.at[p].in_syscall = GO_NOBODY;
	/* It was never said to have lost its P: it only now waits for one. */
	if (!t->reader->goroutines.at[t->thread.g].lost_proc)
		return go_emit_state(t->reader, t->thread.g, DWELL_RUNNABLE, t->time);
	return go_emit_wake(t->reader, NULL, t->thread.g, 0, t->time);
}

static int annotate(struct telling *t, uint8_t type)
{
	t->event.type = type;
	if ((type == GO_SWEEP_BEGIN || type == GO_SWEEP_END) && t->thread.p == GO_NOBODY)
		return 0;
	if ((type == GO_ASSIST_BEGIN || type == GO_ASSIST_END || type == GO_REGION_BEGIN ||
		    type == GO_REGION_END) &&
		t->thread.g == GO_NOBODY)
		return 0;
	return go_emit_annotation(t->reader, &t->thread, &t->event, t->time);
}

static int region(struct telling *t)
{
	if (t->from->args[1] > 1)
		return go_broken(t->reader, &t->event, "a region neither begins nor ends");
	t->event.args[1] = t->from->args[2];
	t->event.args[2] = t->from->stack;
	return annotate(t, t->from->args[1] ? GO_REGION_END : GO_REGION_BEGIN);
}

/* The text of a log stands behind it. */
static int log_line(struct telling *t)
{
	struct go_reader *reader = t->reader;
	struct go_cursor in = { reader->base + t->from->args[3], reader->base + reader->size };
	const struct go_text *key = go_text(reader, t->from->args[1]);
	uint64_t size = 0;

	go_varint(&in, &size);
	struct dwell_event row = {
		.time_ns = t->time,
		.kind = DWELL_EVENT_MARK,
		.task = go_task_of(reader, t->thread.g),
		.stack = go_stack_id(reader, t->from->stack),
		.object = go_label_id(reader, (const char *)in.at,
			(size_t)(size < GO_MAX_TEXT ? size : GO_MAX_TEXT)),
		.extra = key->size ? go_label_id(reader, key->at, key->size) : 0,
	};
	return reader->rehearsal ? 0 : go_emit(reader, row);
}

static int sample(struct telling *t)
{
	const struct go_sample sample = {
		.g = t->from->g,
		.p = (uint64_t)(int64_t)t->from->p,
		.stack = t->from->stack,
	};

	return go_emit_sample(t->reader, &sample, t->time);
}

static int tell_switch(struct telling *t)
{
	switch (t->from->type) {
	case GO1_CREATE:
		return create(t);
	case GO1_START:
	case GO1_START_LABEL:
		return start(t);
	case GO1_END:
		return leave(t, GO_DESTROY, 0);
	case GO1_SCHED:
	case GO1_PREEMPT:
		return leave(t, GO_STOP, 0);
	case GO1_STOP:
		return leave(t, GO_BLOCK, GO1_WORD + GO1_WORD_FOREVER);
	case GO1_SLEEP:
		return leave(t, GO_BLOCK, GO1_WORD + GO1_WORD_SLEEP);
	case GO1_BLOCK:
		return leave(t, GO_BLOCK, GO1_WORD + GO1_WORD_NONE);
	case GO1_BLOCK_SEND:
		return leave(t, GO_BLOCK, GO1_WORD + GO1_WORD_SEND);
	case GO1_BLOCK_RECV:
		return leave(t, GO_BLOCK, GO1_WORD + GO1_WORD_RECEIVE);
	case GO1_BLOCK_SELECT:
		return leave(t, GO_BLOCK, GO1_WORD + GO1_WORD_SELECT);
	case GO1_BLOCK_SYNC:
		return leave(t, GO_BLOCK, GO1_WORD + GO1_WORD_SYNC);
	case GO1_BLOCK_COND:
		return leave(t, GO_BLOCK, GO1_WORD + GO1_WORD_COND);
	case GO1_BLOCK_NET:
		return leave(t, GO_BLOCK, GO1_WORD + GO1_WORD_NETWORK);
	case GO1_BLOCK_GC:
		return leave(t, GO_BLOCK, GO1_WORD + GO1_WORD_ASSIST);
	case GO1_UNBLOCK:
		return wake(t);
	case GO1_SYSCALL:
		return syscall_begin(t);
	case GO1_SYSCALL_EXIT:
		return syscall_end(t);
	case GO1_PROC_STOP:
		return t->thread.p == GO_NOBODY
			       ? 0
			       : go_emit_lost_proc(t->reader, t->thread.p, t->time);
	}
	return 0;
}

static int tell_rest(struct telling *t)
{
	switch (t->from->type) {
	case GO1_GOMAXPROCS:
		return annotate(t, GO_PROCS_CHANGE);
	case GO1_GC_START:
		return annotate(t, GO_GC_BEGIN);
	case GO1_GC_DONE:
		return annotate(t, GO_GC_END);
	case GO1_STW_START:
		t->event.args[0] = go_v1_pause_word(t->reader, t->from->args[0]);
		return annotate(t, GO_STW_BEGIN);
	case GO1_STW_DONE:
		return annotate(t, GO_STW_END);
	case GO1_SWEEP_START:
		t->event.args[0] = t->from->stack;
		return annotate(t, GO_SWEEP_BEGIN);
	case GO1_SWEEP_DONE:
		return annotate(t, GO_SWEEP_END);
	case GO1_ASSIST_START:
		return annotate(t, GO_ASSIST_BEGIN);
	case GO1_ASSIST_DONE:
		return annotate(t, GO_ASSIST_END);
	case GO1_HEAP_ALLOC:
		return annotate(t, GO_HEAP_ALLOC);
	case GO1_HEAP_GOAL:
		return annotate(t, GO_HEAP_GOAL);
	case GO1_TASK_CREATE:
		t->event.args[3] = t->from->stack;
		return annotate(t, GO_TASK_BEGIN);
	case GO1_TASK_END:
		t->event.args[1] = t->from->stack;
		return annotate(t, GO_TASK_END);
	case GO1_REGION:
		return region(t);
	case GO1_LOG:
		return log_line(t);
	case GO1_CPU_SAMPLE:
		return sample(t);
	}
	return tell_switch(t);
}

/* An event that newer readers do not show takes no time of its own. */
static bool is_silent(const struct go_v1_event *e)
{
	return e->type == GO1_SYSCALL_BLOCK;
}

static int tell(struct go_v1 *v1, const struct go_v1_event *from)
{
	const struct go_goroutine *g = go_find_goroutine(v1->reader, from->g);
	struct telling t = {
		.v1 = v1,
		.reader = v1->reader,
		.from = from,
		.thread = { .g = g ? go_index_of(v1->reader, g) : GO_NOBODY, .p = GO_NOBODY },
	};

	if (is_silent(from))
		return 0;
	if (from->type != GO1_CPU_SAMPLE)
		t.thread.p = proc_index(v1->reader, from->p);
	memcpy(t.event.args, from->args, sizeof(from->args));
	t.time = go_stamp(v1->reader, from->ts);
	return tell_rest(&t);
}

/* --- who was there before the trace: all that is named before the first GOMAXPROCS --- */

static struct go_first *first_of(struct go_reader *reader, uint64_t g)
{
	const uint32_t i = go_map_get(&reader->first_task, g);

	return i == GO_NOBODY ? NULL : &reader->firsts.at[i];
}

static int add_first(struct go_reader *reader, const struct go_v1_event *e)
{
	const uint32_t i = (uint32_t)reader->firsts.count;

	if (first_of(reader, e->args[0]))
		return go_broken(reader, &(struct go_event){ .type = e->type },
			"a goroutine is named twice");
	if (!GO_RESERVE(&reader->firsts) || !go_map_put(&reader->first_task, e->args[0], i))
		return DWELL_ENOMEM;
	reader->firsts.at[reader->firsts.count++] = (struct go_first){
		.goroutine = e->args[0],
		.root_stack = e->args[1],
		.status = GO_RUNNABLE,
		.p = GO_NOBODY,
	};
	return 0;
}

/* How it is: the last word before the first GOMAXPROCS. */
static int state_first(struct go_reader *reader, const struct go_v1_event *e)
{
	struct go_first *first = first_of(reader, e->g);

	if (!first)
		return 0;
	go_stamp(reader, e->ts);
	first->status = e->type == GO1_WAITING ? GO_WAITING
			: e->type == GO1_START ? GO_RUNNING
					       : GO_SYSCALL;
	if (first->status == GO_WAITING)
		return 0;
	first->p = proc_index(reader, e->p);
	first->proc = (uint64_t)(uint32_t)e->p;
	return first->p == GO_NOBODY && e->p >= 0 ? DWELL_ENOMEM : 0;
}

/* All up to the first GOMAXPROCS; the last event of it in *last. */
static int read_beginning(struct go_v1 *v1, struct go_v1_event *last)
{
	struct go_reader *reader = v1->reader;
	int err = 0;

	last->type = 0;
	while (!err && last->type != GO1_GOMAXPROCS && !(err = go_v1_tell_next(v1, last))) {
		if (last->type == GO1_CREATE)
			err = add_first(reader, last);
		else if (last->type == GO1_WAITING || last->type == GO1_IN_SYSCALL ||
			 last->type == GO1_START)
			err = state_first(reader, last);
		else if (last->type != GO1_GOMAXPROCS && !is_silent(last))
			go_stamp(reader, last->ts);
	}
	return err == DWELL_END ? 0 : err;
}

/* The newer reader names those that were only created one by one, at the first GOMAXPROCS. */
static void stamp_created(struct go_reader *reader, const struct go_v1_event *e)
{
	for (size_t i = 0; i < reader->firsts.count; i++)
		if (reader->firsts.at[i].status == GO_RUNNABLE)
			go_stamp(reader, e->ts);
}

static int enter_firsts(struct go_reader *reader)
{
	int err = go_emit_firsts(reader);

	for (size_t i = 0; i < reader->firsts.count && !err; i++) {
		const struct go_first *first = &reader->firsts.at[i];
		struct go_goroutine *g = go_add_goroutine(reader, first->goroutine, first->status);

		if (!g)
			return DWELL_ENOMEM;
		g->task = go_map_get(&reader->first_task, first->goroutine);
		g->lost_proc = first->p == GO_NOBODY;
		if (first->status == GO_SYSCALL && first->p != GO_NOBODY)
			reader->procs.at[first->p].in_syscall = go_index_of(reader, g);
	}
	return err;
}

static int tell_all(struct go_v1 *v1)
{
	struct go_reader *reader = v1->reader;
	struct go_v1_event event = { .ts = 0 };
	int err;

	reader->generation = reader->first_generation = 1;
	reader->zero = 0;
	err = read_beginning(v1, &event);
	if (!err)
		stamp_created(reader, &event);
	if (!err)
		err = enter_firsts(reader);
	while (!err && !(err = go_v1_tell_next(v1, &event)))
		err = tell(v1, &event);
	return err == DWELL_END ? go_emit_flush(reader) : err;
}

static int take_whole(struct go_reader *reader)
{
	size_t got = 0;

	reader->whole = reader->size < MAX_FILE ? malloc((size_t)reader->size + 1) : NULL;
	if (!reader->whole)
		return reader->size < MAX_FILE ? DWELL_ENOMEM : DWELL_ELIMIT;
	reader->base = reader->whole;
	const int err = reader->source.bytes->ops->read(
		reader->source.bytes, 0, reader->whole, (size_t)reader->size, &got);
	reader->size = got;
	return err;
}

int go_v1_drive(struct go_reader *reader)
{
	struct go_v1 v1 = { .reader = reader };
	int err = take_whole(reader);

	if (!err)
		err = go_v1_index(&v1);
	if (!err)
		err = go_v1_add_words(reader);
	if (!err)
		err = go_v1_survey(&v1);
	if (!err)
		err = tell_all(&v1);
	go_v1_release(&v1);
	return err;
}

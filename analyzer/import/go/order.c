#include "import/go/emit.h"
#include "import/go/step.h"

int go_broken(struct go_reader *reader, const struct go_event *event, const char *what)
{
	return dwell_diag_set(&reader->source.diag, DWELL_EFORMAT, reader->offset, 0,
		"Go trace: generation %llu, event type %u: %s",
		(unsigned long long)reader->generation, event->type, what);
}

struct go_goroutine *go_add_goroutine(struct go_reader *reader, uint64_t id, uint8_t status)
{
	uint32_t i = (uint32_t)reader->goroutines.count;

	if (reader->free_goroutines.count)
		i = reader->free_goroutines.at[--reader->free_goroutines.count];
	else if (!GO_RESERVE(&reader->goroutines))
		return NULL;
	if (!go_map_put(&reader->goroutine_by_id, id, i))
		return NULL;
	if (i == reader->goroutines.count)
		reader->goroutines.count++;
	reader->goroutines.at[i] = (struct go_goroutine){
		.id = id,
		.status = status,
		.generation = reader->generation,
		.region = GO_NOBODY,
	};
	return &reader->goroutines.at[i];
}

int go_remove_goroutine(struct go_reader *reader, uint32_t i)
{
	go_map_remove(&reader->goroutine_by_id, reader->goroutines.at[i].id);
	if (!GO_RESERVE(&reader->free_goroutines))
		return DWELL_ENOMEM;
	reader->free_goroutines.at[reader->free_goroutines.count++] = i;
	return GO_ADVANCED;
}

/* --- goroutines --- */

static int first_named(struct go_step *s, uint64_t id, uint8_t status, uint32_t p)
{
	struct go_reader *reader = s->reader;
	struct go_goroutine *g = go_add_goroutine(reader, id, status);
	const uint64_t stack = s->event->type == GO_STATUS_STACK ? s->event->args[3] : 0;

	if (!g)
		return DWELL_ENOMEM;
	if (!reader->rehearsal) {
		g->task = go_map_get(&reader->first_task, id);
		go_keep_call(reader, go_index_of(reader, g), stack);
		return 0;
	}
	if (!GO_RESERVE(&reader->firsts))
		return DWELL_ENOMEM;
	reader->firsts.at[reader->firsts.count++] = (struct go_first){
		.goroutine = id,
		.status = status,
		.p = p,
		.proc = p == GO_NOBODY ? 0 : reader->procs.at[p].id,
		.stack = stack,
		.root_stack = stack,
	};
	g->task = (uint32_t)reader->firsts.count; /* until the rehearsal ends: see go_emit_leave */
	return 0;
}

/* A goroutine in a system call is bound to the thread that it is on, which may be another. */
static int bind_syscall(struct go_step *s, uint64_t id, uint32_t g)
{
	struct go_reader *reader = s->reader;

	if (s->event->args[1] == s->thread->id) {
		if (reader->generation != reader->first_generation && s->thread->g != g)
			return go_broken(
				reader, s->event, "a goroutine's thread has another goroutine");
		s->thread->g = g;
		if (s->thread->p != GO_NOBODY)
			reader->procs.at[s->thread->p].in_syscall = g;
		return 0;
	}

	const uint32_t own = (uint32_t)(s->thread - reader->threads.at);
	const uint32_t other = go_thread_index(reader, s->event->args[1]);
	if (other == GO_NOBODY)
		return DWELL_ENOMEM;
	s->thread = &reader->threads.at[own];
	s->event = &s->thread->event;

	struct go_thread *thread = &reader->threads.at[other];
	if (thread->known && thread->g != g)
		return go_broken(reader, s->event, "a goroutine's thread has another goroutine");
	thread->known = true;
	thread->g = g;
	(void)id;
	return 0;
}

static int on_status(struct go_step *s)
{
	struct go_reader *reader = s->reader;
	const uint64_t id = s->event->args[0], status = s->event->args[2];
	struct go_goroutine *g = go_find_goroutine(reader, id);

	if (status < GO_RUNNABLE || status > GO_WAITING)
		return go_broken(reader, s->event, "bad status of a goroutine");
	if (g && g->status != status)
		return go_broken(
			reader, s->event, "the status of a goroutine contradicts its events");
	if (!g && reader->generation != reader->first_generation)
		return go_broken(reader, s->event, "a goroutine that was never created");
	if (!g) {
		const bool here = status == GO_RUNNING ||
				  (status == GO_SYSCALL && s->event->args[1] == s->thread->id);
		const uint32_t p = here ? s->thread->p : GO_NOBODY;
		const int err = first_named(s, id, (uint8_t)status, p);

		if (err)
			return err;
		g = go_find_goroutine(reader, id);
		g->lost_proc = p == GO_NOBODY;
	}
	g->generation = reader->generation;
	g->seq = 0;
	go_step_stamp(s);
	if (status == GO_RUNNING)
		s->thread->g = go_index_of(reader, g);
	return status == GO_SYSCALL ? go_told(bind_syscall(s, id, go_index_of(reader, g)))
				    : GO_ADVANCED;
}

static int on_create(struct go_step *s)
{
	const bool blocked = s->event->type == GO_CREATE_BLOCKED;

	if (s->thread->p == GO_NOBODY)
		return go_broken(s->reader, s->event, "a goroutine is created without a P");
	if (go_find_goroutine(s->reader, s->event->args[0]))
		return go_broken(s->reader, s->event, "a goroutine is created twice");

	struct go_goroutine *g =
		go_add_goroutine(s->reader, s->event->args[0], blocked ? GO_WAITING : GO_RUNNABLE);
	if (!g)
		return DWELL_ENOMEM;
	return go_told(go_emit_create(s->reader, s->thread, g, s->event, go_step_stamp(s)));
}

static int on_create_syscall(struct go_step *s)
{
	if (s->thread->g != GO_NOBODY || go_find_goroutine(s->reader, s->event->args[0]))
		return go_broken(s->reader, s->event, "a goroutine is created where there is one");

	struct go_goroutine *g = go_add_goroutine(s->reader, s->event->args[0], GO_SYSCALL);
	if (!g)
		return DWELL_ENOMEM;
	g->lost_proc = true;
	const uint64_t time = go_step_stamp(s);
	const int err = go_emit_create(s->reader, s->thread, g, s->event, time);

	s->thread->g = go_index_of(s->reader, g);
	if (s->thread->p != GO_NOBODY)
		s->reader->procs.at[s->thread->p].in_syscall = s->thread->g;
	return go_told(err);
}

static int on_start(struct go_step *s)
{
	struct go_goroutine *g = go_find_goroutine(s->reader, s->event->args[0]);

	if (!g || g->status != GO_RUNNABLE ||
		!go_succeeds(s->reader, s->event->args[1], g->generation, g->seq))
		return GO_NOT_YET;
	if (s->thread->p == GO_NOBODY || s->thread->g != GO_NOBODY)
		return go_broken(s->reader, s->event, "a goroutine starts where it cannot");
	g->status = GO_RUNNING;
	g->seq = s->event->args[1];

	const uint32_t i = go_index_of(s->reader, g);
	const int err = go_emit_enter(s->reader, s->thread, i, go_step_stamp(s));
	s->thread->g = i;
	return go_told(err);
}

/* Block, stop or destroy the thread's goroutine at a time. */
static int leave(struct go_step *s, const struct go_event *how, uint64_t time)
{
	struct go_reader *reader = s->reader;
	const uint32_t i = s->thread->g;
	int err = go_emit_leave(reader, s->thread, i, how, time);

	s->thread->g = GO_NOBODY;
	if (err)
		return err;
	if (how->type == GO_DESTROY)
		return go_remove_goroutine(reader, i);
	reader->goroutines.at[i].status = how->type == GO_STOP ? GO_RUNNABLE : GO_WAITING;
	return GO_ADVANCED;
}

static int on_leave(struct go_step *s)
{
	const int err = go_need_running(s);

	return err ? err : leave(s, s->event, go_step_stamp(s));
}

static int on_unblock(struct go_step *s)
{
	struct go_goroutine *g = go_find_goroutine(s->reader, s->event->args[0]);

	if (!g || g->status != GO_WAITING ||
		!go_succeeds(s->reader, s->event->args[1], g->generation, g->seq))
		return GO_NOT_YET;
	g->status = GO_RUNNABLE;
	g->seq = s->event->args[1];
	return go_told(go_emit_wake(s->reader, s->thread, go_index_of(s->reader, g),
		s->event->args[2], go_step_stamp(s)));
}

/* A coroutine switch is three events: the other is woken, this one leaves, the other enters. */
static int on_switch(struct go_step *s)
{
	struct go_reader *reader = s->reader;
	struct go_goroutine *next = go_find_goroutine(reader, s->event->args[0]);
	int err = go_need_running(s);

	if (err)
		return err;
	if (!next || next->status != GO_WAITING ||
		!go_succeeds(reader, s->event->args[1], next->generation, next->seq))
		return GO_NOT_YET;
	next->status = GO_RUNNING;
	next->seq = s->event->args[1];

	const uint32_t i = go_index_of(reader, next);
	const struct go_event how = {
		.time = s->event->time,
		.type = s->event->type == GO_SWITCH ? GO_BLOCK : GO_DESTROY,
	};
	err = go_emit_wake(reader, s->thread, i, 0, go_step_stamp(s));
	if (!err && (err = leave(s, &how, go_step_stamp(s))) == GO_ADVANCED)
		err = go_emit_enter(reader, s->thread, i, go_step_stamp(s));
	s->thread->g = i;
	return go_told(err);
}

static int on_annotation(struct go_step *s)
{
	const int err = go_need_user(s);

	return err ? err
		   : go_told(go_emit_annotation(s->reader, s->thread, s->event, go_step_stamp(s)));
}

/* Events that only need a P, or nothing. */
static int on_measure(struct go_step *s)
{
	if (s->event->type != GO_SWEEP_ACTIVE && s->event->type != GO_ASSIST_ACTIVE &&
		s->thread->p == GO_NOBODY)
		return go_broken(s->reader, s->event, "no P where there must be one");
	return go_told(go_emit_annotation(s->reader, s->thread, s->event, go_step_stamp(s)));
}

static int on_experimental(struct go_step *s)
{
	go_step_stamp(s);
	return GO_ADVANCED;
}

int (*const go_handlers[GO_LAST_EXPERIMENTAL + 1])(struct go_step *) = {
	[GO_PROCS_CHANGE] = on_annotation,
	[GO_PROC_START] = go_on_proc_start,
	[GO_PROC_STOP] = go_on_proc_stop,
	[GO_PROC_STEAL] = go_on_proc_steal,
	[GO_PROC_STATUS] = go_on_proc_status,
	[GO_CREATE] = on_create,
	[GO_CREATE_SYSCALL] = on_create_syscall,
	[GO_START] = on_start,
	[GO_DESTROY] = on_leave,
	[GO_DESTROY_SYSCALL] = go_on_destroy_syscall,
	[GO_STOP] = on_leave,
	[GO_BLOCK] = on_leave,
	[GO_UNBLOCK] = on_unblock,
	[GO_SYSCALL_BEGIN] = go_on_syscall_begin,
	[GO_SYSCALL_END] = go_on_syscall_end,
	[GO_SYSCALL_END_BLOCKED] = go_on_syscall_end_blocked,
	[GO_STATUS] = on_status,
	[GO_STW_BEGIN] = on_annotation,
	[GO_STW_END] = on_annotation,
	[GO_GC_ACTIVE] = go_on_gc,
	[GO_GC_BEGIN] = go_on_gc,
	[GO_GC_END] = go_on_gc,
	[GO_SWEEP_ACTIVE] = on_measure,
	[GO_SWEEP_BEGIN] = on_measure,
	[GO_SWEEP_END] = on_measure,
	[GO_ASSIST_ACTIVE] = on_measure,
	[GO_ASSIST_BEGIN] = on_annotation,
	[GO_ASSIST_END] = on_annotation,
	[GO_HEAP_ALLOC] = on_measure,
	[GO_HEAP_GOAL] = on_measure,
	[GO_LABEL] = on_annotation,
	[GO_TASK_BEGIN] = on_annotation,
	[GO_TASK_END] = on_annotation,
	[GO_REGION_BEGIN] = on_annotation,
	[GO_REGION_END] = on_annotation,
	[GO_LOG] = on_annotation,
	[GO_SWITCH] = on_switch,
	[GO_SWITCH_DESTROY] = on_switch,
	[GO_CREATE_BLOCKED] = on_create,
	[GO_STATUS_STACK] = on_status,
	[GO_FIRST_EXPERIMENTAL] = on_experimental,
	[GO_FIRST_EXPERIMENTAL + 1] = on_experimental,
	[GO_FIRST_EXPERIMENTAL + 2] = on_experimental,
	[GO_FIRST_EXPERIMENTAL + 3] = on_experimental,
	[GO_FIRST_EXPERIMENTAL + 4] = on_experimental,
	[GO_FIRST_EXPERIMENTAL + 5] = on_experimental,
	[GO_FIRST_EXPERIMENTAL + 6] = on_experimental,
	[GO_FIRST_EXPERIMENTAL + 7] = on_experimental,
	[GO_LAST_EXPERIMENTAL] = on_experimental,
};

void go_order_reset(struct go_reader *reader)
{
	for (size_t i = 0; i < reader->threads.count; i++) {
		struct go_thread *thread = &reader->threads.at[i];

		thread->g = thread->p = GO_NOBODY;
		thread->known = false;
	}
	reader->goroutines.count = reader->procs.count = reader->regions.count = 0;
	reader->free_goroutines.count = 0;
	go_map_clear(&reader->goroutine_by_id);
	go_map_clear(&reader->proc_by_id);
	go_map_clear(&reader->span_by_task);
	reader->free_region = GO_NOBODY;
	reader->gc_seq = reader->gc_span = 0;
	reader->gc_state = 0;
	reader->last_time = 0;
}

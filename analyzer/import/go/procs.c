#include "import/go/emit.h"
#include "import/go/step.h"

static struct go_proc *proc(struct go_reader *reader, uint64_t id)
{
	const uint32_t i = go_map_get(&reader->proc_by_id, id);

	return i == GO_NOBODY ? NULL : &reader->procs.at[i];
}

int go_on_proc_status(struct go_step *s)
{
	struct go_reader *reader = s->reader;
	uint64_t status = s->event->args[1];
	struct go_proc *p = proc(reader, s->event->args[0]);

	if (status < GO_P_RUNNING || status > GO_P_ABANDONED)
		return go_broken(reader, s->event, "bad status of a P");
	if (p && status == GO_P_ABANDONED && p->status == GO_P_SYSCALL)
		status = GO_P_SYSCALL;
	else if (p && p->status != status)
		return go_broken(reader, s->event, "the status of a P contradicts its events");

	const bool promoted = s->event->args[1] == GO_P_ABANDONED && status == GO_P_SYSCALL;
	if (!p) {
		const uint32_t i = (uint32_t)reader->procs.count;

		if (!GO_RESERVE(&reader->procs) ||
			!go_map_put(&reader->proc_by_id, s->event->args[0], i))
			return DWELL_ENOMEM;
		reader->procs.at[reader->procs.count++] =
			(struct go_proc){ .id = s->event->args[0], .in_syscall = GO_NOBODY };
		p = &reader->procs.at[i];
		if (go_emit_executor(reader, i))
			return DWELL_ENOMEM;
	}
	p->status = (uint8_t)status;
	p->generation = reader->generation;
	p->seq = 0;
	go_step_stamp(s);
	if ((status == GO_P_RUNNING || status == GO_P_SYSCALL) && !promoted)
		s->thread->p = (uint32_t)(p - reader->procs.at);
	return GO_ADVANCED;
}

int go_on_proc_start(struct go_step *s)
{
	struct go_proc *p = proc(s->reader, s->event->args[0]);

	if (!p || p->status != GO_P_IDLE || s->thread->p != GO_NOBODY ||
		!go_succeeds(s->reader, s->event->args[1], p->generation, p->seq))
		return GO_NOT_YET;
	p->status = GO_P_RUNNING;
	p->seq = s->event->args[1];
	s->thread->p = (uint32_t)(p - s->reader->procs.at);
	go_step_stamp(s);
	return GO_ADVANCED;
}

int go_on_proc_stop(struct go_step *s)
{
	if (s->thread->p == GO_NOBODY)
		return go_broken(s->reader, s->event, "a P stops on a thread that has none");

	struct go_proc *p = &s->reader->procs.at[s->thread->p];
	if (p->status != GO_P_RUNNING && p->status != GO_P_SYSCALL)
		return go_broken(s->reader, s->event, "a P stops that does not run");
	p->status = GO_P_IDLE;
	const int err = go_emit_lost_proc(s->reader, s->thread->p, go_step_stamp(s));
	s->thread->p = GO_NOBODY;
	return go_told(err);
}

int go_on_proc_steal(struct go_step *s)
{
	struct go_reader *reader = s->reader;
	struct go_proc *p = proc(reader, s->event->args[0]);

	if (!p || (p->status != GO_P_SYSCALL && p->status != GO_P_ABANDONED) ||
		!go_succeeds(reader, s->event->args[1], p->generation, p->seq))
		return GO_NOT_YET;

	const uint32_t i = (uint32_t)(p - reader->procs.at);
	const bool abandoned = p->status == GO_P_ABANDONED;
	p->status = GO_P_IDLE;
	p->seq = s->event->args[1];
	const uint64_t time = go_step_stamp(s);
	if (abandoned)
		return GO_ADVANCED;

	const uint32_t from = go_map_get(&reader->thread_by_id, s->event->args[2]);
	if (from == GO_NOBODY || reader->threads.at[from].p != i)
		return go_broken(
			reader, s->event, "a P is stolen from a thread that does not hold it");
	reader->threads.at[from].p = GO_NOBODY;
	return go_told(go_emit_lost_proc(reader, i, time));
}

/* --- system calls --- */

int go_on_syscall_begin(struct go_step *s)
{
	const int err = go_need_running(s);

	if (err)
		return err;

	struct go_proc *p = &s->reader->procs.at[s->thread->p];
	if (!go_succeeds(s->reader, s->event->args[0], p->generation, p->seq))
		return go_broken(s->reader, s->event, "the sequence of a P is broken");
	s->reader->goroutines.at[s->thread->g].status = GO_SYSCALL;
	p->status = GO_P_SYSCALL;
	p->seq = s->event->args[0];
	p->in_syscall = s->thread->g;
	s->reader->goroutines.at[s->thread->g].lost_proc = false;
	go_keep_call(s->reader, s->thread->g, s->event->args[1]);
	go_step_stamp(s);
	return GO_ADVANCED;
}

int go_on_syscall_end(struct go_step *s)
{
	const int err = go_need_user(s);

	if (err)
		return err;

	struct go_proc *p = &s->reader->procs.at[s->thread->p];
	struct go_goroutine *g = &s->reader->goroutines.at[s->thread->g];
	if (g->status != GO_SYSCALL || p->status != GO_P_SYSCALL)
		return go_broken(s->reader, s->event, "a system call ends that did not begin");
	g->status = GO_RUNNING;
	p->status = GO_P_RUNNING;
	p->in_syscall = GO_NOBODY;
	go_step_stamp(s);
	return GO_ADVANCED;
}

int go_on_syscall_end_blocked(struct go_step *s)
{
	struct go_thread *thread = s->thread;

	if (thread->p != GO_NOBODY && s->reader->procs.at[thread->p].status == GO_P_SYSCALL)
		return GO_NOT_YET;
	if (thread->g == GO_NOBODY || s->reader->goroutines.at[thread->g].status != GO_SYSCALL)
		return go_broken(s->reader, s->event, "a system call ends that did not begin");
	s->reader->goroutines.at[thread->g].status = GO_RUNNABLE;
	const uint32_t g = thread->g;
	thread->g = GO_NOBODY;
	const uint64_t time = go_step_stamp(s);
	/* What was named in its call beside a P that it was not said to lose counts as running. */
	if (!s->reader->goroutines.at[g].lost_proc)
		return go_told(go_emit_state(s->reader, g, DWELL_RUNNABLE, time));
	return go_told(go_emit_wake(s->reader, NULL, g, 0, time));
}

int go_on_destroy_syscall(struct go_step *s)
{
	struct go_thread *thread = s->thread;
	const uint32_t g = thread->g;
	int err = 0;

	if (g == GO_NOBODY || s->reader->goroutines.at[g].status != GO_SYSCALL)
		return go_broken(s->reader, s->event, "a goroutine ends that is not there");
	if (thread->p != GO_NOBODY) {
		struct go_proc *p = &s->reader->procs.at[thread->p];

		if (p->status != GO_P_SYSCALL)
			return go_broken(s->reader, s->event, "a P in an unexpected state");
		p->status = GO_P_ABANDONED;
		err = go_emit_lost_proc(s->reader, thread->p, go_step_stamp(s));
		thread->p = GO_NOBODY;
	}
	if (!err)
		err = go_emit_exit(s->reader, g, go_step_stamp(s));
	thread->g = GO_NOBODY;
	return err ? err : go_remove_goroutine(s->reader, g);
}

/* --- collector --- */

int go_on_gc(struct go_step *s)
{
	struct go_reader *reader = s->reader;
	const uint8_t type = s->event->type;
	const uint64_t seq = s->event->args[0];
	const bool starts = reader->gc_state == 0 && type != GO_GC_END;

	if (!starts && seq != reader->gc_seq + 1)
		return GO_NOT_YET;
	if (type == GO_GC_BEGIN && reader->gc_state == 2)
		return go_broken(reader, s->event, "a collection begins within another");
	if (type != GO_GC_BEGIN && !starts && reader->gc_state != 2)
		return go_broken(reader, s->event, "no collection is running");
	reader->gc_seq = seq;
	reader->gc_state = type == GO_GC_END ? 1 : 2;
	return go_told(go_emit_annotation(reader, s->thread, s->event, go_step_stamp(s)));
}

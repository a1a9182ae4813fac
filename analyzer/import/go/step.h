#ifndef DWELL_GO_STEP_H
#define DWELL_GO_STEP_H

#include "import/go/emit.h"
#include "import/go/go.h"

/*
 * Go's scheduler, emulated: an event may only be taken when it fits the states
 * of its goroutine, P and thread and the sequence numbers say it is next. The thread whose
 * event is the earliest is tried first, then the others in order of time.
 *
 * Handlers return GO_ADVANCED, GO_NOT_YET (another thread's event must come
 * first), or a negative error: the trace contradicts itself.
 */
enum { GO_NOT_YET = 0, GO_ADVANCED = 1 };

/* What a handler works on. The pointer is good until a thread is added. */
struct go_step {
	struct go_reader *reader;
	struct go_thread *thread;
	const struct go_event *event;
};

/* By type of event (order.c). */
extern int (*const go_handlers[GO_LAST_EXPERIMENTAL + 1])(struct go_step *);

/* Try the next event of one thread. */
static inline int go_order_advance(struct go_reader *reader, uint32_t thread)
{
	struct go_step step = {
		.reader = reader,
		.thread = &reader->threads.at[thread],
	};

	step.event = &step.thread->event;
	step.thread->known = true;
	return go_handlers[step.event->type](&step);
}

/* Fill the reader's diag; DWELL_EFORMAT. */
int go_broken(struct go_reader *reader, const struct go_event *event, const char *what);

/* GO_ADVANCED, or the error that telling gave. */
static inline int go_told(int err)
{
	return err ? err : GO_ADVANCED;
}

/* 0, or why not: a goroutine on a P, which most events need; the same, running. */
static inline int go_need_user(const struct go_step *s)
{
	if (s->thread->g == GO_NOBODY || s->thread->p == GO_NOBODY)
		return go_broken(s->reader, s->event, "no goroutine and P where there must be");
	return 0;
}

static inline int go_need_running(const struct go_step *s)
{
	const int err = go_need_user(s);

	if (err || s->reader->goroutines.at[s->thread->g].status == GO_RUNNING)
		return err;
	return go_broken(s->reader, s->event, "a goroutine stops that does not run");
}

/* The time of an event, repaired. */
static inline uint64_t go_step_stamp(const struct go_step *s)
{
	return go_stamp(s->reader, s->event->time);
}

/* Is seq the next one? */
static inline bool go_succeeds(
	const struct go_reader *reader, uint64_t seq, uint64_t generation, uint64_t last)
{
	return generation == reader->generation && seq == last + 1;
}

/* NULL when it is not there. */
static inline struct go_goroutine *go_find_goroutine(struct go_reader *reader, uint64_t id)
{
	const uint32_t i = go_map_get(&reader->goroutine_by_id, id);

	return i == GO_NOBODY ? NULL : &reader->goroutines.at[i];
}

/* NULL when there is no memory; GO_ADVANCED. */
struct go_goroutine *go_add_goroutine(struct go_reader *reader, uint64_t id, uint8_t status);
int go_remove_goroutine(struct go_reader *reader, uint32_t i);

static inline uint32_t go_index_of(const struct go_reader *reader, const struct go_goroutine *g)
{
	return (uint32_t)(g - reader->goroutines.at);
}

/* Of Ps, system calls and the collector (procs.c). */
int go_on_proc_status(struct go_step *s);
int go_on_proc_start(struct go_step *s);
int go_on_proc_stop(struct go_step *s);
int go_on_proc_steal(struct go_step *s);
int go_on_syscall_begin(struct go_step *s);
int go_on_syscall_end(struct go_step *s);
int go_on_syscall_end_blocked(struct go_step *s);
int go_on_destroy_syscall(struct go_step *s);
int go_on_gc(struct go_step *s);

#endif

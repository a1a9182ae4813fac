#ifndef DWELL_GO_STEP_H
#define DWELL_GO_STEP_H

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

/* Fill the reader's diag; DWELL_EFORMAT. */
int go_broken(struct go_reader *reader, const struct go_event *event, const char *what);
/* GO_ADVANCED, or the error that telling gave. */
int go_told(int err);
/* 0, or why not: a goroutine on a P, which most events need; the same, running. */
int go_need_user(const struct go_step *s);
int go_need_running(const struct go_step *s);
/* The time of an event, repaired. */
uint64_t go_step_stamp(const struct go_step *s);
/* Is seq the next one? */
bool go_succeeds(const struct go_reader *reader, uint64_t seq, uint64_t generation, uint64_t last);

/* NULL when it is not there; NULL when there is no memory; GO_ADVANCED. */
struct go_goroutine *go_find_goroutine(struct go_reader *reader, uint64_t id);
struct go_goroutine *go_add_goroutine(struct go_reader *reader, uint64_t id, uint8_t status);
int go_remove_goroutine(struct go_reader *reader, uint32_t i);
uint32_t go_index_of(const struct go_reader *reader, const struct go_goroutine *g);

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

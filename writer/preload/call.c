#include "preload.h"

_Atomic int dwell_waiters[DWELL_WAITERS];
_Atomic uint8_t dwell_unheard[DWELL_WAITERS];

int dwell_all_locks;

void dwell_call_look(struct call *call)
{
	/* Who spins goes on as soon as it can; other calls may not block at all. */
	if ((call->note.flags & DWELL_FLAG_SPUN) == 0)
		dwell_wait_look(call->self, &call->note, call->return_address, call->frame);
}

void dwell_call_begin(struct call *call)
{
	struct dwell_wait_note *note = &call->note;

	note->caller = (uint64_t)(uintptr_t)call->return_address;
	dwell_wait_enter(call->self, note);
	if (call->always || note->reason == DWELL_REASON_SLEEP)
		dwell_call_look(call);
}

void dwell_call_end(struct call *call, unsigned flags)
{
	struct dwell_self *self = call->self;

	call->self = NULL;
	call->note.flags |= (uint8_t)flags;
	dwell_wait_leave(self, &call->note, call->always, call->return_address, call->frame);
}

SELDOM void dwell_call_abandon(struct call *call)
{
	dwell_call_end(call, DWELL_FLAG_INTERRUPTED);
}

static uint32_t stack_if_wanted(
	struct dwell_self *self, const void *return_address, const void *frame)
{
	uint32_t wanted =
		atomic_load_explicit(&dwell_lib.session.header->flags, memory_order_relaxed);

	return frame && (wanted & DWELL_SESSION_STACKS) != 0
		       ? dwell_stack(self, return_address, frame)
		       : 0;
}

void dwell_release(struct dwell_self *self, unsigned reason, unsigned kind, unsigned flags,
	uint64_t object, const void *return_address, const void *frame)
{
	uint64_t now = dwell_now();
	uint32_t stack = stack_if_wanted(self, return_address, frame);

	dwell_ring_put2(&self->writer, now, DWELL_RECORD_RELEASE,
		dwell_what(stack, reason, kind, flags), 0, object);
}

void dwell_acquire(struct dwell_self *self, unsigned reason, unsigned kind, unsigned flags,
	uint64_t object, const void *return_address, const void *frame)
{
	uint64_t now = dwell_now_after();
	uint32_t stack = stack_if_wanted(self, return_address, frame);

	dwell_ring_put2(&self->writer, now, DWELL_RECORD_ACQUIRE,
		dwell_what(stack, reason, kind, flags), 0, object);
}

/*
 * Who took it after a wait for a condition leaves glibc's word saying that somebody waits, whether
 * or not. Where only this process can wait for it, its threads are counted: after the word, by
 * which each says that it waits once it is counted.
 */
static bool is_contended(const pthread_mutex_t *mutex)
{
	enum { SHARED_BY_PROCESSES = 128 };
	const unsigned word = (unsigned)dwell_mutex_word(mutex);

	if (word != 2)
		return (word & 0x80000000U) != 0;
	atomic_thread_fence(memory_order_acquire);
	return (mutex->__data.__kind & SHARED_BY_PROCESSES) != 0 || dwell_waiters_any(mutex);
}

SELDOM void dwell_mutex_given(
	const pthread_mutex_t *mutex, const void *return_address, const void *frame)
{
	const bool contended = is_contended(mutex);
	struct dwell_self *self;

	if (!contended && !dwell_all_locks)
		return;
	self = dwell_enter();
	/* Nobody waits for it, and so nobody asks where. */
	if (self)
		dwell_release(self, DWELL_REASON_MUTEX, DWELL_OBJECT_MUTEX, 0,
			(uint64_t)(uintptr_t)mutex, return_address, contended ? frame : NULL);
}

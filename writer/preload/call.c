#include "preload.h"

enum { WAITERS = 4096 };

static _Atomic int waiters[WAITERS];

bool dwell_all_locks;

void dwell_call_end(struct call *call, unsigned flags)
{
	struct dwell_self *self = call->self;

	call->self = NULL;
	call->note.flags |= (uint8_t)flags;
	dwell_wait_leave(self, &call->note, call->always, call->return_address, call->frame);
}

void dwell_call_unwind(struct call *call)
{
	if (call->self)
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

static _Atomic int *place_of(const void *object)
{
	uint64_t hash = (uint64_t)(uintptr_t)object * UINT64_C(0x9e3779b97f4a7c15);

	return &waiters[hash >> 52];
}

void dwell_waiters_add(const void *object, int change)
{
	atomic_fetch_add_explicit(place_of(object), change, memory_order_relaxed);
}

bool dwell_waiters_any(const void *object)
{
	return atomic_load_explicit(place_of(object), memory_order_relaxed) > 0;
}

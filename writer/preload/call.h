#ifndef DWELL_PRELOAD_CALL_H
#define DWELL_PRELOAD_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "dwell/types.h"
#include "lib/wait.h"

/* A call of the program's that may block. */
struct call {
	struct dwell_wait_note note;
	struct dwell_self *self; /* NULL: not open */
	const void *return_address;
	const void *frame;
	bool always;
};

/* The wait begins: with its stack, where it will be told in any case. */
void dwell_call_begin(struct call *call);

/* A wait is over as the real function returned. */
void dwell_call_end(struct call *call, unsigned flags);

/* Clean-up: where the wait is still open, the function did not return. */
void dwell_call_abandon(struct call *call);

static inline void dwell_call_unwind(struct call *call)
{
	if (__builtin_expect(call->self != NULL, 0))
		dwell_call_abandon(call);
}

/* Who slept will be told in any case. */
void dwell_call_look(struct call *call);

/* Both of a call that mostly does not block (always: false), in the wrapper itself. */
static inline void dwell_call_open(struct call *call, const struct dwell_wait_note *like)
{
	dwell_wait_enter_like(call->self, &call->note, like);
	if (__builtin_expect(like->reason == DWELL_REASON_SLEEP, 0))
		dwell_call_look(call);
}

static inline void dwell_call_close(struct call *call, struct dwell_self *self, unsigned flags)
{
	call->self = NULL;
	call->note.flags |= (uint8_t)flags;
	dwell_wait_leave(self, &call->note, false, call->return_address, call->frame);
}

#define CALL(call, its_self, its_always, its_caller, its_frame, ...)                               \
	__attribute__((cleanup(dwell_call_unwind))) struct call call = { .note = { __VA_ARGS__ },  \
		.self = (its_self),                                                                \
		.return_address = (its_caller),                                                    \
		.frame = (its_frame),                                                              \
		.always = (its_always) }

/* Open a wait for the exported function whose caller and frame are given. */
#define CALL_BEGIN_AT(call, its_self, its_always, its_caller, its_frame, ...)                      \
	CALL(call, its_self, its_always, its_caller, its_frame, __VA_ARGS__);                      \
	dwell_call_begin(&call)

/* Open a wait in the exported function itself: its caller is whose stack is wanted. */
#define CALL_BEGIN(call, its_self, its_always, ...)                                                \
	CALL_BEGIN_AT(call, its_self, its_always, __builtin_return_address(0),                     \
		__builtin_frame_address(0), __VA_ARGS__)

#define CALL_OPEN(call, its_self, ...)                                                             \
	const struct dwell_wait_note call##_like = { __VA_ARGS__,                                  \
		.caller = (uint64_t)(uintptr_t)__builtin_return_address(0) };                      \
	CALL(call, its_self, false, __builtin_return_address(0), __builtin_frame_address(0), 0);   \
	call.note = call##_like;                                                                   \
	dwell_call_open(&call, &call##_like)

#endif

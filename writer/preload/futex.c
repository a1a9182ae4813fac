#include <linux/futex.h>
#include <sys/syscall.h>

#include "preload.h"

long dwell_futex(
	long number, long word, long operation, long value, long time, long word2, long value3);

static bool waits(long operation)
{
	switch (operation & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		return true;
	default:
		return false;
	}
}

static bool wakes(long operation)
{
	switch (operation & FUTEX_CMD_MASK) {
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
	case FUTEX_WAKE_OP:
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
	case FUTEX_UNLOCK_PI:
		return true;
	default:
		return false;
	}
}

/*
 * syscall(SYS_futex, ...): Rust's locks, libstdc++'s atomic waits. Called in place of syscall() by
 * entry.S; the other system calls go straight to the C library. A wait for a value that is not
 * there any more returns at once and is no wait.
 */
long dwell_futex(
	long number, long word, long operation, long value, long time, long word2, long value3)
{
	struct dwell_self *self = waits(operation) || wakes(operation) ? dwell_enter() : NULL;
	long result;

	if (!self)
		return REAL(syscall)(number, word, operation, value, time, word2, value3);
	if (wakes(operation)) {
		uint64_t now = dwell_now();
		result = REAL(syscall)(number, word, operation, value, time, word2, value3);
		if (result > 0)
			dwell_ring_put2(&self->writer, now, DWELL_RECORD_RELEASE,
				dwell_what(dwell_stack(self, __builtin_return_address(0),
						   __builtin_frame_address(0)),
					DWELL_REASON_FUTEX, DWELL_OBJECT_FUTEX, 0),
				0, (uint64_t)word);
		return result;
	}
	CALL_BEGIN(call, self, true, .object = (uint64_t)word, .reason = DWELL_REASON_FUTEX,
		.kind = DWELL_OBJECT_FUTEX, .flags = time ? DWELL_FLAG_TIMED : 0);
	result = REAL(syscall)(number, word, operation, value, time, word2, value3);
	if (result < 0 && errno == EAGAIN)
		call.always = false;
	dwell_call_end(&call, result >= 0          ? 0
			      : errno == ETIMEDOUT ? DWELL_FLAG_TIMED_OUT
			      : errno == EINTR     ? DWELL_FLAG_INTERRUPTED
						   : 0);
	return result;
}

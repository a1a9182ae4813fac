#include "preload.h"

static int32_t writer_of(const pthread_rwlock_t *lock)
{
	return __atomic_load_n(&lock->__data.__cur_writer, __ATOMIC_RELAXED);
}

#define RWLOCK_TAKEN(lock, its_flags, result)                                                      \
	ACQUIRE_ALL(result, DWELL_REASON_RWLOCK, DWELL_OBJECT_RWLOCK, its_flags, lock)

#define RWLOCK_WAIT(lock, try, its_flags, real_call)                                               \
	do {                                                                                       \
		struct dwell_self *self;                                                           \
		int result = REAL(try)(lock);                                                      \
		if (__builtin_expect(result != EBUSY, 1)) {                                        \
			RWLOCK_TAKEN(lock, its_flags, result);                                     \
			return result;                                                             \
		}                                                                                  \
		self = dwell_enter();                                                              \
		/* The caller holds it for writing itself: an error, not a wait. */                \
		if (!self || writer_of(lock) == self->tid)                                         \
			return real_call;                                                          \
		CALL_BEGIN(call, self, true, .object = (uint64_t)(uintptr_t)(lock),                \
			.reason = DWELL_REASON_RWLOCK, .kind = DWELL_OBJECT_RWLOCK,                \
			.flags = (its_flags), .holder = writer_of(lock));                          \
		COUNT_WAITER(lock);                                                                \
		result = real_call;                                                                \
		dwell_call_end(&call, dwell_flags_of(result));                                     \
		RWLOCK_TAKEN(lock, its_flags, result);                                             \
		return result;                                                                     \
	} while (0)

#define READ_WAIT(lock, timed, real_call)                                                          \
	RWLOCK_WAIT(lock, pthread_rwlock_tryrdlock, DWELL_FLAG_SHARED | (timed), real_call)
#define WRITE_WAIT(lock, timed, real_call)                                                         \
	RWLOCK_WAIT(lock, pthread_rwlock_trywrlock, timed, real_call)

/* glibc refuses these before it looks at the lock. */
static bool bad_time(clockid_t clock, const struct timespec *until)
{
	return (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME) || until->tv_nsec < 0 ||
	       until->tv_nsec >= 1000000000;
}

EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	READ_WAIT(lock, 0, REAL(pthread_rwlock_rdlock)(lock));
}

EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until)
{
	if (bad_time(CLOCK_REALTIME, until))
		return REAL(pthread_rwlock_timedrdlock)(lock, until);
	READ_WAIT(lock, DWELL_FLAG_TIMED, REAL(pthread_rwlock_timedrdlock)(lock, until));
}

EXPORT int pthread_rwlock_clockrdlock(
	pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until)
{
	if (bad_time(clock, until))
		return REAL(pthread_rwlock_clockrdlock)(lock, clock, until);
	READ_WAIT(lock, DWELL_FLAG_TIMED, REAL(pthread_rwlock_clockrdlock)(lock, clock, until));
}

EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	WRITE_WAIT(lock, 0, REAL(pthread_rwlock_wrlock)(lock));
}

EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until)
{
	if (bad_time(CLOCK_REALTIME, until))
		return REAL(pthread_rwlock_timedwrlock)(lock, until);
	WRITE_WAIT(lock, DWELL_FLAG_TIMED, REAL(pthread_rwlock_timedwrlock)(lock, until));
}

EXPORT int pthread_rwlock_clockwrlock(
	pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until)
{
	if (bad_time(clock, until))
		return REAL(pthread_rwlock_clockwrlock)(lock, clock, until);
	WRITE_WAIT(lock, DWELL_FLAG_TIMED, REAL(pthread_rwlock_clockwrlock)(lock, clock, until));
}

EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
	int result = REAL(pthread_rwlock_tryrdlock)(lock);

	RWLOCK_TAKEN(lock, DWELL_FLAG_SHARED | DWELL_FLAG_TIMED, result);
	return result;
}

EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
	int result = REAL(pthread_rwlock_trywrlock)(lock);

	RWLOCK_TAKEN(lock, DWELL_FLAG_TIMED, result);
	return result;
}

SELDOM static void given(pthread_rwlock_t *lock, const void *return_address, const void *frame)
{
	struct dwell_self *self = dwell_enter();

	/* Where nobody waits for it, nobody asks where. */
	if (self)
		dwell_release(self, DWELL_REASON_RWLOCK, DWELL_OBJECT_RWLOCK, 0,
			(uint64_t)(uintptr_t)lock, return_address,
			dwell_waiters_any(lock) ? frame : NULL);
}

EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
	if (__builtin_expect(dwell_waiters_any(lock) || dwell_all_locks, 0))
		given(lock, __builtin_return_address(0), __builtin_frame_address(0));
	return REAL(pthread_rwlock_unlock)(lock);
}

#include "preload.h"

/*
 * Try first: what nobody holds costs a try and no record. The owner is read when the try failed.
 * An error-checking mutex that the caller holds itself is no wait but an error.
 */
static bool is_own_error(const pthread_mutex_t *mutex, const struct dwell_self *self)
{
	enum { KIND_MASK = 3 };

	return (mutex->__data.__kind & KIND_MASK) == PTHREAD_MUTEX_ERRORCHECK_NP &&
	       dwell_mutex_owner(mutex) == self->tid;
}

/* The caller must wait. NULL: do not record it. */
static struct dwell_self *enter(const pthread_mutex_t *mutex)
{
	struct dwell_self *self = dwell_enter();

	return self && !is_own_error(mutex, self) ? self : NULL;
}

#define MUTEX_NOTE(mutex, timed)                                                                   \
	.object = (uint64_t)(uintptr_t)(mutex), .reason = DWELL_REASON_MUTEX,                      \
	.kind = DWELL_OBJECT_MUTEX, .flags = (timed), .holder = dwell_mutex_owner(mutex)

#define MUTEX_TAKEN(mutex, flags, result)                                                          \
	ACQUIRE_ALL(result, DWELL_REASON_MUTEX, DWELL_OBJECT_MUTEX, flags, mutex)

#define MUTEX_WAIT(mutex, timed, real_call)                                                        \
	do {                                                                                       \
		struct dwell_self *self;                                                           \
		int result = REAL(pthread_mutex_trylock)(mutex);                                   \
		if (__builtin_expect(result != EBUSY, 1)) {                                        \
			MUTEX_TAKEN(mutex, timed, result);                                         \
			return result;                                                             \
		}                                                                                  \
		self = enter(mutex);                                                               \
		if (!self)                                                                         \
			return real_call;                                                          \
		CALL_BEGIN(call, self, true, MUTEX_NOTE(mutex, timed));                            \
		result = real_call;                                                                \
		dwell_call_end(&call, dwell_flags_of(result));                                     \
		MUTEX_TAKEN(mutex, timed, result);                                                 \
		return result;                                                                     \
	} while (0)

EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	MUTEX_WAIT(mutex, 0, REAL(pthread_mutex_lock)(mutex));
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
	MUTEX_WAIT(mutex, DWELL_FLAG_TIMED, REAL(pthread_mutex_timedlock)(mutex, until));
}

EXPORT int pthread_mutex_clocklock(
	pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
	/* A clock that it does not take is refused before the mutex is looked at. */
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
		return REAL(pthread_mutex_clocklock)(mutex, clock, until);
	MUTEX_WAIT(mutex, DWELL_FLAG_TIMED, REAL(pthread_mutex_clocklock)(mutex, clock, until));
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	int result = REAL(pthread_mutex_trylock)(mutex);

	MUTEX_TAKEN(mutex, DWELL_FLAG_TIMED, result);
	return result;
}

/* Before the unlock: after it the mutex may be gone. */
EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	MUTEX_GIVEN(mutex);
	return REAL(pthread_mutex_unlock)(mutex);
}

/* C11's mutexes are glibc's; its own functions call inside the library. */
int mtx_lock(void *mutex);
int mtx_timedlock(void *mutex, const struct timespec *until);
int mtx_trylock(void *mutex);
int mtx_unlock(void *mutex);

enum { THRD_SUCCESS = 0, THRD_TIMEDOUT = 4 };

#define MTX_WAIT(mutex, timed, real_call)                                                          \
	do {                                                                                       \
		struct dwell_self *self;                                                           \
		int result = REAL(pthread_mutex_trylock)(mutex);                                   \
		if (__builtin_expect(result == 0, 1)) {                                            \
			MUTEX_TAKEN(mutex, timed, result);                                         \
			return THRD_SUCCESS;                                                       \
		}                                                                                  \
		self = result == EBUSY ? enter(mutex) : NULL;                                      \
		if (!self)                                                                         \
			return real_call;                                                          \
		CALL_BEGIN(call, self, true, MUTEX_NOTE((const pthread_mutex_t *)(mutex), timed)); \
		result = real_call;                                                                \
		dwell_call_end(&call, result == THRD_TIMEDOUT ? DWELL_FLAG_TIMED_OUT : 0);         \
		MUTEX_TAKEN(mutex, timed, result);                                                 \
		return result;                                                                     \
	} while (0)

EXPORT int mtx_lock(void *mutex)
{
	MTX_WAIT(mutex, 0, REAL(mtx_lock)(mutex));
}

EXPORT int mtx_timedlock(void *mutex, const struct timespec *until)
{
	MTX_WAIT(mutex, DWELL_FLAG_TIMED, REAL(mtx_timedlock)(mutex, until));
}

EXPORT int mtx_trylock(void *mutex)
{
	int result = REAL(mtx_trylock)(mutex);

	MUTEX_TAKEN(mutex, DWELL_FLAG_TIMED, result);
	return result;
}

EXPORT int mtx_unlock(void *mutex)
{
	MUTEX_GIVEN(mutex);
	return REAL(mtx_unlock)(mutex);
}

EXPORT int pthread_spin_lock(pthread_spinlock_t *lock)
{
	struct dwell_self *self;
	int result = REAL(pthread_spin_trylock)(lock);

	if (__builtin_expect(result != EBUSY, 1))
		return result;
	self = dwell_enter();
	if (!self)
		return REAL(pthread_spin_lock)(lock);
	CALL_BEGIN(call, self, true, .object = (uint64_t)(uintptr_t)lock,
		.reason = DWELL_REASON_MUTEX, .kind = DWELL_OBJECT_SPINLOCK,
		.flags = DWELL_FLAG_SPUN);
	result = REAL(pthread_spin_lock)(lock);
	dwell_call_end(&call, 0);
	return result;
}

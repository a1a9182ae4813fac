#include <sys/single_threaded.h>

#include "preload.h"

/*
 * Try first: what nobody holds costs a try and no record. All else is done apart, so that this path
 * is a dozen instructions beside glibc's.
 */
enum how { LOCK, TIMED, BY_MONOTONIC, BY_REALTIME, C11_LOCK, C11_TIMED };
enum { UNTRIED = -1 };
enum { THRD_TIMEDOUT = 4 };

/* C11's mutexes are glibc's; its own functions call inside the library. */
int mtx_lock(void *mutex);
int mtx_timedlock(void *mutex, const struct timespec *until);
int mtx_trylock(void *mutex);
int mtx_unlock(void *mutex);

static int real_lock(pthread_mutex_t *mutex, enum how how, const struct timespec *until)
{
	switch (how) {
	case LOCK:
		return REAL(pthread_mutex_lock)(mutex);
	case TIMED:
		return REAL(pthread_mutex_timedlock)(mutex, until);
	case BY_MONOTONIC:
		return REAL(pthread_mutex_clocklock)(mutex, CLOCK_MONOTONIC, until);
	case BY_REALTIME:
		return REAL(pthread_mutex_clocklock)(mutex, CLOCK_REALTIME, until);
	case C11_LOCK:
		return REAL(mtx_lock)(mutex);
	default:
		return REAL(mtx_timedlock)(mutex, until);
	}
}

/* An error-checking mutex that the caller holds itself is no wait but an error. */
static bool is_own_error(const pthread_mutex_t *mutex, const struct dwell_self *self)
{
	enum { KIND_MASK = 3 };

	return (mutex->__data.__kind & KIND_MASK) == PTHREAD_MUTEX_ERRORCHECK_NP &&
	       dwell_mutex_owner(mutex) == self->tid;
}

/* It is taken. The owner is read when the try failed. */
static int wait_for(pthread_mutex_t *mutex, enum how how, const struct timespec *until,
	const void *return_address, const void *frame)
{
	struct dwell_self *self = dwell_enter();
	int result;

	if (!self || is_own_error(mutex, self))
		return real_lock(mutex, how, until);
	CALL_BEGIN_AT(call, self, true, return_address, frame, .object = (uint64_t)(uintptr_t)mutex,
		.reason = DWELL_REASON_MUTEX, .kind = DWELL_OBJECT_MUTEX,
		.flags = how == LOCK || how == C11_LOCK ? 0 : DWELL_FLAG_TIMED,
		.holder = dwell_mutex_owner(mutex));
	COUNT_WAITER(mutex);
	result = real_lock(mutex, how, until);
	dwell_call_end(&call,
		result == (how >= C11_LOCK ? THRD_TIMEDOUT : ETIMEDOUT) ? DWELL_FLAG_TIMED_OUT : 0);
	return result;
}

static void taken(const pthread_mutex_t *mutex, unsigned flags, int result,
	const void *return_address, const void *frame)
{
	struct dwell_self *self = dwell_all_locks && dwell_is_owned(result) ? dwell_enter() : NULL;

	if (self)
		dwell_acquire(self, DWELL_REASON_MUTEX, DWELL_OBJECT_MUTEX, flags,
			(uint64_t)(uintptr_t)mutex, return_address, frame);
}

/* What the try did not settle. */
SELDOM static int settle(pthread_mutex_t *mutex, int tried, enum how how,
	const struct timespec *until, const void *return_address, const void *frame)
{
	int result = tried == UNTRIED ? REAL(pthread_mutex_trylock)(mutex) : tried;

	if (result == EBUSY)
		result = wait_for(mutex, how, until, return_address, frame);
	else if (result != 0 && how >= C11_LOCK)
		result = real_lock(mutex, how, until);
	taken(mutex, how == LOCK || how == C11_LOCK ? 0 : DWELL_FLAG_TIMED, result, return_address,
		frame);
	return result;
}

static inline int try_first(pthread_mutex_t *mutex)
{
	return FOUND(pthread_mutex_trylock) ? dwell_real.pthread_mutex_trylock(mutex) : UNTRIED;
}

/* The frame is to outlive the call of settle(): it must not become a jump. */
#define LOCK_BY(mutex, how, until)                                                                 \
	do {                                                                                       \
		int result = try_first(mutex);                                                     \
		if (__builtin_expect((result | dwell_all_locks) == 0, 1))                          \
			return 0;                                                                  \
		result = settle(mutex, result, how, until, __builtin_return_address(0),            \
			__builtin_frame_address(0));                                               \
		__asm__ volatile("");                                                              \
		return result;                                                                     \
	} while (0)

/*
 * Free, and nobody else is there to take it before we do: then glibc's own function locks without
 * an atomic instruction, while its try has no such shortcut.
 */
static inline bool is_free_for_one(const pthread_mutex_t *mutex)
{
	enum { SHARED_BY_PROCESSES = 128 };

	return __libc_single_threaded && FOUND(pthread_mutex_lock) &&
	       (dwell_mutex_word(mutex) | dwell_all_locks |
		       (mutex->__data.__kind & SHARED_BY_PROCESSES)) == 0;
}

EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	if (is_free_for_one(mutex))
		return dwell_real.pthread_mutex_lock(mutex);
	LOCK_BY(mutex, LOCK, NULL);
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
	LOCK_BY(mutex, TIMED, until);
}

EXPORT int pthread_mutex_clocklock(
	pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
	/* A clock that it does not take is refused before the mutex is looked at. */
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
		return REAL(pthread_mutex_clocklock)(mutex, clock, until);
	LOCK_BY(mutex, clock == CLOCK_MONOTONIC ? BY_MONOTONIC : BY_REALTIME, until);
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	int result = REAL(pthread_mutex_trylock)(mutex);

	if (__builtin_expect(dwell_all_locks, 0))
		taken(mutex, DWELL_FLAG_TIMED, result, __builtin_return_address(0),
			__builtin_frame_address(0));
	return result;
}

/* The real one is not known yet, or the unlock is of interest. */
SELDOM static int unlock(pthread_mutex_t *mutex, const void *return_address, const void *frame)
{
	dwell_mutex_given(mutex, return_address, frame);
	return REAL(pthread_mutex_unlock)(mutex);
}

/* Told before the unlock: after it the mutex may be gone. */
EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	int result;

	if (!dwell_mutex_told(mutex) && FOUND(pthread_mutex_unlock))
		return dwell_real.pthread_mutex_unlock(mutex);
	result = unlock(mutex, __builtin_return_address(0), __builtin_frame_address(0));
	__asm__ volatile("");
	return result;
}

EXPORT int mtx_lock(void *mutex)
{
	LOCK_BY(mutex, C11_LOCK, NULL);
}

EXPORT int mtx_timedlock(void *mutex, const struct timespec *until)
{
	LOCK_BY(mutex, C11_TIMED, until);
}

EXPORT int mtx_trylock(void *mutex)
{
	int result = REAL(mtx_trylock)(mutex);

	if (__builtin_expect(dwell_all_locks, 0))
		taken(mutex, DWELL_FLAG_TIMED, result, __builtin_return_address(0),
			__builtin_frame_address(0));
	return result;
}

EXPORT int mtx_unlock(void *mutex)
{
	if (dwell_mutex_told(mutex))
		dwell_mutex_given(mutex, __builtin_return_address(0), __builtin_frame_address(0));
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

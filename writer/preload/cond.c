#include "preload.h"

/* The mutex is taken again however the wait ends: a thread that is cancelled owns it, too. */
struct retaken {
	const void *mutex, *return_address, *frame;
};

static void take_again(const struct retaken *of)
{
	struct dwell_self *self;

	if (__builtin_expect(!dwell_all_locks, 1))
		return;
	self = dwell_enter();
	if (self)
		dwell_acquire(self, DWELL_REASON_MUTEX, DWELL_OBJECT_MUTEX, 0,
			(uint64_t)(uintptr_t)of->mutex, of->return_address, of->frame);
}

/*
 * A condition is waited for even when its signal is near: there is nothing to try. Taking the mutex
 * again belongs to the wait. The mutex is released inside the library, where our unlock does not
 * see it, so that is told here.
 */
#define COND_WAIT(cond, mutex, timed, is_timeout, real_call)                                       \
	do {                                                                                       \
		struct dwell_self *self = dwell_enter();                                           \
		int result;                                                                        \
		if (!self)                                                                         \
			return real_call;                                                          \
		if (dwell_mutex_told(mutex))                                                       \
			dwell_mutex_given(                                                         \
				mutex, __builtin_return_address(0), __builtin_frame_address(0));   \
		__attribute__((cleanup(take_again), unused))                                       \
		const struct retaken retaken = { (mutex), __builtin_return_address(0),             \
			__builtin_frame_address(0) };                                              \
		CALL_BEGIN(call, self, true, .object = (uint64_t)(uintptr_t)(cond),                \
			.reason = DWELL_REASON_COND, .kind = DWELL_OBJECT_COND, .flags = (timed)); \
		COUNT_WAITER(cond);                                                                \
		dwell_unheard_again(cond);                                                         \
		result = real_call;                                                                \
		dwell_call_end(&call, result == (is_timeout) ? DWELL_FLAG_TIMED_OUT : 0);          \
		return result;                                                                     \
	} while (0)

#define COND_SIGNAL(cond, real_call)                                                               \
	do {                                                                                       \
		if (__builtin_expect(dwell_waiters_any(cond), 0))                                  \
			RELEASE(DWELL_REASON_COND, DWELL_OBJECT_COND, 0, cond);                    \
		else if (__builtin_expect(dwell_unheard_first(cond), 0) &&                         \
			 dwell_lib.session.minor >= DWELL_SESSION_UNHEARD)                         \
			RELEASE(DWELL_REASON_COND, DWELL_OBJECT_COND, DWELL_FLAG_UNHEARD, cond);   \
		return real_call;                                                                  \
	} while (0)

enum { THRD_TIMEDOUT = 4 };

EXPORT int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	COND_WAIT(cond, mutex, 0, ETIMEDOUT, REAL(pthread_cond_wait)(cond, mutex));
}

EXPORT int pthread_cond_timedwait(
	pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
	COND_WAIT(cond, mutex, DWELL_FLAG_TIMED, ETIMEDOUT,
		REAL(pthread_cond_timedwait)(cond, mutex, until));
}

EXPORT int pthread_cond_clockwait(
	pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
	COND_WAIT(cond, mutex, DWELL_FLAG_TIMED, ETIMEDOUT,
		REAL(pthread_cond_clockwait)(cond, mutex, clock, until));
}

EXPORT int pthread_cond_signal(pthread_cond_t *cond)
{
	COND_SIGNAL(cond, REAL(pthread_cond_signal)(cond));
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *cond)
{
	COND_SIGNAL(cond, REAL(pthread_cond_broadcast)(cond));
}

/* glibc's waits until nobody waits for it any more: for ever, where nobody signals. It waits for no
 * signal itself. */
EXPORT int pthread_cond_destroy(pthread_cond_t *cond)
{
	struct dwell_self *self = dwell_enter();
	int result;

	if (!self)
		return REAL(pthread_cond_destroy)(cond);
	CALL_BEGIN(call, self, false, .object = (uint64_t)(uintptr_t)cond,
		.reason = DWELL_REASON_FUTEX, .kind = DWELL_OBJECT_COND);
	result = REAL(pthread_cond_destroy)(cond);
	dwell_call_end(&call, 0);
	return result;
}

int cnd_wait(void *cond, void *mutex);
int cnd_timedwait(void *cond, void *mutex, const struct timespec *until);
int cnd_signal(void *cond);
int cnd_broadcast(void *cond);

EXPORT int cnd_wait(void *cond, void *mutex)
{
	COND_WAIT(cond, (pthread_mutex_t *)mutex, 0, THRD_TIMEDOUT, REAL(cnd_wait)(cond, mutex));
}

EXPORT int cnd_timedwait(void *cond, void *mutex, const struct timespec *until)
{
	COND_WAIT(cond, (pthread_mutex_t *)mutex, DWELL_FLAG_TIMED, THRD_TIMEDOUT,
		REAL(cnd_timedwait)(cond, mutex, until));
}

EXPORT int cnd_signal(void *cond)
{
	COND_SIGNAL(cond, REAL(cnd_signal)(cond));
}

EXPORT int cnd_broadcast(void *cond)
{
	COND_SIGNAL(cond, REAL(cnd_broadcast)(cond));
}

#include "parking.h"
#include "takers.h"

/* Of who called this function, which keeps a frame: as it will be there when we are back. */
#define CALLERS_STACK ((uintptr_t)__builtin_frame_address(0) + 2 * sizeof(uintptr_t))

/* As glibc keeps a semaphore on 64-bit machines: value and waiters in one word, then its kind. */
struct kept {
	uint32_t value, waiters, shared;
};
_Static_assert(sizeof(struct kept) <= sizeof(sem_t) && sizeof(void *) == 8, "another layout");

/* Other processes may wait for it or post it. */
static unsigned across(const sem_t *sem)
{
	return ((const struct kept *)sem)->shared != 0 ? DWELL_FLAG_ACROSS : 0;
}

/* Of one that processes share the counts of waiters of this one do not tell. */
static bool is_waited_for(const sem_t *sem)
{
	return dwell_waiters_any(sem) ||
	       (across(sem) && ((const volatile struct kept *)sem)->waiters != 0);
}

/*
 * A semaphore's wait is a cancellation point even where it need not wait, and errno is what the
 * real call leaves in it.
 */
#define SEM_WAIT(sem, timed, real_call)                                                            \
	do {                                                                                       \
		const void *object;                                                                \
		struct dwell_self *self;                                                           \
		int saved = errno, result;                                                         \
		pthread_testcancel();                                                              \
		if (__builtin_expect(REAL(sem_trywait)(sem) == 0, 1)) {                            \
			dwell_taker_took(sem);                                                     \
			return 0;                                                                  \
		}                                                                                  \
		errno = saved;                                                                     \
		object = dwell_parking_waits(                                                      \
			sem, __builtin_return_address(0), CALLERS_STACK, (timed) != 0);            \
		self = object ? dwell_enter() : NULL;                                              \
		if (!self)                                                                         \
			return real_call;                                                          \
		CALL_BEGIN(call, self, true, .object = (uint64_t)(uintptr_t)object,                \
			.reason = DWELL_REASON_SEMAPHORE, .kind = DWELL_OBJECT_SEMAPHORE,          \
			.flags = (uint8_t)((timed) | across(sem)),                                 \
			.holder = dwell_taker_of(sem, self->tid));                                 \
		PARKED(object != (sem) ? (sem) : NULL);                                            \
		COUNT_WAITER(sem);                                                                 \
		result = real_call;                                                                \
		if (result == 0)                                                                   \
			dwell_taker_took(sem);                                                     \
		dwell_call_end(&call, result == 0          ? 0                                     \
				      : errno == ETIMEDOUT ? DWELL_FLAG_TIMED_OUT                  \
				      : errno == EINTR     ? DWELL_FLAG_INTERRUPTED                \
							   : 0);                                       \
		return result;                                                                     \
	} while (0)

EXPORT int sem_init(sem_t *sem, int shared, unsigned value)
{
	const int result = REAL(sem_init)(sem, shared, value);

	if (result == 0)
		dwell_taker_made(sem, value == 1 && !shared);
	return result;
}

EXPORT int sem_destroy(sem_t *sem)
{
	dwell_taker_made(sem, false);
	return REAL(sem_destroy)(sem);
}

EXPORT int sem_trywait(sem_t *sem)
{
	const int result = REAL(sem_trywait)(sem);

	if (result == 0)
		dwell_taker_took(sem);
	return result;
}

EXPORT int sem_wait(sem_t *sem)
{
	SEM_WAIT(sem, 0, REAL(sem_wait)(sem));
}

/* glibc refuses a time that is none before it looks at the semaphore. */
static bool bad_time(const struct timespec *until)
{
	return until->tv_nsec < 0 || until->tv_nsec >= 1000000000;
}

EXPORT int sem_timedwait(sem_t *sem, const struct timespec *until)
{
	if (bad_time(until))
		return REAL(sem_timedwait)(sem, until);
	SEM_WAIT(sem, DWELL_FLAG_TIMED, REAL(sem_timedwait)(sem, until));
}

EXPORT int sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *until)
{
	if (bad_time(until) || (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME))
		return REAL(sem_clockwait)(sem, clock, until);
	SEM_WAIT(sem, DWELL_FLAG_TIMED, REAL(sem_clockwait)(sem, clock, until));
}

EXPORT int sem_post(sem_t *sem)
{
	if (__builtin_expect(is_waited_for(sem), 0)) {
		const void *object = dwell_parking_posts(sem, __builtin_return_address(0));

		if (object)
			RELEASE(DWELL_REASON_SEMAPHORE, DWELL_OBJECT_SEMAPHORE, across(sem),
				object);
	}
	dwell_taker_posts(sem);
	return REAL(sem_post)(sem);
}

/* The last to come releases the others; glibc tells exactly that one. */
EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier)
{
	struct dwell_self *self = dwell_enter();
	int result;

	if (!self)
		return REAL(pthread_barrier_wait)(barrier);
	CALL_BEGIN(call, self, false, .object = (uint64_t)(uintptr_t)barrier,
		.reason = DWELL_REASON_BARRIER, .kind = DWELL_OBJECT_BARRIER);
	result = REAL(pthread_barrier_wait)(barrier);
	if (result == PTHREAD_BARRIER_SERIAL_THREAD)
		dwell_ring_put2(&self->writer, call.note.since, DWELL_RECORD_RELEASE,
			dwell_what(0, DWELL_REASON_BARRIER, DWELL_OBJECT_BARRIER, 0), 0,
			call.note.object);
	else
		call.always = true;
	dwell_call_end(&call, 0);
	return result;
}

/* Done: nothing to wait for. Not begun: the caller does it. Only in between is there a wait. */
static bool once_in_progress(const void *once)
{
	enum { STATE_MASK = 3, IN_PROGRESS = 1 };

	return (__atomic_load_n((const int *)once, __ATOMIC_ACQUIRE) & STATE_MASK) == IN_PROGRESS;
}

EXPORT int pthread_once(pthread_once_t *once, void (*routine)(void))
{
	struct dwell_self *self;
	int result;

	if (__builtin_expect(!once_in_progress(once), 1) || !(self = dwell_enter()))
		return REAL(pthread_once)(once, routine);
	CALL_BEGIN(call, self, true, .object = (uint64_t)(uintptr_t)once,
		.reason = DWELL_REASON_OTHER, .kind = DWELL_OBJECT_ONCE);
	result = REAL(pthread_once)(once, routine);
	dwell_call_end(&call, 0);
	return result;
}

void call_once(void *once, void (*routine)(void));

EXPORT void call_once(void *once, void (*routine)(void))
{
	struct dwell_self *self;

	if (__builtin_expect(!once_in_progress(once), 1) || !(self = dwell_enter())) {
		REAL(call_once)(once, routine);
		return;
	}
	CALL_BEGIN(call, self, true, .object = (uint64_t)(uintptr_t)once,
		.reason = DWELL_REASON_OTHER, .kind = DWELL_OBJECT_ONCE);
	REAL(call_once)(once, routine);
	dwell_call_end(&call, 0);
}

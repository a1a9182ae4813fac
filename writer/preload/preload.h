#ifndef DWELL_PRELOAD_PRELOAD_H
#define DWELL_PRELOAD_PRELOAD_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "dwell/types.h"
#include "lib/lib.h"
#include "real.h"

/*
 * Interposers. Each keeps result, errno and cancellation of the function it stands before, and
 * records only what blocked. Compiled with -fexceptions: a thread that is cancelled inside the
 * real function unwinds through ours, and the open wait is closed by its clean-up.
 */
#define EXPORT __attribute__((visibility("default")))

/*
 * What is ours alone: reached without a table of addresses. And what is seldom done: out of the
 * way of functions that must cost next to nothing. It is told whose caller it works for.
 */
#define PRIVATE __attribute__((visibility("hidden")))
#define SELDOM __attribute__((noinline, cold))

/* Flags of a wait from the value that a pthread function returned. */
static inline unsigned dwell_flags_of(int result)
{
	return result == ETIMEDOUT ? DWELL_FLAG_TIMED_OUT : 0;
}

/* The object was released, signalled or posted by the caller. No frame: no stack is wanted. */
void dwell_release(struct dwell_self *self, unsigned reason, unsigned kind, unsigned flags,
	uint64_t object, const void *return_address, const void *frame);

#define RELEASE(reason, kind, flags, object)                                                       \
	do {                                                                                       \
		struct dwell_self *self_ = dwell_enter();                                          \
		if (self_)                                                                         \
			dwell_release(self_, reason, kind, flags, (uint64_t)(uintptr_t)(object),   \
				__builtin_return_address(0), __builtin_frame_address(0));          \
	} while (0)

/*
 * The session wants every acquire and release of mutexes and rwlocks: 0, or a bit above those of a
 * mutex that is free or taken, so that one test asks for both. Read once, at start.
 */
enum { DWELL_ALL_LOCKS = 2 };
extern PRIVATE int dwell_all_locks;

/* The caller owns the object from now on. */
void dwell_acquire(struct dwell_self *self, unsigned reason, unsigned kind, unsigned flags,
	uint64_t object, const void *return_address, const void *frame);

/* Whether a pthread function that returned this gave the lock. */
static inline bool dwell_is_owned(int result)
{
	return result == 0 || result == EOWNERDEAD;
}

#define ACQUIRE(reason, kind, flags, object)                                                       \
	do {                                                                                       \
		struct dwell_self *self_ = dwell_enter();                                          \
		if (self_)                                                                         \
			dwell_acquire(self_, reason, kind, flags, (uint64_t)(uintptr_t)(object),   \
				__builtin_return_address(0), __builtin_frame_address(0));          \
	} while (0)

/* After a lock or a try that returned `result`. */
#define ACQUIRE_ALL(result, reason, kind, flags, object)                                           \
	do {                                                                                       \
		if (__builtin_expect(dwell_all_locks, 0) && dwell_is_owned(result))                \
			ACQUIRE(reason, kind, flags, object);                                      \
	} while (0)

/*
 * How many threads of this process wait for something at this address: a small table, in which
 * addresses may meet. More than there are is no harm: a signal is recorded that woke nobody.
 */
enum { DWELL_WAITERS = 4096 };
extern PRIVATE _Atomic int dwell_waiters[DWELL_WAITERS];

static inline _Atomic int *dwell_waiters_of(const void *object)
{
	uint64_t hash = (uint64_t)(uintptr_t)object * UINT64_C(0x9e3779b97f4a7c15);

	return &dwell_waiters[hash >> 52];
}

static inline void dwell_waiters_add(const void *object, int change)
{
	atomic_fetch_add_explicit(dwell_waiters_of(object), change, memory_order_relaxed);
}

static inline bool dwell_waiters_any(const void *object)
{
	return atomic_load_explicit(dwell_waiters_of(object), memory_order_relaxed) > 0;
}

/*
 * Signals that found nobody are told, as a wait that comes too late for one may last for ever: the
 * first after each wait, so that who signals whether somebody waits or not pays for one only. In
 * the table of these, addresses may meet as well: then one is told too many or too few.
 */
extern PRIVATE _Atomic uint8_t dwell_unheard[DWELL_WAITERS];

static inline bool dwell_unheard_first(const void *object)
{
	_Atomic uint8_t *told = &dwell_unheard[dwell_waiters_of(object) - dwell_waiters];

	if (__builtin_expect(atomic_load_explicit(told, memory_order_relaxed), 1))
		return false;
	atomic_store_explicit(told, 1, memory_order_relaxed);
	return true;
}

static inline void dwell_unheard_again(const void *object)
{
	_Atomic uint8_t *told = &dwell_unheard[dwell_waiters_of(object) - dwell_waiters];

	atomic_store_explicit(told, 0, memory_order_relaxed);
}

/* Note the process's priority, to be told with its first record: at start. */
void dwell_priority_begin(void);
/* The calling thread's own priority, as it is now. */
void dwell_priority_tell(struct dwell_self *self);

/* Restores the count when the wait ends, however it ends. */
static inline void dwell_waiters_drop(const void *const *object)
{
	dwell_waiters_add(*object, -1);
}

#define COUNT_WAITER(object)                                                                       \
	__attribute__((cleanup(dwell_waiters_drop))) const void *waiting_for_ = (object);          \
	dwell_waiters_add(waiting_for_, 1)

/* The program confined itself: no system call of ours before exec. */
extern bool dwell_exec_sandboxed;

/* glibc's word of it: 0 free, 1 taken, 2 where somebody waits; with priorities or robust the
 * owner's number, and the kernel's bit where somebody waits. */
static inline int dwell_mutex_word(const pthread_mutex_t *mutex)
{
	return __atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED);
}

/* Somebody may wait for it, or all is wanted: its unlock is of interest. */
static inline bool dwell_mutex_told(const pthread_mutex_t *mutex)
{
	return __builtin_expect((unsigned)(dwell_mutex_word(mutex) | dwell_all_locks) > 1, 0);
}

/* Before a mutex is unlocked of which that is so. */
void dwell_mutex_given(const pthread_mutex_t *mutex, const void *return_address, const void *frame);

static inline int32_t dwell_mutex_owner(const pthread_mutex_t *mutex)
{
	return __atomic_load_n(&mutex->__data.__owner, __ATOMIC_RELAXED);
}

#endif

#ifndef DWELL_PRELOAD_PARKING_H
#define DWELL_PRELOAD_PARKING_H

#include "preload.h"

/*
 * CPython's parking lot (3.13). Who waits for a lock, an event or another of its bytes waits for a
 * semaphore on its own stack, another one each time. What it is for, the words before that say:
 *
 *	struct wait_entry { void *park_arg; uintptr_t addr; sem_t sema; ... }
 *
 * The same function waits for other semaphores, before which other words stand. So a wait is known
 * by where it comes from: by both return addresses, and by how far up the stack its semaphore is.
 * That is learned at start, by parking at a byte that nobody else knows; nothing else is read.
 */
struct dwell_parking_site {
	uintptr_t caller; /* 0: not known */
	/* From the caller's stack pointer: where it will return to is kept there; the semaphore. */
	uintptr_t return_at, semaphore_at;
	uintptr_t parks; /* what stands at return_at */
};

/* The lot's functions, as CPython declares them. */
struct dwell_parking_lot {
	int (*park)(const void *address, const void *expected, size_t size, int64_t timeout_ns,
		void *argument, int detach);
	void (*unpark)(const void *address, void (*told)(void *argument, void *parked, int more),
		void *argument);
	size_t park_size; /* of its code */
};

/* Learn, in a constructor. false: it is not as it should be, and nothing is known of it. */
bool dwell_parking_find(const struct dwell_parking_lot *lot);

/*
 * What that wait is for, which comes from `caller`, whose stack pointer is `stack`: the semaphore,
 * if it is not of the lot. NULL: it is ours, and not to be told.
 */
PRIVATE const void *dwell_parking_waits(
	const void *semaphore, const void *caller, uintptr_t stack, bool timed);

/* What that post by `caller` is for, of a semaphore that somebody waits for; as above. */
PRIVATE const void *dwell_parking_posts(const void *semaphore, const void *caller);

/* The semaphore of a wait that is of the lot (NULL: it is not) is looked after while it lasts. */
PRIVATE void dwell_parking_enter(const void *semaphore);
PRIVATE void dwell_parking_leave(const void *semaphore);

static inline void dwell_parking_drop(const void *const *semaphore)
{
	if (*semaphore)
		dwell_parking_leave(*semaphore);
}

#define PARKED(semaphore)                                                                          \
	__attribute__((cleanup(dwell_parking_drop))) const void *parked_at_ = (semaphore);         \
	if (parked_at_)                                                                            \
	dwell_parking_enter(parked_at_)

#endif

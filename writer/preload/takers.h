#ifndef DWELL_PRELOAD_TAKERS_H
#define DWELL_PRELOAD_TAKERS_H

#include "preload.h"

/*
 * Who has a semaphore that is a lock. Nothing in one tells, so a thread that takes one which was
 * made with the value 1 (as Python makes its locks) notes its number, until it posts. One that
 * another thread posts, or that who has it waits for (readers of Python's queues do), is no lock,
 * and not looked after any more.
 *
 * Any thread at any time, also in a signal handler. Addresses may meet in the table: then the one
 * that was made last is known.
 */
struct dwell_taker_place {
	_Atomic uint64_t *entry;
	uint64_t key; /* in the entry, above the taker */
};

/*
 * A taker is a thread's number, which the kernel limits to 22 bits, and nine bits of the epoch of
 * its process: in a fork's child the parent's threads are none.
 */
enum { DWELL_TAKER_NUMBER = 22, DWELL_TAKER_BITS = 31 };
extern PRIVATE _Atomic uint64_t dwell_takers[DWELL_WAITERS];

/* By all of the address, of which the key holds 36 bits: two that differ meet only if those and
 * the hash do not. */
static inline struct dwell_taker_place dwell_taker_place(const void *semaphore)
{
	return (struct dwell_taker_place){
		&dwell_takers[dwell_waiters_of(semaphore) - dwell_waiters],
		(uint64_t)(uintptr_t)semaphore >> 3 << DWELL_TAKER_BITS
	};
}

static inline bool dwell_taker_is_kept(struct dwell_taker_place place, uint64_t entry)
{
	return (entry ^ place.key) >> DWELL_TAKER_BITS == 0;
}

static inline uint64_t dwell_taker(int32_t tid)
{
	const uint64_t epochs = 1 << (DWELL_TAKER_BITS - DWELL_TAKER_NUMBER);

	return dwell_lib.epoch_value % epochs << DWELL_TAKER_NUMBER | (uint64_t)tid;
}

/* This thread; 0: it does not record, or not yet in this process. */
static inline uint64_t dwell_taker_self(void)
{
	const struct dwell_self *self = &dwell_self;

	return dwell_is_entered(self) ? dwell_taker(self->tid) : 0;
}

void dwell_taker_made(const void *semaphore, bool is_lock);

/* It was taken by the calling thread. */
static inline void dwell_taker_took(const void *semaphore)
{
	const struct dwell_taker_place place = dwell_taker_place(semaphore);
	const uint64_t entry = atomic_load_explicit(place.entry, memory_order_relaxed);

	if (__builtin_expect(dwell_taker_is_kept(place, entry), 0))
		atomic_store_explicit(
			place.entry, place.key | dwell_taker_self(), memory_order_relaxed);
}

/* It is about to be posted by the calling thread. */
void dwell_taker_posts(const void *semaphore);

/* Who has it as the thread `self` begins to wait for it; 0: not known. */
int32_t dwell_taker_of(const void *semaphore, int32_t self);

#endif

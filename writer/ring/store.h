#ifndef DWELL_RING_STORE_H
#define DWELL_RING_STORE_H

#include <stdatomic.h>
#include <stdint.h>

#include "slot.h"

/*
 * A place between two steps that others can see. Nothing, but in the stress program that kills a
 * writer at each of them.
 */
#ifdef DWELL_TESTPOINTS
void dwell_testpoint(const char *name);
#	define DWELL_TESTPOINT(name) dwell_testpoint(name)
#else
#	define DWELL_TESTPOINT(name) ((void)0)
#endif

/*
 * One aligned 16-byte store where that is atomic (x86-64; guaranteed by both vendors with AVX, and
 * the case on all older ones that are known), else two stores, payload first.
 */
#if defined(__SANITIZE_THREAD__)
#	define DWELL_TWO_STORES 1
#elif defined(__has_feature)
#	if __has_feature(thread_sanitizer)
#		define DWELL_TWO_STORES 1
#	endif
#endif
#if !defined(__x86_64__) && !defined(DWELL_TWO_STORES)
#	define DWELL_TWO_STORES 1
#endif

static inline void dwell_slot_store(struct dwell_slot *slot, uint64_t word0, uint64_t word1)
{
#ifdef DWELL_TWO_STORES
	/* Release on both: a flight reader that sees either must see the head that made room. */
	__atomic_store_n(&slot->word[1], word1, __ATOMIC_RELEASE);
	__atomic_store_n(&slot->word[0], word0, __ATOMIC_RELEASE);
#else
	typedef long long pair __attribute__((vector_size(16), may_alias));
	/* The compiler must not move earlier stores past it; the processor does not. */
	atomic_signal_fence(memory_order_release);
	*(volatile pair *)slot = (pair){ (long long)word0, (long long)word1 };
#endif
}

/* Both words of a slot that may be written meanwhile; word 0 decides. */
static inline void dwell_slot_load(const struct dwell_slot *slot, uint64_t out[2])
{
	out[0] = __atomic_load_n(&slot->word[0], __ATOMIC_ACQUIRE);
	out[1] = __atomic_load_n(&slot->word[1], __ATOMIC_RELAXED);
}

#endif

#include "takers.h"

_Atomic uint64_t dwell_takers[DWELL_WAITERS];

static uint64_t taker_in(uint64_t entry)
{
	const uint64_t taker = entry % (UINT64_C(1) << DWELL_TAKER_BITS);

	return taker >> DWELL_TAKER_NUMBER == dwell_taker(0) >> DWELL_TAKER_NUMBER ? taker : 0;
}

void dwell_taker_made(const void *semaphore, bool is_lock)
{
	const struct dwell_taker_place place = dwell_taker_place(semaphore);
	const uint64_t entry = atomic_load_explicit(place.entry, memory_order_relaxed);

	if (is_lock)
		atomic_store_explicit(place.entry, place.key, memory_order_relaxed);
	else if (dwell_taker_is_kept(place, entry))
		atomic_store_explicit(place.entry, 0, memory_order_relaxed);
}

/* Who took it and is not known may be who posts it. */
void dwell_taker_posts(const void *semaphore)
{
	const struct dwell_taker_place place = dwell_taker_place(semaphore);
	const uint64_t entry = atomic_load_explicit(place.entry, memory_order_relaxed);
	uint64_t taker;

	if (__builtin_expect(!dwell_taker_is_kept(place, entry), 1))
		return;
	taker = taker_in(entry);
	atomic_store_explicit(place.entry, !taker || taker == dwell_taker_self() ? place.key : 0,
		memory_order_relaxed);
}

int32_t dwell_taker_of(const void *semaphore, int32_t self)
{
	const struct dwell_taker_place place = dwell_taker_place(semaphore);
	const uint64_t entry = atomic_load_explicit(place.entry, memory_order_relaxed);
	const uint64_t taker = dwell_taker_is_kept(place, entry) ? taker_in(entry) : 0;
	const int32_t tid = (int32_t)(taker % (1 << DWELL_TAKER_NUMBER));

	if (!tid || tid != self)
		return tid;
	atomic_store_explicit(place.entry, 0, memory_order_relaxed);
	return 0;
}

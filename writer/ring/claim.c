#include "session.h"

/*
 * Slots that come and go. A free list is a stack whose head carries a tag that every
 * change counts up, so that a pop that was interrupted for long cannot take a head that was popped
 * and pushed again meanwhile.
 */
enum { HALF = 32 };

typedef _Atomic uint32_t *(*link_of)(const struct dwell_session *session, uint32_t index);

static _Atomic uint32_t *process_link(const struct dwell_session *session, uint32_t index)
{
	struct dwell_process_slot *slot = dwell_session_process(session, index);

	return slot ? &slot->next_free : NULL;
}

static _Atomic uint32_t *thread_link(const struct dwell_session *session, uint32_t index)
{
	struct dwell_thread_slot *slot = dwell_session_thread(session, index);

	return slot ? &slot->next_free : NULL;
}

static bool pop(
	const struct dwell_session *session, dwell_free_list *list, link_of link, uint32_t *index)
{
	uint64_t head = atomic_load_explicit(list, memory_order_acquire);

	for (;;) {
		uint32_t first = (uint32_t)head;
		if (first == 0)
			return false;
		_Atomic uint32_t *next = link(session, first - 1);
		if (!next)
			return false;
		uint64_t after = ((head >> HALF) + 1) << HALF |
				 atomic_load_explicit(next, memory_order_relaxed);
		if (atomic_compare_exchange_weak_explicit(
			    list, &head, after, memory_order_acquire, memory_order_acquire)) {
			*index = first - 1;
			return true;
		}
	}
}

static void push(
	const struct dwell_session *session, dwell_free_list *list, link_of link, uint32_t index)
{
	uint64_t head = atomic_load_explicit(list, memory_order_relaxed);
	_Atomic uint32_t *next = link(session, index);
	uint64_t after;

	if (!next)
		return;
	do {
		atomic_store_explicit(next, (uint32_t)head, memory_order_relaxed);
		after = ((head >> HALF) + 1) << HALF | (index + 1);
	} while (!atomic_compare_exchange_weak_explicit(
		list, &head, after, memory_order_release, memory_order_relaxed));
}

/* A slot that was never used. */
static bool bump(_Atomic uint32_t *count, uint32_t most, uint32_t *index)
{
	/* Looked at first, so that the counter of a full table does not run on and wrap. */
	if (atomic_load_explicit(count, memory_order_relaxed) >= most)
		return false;
	*index = atomic_fetch_add_explicit(count, 1, memory_order_acq_rel);
	return *index < most;
}

void dwell_session_count_loss(const struct dwell_session *session, enum dwell_session_loss loss)
{
	atomic_fetch_add_explicit(&session->header->losses[loss], 1, memory_order_relaxed);
}

struct dwell_process_slot *dwell_session_claim_process(
	const struct dwell_session *session, uint32_t *index)
{
	struct dwell_session_header *header = session->header;
	struct dwell_process_slot *slot;

	if (!pop(session, &header->process_free, process_link, index) &&
		!bump(&header->process_count, session->process_max, index)) {
		dwell_session_count_loss(session, DWELL_SESSION_NO_PROCESS_SLOT);
		return NULL;
	}
	slot = dwell_session_process(session, *index);
	atomic_store_explicit(&slot->state, DWELL_SLOT_CLAIMED, memory_order_relaxed);
	atomic_fetch_add_explicit(&slot->generation, 1, memory_order_relaxed);
	DWELL_TESTPOINT("slot claimed");
	return slot;
}

/* A ring for a slot that has none yet: the first of its chain. */
static bool give_ring(const struct dwell_session *session, struct dwell_thread_slot *slot)
{
	uint64_t slots = session->flight ? session->ring_most : session->ring_first;
	uint64_t offset;

	if (atomic_load_explicit(&slot->ring[0], memory_order_relaxed) != 0)
		return true;
	offset = dwell_session_take_ring(session, slots * DWELL_SLOT_BYTES);
	if (offset == UINT64_MAX)
		return false;
	atomic_store_explicit(&slot->ring[0], offset / 64 << 8 | (unsigned)__builtin_ctzll(slots),
		memory_order_release);
	return true;
}

struct dwell_thread_slot *dwell_session_claim_thread(
	const struct dwell_session *session, uint32_t *index)
{
	struct dwell_session_header *header = session->header;
	struct dwell_thread_slot *slot;

	if (!pop(session, &header->thread_free, thread_link, index) &&
		!bump(&header->thread_count, session->thread_max, index)) {
		dwell_session_count_loss(session, DWELL_SESSION_NO_THREAD_SLOT);
		return NULL;
	}
	slot = dwell_session_thread(session, *index);
	if (!give_ring(session, slot)) {
		push(session, &header->thread_free, thread_link, *index);
		return NULL;
	}
	atomic_store_explicit(&slot->state, DWELL_SLOT_CLAIMED, memory_order_relaxed);
	atomic_fetch_add_explicit(&slot->generation, 1, memory_order_relaxed);
	DWELL_TESTPOINT("slot claimed");
	return slot;
}

uint64_t dwell_session_take_ring(const struct dwell_session *session, uint64_t bytes)
{
	_Atomic uint64_t *used = &session->header->ring_used;
	uint64_t at = atomic_load_explicit(used, memory_order_relaxed);

	do {
		if (bytes > session->ring_bytes || at > session->ring_bytes - bytes) {
			dwell_session_count_loss(session, DWELL_SESSION_POOL_EMPTY);
			return UINT64_MAX;
		}
	} while (!atomic_compare_exchange_weak_explicit(
		used, &at, at + bytes, memory_order_relaxed, memory_order_relaxed));
	return at;
}

void dwell_session_free_process(const struct dwell_session *session, uint32_t index)
{
	struct dwell_process_slot *slot = dwell_session_process(session, index);

	if (!slot)
		return;
	atomic_store_explicit(&slot->state, DWELL_SLOT_FREE, memory_order_relaxed);
	push(session, &session->header->process_free, process_link, index);
}

void dwell_session_free_thread(const struct dwell_session *session, uint32_t index)
{
	struct dwell_thread_slot *slot = dwell_session_thread(session, index);

	if (!slot)
		return;
	atomic_store_explicit(&slot->state, DWELL_SLOT_FREE, memory_order_relaxed);
	push(session, &session->header->thread_free, thread_link, index);
}

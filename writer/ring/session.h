#ifndef DWELL_RING_SESSION_H
#define DWELL_RING_SESSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

/*
 * A session (layout.h) in memory. Everything in it can be changed by the programs. The drain keeps
 * its own copy of the layout and takes every index as hostile; the programs trust it, since they
 * could only be lied to by the recorder that the user started.
 */

/* A mapped session. */
struct dwell_session {
	struct dwell_session_header *header;
	/* Copies of the header's, checked: */
	uint64_t bytes;
	uint64_t process_offset, thread_offset, ring_offset, index_offset, arena_offset,
		unwind_offset;
	uint64_t ring_bytes, arena_bytes, unwind_bytes;
	uint32_t process_max, thread_max, index_max;
	uint32_t ring_first, ring_most;
	uint32_t clock;
	uint64_t start_ticks;
	uint64_t start_monotonic_ns;
	uint32_t minor; /* of whoever made it */
	bool flight;
};

struct dwell_session_options {
	uint32_t flags;
	uint32_t process_max;  /* 0: 4096 */
	uint32_t thread_max;   /* 0: 16384 */
	uint32_t ring_first;   /* slots; 0: 1024 */
	uint32_t ring_most;    /* slots; 0: 65536 */
	uint64_t ring_bytes;   /* of all rings together; 0: 256 MiB */
	uint64_t arena_bytes;  /* 0: 64 MiB */
	uint64_t unwind_bytes; /* 0: 64 MiB */
	uint32_t clock;
	uint64_t start_ticks;
	uint64_t start_monotonic_ns;
	uint64_t stack_ticks;
	uint64_t call_ticks;
	uint32_t stack_depth; /* 0: 128 */
};

/* How big a session with these options is. */
uint64_t dwell_session_size(const struct dwell_session_options *options);

/* Lay a session out in `at`, zeroed memory of that size. magic is stored last: now programs may
 * attach. */
void dwell_session_format(
	struct dwell_session *session, void *at, const struct dwell_session_options *options);

enum dwell_session_verdict {
	DWELL_SESSION_OK = 0,
	DWELL_SESSION_NOT_ONE,
	DWELL_SESSION_VERSION /* of another major version; *session is not filled */
};

/* Take over what is at `at`, a mapping of `bytes` bytes. */
enum dwell_session_verdict dwell_session_open(
	struct dwell_session *session, void *at, uint64_t bytes);

/* NULL for an index beyond the table. */
struct dwell_process_slot *dwell_session_process(
	const struct dwell_session *session, uint32_t index);
struct dwell_thread_slot *dwell_session_thread(const struct dwell_session *session, uint32_t index);

/* How many slots were ever used, capped by the table. */
uint32_t dwell_session_process_count(const struct dwell_session *session);
uint32_t dwell_session_thread_count(const struct dwell_session *session);

/* The ring that a thread slot's chain names. false when it is not there or cannot be. */
bool dwell_session_ring(const struct dwell_session *session, uint64_t word,
	struct dwell_slot **slots, uint64_t *mask);

/* --- the programs' side; wait-free but for a retry when others claim at the same moment --- */

/* A free slot in state CLAIMED, its generation counted up, or NULL (counted). */
struct dwell_process_slot *dwell_session_claim_process(
	const struct dwell_session *session, uint32_t *index);
/* Also with a ring, which is that of the slot's former owner where it had one. */
struct dwell_thread_slot *dwell_session_claim_thread(
	const struct dwell_session *session, uint32_t *index);

/* Take `bytes` (a multiple of 64) from the pool; UINT64_MAX when it is used up (counted). */
uint64_t dwell_session_take_ring(const struct dwell_session *session, uint64_t bytes);

void dwell_session_count_loss(const struct dwell_session *session, enum dwell_session_loss loss);

/* --- the drain's side --- */

/* Make a drained slot free for a new owner. */
void dwell_session_free_process(const struct dwell_session *session, uint32_t index);
void dwell_session_free_thread(const struct dwell_session *session, uint32_t index);

#endif

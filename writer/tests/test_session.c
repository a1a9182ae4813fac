#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "ring/intern.h"
#include "ring/session.h"

struct place {
	void *at;
	struct dwell_session session;
};

static void make(struct place *place, const struct dwell_session_options *options)
{
	uint64_t bytes = dwell_session_size(options);

	place->at = aligned_alloc(4096, bytes);
	cr_assert(ne(ptr, place->at, NULL));
	memset(place->at, 0, bytes);
	dwell_session_format(&place->session, place->at, options);
}

static const struct dwell_session_options small = {
	.process_max = 3,
	.thread_max = 4,
	.ring_first = 16,
	.ring_most = 64,
	.ring_bytes = 4096,
	.arena_bytes = 4096,
	.unwind_bytes = 4096,
	.clock = DWELL_CLOCK_MONOTONIC,
};

/* A program takes over only what is whole and of its version. */
Test(session, open_refuses)
{
	struct place place;
	struct dwell_session other;
	struct dwell_session_header *header;
	uint64_t bytes = dwell_session_size(&small);

	make(&place, &small);
	header = place.at;
	cr_assert(eq(int, dwell_session_open(&other, place.at, bytes), DWELL_SESSION_OK));
	cr_assert(eq(u32, other.minor, DWELL_SESSION_MINOR));
	header->minor = 1;
	cr_assert(eq(int, dwell_session_open(&other, place.at, bytes), DWELL_SESSION_OK));
	cr_assert(eq(u32, other.minor, 1));
	cr_assert(eq(int, dwell_session_open(&other, place.at, bytes - 1), DWELL_SESSION_NOT_ONE));
	cr_assert(eq(int, dwell_session_open(&other, place.at, 100), DWELL_SESSION_NOT_ONE));
	header->ring_bytes += 64;
	cr_assert(eq(int, dwell_session_open(&other, place.at, bytes), DWELL_SESSION_NOT_ONE));
	header->ring_bytes -= 64;
	header->index_max = 3;
	cr_assert(eq(int, dwell_session_open(&other, place.at, bytes), DWELL_SESSION_NOT_ONE));
	header->index_max = 16;
	header->major++;
	cr_assert(eq(int, dwell_session_open(&other, place.at, bytes), DWELL_SESSION_VERSION));
	cr_assert(eq(u64, atomic_load(&header->other_version), 1));
	header->magic++;
	cr_assert(eq(int, dwell_session_open(&other, place.at, bytes), DWELL_SESSION_NOT_ONE));
	free(place.at);
}

/* Slots run out with a count, come back when freed, and keep their ring. */
Test(session, claim_and_free)
{
	struct place place;
	uint32_t index, seen = 0;
	uint64_t ring;

	make(&place, &small);
	for (int i = 0; i < 4; i++) {
		cr_assert(ne(ptr, dwell_session_claim_thread(&place.session, &index), NULL));
		seen |= UINT32_C(1) << index;
	}
	cr_assert(eq(u32, seen, 15));
	cr_assert(eq(ptr, dwell_session_claim_thread(&place.session, &index), NULL));
	cr_assert(eq(
		u64, atomic_load(&place.session.header->losses[DWELL_SESSION_NO_THREAD_SLOT]), 1));
	ring = atomic_load(&dwell_session_thread(&place.session, 2)->ring[0]);
	dwell_session_free_thread(&place.session, 2);
	struct dwell_thread_slot *again = dwell_session_claim_thread(&place.session, &index);
	cr_assert(ne(ptr, again, NULL));
	cr_assert(eq(u32, index, 2));
	cr_assert(eq(u32, atomic_load(&again->generation), 2));
	cr_assert(eq(u64, atomic_load(&again->ring[0]), ring));
	for (int i = 0; i < 3; i++)
		cr_assert(ne(ptr, dwell_session_claim_process(&place.session, &index), NULL));
	cr_assert(eq(ptr, dwell_session_claim_process(&place.session, &index), NULL));
	free(place.at);
}

/* The pool gives what it has and then counts. */
Test(session, pool)
{
	struct place place;
	struct dwell_slot *slots;
	uint64_t mask;

	make(&place, &small);
	cr_assert(eq(u64, dwell_session_take_ring(&place.session, 4096 - 64), 0));
	cr_assert(eq(u64, dwell_session_take_ring(&place.session, 128), UINT64_MAX));
	cr_assert(eq(u64, dwell_session_take_ring(&place.session, 64), 4096 - 64));
	cr_assert(not(dwell_session_ring(&place.session, 0, &slots, &mask)));
	cr_assert(dwell_session_ring(&place.session, 0 << 8 | 8, &slots, &mask));
	cr_assert(eq(u64, mask, 255));
	/* Hostile: beyond the pool, or as large as no ring is. */
	cr_assert(not(dwell_session_ring(&place.session, 1 << 8 | 8, &slots, &mask)));
	cr_assert(not(dwell_session_ring(&place.session, UINT64_MAX << 8 | 4, &slots, &mask)));
	cr_assert(not(dwell_session_ring(&place.session, 63, &slots, &mask)));
	free(place.at);
}

/* Frames that are named: what is too long keeps a function's begin and a file's end. */
Test(session, intern_frame)
{
	static char long_text[2000];
	struct dwell_frame_name name = { "work", "/srv/prog.py", 4, 12, 15 }, got;
	uint64_t words[4] = { 8 | UINT64_C(8) << 32 };
	struct place place;
	uint32_t id;

	make(&place, &small);
	id = dwell_intern_frame(&place.session, &name);
	cr_assert(id != 0 && dwell_is_named_frame(DWELL_NAMED_FRAME | id));
	cr_assert(eq(u32, dwell_intern_frame(&place.session, &name), id));
	cr_assert(dwell_intern_get_frame(&place.session, id, &got));
	cr_assert(got.function_size == 4 && memcmp(got.function, "work", 4) == 0);
	cr_assert(got.file_size == 12 && memcmp(got.file, "/srv/prog.py", 12) == 0);
	cr_assert(eq(u32, got.line, 15));
	name.line = 16;
	cr_assert(ne(u32, dwell_intern_frame(&place.session, &name), id));
	memset(long_text, 'a', sizeof(long_text));
	long_text[0] = 'b';
	long_text[sizeof(long_text) - 1] = 'z';
	name = (struct dwell_frame_name){ long_text, long_text, 2000, 2000, 1 };
	id = dwell_intern_frame(&place.session, &name);
	cr_assert(dwell_intern_get_frame(&place.session, id, &got));
	cr_assert(got.function_size == DWELL_FRAME_FUNCTION && got.function[0] == 'b');
	cr_assert(got.file_size == DWELL_FRAME_FILE && got.file[DWELL_FRAME_FILE - 1] == 'z');
	name = (struct dwell_frame_name){ .line = 3 };
	id = dwell_intern_frame(&place.session, &name);
	cr_assert(dwell_intern_get_frame(&place.session, id, &got));
	cr_assert(got.function_size == 0 && got.file_size == 0);
	/* Hostile: another kind, texts beyond its words, lengths beyond all measure. */
	id = dwell_intern(&place.session, DWELL_ENTRY_STACK, 0, words, 4);
	cr_assert(not(dwell_intern_get_frame(&place.session, id, &got)));
	id = dwell_intern(&place.session, DWELL_ENTRY_FRAME, 0, words, 2);
	cr_assert(not(dwell_intern_get_frame(&place.session, id, &got)));
	id = dwell_intern(&place.session, DWELL_ENTRY_FRAME, 0, words, 0);
	cr_assert(not(dwell_intern_get_frame(&place.session, id, &got)));
	words[0] = UINT32_MAX;
	id = dwell_intern(&place.session, DWELL_ENTRY_FRAME, 0, words, 4);
	cr_assert(not(dwell_intern_get_frame(&place.session, id, &got)));
	cr_assert(not(dwell_intern_get_frame(&place.session, UINT32_MAX, &got)));
}

/* One text, one id; ids resolve; a full arena and a hostile id are no harm. */
Test(session, intern)
{
	struct place place;
	struct dwell_entry entry;
	uint64_t words[40] = { 1, 2, 3 };
	uint32_t a, b;

	make(&place, &small);
	a = dwell_intern_name(&place.session, "hello, world", 12);
	b = dwell_intern_name(&place.session, "hello, worle", 12);
	cr_assert(a != 0 && b != 0 && a != b);
	cr_assert(eq(u32, dwell_intern_name(&place.session, "hello, world", 12), a));
	cr_assert(dwell_intern_get(&place.session, a, &entry));
	cr_assert(eq(u8, entry.kind, DWELL_ENTRY_NAME));
	cr_assert(eq(u32, entry.extra, 12));
	cr_assert(memcmp(entry.words, "hello, world", 12) == 0);
	/* Kind, extra and length belong to the identity. */
	a = dwell_intern(&place.session, DWELL_ENTRY_STACK, 0, words, 3);
	cr_assert(ne(u32, dwell_intern(&place.session, DWELL_ENTRY_STACK, 1, words, 3), a));
	cr_assert(ne(u32, dwell_intern(&place.session, DWELL_ENTRY_STACK, 0, words, 4), a));
	cr_assert(ne(u32, dwell_intern(&place.session, DWELL_ENTRY_MODULE, 0, words, 3), a));
	for (uint64_t i = 0; i < 100; i++) {
		words[0] = i + 100;
		(void)dwell_intern(&place.session, DWELL_ENTRY_STACK, 0, words, 40);
	}
	cr_assert(lt(u64, 0, atomic_load(&place.session.header->losses[DWELL_SESSION_ARENA_FULL])));
	cr_assert(not(dwell_intern_get(&place.session, 0, &entry)));
	cr_assert(not(dwell_intern_get(&place.session, 511, &entry)));
	cr_assert(not(dwell_intern_get(&place.session, UINT32_MAX, &entry)));
	free(place.at);
}

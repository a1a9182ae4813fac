#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "ring_fixture.h"

/* Every kind of record comes out as it went in, from any place of the ring, across its end. */
Test(ring, round_trip_across_the_end)
{
	for (uint64_t start = 0; start < 70; start++) {
		struct fixture f;
		struct dwell_record record;
		fixture_init(&f, 16, start, false);
		for (uint64_t i = 0; i < 40; i++) {
			cr_assert(
				dwell_ring_put3(&f.writer, i, 1 + i % 20, i * 3, i + 7, ~i, 5, i));
			cr_assert(eq(
				int, (int)dwell_ring_next(&f.reader, &record), DWELL_RING_RECORD));
			cr_assert(eq(u64, record.time, i));
			cr_assert(eq(u8, record.kind, (uint8_t)(1 + i % 20)));
			cr_assert(eq(u8, record.slots, 3));
			cr_assert(eq(u64, record.a, i * 3));
			cr_assert(eq(u64, record.x[1], i + 7));
			cr_assert(eq(u64, record.y[1], ~i));
			cr_assert(eq(u64, record.x[2], 5));
			cr_assert(eq(u64, record.y[2], i));
			atomic_store(&f.tail->position[0], f.reader.position);
		}
		cr_assert(eq(int, (int)dwell_ring_next(&f.reader, &record), DWELL_RING_EMPTY));
		fixture_release(&f);
	}
}

/* A full ring refuses, counts, and holds exactly what it took. */
Test(ring, full_refuses)
{
	for (uint64_t start = 0; start < 40; start++) {
		struct fixture f;
		struct dwell_record record;
		unsigned got = 0;
		fixture_init(&f, 16, start, false);
		for (uint64_t i = 0; i < 16; i++)
			cr_assert(dwell_ring_put1(&f.writer, i, DWELL_RECORD_MARK, i));
		cr_assert(not(dwell_ring_put1(&f.writer, 99, DWELL_RECORD_MARK, 99)));
		cr_assert(not(dwell_ring_put2(&f.writer, 99, DWELL_RECORD_COUNTER, 9, 9, 9)));
		cr_assert(eq(u64, atomic_load(&f.line->refused), 2));
		while (dwell_ring_next(&f.reader, &record) == DWELL_RING_RECORD)
			cr_assert(eq(u64, record.a, got++));
		cr_assert(eq(uint, got, 16));
		/* One slot read: one free, so a record of two still does not fit. */
		atomic_store(&f.tail->position[0], start + 1);
		cr_assert(not(dwell_ring_put2(&f.writer, 99, DWELL_RECORD_COUNTER, 9, 9, 9)));
		cr_assert(dwell_ring_put1(&f.writer, 99, DWELL_RECORD_MARK, 99));
		fixture_release(&f);
	}
}

/* A reader's tail that cannot be right frees nothing. */
Test(ring, wild_tail)
{
	struct fixture f;

	fixture_init(&f, 16, 100, false);
	for (uint64_t i = 0; i < 16; i++)
		cr_assert(dwell_ring_put1(&f.writer, i, DWELL_RECORD_MARK, i));
	atomic_store(&f.tail->position[0], 117);
	cr_assert(not(dwell_ring_put1(&f.writer, 0, DWELL_RECORD_MARK, 0)));
	atomic_store(&f.tail->position[0], 50);
	cr_assert(not(dwell_ring_put1(&f.writer, 0, DWELL_RECORD_MARK, 0)));
	fixture_release(&f);
}

/* A record whose first slot is missing hides what follows until the hole is skipped; then nothing
 * that was committed is lost. */
Test(ring, hole)
{
	for (uint64_t start = 0; start < 40; start++) {
		struct fixture f;
		struct dwell_place place;
		struct dwell_record record;
		fixture_init(&f, 16, start, false);
		cr_assert(dwell_ring_put1(&f.writer, 1, DWELL_RECORD_MARK, 1));
		/* Killed, or interrupted by a handler, between a tail slot and the commit. */
		cr_assert(dwell_ring_reserve(&f.writer, 3, 2, &place));
		dwell_ring_tail(&place, 1, 5, 5);
		cr_assert(dwell_ring_put2(&f.writer, 3, DWELL_RECORD_COUNTER, 3, 0, 3));
		cr_assert(eq(int, (int)dwell_ring_next(&f.reader, &record), DWELL_RING_RECORD));
		cr_assert(eq(int, (int)dwell_ring_next(&f.reader, &record), DWELL_RING_EMPTY));
		cr_assert(eq(u64, dwell_ring_skip_hole(&f.reader, UINT64_MAX), 1));
		/* The tail that was written is passed, then the slot that was not. */
		cr_assert(eq(int, (int)dwell_ring_next(&f.reader, &record), DWELL_RING_SKIPPED));
		cr_assert(eq(u64, dwell_ring_skip_hole(&f.reader, UINT64_MAX), 1));
		cr_assert(eq(int, (int)dwell_ring_next(&f.reader, &record), DWELL_RING_RECORD));
		cr_assert(eq(u64, record.a, 3));
		cr_assert(eq(u64, dwell_ring_skip_hole(&f.reader, UINT64_MAX), 0));
		/* A turn later the slots of the hole do not look written. */
		atomic_store(&f.tail->position[0], f.reader.position);
		for (uint64_t i = 0; i < 11; i++)
			cr_assert(dwell_ring_put1(&f.writer, i, DWELL_RECORD_MARK, i));
		for (uint64_t i = 0; i < 11; i++)
			cr_assert(eq(
				int, (int)dwell_ring_next(&f.reader, &record), DWELL_RING_RECORD));
		cr_assert(eq(int, (int)dwell_ring_next(&f.reader, &record), DWELL_RING_EMPTY));
		fixture_release(&f);
	}
}

/* Flight: the newest are kept; the copy says from where on they are whole. */
Test(ring, flight_keeps_the_newest)
{
	struct fixture f;
	struct dwell_slot copy[16];
	uint64_t from, to;

	fixture_init(&f, 16, 0, true);
	for (uint64_t i = 0; i < 1000; i++) {
		cr_assert(dwell_ring_put1(&f.writer, i, DWELL_RECORD_MARK, i));
		dwell_ring_snapshot(f.slots, 15, &f.line->head, copy, &from, &to);
		cr_assert(eq(u64, to, i + 1));
		cr_assert(eq(u64, from, i + 1 > 16 ? i + 1 - 16 : 0));
		for (uint64_t at = from; at < to; at++)
			cr_assert(eq(u64, copy[at & 15].word[1], at));
	}
	fixture_release(&f);
}

/* Times keep 56 bits; kind, number of slots and lap do not touch each other. */
Test(ring, slot_fields)
{
	for (unsigned kind = 0; kind < 32; kind++) {
		for (unsigned further = 0; further < 4; further++) {
			for (unsigned lap = 0; lap < 2; lap++) {
				uint64_t word =
					dwell_slot_word(DWELL_TIME_MASK - 5, kind, further, lap);
				cr_assert(eq(uint, dwell_slot_kind(word), kind));
				cr_assert(eq(uint, dwell_slot_further(word), further));
				cr_assert(eq(uint, dwell_slot_lap(word), lap));
				cr_assert(eq(u64, dwell_slot_time(word), DWELL_TIME_MASK - 5));
			}
		}
	}
	uint64_t what = dwell_what(0xfedcba98, 0x12, 0x34, 0x56);
	cr_assert(eq(u32, dwell_what_stack(what), 0xfedcba98));
	cr_assert(eq(u8, dwell_what_reason(what), 0x12));
	cr_assert(eq(u8, dwell_what_object(what), 0x34));
	cr_assert(eq(u8, dwell_what_flags(what), 0x56));
}

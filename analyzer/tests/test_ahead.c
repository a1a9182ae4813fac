/* Bytes that another thread reads ahead are those that are read in turn. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "import/perf/perf.h"

enum { SIZE = 3000000 };

static uint8_t all[SIZE];

static struct dwell_bytes *open_all(void)
{
	struct dwell_bytes *bytes = NULL;
	uint32_t x = 1;

	for (size_t i = 0; i < SIZE; i++) {
		x = x * 1664525 + 1013904223;
		all[i] = (uint8_t)(x >> 24);
	}
	cr_assert_eq(dwell_bytes_open_memory(&bytes, all, SIZE), DWELL_OK);
	return bytes;
}

static void all_blocks(uint64_t at, uint64_t end, size_t expected)
{
	struct dwell_bytes *bytes = open_all();
	struct import_ahead *ahead = NULL;
	size_t got = AHEAD_BLOCK, sum = 0;
	uint8_t *block;

	cr_assert_eq(import_ahead_start(&ahead, bytes, at, end), DWELL_OK);
	while (sum < expected && got == AHEAD_BLOCK) {
		cr_assert_eq(import_ahead_next(ahead, &block, &got), DWELL_OK);
		cr_assert_leq(got, expected - sum);
		cr_assert_eq(memcmp(block, all + at + sum, got), 0);
		memset(block - AHEAD_BEFORE, 1, AHEAD_BEFORE); /* it is ours */
		sum += got;
	}
	cr_assert_eq(sum, expected);
	cr_assert_eq(import_ahead_next(ahead, &block, &got), DWELL_EIO, "there is no more");
	import_ahead_stop(ahead);
	dwell_bytes_close(bytes);
}

Test(ahead, reads_blocks_in_order)
{
	all_blocks(0, SIZE, SIZE);
	all_blocks(77, 77 + 3 * AHEAD_BLOCK, (size_t)3 * AHEAD_BLOCK);
	all_blocks(5, 6, 1);
	all_blocks(9, 9, 0);
}

Test(ahead, ends_where_the_file_does)
{
	all_blocks(SIZE - 10, SIZE + 1000, 10);
	all_blocks(1000, SIZE + 1000, SIZE - 1000);
}

Test(ahead, may_be_stopped_at_any_time)
{
	struct dwell_bytes *bytes = open_all();

	for (unsigned taken = 0; taken < 9; taken++) {
		struct import_ahead *ahead = NULL;
		uint8_t *block;
		size_t got;

		cr_assert_eq(import_ahead_start(&ahead, bytes, 0, SIZE), DWELL_OK);
		for (unsigned i = 0; i < taken; i++)
			cr_assert_eq(import_ahead_next(ahead, &block, &got), DWELL_OK);
		import_ahead_stop(ahead);
	}
	import_ahead_stop(NULL);
	dwell_bytes_close(bytes);
}

/* Pieces of all sizes, some longer than a block, as they are taken of a recording. */
static void take_all(const size_t sizes[], size_t count, size_t skip_at, size_t skip)
{
	struct dwell_bytes *bytes = open_all();
	struct perf_stream stream = { .buffer = NULL };
	size_t at = 3, i = 0;
	int err;

	perf_stream_start(&stream, at, SIZE - 5);
	for (;; i++) {
		const size_t size = sizes[i % count];
		const uint8_t *piece;

		err = perf_stream_take(&stream, bytes, size, &piece);
		if (err)
			break;
		cr_assert_eq(memcmp(piece, all + at, size), 0, "piece %zu", i);
		perf_stream_skip(&stream, size);
		at += size;
		if (i == skip_at) {
			perf_stream_skip(&stream, skip);
			at += skip;
		}
	}
	cr_assert_eq(err, DWELL_END);
	cr_assert_gt(at + sizes[i % count], SIZE - 5, "the rest is too short");
	perf_stream_release(&stream);
	dwell_bytes_close(bytes);
}

Test(ahead, gives_pieces_across_blocks)
{
	static const size_t short_ones[] = { 8, 120, 8, 65535, 1, 3000 };
	static const size_t long_ones[] = { 65535, 8, 700000, 8, 131072, 131073, 40 };

	take_all(short_ones, 6, SIZE_MAX, 0);
	take_all(long_ones, 7, SIZE_MAX, 0);
}

Test(ahead, goes_on_behind_what_is_skipped)
{
	static const size_t sizes[] = { 8, 120, 50000 };

	take_all(sizes, 3, 10, 5);
	take_all(sizes, 3, 10, 1000000);
}

/* What is kept of batches until they are folded: all of it. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "model/backlog.h"
#include "model/batch.h"

static uint64_t state = 1;

static uint64_t draw(uint64_t below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (state >> 33) % below;
}

/* Mostly as it is mostly; else any value, small or at a limit. */
static uint64_t any(uint64_t mostly, unsigned bits)
{
	const uint64_t most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	const uint64_t values[] = { 0, 1, 15, 16, 127, 128, 255, 256, 65535, 65536, UINT32_MAX,
		UINT64_C(1) << 32, most, draw(UINT32_MAX) };

	return draw(40) ? mostly : values[draw(sizeof(values) / sizeof(values[0]))] & most;
}

static struct dwell_event any_row(uint64_t time_ns)
{
	return (struct dwell_event){
		.time_ns = any(time_ns, 64),
		.value = any(0, 64),
		.extra = any(0, 64),
		.task = (uint32_t)any(draw(1000), 32),
		.peer = (uint32_t)any(draw(1000), 32),
		.executor = (uint32_t)any(draw(8), 32),
		.object = (uint32_t)any(0, 32),
		.stack = (uint32_t)any(0, 32),
		.kind = (uint8_t)any(1 + draw(3), 8),
		.state = (uint8_t)any(draw(5), 8),
		.reason = (uint8_t)any(0, 8),
		.flags = (uint8_t)any(0, 8),
	};
}

static struct dwell_interval any_interval(const struct dwell_event *rows, size_t count)
{
	const uint16_t row = (uint16_t)draw(count);

	return (struct dwell_interval){
		.start_ns = any(rows[row].time_ns - draw(100000), 64),
		.end_ns = any(rows[row].time_ns, 64),
		.task = (uint32_t)any(draw(1000), 32),
		.executor = (uint32_t)any(draw(8), 32),
		.object = (uint32_t)any(0, 32),
		.stack = (uint32_t)any(0, 32),
		.waker = (uint32_t)any(draw(1000), 32),
		.waker_stack = (uint32_t)any(0, 32),
		.holder = (uint32_t)any(0, 32),
		.state = (uint8_t)any(draw(5), 8),
		.reason = (uint8_t)any(0, 8),
		.cause = (uint8_t)any(draw(4), 8),
		.next = (uint8_t)any(draw(5), 8),
		.flags = (uint8_t)any(draw(8), 8),
		.holder_how = (uint8_t)any(0, 8),
		.told = (uint8_t)any(draw(2), 8),
		.wait_flags = (uint8_t)any(0, 8),
		.row = row,
		.next_reason = (uint8_t)any(0, 8),
	};
}

struct made {
	struct dwell_event rows[BACKLOG_ROWS];
	struct dwell_told told;
	struct dwell_task_state firsts[8];
	struct fold_batch batch;
};

static void make_list(uint16_t *list, size_t *count, size_t most)
{
	*count = draw(most + 1);
	for (size_t i = 0; i < *count; i++)
		list[i] = (uint16_t)draw(1024);
}

static void make(struct made *made)
{
	const size_t rows = 1 + draw(BACKLOG_ROWS);
	struct dwell_told *told = &made->told;

	cr_assert(zero(i32, told_room(told, BACKLOG_ROWS)));
	for (size_t i = 0; i < rows; i++)
		made->rows[i] = any_row(UINT64_C(1) << 40 | i * 1000);
	for (told->count = 0; told->count < rows; told->count++)
		told->intervals[told->count] = any_interval(made->rows, rows);
	told->wait_count = draw(3);
	for (size_t i = 0; i < told->wait_count; i++)
		told->waits[i] = (struct dwell_wait){ .start_ns = draw(1000), .task = 7 };
	make_list(told->running, &told->running_count, rows);
	make_list(told->runnable, &told->runnable_count, rows);
	make_list(told->own_waits, &told->own_count, rows);
	make_list(told->gaps, &told->gap_count, rows);
	make_list(told->odd, &told->odd_count, rows);
	made->batch = (struct fold_batch){
		.rows = made->rows,
		.count = rows,
		.kinds = (uint32_t)draw(UINT32_MAX),
		.told = told,
		.firsts = made->firsts,
		.first_count = draw(8),
	};
	for (size_t i = 0; i < made->batch.first_count; i++)
		made->firsts[i] = (struct dwell_task_state){ .task = (uint32_t)draw(1000) };
}

static void expect_same(
	const void *got, const void *want, size_t count, size_t size, const char *what)
{
	cr_assert(zero(i32, memcmp(got, want, count * size)), "%s", what);
}

static void expect_batch(const struct fold_batch *got, const struct fold_batch *want)
{
	const struct dwell_told *a = got->told, *b = want->told;

	cr_assert(eq(sz, got->count, want->count));
	cr_assert(eq(u32, got->kinds, want->kinds));
	cr_assert(eq(sz, got->first_count, want->first_count));
	cr_assert(eq(sz, a->count, b->count));
	cr_assert(eq(sz, a->wait_count, b->wait_count));
	cr_assert(eq(sz, a->running_count, b->running_count));
	cr_assert(eq(sz, a->runnable_count, b->runnable_count));
	cr_assert(eq(sz, a->own_count, b->own_count));
	cr_assert(eq(sz, a->gap_count, b->gap_count));
	cr_assert(eq(sz, a->odd_count, b->odd_count));
	expect_same(got->rows, want->rows, got->count, sizeof(*got->rows), "rows");
	/* Nothing is said of the bytes behind the last member. */
	for (size_t i = 0; i < a->count; i++)
		expect_same(&a->intervals[i], &b->intervals[i], 1,
			offsetof(struct dwell_interval, next_reason) + 1, "interval");
	expect_same(a->waits, b->waits, a->wait_count, sizeof(*a->waits), "waits");
	expect_same(a->running, b->running, a->running_count, sizeof(*a->running), "running");
	expect_same(a->runnable, b->runnable, a->runnable_count, sizeof(*a->running), "runnable");
	expect_same(a->own_waits, b->own_waits, a->own_count, sizeof(*a->own_waits), "own");
	expect_same(a->gaps, b->gaps, a->gap_count, sizeof(*a->gaps), "gaps");
	expect_same(a->odd, b->odd, a->odd_count, sizeof(*a->odd), "odd");
	expect_same(got->firsts, want->firsts, got->first_count, sizeof(*got->firsts), "firsts");
}

Test(backlog, comes_back_as_it_was)
{
	enum { BATCHES = 100 };
	struct made *made = calloc(BATCHES, sizeof(*made));
	struct backlog *backlog = NULL;
	struct fold_batch got;

	cr_assert(zero(i32, backlog_new(&backlog, 16 << 20)));
	/* Filled and emptied again and again, it needs no more. */
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < BATCHES; i++) {
			make(&made[i]);
			cr_assert(zero(i32, backlog_put(backlog, &made[i].batch)));
		}
		for (size_t i = 0; i < BATCHES; i++) {
			cr_assert(backlog_take(backlog, &got));
			expect_batch(&got, &made[i].batch);
			told_leave(&made[i].told);
		}
		cr_assert(not(backlog_take(backlog, &got)));
	}
	backlog_free(backlog);
	free(made);
}

Test(backlog, is_full)
{
	struct backlog *backlog = NULL;
	struct made *made = calloc(1, sizeof(*made));
	struct fold_batch got;
	size_t count = 0, taken = 0;
	int err;

	cr_assert(zero(i32, backlog_new(&backlog, 3 << 20)));
	make(made);
	while ((err = backlog_put(backlog, &made->batch)) == DWELL_OK)
		count++;
	cr_expect(eq(i32, err, DWELL_END));
	cr_expect(eq(i32, backlog_put(backlog, &made->batch), DWELL_END));
	while (backlog_take(backlog, &got)) {
		expect_batch(&got, &made->batch);
		taken++;
	}
	cr_expect(eq(sz, taken, count));
	cr_expect(zero(i32, backlog_put(backlog, &made->batch)));
	backlog_free(backlog);
	told_leave(&made->told);
	free(made);
}

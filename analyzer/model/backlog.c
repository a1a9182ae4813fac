/* Batches on small room, until they are folded. */
#include "model/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "model/batch.h"

enum {
	BLOCK = 1 << 18, /* the largest batch is some 190 KiB */
	/* Of `kind` and of `state`: there is no such number. What follows is whole. */
	WHOLE = 1 << 7
};

/*
 * A lean row, from the lowest bit: 32 bits of time after the first row of the batch, 16 of task,
 * 16 of peer; 8 of kind, state, executor, flags. A lean interval, which its row ended at that time:
 * 32 of length, 16 of task, 16 of waker; 8 of state, row, executor, wait_flags, next_reason; 4 of
 * cause, next, flags, told. They are put together in registers: what was written in pieces is
 * waited for when it is read as a whole.
 */
enum { LEAN_ROW = 12, LEAN_INTERVAL = 16 };

struct head {
	uint64_t time_ns; /* of the first row */
	uint32_t kinds;
	uint16_t rows, intervals, waits, firsts;
	uint16_t running, runnable, own, gaps, odd;
};

struct backlog {
	uint8_t **blocks;
	size_t count, most;
	size_t filling, used; /* the block that is filled, and how far */
	size_t taking, taken;
	size_t *ends; /* how far each was filled */
	struct dwell_event rows[BACKLOG_ROWS];
	struct dwell_told told;
	struct dwell_task_state firsts[2 * BACKLOG_ROWS]; /* a row has two tasks */
};

int backlog_new(struct backlog **out, size_t most)
{
	struct backlog *backlog = calloc(1, sizeof(*backlog));
	int err = backlog ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	backlog->most = most / BLOCK + 1;
	backlog->blocks = calloc(backlog->most, sizeof(*backlog->blocks));
	backlog->ends = calloc(backlog->most, sizeof(*backlog->ends));
	err = backlog->blocks && backlog->ends ? told_room(&backlog->told, BACKLOG_ROWS)
					       : DWELL_ENOMEM;
	if (err)
		backlog_free(backlog);
	else
		*out = backlog;
	return err;
}

void backlog_free(struct backlog *backlog)
{
	if (!backlog)
		return;
	for (size_t i = 0; i < backlog->count; i++)
		free(backlog->blocks[i]);
	free(backlog->blocks);
	free(backlog->ends);
	told_leave(&backlog->told);
	free(backlog);
}

static uint8_t *put(uint8_t *at, const void *what, size_t size)
{
	memcpy(at, what, size);
	return at + size;
}

static inline uint64_t pair_of(uint64_t ns, uint32_t a, uint32_t b)
{
	return ns | (uint64_t)a << 32 | (uint64_t)b << 48;
}

static inline uint8_t *put_row(uint8_t *at, const struct dwell_event *row, uint64_t time_ns)
{
	const uint64_t after_ns = row->time_ns - time_ns;
	const uint64_t rest = row->value | row->extra | row->object | row->stack | row->reason |
			      after_ns >> 32 | (row->task | row->peer) >> 16 | row->executor >> 8 |
			      (row->kind & WHOLE);
	const uint32_t kind = rest ? WHOLE : row->kind;
	const uint64_t pair = pair_of(after_ns, row->task, row->peer);
	const uint32_t word =
		kind | (uint32_t)row->state << 8 | row->executor << 16 | (uint32_t)row->flags << 24;

	memcpy(at, &pair, sizeof(pair));
	memcpy(at + sizeof(pair), &word, sizeof(word));
	at += LEAN_ROW;
	return __builtin_expect(rest != 0, 0) ? put(at, row, sizeof(*row)) : at;
}

static inline const uint8_t *take_row(const uint8_t *at, struct dwell_event *row, uint64_t time_ns)
{
	uint64_t pair;
	uint32_t word;

	memcpy(&pair, at, sizeof(pair));
	memcpy(&word, at + sizeof(pair), sizeof(word));
	at += LEAN_ROW;
	if (__builtin_expect(word & WHOLE, 0)) {
		memcpy(row, at, sizeof(*row));
		return at + sizeof(*row);
	}
	*row = (struct dwell_event){
		.time_ns = time_ns + (uint32_t)pair,
		.task = (uint16_t)(pair >> 32),
		.peer = (uint16_t)(pair >> 48),
		.executor = word >> 16 & UINT8_MAX,
		.kind = word & UINT8_MAX,
		.state = word >> 8 & UINT8_MAX,
		.flags = (uint8_t)(word >> 24),
	};
	return at;
}

static inline uint8_t *put_interval(
	uint8_t *at, const struct dwell_interval *of, const struct dwell_event *rows)
{
	const uint64_t ns = of->end_ns - of->start_ns;
	const uint64_t rest = ns >> 32 | (of->end_ns ^ rows[of->row].time_ns) | of->object |
			      of->stack | of->waker_stack | of->holder | of->reason |
			      of->holder_how | (of->task | of->waker) >> 16 | of->executor >> 8 |
			      (of->next | of->cause | of->told | of->flags) >> 4 |
			      (of->state & WHOLE);
	const uint64_t state = rest ? WHOLE : of->state;
	const uint64_t pair = pair_of(ns, of->task, of->waker);
	const uint64_t word = state | (uint64_t)of->row << 8 | (uint64_t)of->executor << 16 |
			      (uint64_t)of->wait_flags << 24 | (uint64_t)of->next_reason << 32 |
			      (uint64_t)of->cause << 40 | (uint64_t)of->next << 44 |
			      (uint64_t)of->flags << 48 | (uint64_t)of->told << 52;

	memcpy(at, &pair, sizeof(pair));
	memcpy(at + sizeof(pair), &word, sizeof(word));
	at += LEAN_INTERVAL;
	return __builtin_expect(rest != 0, 0) ? put(at, of, sizeof(*of)) : at;
}

static inline const uint8_t *take_interval(
	const uint8_t *at, struct dwell_interval *of, const struct dwell_event *rows)
{
	uint64_t pair, word, end_ns;

	memcpy(&pair, at, sizeof(pair));
	memcpy(&word, at + sizeof(pair), sizeof(word));
	at += LEAN_INTERVAL;
	if (__builtin_expect(word & WHOLE, 0)) {
		memcpy(of, at, sizeof(*of));
		return at + sizeof(*of);
	}
	end_ns = rows[word >> 8 & UINT8_MAX].time_ns;
	*of = (struct dwell_interval){
		.start_ns = end_ns - (uint32_t)pair,
		.end_ns = end_ns,
		.task = (uint16_t)(pair >> 32),
		.waker = (uint16_t)(pair >> 48),
		.state = word & UINT8_MAX,
		.row = word >> 8 & UINT8_MAX,
		.executor = word >> 16 & UINT8_MAX,
		.wait_flags = word >> 24 & UINT8_MAX,
		.next_reason = word >> 32 & UINT8_MAX,
		.cause = word >> 40 & 15,
		.next = word >> 44 & 15,
		.flags = word >> 48 & 15,
		.told = word >> 52 & 15,
	};
	return at;
}

/* What a batch takes at most. */
static size_t size_of(const struct fold_batch *batch)
{
	const struct dwell_told *told = batch->told;
	const size_t lists = told->running_count + told->runnable_count + told->own_count +
			     told->gap_count + told->odd_count;

	return sizeof(struct head) + batch->count * (LEAN_ROW + sizeof(struct dwell_event)) +
	       told->count * (LEAN_INTERVAL + sizeof(struct dwell_interval)) +
	       told->wait_count * sizeof(struct dwell_wait) + lists * sizeof(uint16_t) +
	       batch->first_count * sizeof(struct dwell_task_state);
}

/* Room for `size` bytes; 0, DWELL_ENOMEM or DWELL_END. */
static int room_for(struct backlog *backlog, size_t size)
{
	if (backlog->count && backlog->used + size <= BLOCK)
		return DWELL_OK;
	if (backlog->count) {
		if (backlog->filling + 1 == backlog->most)
			return DWELL_END;
		backlog->ends[backlog->filling++] = backlog->used;
		backlog->used = 0;
	}
	if (backlog->filling < backlog->count)
		return DWELL_OK;
	backlog->blocks[backlog->count] = malloc(BLOCK);
	return backlog->blocks[backlog->count++] ? DWELL_OK : DWELL_ENOMEM;
}

static uint8_t *put_list(uint8_t *at, const uint16_t *list, size_t count)
{
	return put(at, list, count * sizeof(*list));
}

static struct head head_of(const struct fold_batch *batch)
{
	const struct dwell_told *told = batch->told;

	return (struct head){
		.time_ns = batch->rows[0].time_ns,
		.kinds = batch->kinds,
		.rows = (uint16_t)batch->count,
		.intervals = (uint16_t)told->count,
		.waits = (uint16_t)told->wait_count,
		.firsts = (uint16_t)batch->first_count,
		.running = (uint16_t)told->running_count,
		.runnable = (uint16_t)told->runnable_count,
		.own = (uint16_t)told->own_count,
		.gaps = (uint16_t)told->gap_count,
		.odd = (uint16_t)told->odd_count,
	};
}

int backlog_put(struct backlog *backlog, const struct fold_batch *batch)
{
	const struct dwell_told *told = batch->told;
	const struct head head = head_of(batch);
	const int err = room_for(backlog, size_of(batch));
	uint8_t *begin, *at;

	if (err)
		return err;
	begin = at = backlog->blocks[backlog->filling] + backlog->used;
	at = put(at, &head, sizeof(head));
	for (size_t i = 0; i < batch->count; i++)
		at = put_row(at, &batch->rows[i], head.time_ns);
	for (size_t i = 0; i < told->count; i++)
		at = put_interval(at, &told->intervals[i], batch->rows);
	at = put(at, told->waits, told->wait_count * sizeof(*told->waits));
	at = put_list(at, told->running, told->running_count);
	at = put_list(at, told->runnable, told->runnable_count);
	at = put_list(at, told->own_waits, told->own_count);
	at = put_list(at, told->gaps, told->gap_count);
	at = put_list(at, told->odd, told->odd_count);
	if (batch->first_count)
		at = put(at, batch->firsts, batch->first_count * sizeof(*batch->firsts));
	backlog->used += (size_t)(at - begin);
	return DWELL_OK;
}

static const uint8_t *take(const uint8_t *at, void *out, size_t size)
{
	memcpy(out, at, size);
	return at + size;
}

static const uint8_t *take_list(const uint8_t *at, uint16_t *list, size_t count, size_t *out)
{
	*out = count;
	return take(at, list, count * sizeof(*list));
}

static const uint8_t *take_told(struct backlog *backlog, const struct head *head, const uint8_t *at)
{
	struct dwell_told *told = &backlog->told;

	told->count = head->intervals;
	told->wait_count = head->waits;
	for (size_t i = 0; i < told->count; i++)
		at = take_interval(at, &told->intervals[i], backlog->rows);
	at = take(at, told->waits, told->wait_count * sizeof(*told->waits));
	at = take_list(at, told->running, head->running, &told->running_count);
	at = take_list(at, told->runnable, head->runnable, &told->runnable_count);
	at = take_list(at, told->own_waits, head->own, &told->own_count);
	at = take_list(at, told->gaps, head->gaps, &told->gap_count);
	return take_list(at, told->odd, head->odd, &told->odd_count);
}

/* The block and place of the next one; NULL: no more. */
static const uint8_t *next_of(struct backlog *backlog)
{
	size_t end = backlog->taking == backlog->filling ? backlog->used
							 : backlog->ends[backlog->taking];

	if (backlog->taken == end && backlog->taking < backlog->filling) {
		backlog->taken = 0;
		backlog->taking++;
		end = backlog->taking == backlog->filling ? backlog->used
							  : backlog->ends[backlog->taking];
	}
	if (backlog->taken < end)
		return backlog->blocks[backlog->taking] + backlog->taken;
	backlog->filling = backlog->used = backlog->taking = backlog->taken = 0;
	return NULL;
}

bool backlog_take(struct backlog *backlog, struct fold_batch *out)
{
	const uint8_t *begin = next_of(backlog), *at = begin;
	struct head head;

	if (!begin)
		return false;
	at = take(at, &head, sizeof(head));
	for (size_t i = 0; i < head.rows; i++)
		at = take_row(at, &backlog->rows[i], head.time_ns);
	at = take_told(backlog, &head, at);
	if (head.firsts)
		at = take(at, backlog->firsts, head.firsts * sizeof(*backlog->firsts));
	backlog->taken += (size_t)(at - begin);
	*out = (struct fold_batch){
		.rows = backlog->rows,
		.count = head.rows,
		.kinds = head.kinds,
		.told = &backlog->told,
		.firsts = backlog->firsts,
		.first_count = head.firsts,
	};
	return true;
}

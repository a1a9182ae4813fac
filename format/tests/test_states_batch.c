/* Batches: what is told in them is what is told one by one. */
#include <stdlib.h>
#include <string.h>

#include "dwell/states.h"
#include "tests/collect.h"
#include "tests/gen.h"
#include "tests/harness.h"

enum { SEEDS = 1000, MOST = 300 };

static struct dwell_states *new_states(
	const struct collect *h, const struct dwell_states_ops *ops, struct told *told)
{
	struct dwell_states *states = NULL;

	cr_assert(eq(int, dwell_states_new(&states, h->levels, ops, told), 0));
	for (size_t i = 0; i < h->executor_count; i++)
		cr_assert(eq(int, dwell_states_executor(states, &h->executors[i]), 0));
	for (size_t i = 0; i < h->task_count; i++)
		cr_assert(eq(int, dwell_states_task(states, &h->tasks[i]), 0));
	return states;
}

static bool is_in(const uint16_t *list, size_t count, size_t *at, size_t i)
{
	const bool is = *at < count && list[*at] == i;

	*at += is;
	return is;
}

/* The lists name what they should, all of it, in order. */
static void check_lists(const struct dwell_told *told)
{
	size_t running = 0, runnable = 0, own = 0;

	for (size_t i = 0; i < told->count; i++) {
		const struct dwell_interval *of = &told->intervals[i];

		cr_assert(eq(int, is_in(told->running, told->running_count, &running, i),
			of->state == DWELL_RUNNING));
		cr_assert(eq(int, is_in(told->runnable, told->runnable_count, &runnable, i),
			of->state == DWELL_RUNNABLE));
		cr_assert(eq(int, is_in(told->own_waits, told->own_count, &own, i),
			(of->told & DWELL_TOLD_WAIT) != 0));
	}
	cr_assert(eq(sz, running, told->running_count));
	cr_assert(eq(sz, runnable, told->runnable_count));
	cr_assert(eq(sz, own, told->own_count));
}

/* In the order in which the functions would have been called. */
static void unpack(const struct dwell_told *batch, struct told *told)
{
	size_t waits = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct dwell_interval interval = batch->intervals[i];

		for (; waits < batch->wait_count && batch->waits[waits].row < interval.row; waits++)
			told_wait(told, &batch->waits[waits]);
		told_interval(told, &interval);
		if (interval.told & DWELL_TOLD_WAIT) {
			const struct dwell_wait wait = dwell_wait_of(&interval);

			told_wait(told, &wait);
		}
	}
	for (; waits < batch->wait_count; waits++)
		told_wait(told, &batch->waits[waits]);
}

/* Whatever is left out: what is told is part of all, and waits are counted as all tell them. */
static void check_part(const struct dwell_told *part, const struct dwell_told *all)
{
	struct dwell_told_waits counted = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct dwell_interval *of = &all->intervals[i];
		const bool is = at < part->count && told_same_interval(of, &part->intervals[at]) &&
				of->row == part->intervals[at].row;
		const bool left_out =
			(of->state == DWELL_RUNNING && part->skips & DWELL_SKIP_RUNNING) ||
			(of->state == DWELL_RUNNABLE && part->skips & DWELL_SKIP_RUNNABLE) ||
			(of->state == DWELL_BLOCKED &&
				(part->skips & DWELL_SKIP_BLOCKED ||
					(part->skips & DWELL_SKIP_REASONLESS && !of->reason)));

		cr_assert(is || left_out);
		at += is;
		if (!(of->told & DWELL_TOLD_WAIT))
			continue;
		counted.count++;
		counted.with_stack += of->stack != 0;
		counted.with_object += of->object != 0;
		counted.with_waker += of->waker != 0;
		counted.with_holder += of->waker && (of->reason == DWELL_REASON_MUTEX ||
							    of->reason == DWELL_REASON_RWLOCK);
	}
	for (size_t i = 0; i < all->wait_count; i++) {
		const struct dwell_wait *of = &all->waits[i];

		cr_assert(told_same_wait(of, &part->waits[i]));
		counted.count++;
		counted.with_stack += of->stack != 0;
		counted.with_object += of->object != 0;
		counted.with_waker += of->waker != 0;
		counted.with_holder +=
			of->holder || (of->waker && (of->reason == DWELL_REASON_MUTEX ||
							    of->reason == DWELL_REASON_RWLOCK));
	}
	cr_assert(eq(sz, at, part->count));
	cr_assert(eq(sz, part->wait_count, all->wait_count));
	cr_assert(memcmp(&counted, &part->counted, sizeof(counted)) == 0);
	cr_assert(memcmp(&counted, &all->counted, sizeof(counted)) == 0);
}

static struct dwell_told room(unsigned which)
{
	static struct dwell_interval intervals[2][MOST * DWELL_TOLD_OF_A_ROW];
	static struct dwell_wait waits[2][MOST];
	static uint16_t lists[2][3][MOST * DWELL_TOLD_OF_A_ROW];

	return (struct dwell_told){ .intervals = intervals[which],
		.waits = waits[which],
		.running = lists[which][0],
		.runnable = lists[which][1],
		.own_waits = lists[which][2] };
}

static void run_batches(uint64_t seed, const struct collect *h, struct dwell_states *states,
	struct dwell_states *less, struct told *told)
{
	struct dwell_told batch = room(0), part = room(1);
	uint64_t random = seed;

	for (size_t at = 0, n; at < h->count; at += n) {
		n = 1 + gen_random(&random, MOST - 1);
		if (n > h->count - at)
			n = h->count - at;
		part.skips = (uint32_t)gen_random(&random, 16);
		cr_assert(eq(int, dwell_states_batch(states, h->rows + at, n, &batch), 0));
		cr_assert(eq(int, dwell_states_batch(less, h->rows + at, n, &part), 0));
		check_lists(&batch);
		check_lists(&part);
		check_part(&part, &batch);
		unpack(&batch, told);
	}
}

static void check_same(uint64_t seed, const struct told *a, const struct told *b)
{
	cr_assert(eq(sz, a->interval_count, b->interval_count), "seed %lu", seed);
	cr_assert(eq(sz, a->wait_count, b->wait_count), "seed %lu", seed);
	for (size_t i = 0; i < a->interval_count; i++)
		cr_assert(told_same_interval(&a->intervals[i], &b->intervals[i]),
			"seed %lu, interval %zu", seed, i);
	for (size_t i = 0; i < a->wait_count; i++)
		cr_assert(
			told_same_wait(&a->waits[i], &b->waits[i]), "seed %lu, wait %zu", seed, i);
}

struct summing {
	const struct told *told;
	uint64_t from_ns;
	size_t intervals;
};

/* The sums of a task are those of its intervals. */
static int check_sums(void *context, const struct dwell_life *life)
{
	struct summing *summing = context;
	uint64_t ns[DWELL_STATE_COUNT] = { 0 }, count = 0;
	bool ended = false;

	for (size_t i = 0; i < summing->told->interval_count; i++) {
		const struct dwell_interval *of = &summing->told->intervals[i];
		const uint64_t from =
			of->start_ns > summing->from_ns ? of->start_ns : summing->from_ns;

		if (of->task != life->task)
			continue;
		ns[of->state] += of->end_ns > from ? of->end_ns - from : 0;
		count++;
		if (of->next == DWELL_EXITED)
			cr_assert(eq(u64, life->ended_ns, of->end_ns));
		ended |= of->next == DWELL_EXITED;
	}
	cr_assert(eq(u64, life->sums.unknown_ns, ns[DWELL_UNKNOWN]));
	cr_assert(eq(u64, life->sums.running_ns, ns[DWELL_RUNNING]));
	cr_assert(eq(u64, life->sums.runnable_ns, ns[DWELL_RUNNABLE]));
	cr_assert(eq(u64, life->sums.blocked_ns, ns[DWELL_BLOCKED]));
	cr_assert(eq(u64, life->sums.intervals, count));
	cr_assert(eq(int, life->ended_ns != DWELL_FOREVER, ended));
	summing->intervals += count;
	return 0;
}

static void check(uint64_t seed, const struct collect *h)
{
	struct told one = { 0 }, many = { 0 }, less = { 0 };
	struct dwell_states *a = new_states(h, &told_ops, &one);
	struct dwell_states *b = new_states(h, &told_ops, &many);
	struct dwell_states *c = new_states(h, &told_ops, &less);
	struct summing summing = { .told = &many, .from_ns = h->count ? h->rows[0].time_ns : 0 };

	dwell_states_sum_from(b, summing.from_ns);
	dwell_states_sum_from(c, summing.from_ns);
	cr_assert(eq(int, dwell_states_apply(a, h->rows, h->count), 0));
	run_batches(seed, h, b, c, &many);
	check_same(seed, &one, &many);
	cr_assert(eq(int, dwell_states_flush(a, h->end_ns), 0));
	cr_assert(eq(int, dwell_states_flush(b, h->end_ns), 0));
	check_same(seed, &one, &many);
	cr_assert(eq(int, dwell_states_lives(b, check_sums, &summing), 0));
	cr_assert(eq(sz, summing.intervals, many.interval_count));
	cr_assert(eq(int, dwell_states_flush(c, h->end_ns), 0));
	summing.intervals = 0;
	cr_assert(eq(int, dwell_states_lives(c, check_sums, &summing), 0));
	cr_assert(eq(sz, summing.intervals, many.interval_count));
	dwell_states_free(a);
	dwell_states_free(b);
	dwell_states_free(c);
	told_release(&one);
	told_release(&many);
	told_release(&less);
}

Test(states_batch, tells_the_same)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		const struct gen_options options = gen_any(seed);
		struct collect h;

		collect_init(&h);
		cr_assert(eq(int, gen_drive(&options, &h.sink), 0));
		check(seed, &h);
		collect_release(&h);
	}
	no_leaks();
}

Test(states_batch, tells_the_same_of_nonsense)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		struct collect h = { .levels = seed % 3 ? DWELL_LEVEL_SCHEDULER : 0 };
		uint64_t random = seed;

		h.count = 600;
		h.rows = calloc(h.count, sizeof(*h.rows));
		cr_assert(h.rows != NULL);
		for (size_t i = 0; i < h.count; i++)
			h.rows[i] = (struct dwell_event){
				.time_ns = i * 100 + gen_random(&random, 300),
				.extra = i * 100 + gen_random(&random, 300),
				.kind = (uint8_t)(1 + gen_random(&random, 2 + seed % 20)),
				.state = (uint8_t)gen_random(&random, seed % 2 ? 8 : 5),
				.reason = (uint8_t)gen_random(&random, 256),
				.flags = (uint8_t)gen_random(&random, 256),
				.task = (uint32_t)gen_random(&random, 5),
				.peer = (uint32_t)gen_random(&random, 5),
				.executor = (uint32_t)gen_random(&random, 4),
				.object = (uint32_t)gen_random(&random, 4),
				.stack = (uint32_t)gen_random(&random, 4),
			};
		h.end_ns = h.count * 100 + 500;
		check(seed, &h);
		free(h.rows);
	}
	no_leaks();
}

enum { CROWD = 40000, AT_ONCE = 200 };

/* Rows of many tasks that come and go; now and then of one that is long gone. */
static void make_crowd(struct collect *h, uint64_t seed)
{
	uint64_t random = seed;

	h->levels = DWELL_LEVEL_RUNTIME;
	h->count = CROWD;
	h->rows = calloc(h->count, sizeof(*h->rows));
	cr_assert(h->rows != NULL);
	for (size_t i = 0; i < h->count; i++) {
		static const uint8_t kinds[] = { DWELL_EVENT_SWITCH, DWELL_EVENT_WAKE,
			DWELL_EVENT_STATE, DWELL_EVENT_EXIT, DWELL_EVENT_EXIT };
		const uint64_t back = gen_random(&random, 50) ? AT_ONCE : CROWD;
		const uint64_t lives = i / 4 + AT_ONCE, ago = gen_random(&random, back);

		h->rows[i] = (struct dwell_event){
			.time_ns = i * 10,
			.kind = kinds[gen_random(&random, sizeof(kinds))],
			.state = (uint8_t)(DWELL_RUNNABLE + gen_random(&random, 2)),
			.task = (uint32_t)(ago < lives ? lives - ago : 1),
			.peer = (uint32_t)(lives - gen_random(&random, AT_ONCE)),
			.executor = 1 + (uint32_t)gen_random(&random, 3),
		};
		/* Nobody is left over: else a page of them is kept. */
		if (i > 8 * AT_ONCE && i % 4 == 0) {
			h->rows[i].kind = DWELL_EVENT_EXIT;
			h->rows[i].task = (uint32_t)(i / 4 - AT_ONCE / 2);
		}
	}
}

static int keep_life(void *context, const struct dwell_life *life)
{
	struct dwell_life *lives = context;

	cr_assert(lt(u32, life->task, CROWD));
	cr_assert(eq(u32, lives[life->task].task, 0), "task %u was told twice", life->task);
	lives[life->task] = *life;
	return 0;
}

static int keep_forgotten(
	void *context, uint32_t first, const struct dwell_life *lives, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cr_assert(eq(u32, lives[i].task / 64, first / 64));
		cr_assert(ne(u64, lives[i].ended_ns, DWELL_FOREVER));
		keep_life(context, &lives[i]);
	}
	return 0;
}

static bool same_life(const struct dwell_life *a, const struct dwell_life *b)
{
	return a->task == b->task && a->created_ns == b->created_ns && a->ended_ns == b->ended_ns &&
	       memcmp(&a->sums, &b->sums, sizeof(a->sums)) == 0;
}

/* Who is not visited does not live, and less than half are visited. */
static void check_next(const struct dwell_states *states)
{
	const uint32_t end = dwell_states_end(states);
	uint32_t next = 0, visited = 0;

	for (uint32_t task = 0; task < end; task++) {
		if (task == next) {
			next = dwell_states_next(states, task + 1);
			visited++;
		} else {
			cr_assert(not(dwell_states_get(states, task) != NULL), "%u", task);
		}
		cr_assert(eq(u32, dwell_states_next(states, task + 1), next));
	}
	cr_expect(eq(u32, next, end));
	cr_expect(lt(u32, visited, CROWD / 2));
}

Test(states_batch, forgets_what_has_ended)
{
	for (uint64_t seed = 0; seed < 10; seed++) {
		struct dwell_life *kept = calloc(CROWD, sizeof(*kept));
		struct dwell_life *lives = calloc(CROWD, sizeof(*lives));
		struct told all = { 0 }, told = { 0 };
		struct collect h = { 0 };
		size_t forgotten = 0;

		make_crowd(&h, seed);
		struct dwell_states *a = new_states(&h, &told_ops, &all);
		struct dwell_states *b = new_states(&h, &told_ops, &told);

		for (size_t i = 0; i < h.count; i += 100) {
			cr_assert(eq(int, dwell_states_apply(a, h.rows + i, 100), 0));
			cr_assert(eq(int, dwell_states_apply(b, h.rows + i, 100), 0));
			cr_assert(eq(int, dwell_states_forget(b, keep_forgotten, lives), 0));
		}
		for (uint32_t task = 0; task < CROWD; task++)
			forgotten += lives[task].task != 0;
		cr_assert(lt(sz, CROWD / 8, forgotten), "%zu", forgotten);
		check_next(b);
		cr_assert(eq(int, dwell_states_flush(a, CROWD * 10), 0));
		cr_assert(eq(int, dwell_states_flush(b, CROWD * 10), 0));
		check_same(seed, &all, &told);
		cr_assert(eq(int, dwell_states_lives(a, keep_life, kept), 0));
		cr_assert(eq(int, dwell_states_lives(b, keep_life, lives), 0));
		for (uint32_t task = 0; task < CROWD; task++)
			cr_assert(same_life(&lives[task], &kept[task]), "task %u", task);
		dwell_states_free(a);
		dwell_states_free(b);
		told_release(&all);
		told_release(&told);
		free(h.rows);
		free(kept);
		free(lives);
	}
	no_leaks();
}

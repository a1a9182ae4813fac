/* States that ask for definitions tell what those tell that were told of them. */
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/states_ask.h"
#include "tests/collect.h"
#include "tests/gen.h"
#include "tests/harness.h"

enum { SEEDS = 400, SPREAD = 23, PAGE = 64 };

/* Over many pages, of most of which only some tasks are. */
static void spread(struct collect *h)
{
	for (size_t i = 0; i < h->task_count; i++)
		h->tasks[i].id *= SPREAD;
	for (size_t i = 0; i < h->count; i++) {
		h->rows[i].task *= SPREAD;
		h->rows[i].peer *= SPREAD;
	}
}

static uint64_t defined(void *context, uint32_t first, uint64_t created_ns[PAGE])
{
	const struct collect *h = context;
	uint64_t bits = 0;

	for (size_t i = 0; i < h->task_count; i++) {
		const struct dwell_task *task = &h->tasks[i];
		const uint64_t bit = UINT64_C(1) << task->id % PAGE;

		if (task->id / PAGE != first / PAGE)
			continue;
		if (!(bits & bit) || task->created_ns < created_ns[task->id % PAGE])
			created_ns[task->id % PAGE] = task->created_ns;
		bits |= bit;
	}
	return bits;
}

static struct dwell_states *new_states(struct collect *h, struct told *told, bool asks)
{
	struct dwell_states *states = NULL;
	uint32_t end = 0;

	cr_assert(eq(int, dwell_states_new(&states, h->levels, &told_ops, told), 0));
	for (size_t i = 0; i < h->executor_count; i++)
		cr_assert(eq(int, dwell_states_executor(states, &h->executors[i]), 0));
	for (size_t i = 0; i < h->task_count; i++) {
		if (h->tasks[i].id >= end)
			end = h->tasks[i].id + 1;
		if (!asks)
			cr_assert(eq(int, dwell_states_task(states, &h->tasks[i]), 0));
	}
	if (asks)
		cr_assert(eq(int, dwell_states_ask(states, end, defined, h), 0));
	return states;
}

static void compare(uint64_t seed, struct told *got, struct told *want)
{
	cr_assert(eq(sz, got->interval_count, want->interval_count), "seed %lu", seed);
	cr_assert(eq(sz, got->wait_count, want->wait_count), "seed %lu", seed);
	for (size_t i = 0; i < got->interval_count; i++)
		cr_assert(told_same_interval(&got->intervals[i], &want->intervals[i]),
			"seed %lu: interval %zu", seed, i);
	for (size_t i = 0; i < got->wait_count; i++)
		cr_assert(told_same_wait(&got->waits[i], &want->waits[i]), "seed %lu: wait %zu",
			seed, i);
}

/* Both are at the same row: what they say of each task. */
static void compare_now(uint64_t seed, struct dwell_states *a, struct dwell_states *b)
{
	const uint32_t end = dwell_states_end(b);
	const struct dwell_task_state *saved[2];
	size_t count[2];

	for (uint32_t id = 1; id < end; id++) {
		const struct dwell_task_state *x = dwell_states_get(a, id);
		const struct dwell_task_state *y = dwell_states_get(b, id);

		cr_assert(eq(int, x != NULL, y != NULL), "seed %lu: task %u", seed, id);
		if (x)
			cr_assert(eq(int, memcmp(x, y, sizeof(*x)), 0), "seed %lu: task %u", seed,
				id);
		/* What may live is not passed over. */
		if (x)
			cr_assert(eq(u32, dwell_states_next(a, id), id));
	}
	cr_assert(eq(int, dwell_states_save(a, &saved[0], &count[0]), 0));
	cr_assert(eq(int, dwell_states_save(b, &saved[1], &count[1]), 0));
	cr_assert(eq(sz, count[0], count[1]), "seed %lu", seed);
	cr_assert(eq(int, memcmp(saved[0], saved[1], count[0] * sizeof(*saved[0])), 0), "seed %lu",
		seed);
}

/* Up to a row, and on from there, from a keyframe too. */
static void check(uint64_t seed, struct collect *h, size_t at)
{
	struct told told[4] = { 0 };
	struct dwell_states *states[4];
	const struct dwell_task_state *keyframe;
	size_t count;

	for (size_t i = 0; i < 4; i++)
		states[i] = new_states(h, &told[i], i % 2);
	for (size_t i = 0; i < 2; i++)
		cr_assert(eq(int, dwell_states_apply(states[i], h->rows, at), 0));
	if (seed % 3)
		compare_now(seed, states[1], states[0]);
	cr_assert(eq(int, dwell_states_save(states[0], &keyframe, &count), 0));
	for (size_t i = 2; i < 4; i++)
		cr_assert(eq(int,
			dwell_states_load(
				states[i], at ? h->rows[at - 1].time_ns : 0, keyframe, count),
			0));
	for (size_t i = 0; i < 4; i++) {
		cr_assert(eq(int, dwell_states_apply(states[i], h->rows + at, h->count - at), 0));
		if (seed % 2)
			cr_assert(eq(int, dwell_states_forget(states[i], NULL, NULL), 0));
		if (seed % 5 == 0 && i % 2)
			compare_now(seed, states[i], states[i - 1]);
		cr_assert(eq(int, dwell_states_flush(states[i], h->end_ns), 0));
	}
	compare(seed, &told[1], &told[0]);
	compare(seed, &told[3], &told[2]);
	for (size_t i = 0; i < 4; i++) {
		dwell_states_free(states[i]);
		told_release(&told[i]);
	}
}

Test(states_ask, tells_the_same)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		struct gen_options options = gen_any(seed);
		uint64_t random = seed;
		struct collect h;

		options.rows = 600;
		options.tasks = 20 + seed % 60;
		collect_init(&h);
		cr_assert(eq(int, gen_drive(&options, &h.sink), 0));
		spread(&h);
		check(seed, &h, gen_random(&random, h.count));
		collect_release(&h);
	}
	no_leaks();
}

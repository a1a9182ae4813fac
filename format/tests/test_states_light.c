/* What is followed without intervals: states and summary are those of rows told one by one. */
#include <stdlib.h>
#include <string.h>

#include "dwell/states.h"
#include "src/keyframe.h"
#include "src/pyramid_build.h"
#include "src/states_light.h"
#include "tests/collect.h"
#include "tests/gen.h"
#include "tests/harness.h"

enum { SEEDS = 1000, MOST = 300, ROWS = 600 };

struct side {
	struct dwell_states *states;
	struct pyramid_build pyramid;
};

static void begin(struct side *side, const struct collect *h)
{
	static const struct dwell_states_ops ops = { .interval = dwell_pyramid_interval };

	dwell_pyramid_build_init(&side->pyramid);
	cr_assert(eq(int, dwell_states_new(&side->states, h->levels, &ops, &side->pyramid), 0));
	for (size_t i = 0; i < h->executor_count; i++)
		cr_assert(eq(int, dwell_states_executor(side->states, &h->executors[i]), 0));
	for (size_t i = 0; i < h->task_count; i++)
		cr_assert(eq(int, dwell_states_task(side->states, &h->tasks[i]), 0));
}

static void end(struct side *side)
{
	dwell_states_free(side->states);
	dwell_pyramid_build_release(&side->pyramid);
}

/* As a keyframe of a file. */
static void save(struct side *side, struct dwell_buffer *out)
{
	const struct dwell_task_state *states;
	size_t count;

	out->size = 0;
	cr_assert(eq(int, dwell_states_save(side->states, &states, &count), 0));
	dwell_keyframe_write(out, states, count);
	cr_assert(not(out->failed));
}

static void check_states(uint64_t seed, struct side *one, struct side *light)
{
	struct dwell_buffer a = { 0 }, b = { 0 };

	save(one, &a);
	save(light, &b);
	cr_assert(eq(sz, a.size, b.size), "seed %lu", seed);
	cr_assert(a.size == 0 || memcmp(a.at, b.at, a.size) == 0, "seed %lu", seed);
	dwell_buffer_release(&a);
	dwell_buffer_release(&b);
}

static bool same_bucket(const struct pyramid_bucket *a, const struct pyramid_bucket *b)
{
	return a->index == b->index && a->switches == b->switches &&
	       memcmp(a->share, b->share, sizeof(a->share)) == 0 && a->longest == b->longest &&
	       a->lead == b->lead && a->after == b->after;
}

static void check_summaries(uint64_t seed, struct side *one, struct side *light)
{
	struct pyramid_level a, b;

	cr_assert(eq(u64, one->pyramid.width_ns, light->pyramid.width_ns), "seed %lu", seed);
	cr_assert(eq(int, dwell_pyramid_take(&one->pyramid, &a), 0));
	cr_assert(eq(int, dwell_pyramid_take(&light->pyramid, &b), 0));
	cr_assert(eq(sz, a.count, b.count), "seed %lu", seed);
	for (size_t i = 0; i < a.count; i++) {
		cr_assert(eq(u32, a.rows[i].task, b.rows[i].task), "seed %lu", seed);
		cr_assert(eq(sz, a.rows[i].count, b.rows[i].count), "seed %lu", seed);
		for (size_t k = 0; k < a.rows[i].count; k++)
			cr_assert(same_bucket(&a.rows[i].buckets[k], &b.rows[i].buckets[k]),
				"seed %lu, task %u, bucket %zu", seed, a.rows[i].task, k);
	}
	dwell_pyramid_level_release(&a);
	dwell_pyramid_level_release(&b);
}

static void check(uint64_t seed, const struct collect *h)
{
	struct side one, light;
	uint64_t random = seed;

	begin(&one, h);
	begin(&light, h);
	for (size_t at = 0, n; at < h->count; at += n) {
		n = 1 + gen_random(&random, MOST - 1);
		if (n > h->count - at)
			n = h->count - at;
		cr_assert(eq(int, dwell_states_apply(one.states, h->rows + at, n), 0));
		cr_assert(eq(
			int, dwell_states_light(light.states, h->rows + at, n, &light.pyramid), 0));
		check_states(seed, &one, &light);
	}
	cr_assert(eq(int, dwell_states_flush(one.states, h->end_ns), 0));
	cr_assert(eq(int, dwell_states_flush(light.states, h->end_ns), 0));
	check_summaries(seed, &one, &light);
	end(&one);
	end(&light);
}

Test(states_light, follows_the_same)
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

/* Mostly waits, of tasks whose places are the same, too; and now and then whatever else there is.
 */
static struct dwell_event any_row(uint64_t seed, uint64_t *random)
{
	static const uint8_t kinds[] = { DWELL_EVENT_WAIT_BEGIN, DWELL_EVENT_WAIT_END,
		DWELL_EVENT_WAIT_BEGIN, DWELL_EVENT_WAIT_END, DWELL_EVENT_WAIT_END,
		DWELL_EVENT_MARK };
	static const uint32_t tasks[] = { 0, 1, 2, 65, 66, 129, 3 };
	struct dwell_event row = {
		.kind = kinds[gen_random(random, sizeof(kinds))],
		.task = tasks[gen_random(random, 7)],
		.object = (uint32_t)gen_random(random, 3),
		.stack = (uint32_t)gen_random(random, 3),
		.reason = (uint8_t)gen_random(random, 3),
	};

	row.state = row.kind == DWELL_EVENT_WAIT_BEGIN ? DWELL_BLOCKED : DWELL_RUNNING;
	if (gen_random(random, 8) == 0)
		row.state = DWELL_STATE_SAME;
	if (gen_random(random, 8) == 0)
		row.flags = (uint8_t)gen_random(random, 256);
	if (gen_random(random, 20 + seed % 40) == 0) {
		row.kind = (uint8_t)(1 + gen_random(random, DWELL_EVENT_KIND_COUNT - 1));
		row.state = (uint8_t)gen_random(random, 6);
		row.peer = (uint32_t)gen_random(random, 4);
		row.executor = (uint32_t)gen_random(random, 3);
	}
	return row;
}

/* With times for which the summary's buckets become wider on the way. */
Test(states_light, follows_the_same_of_nonsense)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		struct collect h = { .levels = seed % 3 ? DWELL_LEVEL_PROGRAM : 0 };
		const unsigned shift = seed % 4 == 0   ? (unsigned)(seed / 4 % 40)
				       : seed % 4 == 1 ? 4
						       : 0;
		uint64_t random = seed, now_ns = 0;

		/* Half of the rows lie where the first buckets are too many. */
		if (seed % 4 == 1)
			now_ns = (UINT64_C(1) << (32 + PYRAMID_FIRST_SHIFT)) -
				 ((uint64_t)ROWS / 2 * 1500 << shift);
		h.count = ROWS;
		h.rows = calloc(h.count, sizeof(*h.rows));
		cr_assert(h.rows != NULL);
		for (size_t i = 0; i < h.count; i++) {
			now_ns += gen_random(&random, 3000) << shift;
			h.rows[i] = any_row(seed, &random);
			h.rows[i].time_ns = now_ns;
			if (h.rows[i].kind == DWELL_EVENT_LOSS)
				h.rows[i].extra = now_ns + 3000 - gen_random(&random, 6000);
		}
		h.end_ns = now_ns + 500;
		check(seed, &h);
		free(h.rows);
	}
	no_leaks();
}

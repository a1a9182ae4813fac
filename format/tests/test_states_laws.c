/* The states on thousands of random histories: the laws, a naive reference, keyframes. */
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/states.h"
#include "tests/collect.h"
#include "tests/gen.h"
#include "tests/harness.h"

enum { SEEDS = 2000 };

static struct dwell_states *new_states(const struct collect *h, struct told *told)
{
	struct dwell_states *states = NULL;

	cr_assert(eq(int, dwell_states_new(&states, h->levels, &told_ops, told), 0));
	for (size_t i = 0; i < h->executor_count; i++)
		cr_assert(eq(int, dwell_states_executor(states, &h->executors[i]), 0));
	for (size_t i = 0; i < h->task_count; i++)
		cr_assert(eq(int, dwell_states_task(states, &h->tasks[i]), 0));
	return states;
}

static void run(const struct collect *h, struct told *told)
{
	struct dwell_states *states = new_states(h, told);

	cr_assert(eq(int, dwell_states_apply(states, h->rows, h->count), 0));
	cr_assert(eq(int, dwell_states_flush(states, h->end_ns), 0));
	dwell_states_free(states);
	told_sort(told);
}

static void show(const char *who, const struct dwell_interval *n)
{
	cr_log_error("%s: task %u [%lu, %lu) state %u next %u executor %u cause %u waker %u/%u "
		     "reason %u object %u stack %u holder %u/%u flags %u",
		who, n->task, n->start_ns, n->end_ns, n->state, n->next, n->executor, n->cause,
		n->waker, n->waker_stack, n->reason, n->object, n->stack, n->holder, n->holder_how,
		n->flags);
}

static void show_wait(const char *who, const struct dwell_wait *w)
{
	cr_log_error("%s: task %u wait [%lu, %lu) %lu/%lu/%lu/%lu object %u stack %u holder %u/%u "
		     "waker %u/%u reason %u flags %u",
		who, w->task, w->start_ns, w->end_ns, w->blocked_ns, w->runnable_ns, w->running_ns,
		w->unknown_ns, w->object, w->stack, w->holder, w->holder_how, w->waker,
		w->waker_stack, w->reason, w->flags);
}

static void compare(uint64_t seed, const struct told *got, const struct told *want)
{
	for (size_t i = 0; i < got->interval_count && i < want->interval_count; i++)
		if (!told_same_interval(&got->intervals[i], &want->intervals[i])) {
			show("got", &got->intervals[i]);
			show("want", &want->intervals[i]);
			cr_fatal("seed %lu: interval %zu", seed, i);
		}
	cr_assert(eq(sz, got->interval_count, want->interval_count), "seed %lu", seed);
	for (size_t i = 0; i < got->wait_count && i < want->wait_count; i++)
		if (!told_same_wait(&got->waits[i], &want->waits[i])) {
			show_wait("got", &got->waits[i]);
			show_wait("want", &want->waits[i]);
			cr_fatal("seed %lu: wait %zu", seed, i);
		}
	cr_assert(eq(sz, got->wait_count, want->wait_count), "seed %lu", seed);
}

/* Law 1: what was told of each task is one stretch, from its creation to its end. */
static void check_conservation(uint64_t seed, const struct collect *h, const struct told *told)
{
	const struct dwell_interval *last = NULL;

	for (size_t i = 0; i < told->interval_count; i++) {
		const struct dwell_interval *n = &told->intervals[i];

		cr_assert(n->end_ns >= n->start_ns && n->state > 0 && n->state < DWELL_EXITED,
			"seed %lu: interval %zu", seed, i);
		if (last && last->task == n->task) {
			cr_assert(eq(u64, n->start_ns, last->end_ns), "seed %lu: interval %zu",
				seed, i);
		} else if (last) {
			cr_assert(last->next == DWELL_EXITED || last->end_ns == h->end_ns,
				"seed %lu: the end of task %u", seed, last->task);
		}
		last = n;
	}
}

static int by_executor(const void *a, const void *b)
{
	const struct dwell_interval *x = a, *y = b;

	if (x->executor != y->executor)
		return x->executor < y->executor ? -1 : 1;
	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->end_ns < y->end_ns ? -1 : x->end_ns > y->end_ns;
}

/* Law 2: nobody runs where another runs. (On two executors at once: law 1.) */
static void check_one_body(uint64_t seed, const struct told *told)
{
	struct dwell_interval *running = calloc(told->interval_count + 1, sizeof(*running));
	size_t count = 0;

	cr_assert(running != NULL);
	for (size_t i = 0; i < told->interval_count; i++)
		if (told->intervals[i].state == DWELL_RUNNING && told->intervals[i].executor)
			running[count++] = told->intervals[i];
	qsort(running, count, sizeof(*running), by_executor);
	for (size_t i = 1; i < count; i++)
		cr_assert(running[i].executor != running[i - 1].executor ||
				  running[i].start_ns >= running[i - 1].end_ns,
			"seed %lu: tasks %u and %u on executor %u at %lu", seed,
			running[i - 1].task, running[i].task, running[i].executor,
			running[i].start_ns);
	free(running);
}

/* Law 3: nothing that is known goes on from before a loss of everything to after it. */
static void check_no_invention(uint64_t seed, const struct collect *h, const struct told *told)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct dwell_event *row = &h->rows[i];
		const bool ahead = row->extra > row->time_ns;
		const uint64_t start = ahead ? row->time_ns : row->extra;
		const uint64_t end = ahead ? row->extra : row->time_ns;

		if (row->kind != DWELL_EVENT_LOSS || row->task || row->executor || start == end)
			continue;
		for (size_t j = 0; j < told->interval_count; j++) {
			const struct dwell_interval *n = &told->intervals[j];

			if (n->state != DWELL_UNKNOWN && n->start_ns < end)
				cr_assert(n->end_ns <= (ahead ? start : end) || n->end_ns <= start,
					"seed %lu: task %u knows [%lu, %lu)", seed, n->task,
					n->start_ns, n->end_ns);
		}
	}
}

/* What is said of each wait adds up to its length. */
static void check_waits(uint64_t seed, const struct told *told)
{
	for (size_t i = 0; i < told->wait_count; i++) {
		const struct dwell_wait *w = &told->waits[i];

		cr_assert(eq(u64, w->blocked_ns + w->runnable_ns + w->running_ns + w->unknown_ns,
				  w->end_ns - w->start_ns),
			"seed %lu: wait %zu", seed, i);
	}
}

static void check_laws(uint64_t seed, const struct collect *h, const struct told *told)
{
	check_conservation(seed, h, told);
	check_one_body(seed, told);
	check_waits(seed, told);
}

Test(states_laws, agree_with_the_definitions)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		struct gen_options options = gen_any(seed);
		struct collect h;
		struct told got = { 0 }, want = { 0 };

		options.rows = seed % 10 ? 400 : 3000;
		collect_init(&h);
		cr_assert(eq(int, gen_drive(&options, &h.sink), 0));
		run(&h, &got);
		check_laws(seed, &h, &got);
		check_no_invention(seed, &h, &got);
		naive_states(&h, &want);
		compare(seed, &got, &want);
		told_release(&got);
		told_release(&want);
		collect_release(&h);
	}
	no_leaks();
}

/* Whatever rows come in, at whatever times, with whatever ids, the laws hold. */
Test(states_laws, hold_for_nonsense)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		struct collect h = { .levels = seed % 3 ? DWELL_LEVEL_SCHEDULER : 0 };
		struct told got = { 0 };
		uint64_t random = seed, latest = 0;

		h.count = 600;
		h.rows = calloc(h.count, sizeof(*h.rows));
		cr_assert(h.rows != NULL);
		for (size_t i = 0; i < h.count; i++) {
			h.rows[i] = (struct dwell_event){
				.time_ns = i * 100 + gen_random(&random, 300),
				.extra = i * 100 + gen_random(&random, 300),
				.kind = (uint8_t)gen_random(&random, DWELL_EVENT_KIND_COUNT + 2),
				.state = (uint8_t)gen_random(&random, 8),
				.reason = (uint8_t)gen_random(&random, 256),
				.flags = (uint8_t)gen_random(&random, 256),
				.task = (uint32_t)gen_random(&random, 5),
				.peer = (uint32_t)gen_random(&random, 5),
				.executor = (uint32_t)gen_random(&random, 4),
				.object = (uint32_t)gen_random(&random, 4),
				.stack = (uint32_t)gen_random(&random, 4),
			};
			if (gen_random(&random, 10))
				h.rows[i].kind = 1 + h.rows[i].kind % DWELL_EVENT_WAIT_END;
			if (h.rows[i].time_ns > latest)
				latest = h.rows[i].time_ns;
		}
		h.end_ns = latest + 5;
		run(&h, &got);
		check_laws(seed, &h, &got);
		told_release(&got);
		free(h.rows);
	}
	no_leaks();
}

/* A run from a keyframe tells what the run from the beginning tells after it, in the same order. */
static void check_keyframe(uint64_t seed, const struct collect *h, size_t at)
{
	struct told whole = { 0 }, rest = { 0 };
	struct dwell_states *states = new_states(h, &whole);
	struct dwell_states *resumed = new_states(h, &rest);
	const struct dwell_task_state *keyframe;
	size_t count;

	cr_assert(eq(int, dwell_states_apply(states, h->rows, at), 0));
	while (at && at < h->count && !dwell_states_can_save(states))
		cr_assert(eq(int, dwell_states_apply(states, &h->rows[at++], 1), 0));
	cr_assert(eq(int, dwell_states_save(states, &keyframe, &count), 0));
	cr_assert(eq(int,
		dwell_states_load(resumed, at ? h->rows[at - 1].time_ns : 0, keyframe, count), 0));
	whole.interval_count = 0;
	whole.wait_count = 0;
	/* One in one go, one row by row: chunking makes no difference. */
	cr_assert(eq(int, dwell_states_apply(states, h->rows + at, h->count - at), 0));
	for (size_t i = at; i < h->count; i++)
		cr_assert(eq(int, dwell_states_apply(resumed, &h->rows[i], 1), 0));
	cr_assert(eq(int, dwell_states_flush(states, h->end_ns), 0));
	cr_assert(eq(int, dwell_states_flush(resumed, h->end_ns), 0));
	compare(seed, &rest, &whole);
	dwell_states_free(states);
	dwell_states_free(resumed);
	told_release(&whole);
	told_release(&rest);
}

Test(states_laws, go_on_from_a_keyframe)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		const struct gen_options options = gen_any(seed);
		uint64_t random = seed;
		struct collect h;

		collect_init(&h);
		cr_assert(eq(int, gen_drive(&options, &h.sink), 0));
		check_keyframe(seed, &h, gen_random(&random, h.count));
		collect_release(&h);
	}
	no_leaks();
}

Test(states_laws, ten_thousand_tasks)
{
	const struct gen_options options = { .seed = 7,
		.tasks = 10000,
		.executors = 64,
		.rows = 300000,
		.levels = DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_PROGRAM,
		.losses = 5,
		.missing = 10,
		.races = 100,
		.silent = true,
		.extras = true };
	struct collect h;
	struct told told = { 0 };

	collect_init(&h);
	cr_assert(eq(int, gen_drive(&options, &h.sink), 0));
	run(&h, &told);
	check_laws(7, &h, &told);
	check_no_invention(7, &h, &told);
	check_keyframe(7, &h, h.count / 2);
	told_release(&told);
	collect_release(&h);
	no_leaks();
}

/* More losses than are kept at once, and more that go on than can be. */
Test(states_laws, many_losses)
{
	struct told told = { 0 };
	struct dwell_states *states = NULL;
	struct dwell_event row = { .kind = DWELL_EVENT_STATE, .task = 1, .state = DWELL_BLOCKED };

	cr_assert(eq(int, dwell_states_new(&states, 0, &told_ops, &told), 0));
	cr_assert(eq(int, dwell_states_apply(states, &row, 1), 0));
	for (uint64_t i = 0; i < 20000; i++) {
		row = (struct dwell_event){ .kind = DWELL_EVENT_LOSS,
			.time_ns = 1000 + i,
			.executor = (uint32_t)(i % 3),
			.extra = i % 7 ? 1000000 : 999 + i };
		cr_assert(eq(int, dwell_states_apply(states, &row, 1), 0));
	}
	row = (struct dwell_event){
		.kind = DWELL_EVENT_STATE, .task = 1, .state = DWELL_RUNNING, .time_ns = 2000000
	};
	cr_assert(eq(int, dwell_states_apply(states, &row, 1), 0));
	cr_assert(eq(sz, told.interval_count, 2));
	cr_expect(eq(u64, told.intervals[0].end_ns, 999));
	cr_expect(eq(int, told.intervals[1].state, DWELL_UNKNOWN));
	dwell_states_free(states);
	told_release(&told);
	no_leaks();
}

/* Parts of traces: what is worked out of a part is what is worked out of the whole for it. */
#include "dwell/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/states.h"
#include "dwell/text.h"
#include "tests/collect.h"
#include "tests/gen.h"
#include "tests/harness.h"
#include "tests/memory.h"

enum { SEEDS = 500 };

/* An analysis: the states of a trace or of a window of it. */
struct analysis {
	struct dwell_sink sink;
	struct dwell_states *states;
	struct told told;
	uint64_t from_ns, to_ns;
	bool inside;
};

static int on_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	struct analysis *a = (struct analysis *)sink;

	return dwell_states_new(&a->states, info->levels, &told_ops, &a->told);
}

static int on_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	return dwell_states_task(((struct analysis *)sink)->states, task);
}

static int on_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	return dwell_states_executor(((struct analysis *)sink)->states, executor);
}

static int on_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	return dwell_states_load(((struct analysis *)sink)->states, time_ns, states, count);
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct analysis *a = (struct analysis *)sink;
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		if (events[i].time_ns >= a->from_ns && !a->inside) {
			/* What was told before does not belong to the window. */
			a->inside = true;
			a->told.interval_count = 0;
			a->told.wait_count = 0;
		}
		if (!a->to_ns || events[i].time_ns < a->to_ns)
			err = dwell_states_apply(a->states, &events[i], 1);
	}
	return err;
}

static int on_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct analysis *a = (struct analysis *)sink;

	if (!a->inside) {
		a->told.interval_count = 0;
		a->told.wait_count = 0;
	}
	return dwell_states_flush(
		a->states, a->to_ns && a->to_ns < end->end_ns ? a->to_ns : end->end_ns);
}

static void analysis_init(struct analysis *a, uint64_t from_ns, uint64_t to_ns)
{
	static const struct dwell_sink_ops ops = {
		.begin = on_begin,
		.task = on_task,
		.executor = on_executor,
		.keyframe = on_keyframe,
		.events = on_events,
		.end = on_end,
	};

	*a = (struct analysis){ .sink.ops = &ops, .from_ns = from_ns, .to_ns = to_ns };
}

static void analysis_release(struct analysis *a)
{
	dwell_states_free(a->states);
	told_release(&a->told);
}

/* A part as text; to be freed. */
static char *cut(
	const struct gen_options *options, const struct dwell_filter_options *part, size_t *size)
{
	struct dwell_filter *filter = NULL;
	struct dwell_sink *text = NULL;
	char *at = NULL;
	FILE *file = open_memstream(&at, size);

	cr_assert(file != NULL);
	cr_assert(eq(int, dwell_text_sink_new(&text, file), 0));
	cr_assert(eq(int, dwell_filter_new(&filter, text, part), 0));
	cr_assert(eq(int, gen_drive(options, dwell_filter_sink(filter)), 0));
	dwell_filter_free(filter);
	dwell_text_sink_free(text);
	fclose(file);
	return at;
}

static void read_into(const char *at, size_t size, struct dwell_sink *sink, const char *name)
{
	struct dwell_source *source = NULL;
	struct dwell_diag diag = { 0 };

	cr_assert(
		eq(int, dwell_text_source_open(&source, memory_open(at, size, 1 << 16), &diag), 0),
		"%s: %s", name, diag.what);
	cr_assert(eq(int, dwell_source_drive(source, NULL, sink), 0), "%s: line %u: %s\n%s", name,
		source->ops->diag(source)->line, source->ops->diag(source)->what, at);
	dwell_source_close(source);
}

static void compare(uint64_t seed, const struct told *part, const struct told *whole)
{
	for (size_t i = 0; i < part->interval_count && i < whole->interval_count; i++) {
		const struct dwell_interval *a = &part->intervals[i], *b = &whole->intervals[i];

		cr_assert(a->task == b->task && a->start_ns == b->start_ns &&
				  a->end_ns == b->end_ns && a->state == b->state &&
				  a->executor == b->executor && a->waker == b->waker &&
				  a->reason == b->reason && a->flags == b->flags,
			"seed %lu: interval %zu: task %u [%lu, %lu) %u, not task %u [%lu, %lu) %u",
			seed, i, a->task, a->start_ns, a->end_ns, a->state, b->task, b->start_ns,
			b->end_ns, b->state);
	}
	cr_assert(eq(sz, part->interval_count, whole->interval_count), "seed %lu", seed);
	cr_assert(eq(sz, part->wait_count, whole->wait_count), "seed %lu", seed);
	for (size_t i = 0; i < part->wait_count; i++) {
		const struct dwell_wait *a = &part->waits[i], *b = &whole->waits[i];

		cr_assert(a->task == b->task && a->start_ns == b->start_ns &&
				  a->end_ns == b->end_ns && a->blocked_ns == b->blocked_ns &&
				  a->running_ns == b->running_ns && a->waker == b->waker &&
				  a->waker_stack == b->waker_stack && a->object == b->object,
			"seed %lu: wait %zu", seed, i);
	}
}

/* Law 5. */
Test(filter, a_cut_answers_as_its_window)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		struct gen_options options = gen_any(seed);
		uint64_t random = seed;
		struct collect all;
		struct analysis whole, part;
		size_t size;

		options.rows = 800;
		collect_init(&all);
		cr_assert(eq(int, gen_drive(&options, &all.sink), 0));

		const struct dwell_filter_options window = {
			.from_ns = gen_random(&random, all.end_ns),
			.to_ns = seed % 4 ? all.end_ns / 2 + all.end_ns : 0,
		};
		struct dwell_filter_options w = window;

		if (seed % 4 == 1) /* inside the trace */
			w.to_ns = w.from_ns + 1 + gen_random(&random, all.end_ns - w.from_ns);
		analysis_init(&whole, w.from_ns, w.to_ns);
		analysis_init(&part, 0, 0);
		cr_assert(eq(int, gen_drive(&options, &whole.sink), 0));
		char *text = cut(&options, &w, &size);
		read_into(text, size, &part.sink, "cut");
		told_sort(&whole.told);
		told_sort(&part.told);
		compare(seed, &part.told, &whole.told);
		free(text);
		analysis_release(&whole);
		analysis_release(&part);
		collect_release(&all);
	}
	no_leaks();
}

/* A cut of a cut is the cut. */
Test(filter, again)
{
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct gen_options options = gen_any(seed);
		struct collect all;
		size_t size, again_size;

		options.rows = 800;
		collect_init(&all);
		cr_assert(eq(int, gen_drive(&options, &all.sink), 0));

		const struct dwell_filter_options w = {
			.from_ns = all.end_ns / 3,
			.to_ns = all.end_ns / 3 * 2,
		};
		struct dwell_filter *filter = NULL;
		struct dwell_sink *sink = NULL;
		char *text = cut(&options, &w, &size), *twice = NULL;
		FILE *file = open_memstream(&twice, &again_size);

		cr_assert(eq(int, dwell_text_sink_new(&sink, file), 0));
		cr_assert(eq(int, dwell_filter_new(&filter, sink, &w), 0));
		read_into(text, size, dwell_filter_sink(filter), "again");
		dwell_filter_free(filter);
		dwell_text_sink_free(sink);
		fclose(file);
		cr_expect(eq(str, twice, text), "seed %lu", seed);
		free(text);
		free(twice);
		collect_release(&all);
	}
	no_leaks();
}

static bool odd_task(void *context, const struct dwell_task *task)
{
	(void)context;
	return task->id % 2;
}

static bool first_process(void *context, const struct dwell_process *process)
{
	(void)context;
	return process->id == 1;
}

static bool is_held(const struct dwell_interval *interval)
{
	return interval->state == DWELL_RUNNING && interval->executor;
}

/* Of tasks that are left out only what held an executor. */
static void drop_others(struct told *told)
{
	size_t n = 0;

	for (size_t i = 0; i < told->interval_count; i++) {
		struct dwell_interval *of = &told->intervals[i];

		if (!(of->task % 2) && !is_held(of))
			continue;
		if (!(of->task % 2))
			of->flags = 0;
		told->intervals[n++] = *of;
	}
	told->interval_count = n;
	told->wait_count = 0;
}

/* Of the tasks that are kept, the same is told as of the whole; of others, where they ran. */
Test(filter, chosen_tasks)
{
	for (uint64_t seed = 0; seed < gen_share(SEEDS); seed++) {
		struct gen_options options = gen_any(seed);
		const struct dwell_filter_options odd = { .keep_task = odd_task };
		struct analysis whole, part;
		size_t size;

		options.rows = 800;
		analysis_init(&whole, 0, 0);
		analysis_init(&part, 0, 0);
		cr_assert(eq(int, gen_drive(&options, &whole.sink), 0));
		char *text = cut(&options, &odd, &size);
		read_into(text, size, &part.sink, "chosen");
		told_sort(&whole.told);
		told_sort(&part.told);
		for (size_t i = 0; i < part.told.interval_count; i++) {
			const struct dwell_interval *a = &part.told.intervals[i];

			if (!(a->task % 2) && !is_held(a))
				cr_expect(eq(int, a->state, DWELL_UNKNOWN));
		}
		drop_others(&whole.told);
		drop_others(&part.told);
		compare(seed, &part.told, &whole.told);
		free(text);
		analysis_release(&whole);
		analysis_release(&part);
	}
	no_leaks();
}

static const char original[] = "dwell-text 1\n"
			       "trace tick=1 levels=scheduler\n"
			       "note key=\"host\" value=\"secret\"\n"
			       "note key=\"repairs\" value=\"3\"\n"
			       "process p1 pid=1 name=\"ours\" command=\"ours --key secret\"\n"
			       "process p2 pid=2 name=\"secret\" command=\"secret\"\n"
			       "mapping m1 process=p1 path=\"/home/secret/bin/ours\"\n"
			       "location l1 lines=\"main\":\"/home/secret/main.c\":3\n"
			       "task t1 process=p1 name=\"main\"\n"
			       "task t2 process=p2 name=\"secret\"\n"
			       "task t3 process=p2 name=\"secret\"\n"
			       "task t4 process=p1 created=30 born name=\"worker\"\n"
			       "executor x1 kind=cpu\n"
			       "10 switch task=t3 state=blocked peer=t2 executor=x1\n"
			       "20 switch task=t2 state=blocked peer=t1 executor=x1\n"
			       "30 create task=t4 state=runnable peer=t1\n"
			       "40 switch task=t1 state=blocked peer=t3 executor=x1\n"
			       "50 wake task=t1 state=runnable peer=t2 executor=x1\n"
			       "55 wake task=t3 state=runnable peer=t1 executor=x1\n"
			       "60 mark task=t2\n"
			       "70 loss reason=full\n"
			       "end time=100 closed\n";

struct part {
	const char *name;
	struct dwell_filter_options options;
	const char *text;
};

static const struct part parts[] = {
	{ "a process, stripped", { .keep_process = first_process, .strip = true },
		"dwell-text 1\ntrace tick=1 levels=scheduler\n"
		"note key=\"repairs\" value=\"3\"\n"
		"process p1 pid=1 name=\"ours\"\nprocess p2 pid=2\n"
		"task t1 process=p1 name=\"main\"\n"
		"task t2 process=p2 created=18446744073709551615\n"
		"task t3 process=p2 created=18446744073709551615\n"
		"task t4 process=p1 created=30 born name=\"worker\"\nexecutor x1 kind=cpu\n"
		"mapping m1 process=p1 path=\"ours\"\nlocation l1 lines=\"main\":\"main.c\":3\n"
		"10 switch task=t3 state=unknown peer=t2 executor=x1\n"
		"20 switch task=t2 state=unknown peer=t1 executor=x1  # > main\n"
		"30 create task=t4 state=runnable peer=t1  # worker > main\n"
		"40 switch task=t1 state=blocked peer=t3 executor=x1  # main\n"
		"50 wake task=t1 state=runnable peer=t2 executor=x1  # main\n"
		"70 loss reason=full\nend time=100 closed\n" },
	{ "all, stripped of the names of others",
		{ .own_process = first_process, .strip = true, .from_ns = 45 },
		"dwell-text 1\ntrace begin=45 tick=1 levels=scheduler\n"
		"note key=\"repairs\" value=\"3\"\n"
		"process p1 pid=1 name=\"ours\"\nprocess p2 pid=2\n"
		"task t1 process=p1 name=\"main\"\ntask t2 process=p2\ntask t3 process=p2\n"
		"task t4 process=p1 created=30 born name=\"worker\"\nexecutor x1 kind=cpu\n"
		"mapping m1 process=p1 path=\"ours\"\nlocation l1 lines=\"main\":\"main.c\":3\n"
		"keyframe time=45\n"
		"state t1 state=blocked since=40 executor=x1\n"
		"state t2 state=blocked since=20 executor=x1\n"
		"state t3 state=running since=40 executor=x1\n"
		"state t4 state=runnable since=30 created=30 cause=created waker=t1\n"
		"50 wake task=t1 state=runnable peer=t2 executor=x1  # main\n"
		"55 wake task=t3 state=runnable peer=t1 executor=x1  # > main\n"
		"60 mark task=t2\n"
		"70 loss reason=full\nend time=100 closed\n" },
	{ "the running one of another process is in the keyframe",
		{ .keep_process = first_process, .from_ns = 42, .to_ns = 52 },
		"dwell-text 1\ntrace begin=42 tick=1 levels=scheduler\n"
		"note key=\"host\" value=\"secret\"\nnote key=\"repairs\" value=\"3\"\n"
		"process p1 pid=1 name=\"ours\" command=\"ours --key secret\"\n"
		"process p2 pid=2 name=\"secret\" command=\"secret\"\n"
		"task t1 process=p1 name=\"main\"\n"
		"task t3 process=p2 created=18446744073709551615 name=\"secret\"\n"
		"task t4 process=p1 created=30 born name=\"worker\"\nexecutor x1 kind=cpu\n"
		"mapping m1 process=p1 path=\"/home/secret/bin/ours\"\n"
		"location l1 lines=\"main\":\"/home/secret/main.c\":3\n"
		"keyframe time=42\n"
		"state t1 state=blocked since=40 executor=x1\n"
		"state t3 state=running since=40 created=40 executor=x1\n"
		"state t4 state=runnable since=30 created=30 cause=created waker=t1\n"
		"task t2 process=p2 created=18446744073709551615 name=\"secret\"\n"
		"50 wake task=t1 state=runnable peer=t2 executor=x1  # main > secret\n"
		"end time=52 closed\n" },
	{ "kinds", { .kinds = 1u << DWELL_EVENT_MARK | 1u << DWELL_EVENT_LOSS, .from_ns = 61 },
		"dwell-text 1\ntrace begin=61 tick=1 levels=scheduler\n"
		"note key=\"host\" value=\"secret\"\nnote key=\"repairs\" value=\"3\"\n"
		"process p1 pid=1 name=\"ours\" command=\"ours --key secret\"\n"
		"process p2 pid=2 name=\"secret\" command=\"secret\"\n"
		"task t1 process=p1 name=\"main\"\n"
		"task t2 process=p2 name=\"secret\"\ntask t3 process=p2 name=\"secret\"\n"
		"task t4 process=p1 created=30 born name=\"worker\"\nexecutor x1 kind=cpu\n"
		"mapping m1 process=p1 path=\"/home/secret/bin/ours\"\n"
		"location l1 lines=\"main\":\"/home/secret/main.c\":3\n"
		"keyframe time=61\n"
		"state t1 state=runnable since=50 executor=x1 cause=wake waker=t2\n"
		"state t2 state=blocked since=20 executor=x1\n"
		"state t3 state=running since=40 executor=x1 wake=55 waker=t1\n"
		"state t4 state=runnable since=30 created=30 cause=created waker=t1\n"
		"70 loss reason=full\nend time=100 closed\n" },
};

Test(filter, parts)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct dwell_filter *filter = NULL;
		struct dwell_sink *sink = NULL;
		char *text = NULL;
		size_t size;
		FILE *file = open_memstream(&text, &size);

		cr_assert(eq(int, dwell_text_sink_new(&sink, file), 0));
		cr_assert(eq(int, dwell_filter_new(&filter, sink, &parts[i].options), 0));
		read_into(original, sizeof(original) - 1, dwell_filter_sink(filter), parts[i].name);
		dwell_filter_free(filter);
		dwell_text_sink_free(sink);
		fclose(file);
		cr_expect(eq(str, text, (char *)parts[i].text), "%s", parts[i].name);
		free(text);
	}
	no_leaks();
}

Test(filter, refuses_a_window_that_ends_before_it_begins)
{
	const struct dwell_filter_options options = { .from_ns = 5, .to_ns = 5 };
	struct dwell_filter *filter = NULL;
	struct dwell_sink sink = { NULL };

	cr_expect(eq(int, dwell_filter_new(&filter, &sink, &options), DWELL_EINVAL));
}

/*
 * Tasks that have ended are forgotten on the way: the answers are as if they were not. A trace of
 * many that each live for a moment is asked twice, once in a way in which all are kept.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "dwell/names.h"
#include "model/catalog.h"

enum { TASKS = 40000, STEP_NS = 100, SEEN = 20 };
enum { EXECUTORS = 8, ROWS = 12, LONG = 2500 };

/* All times are so many times as long. */
static uint64_t scale = 1;

struct churn {
	struct dwell_source source;
	struct dwell_source_ops ops;
};

static size_t one_part(struct dwell_source *source, const struct dwell_source_options *options)
{
	(void)source;
	(void)options;
	return 1;
}

static int tell_start(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	const struct dwell_trace_info info = {
		.tick_ns = 1, .levels = DWELL_LEVEL_RUNTIME, .source = { "go", 2 }
	};
	int err = DWELL_TELL(sink, begin, &info);

	(void)source;
	(void)options;
	for (uint32_t id = 1; id <= 3 && !err; id++) {
		static const char *const names[] = { "one", "two", "six" };
		const struct dwell_process process = {
			.id = id, .pid = -1, .name = { names[id - 1], 3 }
		};

		err = DWELL_TELL(sink, process, &process);
	}
	for (uint32_t id = 1; id <= EXECUTORS + 1 && !err; id++) {
		const struct dwell_executor executor = { .id = id, .kind = DWELL_EXECUTOR_P };

		err = DWELL_TELL(sink, executor, &executor);
	}
	return err;
}

#define ROW(...)                                                                                   \
	rows[n++] = (struct dwell_event)                                                           \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

/* Ever more of a process of their own, which ends with them. */
enum { LEAVE = 32000 };

static bool leaves(uint32_t id)
{
	return id % 601 == 7 && id > 10000 && id < LEAVE - 1000;
}

/* Two wait at one place: with the first ends one that lives for long, so it is settled last. */
static uint32_t stack_of(uint32_t id)
{
	return id == 1609 || id == 3001 ? 9 : 1 + id % 4;
}

/* One wait or none. Neighbours live meanwhile, and wake it: a lock goes to every third. */
static size_t rows_of_life(uint32_t id, struct dwell_event *rows)
{
	const uint64_t at_ns = (uint64_t)id * STEP_NS;
	const uint32_t on = 1 + id % EXECUTORS;
	size_t n = 0;

	ROW(.kind = DWELL_EVENT_CREATE, .task = id, .peer = id - 1, .time_ns = at_ns,
		.state = DWELL_RUNNABLE, .stack = 3);
	ROW(.kind = DWELL_EVENT_SWITCH, .peer = id, .executor = on, .time_ns = at_ns + 5 + id % 13);
	if (id % 7 == 0) {
		ROW(.kind = DWELL_EVENT_SPAN_BEGIN, .task = id, .executor = on, .value = id,
			.time_ns = at_ns + 20, .reason = DWELL_SPAN_GC_ASSIST);
		ROW(.kind = DWELL_EVENT_SPAN_END, .task = id, .executor = on, .value = id,
			.time_ns = at_ns + 20 + id % 9);
	}
	if (id % 3) {
		ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = on, .time_ns = at_ns + 125,
			.state = DWELL_BLOCKED, .stack = stack_of(id),
			.reason = (uint8_t)(id % 3 == 1 ? DWELL_REASON_MUTEX
					    : id % 5    ? DWELL_REASON_CHANNEL_RECEIVE
							: DWELL_REASON_NONE));
		ROW(.kind = DWELL_EVENT_WAKE, .task = id, .peer = id > 3 ? id - 3 : 0,
			.time_ns = at_ns + 130 + id % 29, .state = DWELL_RUNNABLE, .stack = 5);
		ROW(.kind = DWELL_EVENT_SWITCH, .peer = id, .executor = on, .time_ns = at_ns + 170);
	}
	return n;
}

/* Where this one waits nobody ever went on. */
enum { ABANDONED = 20006 };

/* Was there before it was seen, and lived longer than those that still wait. */
enum { OLD = 33001 };

static bool was_born(uint32_t id)
{
	return id != OLD && id % 50 != 3 && !(leaves(id) && id % 2 == 0);
}

/* These live on: ever more of one class; of another some end after all. */
static bool goes_on(uint32_t id)
{
	return id == ABANDONED || id % 2803 == 0 || id % 1607 == 0 || id % 3202 == 0 || id == OLD ||
	       leaves(id);
}

/* When one of these ends; 0: it does not. */
static uint64_t late_end(uint32_t id)
{
	if (id % 3214 == 1607 && id < 7 * 1607)
		return (TASKS / 16 * 13 + id % 100) * STEP_NS;
	if (leaves(id))
		return (uint64_t)LEAVE * STEP_NS + id / 601 * 10;
	if (id == OLD)
		return (TASKS - 3000) * STEP_NS;
	return id == 5606 || id == 3 * 5606 ? (uint64_t)(id + LONG) * STEP_NS : 0;
}

static unsigned last_reason(uint32_t id)
{
	if (id % 5606 == 0)
		return DWELL_REASON_MUTEX;
	return id == ABANDONED || id % 8409 == 0 ? DWELL_REASON_CHANNEL_RECEIVE
						 : DWELL_REASON_SLEEP;
}

static size_t rows_of(uint32_t id, struct dwell_event rows[ROWS])
{
	const uint64_t at_ns = (uint64_t)id * STEP_NS, late_ns = late_end(id);
	const uint32_t on = 1 + id % EXECUTORS, near = (uint32_t)(late_ns / STEP_NS) - 3;
	size_t n = rows_of_life(id, rows);

	if (!goes_on(id)) {
		ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = on,
			.time_ns = at_ns + 780 + id % 7, .state = DWELL_EXITED);
		return n;
	}
	ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = on, .time_ns = at_ns + 780,
		.state = DWELL_BLOCKED, .stack = id == ABANDONED ? 8 : 7,
		.reason = (uint8_t)last_reason(id));
	if (!late_ns)
		return n;
	ROW(.kind = DWELL_EVENT_WAKE, .task = id, .peer = near - (near - 1) % 3, .time_ns = late_ns,
		.state = DWELL_RUNNABLE, .stack = 5);
	ROW(.kind = DWELL_EVENT_SWITCH, .peer = id, .executor = EXECUTORS + 1,
		.time_ns = late_ns + 3);
	ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = EXECUTORS + 1,
		.time_ns = late_ns + 9, .state = DWELL_EXITED);
	return n;
}
#undef ROW

static const char *name_of(uint32_t id)
{
	if (id == 77)
		return "main.lonely";
	if (leaves(id))
		return id % 2 ? "main.leave1" : "main.leave2";
	if (id % 2803 == 0)
		return id % 2 ? "main.work" : "main.serve";
	if (id % 1607 == 0)
		return "main.hold";
	if (id % 3202 == 0 || id % 1601 == 100)
		return "main.grow";
	return id % 2 ? "main.work" : "main.serve";
}

static int tell_task(struct dwell_sink *sink, uint32_t id)
{
	const char *name = name_of(id);
	const struct dwell_task task = { .id = id,
		.process = leaves(id) ? 3 : 1 + (id % 701 == 100),
		.parent = id > 100 ? id - 100 : 0,
		.kind = DWELL_TASK_GOROUTINE,
		.born = was_born(id),
		.tid = -1,
		.native_id = id + 1000 + id / 100,
		.creation_stack = 3,
		.created_ns = (uint64_t)id * STEP_NS * scale,
		.name = { name, strlen(name) } };

	return DWELL_TELL(sink, task, &task);
}

static int by_time(const void *a, const void *b)
{
	const struct dwell_event *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->task > y->task) - (x->task < y->task);
}

static int tell_rows(struct dwell_source *source, const struct dwell_source_options *options,
	size_t part, struct dwell_sink *sink)
{
	struct dwell_event *rows = calloc(TASKS * ROWS, sizeof(*rows));
	size_t count = 0;
	int err = rows ? DWELL_OK : DWELL_ENOMEM;

	(void)source;
	(void)options;
	(void)part;
	for (uint32_t id = 1; id <= TASKS && !err; id++)
		count += rows_of(id, &rows[count]);
	if (!err)
		qsort(rows, count, sizeof(*rows), by_time);
	for (size_t i = 0; i < count && !err; i++) {
		rows[i].time_ns *= scale;
		if (rows[i].kind == DWELL_EVENT_CREATE)
			err = tell_task(sink, rows[i].task);
		if (!err)
			err = DWELL_TELL(sink, events, &rows[i], 1);
	}
	free(rows);
	return err;
}

static int tell_end(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	const struct dwell_trace_end end = { .end_ns = (TASKS + 16) * STEP_NS * scale,
		.closed = true };

	(void)source;
	(void)options;
	return DWELL_TELL(sink, end, &end);
}

static struct churn new_churn(bool forgets)
{
	return (struct churn){ .ops = { .foreign = forgets,
				       .parts = one_part,
				       .start = tell_start,
				       .drive_part = tell_rows,
				       .finish = tell_end } };
}

/* KEPT: all; FORGOTTEN: as a foreign trace of one part does, of which not all is asked for; FILED:
 * the same of a file of ours, in several parts. */
enum way { KEPT, FORGOTTEN, FILED };

static struct dwell_answer *ask(struct dwell_query query, enum way way)
{
	const bool forgets = way != KEPT;
	struct churn churn = new_churn(forgets);
	struct dwell_answer *answer = NULL;
	struct dwell_diag diag = { 0 };

	churn.source.ops = &churn.ops;
	if (!query.analyses) {
		query.analyses = DWELL_ANALYZE_TASKS | DWELL_ANALYZE_STAT;
		query.tasks_most = forgets ? SEEN : 0;
	}
	if (way == FILED)
		return analyze_source_as_file(&churn.source, 1 << 12, &query);
	cr_assert(
		eq(int, dwell_analyze(&answer, &churn.source, &query, &diag), 0), "%s", diag.what);
	return answer;
}

static void expect_same_row(const struct dwell_answer *got, const struct dwell_answer *want,
	const struct dwell_tasks_row *a, const struct dwell_tasks_row *b)
{
	char name[2][DWELL_NAME_SIZE];

	cr_expect(eq(u32, a->key.id, b->key.id));
	cr_expect(eq(u32, a->task, b->task));
	cr_expect(eq(u32, a->count, b->count));
	cr_expect(eq(u64, a->created_ns, b->created_ns));
	cr_expect(eq(u64, a->ended_ns, b->ended_ns));
	cr_expect(eq(u8, a->end, b->end));
	cr_expect(eq(u64, a->switches, b->switches));
	cr_expect(eq(u64, a->wakes, b->wakes));
	cr_expect(zero(int, memcmp(&a->times, &b->times, sizeof(a->times))));
	cr_expect(zero(int, memcmp(a->blocked_by, b->blocked_by, sizeof(a->blocked_by))));
	cr_expect(eq(str, (char *)dwell_name_task(name[0], got->catalog, a->task),
		(char *)dwell_name_task(name[1], want->catalog, b->task)));
	cr_expect(eq(str, (char *)dwell_name_class(name[0], got->catalog, a->task),
		(char *)dwell_name_class(name[1], want->catalog, b->task)));
}

static size_t unpacked_tasks(const struct dwell_catalog *catalog)
{
	size_t count = 0;

	for (uint32_t id = 1; id < dwell_catalog_tasks(catalog); id++)
		count += table_get(&catalog->tasks, id) != NULL;
	return count;
}

static void check_way(unsigned by, const char *sort, uint64_t from_ns, enum way way)
{
	const struct dwell_query query = {
		.tasks_by = by, .tasks_sort = sort, .selection.from_ns = from_ns
	};
	struct dwell_answer *got = ask(query, way), *want = ask(query, KEPT);
	const size_t seen = want->tasks->count < SEEN ? want->tasks->count : SEEN;

	cr_expect(eq(u64, got->tasks->total, want->tasks->count));
	cr_assert(eq(sz, got->tasks->count, seen));
	for (size_t i = 0; i < seen; i++)
		expect_same_row(got, want, &got->tasks->rows[i], &want->tasks->rows[i]);
	cr_expect(eq(u32, got->trace.tasks, want->trace.tasks));
	cr_expect(eq(u32, got->trace.coverage_ppm, want->trace.coverage_ppm));
	cr_expect(zero(
		int, memcmp(&got->stat->times, &want->stat->times, sizeof(want->stat->times))));
	for (uint32_t id = 1; id < dwell_catalog_classes(want->catalog); id++)
		cr_expect(eq(u32, dwell_catalog_class(got->catalog, id)->tasks,
			dwell_catalog_class(want->catalog, id)->tasks));
	/* Else nothing is shown by this. */
	cr_expect(lt(sz, unpacked_tasks(got->catalog), TASKS / 2));
	cr_expect(eq(sz, unpacked_tasks(want->catalog), TASKS));
	dwell_answer_free(got);
	dwell_answer_free(want);
}

static void check(unsigned by, const char *sort, uint64_t from_ns)
{
	check_way(by, sort, from_ns, FORGOTTEN);
	check_way(by, sort, from_ns, FILED);
}

Test(forget, tasks)
{
	for (size_t i = 0; dwell_tasks_sorts[i]; i++)
		check(DWELL_BY_TASK, dwell_tasks_sorts[i], 0);
	check(DWELL_BY_TASK, NULL, 0);
}

Test(forget, groups)
{
	check(DWELL_BY_CLASS, NULL, 0);
	check(DWELL_BY_CLASS, "wakes", 0);
	check(DWELL_BY_PROCESS, NULL, 0);
}

Test(forget, windows)
{
	check(DWELL_BY_TASK, NULL, 2000 * STEP_NS);
	check(DWELL_BY_CLASS, "blocked", 4321 * STEP_NS + 27);
}

static char *text_of(struct dwell_query query, enum way way)
{
	struct dwell_answer *answer = ask(query, way);
	char *text;

	/* Before anything is looked for: else nothing is shown by this. Rules look for all. */
	if (way != KEPT && !(query.analyses & DWELL_ANALYZE_FINDINGS))
		cr_expect(lt(sz, unpacked_tasks(answer->catalog), TASKS / 2));
	text = answer_text(answer);
	dwell_answer_free(answer);
	return text;
}

static void check_text(const struct dwell_query *query)
{
	char *want = text_of(*query, KEPT);

	for (enum way way = FORGOTTEN; way <= FILED; way++) {
		char *got = text_of(*query, way);

		expect_same_text(got, want);
		free(got);
	}
	free(want);
}

Test(forget, latency)
{
	check_text(&(struct dwell_query){ .analyses = DWELL_ANALYZE_LATENCY, .worst = 50 });
	check_text(&(struct dwell_query){ .analyses = DWELL_ANALYZE_LATENCY,
		.worst = 20,
		.selection.from_ns = 2345 * STEP_NS,
		.selection.to_ns = (TASKS - 1000) * STEP_NS });
}

Test(forget, waits)
{
	check_text(&(struct dwell_query){ .analyses = DWELL_ANALYZE_BLOCKED });
	check_text(&(struct dwell_query){ .analyses = DWELL_ANALYZE_LOCKS });
	check_text(&(struct dwell_query){
		.analyses = DWELL_ANALYZE_BLOCKED | DWELL_ANALYZE_LOCKS | DWELL_ANALYZE_LATENCY,
		.selection.from_ns = 2345 * STEP_NS,
	});
}

Test(forget, flame)
{
	for (unsigned of = DWELL_FLAME_BLOCKED; of <= DWELL_FLAME_CPU; of++)
		check_text(
			&(struct dwell_query){ .analyses = DWELL_ANALYZE_FLAME, .flame_of = of });
}

Test(forget, gc)
{
	check_text(&(struct dwell_query){ .analyses = DWELL_ANALYZE_GC | DWELL_ANALYZE_SPANS });
}

Test(forget, findings)
{
	scale = 20000;
	check_text(&(struct dwell_query){ .analyses = DWELL_ANALYZE_FINDINGS, .worst = 50 });
}

/* In one piece of all tasks, and back over parts in which those that ended are not met. */
Test(forget, paths)
{
	struct churn churn = new_churn(true);
	const struct dwell_path_query query = { .task = 5606, .steps = 100 };
	struct dwell_path *want, *got;

	churn.source.ops = &churn.ops;
	want = path_of_source(&churn.source, &query);
	got = path_of_source_as_file(&churn.source, 1 << 12, &query);
	cr_assert(gt(sz, want->share_count, 3));
	expect_same_path(got, want);
	cr_expect(eq(u32, got->trace.tasks, TASKS));
	dwell_path_free(got);
	dwell_path_free(want);
}

static bool find_leak(const struct dwell_leaks *leaks, unsigned kind, unsigned why)
{
	bool found = false;

	for (size_t i = 0; i < leaks->count; i++)
		found |= leaks->rows[i].kind == kind && leaks->rows[i].why == why;
	return found;
}

Test(forget, leaks)
{
	const struct dwell_query query = { .analyses = DWELL_ANALYZE_LEAKS, .leaks_left = true };
	struct dwell_answer *want;

	scale = 20000;
	check_text(&query);
	check_text(&(struct dwell_query){
		.analyses = DWELL_ANALYZE_LEAKS, .selection.from_ns = 3000 * STEP_NS * scale });
	/* Some of each kind that goes by tasks that have ended. */
	want = ask(query, KEPT);
	cr_expect(find_leak(want->leaks, DWELL_LEAK_GROWING, 0));
	cr_expect(find_leak(want->leaks, DWELL_LEAK_ALIVE_AT_END, DWELL_FOREVER_NONE));
	cr_expect(find_leak(want->leaks, DWELL_LEAK_ALIVE_AT_END, DWELL_FOREVER_ABANDONED));
	dwell_answer_free(want);
}

/* What is packed comes back as it was. */
Test(forget, names)
{
	const struct dwell_query query = { .analyses = DWELL_ANALYZE_SPANS };
	struct dwell_answer *got = ask(query, true), *want = ask(query, KEPT);

	cr_expect(lt(sz, unpacked_tasks(got->catalog), TASKS / 2));
	for (uint32_t id = 1; id <= TASKS; id++) {
		const struct dwell_catalog_task *a = dwell_catalog_task(got->catalog, id);
		const struct dwell_catalog_task *b = dwell_catalog_task(want->catalog, id);
		char name[2][DWELL_NAME_SIZE];

		cr_assert(a && b);
		cr_expect(eq(u32, a->id, b->id));
		cr_expect(eq(u32, a->process, b->process));
		cr_expect(eq(u32, a->parent, b->parent));
		cr_expect(eq(u32, a->class_id, b->class_id));
		cr_expect(eq(u32, a->creation_stack, b->creation_stack));
		cr_expect(eq(i64, a->tid, b->tid));
		cr_expect(eq(u64, a->native_id, b->native_id));
		cr_expect(eq(u64, a->created_ns, b->created_ns));
		cr_expect(eq(u8, a->born, b->born));
		cr_expect(eq(u8, a->kind, b->kind));
		cr_expect(eq(str, (char *)dwell_name_task(name[0], got->catalog, id),
			(char *)dwell_name_task(name[1], want->catalog, id)));
	}
	dwell_answer_free(got);
	dwell_answer_free(want);
}

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

enum { TASKS = 6000, STEP_NS = 100, SEEN = 20 };

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
	const struct dwell_executor executor = { .id = 1, .kind = DWELL_EXECUTOR_WORKER };
	int err = DWELL_TELL(sink, begin, &info);

	(void)source;
	(void)options;
	for (uint32_t id = 1; id <= 2 && !err; id++) {
		const struct dwell_process process = {
			.id = id, .pid = id, .name = { id == 1 ? "one" : "two", 3 }
		};

		err = DWELL_TELL(sink, process, &process);
	}
	return err ? err : DWELL_TELL(sink, executor, &executor);
}

/* Every 700th lives on; the others have one wait, but for those that only run. */
static size_t rows_of(uint32_t id, struct dwell_event rows[8])
{
	const uint64_t at_ns = (uint64_t)id * STEP_NS;
	size_t n = 0;

#define ROW(...) rows[n++] = (struct dwell_event){ __VA_ARGS__ }
	ROW(.kind = DWELL_EVENT_CREATE, .task = id, .time_ns = at_ns, .state = DWELL_RUNNABLE);
	ROW(.kind = DWELL_EVENT_SWITCH, .peer = id, .executor = 1, .time_ns = at_ns + 5 + id % 13);
	if (id % 3) {
		ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = 1, .time_ns = at_ns + 25,
			.state = DWELL_BLOCKED,
			.reason = (uint8_t)(id % 5 ? DWELL_REASON_MUTEX : DWELL_REASON_NONE));
		ROW(.kind = DWELL_EVENT_WAKE, .task = id, .time_ns = at_ns + 30 + id % 29,
			.state = DWELL_RUNNABLE);
		ROW(.kind = DWELL_EVENT_SWITCH, .peer = id, .executor = 1, .time_ns = at_ns + 70);
	}
	if (id % 700)
		ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = 1,
			.time_ns = at_ns + 80 + id % 7, .state = DWELL_EXITED);
	else
		ROW(.kind = DWELL_EVENT_SWITCH, .task = id, .executor = 1, .time_ns = at_ns + 80,
			.state = DWELL_BLOCKED, .reason = DWELL_REASON_SLEEP);
#undef ROW
	return n;
}

static int tell_rows(struct dwell_source *source, const struct dwell_source_options *options,
	size_t part, struct dwell_sink *sink)
{
	static const char *const names[] = { "main.serve", "main.work", "main.lonely" };
	int err = DWELL_OK;

	(void)source;
	(void)options;
	(void)part;
	for (uint32_t id = 1; id <= TASKS && !err; id++) {
		const char *name = names[id == 77 ? 2 : id % 2];
		const struct dwell_task task = { .id = id,
			.process = 1 + id % 3 / 2,
			.kind = DWELL_TASK_GOROUTINE,
			.born = true,
			.tid = -1,
			.native_id = id + 1000,
			.created_ns = (uint64_t)id * STEP_NS,
			.name = { name, strlen(name) } };
		struct dwell_event rows[8];
		const size_t count = rows_of(id, rows);

		err = DWELL_TELL(sink, task, &task);
		if (!err)
			err = DWELL_TELL(sink, events, rows, count);
	}
	return err;
}

static int tell_end(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	const struct dwell_trace_end end = { .end_ns = (TASKS + 2) * STEP_NS, .closed = true };

	(void)source;
	(void)options;
	return DWELL_TELL(sink, end, &end);
}

/* forgets: as a foreign trace of one part does, of which not all is asked for. */
static struct dwell_answer *ask(struct dwell_query query, bool forgets)
{
	struct churn churn = { .ops = { .foreign = forgets,
				       .parts = one_part,
				       .start = tell_start,
				       .drive_part = tell_rows,
				       .finish = tell_end } };
	struct dwell_answer *answer = NULL;
	struct dwell_diag diag = { 0 };

	churn.source.ops = &churn.ops;
	query.analyses = DWELL_ANALYZE_TASKS | DWELL_ANALYZE_STAT;
	query.tasks_most = forgets ? SEEN : 0;
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

static size_t known_tasks(const struct dwell_catalog *catalog)
{
	size_t count = 0;

	for (uint32_t id = 1; id < dwell_catalog_tasks(catalog); id++)
		count += dwell_catalog_task(catalog, id) != NULL;
	return count;
}

static void check(unsigned by, const char *sort, uint64_t from_ns)
{
	const struct dwell_query query = {
		.tasks_by = by, .tasks_sort = sort, .selection.from_ns = from_ns
	};
	struct dwell_answer *got = ask(query, true), *want = ask(query, false);
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
	cr_expect(lt(sz, known_tasks(got->catalog), TASKS / 4));
	cr_expect(eq(sz, known_tasks(want->catalog), TASKS));
	dwell_answer_free(got);
	dwell_answer_free(want);
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

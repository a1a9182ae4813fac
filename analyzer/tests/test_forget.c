/*
 * Tasks that have ended are forgotten on the way: the answers are as if they were not. A trace of
 * many that each live for a moment is asked twice, once in a way in which all are kept.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "churn.h"
#include "dwell/names.h"
#include "model/catalog.h"

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

/* Of some tasks only: in a file of ours, whose names are known from the start. */
static void check_some(struct dwell_query query)
{
	static const unsigned analyses[] = { DWELL_ANALYZE_TASKS | DWELL_ANALYZE_STAT,
		DWELL_ANALYZE_LATENCY, DWELL_ANALYZE_BLOCKED | DWELL_ANALYZE_LOCKS,
		DWELL_ANALYZE_FLAME, DWELL_ANALYZE_GC | DWELL_ANALYZE_SPANS };

	for (size_t i = 0; i < sizeof(analyses) / sizeof(analyses[0]); i++) {
		char *got, *want;

		query.analyses = analyses[i];
		query.tasks_most = SEEN;
		got = text_of(query, FILED);
		want = text_of(query, KEPT);
		expect_same_text(got, want);
		free(got);
		free(want);
	}
}

Test(forget, some)
{
	check_some((struct dwell_query){ .selection.task_glob = "main.s*" });
	check_some((struct dwell_query){
		.selection.class_glob = "two/*", .tasks_by = DWELL_BY_CLASS });
	check_some((struct dwell_query){
		.selection.process_glob = "six", .selection.from_ns = 2345 * STEP_NS });
	churn_marks = true;
	check_some((struct dwell_query){ .tasks_by = DWELL_BY_TASK });
	check_some((struct dwell_query){ .selection.all_processes = true });
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
	churn_scale = 20000;
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

	churn_scale = 20000;
	check_text(&query);
	check_text(&(struct dwell_query){ .analyses = DWELL_ANALYZE_LEAKS,
		.selection.from_ns = 3000 * STEP_NS * churn_scale });
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

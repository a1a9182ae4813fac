/* Answers as text, histories as files. */
#include "answers.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>

static void put_times(FILE *f, const struct dwell_times *t)
{
	fprintf(f, " %lu/%lu/%lu/%lu", t->running_ns, t->runnable_ns, t->blocked_ns, t->unknown_ns);
}

static void put_string(FILE *f, struct dwell_string text)
{
	fprintf(f, " '%.*s'", (int)text.size, text.size ? text.at : "");
}

static void put_distribution(FILE *f, const struct dwell_distribution *d)
{
	fprintf(f, " n %lu sum %lu %lu %lu %lu %lu %lu max %lu [", d->count, d->total_ns,
		d->mean_ns, d->p50_ns, d->p90_ns, d->p99_ns, d->p999_ns, d->max_ns);
	for (size_t i = 0; i < d->bar_count; i++)
		fprintf(f, " %lu:%lu", d->bars[i].le_ns, d->bars[i].count);
	fprintf(f, " ]");
}

static void put_tasks(FILE *f, const struct dwell_tasks *tasks)
{
	for (size_t i = 0; i < tasks->count; i++) {
		const struct dwell_tasks_row *r = &tasks->rows[i];

		fprintf(f, "task %u n %u", r->key.id, r->count);
		put_string(f, r->key.text);
		fprintf(f, " %lu %lu %u %d", r->created_ns, r->ended_ns, r->end, r->status);
		put_times(f, &r->times);
		fprintf(f, " %lu %lu %lu", r->switches, r->preemptions, r->wakes);
		for (size_t j = 0; j < DWELL_REASON_COUNT; j++)
			fprintf(f, " %lu", r->blocked_by[j]);
		fprintf(f, "\n");
	}
}

static void put_latency(FILE *f, const struct dwell_latency *latency)
{
	put_distribution(f, &latency->overall);
	for (size_t i = 0; i < DWELL_CAUSE_COUNT; i++)
		put_distribution(f, &latency->causes[i]);
	for (size_t i = 0; i < latency->class_count; i++) {
		fprintf(f, "\nclass");
		put_distribution(f, &latency->classes[i].times);
	}
	for (size_t i = 0; i < latency->executor_count; i++) {
		fprintf(f, "\nexecutor %u", latency->executors[i].id);
		put_distribution(f, &latency->executors[i].times);
	}
	for (size_t i = 0; i < latency->worst_count; i++) {
		const struct dwell_worst *w = &latency->worst[i];

		fprintf(f, "\nworst %lx %lu %lu %u %u %u %u %u", w->id, w->at_ns, w->latency_ns,
			w->task, w->executor, w->waker, w->waker_stack, w->cause);
		for (size_t j = 0; j < w->ran_count; j++)
			fprintf(f, " %u/%u:%lu", w->ran_instead[j].task, w->ran_instead[j].kind,
				w->ran_instead[j].ns);
	}
	fprintf(f, "\n");
}

static void put_holders(FILE *f, const struct dwell_holder *holders, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct dwell_holder *h = &holders[i];

		fprintf(f, "\n  holder %u %u %u %lu %lu", h->task, h->stack, h->how, h->count,
			h->total_ns);
		put_times(f, &h->times);
	}
}

static void put_blocked(FILE *f, const struct dwell_blocked *blocked)
{
	for (size_t i = 0; i < blocked->count; i++) {
		const struct dwell_blocked_row *r = &blocked->rows[i];

		fprintf(f, "blocked %lx %u %u %u %u %u %lu %lu %lu %lu %lu", r->id, r->reason,
			r->role, r->object, r->stack, r->tasks, r->open_count, r->open_ns,
			r->timed_out, r->underused_ns, r->lived_ns);
		put_distribution(f, &r->waits);
		put_times(f, &r->times);
		put_holders(f, r->holders, r->holder_count);
		for (size_t j = 0; j < r->waker_count; j++)
			fprintf(f, "\n  waker %u %u %lu %lu", r->wakers[j].task, r->wakers[j].stack,
				r->wakers[j].count, r->wakers[j].total_ns);
		fprintf(f, "\n");
	}
	fprintf(f, "idle %lu %lu\n", blocked->idle_count, blocked->idle_ns);
}

static void put_locks(FILE *f, const struct dwell_locks *locks)
{
	for (size_t i = 0; i < locks->count; i++) {
		const struct dwell_lock_row *r = &locks->rows[i];

		fprintf(f, "lock %lx %u %u %lu %u %lu %lu", r->id, r->object, r->stack,
			r->contended, r->waiters, r->convoys, r->convoy_ns);
		put_distribution(f, &r->waits);
		put_holders(f, r->holders, r->holder_count);
		fprintf(f, "\n");
	}
	fprintf(f, "cycles %zu\n", locks->cycle_count);
}

static void put_spans(FILE *f, const struct dwell_spans *spans)
{
	for (size_t i = 0; i < spans->count; i++) {
		const struct dwell_span_row *r = &spans->rows[i];

		fprintf(f, "span %lx %u %u", r->id, r->label, r->kind);
		put_string(f, r->text);
		put_distribution(f, &r->durations);
		put_times(f, &r->times);
		fprintf(f, " %lu %lu %lu %lu %u\n", r->open_count, r->open_ns, r->longest_at_ns,
			r->longest_ns, r->longest_task);
	}
	fprintf(f, "unmatched %lu\n", spans->unmatched);
}

static void put_metrics(FILE *f, const struct dwell_metrics *metrics)
{
	for (size_t i = 0; i < metrics->count; i++) {
		const struct dwell_metric *r = &metrics->rows[i];

		fprintf(f, "metric %u %u %u %lu %ld %ld %ld %ld", r->counter, r->task, r->executor,
			r->count, r->first, r->last, r->min, r->max);
		for (size_t j = 0; j < r->point_count; j++)
			fprintf(f, " %lu:%lu", r->points[j].start_ns, r->points[j].count);
		fprintf(f, "\n");
	}
}

static void put_flames(FILE *f, const struct dwell_flames *flames)
{
	for (size_t i = 0; i < flames->count; i++)
		fprintf(f, "flame %u %u %u %lu %lu\n", flames->rows[i].task, flames->rows[i].reason,
			flames->rows[i].stack, flames->rows[i].count, flames->rows[i].weight_ns);
}

static void put_leaks(FILE *f, const struct dwell_leaks *leaks)
{
	for (size_t i = 0; i < leaks->count; i++) {
		const struct dwell_leak *r = &leaks->rows[i];

		fprintf(f, "leak %lx %u %u %u %lu..%lu %lu %u %u %u", r->id, r->kind, r->reason,
			r->why, r->since_ns, r->until_ns, r->lost_ns, r->count, r->stack,
			r->creation_stack);
		for (uint32_t j = 0; j < r->count; j++)
			fprintf(f, " %u", r->tasks[j]);
		fprintf(f, "\n");
	}
	fprintf(f, "left %u\n", leaks->left);
}

static void put_gc(FILE *f, const struct dwell_gc *gc)
{
	for (size_t i = 0; i < gc->assist_count; i++)
		fprintf(f, "assist %u n %lu %lu max %lu\n", gc->assists[i].class_id,
			gc->assists[i].count, gc->assists[i].total_ns, gc->assists[i].max_ns);
	fprintf(f, "left %u in %zu windows\n", gc->mean_ppm, gc->window_count);
}

static void put_findings(FILE *f, const struct dwell_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct dwell_finding *r = &findings->rows[i];

		fprintf(f, "finding %lx %s %u %lu %lu %s", r->id, r->rule, r->severity, r->lost_ns,
			r->at_ns, r->title);
		for (size_t j = 0; j < r->task_count; j++)
			fprintf(f, " %u", r->tasks[j]);
		fprintf(f, "\n");
	}
}

static void put_facts(FILE *f, const struct dwell_trace_facts *t)
{
	fprintf(f, "%lu..%lu events %lu lost %lu losses %lu tasks %u coverage %u waits %lu %u %u",
		t->begin_ns, t->end_ns, t->events, t->lost_events, t->losses, t->tasks,
		t->coverage_ppm, t->waits.waits, t->waits.holder_ppm, t->waits.waker_ppm);
	fprintf(f, " %u %u\n", t->waits.stack_ppm, t->waits.object_ppm);
}

char *answer_text(const struct dwell_answer *answer)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	cr_assert(ne(ptr, f, NULL));
	put_facts(f, &answer->trace);
	if (answer->tasks)
		put_tasks(f, answer->tasks);
	if (answer->latency)
		put_latency(f, answer->latency);
	if (answer->blocked)
		put_blocked(f, answer->blocked);
	if (answer->locks)
		put_locks(f, answer->locks);
	if (answer->spans)
		put_spans(f, answer->spans);
	if (answer->metrics)
		put_metrics(f, answer->metrics);
	if (answer->flames)
		put_flames(f, answer->flames);
	if (answer->gc)
		put_gc(f, answer->gc);
	if (answer->findings)
		put_findings(f, answer->findings);
	if (answer->leaks)
		put_leaks(f, answer->leaks);
	if (answer->stat)
		put_times(f, &answer->stat->times);
	fclose(f);
	return text;
}

void expect_same_text(const char *got, const char *want)
{
	size_t line = 1, start = 0, i = 0;

	for (; got[i] && got[i] == want[i]; i++)
		if (got[i] == '\n') {
			line++;
			start = i + 1;
		}
	cr_expect(got[i] == want[i], "line %zu is %.300s\nnot %.300s", line, got + start,
		want + start);
}

void write_part(struct memory_output *file, const struct gen_options *options, uint32_t rows,
	const struct dwell_filter_options *part)
{
	const struct dwell_encoder_options encoding = {
		.chunk_rows = rows,
		.generation_chunks = 1,
	};
	struct dwell_encoder *encoder = NULL;
	struct dwell_filter *filter = NULL;
	struct dwell_sink *sink;

	memory_output_init(file);
	cr_assert(eq(int, dwell_encoder_new(&encoder, &file->output, &encoding), 0));
	sink = dwell_encoder_sink(encoder);
	if (part) {
		cr_assert(eq(int, dwell_filter_new(&filter, sink, part), 0));
		sink = dwell_filter_sink(filter);
	}
	cr_assert(eq(int, gen_drive(options, sink), 0));
	dwell_filter_free(filter);
	dwell_encoder_free(encoder);
}

void write_history(struct memory_output *file, const struct gen_options *options, uint32_t rows,
	uint64_t from_ns, uint64_t to_ns)
{
	const struct dwell_filter_options window = { .from_ns = from_ns, .to_ns = to_ns };

	write_part(file, options, rows, to_ns ? &window : NULL);
}

struct dwell_answer *analyze_memory(
	const struct memory_output *file, const struct dwell_query *query)
{
	struct dwell_bytes *bytes = NULL;
	struct dwell_reader *reader = NULL;
	struct dwell_answer *answer = NULL;
	struct dwell_diag diag = { 0 };

	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, file->at, file->size), 0));
	cr_assert(eq(int, dwell_reader_open(&reader, bytes, &diag), 0), "%s", diag.what);
	cr_assert(eq(int, dwell_analyze(&answer, dwell_reader_source(reader), query, &diag), 0),
		"%s", diag.what);
	dwell_reader_close(reader);
	return answer;
}

static void write_source(struct memory_output *file, struct dwell_source *source, uint32_t rows)
{
	const struct dwell_encoder_options options = { .chunk_rows = rows, .generation_chunks = 1 };
	struct dwell_encoder *encoder = NULL;

	memory_output_init(file);
	cr_assert(eq(int, dwell_encoder_new(&encoder, &file->output, &options), 0));
	cr_assert(eq(int, dwell_source_drive(source, NULL, dwell_encoder_sink(encoder)), 0));
	dwell_encoder_free(encoder);
}

struct dwell_answer *analyze_source_as_file(
	struct dwell_source *source, uint32_t rows, const struct dwell_query *query)
{
	struct dwell_answer *answer;
	struct memory_output file;

	write_source(&file, source, rows);
	answer = analyze_memory(&file, query);
	memory_output_release(&file);
	return answer;
}

struct dwell_path *path_of_source(struct dwell_source *source, const struct dwell_path_query *query)
{
	struct dwell_study *study = NULL;
	struct dwell_path *path = NULL;
	struct dwell_diag diag = { 0 };

	cr_assert(zero(int, dwell_study_open(&study, source, &diag)), "%s", diag.what);
	cr_assert(zero(int, dwell_path_find(&path, study, query, &diag)), "%s", diag.what);
	dwell_study_close(study);
	return path;
}

struct dwell_path *path_of_source_as_file(
	struct dwell_source *source, uint32_t rows, const struct dwell_path_query *query)
{
	struct dwell_bytes *bytes = NULL;
	struct dwell_reader *reader = NULL;
	struct dwell_diag diag = { 0 };
	struct memory_output file;
	struct dwell_path *path;

	write_source(&file, source, rows);
	cr_assert(zero(int, dwell_bytes_open_memory(&bytes, file.at, file.size)));
	cr_assert(zero(int, dwell_reader_open(&reader, bytes, &diag)), "%s", diag.what);
	path = path_of_source(dwell_reader_source(reader), query);
	dwell_reader_close(reader);
	memory_output_release(&file);
	return path;
}

static void expect_same_share(const struct dwell_share *a, const struct dwell_share *b)
{
	cr_expect(eq(u64, a->ns, b->ns));
	cr_expect(eq(u64, a->steps, b->steps));
	cr_expect(eq(u64, a->gain_ns, b->gain_ns));
	cr_expect(eq(u32, a->class_id, b->class_id));
	cr_expect(eq(u32, a->stack, b->stack));
	cr_expect(eq(u8, a->state, b->state));
}

void expect_same_path(const struct dwell_path *got, const struct dwell_path *want)
{
	cr_assert(eq(sz, got->share_count, want->share_count));
	for (size_t i = 0; i < want->share_count; i++)
		expect_same_share(&got->shares[i], &want->shares[i]);
	cr_expect(eq(u64, got->all_steps, want->all_steps));
	cr_expect(eq(u32, got->trace.tasks, want->trace.tasks));
	cr_expect(eq(u32, got->trace.coverage_ppm, want->trace.coverage_ppm));
}

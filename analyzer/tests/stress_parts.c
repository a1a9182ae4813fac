/* Parts on many threads, for ThreadSanitizer: the same figures as on one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../format/tests/gen.h"
#include "dwell/analysis.h"
#include "dwell/encoder.h"
#include "dwell/reader.h"

struct memory {
	struct dwell_output output;
	char *at;
	size_t size, cap;
};

static int keep(struct dwell_output *output, const void *at, size_t size)
{
	struct memory *memory = (struct memory *)output;

	if (memory->size + size > memory->cap) {
		char *grown = realloc(memory->at, (memory->size + size) * 2);

		if (!grown)
			return DWELL_ENOMEM;
		memory->at = grown;
		memory->cap = (memory->size + size) * 2;
	}
	memcpy(memory->at + memory->size, at, size);
	memory->size += size;
	return DWELL_OK;
}

/* rows: 0: few, in very many parts; else so many that one thread hands them to another. */
static int write_history(struct memory *memory, uint64_t seed, size_t rows)
{
	struct gen_options options = gen_any(seed);
	const struct dwell_encoder_options encoding = {
		.chunk_rows = rows ? 5000 : 100,
		.generation_chunks = rows ? 3 : 1,
	};
	struct dwell_encoder *encoder = NULL;
	int err = dwell_encoder_new(&encoder, &memory->output, &encoding);

	if (rows)
		options.rows = rows;
	if (!err)
		err = gen_drive(&options, dwell_encoder_sink(encoder));
	dwell_encoder_free(encoder);
	return err;
}

static int analyze(const struct memory *memory, unsigned analyses, unsigned threads,
	struct dwell_answer **answer)
{
	const struct dwell_query query = {
		.analyses = analyses | DWELL_ANALYZE_STAT,
		.threads = threads,
		.worst = 10,
		.selection.task_glob = "worker-*",
	};
	struct dwell_bytes *bytes = NULL;
	struct dwell_reader *reader = NULL;
	int err = dwell_bytes_open_memory(&bytes, memory->at, memory->size);

	if (!err)
		err = dwell_reader_open(&reader, bytes, NULL);
	if (!err)
		err = dwell_analyze(answer, dwell_reader_source(reader), &query, NULL);
	dwell_reader_close(reader);
	return err;
}

static int compare(const struct dwell_answer *a, const struct dwell_answer *b)
{
	if (a->tasks->count != b->tasks->count ||
		a->latency->overall.total_ns != b->latency->overall.total_ns ||
		a->latency->worst_count != b->latency->worst_count ||
		memcmp(&a->stat->times, &b->stat->times, sizeof(a->stat->times)) != 0)
		return 1;
	for (size_t i = 0; i < a->tasks->count; i++)
		if (memcmp(&a->tasks->rows[i].times, &b->tasks->rows[i].times,
			    sizeof(struct dwell_times)) != 0 ||
			a->tasks->rows[i].wakes != b->tasks->rows[i].wakes)
			return 1;
	return 0;
}

static int compare_findings(const struct dwell_findings *a, const struct dwell_findings *b)
{
	if (!a || !b)
		return a != b;
	if (a->count != b->count || a->unjudged_count != b->unjudged_count)
		return 1;
	for (size_t i = 0; i < a->count; i++)
		if (a->rows[i].id != b->rows[i].id || a->rows[i].lost_ns != b->rows[i].lost_ns)
			return 1;
	return 0;
}

static bool same_waits(const struct dwell_distribution *a, const struct dwell_distribution *b)
{
	return a->count == b->count && a->total_ns == b->total_ns && a->max_ns == b->max_ns;
}

static int compare_waits(const struct dwell_answer *a, const struct dwell_answer *b)
{
	if (a->blocked->count != b->blocked->count || a->locks->count != b->locks->count)
		return 1;
	for (size_t i = 0; i < a->blocked->count; i++)
		if (!same_waits(&a->blocked->rows[i].waits, &b->blocked->rows[i].waits) ||
			a->blocked->rows[i].id != b->blocked->rows[i].id ||
			a->blocked->rows[i].underused_ns != b->blocked->rows[i].underused_ns ||
			a->blocked->rows[i].holder_count != b->blocked->rows[i].holder_count)
			return 1;
	for (size_t i = 0; i < a->locks->count; i++)
		if (!same_waits(&a->locks->rows[i].waits, &b->locks->rows[i].waits) ||
			a->locks->rows[i].id != b->locks->rows[i].id ||
			a->locks->rows[i].convoy_ns != b->locks->rows[i].convoy_ns)
			return 1;
	return 0;
}

static int differ(const struct dwell_answer *a, const struct dwell_answer *b)
{
	if (!a->tasks)
		return compare_waits(a, b);
	return compare(a, b) || compare_findings(a->findings, b->findings);
}

static int judge(const struct memory *memory, unsigned analyses, uint64_t seed)
{
	struct dwell_answer *one = NULL, *many = NULL;
	int err = analyze(memory, analyses, 1, &one);

	if (!err)
		err = analyze(memory, analyses, 6, &many);

	const int failed = err || differ(one, many);
	if (failed)
		printf("seed %lu: %s\n", (unsigned long)seed,
			err ? dwell_strerror(err) : "another answer from six threads");
	dwell_answer_free(one);
	dwell_answer_free(many);
	return failed;
}

static int try(uint64_t seed, size_t rows)
{
	/* All in parts; some beside what must see the rows in one piece; and what one thread reads
	 * and another folds. */
	static const unsigned analyses[] = { DWELL_ANALYZE_TASKS | DWELL_ANALYZE_LATENCY,
		DWELL_ANALYZE_FINDINGS, DWELL_ANALYZE_BLOCKED | DWELL_ANALYZE_LOCKS };
	struct memory memory = { .output = { keep } };
	int failed = write_history(&memory, seed, rows);

	if (failed)
		printf("seed %lu: not written\n", (unsigned long)seed);
	for (size_t i = 0; i < sizeof(analyses) / sizeof(analyses[0]) && !failed; i++)
		failed = judge(&memory, analyses[i], seed);
	free(memory.at);
	return failed;
}

int main(void)
{
	int failed = 0;

	for (uint64_t seed = 1; seed <= 20; seed++)
		failed |= try(seed, 0);
	for (uint64_t seed = 21; seed <= 23; seed++)
		failed |= try(seed, 100000);
	return failed != 0;
}

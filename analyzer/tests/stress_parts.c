/* Parts on many threads, for ThreadSanitizer: the same figures as on one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../format/tests/gen.h"
#include "dwell/analysis.h"
#include "dwell/encoder.h"
#include "dwell/reader.h"
#include "dwell/relay.h"

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

/* The first rows say of no wait why it is, and nothing of objects; nor do some a little later. */
struct hush {
	struct dwell_relay relay;
	size_t silent, told;
};

static bool is_silent(const struct hush *hush)
{
	const size_t spoken = hush->silent / 16, since = hush->told - hush->silent;

	return hush->told < hush->silent || (since >= spoken && since < 4 * spoken);
}

static int hush_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct hush *hush = (struct hush *)sink;
	int err = DWELL_OK;

	for (size_t i = 0; i < count && !err; i++) {
		struct dwell_event row = events[i];

		if (is_silent(hush)) {
			row.reason = DWELL_REASON_NONE;
			row.object = DWELL_NONE;
			if (row.kind != DWELL_EVENT_SWITCH && row.kind != DWELL_EVENT_WAKE &&
				row.kind != DWELL_EVENT_EXIT)
				row = (struct dwell_event){ .kind = DWELL_EVENT_MARK,
					.time_ns = row.time_ns };
		}
		hush->told++;
		err = DWELL_TELL(hush->relay.next, events, &row, 1);
	}
	return err;
}

/* rows: 0: few, in very many parts; else so many that one thread hands them to another. */
static int write_history(struct memory *memory, uint64_t seed, size_t rows, size_t silent)
{
	struct hush hush = { .silent = silent };
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
		dwell_relay_init(&hush.relay, dwell_encoder_sink(encoder));
	hush.relay.ops.events = hush_events;
	if (!err)
		err = gen_drive(&options, &hush.relay.sink);
	dwell_encoder_free(encoder);
	return err;
}

static uint64_t ahead_bytes;

static int analyze(const struct memory *memory, unsigned analyses, unsigned threads,
	struct dwell_answer **answer)
{
	const struct dwell_query query = {
		.analyses = analyses | DWELL_ANALYZE_STAT,
		.threads = threads,
		.worst = 10,
		.ahead_bytes = ahead_bytes,
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

static bool same_people(const struct dwell_blocked_row *a, const struct dwell_blocked_row *b)
{
	if (a->holder_count != b->holder_count || a->waker_count != b->waker_count)
		return false;
	for (size_t i = 0; i < a->holder_count; i++)
		if (a->holders[i].task != b->holders[i].task ||
			a->holders[i].total_ns != b->holders[i].total_ns ||
			memcmp(&a->holders[i].times, &b->holders[i].times,
				sizeof(struct dwell_times)) != 0)
			return false;
	for (size_t i = 0; i < a->waker_count; i++)
		if (a->wakers[i].task != b->wakers[i].task ||
			a->wakers[i].total_ns != b->wakers[i].total_ns)
			return false;
	return true;
}

static int compare_waits(const struct dwell_answer *a, const struct dwell_answer *b)
{
	if (a->blocked->count != b->blocked->count || a->locks->count != b->locks->count)
		return 1;
	for (size_t i = 0; i < a->blocked->count; i++)
		if (!same_waits(&a->blocked->rows[i].waits, &b->blocked->rows[i].waits) ||
			a->blocked->rows[i].id != b->blocked->rows[i].id ||
			a->blocked->rows[i].underused_ns != b->blocked->rows[i].underused_ns ||
			!same_people(&a->blocked->rows[i], &b->blocked->rows[i]))
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

static int judge(const struct memory *memory, unsigned analyses, unsigned threads, uint64_t seed)
{
	struct dwell_answer *one = NULL, *many = NULL;
	int err = analyze(memory, analyses, 1, &one);

	if (!err)
		err = analyze(memory, analyses, threads, &many);

	const int failed = err || differ(one, many);
	if (failed)
		printf("seed %lu: %s %u threads\n", (unsigned long)seed,
			err ? dwell_strerror(err) : "another answer from", threads);
	dwell_answer_free(one);
	dwell_answer_free(many);
	return failed;
}

static int try(uint64_t seed, size_t rows, size_t silent)
{
	/* All in parts; some beside what must see the rows in one piece; and what one thread reads,
	 * another follows, and maybe a third one folds. */
	static const unsigned analyses[] = { DWELL_ANALYZE_TASKS | DWELL_ANALYZE_LATENCY,
		DWELL_ANALYZE_FINDINGS, DWELL_ANALYZE_BLOCKED | DWELL_ANALYZE_LOCKS };
	struct memory memory = { .output = { keep } };
	int failed = write_history(&memory, seed, rows, silent);

	if (failed)
		printf("seed %lu: not written\n", (unsigned long)seed);
	for (size_t i = 0; i < sizeof(analyses) / sizeof(analyses[0]) && !failed; i++)
		failed = judge(&memory, analyses[i], 8, seed) ||
			 judge(&memory, analyses[i], 2, seed);
	free(memory.at);
	return failed;
}

int main(void)
{
	int failed = 0;

	for (uint64_t seed = 1; seed <= 20; seed++)
		failed |= try(seed, 0, 0);
	for (uint64_t seed = 21; seed <= 23; seed++)
		failed |= try(seed, 100000, 0);
	/* Not all that is told before its turn is kept. */
	ahead_bytes = 1;
	failed |= try(27, 100000, 60000);
	ahead_bytes = 0;
	/* Or some parts are told already when it begins. */
	for (uint64_t seed = 30; seed <= 70; seed++)
		failed |= try(seed, 0, 100 + seed);
	/* What holders did is kept from a moment on at which three threads are at work. */
	for (uint64_t seed = 24; seed <= 26; seed++)
		failed |= try(seed, 200000, 130000);
	return failed != 0;
}

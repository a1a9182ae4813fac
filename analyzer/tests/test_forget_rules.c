/*
 * Rules ask of tasks that have ended what nothing else does: who led, took turns, waited first, or
 * woke another whose wait goes on. Each of these is here, in a page of ids of its own among many
 * tasks that end at once, so that it is forgotten if nobody says that it is needed.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/findings.h"
#include "answers.h"

#define US UINT64_C(1000)
#define MS (1000 * US)

enum { CPUS = 10, IDS = 38000, CROWD = 30 };
/* Those by which something is found. */
enum {
	ONE = 1, /* turns with OTHER, but in their middle one with BETWEEN, which ends then */
	OTHER,
	BETWEEN,
	ONE_EARLY, /* the same, but what lets it go on comes before it waits */
	OTHER_EARLY,
	BETWEEN_EARLY,
	PING, /* is let go on a thousand times by PONG on another CPU, which waits for the net */
	PONG,
	HOG,    /* runs all the time, so that none of these leads */
	POLLS,  /* asks again and again */
	YIELDS, /* runs for a moment again and again */
	LEADER, /* runs alone while two wait for it */
	LED,
	LED_TOO,
	BUSY, /* has most of the work */
	IDLE,
	IDLE_TOO,
	CROWDED, /* and others after it: all are ready at once */
	ACTORS = CROWDED + CROWD
};

struct plot {
	struct dwell_source source;
	struct dwell_source_ops ops;
	struct dwell_event *rows;
	size_t count, cap;
};

static uint32_t id_of_actor(unsigned actor)
{
	return actor * 64 + 63;
}

/* 0: one of many. */
static unsigned actor_of(uint32_t id)
{
	return id % 64 == 63 && id / 64 < ACTORS ? id / 64 : 0;
}

static uint32_t process_of(uint32_t id)
{
	const unsigned actor = actor_of(id);

	return actor < LEADER ? 1 : actor < BUSY ? 2 : actor < CROWDED ? 3 : 4;
}

static void add(struct plot *plot, struct dwell_event row)
{
	if (plot->count == plot->cap) {
		plot->cap = plot->cap ? plot->cap * 2 : 1 << 16;
		plot->rows = realloc(plot->rows, plot->cap * sizeof(*plot->rows));
		cr_assert(plot->rows != NULL);
	}
	plot->rows[plot->count++] = row;
}

static void create(struct plot *plot, uint32_t id, uint64_t at_ns)
{
	add(plot, (struct dwell_event){ .kind = DWELL_EVENT_CREATE,
			  .task = id,
			  .time_ns = at_ns,
			  .state = DWELL_RUNNABLE });
}

static void enter(struct plot *plot, uint32_t id, uint32_t executor, uint64_t at_ns)
{
	add(plot, (struct dwell_event){ .kind = DWELL_EVENT_SWITCH,
			  .peer = id,
			  .executor = executor,
			  .time_ns = at_ns });
}

static void leave(
	struct plot *plot, uint32_t id, uint32_t executor, uint64_t at_ns, unsigned reason)
{
	add(plot, (struct dwell_event){ .kind = DWELL_EVENT_SWITCH,
			  .task = id,
			  .executor = executor,
			  .time_ns = at_ns,
			  .stack = reason ? 1 + reason : 0,
			  .state = reason ? DWELL_BLOCKED : DWELL_EXITED,
			  .reason = (uint8_t)reason });
}

static void wake(struct plot *plot, uint32_t id, uint32_t by, uint64_t at_ns)
{
	add(plot, (struct dwell_event){ .kind = DWELL_EVENT_WAKE,
			  .task = id,
			  .peer = by,
			  .time_ns = at_ns,
			  .state = DWELL_RUNNABLE });
}

/* `one` runs on 1 and the other, which waits, on 2: they let each other go on, 100 us each. */
static uint64_t take_turns(struct plot *plot, unsigned one, unsigned other, uint32_t on,
	unsigned turns, uint64_t at_ns)
{
	const uint32_t ids[] = { id_of_actor(one), id_of_actor(other) };

	for (unsigned i = 0; i < 2 * turns; i++, at_ns += 100 * US) {
		const uint32_t from = ids[i % 2], to = ids[(i + 1) % 2];

		wake(plot, to, from, at_ns + 10 * US);
		leave(plot, from, on + i % 2, at_ns + 12 * US, DWELL_REASON_CHANNEL_RECEIVE);
		enter(plot, to, on + (i + 1) % 2, at_ns + 95 * US);
	}
	return at_ns;
}

/* Both run at the start, on `on` and the next; the other waits then. */
static uint64_t meet(struct plot *plot, unsigned one, unsigned other, uint32_t on, uint64_t at_ns)
{
	create(plot, id_of_actor(one), at_ns);
	create(plot, id_of_actor(other), at_ns);
	enter(plot, id_of_actor(other), on + 1, at_ns + US);
	leave(plot, id_of_actor(other), on + 1, at_ns + 3 * US, DWELL_REASON_CHANNEL_RECEIVE);
	enter(plot, id_of_actor(one), on, at_ns + 5 * US);
	return at_ns + 10 * US;
}

/*
 * In a wait of the program, whose end tells who let it go on, `one` goes on thanks to `between`,
 * which ends, and runs a good deal later: neither of its turns with `other` is the longer for it.
 */
static void plot_turns(struct plot *plot, unsigned actor, uint32_t on, uint32_t between_on)
{
	const uint32_t one = id_of_actor(actor), other = id_of_actor(actor + 1);
	const uint32_t between = id_of_actor(actor + 2);
	const struct dwell_event program = {
		.task = one, .reason = DWELL_REASON_CHANNEL_RECEIVE, .state = DWELL_STATE_SAME
	};
	struct dwell_event row = program;
	uint64_t at_ns =
		take_turns(plot, actor, actor + 1, on, 2000, meet(plot, actor, actor + 1, on, 0));

	create(plot, between, at_ns);
	enter(plot, between, between_on, at_ns + 5 * US);
	leave(plot, between, between_on, at_ns + 10 * US, DWELL_REASON_CHANNEL_RECEIVE);
	wake(plot, between, one, at_ns + 20 * US);
	row.kind = DWELL_EVENT_WAIT_BEGIN;
	row.time_ns = at_ns + 22 * US;
	add(plot, row);
	enter(plot, between, between_on, at_ns + 30 * US);
	wake(plot, one, between, at_ns + 40 * US);
	leave(plot, one, on, at_ns + (actor == ONE ? 35 : 45) * US, DWELL_REASON_CHANNEL_RECEIVE);
	leave(plot, between, between_on, at_ns + 50 * US, 0);
	if (actor == ONE)
		enter(plot, one, on, at_ns + 60 * US);
	at_ns = 2900 * MS;
	if (actor != ONE)
		enter(plot, one, on, at_ns);
	row.kind = DWELL_EVENT_WAIT_END;
	row.time_ns = at_ns + US;
	add(plot, row);
	at_ns = take_turns(plot, actor, actor + 1, on, 2000, at_ns + 2 * US);
	wake(plot, other, one, at_ns + US);
	leave(plot, one, on, at_ns + 2 * US, 0);
	enter(plot, other, on + 1, at_ns + 3 * US);
	leave(plot, other, on + 1, at_ns + 4 * US, 0);
}

/* One is let go on by the other, which waits for the net meanwhile, and was let go on by it once.
 */
static void plot_nagging(struct plot *plot)
{
	const uint32_t ping = id_of_actor(PING), pong = id_of_actor(PONG);
	uint64_t at_ns = meet(plot, PING, PONG, 4, 50 * US);

	wake(plot, pong, ping, at_ns);
	leave(plot, ping, 4, at_ns + US, DWELL_REASON_CHANNEL_RECEIVE);
	for (unsigned i = 0; i < 1100; i++, at_ns += 200 * US) {
		enter(plot, pong, 5, at_ns + 2 * US);
		wake(plot, ping, pong, at_ns + 3 * US);
		leave(plot, pong, 5, at_ns + 5 * US, DWELL_REASON_NET);
		enter(plot, ping, 4, at_ns + 7 * US);
		leave(plot, ping, 4, at_ns + 9 * US, DWELL_REASON_CHANNEL_RECEIVE);
		wake(plot, pong, 0, at_ns + 195 * US);
	}
	enter(plot, pong, 5, at_ns + 2 * US);
	wake(plot, ping, pong, at_ns + 3 * US);
	leave(plot, pong, 5, at_ns + 5 * US, 0);
	enter(plot, ping, 4, at_ns + 7 * US);
	leave(plot, ping, 4, at_ns + 9 * US, 0);
}

/* It waits for the net once, before all others, and has to leave now and then. */
static void plot_hog(struct plot *plot)
{
	const uint32_t hog = id_of_actor(HOG);

	create(plot, hog, 0);
	enter(plot, hog, 7, 100);
	leave(plot, hog, 7, 200, DWELL_REASON_NET);
	wake(plot, hog, 0, 300);
	enter(plot, hog, 7, 400);
	for (uint64_t at_ns = MS; at_ns < 3800 * MS; at_ns += MS) {
		add(plot, (struct dwell_event){ .kind = DWELL_EVENT_SWITCH,
				  .task = hog,
				  .executor = 7,
				  .time_ns = at_ns,
				  .state = DWELL_RUNNABLE,
				  .flags = DWELL_EVENT_PREEMPTED });
		enter(plot, hog, 7, at_ns + 1);
	}
}

static void plot_polls(struct plot *plot)
{
	const uint32_t id = id_of_actor(POLLS);
	uint64_t at_ns = 300 * MS;

	create(plot, id, at_ns);
	enter(plot, id, 6, at_ns + US);
	for (unsigned i = 0; i < 300; i++, at_ns += MS) {
		leave(plot, id, 6, at_ns + 5 * US, DWELL_REASON_SLEEP);
		wake(plot, id, 0, at_ns + MS - 2 * US);
		enter(plot, id, 6, at_ns + MS);
	}
	leave(plot, id, 6, at_ns + 5 * US, 0);
}

static void plot_yields(struct plot *plot)
{
	const uint32_t id = id_of_actor(YIELDS);
	uint64_t at_ns = 650 * MS;

	create(plot, id, at_ns);
	for (unsigned i = 0; i < 3000; i++, at_ns += 30 * US) {
		enter(plot, id, 6, at_ns + 5 * US);
		add(plot, (struct dwell_event){ .kind = DWELL_EVENT_SWITCH,
				  .task = id,
				  .executor = 6,
				  .time_ns = at_ns + 25 * US,
				  .state = DWELL_RUNNABLE });
	}
	enter(plot, id, 6, at_ns + 5 * US);
	leave(plot, id, 6, at_ns + 10 * US, 0);
}

/* The first of `count` runs for `alone_ns` while the others wait for it; these run on for a while.
 */
static void plot_leader(struct plot *plot, unsigned actor, unsigned count, uint32_t on,
	uint64_t at_ns, uint64_t alone_ns, uint64_t after_ns)
{
	for (unsigned i = 0; i < count; i++)
		create(plot, id_of_actor(actor + i), at_ns);
	for (unsigned i = 1; i < count; i++) {
		const uint32_t id = id_of_actor(actor + i);

		enter(plot, id, on + i, at_ns + US);
		leave(plot, id, on + i, at_ns + 10 * US, DWELL_REASON_CHANNEL_RECEIVE);
		wake(plot, id, id_of_actor(actor), at_ns + alone_ns);
		enter(plot, id, on + i, at_ns + alone_ns + i * US);
		leave(plot, id, on + i, at_ns + alone_ns + after_ns, 0);
	}
	enter(plot, id_of_actor(actor), on, at_ns + US);
	leave(plot, id_of_actor(actor), on, at_ns + alone_ns + 10 * US, 0);
}

static void plot_crowd(struct plot *plot)
{
	for (unsigned i = 0; i < CROWD; i++) {
		const uint32_t id = id_of_actor(CROWDED + i);
		const uint64_t at_ns = 1900 * MS + i * MS;

		create(plot, id, 1700 * MS);
		enter(plot, id, 3, at_ns);
		leave(plot, id, 3, at_ns + (i == 5 ? 900 : 800) * US, 0);
	}
}

/* Each is ready while the one before it runs. */
static void plot_many(struct plot *plot)
{
	for (uint32_t id = 1; id <= IDS; id++) {
		const uint64_t at_ns = id * 100 * US;

		if (actor_of(id))
			continue;
		create(plot, id, at_ns);
		enter(plot, id, CPUS, at_ns + 30 * US);
		leave(plot, id, CPUS, at_ns + 120 * US, 0);
	}
}

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
	for (uint32_t id = 1; id <= 4 && !err; id++) {
		const struct dwell_process process = { .id = id, .pid = -1, .name = { "p", 1 } };

		err = DWELL_TELL(sink, process, &process);
	}
	for (uint32_t id = 1; id <= 2 && !err; id++) {
		const struct dwell_line line = { .function = {
							 id == 1 ? "main.one" : "main.two", 8 } };
		const struct dwell_location location = {
			.id = id, .lines = &line, .line_count = 1
		};

		err = DWELL_TELL(sink, location, &location);
	}
	for (uint32_t id = 1; id <= CPUS && !err; id++) {
		const struct dwell_executor executor = { .id = id, .kind = DWELL_EXECUTOR_P };

		err = DWELL_TELL(sink, executor, &executor);
	}
	return err;
}

static int tell_task(struct dwell_sink *sink, const struct dwell_event *made)
{
	static const char *const names[] = { "main.work1", "main.work2", "main.many1" };
	const struct dwell_task task = { .id = made->task,
		.process = process_of(made->task),
		.kind = actor_of(made->task) == YIELDS ? DWELL_TASK_THREAD : DWELL_TASK_GOROUTINE,
		.born = made->task % 50 != 3,
		.tid = -1,
		.native_id = made->task,
		.created_ns = made->time_ns,
		.start_location = actor_of(made->task) ? 0 : made->task % 3,
		.name = { names[actor_of(made->task) ? made->task / 64 % 2 : 2], 10 } };

	return DWELL_TELL(sink, task, &task);
}

static int tell_rows(struct dwell_source *source, const struct dwell_source_options *options,
	size_t part, struct dwell_sink *sink)
{
	const struct plot *plot = (const struct plot *)source;
	int err = DWELL_OK;

	(void)options;
	(void)part;
	for (size_t i = 0; i < plot->count && !err; i++) {
		if (plot->rows[i].kind == DWELL_EVENT_CREATE)
			err = tell_task(sink, &plot->rows[i]);
		if (!err)
			err = DWELL_TELL(sink, events, &plot->rows[i], 1);
	}
	return err;
}

static int tell_end(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	const struct dwell_trace_end end = { .end_ns = 3900 * MS, .closed = true };

	(void)source;
	(void)options;
	return DWELL_TELL(sink, end, &end);
}

/* No two rows are of one task at one time. */
static int by_time(const void *a, const void *b)
{
	const struct dwell_event *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->task + x->peer > y->task + y->peer) - (x->task + x->peer < y->task + y->peer);
}

/* forgets: as a foreign trace of one part does. */
static struct dwell_answer *ask(unsigned analyses, bool forgets)
{
	const struct dwell_query query = { .analyses = analyses, .worst = 50 };
	struct plot plot = { .ops = { .foreign = forgets,
				     .parts = one_part,
				     .start = tell_start,
				     .drive_part = tell_rows,
				     .finish = tell_end } };
	struct dwell_answer *answer = NULL;
	struct dwell_diag diag = { 0 };

	plot.source.ops = &plot.ops;
	plot_turns(&plot, ONE, 1, 3);
	plot_turns(&plot, ONE_EARLY, 8, 4);
	plot_nagging(&plot);
	plot_hog(&plot);
	plot_polls(&plot);
	plot_yields(&plot);
	plot_leader(&plot, LEADER, 3, 3, 700 * MS, 300 * MS, 200 * MS);
	plot_leader(&plot, BUSY, 3, 3, 1200 * MS, 400 * MS, 20 * US);
	plot_crowd(&plot);
	plot_many(&plot);
	qsort(plot.rows, plot.count, sizeof(*plot.rows), by_time);
	cr_assert(eq(int, dwell_analyze(&answer, &plot.source, &query, &diag), 0), "%s", diag.what);
	free(plot.rows);
	return answer;
}

static void expect_found(const struct dwell_findings *findings, const char *rule, unsigned actor)
{
	bool found = false;

	for (size_t i = 0; i < findings->count; i++)
		found |= !strcmp(findings->rows[i].rule, rule) &&
			 findings->rows[i].tasks[0] == id_of_actor(actor);
	cr_expect(found, "%s of %u", rule, actor);
}

Test(forget_rules, ask_of_those_that_have_ended)
{
	struct dwell_answer *got = ask(DWELL_ANALYZE_FINDINGS, true);
	struct dwell_answer *want = ask(DWELL_ANALYZE_FINDINGS, false);
	char *texts[] = { answer_text(got), answer_text(want) };

	expect_same_text(texts[0], texts[1]);
	expect_found(want->findings, "ping-pong", PING);
	expect_found(want->findings, "busy-polling", POLLS);
	expect_found(want->findings, "busy-polling", YIELDS);
	expect_found(want->findings, "serial-stretch", LEADER);
	expect_found(want->findings, "imbalance", BUSY);
	expect_found(want->findings, "oversubscription", CROWDED + 5);
	for (size_t i = 0; i < want->findings->count; i++) {
		cr_expect(not(finding_names(&want->findings->rows[i], id_of_actor(OTHER))));
		cr_expect(not(finding_names(&want->findings->rows[i], id_of_actor(OTHER_EARLY))));
	}
	free(texts[0]);
	free(texts[1]);
	dwell_answer_free(got);
	dwell_answer_free(want);
}

/* What classes did is the same, however many of them have ended. */
Test(forget_rules, digest)
{
	enum { ALL = DWELL_ANALYZE_DIGEST | DWELL_ANALYZE_BLOCKED | DWELL_ANALYZE_LATENCY };
	struct dwell_answer *got = ask(ALL, true), *want = ask(ALL, false);
	unsigned char *bytes[2];
	size_t sizes[2], there = 0;

	cr_assert(zero(int, dwell_digest_encode(got->digest, &bytes[0], &sizes[0])));
	cr_assert(zero(int, dwell_digest_encode(want->digest, &bytes[1], &sizes[1])));
	cr_assert(eq(sz, sizes[0], sizes[1]));
	cr_expect(zero(int, memcmp(bytes[0], bytes[1], sizes[0])));
	for (uint32_t id = 1; id < dwell_catalog_tasks(got->catalog); id++)
		there += table_get(&got->catalog->tasks, id) != NULL;
	cr_expect(lt(sz, there, IDS / 2));
	free(bytes[0]);
	free(bytes[1]);
	dwell_answer_free(got);
	dwell_answer_free(want);
}

/*
 * The laws, on generated histories: the same answer from any number of threads and any size of
 * parts, and from a window and a cut; times that add up.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"

enum {
	ALL = DWELL_ANALYZE_TASKS | DWELL_ANALYZE_LATENCY | DWELL_ANALYZE_BLOCKED |
	      DWELL_ANALYZE_LOCKS | DWELL_ANALYZE_SPANS | DWELL_ANALYZE_METRICS |
	      DWELL_ANALYZE_FLAME | DWELL_ANALYZE_STAT,
	PARALLEL = DWELL_ANALYZE_TASKS | DWELL_ANALYZE_LATENCY | DWELL_ANALYZE_STAT
};

static char *text_of(const struct memory_output *file, const struct dwell_query *query)
{
	struct dwell_answer *answer = analyze_memory(file, query);
	char *text = answer_text(answer);

	dwell_answer_free(answer);
	return text;
}

/* The first line in which two texts differ. */
static void expect_same(const char *a, const char *b, uint64_t seed, const char *what)
{
	while (*a && *b) {
		const size_t m = strcspn(a, "\n"), n = strcspn(b, "\n");

		if (m != n || memcmp(a, b, n) != 0)
			cr_fatal("seed %lu, %s:\n%.*s\n%.*s", seed, what, (int)m, a, (int)n, b);
		a += m + (a[m] != 0);
		b += n + (b[n] != 0);
	}
	const bool ended = !*a && !*b;
	cr_expect(ended, "seed %lu, %s: one is longer", seed, what);
}

Test(model, threads_and_parts)
{
	static const unsigned threads[] = { 1, 2, 3, 17 };

	for (uint64_t seed = 1; seed <= 100; seed++) {
		const struct gen_options options = gen_any(seed);
		struct dwell_query query = { .analyses = PARALLEL, .worst = 1000 };
		struct memory_output whole, parts;
		char *want;

		write_history(&whole, &options, 1u << 20, 0, 0);
		write_history(&parts, &options, 64 + (uint32_t)seed, 0, 0);
		want = text_of(&whole, &query);
		for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
			char *got;

			query.threads = threads[i];
			got = text_of(&parts, &query);
			expect_same(got, want, seed, "parts");
			free(got);
		}
		free(want);
		query.analyses = ALL;
		want = text_of(&whole, &query);

		char *got = text_of(&parts, &query);
		expect_same(got, want, seed, "parts, all analyses");
		free(got);
		free(want);
		memory_output_release(&whole);
		memory_output_release(&parts);
	}
}

/* What must see all rows in their order is told of parts before it is their turn. */
Test(model, parts_in_turn)
{
	static const unsigned threads[] = { 2, 3, 8 };
	static const unsigned analyses[] = { DWELL_ANALYZE_BLOCKED, DWELL_ANALYZE_LOCKS,
		DWELL_ANALYZE_BLOCKED | DWELL_ANALYZE_LOCKS };

	for (uint64_t seed = 1; seed <= 150; seed++) {
		const struct gen_options options = gen_any(seed);
		struct dwell_query query = { .analyses = analyses[seed % 3] };
		struct memory_output whole, parts;
		char *want;

		write_history(&whole, &options, 1u << 20, 0, 0);
		write_history(&parts, &options, 16 + (uint32_t)seed, 0, 0);
		want = text_of(&whole, &query);
		for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
			char *got;

			query.threads = threads[i];
			got = text_of(&parts, &query);
			expect_same(got, want, seed, "parts in turn");
			free(got);
		}
		free(want);
		memory_output_release(&whole);
		memory_output_release(&parts);
	}
}

/* Who asks for both has them of the same waits, put into groups in two ways. */
Test(model, blocked_and_locks_at_once)
{
	for (uint64_t seed = 1; seed <= 100; seed++) {
		const struct gen_options options = gen_any(seed);
		struct dwell_query query = { .analyses = DWELL_ANALYZE_BLOCKED };
		struct memory_output file;
		char *alone[2], *got;

		write_history(&file, &options, 1000, 0, 0);
		alone[0] = text_of(&file, &query);
		query.analyses = DWELL_ANALYZE_LOCKS;
		alone[1] = text_of(&file, &query);
		query.analyses |= DWELL_ANALYZE_BLOCKED;

		struct dwell_answer *answer = analyze_memory(&file, &query);
		struct dwell_locks *locks = answer->locks;
		struct dwell_blocked *blocked = answer->blocked;
		answer->locks = NULL;
		got = answer_text(answer);
		expect_same(got, alone[0], seed, "blocked");
		free(got);
		answer->locks = locks;
		answer->blocked = NULL;
		got = answer_text(answer);
		expect_same(got, alone[1], seed, "locks");
		free(got);
		answer->blocked = blocked;
		dwell_answer_free(answer);
		free(alone[0]);
		free(alone[1]);
		memory_output_release(&file);
	}
}

Test(model, window_is_cut)
{
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct gen_options options = gen_any(seed);
		struct dwell_query query = { .analyses = ALL, .worst = 10 };
		struct memory_output whole, cut;

		/* A loss that is told ahead is in no keyframe. */
		options.ahead = false;
		write_history(&whole, &options, 100, 0, 0);

		struct dwell_answer *answer = analyze_memory(&whole, &query);
		const uint64_t end = answer->trace.end_ns;
		const uint64_t from = end / 7 * (seed % 5) + seed, to = from + end / 3;
		dwell_answer_free(answer);

		write_history(&cut, &options, 1000, from, to);

		char *want = text_of(&cut, &query);
		query.selection = (struct dwell_selection){ .from_ns = from, .to_ns = to };
		char *got = text_of(&whole, &query);
		expect_same(got, want, seed, "window, cut");
		free(got);
		query.analyses = PARALLEL;
		query.threads = 2;
		got = text_of(&whole, &query);
		free(want);
		query.threads = 1;
		want = text_of(&whole, &query);
		expect_same(got, want, seed, "window, threads");
		free(got);
		free(want);
		query.analyses = DWELL_ANALYZE_BLOCKED | DWELL_ANALYZE_LOCKS;
		want = text_of(&whole, &query);
		query.threads = 3;
		got = text_of(&whole, &query);
		expect_same(got, want, seed, "window, in turn");
		free(got);
		free(want);
		memory_output_release(&whole);
		memory_output_release(&cut);
	}
}

static bool is_of_server(void *context, const struct dwell_process *process)
{
	(void)context;
	return process->pid == 4001;
}

static bool ends_in_1(void *context, const struct dwell_task *task)
{
	(void)context;
	return task->id % 10 == 1;
}

/* How tasks are chosen when a cut is made, and how by who asks the whole. */
static const struct choice {
	const char *name;
	struct dwell_filter_options part;
	struct dwell_selection selection;
	unsigned analyses;
} choices[] = {
	{ "a process", { .keep_process = is_of_server }, { .process_glob = "4001" },
		DWELL_ANALYZE_TASKS | DWELL_ANALYZE_LATENCY | DWELL_ANALYZE_SPANS },
	{ "tasks", { .keep_task = ends_in_1 }, { .task_glob = "worker-*1", .all_processes = true },
		DWELL_ANALYZE_TASKS | DWELL_ANALYZE_LATENCY | DWELL_ANALYZE_SPANS },
};

/* Without the facts about the trace, of which there are more. */
static const char *rows_of(const char *text)
{
	return strchr(text, '\n') + 1;
}

/* Who ran instead, too, where the cut was not to keep who that was. */
static void check_choice(const struct choice *choice, uint64_t seed)
{
	const struct gen_options options = gen_any(seed);
	struct dwell_query query = { .analyses = choice->analyses, .worst = 1000 };
	struct memory_output whole, cut;

	query.selection = choice->selection;
	write_history(&whole, &options, 1000, 0, 0);
	write_part(&cut, &options, 100, &choice->part);

	char *want = text_of(&whole, &query);
	query.selection = (struct dwell_selection){ .all_processes = true };
	char *got = text_of(&cut, &query);
	expect_same(rows_of(got), rows_of(want), seed, choice->name);
	free(got);
	free(want);
	memory_output_release(&whole);
	memory_output_release(&cut);
}

Test(model, chosen_tasks_are_cut)
{
	for (uint64_t seed = 1; seed <= 150; seed++)
		for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
			check_choice(&choices[i], seed);
}

/* Each reason once, and all together are the time that it was blocked. */
static void check_reasons(const struct dwell_holder *holder, uint64_t seed)
{
	uint64_t by_reason[DWELL_REASON_COUNT], ns = 0;

	dwell_holder_blocked_by(holder, by_reason);
	for (unsigned i = 0; i < holder->reason_count; i++) {
		cr_expect(eq(u64, holder->reasons[i].ns, by_reason[holder->reasons[i].reason]),
			"seed %lu", seed);
		ns += holder->reasons[i].ns;
	}
	cr_expect(eq(u64, ns, holder->times.blocked_ns), "seed %lu", seed);
}

static void check_adds_up(const struct dwell_answer *answer, uint64_t seed)
{
	for (size_t i = 0; i < answer->tasks->count; i++) {
		const struct dwell_tasks_row *r = &answer->tasks->rows[i];
		const uint64_t end =
			r->ended_ns == DWELL_FOREVER ? answer->trace.end_ns : r->ended_ns;
		uint64_t blocked = 0;

		for (size_t j = 0; j < DWELL_REASON_COUNT; j++)
			blocked += r->blocked_by[j];
		cr_expect(eq(u64, blocked, r->times.blocked_ns));
		cr_expect(eq(u64, end - r->created_ns,
				  r->times.running_ns + r->times.runnable_ns + r->times.blocked_ns +
					  r->times.unknown_ns),
			"seed %lu task %u", seed, r->task);
	}
	for (size_t i = 0; i < answer->latency->worst_count; i++) {
		const struct dwell_worst *w = &answer->latency->worst[i];
		uint64_t ns = 0;

		for (size_t j = 0; j < w->ran_count; j++)
			ns += w->ran_instead[j].ns;
		cr_expect(eq(u64, ns, w->latency_ns), "seed %lu worst %zu", seed, i);
	}
	for (size_t i = 0; i < answer->blocked->count; i++) {
		const struct dwell_blocked_row *r = &answer->blocked->rows[i];
		uint64_t held = 0;

		cr_expect(le(u64, r->underused_ns, r->waits.total_ns));
		cr_expect(eq(u64, r->waits.total_ns,
			r->times.running_ns + r->times.runnable_ns + r->times.blocked_ns +
				r->times.unknown_ns));
		for (size_t j = 0; j < r->holder_count; j++) {
			const struct dwell_holder *h = &r->holders[j];

			held += h->total_ns;
			check_reasons(h, seed);
			cr_expect(eq(u64, h->total_ns,
				h->times.running_ns + h->times.runnable_ns + h->times.blocked_ns +
					h->times.unknown_ns));
		}
		cr_expect(le(u64, held, r->waits.total_ns + r->open_ns), "seed %lu site %zu", seed,
			i);
	}
}

Test(model, times_add_up)
{
	for (uint64_t seed = 1; seed <= 150; seed++) {
		const struct gen_options options = gen_any(seed);
		const struct dwell_query query = { .analyses = ALL, .worst = UINT64_MAX };
		struct memory_output file;

		write_history(&file, &options, 500, 0, 0);

		struct dwell_answer *answer = analyze_memory(&file, &query);
		check_adds_up(answer, seed);
		dwell_answer_free(answer);
		memory_output_release(&file);
	}
}

static struct dwell_string text(const char *of)
{
	return (struct dwell_string){ of, strlen(of) };
}

#define LIB "/usr/lib/python3.11/"
#define JVM "/usr/lib/jvm/lib/server/libjvm.so"

/* Which frame of a stack is the site: the function, or none where all are common. */
static const struct {
	const char *site;
	struct {
		const char *function, *file, *module;
		uint64_t address;
	} frames[7];
} sites[] = {
	{ "work", { { "sem_wait", "", "/lib/libc.so.6", 1 }, { "work", "w.c", "/bin/w", 2 } } },
	{ NULL, { { "sem_wait", "", "/lib/libc.so.6", 1 }, { "start", "", "/lib/libc.so.6", 2 } } },
	{ "cg::main",
		{ { "<i32 as core::iter::traits::accum::Sum>::sum",
			  "/rustc/6b00bc38/library/core/src/iter/traits/accum.rs", "/bin/cg", 50 },
			{ "cg::main", "src/main.rs", "/bin/cg", 5 } } },
	/* In a static program the library's functions are the program's. */
	{ "work",
		{ { "__lll_lock_wait", "", "/bin/w", 1 },
			{ "__pthread_mutex_lock", "", "/bin/w", 2 }, { "work", "w.c", "/bin/w", 3 },
			{ "start_thread", "", "/bin/w", 4 }, { "__clone3", "", "/bin/w", 5 } } },
	{ "nap", { { "__clock_nanosleep", "", "/bin/w", 1 }, { "__nanosleep", "", "/bin/w", 2 },
			 { "usleep", "", "/bin/w", 3 }, { "nap", "w.c", "/bin/w", 4 } } },
	{ "semaphore_take", { { "__new_sem_wait", "", "/bin/w", 1 },
				    { "semaphore_take", "w.c", "/bin/w", 2 } } },
	{ "reader", { { "__libc_read", "", "/bin/w", 1 }, { "reader", "w.c", "/bin/w", 2 } } },
	/* All of them named, as importers have it: no interpreter. */
	{ "main.work", { { "sync.Wait", "s.go", "", 0 }, { "main.work", "m.go", "", 0 } } },
	{ "work", { { "take_gil", "", "/bin/python3.11", 1 }, { "work", "prog.py", "", 0 },
			  { "<module>", "prog.py", "", 0 } } },
	{ "work", { { "acquire", "", "/bin/python3.11", 1 }, { "wait", LIB "threading.py", "", 0 },
			  { "get", LIB "queue.py", "", 0 }, { "work", "/srv/queue.py", "", 0 },
			  { "run", LIB "threading.py", "", 0 } } },
	{ "send", { { "send", "", "/bin/python3.11", 1 }, { "sendall", LIB "socket.py", "", 0 },
			  { "send", LIB "site-packages/app/net.py", "", 0 } } },
	{ "<module>", { { "read", "", "/bin/python3.11", 1 },
			      { "get_data", "<frozen importlib._bootstrap_external>", "", 0 },
			      { "<module>", "prog.py", "", 0 } } },
	{ "pl::first", { { "<parking_lot_core::thread_parker::imp::ThreadParker>::park", "",
				 "/bin/pl", 1 },
			       { "parking_lot::raw_mutex::RawMutex::lock_slow", "", "/bin/pl", 2 },
			       { "lock_api::mutex::Mutex<R,T>::lock", "", "/bin/pl", 3 },
			       { "pl::first", "", "/bin/pl", 4 } } },
	/* Java's and Node's compilers name what they made, but not what is interpreted. */
	{ "Pool.work", { { "ObjectMonitor::EnterI", "", JVM, 1 },
			       { "monitorenter_nofpu Runtime1 stub", "", "", 2 },
			       { "Pool.work", "", "", 3 }, { "Interpreter", "", "", 4 } } },
	{ "App.next",
		{ { "Unsafe_Park", "", JVM, 1 }, { "jdk.internal.misc.Unsafe.park", "", "", 2 },
			{ "java.util.concurrent.LinkedBlockingQueue.take", "", "", 3 },
			{ "App.next", "", "", 4 }, { "JavaCalls::call_helper", "", JVM, 5 } } },
	{ "java.lang.Thread.run", { { "Unsafe_Park", "", JVM, 1 }, { "Interpreter", "", "", 2 },
					  { "java.lang.Thread.run", "", "", 3 } } },
	{ "ObjectMonitor::EnterI",
		{ { "os::PlatformEvent::park", "", JVM, 1 },
			{ "ObjectMonitor::EnterI", "", JVM, 2 }, { "Interpreter", "", "", 3 },
			{ "StubRoutines (1)", "", "", 4 }, { "JavaCalls::call", "", JVM, 5 } } },
	{ "take", { { "uv_cond_wait", "", "/usr/bin/node", 1 }, { "take", "/srv/w.js", "", 2 },
			  { "emit", "node:events", "", 3 } } },
	{ "node::Post", { { "uv_mutex_lock", "", "/usr/bin/node", 1 },
				{ "node::Post", "", "/usr/bin/node", 2 } } },
	/* What libstdc++ puts around a call is compiled into the program. */
	{ "reader", { { "pthread_rwlock_rdlock", "", "/lib/libc.so.6", 1 },
			    { "__glibcxx_rwlock_rdlock", "/usr/include/c++/12/shared_mutex",
				    "/bin/r", 2 },
			    { "std::shared_mutex::lock_shared", "", "/bin/r", 2 },
			    { "reader", "r.cc", "/bin/r", 2 } } },
	/* Beyond a library without frame pointers: whatever a register held. */
	{ NULL, { { "std::thread::_M_start_thread", "", "/lib/libstdc++.so.6", 1 },
			{ "", "", "", 2 } } },
	{ "main", { { "std::thread::_M_start_thread", "", "/lib/libstdc++.so.6", 1 },
			  { "", "", "", 2 }, { "main", "m.cc", "/bin/m", 3 } } },
	/* A Go trace's: no modules at all. */
	{ "main.serve",
		{ { "sync.(*Mutex).Lock", "s.go", "", 1 }, { "main.serve", "m.go", "", 2 } } },
	/* Nothing but the library: where it waits itself. */
	{ "_worker", { { "acquire", "", "/bin/python3.11", 1 },
			     { "_worker", LIB "concurrent/futures/thread.py", "", 0 },
			     { "run", LIB "threading.py", "", 0 } } },
};

Test(model, site_of_a_stack)
{
	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
		struct dwell_frame frames[7] = { 0 };
		size_t count = 0, site;

		for (; sites[i].frames[count].function; count++)
			frames[count] = (struct dwell_frame){
				.function = text(sites[i].frames[count].function),
				.file = text(sites[i].frames[count].file),
				.module = text(sites[i].frames[count].module),
				.address = sites[i].frames[count].address,
			};
		site = dwell_frames_site(frames, count);
		if (sites[i].site)
			cr_expect(site < count && !strcmp(frames[site].function.at, sites[i].site),
				"row %zu: %zu", i, site);
		else
			cr_expect(eq(sz, site, count), "row %zu", i);
	}
}

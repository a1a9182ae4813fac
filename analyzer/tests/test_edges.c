/* Traces that are hardly there, and ones with very much in them. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "analysis/roles.h"
#include "answers.h"
#include "dwell/text.h"

static const struct dwell_query everything = {
	.analyses = DWELL_ANALYZE_TASKS | DWELL_ANALYZE_LATENCY | DWELL_ANALYZE_BLOCKED |
		    DWELL_ANALYZE_LOCKS | DWELL_ANALYZE_SPANS | DWELL_ANALYZE_METRICS |
		    DWELL_ANALYZE_FLAME | DWELL_ANALYZE_STAT,
	.worst = 5,
};

static struct dwell_answer *analyze_text(const char *text, const struct dwell_query *query)
{
	struct dwell_bytes *bytes = NULL;
	struct dwell_source *source = NULL;
	struct dwell_answer *answer = NULL;
	struct dwell_diag diag = { 0 };

	cr_assert(eq(int, dwell_bytes_open_memory(&bytes, text, strlen(text)), 0));
	cr_assert(eq(int, dwell_text_source_open(&source, bytes, &diag), 0), "%s", diag.what);
	cr_assert(eq(int, dwell_analyze(&answer, source, query, &diag), 0), "%u: %s", diag.line,
		diag.what);
	dwell_source_close(source);
	return answer;
}

#define HEAD "dwell-text 1\ntrace source=\"test\" tick=1 levels=scheduler,reasons\n"

/* Thread 2 holds the lock for 100, asleep for 60 of them; 3 and 4 wait, and get it in turn. */
static const char convoy[] =
	HEAD "process p1 pid=7 name=\"server\"\n"
	     "executor x1 kind=cpu number=0\nexecutor x2 kind=cpu number=1\n"
	     "task t2 kind=thread process=p1 tid=2 name=\"worker-1\"\n"
	     "task t3 kind=thread process=p1 tid=3 name=\"worker-2\"\n"
	     "task t4 kind=thread process=p1 tid=4 name=\"worker-3\"\n"
	     "object o1 kind=mutex process=p1 native=0x10 name=\"queue\"\n"
	     "1000 switch peer=t2 executor=x1\n"
	     "1000 switch peer=t3 executor=x2\n"
	     "1010 switch task=t3 state=blocked reason=mutex object=o1 peer=t4 executor=x2\n"
	     "1020 switch task=t4 state=blocked reason=mutex object=o1 executor=x2\n"
	     "1030 switch task=t2 state=blocked reason=sleep executor=x1\n"
	     "1090 wake task=t2 state=runnable executor=x1\n"
	     "1090 switch peer=t2 executor=x1\n"
	     "1110 wake task=t3 state=runnable peer=t2 executor=x1\n"
	     "1112 switch peer=t3 executor=x2\n"
	     "1150 wake task=t4 state=runnable peer=t3 executor=x2\n"
	     "1155 switch task=t3 state=blocked reason=sleep peer=t4 executor=x2\n"
	     "end time=1200 closed\n";

Test(edges, holders_share_a_wait)
{
	struct dwell_answer *answer = analyze_text(convoy, &everything);
	const struct dwell_lock_row *lock = &answer->locks->rows[0];

	cr_assert(eq(sz, answer->locks->count, 1));
	cr_expect(eq(u64, lock->contended, 2));
	cr_expect(eq(u64, lock->waits.total_ns, 100 + 130));
	cr_assert(eq(sz, lock->holder_count, 2));
	/* Both waited for 2 until 1110; then 4 waited for 3. */
	cr_expect(eq(u32, lock->holders[0].task, 2));
	cr_expect(eq(u64, lock->holders[0].total_ns, 100 + 90));
	cr_expect(eq(u64, lock->holders[0].times.blocked_ns, 60 + 60));
	cr_assert(eq(u32, lock->holders[0].reason_count, 1));
	cr_expect(eq(u32, lock->holders[0].reasons[0].reason, DWELL_REASON_SLEEP));
	cr_expect(eq(u64, lock->holders[0].reasons[0].ns, 120));
	cr_expect(eq(u32, lock->holders[1].task, 3));
	cr_expect(eq(u64, lock->holders[1].total_ns, 40));
	cr_expect(eq(u64, lock->holders[1].times.runnable_ns, 2));
	cr_expect(eq(u64, lock->holders[1].times.running_ns, 38));
	dwell_answer_free(answer);
}

Test(edges, selected_by_name)
{
	struct dwell_query query = everything;
	struct dwell_answer *answer;

	query.selection.task_glob = "worker-[23]";
	answer = analyze_text(convoy, &query);
	cr_expect(eq(sz, answer->tasks->count, 2));
	cr_expect(eq(u64, answer->latency->overall.count, 2));
	cr_expect(eq(u32, answer->trace.tasks, 3));
	dwell_answer_free(answer);
	query.selection = (struct dwell_selection){ .object_glob = "0x1?" };
	answer = analyze_text(convoy, &query);
	cr_expect(eq(u64, answer->blocked->rows[0].waits.count, 2));
	dwell_answer_free(answer);
	query.selection = (struct dwell_selection){ .process_glob = "client" };
	answer = analyze_text(convoy, &query);
	cr_expect(eq(sz, answer->tasks->count, 0));
	dwell_answer_free(answer);
}

/* A stranger runs in our thread's stead, wakes it, and waits itself. */
static const char stranger[] =
	HEAD "executor x1 kind=cpu number=0\n"
	     "process p1 pid=7 name=\"other\"\n"
	     "task t1 kind=thread process=p1 tid=1 name=\"other\"\n"
	     "1000 switch peer=t1 executor=x1\n"
	     "process p2 pid=8 recorded name=\"server\"\n" /* told late, as a text may */
	     "task t2 kind=thread process=p2 tid=2 name=\"worker\"\n"
	     "task t3 kind=thread tid=3 name=\"of nobody\"\n"
	     "1000 state task=t2 state=blocked reason=pipe\n"
	     "1000 state task=t3 state=blocked reason=sleep\n"
	     "1100 wake task=t2 state=runnable peer=t1 executor=x1\n"
	     "1150 switch task=t1 state=blocked reason=sleep peer=t2 executor=x1\n"
	     "1200 switch task=t2 state=blocked reason=file peer=t1 executor=x1\n"
	     "end time=1300 closed\n";

Test(edges, only_what_was_to_be_recorded)
{
	struct dwell_query query = everything;
	struct dwell_answer *answer = analyze_text(stranger, &query);

	cr_expect(eq(u32, answer->trace.tasks, 3));
	cr_expect(eq(u32, answer->trace.other_tasks, 2));
	cr_expect(eq(u64, answer->trace.waits.waits, 1));
	cr_expect(eq(u64, answer->stat->times.blocked_ns, 100 + 100));
	cr_assert(eq(sz, answer->tasks->count, 1));
	cr_expect(eq(u32, answer->tasks->rows[0].task, 2));
	cr_assert(eq(u64, answer->latency->overall.count, 1));
	cr_expect(eq(u32, answer->latency->worst[0].waker, 1));
	cr_expect(eq(u32, answer->latency->worst[0].ran_instead[0].task, 1));
	dwell_answer_free(answer);
	query.selection.all_processes = true;
	answer = analyze_text(stranger, &query);
	cr_expect(eq(sz, answer->tasks->count, 3));
	cr_expect(eq(u32, answer->trace.other_tasks, 2));
	dwell_answer_free(answer);
	query.selection = (struct dwell_selection){ .process_glob = "oth*" };
	answer = analyze_text(stranger, &query);
	cr_assert(eq(sz, answer->tasks->count, 1));
	cr_expect(eq(u32, answer->tasks->rows[0].task, 1));
	dwell_answer_free(answer);
}

Test(edges, nothing_and_little)
{
	static const char *const texts[] = {
		HEAD "end time=0 closed\n",
		HEAD "end time=500 closed\n",
		HEAD "task t1 kind=thread\n7 wake task=t1 state=runnable\nend time=9 closed\n",
		HEAD "task t1 kind=thread\n7 switch task=t1 state=exited\nend time=7 closed\n",
		HEAD "5 loss reason=full value=3\nend time=5 closed\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct dwell_answer *answer = analyze_text(texts[i], &everything);

		cr_expect(eq(u64, answer->latency->overall.count, 0));
		cr_expect(eq(u64, answer->blocked->count, 0));
		cr_expect(le(sz, answer->tasks->count, 1));
		dwell_answer_free(answer);
	}
}

Test(edges, window_beyond_the_end)
{
	struct dwell_query query = everything;
	struct dwell_answer *answer;

	query.selection.from_ns = 5000;
	answer = analyze_text(convoy, &query);
	cr_expect(eq(u64, answer->trace.events, 0));
	cr_expect(eq(u64, answer->latency->overall.count, 0));
	dwell_answer_free(answer);
	query.selection.to_ns = 5000;
	struct dwell_diag diag = { 0 };
	struct dwell_source nothing = { 0 };
	cr_expect(eq(int, dwell_analyze(&answer, &nothing, &query, &diag), DWELL_EINVAL));
	cr_expect(lt(sz, 0, strlen(diag.what)));
}

/* Many tasks, and a day. */
Test(edges, many_tasks_and_a_day)
{
	const struct gen_options options = {
		.seed = 5,
		.tasks = 10000,
		.executors = 4,
		.rows = 200000,
		.levels = DWELL_LEVEL_SCHEDULER,
		.step_ns = 432000000,
	};
	struct memory_output file;
	struct dwell_answer *answer;

	write_history(&file, &options, 20000, 0, 0);
	answer = analyze_memory(&file, &everything);
	cr_expect(lt(u64, 86400000000000u / 2, answer->trace.end_ns));
	cr_expect(lt(u32, 5000, answer->trace.tasks));
	for (size_t i = 0; i < answer->tasks->count; i++) {
		const struct dwell_tasks_row *r = &answer->tasks->rows[i];
		const uint64_t end =
			r->ended_ns == DWELL_FOREVER ? answer->trace.end_ns : r->ended_ns;

		cr_assert(eq(u64, end - r->created_ns,
			r->times.running_ns + r->times.runnable_ns + r->times.blocked_ns +
				r->times.unknown_ns));
	}
	dwell_answer_free(answer);
	memory_output_release(&file);
}

#define THREE                                                                                      \
	HEAD "process p1 pid=7 name=\"python\"\n"                                                  \
	     "task t2 kind=thread process=p1 tid=2 name=\"w-1\"\n"                                 \
	     "task t3 kind=thread process=p1 tid=3 name=\"w-2\"\n"                                 \
	     "task t4 kind=thread process=p1 tid=4 name=\"w-3\"\n"                                 \
	     "task t5 kind=thread process=p1 tid=5 name=\"w-4\"\n"                                 \
	     "object o1 kind=cond process=p1 native=0x10\n"
#define BEGIN(time, task) time " wait-begin task=" task " reason=cond object=o1\n"
#define GOT(time, task) time " wait-end task=" task " reason=cond object=o1\n"
#define LATE(time, task) time " wait-end task=" task " reason=cond object=o1 flags=timed-out\n"
#define SIGNAL(time, task) time " release task=" task " object=o1\n"

/* A lock built upon a condition: who waits looks at the clock, who gives it up waits again. */
static const char turns[] = THREE BEGIN("1010", "t3") BEGIN("1010", "t4") SIGNAL("1020", "t2")
	GOT("1021", "t3") BEGIN("1022", "t2") LATE("1060", "t4") BEGIN("1060", "t4")
		LATE("1072", "t2") BEGIN("1072", "t2") SIGNAL("1120", "t3") GOT("1121", "t4")
			BEGIN("1122", "t3") LATE("1172", "t2") BEGIN("1172", "t2")
				SIGNAL("1190", "t4") GOT("1191", "t2") BEGIN("1192", "t4")
					SIGNAL("1193", "t2") GOT("1194", "t3") BEGIN("1195", "t2")
						SIGNAL("1196", "t3")
							GOT("1197", "t4") "end time=1200 closed\n";

Test(edges, waits_that_time_out_have_a_holder)
{
	struct dwell_answer *answer = analyze_text(turns, &everything);
	const struct dwell_lock_row *lock = answer->locks->rows;
	uint64_t of[5] = { 0 };

	cr_assert(eq(sz, answer->locks->count, 1));
	for (size_t i = 0; i < lock->holder_count; i++) {
		cr_assert(lt(u32, lock->holders[i].task, 5));
		cr_expect(eq(u32, lock->holders[i].how, DWELL_HOW_INFERRED));
		of[lock->holders[i].task] += lock->holders[i].total_ns;
	}
	/* From 1020 on: 4 waits until 1060, 2 from 1022 until 1072; then both until 1120. At the
	 * end 4 waits for it from 1193 to 1196. */
	cr_expect(eq(u64, of[3], 40 + 50 + 60 + 48 + 3));
	/* From 1120 on: 2 waits until 1172, then until 1190; 3 all the while from 1122 on. */
	cr_expect(eq(u64, of[4], 52 + 18 + 68));
	for (size_t i = 0; i < answer->blocked->count; i++)
		cr_expect(eq(u32, answer->blocked->rows[i].role, DWELL_ROLE_CONTENTION));
	dwell_answer_free(answer);
}

/* Thread 2 puts work into a queue and never waits; 3 and 4 ask for it. */
static const char queue[] = THREE BEGIN("1010", "t3") BEGIN("1010", "t4") LATE("1060", "t3")
	BEGIN("1060", "t3") LATE("1060", "t4") BEGIN("1060", "t4") SIGNAL("1080", "t2")
		GOT("1081", "t3") LATE("1110", "t4") BEGIN("1110", "t4") BEGIN("1120", "t3")
			LATE("1160", "t4") BEGIN("1160", "t4") LATE("1170", "t3")
				BEGIN("1170", "t3") SIGNAL("1180", "t2") GOT("1181", "t4")
					LATE("1199", "t3") "end time=1200 closed\n";

/* 2 and 3 are both at work and put more into the queue by turns, for which 4 asks. */
static const char requeue[] = THREE BEGIN("1001", "t2") BEGIN("1001", "t3") BEGIN("1002", "t4")
	SIGNAL("1003", "t5") GOT("1004", "t2") GOT("1004", "t3") LATE("1052", "t4")
		BEGIN("1052", "t4") LATE("1092", "t4") BEGIN("1092", "t4") SIGNAL("1100", "t2")
			LATE("1142", "t4") BEGIN("1142", "t4") SIGNAL("1150", "t3")
				LATE("1192", "t4") "end time=1200 closed\n";

/* 3 tells 2 that it has begun, is told by 2 to end, and tells it when it has. */
static const char start_and_stop[] = THREE BEGIN("1010", "t2") SIGNAL("1020", "t3")
	GOT("1021", "t2") BEGIN("1022", "t3") SIGNAL("1120", "t2") GOT("1121", "t3")
		BEGIN("1122", "t2") SIGNAL("1190", "t3") GOT("1191", "t2") "end time=1200 closed\n";

/* 2 took a queue's semaphore and is about to wait for it when 3 comes by and finds it taken. */
static const char readers[] =
	THREE "object o2 kind=semaphore process=p1 native=0x20\n"
	      "1010 wait-begin task=t3 reason=semaphore object=o2 peer=t2 flags=holder-read\n"
	      "1011 wait-begin task=t2 reason=semaphore object=o2\n"
	      "1100 release task=t4 object=o2\n"
	      "1101 wait-end task=t2 reason=semaphore object=o2\n"
	      "1102 release task=t2 object=o2\n"
	      "1103 wait-end task=t3 reason=semaphore object=o2 peer=t2 flags=holder-read\n"
	      "end time=1200 closed\n";

static uint64_t held_ns(const char *text)
{
	struct dwell_answer *answer = analyze_text(text, &everything);
	uint64_t ns = 0;

	cr_expect(eq(sz, answer->locks->count, 0));
	cr_assert(lt(sz, 0, answer->blocked->count));
	for (size_t i = 0; i < answer->blocked->count; i++) {
		const struct dwell_blocked_row *row = &answer->blocked->rows[i];

		cr_expect(ne(u32, row->role, DWELL_ROLE_CONTENTION));
		for (size_t j = 0; j < row->holder_count; j++)
			ns += row->holders[j].total_ns;
	}
	dwell_answer_free(answer);
	return ns;
}

Test(edges, a_queue_is_not_held)
{
	cr_expect(eq(u64, held_ns(queue), 0));
}

Test(edges, work_put_back_is_not_held)
{
	cr_expect(eq(u64, held_ns(requeue), 0));
}

Test(edges, who_reads_a_queue_does_not_hold_it)
{
	cr_expect(eq(u64, held_ns(readers), 0));
}

Test(edges, a_thread_that_is_told_to_end_is_not_held)
{
	cr_expect(eq(u64, held_ns(start_and_stop), 0));
}

/* 2 has the lock, and sleeps with it; 3 waits for it, looks at it once on the way, and waits on. */
static const char waits_on[] =
	HEAD "process p1 pid=7 name=\"server\"\n"
	     "executor x1 kind=cpu number=0\nexecutor x2 kind=cpu number=1\n"
	     "task t2 kind=thread process=p1 tid=2 name=\"writer\"\n"
	     "task t3 kind=thread process=p1 tid=3 name=\"reader\"\n"
	     "object o1 kind=mutex process=p1 native=0x10 name=\"log\"\n"
	     "1000 switch peer=t2 executor=x1\n"
	     "1000 switch peer=t3 executor=x2\n"
	     "1010 wait-begin task=t3 reason=mutex object=o1 peer=t2 flags=holder-read\n"
	     "1010 switch task=t3 state=blocked executor=x2\n"
	     "1030 switch task=t2 state=blocked reason=sleep executor=x1\n"
	     "1050 wake task=t3 state=runnable executor=x2\n"
	     "1050 switch peer=t3 executor=x2\n"
	     "1060 switch task=t3 state=blocked executor=x2\n";

static void check_open(const char *more, uint64_t held_ns, uint64_t from_ns)
{
	struct dwell_query query = everything;
	char text[2048];
	struct dwell_answer *answer;
	const struct dwell_lock_row *lock;
	const struct dwell_blocked_row *site;

	query.selection.from_ns = from_ns;
	snprintf(text, sizeof(text), "%s%send time=1200 closed\n", waits_on, more);
	answer = analyze_text(text, &query);
	lock = answer->locks->rows;
	site = answer->blocked->rows;
	cr_assert(eq(sz, answer->locks->count, 1));
	cr_expect(eq(u64, lock->contended, 0));
	cr_expect(eq(u64, lock->open_count, 1));
	cr_expect(eq(u64, lock->open_ns, from_ns ? 1200 - from_ns : 190));
	cr_assert(eq(sz, lock->holder_count, 1));
	cr_expect(eq(u32, lock->holders[0].task, 2));
	cr_expect(eq(u32, lock->holders[0].how, DWELL_HOW_READ));
	cr_expect(eq(u64, lock->holders[0].total_ns, held_ns));
	cr_expect(eq(u64, lock->holders[0].times.running_ns, from_ns ? 0 : 20));
	cr_assert(eq(u32, lock->holders[0].reason_count, 1));
	cr_expect(eq(u32, lock->holders[0].reasons[0].reason, DWELL_REASON_SLEEP));
	cr_assert(eq(sz, site->holder_count, 1));
	cr_expect(eq(u32, site->role, DWELL_ROLE_CONTENTION));
	cr_expect(eq(u64, site->holders[0].total_ns, held_ns));
	cr_expect(eq(u64, site->open_ns, lock->open_ns));
	dwell_answer_free(answer);
}

Test(edges, a_wait_that_goes_on_has_a_holder)
{
	check_open("", 190, 0);
	check_open("", 100, 1100);
	/* Who has it since then is not known. */
	check_open("1150 release task=t2 object=o1\n", 140, 0);
}

/* Two threads that wait for a futex until the other wakes who waits: one of them, or each at its
 * turn; one waiter, or all. */
static void say_rounds(
	char *text, size_t size, unsigned waiters, const char *flags, const char *module)
{
	size_t at = (size_t)snprintf(text, size,
		HEAD "process p1 pid=7 name=\"team\"\nexecutor x1 kind=cpu number=0\n"
		     "executor x2 kind=cpu number=1\n"
		     "task t2 kind=thread process=p1 tid=2 name=\"first\"\n"
		     "task t3 kind=thread process=p1 tid=3 name=\"second\"\n"
		     "object o1 kind=futex process=p1 native=0x10\n"
		     "mapping m1 process=p1 start=0x0 end=0x100 path=\"%s\"\n"
		     "location l1 mapping=m1 address=0x10\nstack s1 frames=l1\n"
		     "1000 switch peer=t2 executor=x1\n1000 switch peer=t3 executor=x2\n",
		module);

	for (unsigned i = 0; i < 12; i++) {
		const unsigned waits = 2 + i % waiters, other = 5 - waits, ns = 1010 + 10000 * i;

		at += (size_t)snprintf(text + at, size - at,
			"%u switch task=t%u state=blocked reason=futex object=o1 stack=s1 "
			"executor=x%u\n%u wake task=t%u state=runnable peer=t%u executor=x%u%s\n"
			"%u switch peer=t%u executor=x%u\n",
			ns, waits, waits - 1, ns + 9900, waits, other, other - 1, flags, ns + 9900,
			waits, waits - 1);
	}
	snprintf(text + at, size - at, "end time=121100 closed\n");
}

Test(edges, what_all_wait_for_together_is_no_lock)
{
	static const struct {
		unsigned waiters;
		const char *flags, *module;
		unsigned role;
		size_t locks;
	} rounds[] = {
		{ 2, "", "/bin/own", DWELL_ROLE_CONTENTION, 1 },
		{ 2, " flags=shared", "/bin/own", DWELL_ROLE_PEER, 0 },
		/* One that waits for work, and one of a team whose first is always the last. */
		{ 1, " flags=shared", "/bin/own", DWELL_ROLE_WORK, 0 },
		{ 1, " flags=shared", "/lib/libgomp.so.1", DWELL_ROLE_PEER, 0 },
	};

	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
		struct dwell_answer *answer;
		char text[8192];

		say_rounds(
			text, sizeof(text), rounds[i].waiters, rounds[i].flags, rounds[i].module);
		answer = analyze_text(text, &everything);
		cr_assert(eq(sz, answer->blocked->count, 1));
		cr_expect(eq(u32, answer->blocked->rows[0].role, rounds[i].role), "row %zu", i);
		cr_expect(eq(sz, answer->locks->count, rounds[i].locks), "row %zu", i);
		dwell_answer_free(answer);
	}
}

/* An event loop without work, and one that runs until a process has ended. */
Test(edges, a_process_that_is_waited_for_by_poll)
{
	static const char *const callers[] = { "node::SyncProcessRunner::Spawn", "uv_run" };
	static const unsigned roles[] = { DWELL_ROLE_PEER, DWELL_ROLE_WORK };

	for (size_t i = 0; i < 2; i++) {
		struct dwell_answer *answer;
		char text[1024];

		snprintf(text, sizeof(text),
			HEAD "process p1 pid=7 name=\"node\"\nexecutor x1 kind=cpu number=0\n"
			     "task t2 kind=thread process=p1 tid=2 name=\"node\"\n"
			     "location l1 address=0x10 lines=\"uv__io_poll\":\"\":0\n"
			     "location l2 address=0x20 lines=\"%s\":\"\":0\n"
			     "stack s1 frames=l1,l2\n1000 switch peer=t2 executor=x1\n"
			     "1010 switch task=t2 state=blocked reason=poll stack=s1 executor=x1\n"
			     "1500 wake task=t2 state=runnable executor=x1\n"
			     "1500 switch peer=t2 executor=x1\nend time=2200 closed\n",
			callers[i]);
		answer = analyze_text(text, &everything);
		cr_assert(eq(sz, answer->blocked->count, 1));
		cr_expect(eq(u32, answer->blocked->rows[0].role, roles[i]));
		dwell_answer_free(answer);
	}
}

/* Of one task that lived for 1000, and of several that lived for 1000 in all. */
Test(edges, who_is_there_to_wait)
{
	static const struct {
		unsigned reason, tasks, total_ns, role;
	} sites[] = {
		{ DWELL_REASON_JOIN, 1, 899, DWELL_ROLE_PEER },
		{ DWELL_REASON_JOIN, 1, 901, DWELL_ROLE_WORK },
		{ DWELL_REASON_PROCESS, 3, 500, DWELL_ROLE_PEER },
		{ DWELL_REASON_PROCESS, 3, 501, DWELL_ROLE_WORK },
		{ DWELL_REASON_BARRIER, 1, 999, DWELL_ROLE_PEER },
		{ DWELL_REASON_MUTEX, 1, 999, DWELL_ROLE_CONTENTION },
		{ DWELL_REASON_COND, 1, 901, DWELL_ROLE_WORK },
	};

	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
		const struct role_facts facts = { .reason = sites[i].reason,
			.tasks = sites[i].tasks,
			.count = 1,
			.total_ns = sites[i].total_ns,
			.lived_ns = 1000 };

		cr_expect(eq(u32, role_of(&facts), sites[i].role), "row %zu", i);
	}
}

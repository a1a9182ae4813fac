/* Event loops that were held up, and queues of processes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "script.h"

/* So many turns of 100 us, one of them long; woken by so many clients; t2 polls there, too, or not.
 */
static void turn_loop(
	struct script *script, unsigned turns, unsigned long_us, unsigned clients, bool shared)
{
	uint64_t at_ns = 0;

	begin(script, 4);
	say(script, "object o3 kind=epoll process=p1 native=5");
	say(script, "0 switch peer=t1 executor=x1");
	if (shared) {
		say(script, "0 switch peer=t2 executor=x2");
		say(script, "0 switch task=t2 state=blocked reason=poll object=o3 executor=x2");
		say(script, "1 wake task=t2 state=runnable executor=x2");
		say(script,
			"1 switch peer=t2 executor=x2\n1 switch task=t2 state=blocked executor=x2");
	}
	for (unsigned i = 0; i <= turns; i++) {
		at_ns += (i == turns / 2 ? long_us : 100) * US;
		say(script, "%llu switch task=t1 state=blocked reason=poll object=o3 executor=x1",
			(unsigned long long)at_ns);
		at_ns += 100 * US;
		say(script,
			"%llu wake task=t1 state=runnable peer=t%u executor=x2\n"
			"%llu switch peer=t1 executor=x1",
			(unsigned long long)at_ns, 3 + i % clients, (unsigned long long)at_ns);
	}
}

Test(findings, event_loop)
{
	static const struct {
		unsigned turns, long_us, clients;
		bool shared;
		const char *rule;
	} rows[] = {
		{ 50, 50000, 2, false, "event-loop-blocked" }, { 50, 49999, 2, false, NULL },
		{ 49, 50000, 2, false, NULL },
		{ 50, 50000, 1, false, NULL }, /* whom it serves waits for its own */
		{ 50, 50000, 2, true, NULL },  /* the other can take over */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script script = { 0 };

		turn_loop(&script, rows[i].turns, rows[i].long_us, rows[i].clients, rows[i].shared);
		expect(&script, 100 * MS, rows[i].rule, rows[i].rule ? 50 * MS : 0);
	}
}

/* Four wake one another in turn out of the same kind of wait, each after 1 ms of its own work. In a
 * pipeline the first one waits for somebody else. */
static void take_turns(struct script *script, unsigned rounds, bool processes, bool pipeline)
{
	uint64_t at_ns = 0;

	begin(script, 1);
	for (unsigned id = 2; id <= 5; id++) {
		say(script, "process p%u pid=%u name=\"app\"", id, id);
		say(script, "task t%u kind=thread process=p%u tid=%u name=\"w\"", id,
			processes ? id : 1, id);
	}
	say(script, "mapping m1 process=p1 start=4096 end=65536 path=\"app\"");
	say(script, "location l1 mapping=m1 address=8192 lines=\"await\":\"app.c\":7");
	say(script, "stack s1 frames=l1\n0 switch peer=t2 executor=x1");
	for (unsigned i = 0; i < rounds * 4; i++) {
		const unsigned me = 2 + i % 4, next = 2 + (i + 1) % 4;

		at_ns += 1 * MS;
		if (i >= 3)
			say(script, "%llu wake task=t%u state=runnable peer=t%u executor=x1",
				(unsigned long long)at_ns, next, pipeline && next == 2 ? 1 : me);
		say(script,
			"%llu switch task=t%u state=blocked reason=poll stack=s1 peer=t%u executor=x1",
			(unsigned long long)at_ns, me, next);
	}
}

Test(findings, queue_of_processes)
{
	static const struct {
		unsigned rounds;
		bool processes, pipeline;
		const char *rule;
	} rows[] = {
		{ 10, true, false, "lock-convoy" },
		{ 10, true, true, NULL },   /* the last one wakes nobody */
		{ 10, false, false, NULL }, /* threads of one process hand on work */
		{ 4, true, false, NULL },   /* too few */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script script = { 0 };

		take_turns(&script, rows[i].rounds, rows[i].processes, rows[i].pipeline);
		expect(&script, rows[i].rounds * 4 * MS + MS, rows[i].rule, 0);
	}
}

/* Three of Go wait in turn for a lock that has no object, each for so long. */
Test(findings, nameless_lock)
{
	for (unsigned less = 0; less < 2; less++) {
		struct script script = { 0 };

		begin(&script, 4);
		say(&script, "mapping m1 process=p1 start=4096 end=65536 path=\"app\"");
		say(&script, "location l1 mapping=m1 address=8192 lines=\"main.f\":\"a.go\":5");
		say(&script, "stack s1 frames=l1\n0 switch peer=t1 executor=x1");
		for (unsigned i = 0; i < 12; i++) {
			const unsigned task = 2 + i % 3;

			say(&script, "%u switch peer=t%u executor=x2", i * 10 * MS, task);
			say(&script,
				"%u switch task=t%u state=blocked reason=mutex stack=s1 executor=x2",
				i * 10 * MS, task);
			say(&script, "%u wake task=t%u state=runnable peer=t1 executor=x1",
				(i + 1) * 10 * MS, task);
		}
		expect(&script, 120 * MS + less, less ? NULL : "lock-convoy", 120 * MS);
	}
}

/* The holder is less urgent than who waits, and what runs instead lies between; or it does not. */
Test(findings, priority_inversion)
{
	static const struct {
		int holder, waiter, other;
		const char *rule;
	} rows[] = {
		{ 130, 110, 120, "priority-inversion" },
		{ 130, 120, 121, "priority-inversion" },
		{ 130, 120, 120, "holder-preempted" },
		{ 120, 110, 120, "holder-preempted" },
		{ 110, 120, 100, "holder-preempted" },
		{ 130, 98, 99, "priority-inversion" },
	};
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&script, 3);
		say(&script, "0 priority task=t1 value=%d\n0 priority task=t2 value=%d",
			rows[i].holder, rows[i].waiter);
		say(&script, "0 priority task=t3 value=%d", rows[i].other);
		say(&script, "0 switch peer=t1 executor=x1\n0 switch peer=t2 executor=x2");
		say(&script, "%u switch task=t2 state=blocked reason=mutex object=o1 executor=x2",
			MS);
		say(&script, "%u switch task=t1 state=runnable peer=t3 executor=x1 flags=preempted",
			MS);
		say(&script, "%u switch task=t3 state=blocked reason=net peer=t1 executor=x1",
			31 * MS);
		say(&script, "%u release task=t1 object=o1", 101 * MS);
		say(&script, "%u wake task=t2 state=runnable peer=t1 executor=x1", 101 * MS);
		say(&script, "%u switch peer=t2 executor=x2", 101 * MS);
		expect(&script, 1000 * MS, rows[i].rule, 30 * MS);
	}
}

/* 1 holds what 2 waits for, and leaves its CPU to 3 for 30 of 100 ms: it had to, or asked to. */
Test(findings, who_gives_way_is_not_preempted)
{
	static const struct {
		const char *flags, *rule;
	} rows[] = { { " flags=preempted", "holder-preempted" }, { "", NULL } };
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&script, 3);
		say(&script, "0 switch peer=t1 executor=x1\n0 switch peer=t2 executor=x2");
		say(&script, "%u switch task=t2 state=blocked reason=mutex object=o1 executor=x2",
			MS);
		say(&script, "%u switch task=t1 state=runnable peer=t3 executor=x1%s", MS,
			rows[i].flags);
		say(&script, "%u switch task=t3 state=blocked reason=net peer=t1 executor=x1",
			31 * MS);
		say(&script, "%u release task=t1 object=o1", 101 * MS);
		say(&script, "%u wake task=t2 state=runnable peer=t1 executor=x1", 101 * MS);
		say(&script, "%u switch peer=t2 executor=x2", 101 * MS);
		expect(&script, 1000 * MS, rows[i].rule, 30 * MS);
	}
}

/* Task 2 waits until its time limit, works for `work` us, and waits again; before each wait task 1
 * signals, heard by nobody. */
static void miss(struct script *script, unsigned times, unsigned work, const char *signaller)
{
	const unsigned turn = 20 * MS;

	begin(script, 2);
	say(script, "note key=\"signals\" value=\"unheard too\"");
	say(script, "0 switch peer=t1 executor=x1\n0 switch peer=t2 executor=x2");
	for (unsigned i = 1; i <= times + 1; i++) {
		say(script, "%u release task=%s object=o1 flags=has-value", i * turn - 10,
			signaller);
		say(script, "%u wait-begin task=t2 reason=cond object=o1 flags=timed-out",
			i * turn);
		say(script, "%u switch task=t2 state=blocked reason=cond object=o1 executor=x2",
			i * turn);
		say(script, "%u wake task=t2 state=runnable executor=x2",
			(i + 1) * turn - work * US);
		say(script, "%u switch peer=t2 executor=x2", (i + 1) * turn - work * US);
		say(script, "%u wait-end task=t2 flags=timed-out", (i + 1) * turn - work * US);
	}
}

Test(findings, lost_wakeup)
{
	static const struct {
		unsigned times, work;
		const char *signaller, *rule;
	} rows[] = {
		{ 3, 5000, "t1", "lost-wakeup" }, { 2, 5000, "t1", NULL },
		{ 3, 100, "t1", NULL },                                   /* it had nothing to do */
		{ 3, 101, "t1", "lost-wakeup" }, { 3, 5000, "t2", NULL }, /* its own */
	};
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		miss(&script, rows[i].times, rows[i].work, rows[i].signaller);
		expect(&script, 200 * MS, rows[i].rule,
			rows[i].times * (20 * MS - rows[i].work * US));
	}
}

/*
 * Task 2 is busy for 4 ms with a signal; another one comes so long before it waits again. Then it
 * waits until its time limit, and works for so long before it waits once more.
 */
static void hear_and_miss(struct script *script, unsigned gap, unsigned work)
{
	const unsigned turn = 40 * MS;

	begin(script, 2);
	say(script, "note key=\"signals\" value=\"unheard too\"");
	say(script, "0 switch peer=t1 executor=x1\n0 switch peer=t2 executor=x2");
	for (unsigned i = 0; i < 10; i++) {
		const unsigned from = i % 2 ? i / 2 * turn + 14 * MS : i / 2 * turn;
		const unsigned to = i % 2 ? (i / 2 + 1) * turn - work * US : from + 10 * MS;
		const char *flags = i % 2 ? "timed-out" : "";

		say(script, "%u wait-begin task=t2 reason=cond object=o1%s%s", from,
			*flags ? " flags=" : "", flags);
		say(script, "%u switch task=t2 state=blocked reason=cond object=o1 executor=x2",
			from);
		if (i % 2 == 0)
			say(script, "%u release task=t1 object=o1", to);
		say(script, "%u wake task=t2 state=runnable executor=x2%s", to,
			i % 2 ? "" : " peer=t1");
		say(script, "%u switch peer=t2 executor=x2\n%u wait-end task=t2%s%s", to, to,
			*flags ? " flags=" : "", flags);
		if (i % 2 == 0)
			say(script, "%u release task=t1 object=o1 flags=has-value",
				to + 4 * MS - gap * US);
	}
	say(script, "%u wait-begin task=t2 reason=cond object=o1",
		5 * turn); /* what came of the last one is not known */
}

/* A signal that it had the time to see to before it waited is not lost, though the task is busy at
 * its time limit for as long. */
Test(findings, signal_seen_to)
{
	static const struct {
		unsigned gap, work;
		const char *rule;
	} rows[] = {
		{ 1000, 3000, "lost-wakeup" },
		{ 1999, 3000, "lost-wakeup" },
		{ 2000, 3000, NULL }, /* half of 4 ms: as long as with one of two */
		{ 1000, 900, NULL },
	};
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hear_and_miss(&script, rows[i].gap, rows[i].work);
		expect(&script, 240 * MS, rows[i].rule, 4 * (26 * MS - rows[i].work * US));
	}
}

/* Where a lock is waited for that no object tells, or where nothing of the kind is. */
static const struct handed_row {
	const char *module, *caller, *callee, *reason;
	bool is_lock;
} handed_rows[] = {
	{ "postgres", "PostgresMain", "ProcSleep", "poll", true },
	{ "mariadbd", "handler::ha_index_read_map", "", "cond", true },
	{ "mariadbd", "MDL_context::acquire_lock", "", "cond", true },
	{ "mariadbd", "handler::ha_index_read_map", "pthread_cond_timedwait", "futex", true },
	{ "libruby-3.1.so.3.1", "rb_mutex_lock", "", "cond", true },
	{ "libruby-3.1.so.3.1", "rb_mutex_synchronize", "pthread_cond_wait", "futex", true },
	{ "libruby-3.1.so.3.1", "rb_mutex_synchronize", "rb_yield", "cond", false },
	{ "libjvm.so", "ObjectMonitor::enter", "ObjectMonitor::EnterI", "cond", true },
	{ "libjvm.so", "ObjectMonitor::enter", "ObjectMonitor::EnterI", "futex", true },
	{ "libjvm.so", "ObjectMonitor::wait", "Parker::park", "cond", false },
	{ "mariadbd", "handler::ha_index_read_map", "", "futex", false },
	{ "mariadbd", "handler::ha_index_read_map", "", "poll", false },
	{ "mariadbd", "do_handle_one_connection", "", "cond", false },
	{ "another", "handler::ha_index_read_map", "", "cond", false },
};

/* Tasks 3 and 4 wait for it, from 10 and 20 ms on, while 2, which has it, sleeps. */
static void wait_for_handed(struct script *script, const struct handed_row *row)
{
	begin(script, 4);
	say(script, "mapping m1 process=p1 start=4096 end=65536 path=\"/usr/bin/%s\"", row->module);
	for (unsigned s = 1; s <= 2; s++)
		say(script,
			"location l%u mapping=m1 address=%u lines=\"%s\":\"proc.c\":7\n"
			"location l%u mapping=m1 address=%u lines=\"%s\":\"main.c\":7\n"
			"stack s%u frames=l%u,l%u",
			2 * s, 8192 * s, row->callee, 2 * s + 1, 8192 * s + 16, row->caller, s,
			2 * s, 2 * s + 1);
	say(script, "0 switch peer=t3 executor=x1\n0 switch peer=t4 executor=x2");
	say(script, "0 state task=t2 state=blocked reason=sleep");
	for (unsigned t = 3; t <= 4; t++)
		say(script,
			"%u switch task=t%u state=blocked reason=%s object=o1 stack=s%u executor=x%u",
			(t - 2) * 10 * MS, t, row->reason, t - 2, t - 2);
}

/* From task 2 to 3 to 4, each of whom who wakes the next one gives it. */
static void hand_on(struct script *script)
{
	for (unsigned t = 2; t <= 3; t++) {
		const unsigned at = t == 2 ? 100 : 150;

		if (t == 2)
			say(script, "%u wake task=t2 state=runnable\n%u switch peer=t2 executor=x1",
				at * MS, at * MS);
		say(script, "%u wake task=t%u state=runnable peer=t%u executor=x1", at * MS, t + 1,
			t);
		say(script, "%u switch peer=t%u executor=x2", at * MS, t + 1);
		if (t == 2)
			say(script, "%u switch task=t2 state=blocked reason=sleep executor=x1",
				at * MS);
	}
}

/* Whoever woke them is not known. */
static void end_handed(struct script *script)
{
	for (unsigned t = 3; t <= 4; t++)
		say(script, "%u wake task=t%u state=runnable\n%u switch peer=t%u executor=x2",
			(t - 1) * 50 * MS, t, (t - 1) * 50 * MS, t);
}

/* Of task 4's wait the first part was task 2's, which slept. Two stacks read the same. */
static void expect_handed(const struct dwell_locks *locks)
{
	const struct dwell_lock_row *lock = &locks->rows[0];

	cr_assert(eq(sz, locks->count, 1));
	cr_expect(eq(u32, lock->object, 0));
	cr_expect(eq(u32, lock->waiters, 2));
	cr_assert(eq(sz, lock->holder_count, 2));
	cr_expect(eq(u32, lock->holders[0].task, 2));
	cr_expect(eq(u64, lock->holders[0].total_ns, (90 + 80) * MS));
	cr_assert(eq(u32, lock->holders[0].reason_count, 1));
	cr_expect(eq(u32, lock->holders[0].reasons[0].reason, DWELL_REASON_SLEEP));
	cr_expect(eq(u64, lock->holders[0].reasons[0].ns, (90 + 80) * MS));
	cr_expect(eq(u32, lock->holders[1].task, 3));
	cr_expect(eq(u64, lock->holders[1].total_ns, 50 * MS));
}

static void expect_role(const struct dwell_blocked *blocked, bool is_lock)
{
	cr_assert(ge(sz, blocked->count, 1));
	cr_expect(is_lock == (blocked->rows[0].role == DWELL_ROLE_CONTENTION));
}

/* Locks of rows in PostgreSQL and MariaDB, of the latter's tables, Ruby's Mutex, Java's monitors.
 */
Test(findings, lock_that_is_handed_on)
{
	for (size_t i = 0; i < 2 * sizeof(handed_rows) / sizeof(handed_rows[0]); i++) {
		const struct handed_row *row = &handed_rows[i / 2];
		struct script script = { 0 };
		struct dwell_answer *answer;

		wait_for_handed(&script, row);
		if (i % 2)
			end_handed(&script);
		else
			hand_on(&script);
		answer = analyze_script(
			&script, 200 * MS, DWELL_ANALYZE_LOCKS | DWELL_ANALYZE_BLOCKED);
		expect_role(answer->blocked, row->is_lock);
		if (row->is_lock && i % 2 == 0)
			expect_handed(answer->locks);
		else
			cr_expect(eq(sz, answer->locks->count, row->is_lock));
		dwell_answer_free(answer);
		free(script.text);
	}
}

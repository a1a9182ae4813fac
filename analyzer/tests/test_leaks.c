/* Each kind of leak at its threshold and just below it, written as the rows of a trace. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

/* Task 1 is the main one; 2 to `tasks` are threads that it made at one place. */
static void begin_threads(struct script *script, unsigned tasks)
{
	script_clear(script);
	say(script, "dwell-text 1");
	say(script, "trace source=\"dwell\" tick=1 levels=program,switches");
	say(script, "note key=\"joins\" value=\"all\"");
	say(script, "process p1 pid=1 name=\"app\"");
	say(script, "mapping m1 process=p1 start=0x1000 end=0x2000 path=\"/app\"");
	say(script, "location l1 mapping=m1 address=0x1000 lines=\"main\":\"app.c\":7");
	say(script, "location l2 mapping=m1 address=0x1100 lines=\"work\":\"app.c\":3");
	say(script, "stack s1 frames=l1");
	say(script, "stack s2 frames=l2");
	say(script, "task t1 kind=thread process=p1 tid=1 name=\"app\"");
	for (unsigned id = 2; id <= tasks; id++)
		say(script,
			"task t%u kind=thread process=p1 parent=t1 tid=%u born creation=s1 start=l2 "
			"created=%u name=\"w-%u\"",
			id, id, id, id);
	for (unsigned id = 1; id <= tasks; id++)
		say(script, "object o%u kind=mutex process=p1 native=%u", id, id);
	say(script, "object o%u kind=thread process=p1 native=2", tasks + 1);
}

/* The main task ends last; what is left ends with it. Frees the text. */
static void expect_leaks(
	struct script *script, uint64_t end_ns, int kind, uint32_t tasks, unsigned why)
{
	struct dwell_answer *answer = analyze_script(script, end_ns, DWELL_ANALYZE_LEAKS);
	const struct dwell_leaks *leaks = answer->leaks;

	cr_expect(eq(sz, leaks->count, kind < 0 ? 0 : 1));
	if (kind >= 0 && leaks->count) {
		cr_expect(eq(int, leaks->rows[0].kind, kind));
		cr_expect(eq(u32, leaks->rows[0].count, tasks));
		cr_expect(eq(int, leaks->rows[0].why, (int)why));
	}
	dwell_answer_free(answer);
	free(script->text);
	script->text = NULL;
}

#define WAITS "wait-begin task=t%u state=blocked reason=%s object=o%u stack=s2 %s"

static void waits_for(struct script *script, unsigned at, unsigned task, unsigned object,
	unsigned holder, bool timed)
{
	say(script,
		"%u wait-begin task=t%u state=blocked reason=mutex object=o%u stack=s2 peer=t%u "
		"flags=holder-read%s",
		at, task, object, holder, timed ? ",timed-out" : "");
}

static void runs(struct script *script, unsigned tasks)
{
	for (unsigned id = 1; id <= tasks; id++)
		say(script, "10 state task=t%u state=running", id);
}

Test(leaks, circle_of_two_and_of_three)
{
	struct script script = { 0 };

	for (unsigned size = 2; size <= 3; size++) {
		begin_threads(&script, 4);
		runs(&script, 4);
		for (unsigned i = 0; i < size; i++)
			waits_for(&script, 100 + i, 2 + i, 1 + i, 2 + (i + 1) % size, false);
		say(&script, "5000 exit task=t1");
		expect_leaks(&script, 6000, DWELL_LEAK_DEADLOCK, size, 0);
	}
}

Test(leaks, circle_of_one)
{
	struct script script = { 0 };

	begin_threads(&script, 2);
	runs(&script, 2);
	waits_for(&script, 100, 2, 1, 2, false);
	say(&script, "5000 exit task=t1");
	expect_leaks(&script, 6000, DWELL_LEAK_DEADLOCK, 1, 0);
}

/* Nearly a circle: one has a time limit; one got it after all; the owner that was read is not it.
 */
Test(leaks, no_circle)
{
	struct script script = { 0 };

	begin_threads(&script, 3);
	runs(&script, 3);
	waits_for(&script, 100, 2, 1, 3, false);
	waits_for(&script, 101, 3, 2, 2, true);
	say(&script, "5000 exit task=t1");
	expect_leaks(&script, 6000, -1, 0, 0);

	begin_threads(&script, 3);
	runs(&script, 3);
	waits_for(&script, 100, 2, 1, 3, false);
	waits_for(&script, 101, 3, 2, 2, false);
	say(&script, "200 wait-end task=t3 state=running");
	say(&script, "5000 exit task=t1");
	expect_leaks(&script, 6000, -1, 0, 0);

	begin_threads(&script, 3);
	runs(&script, 3);
	waits_for(&script, 100, 2, 1, 3, false);
	say(&script, "150 release task=t3 object=o1");
	waits_for(&script, 201, 3, 2, 2, false);
	say(&script, "5000 exit task=t1");
	/* Three waits for two, which waits for nobody known. */
	expect_leaks(&script, 6000, -1, 0, 0);
}

/* Who waits for one of a circle waits forever. */
Test(leaks, behind_a_circle)
{
	struct script script = { 0 };
	struct dwell_answer *answer;

	begin_threads(&script, 4);
	runs(&script, 4);
	waits_for(&script, 100, 2, 1, 3, false);
	waits_for(&script, 101, 3, 2, 2, false);
	waits_for(&script, 102, 4, 3, 2, false);
	say(&script, "5000 exit task=t1");
	answer = analyze_script(&script, 6000, DWELL_ANALYZE_LEAKS);
	cr_assert(eq(sz, answer->leaks->count, 2));
	cr_expect(eq(int, answer->leaks->rows[0].kind, DWELL_LEAK_DEADLOCK));
	cr_expect(eq(int, answer->leaks->rows[1].kind, DWELL_LEAK_WAITS_FOREVER));
	cr_expect(eq(int, answer->leaks->rows[1].why, DWELL_FOREVER_HOLDER_STUCK));
	cr_expect(eq(u64, answer->leaks->rows[1].lost_ns, 6000 - 102),
		"the others go on after the main task");
	dwell_answer_free(answer);
	free(script.text);
	script.text = NULL;
}

#define MS 1000000u

/* The holder ended, long enough before its process; or with it. */
Test(leaks, holder_ended)
{
	struct script script = { 0 };

	for (unsigned late = 0; late < 2; late++) {
		begin_threads(&script, 3);
		runs(&script, 3);
		say(&script, "20 release task=t1 object=o4");
		waits_for(&script, 100, 3, 1, 2, false);
		say(&script, "%u exit task=t2", late ? 80 * MS : 79 * MS);
		say(&script, "%u exit task=t1", 100 * MS);
		say(&script, "%u exit task=t3", 100 * MS);
		expect_leaks(&script, 101 * MS, late ? -1 : DWELL_LEAK_WAITS_FOREVER, 1,
			DWELL_FOREVER_HOLDER_ENDED);
	}
}

/* Everybody waits for everybody; a semaphore may be posted by a signal's handler; one alone. */
Test(leaks, all_stuck)
{
	static const struct {
		const char *reason;
		unsigned tasks;
		bool stuck;
	} rows[] = { { "cond", 2, true }, { "cond", 1, false }, { "semaphore", 2, false },
		{ "barrier", 3, true }, { "net", 2, false } };
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dwell_answer *answer;
		uint32_t count = 0;

		begin_threads(&script, rows[i].tasks);
		runs(&script, rows[i].tasks);
		for (unsigned id = 1; id <= rows[i].tasks; id++)
			say(&script, "100 " WAITS, id, id > 1 ? rows[i].reason : "cond", id, "");
		answer = analyze_script(&script, 1000, DWELL_ANALYZE_LEAKS);
		for (size_t j = 0; j < answer->leaks->count; j++) {
			count += answer->leaks->rows[j].count;
			cr_expect(eq(int, answer->leaks->rows[j].why, DWELL_FOREVER_ALL_STUCK));
		}
		cr_expect(eq(u32, count, rows[i].stuck ? rows[i].tasks : 0), "%s", rows[i].reason);
		dwell_answer_free(answer);
		free(script.text);
		script.text = NULL;
	}
}

/* A signal before the wait that nobody heard; after it, or the waiter's own, it tells nothing. */
Test(leaks, unheard)
{
	static const struct {
		unsigned at, by;
		bool heard;
	} rows[] = { { 50, 1, false }, { 150, 1, true }, { 50, 2, true } };
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const unsigned why =
			rows[i].heard ? DWELL_FOREVER_ALL_STUCK : DWELL_FOREVER_UNHEARD;
		struct dwell_answer *answer;

		begin_threads(&script, 2);
		runs(&script, 2);
		if (rows[i].at < 100)
			say(&script, "%u release task=t%u object=o2 flags=has-value", rows[i].at,
				rows[i].by);
		say(&script, "100 " WAITS, 1u, "cond", 1u, "");
		say(&script, "100 " WAITS, 2u, "cond", 2u, "");
		if (rows[i].at > 100)
			say(&script, "%u release task=t%u object=o2 flags=has-value", rows[i].at,
				rows[i].by);
		answer = analyze_script(&script, 1000, DWELL_ANALYZE_LEAKS);
		for (size_t j = 0; j < answer->leaks->count; j++)
			if (answer->leaks->rows[j].tasks[0] == 2)
				cr_expect(eq(int, answer->leaks->rows[j].why, (int)why));
		cr_expect(eq(sz, answer->leaks->count, 2));
		dwell_answer_free(answer);
		free(script.text);
		script.text = NULL;
	}
}

/* Tasks 3 and 4 are let go by one signal of task 1, task 2 waits later: for a gate that was opened.
 * Not where it was opened before, or one comes back to it. */
Test(leaks, gate)
{
	static const struct {
		unsigned opened_at, later_at; /* a second one lets task 4 go then; 0: none */
		bool back, killed; /* task 3 waits for it again; the process is killed at last */
		unsigned why;
	} rows[] = {
		{ 50, 0, false, false, DWELL_FOREVER_UNHEARD },
		{ 50, 0, false, true, DWELL_FOREVER_UNHEARD },
		{ 150, 0, false, false, DWELL_FOREVER_ALL_STUCK },
		{ 50, 60, false, false, DWELL_FOREVER_ALL_STUCK },
		{ 50, 0, true, false, DWELL_FOREVER_ALL_STUCK },
	};
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const unsigned at = rows[i].opened_at;
		struct dwell_answer *answer;
		bool seen = false;

		begin_threads(&script, 4);
		runs(&script, 4);
		say(&script, "10 " WAITS, 3u, "cond", 2u, "");
		say(&script, "10 " WAITS, 4u, "cond", 2u, "");
		if (at > 100)
			say(&script, "100 " WAITS, 2u, "cond", 2u, "");
		say(&script, "%u release task=t1 object=o2\n%u wait-end task=t3", at, at);
		if (rows[i].later_at)
			say(&script, "%u release task=t1 object=o2", rows[i].later_at);
		say(&script, "%u wait-end task=t4", rows[i].later_at ? rows[i].later_at : at);
		if (rows[i].back)
			say(&script,
				"70 " WAITS "\n80 release task=t1 object=o2\n81 wait-end task=t3",
				3u, "cond", 2u, "");
		if (at < 100)
			say(&script, "100 " WAITS, 2u, "cond", 2u, "");
		say(&script, "200 exit task=t3\n200 exit task=t4");
		say(&script, "200 " WAITS, 1u, "cond", 1u, "");
		for (unsigned t = 1; t <= 2 && rows[i].killed; t++)
			say(&script, "900 exit task=t%u value=14 flags=has-value", t);
		answer = analyze_script(&script, 1000, DWELL_ANALYZE_LEAKS);
		for (size_t j = 0; j < answer->leaks->count; j++)
			if (answer->leaks->rows[j].tasks[0] == 2) {
				seen = true;
				cr_expect(eq(int, answer->leaks->rows[j].why, (int)rows[i].why),
					"%zu", i);
			}
		cr_expect(seen, "%zu", i);
		dwell_answer_free(answer);
		free(script.text);
		script.text = NULL;
	}
}

static void ended_thread(struct script *script, unsigned at)
{
	begin_threads(script, 2);
	runs(script, 2);
	say(script, "%u exit task=t2", at);
}

Test(leaks, never_joined)
{
	struct script script = { 0 };

	ended_thread(&script, 8 * MS);
	say(&script, "%u exit task=t1", 10 * MS);
	expect_leaks(&script, 11 * MS, DWELL_LEAK_NEVER_JOINED, 1, 0);
	/* With its process. */
	ended_thread(&script, 9 * MS);
	say(&script, "%u exit task=t1", 10 * MS);
	expect_leaks(&script, 11 * MS, -1, 0, 0);
	/* The process goes on. */
	ended_thread(&script, 8 * MS);
	expect_leaks(&script, 11 * MS, -1, 0, 0);
	/* Killed by a signal. */
	ended_thread(&script, 8 * MS);
	say(&script, "%u exit task=t1 value=15 flags=has-value", 10 * MS);
	expect_leaks(&script, 11 * MS, -1, 0, 0);
	/* Joined. */
	ended_thread(&script, 8 * MS);
	say(&script, "%u wait-begin task=t1 state=blocked reason=join object=o3 peer=t2", 8 * MS);
	say(&script, "%u wait-end task=t1 state=running peer=t2", 8 * MS);
	say(&script, "%u exit task=t1", 10 * MS);
	expect_leaks(&script, 11 * MS, -1, 0, 0);
	/* A join that ran out of time is none. */
	ended_thread(&script, 8 * MS);
	say(&script, "%u wait-begin task=t1 state=blocked reason=join object=o3 peer=t2", 8 * MS);
	say(&script, "%u wait-end task=t1 state=running peer=t2 flags=timed-out", 8 * MS);
	say(&script, "%u exit task=t1", 10 * MS);
	expect_leaks(&script, 11 * MS, DWELL_LEAK_NEVER_JOINED, 1, 0);
	/* A thread was joined of which the program told nothing: it may be this one. */
	ended_thread(&script, 8 * MS);
	say(&script, "%u wait-begin task=t1 state=blocked reason=join object=o2", 8 * MS);
	say(&script, "%u wait-end task=t1 state=running peer=t2", 8 * MS);
	say(&script, "%u exit task=t1", 10 * MS);
	expect_leaks(&script, 11 * MS, -1, 0, 0);
	/* Detached. */
	ended_thread(&script, 8 * MS);
	say(&script, "%u release task=t1 object=o3", 9 * MS);
	say(&script, "%u exit task=t1", 10 * MS);
	expect_leaks(&script, 11 * MS, -1, 0, 0);
	/* Records are missing. */
	ended_thread(&script, 8 * MS);
	say(&script, "%u loss value=1 extra=%u reason=full", 9 * MS, 9 * MS);
	say(&script, "%u exit task=t1", 10 * MS);
	expect_leaks(&script, 11 * MS, -1, 0, 0);
}

Test(leaks, never_joined_by_many)
{
	struct script script = { 0 };

	for (unsigned count = 15; count <= 16; count++) {
		begin_threads(&script, count + 1);
		runs(&script, count + 1);
		for (unsigned id = 2; id <= count + 1; id++)
			say(&script, "%u exit task=t%u", 2 * MS, id);
		expect_leaks(
			&script, 11 * MS, count == 16 ? DWELL_LEAK_NEVER_JOINED : -1, count, 0);
	}
}

/* Three of four ended within 90 ms; the fourth waits for 1 s, or 999 ms, or for the network. */
Test(leaks, alive_at_end)
{
	static const struct {
		const char *reason;
		unsigned since_ms, ended;
		bool leak;
	} rows[] = { { "cond", 100, 3, true }, { "cond", 101, 3, false }, { "net", 100, 3, false },
		{ "channel-receive", 100, 3, true }, { "cond", 100, 2, false } };
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_threads(&script, 5);
		runs(&script, 5);
		for (unsigned id = 2; id < 2 + rows[i].ended; id++)
			say(&script, "%u exit task=t%u", 90 * MS, id);
		for (unsigned id = 2; id < 2 + rows[i].ended; id++)
			say(&script, "%u release task=t1 object=o6", 90 * MS);
		say(&script, "%u " WAITS, rows[i].since_ms * MS, 5u, rows[i].reason, 1u, "");
		if (rows[i].ended < 3)
			say(&script, "%u " WAITS, rows[i].since_ms * MS, 4u, "net", 1u, "");
		expect_leaks(&script, 1100 * MS, rows[i].leak ? DWELL_LEAK_ALIVE_AT_END : -1, 1, 0);
	}
}

/* One more of them every `step` ms of 1.6 s: four in each part. */
static void growing(struct script *script, unsigned count, bool levels_off)
{
	script_clear(script);
	say(script, "dwell-text 1\ntrace source=\"go\" tick=1 levels=runtime");
	say(script, "process p1 pid=1 name=\"app\"\ntask t1 kind=goroutine process=p1");
	for (unsigned i = 0; i < count; i++) {
		const unsigned part = i * 8 / count;
		const unsigned at = levels_off && part > 5 ? 1190 : 1 + i * 1600 / count;

		say(script, "task t%u kind=goroutine process=p1 born created=%u name=\"g\"", i + 2,
			at * MS);
	}
	say(script, "1 state task=t1 state=running");
	for (unsigned i = 0; i < count; i++)
		say(script, "%u state task=t%u state=blocked reason=channel-receive", 1599 * MS,
			i + 2);
}

Test(leaks, grows)
{
	struct script script = { 0 };

	growing(&script, 32, false);
	expect_leaks(&script, 1600 * MS, DWELL_LEAK_GROWING, 32, 0);
	growing(&script, 8, false);
	expect_leaks(&script, 1600 * MS, -1, 0, 0);
	growing(&script, 32, true);
	expect_leaks(&script, 1600 * MS, -1, 0, 0);
}

/*
 * t1 is main; t2 makes t3 to t5 and ends. t3 waits at s2 from `since_ms` to the end at 1.1 s; where
 * `passed`, t4 waited there before and went on.
 */
struct abandoned {
	const char *kind, *reason;
	unsigned since_ms;
	bool maker_lives, passed, born, of_go, lost;
	int leak; /* kind; -1: none */
	unsigned why;
};

static void abandoned(struct script *script, const struct abandoned *row)
{
	script_clear(script);
	say(script, "dwell-text 1\ntrace source=\"go\" tick=1 levels=runtime");
	say(script, "process p1 pid=1 name=\"app\"");
	say(script, "location l1 lines=\"main.work\":\"app.go\":7");
	say(script, "location l2 lines=\"runtime.gcenable\":\"mgc.go\":3");
	say(script, "stack s1 frames=l1\nstack s2 frames=l1,l1");
	say(script, "task t1 kind=goroutine process=p1 native=1");
	say(script, "task t2 kind=goroutine process=p1 parent=t1 native=2 born created=1");
	say(script,
		"task t3 kind=%s process=p1 parent=t2 native=3 %sstart=%s creation=s1 created=2",
		row->kind, row->born ? "born " : "", row->of_go ? "l2" : "l1");
	say(script, "task t4 kind=goroutine process=p1 parent=t1 native=4 born start=l1 created=2");
	say(script, "executor x1 kind=p number=0\n5 switch executor=x1 peer=t4");
	for (unsigned id = 1; id <= 3; id++)
		say(script, "10 state task=t%u state=running", id);
	if (row->lost)
		say(script, "20 loss value=1 extra=20 reason=full");
	if (row->passed) {
		say(script, "30 switch executor=x1 task=t4 state=blocked reason=%s stack=s2",
			row->reason);
		say(script,
			"40 wake task=t4 peer=t1 state=runnable\n50 switch executor=x1 peer=t4");
	}
	say(script, "60 exit task=t4");
	if (!row->maker_lives)
		say(script, "60 exit task=t2");
	say(script, "%u state task=t3 state=blocked reason=%s stack=s2", row->since_ms * MS,
		row->reason);
}

Test(leaks, abandoned)
{
	enum {
		ALIVE = DWELL_LEAK_ALIVE_AT_END,
		ORPHAN = DWELL_FOREVER_ABANDONED,
		LOCKED = DWELL_FOREVER_LOCKED_OUT
	};
	static const struct abandoned rows[] = {
		{ "goroutine", "channel-send", 100, false, false, true, false, false, ALIVE,
			ORPHAN },
		{ "goroutine", "join", 100, false, false, true, false, false, ALIVE, ORPHAN },
		{ "goroutine", "mutex", 100, true, false, true, false, false, ALIVE, LOCKED },
		{ "thread", "channel-send", 100, false, false, true, false, false, -1, 0 },
		{ "goroutine", "select", 100, false, false, true, false, false, -1, 0 },
		{ "goroutine", "net", 100, false, false, true, false, false, -1, 0 },
		{ "goroutine", "channel-send", 101, false, false, true, false, false, -1, 0 },
		{ "goroutine", "channel-send", 100, true, false, true, false, false, -1, 0 },
		{ "goroutine", "channel-send", 100, false, true, true, false, false, -1, 0 },
		{ "goroutine", "mutex", 100, true, true, true, false, false, -1, 0 },
		{ "goroutine", "channel-send", 100, false, false, false, false, false, -1, 0 },
		{ "goroutine", "channel-send", 100, false, false, true, true, false, -1, 0 },
		{ "goroutine", "channel-send", 100, false, false, true, false, true, -1, 0 },
	};
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		abandoned(&script, &rows[i]);
		expect_leaks(&script, 1100 * MS, rows[i].leak, 1, rows[i].why);
	}
}

/* Rules at their thresholds and just below them, written as the rows of a trace. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

/* Task 1 holds the lock for `held` us and waits in it for `inside` us; task 2 wants it. */
static void hold(struct script *script, const char *reason, unsigned held, unsigned inside)
{
	begin(script, 2);
	say(script, "0 switch peer=t1 executor=x1");
	say(script, "0 switch peer=t2 executor=x2");
	say(script, "%u wait-begin task=t2 reason=mutex object=o1 peer=t1 flags=holder-read", US);
	say(script, "%u switch task=t2 state=blocked reason=mutex object=o1 executor=x2", US);
	say(script, "%u switch task=t1 state=blocked reason=%s executor=x1", 2 * US, reason);
	say(script, "%u wake task=t1 state=runnable executor=x1", (2 + inside) * US);
	say(script, "%u switch peer=t1 executor=x1", (2 + inside) * US);
	say(script, "%u release task=t1 object=o1 peer=t2", (1 + held) * US);
	say(script, "%u wake task=t2 state=runnable peer=t1 executor=x1", (1 + held) * US);
	say(script, "%u switch peer=t2 executor=x2", (1 + held) * US);
	say(script, "%u wait-end task=t2", (1 + held) * US);
}

Test(findings, holder_waits)
{
	static const struct {
		const char *reason, *rule;
		unsigned held, inside;
		uint64_t end_ms;
	} rows[] = {
		{ "sleep", "holder-asleep", 50000, 10000, 1000 },
		{ "sleep", NULL, 50000, 9999, 1000 },
		{ "sleep", "holder-asleep", 100000, 10000, 1000 },
		{ "sleep", NULL, 100010, 10000, 1000 }, /* less than a tenth */
		{ "sleep", NULL, 50000, 10000, 1001 },  /* less than 1 % of the window */
		{ "file", "holder-in-io", 50000, 10000, 1000 },
		{ "net", "holder-in-io", 50000, 10000, 1000 },
		{ "page-fault", "holder-in-io", 50000, 10000, 1000 },
		{ "process", "blocking-call-under-lock", 50000, 10000, 1000 },
		{ "cond", "blocking-call-under-lock", 50000, 10000, 1000 },
		{ "mutex", NULL, 50000, 10000, 1000 },
	};
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hold(&script, rows[i].reason, rows[i].held, rows[i].inside);
		expect(&script, rows[i].end_ms * MS, rows[i].rule, rows[i].inside * US);
	}
}

/* Until the holder ran again is of what it waited for. */
Test(findings, holder_is_late)
{
	struct script script = { 0 };

	begin(&script, 3);
	say(&script, "0 switch peer=t1 executor=x1\n0 switch peer=t2 executor=x2");
	say(&script, "%u switch task=t2 state=blocked reason=mutex object=o1 executor=x2", MS);
	say(&script, "%u switch task=t1 state=blocked reason=sleep peer=t3 executor=x1", MS);
	say(&script, "%u wake task=t1 state=runnable executor=x1", 7 * MS);
	say(&script, "%u switch task=t3 state=blocked reason=net peer=t1 executor=x1", 12 * MS);
	say(&script, "%u release task=t1 object=o1", 13 * MS);
	say(&script, "%u wake task=t2 state=runnable peer=t1 executor=x1", 13 * MS);
	say(&script, "%u switch peer=t2 executor=x2", 13 * MS);
	expect(&script, 100 * MS, "holder-asleep", 11 * MS);
}

/* The holder has to leave its CPU for 3 tenths of the time, or less. */
Test(findings, holder_preempted)
{
	struct script script = { 0 };

	for (unsigned less = 0; less < 2; less++) {
		const unsigned again = (31 - less) * MS;

		begin(&script, 3);
		say(&script, "0 switch peer=t1 executor=x1\n0 switch peer=t2 executor=x2");
		say(&script, "%u switch task=t2 state=blocked reason=mutex object=o1 executor=x2",
			MS);
		say(&script, "%u switch task=t1 state=runnable peer=t3 executor=x1 flags=preempted",
			MS);
		say(&script, "%u switch task=t3 state=blocked reason=net peer=t1 executor=x1",
			again);
		say(&script, "%u release task=t1 object=o1", 101 * MS);
		say(&script, "%u wake task=t2 state=runnable peer=t1 executor=x1", 101 * MS);
		say(&script, "%u switch peer=t2 executor=x2", 101 * MS);
		expect(&script, 1000 * MS, less ? NULL : "holder-preempted", 30 * MS);
	}
}

/*
 * Task 1 runs on for 99 ms with the locks of tasks 2 and 3, and gives both up at the end; before
 * that so many times, each time for itself. What each then does takes so long.
 */
static void pass(struct script *script, unsigned times, unsigned work_us)
{
	begin(script, 3);
	say(script, "object o3 kind=mutex process=p1 native=0x30 name=\"other\"");
	say(script, "0 switch peer=t1 executor=x1");
	for (unsigned t = 2; t <= 3; t++) {
		say(script, "%u switch peer=t%u executor=x2", MS, t);
		say(script, "%u wait-begin task=t%u reason=mutex object=o%u peer=t1", MS, t,
			t == 2 ? 1 : 3);
		say(script, "%u switch task=t%u state=blocked executor=x2", MS, t);
	}
	for (unsigned i = 1; i <= times; i++)
		say(script, "%u release task=t1 object=o1\n%u release task=t1 object=o3",
			i * 10 * MS, i * 10 * MS);
	for (unsigned t = 2; t <= 3; t++) {
		say(script, "%u release task=t1 object=o%u", 100 * MS, t == 2 ? 1 : 3);
		say(script, "%u wake task=t%u state=runnable peer=t1", 100 * MS, t);
	}
	say(script, "%u switch peer=t2 executor=x2\n%u wait-end task=t2", 100 * MS, 100 * MS);
	say(script, "%u switch task=t1 state=blocked peer=t3 executor=x1", 100 * MS);
	say(script, "%u wait-end task=t3", 100 * MS);
	for (unsigned t = 2; t <= 3; t++)
		say(script, "%u switch task=t%u state=blocked executor=x%u",
			100 * MS + work_us * US, t, 4 - t);
}

/* Taken again and again past who waits it is a convoy, held once for long it is not: then it is
 * told that one ran alone. Where both hold, only the lock is named. */
Test(findings, taken_past_who_waits)
{
	static const struct {
		unsigned times, work_us;
		uint64_t end_ms;
		const char *rule; /* NULL: none at all */
		size_t count;
	} rows[] = {
		{ 9, 2500, 450, "lock-convoy", 2 },
		{ 2, 2500, 450, "lock-convoy", 2 },    /* 10, 20, 100, and the wait's end: four */
		{ 1, 2500, 450, "serial-stretch", 1 }, /* three only */
		{ 0, 2500, 450, "serial-stretch", 1 },
		{ 0, 2400, 450, NULL, 0 },           /* less than a twentieth: for the end only */
		{ 9, 2500, 1800, "lock-convoy", 2 }, /* 90 ms: a twentieth */
		{ 9, 2500, 1801, NULL, 0 },
	};
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dwell_answer *answer;

		pass(&script, rows[i].times, rows[i].work_us);
		answer = judge(&script, rows[i].end_ms * MS);
		cr_expect(eq(sz, answer->findings->count, rows[i].count), "%zu", i);
		for (size_t f = 0; f < answer->findings->count; f++)
			cr_expect(eq(str, (char *)answer->findings->rows[f].rule,
					  (char *)rows[i].rule),
				"%zu", i);
		dwell_answer_free(answer);
		free(script.text);
		script.text = NULL;
	}
}

Test(findings, starvation)
{
	struct script script = { 0 };

	for (unsigned less = 0; less < 2; less++) {
		begin(&script, 2);
		say(&script, "0 switch peer=t1 executor=x1");
		say(&script, "0 switch task=t2 state=blocked reason=sleep executor=x2");
		say(&script, "%u wake task=t2 state=runnable executor=x1", MS);
		say(&script, "%u switch task=t1 state=blocked reason=net peer=t2 executor=x1",
			101 * MS - less);
		expect(&script, 1000 * MS, less ? NULL : "starvation", 100 * MS);
	}
}

/* So many are ready or run, all the while. */
Test(findings, oversubscription)
{
	struct script script = { 0 };

	for (unsigned tasks = 4; tasks <= 5; tasks++) {
		begin(&script, tasks);
		say(&script, "0 switch peer=t1 executor=x1\n0 switch peer=t2 executor=x2");
		for (unsigned id = 3; id <= tasks; id++)
			say(&script, "0 state task=t%u state=runnable", id);
		/* Each gives way to the next, all ten milliseconds: nobody starves. */
		for (unsigned i = 0; i < 100; i++)
			say(&script,
				"%u switch task=t%u state=runnable peer=t%u executor=x%u flags=preempted",
				(i + 1) * 5 * MS, i % tasks + 1, (i + 2) % tasks + 1, i % 2 + 1);
		expect(&script, 505 * MS, tasks == 5 ? "oversubscription" : NULL, 0);
	}
}

/* A program that was not to be recorded takes the CPU for so long in each ten milliseconds. */
static void take_cpu(struct script *script, unsigned us, const char *how)
{
	begin(script, 1);
	say(script, "process p1 pid=1 name=\"app\"%s", how);
	say(script, "process p2 pid=2 name=\"cc1\"");
	say(script, "task t2 kind=thread process=p2 tid=2 name=\"cc1\"");
	say(script, "0 switch peer=t1 executor=x1");
	for (unsigned i = 1; i <= 60; i++) {
		const unsigned end = i * 10 * MS;

		say(script, "%u switch task=t1 state=runnable peer=t2 executor=x1 flags=preempted",
			end - us * US);
		say(script, "%u switch task=t2 state=runnable peer=t1 executor=x1 flags=preempted",
			end);
	}
}

Test(findings, noisy_neighbours)
{
	struct script script = { 0 };
	struct dwell_answer *answer;

	/* A twentieth of the window, or less. */
	for (unsigned less = 0; less < 2; less++) {
		take_cpu(&script, 2000, " recorded");
		say(&script, "%u switch task=t1 state=blocked reason=net executor=x1", 600 * MS);
		expect(&script, UINT64_C(2400) * MS + 20 * less, less ? NULL : "noisy-neighbours",
			120 * MS);
	}
	for (unsigned less = 0; less < 2; less++) {
		take_cpu(&script, 2000 - less, " recorded");
		expect(&script, 600 * MS, less ? NULL : "noisy-neighbours", 120 * MS);
	}
	/* All were to be recorded: nobody is a neighbour. */
	take_cpu(&script, 5000, "");
	expect(&script, 600 * MS, NULL, 0);

	take_cpu(&script, 5000, " recorded");
	answer = judge(&script, 600 * MS);
	cr_assert(eq(sz, answer->findings->count, 1));
	cr_expect(eq(u32, answer->findings->rows[0].tasks[0], 1));
	cr_expect(strcmp(answer->findings->rows[0].title,
			  "tasks were ready for 300 ms while other programs ran, cc1 most") == 0);
	dwell_answer_free(answer);
	free(script.text);
}

/* Two of one start do half as much; the main thread, which knows no start, does not count. */
Test(findings, imbalance)
{
	struct script script = { 0 };

	for (unsigned workers = 1; workers <= 2; workers++) {
		begin(&script, 1);
		say(&script, "process p1 pid=1 name=\"app\"");
		say(&script, "task t1 kind=thread process=p1 tid=1 name=\"app\"");
		say(&script,
			"mapping m1 process=p1 start=0x1000 end=0x2000 path=\"/usr/lib/libpool.so\"");
		say(&script, "location l1 mapping=m1 address=0x1100");
		say(&script, "location l2 mapping=m1 address=0x1200 lines=\"pool_begin\":\"\":0");
		say(&script, "stack s1 frames=l2");
		for (unsigned id = 2; id <= 1 + workers; id++)
			say(&script, "task t%u kind=thread process=p1 tid=%u %s name=\"app\"", id,
				id, id == 2 ? "start=l1" : "creation=s1 start=l1");
		say(&script, "0 switch peer=t2 executor=x1");
		say(&script, "0 wait-begin task=t1 state=blocked reason=cond object=o2");
		if (workers == 2)
			say(&script, "0 wait-begin task=t3 state=blocked reason=cond object=o2");
		say(&script, "%u switch task=t2 state=blocked reason=sleep executor=x1", 200 * MS);
		expect(&script, 200 * MS + 1, workers == 2 ? "imbalance" : NULL, 0);
	}
	/* The other one was ready for most of the difference: it had as much to do. */
	begin(&script, 1);
	say(&script, "process p1 pid=1 name=\"app\"");
	for (unsigned id = 2; id <= 3; id++)
		say(&script, "task t%u kind=thread process=p1 tid=%u name=\"pool\"", id, id);
	say(&script, "0 switch peer=t2 executor=x1");
	say(&script, "0 state task=t3 state=runnable");
	for (unsigned i = 0; i < 9; i++) {
		say(&script, "%u switch task=t2 state=runnable peer=t3 executor=x1",
			(i * 23 + 20) * MS);
		say(&script, "%u switch task=t3 state=%s peer=t2 executor=x1", (i + 1) * 23 * MS,
			i < 8 ? "runnable" : "exited");
	}
	say(&script, "%u switch task=t2 state=exited executor=x1", 230 * MS);
	expect(&script, 230 * MS, NULL, 0);
}

/* A task sleeps for so long each time, and does nothing. */
static void poll_often(struct script *script, unsigned count, unsigned us, unsigned running_us)
{
	begin(script, 1);
	say(script, "0 switch peer=t1 executor=x1");
	for (unsigned i = 0; i < count; i++) {
		const unsigned at = (i + 1) * (us + running_us);

		say(script, "%u switch task=t1 state=blocked reason=sleep executor=x1",
			(at - us) * US);
		say(script, "%u wake task=t1 state=runnable executor=x1", at * US);
		say(script, "%u switch peer=t1 executor=x1", at * US);
	}
}

Test(findings, busy_polling)
{
	static const struct {
		unsigned count, us, running_us;
		bool polls;
	} rows[] = { { 100, 1900, 10, true }, { 99, 1900, 10, false }, { 100, 2100, 10, false },
		{ 100, 1900, 30, false } };
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		poll_often(&script, rows[i].count, rows[i].us, rows[i].running_us);
		expect(&script, (uint64_t)rows[i].count * (rows[i].us + rows[i].running_us) * US,
			rows[i].polls ? "busy-polling" : NULL,
			(uint64_t)rows[i].count * rows[i].us * US);
	}
}

/* Once a millisecond one gets the CPU, and leaves it after so long; else 2 has it. */
static void leave_often(
	struct script *script, unsigned task, unsigned count, unsigned us, const char *flags)
{
	begin(script, 2);
	say(script, "task t3 kind=coroutine process=p1 name=\"co\"");
	say(script, "0 switch peer=t2 executor=x1");
	for (unsigned i = 1; i <= count; i++) {
		say(script, "%u switch task=t2 state=runnable peer=t%u executor=x1 flags=preempted",
			i * MS, task);
		say(script, "%u switch task=t%u state=runnable peer=t2 executor=x1%s",
			i * MS + us * US, task, flags);
	}
}

Test(findings, gives_its_cpu_away_to_ask_again)
{
	static const struct {
		unsigned task, count, us;
		const char *flags;
		bool polls;
	} rows[] = { { 1, 1000, 50, "", true }, { 1, 999, 50, "", false },
		{ 1, 1000, 51, "", false }, { 1, 1000, 50, " flags=preempted", false },
		{ 3, 1000, 50, "", false } };
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		leave_often(&script, rows[i].task, rows[i].count, rows[i].us, rows[i].flags);
		expect(&script, (uint64_t)rows[i].count * MS + rows[i].us * US,
			rows[i].polls ? "busy-polling" : NULL, 50 * MS);
	}
}

/* Four wait for one item, so often: all are woken, and all but one wait again after 50 us. */
static void wake_all(struct script *script, unsigned times, const char *reason)
{
	begin(script, 5);
	say(script, "0 switch peer=t1 executor=x1");
	for (unsigned id = 2; id <= 5; id++)
		say(script, "0 wait-begin task=t%u state=blocked reason=%s object=o2", id, reason);
	for (unsigned i = 1; i <= times; i++) {
		for (unsigned id = 2; id <= 5; id++)
			say(script, "%u wait-end task=t%u state=running", i * 10 * MS, id);
		for (unsigned id = 2; id <= 5; id++)
			say(script, "%u wait-begin task=t%u state=blocked reason=%s object=o2",
				i * 10 * MS + (id == 5 ? 150 : 50) * US, id, reason);
	}
}

/* Of the last crowd it is not known yet. A mutex is handed on one by one, however quickly. */
Test(findings, thundering_herd)
{
	struct script script = { 0 };

	for (unsigned times = 9; times <= 10; times++) {
		wake_all(&script, times, "cond");
		expect(&script, 200 * MS, times == 10 ? "thundering-herd" : NULL, 3 * 50 * 9 * US);
	}
	wake_all(&script, 10, "mutex");

	struct dwell_answer *answer = judge(&script, 200 * MS);

	for (size_t i = 0; i < answer->findings->count; i++)
		cr_expect(strcmp(answer->findings->rows[i].rule, "thundering-herd") != 0);
	dwell_answer_free(answer);
	free(script.text);
}

/* Two tasks are woken for one object by turns, each again and again, with another wait between:
 * never three. */
Test(findings, herd_of_two)
{
	struct script script = { 0 };
	uint64_t at_ns = MS;

	begin(&script, 3);
	say(&script, "object o8 kind=cond process=p1 native=0x80");
	say(&script, "object o9 kind=cond process=p1 native=0x90");
	say(&script, "0 switch peer=t2 executor=x1\n0 switch peer=t3 executor=x2");
	for (unsigned i = 0; i < 6000; i++, at_ns += 5 * US) {
		const unsigned task = 2 + i % 2, object = i / 2 % 3 < 2 ? 8 : 9;

		say(&script,
			"%llu switch task=t%u state=blocked reason=cond object=o%u executor=x%u",
			(unsigned long long)at_ns, task, object, task - 1);
		say(&script, "%llu wake task=t%u state=runnable peer=t1 executor=x%u",
			(unsigned long long)at_ns + 2 * US, task, task - 1);
		say(&script, "%llu switch peer=t%u executor=x%u",
			(unsigned long long)at_ns + 3 * US, task, task - 1);
	}
	expect(&script, 40 * MS, NULL, 0);
}

Test(findings, world_paused)
{
	struct script script = { 0 };

	for (unsigned less = 0; less < 2; less++) {
		begin(&script, 1);
		script.size = 0;
		say(&script, "dwell-text 1\ntrace source=\"go\" tick=1 levels=runtime");
		say(&script, "label b1 text=\"stop\"\ntask t1 kind=goroutine name=\"g\"");
		say(&script, "%u span-begin task=t1 reason=world-pause object=b1 value=1", MS);
		say(&script, "%u span-end task=t1 value=1", 11 * MS - less);
		expect(&script, 2000 * MS, less ? NULL : "world-paused", 10 * MS);
	}
}

Test(findings, what_is_not_judged_is_said)
{
	struct script script = { 0 };
	struct dwell_answer *answer;
	bool order = false;

	begin(&script, 1);
	say(&script, "0 switch peer=t1 executor=x1");
	answer = judge(&script, 1000);
	for (size_t i = 0; i < answer->findings->unjudged_count; i++)
		order |= !strcmp(answer->findings->unjudged[i].rule, "lock-order-cycle");
	cr_expect(order);
	dwell_answer_free(answer);
	free(script.text);
}

/* Findings that are alike become one, those that follow from others come after them; and what rows
 * that were lost leave unknown. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "script.h"

/* A place to wait at, and another: l1 and l2, s1 and s2. */
static void places(struct script *script)
{
	say(script, "object o3 kind=mutex process=p1 native=0x30 name=\"other\"");
	say(script, "mapping m1 process=p1 start=4096 end=65536 path=\"app\"");
	say(script, "location l1 mapping=m1 address=8192 lines=\"take\":\"app.c\":7");
	say(script, "location l2 mapping=m1 address=8208 lines=\"grab\":\"app.c\":9");
	say(script, "location l3 mapping=m1 address=8224 lines=\"main\":\"app.c\":20");
	say(script, "stack s1 frames=l1\nstack s2 frames=l2\nstack s3 frames=l1,l3");
}

/* Task 1 sleeps for 20 ms with a lock that task 2 waits for at a place. */
static void sleep_with(struct script *script, unsigned lock, unsigned stack, unsigned ms)
{
	say(script,
		"%u wait-begin task=t2 reason=mutex object=o%u peer=t1 stack=s%u flags=holder-read",
		ms * MS, lock, stack);
	say(script, "%u switch task=t2 state=blocked reason=mutex object=o%u executor=x2", ms * MS,
		lock);
	say(script, "%u switch task=t1 state=blocked reason=sleep executor=x1", ms * MS);
	say(script, "%u wake task=t1 state=runnable executor=x1", (ms + 20) * MS);
	say(script, "%u switch peer=t1 executor=x1", (ms + 20) * MS);
	say(script, "%u release task=t1 object=o%u peer=t2 stack=s2", (ms + 20) * MS, lock);
	say(script, "%u wake task=t2 state=runnable peer=t1 executor=x1", (ms + 20) * MS);
	say(script, "%u switch peer=t2 executor=x2\n%u wait-end task=t2", (ms + 20) * MS,
		(ms + 20) * MS);
}

Test(findings_related, locks_alike)
{
	/* At one place, called from another, and at two places. */
	static const struct {
		unsigned stack, count, alike;
		uint64_t lost_ns;
	} rows[] = { { 1, 1, 1, 40 * MS }, { 3, 1, 1, 40 * MS }, { 2, 2, 0, 20 * MS } };
	struct script script = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&script, 2);
		places(&script);
		say(&script, "0 switch peer=t1 executor=x1\n0 switch peer=t2 executor=x2");
		sleep_with(&script, 1, 1, 10);
		sleep_with(&script, 3, rows[i].stack, 50);

		struct dwell_answer *answer = judge(&script, 500 * MS);

		cr_assert(eq(sz, answer->findings->count, rows[i].count));
		cr_expect(eq(str, (char *)answer->findings->rows[0].rule, (char *)"holder-asleep"));
		cr_expect(eq(u32, answer->findings->rows[0].alike, rows[i].alike));
		cr_expect(eq(u64, answer->findings->rows[0].lost_ns, rows[i].lost_ns));
		dwell_answer_free(answer);
	}
	free(script.text);
}

/* Six take turns of 60 ms on two CPUs: each is ready for 120 ms and more. */
Test(findings_related, starving_in_a_crowd)
{
	enum { TASKS = 6 };
	struct script script = { 0 };
	struct dwell_answer *answer;

	begin(&script, TASKS);
	say(&script, "0 switch peer=t1 executor=x1\n0 switch peer=t2 executor=x2");
	for (unsigned id = 3; id <= TASKS; id++)
		say(&script, "0 state task=t%u state=runnable", id);
	for (unsigned i = 0; i < 24; i++)
		say(&script,
			"%u switch task=t%u state=runnable peer=t%u executor=x%u flags=preempted",
			(i + 1) * 30 * MS, i % TASKS + 1, (i + 2) % TASKS + 1, i % 2 + 1);
	answer = judge(&script, 780 * MS);
	/* The main thread's class is another. */
	cr_assert(eq(sz, answer->findings->count, 3));
	cr_expect(eq(str, (char *)answer->findings->rows[0].rule, (char *)"oversubscription"));
	for (size_t i = 1; i < 3; i++) {
		const struct dwell_finding *row = &answer->findings->rows[i];

		cr_expect(eq(str, (char *)row->rule, (char *)"starvation"));
		cr_expect(row->follows);
		cr_expect(eq(u32, row->alike, i == 1 ? TASKS - 2 : 0));
	}
	dwell_answer_free(answer);
	free(script.text);
}

/* One lock under the other, then the other way round. */
static void take_both(struct script *script, unsigned ms, unsigned first, unsigned second)
{
	say(script, "%u acquire task=t1 object=o%u", ms * MS, first);
	say(script, "%u acquire task=t1 object=o%u", ms * MS + 1, second);
	say(script, "%u release task=t1 object=o%u", ms * MS + 2, second);
}

/* More rows than are handed on together: what comes next is not beside locks that are taken. */
static void far_away(struct script *script, uint64_t at_ns)
{
	for (unsigned i = 0; i < 10000; i++)
		say(script, "%lu mark task=t1", (unsigned long)at_ns);
}

Test(findings_related, order_across_a_loss)
{
	struct script script = { 0 };

	for (unsigned lost = 0; lost < 4; lost++) {
		script_clear(&script);
		say(&script, "dwell-text 1");
		say(&script, "trace source=\"dwell\" tick=1 levels=program,all-locks");
		say(&script, "process p1 pid=1 name=\"app\"");
		say(&script, "task t1 kind=thread process=p1 tid=1 name=\"main\"");
		for (unsigned id = 1; id <= 3; id += 2)
			say(&script, "object o%u kind=mutex process=p1 native=%u", id, id);
		/* Its release is among the rows that are missing, or there is none. */
		take_both(&script, 10, 1, 3);
		say(&script, "%u release task=t1 object=o1", 11 * MS);
		say(&script, "%u acquire task=t1 object=o3", 12 * MS);
		if (lost == 3)
			far_away(&script, 12 * MS + 1);
		if (lost == 1 || lost == 3)
			say(&script, "%u loss value=3 extra=%u reason=full", 13 * MS, 14 * MS);
		if (lost == 3)
			far_away(&script, 14 * MS + 1);
		say(&script, "%u acquire task=t1 object=o1", 15 * MS);
		if (lost == 2) /* told at its end, and this was in it */
			say(&script, "%u loss task=t1 value=3 extra=%u reason=full", 17 * MS,
				14 * MS);
		expect(&script, 500 * MS, lost ? NULL : "lock-order-cycle", 0);
	}
}

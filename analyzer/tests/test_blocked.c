/* Rows of blocked: which waits are one, and what stands for them. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/text.h"
#include "script.h"

/* A wait of so long, from `at` on. */
static void wait_of(struct script *s, unsigned task, unsigned at, unsigned us, const char *what)
{
	say(s, "%u switch peer=t%u executor=x1", at * US, task);
	say(s, "%u switch task=t%u state=blocked %s executor=x1", (at + 1) * US, task, what);
	say(s, "%u wake task=t%u state=runnable", (at + 1 + us) * US, task);
	say(s, "%u switch peer=t%u executor=x1", (at + 1 + us) * US, task);
	say(s, "%u switch task=t%u state=runnable executor=x1", (at + 2 + us) * US, task);
}

static struct dwell_answer *ask(struct script *script, unsigned by)
{
	const struct dwell_query query = { .analyses = DWELL_ANALYZE_BLOCKED, .blocked_by = by };

	return ask_script(script, 900 * MS, &query);
}

/* A shell that looks into a file and then waits for its command waits for a process. */
Test(blocked, a_task_waits_for_what_took_longest)
{
	struct script script = { 0 };
	struct dwell_answer *answer;

	begin(&script, 1);
	wait_of(&script, 1, 1000, 20, "reason=file");
	wait_of(&script, 1, 2000, 5000, "reason=process");
	wait_of(&script, 1, 8000, 10, "reason=page-fault");
	answer = ask(&script, DWELL_BY_TASK);
	cr_assert(eq(sz, answer->blocked->count, 1));
	cr_expect(eq(u8, answer->blocked->rows[0].reason, DWELL_REASON_PROCESS));
	cr_expect(eq(u64, answer->blocked->rows[0].waits.count, 3));
	cr_expect(eq(u64, answer->blocked->rows[0].waits.total_ns, 5030 * US));
	dwell_answer_free(answer);
	free(script.text);
}

/* One of them slept for longer than any waited for the lock; all together did not. */
Test(blocked, a_class_waits_for_what_took_all_longest)
{
	struct script script = { 0 };
	struct dwell_answer *answer;

	begin(&script, 4);
	wait_of(&script, 2, 1000, 700, "reason=mutex object=o1");
	wait_of(&script, 3, 3000, 1000, "reason=sleep");
	wait_of(&script, 3, 5000, 600, "reason=mutex object=o1");
	wait_of(&script, 4, 7000, 50, "reason=mutex object=o1");
	answer = ask(&script, DWELL_BY_CLASS);
	cr_assert(eq(sz, answer->blocked->count, 1));
	cr_expect(eq(u8, answer->blocked->rows[0].reason, DWELL_REASON_MUTEX));
	cr_expect(eq(u32, answer->blocked->rows[0].tasks, 3));
	cr_expect(eq(u64, answer->blocked->rows[0].waits.total_ns, 2350 * US));
	dwell_answer_free(answer);
	free(script.text);
}

/* fread waits in one of two functions of the C library, which is nothing to the program; who calls
 * it from elsewhere waits elsewhere. */
Test(blocked, the_way_through_the_library_is_no_place)
{
	struct script script = { 0 };
	struct dwell_answer *answer;

	begin(&script, 2);
	say(&script, "mapping m1 process=p1 start=0x100 end=0x200 path=\"/lib/libc.so.6\"");
	say(&script, "mapping m2 process=p1 start=0x200 end=0x300 path=\"/bin/app\"");
	say(&script, "location l1 mapping=m1 address=0x110 lines=\"read\":\"\":0");
	say(&script, "location l2 mapping=m1 address=0x120 lines=\"_IO_file_underflow\":\"\":0");
	say(&script, "location l3 mapping=m2 address=0x210");
	say(&script, "location l4 mapping=m2 address=0x220");
	say(&script, "stack s1 frames=l1,l3");
	say(&script, "stack s2 frames=l1,l2,l3");
	say(&script, "stack s3 frames=l1,l4");
	say(&script, "stack s4 frames=l1");
	say(&script, "stack s5 frames=l1,l2");
	wait_of(&script, 1, 1000, 40, "reason=pipe stack=s1");
	wait_of(&script, 1, 2000, 30, "reason=pipe stack=s2");
	wait_of(&script, 1, 3000, 20, "reason=pipe stack=s3");
	/* Where the library is all there is, it tells them apart. */
	wait_of(&script, 1, 4000, 3, "reason=pipe stack=s4");
	wait_of(&script, 1, 5000, 2, "reason=pipe stack=s5");
	answer = ask(&script, DWELL_BY_SITE);
	cr_assert(eq(sz, answer->blocked->count, 4));
	cr_expect(eq(u64, answer->blocked->rows[0].waits.total_ns, 70 * US));
	/* The longer of both stands for them, though it came first. */
	cr_expect(eq(u32, answer->blocked->rows[0].stack, 1));
	cr_expect(eq(u64, answer->blocked->rows[1].waits.total_ns, 20 * US));
	dwell_answer_free(answer);
	free(script.text);
}

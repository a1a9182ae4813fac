/* Lines of ftrace, of every kind and of none. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "import/ftrace/line.h"

static bool parse(struct kernel_event *line, const char *text)
{
	return ftrace_line_parse(line, text, strlen(text));
}

static bool is(struct dwell_string text, const char *word)
{
	return text.size == strlen(word) && !memcmp(text.at, word, text.size);
}

Test(ftrace, a_switch_with_every_field)
{
	struct kernel_event line;

	cr_assert(parse(&line,
		"  my prog-x-12  (   10) [003] dNh2.  1234.567891: sched_switch: prev_comm=my prog-x "
		"prev_pid=12 prev_prio=98 prev_state=D|K ==> next_comm=a ==> b next_pid=7 next_prio=-1"));
	cr_expect_eq(line.kind, KERNEL_SWITCH);
	cr_expect(is(line.comm, "my prog-x"));
	cr_expect_eq(line.tid, 12);
	cr_expect_eq(line.tgid, 10);
	cr_expect_eq(line.cpu, 3);
	cr_expect(line.in_interrupt);
	cr_expect_eq(line.time_ns, UINT64_C(1234567891000));
	cr_expect_eq(line.tick_ns, 1000);
	cr_expect_eq(line.other, 7);
	cr_expect_eq(line.other_prio, -1);
}

Test(ftrace, names_that_look_like_something_else)
{
	struct kernel_event line;

	cr_assert(parse(&line,
		"  a [001] 1.5: b-3     [002] d..1.     9.000000001: sched_waking: comm=x pid=1 "
		"prio=2 pid=5 prio=120 target_cpu=000"));
	cr_expect(is(line.comm, "a [001] 1.5: b"));
	cr_expect_eq(line.tid, 3);
	cr_expect_eq(line.cpu, 2);
	cr_expect_eq(line.time_ns, UINT64_C(9000000001));
	cr_expect_eq(line.tick_ns, 1);
	cr_expect(is(line.other_comm, "x pid=1 prio=2"));
	cr_expect_eq(line.other, 5);
}

Test(ftrace, wakes_in_both_forms)
{
	struct kernel_event line;

	cr_assert(parse(&line, " a-1 [000] 1.000000: sched_wakeup: b:c:2 [110] success=1 CPU:000"));
	cr_expect_eq(line.kind, KERNEL_WAKEUP);
	cr_expect(is(line.other_comm, "b:c"));
	cr_expect_eq(line.other, 2);
	cr_expect_eq(line.other_prio, 110);
	cr_assert(parse(&line,
		" a-1 [000] d..4. 1.000000: sched_wakeup_new: comm=b pid=2 prio=120 target_cpu=001"));
	cr_expect_eq(line.kind, KERNEL_WAKEUP_NEW);
	cr_expect_eq(line.other, 2);
	cr_expect_not(line.in_interrupt);
}

Test(ftrace, losses)
{
	struct kernel_event line;

	cr_assert(parse(&line, "CPU:3 [LOST 12 EVENTS]"));
	cr_expect_eq(line.kind, KERNEL_LOST);
	cr_expect_eq(line.cpu, 3);
	cr_expect_eq(line.value, 12);
	cr_assert(parse(&line, "CPU:0 [EVENTS DROPPED]"));
	cr_expect_eq(line.value, 0);
	cr_assert(parse(&line, "CPU:0 [7 EVENTS DROPPED]"));
	cr_expect_eq(line.value, 7);
}

/* One line for each field that can be wrong. */
Test(ftrace, what_is_no_line)
{
	static const char *const lines[] = {
		"",
		"# tracer: nop",
		" a-1 [000] d..2. 1.000000 sched_switch: x",
		" a-1 [000] d..2. 1000000: sched_switch: x",
		" a-1 [000] d..2. 1.0000000000: sched_waking: comm=b pid=2 prio=120 target_cpu=0",
		" a-1 [000] d..2. 99999999999.0: sched_waking: comm=b pid=2 prio=120 target_cpu=0",
		" a-1 [70000] d..2. 1.000000: sched_waking: comm=b pid=2 prio=120 target_cpu=0",
		" a-1 [00x] d..2. 1.000000: sched_waking: comm=b pid=2 prio=120 target_cpu=0",
		" a-1 000 d..2. 1.000000: sched_waking: comm=b pid=2 prio=120 target_cpu=0",
		" a-99999999999 [000] d..2. 1.000000: sched_waking: comm=b pid=2 prio=120",
		" a [000] d..2. 1.000000: sched_waking: comm=b pid=2 prio=120 target_cpu=0",
		" a-1 [000] d..2. 1.000000: sched_waking: comm=b prio=120 target_cpu=0",
		" a-1 [000] d..2. 1.000000: sched_waking: comm=b pid=x prio=120 target_cpu=0",
		" a-1 [000] d..2. 1.000000: sched_waking: comm=b pid=99999999999 prio=120",
		" a-1 [000] d..2. 1.000000: sched_switch: prev_comm=a prev_pid=1 prev_prio=120 "
		"prev_state=S",
		" a-1 [000] d..2. 1.000000: sched_switch: prev_comm=a prev_pid=1 prev_prio=120 "
		"prev_state= ==> next_comm=b next_pid=2 next_prio=120",
		" a-1 [000] d..2. 1.000000: sched_switch: prev_comm=a prev_prio=120 prev_state=S ==> "
		"next_comm=b next_pid=2 next_prio=120",
		" a-1 [000] d..2. 1.000000: sched_switch: prev_comm=a prev_pid=1 prev_prio=120 "
		"prev_state=S ==> next_comm=b next_prio=120",
		" a-1 [000] d..2. 1.000000: sched_switch: a:1 [120] S ==> b [120]",
		" a-1 [000] d..2. 1.000000: sched_process_fork: comm=a pid=1 child_comm=b",
		" a-1 [000] d..2. 1.000000: task_rename: oldcomm=a newcomm=b",
		" a-1 [000] d..2. 1.000000: tracing_mark_write: ",
		"CPU:1",
		"CPU:99999999 [LOST 1 EVENTS]",
		"CPU:1 [LOST 1",
	};
	struct kernel_event line;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect_not(parse(&line, lines[i]), "%s", lines[i]);
}

/* Every beginning of good lines: nothing is read beyond. */
Test(ftrace, lines_cut_short)
{
	static const char good[] =
		"  prog-12  (   10) [003] dNh2.  1234.567891: sched_switch: prev_comm=prog prev_pid=12 "
		"prev_prio=98 prev_state=D|K ==> next_comm=b next_pid=7 next_prio=120";
	struct kernel_event line;

	for (size_t size = 0; size < sizeof(good) - 1; size++) {
		char *copy = malloc(size + 1);

		memcpy(copy, good, size);
		if (ftrace_line_parse(&line, copy, size))
			cr_expect_geq(size, sizeof("prog-12") - 1);
		free(copy);
	}
}

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "record/bpf/shared.h"
#include "record/tracepoints.h"

#define COMMON                                                                                     \
	"format:\n"                                                                                \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"                     \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"                     \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"             \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char switch_text[] = "name: sched_switch\nID: 316\n" COMMON
				  "\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
				  "\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n"
				  "\tfield:int prev_prio;\toffset:28;\tsize:4;\tsigned:1;\n"
				  "\tfield:long prev_state;\toffset:32;\tsize:8;\tsigned:1;\n"
				  "\tfield:char next_comm[16];\toffset:40;\tsize:16;\tsigned:0;\n"
				  "\tfield:pid_t next_pid;\toffset:56;\tsize:4;\tsigned:1;\n"
				  "\tfield:int next_prio;\toffset:60;\tsize:4;\tsigned:1;\n\n"
				  "print fmt: \"prev_pid=%d offset:9;\", REC->prev_pid\n";

static const char waking_text[] = "name: sched_waking\nID: 318\n" COMMON
				  "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
				  "\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n";

static const char exec_text[] =
	"name: sched_process_exec\nID: 310\n" COMMON
	"\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n"
	"\tfield:pid_t old_pid;\toffset:16;\tsize:4;\tsigned:1;\n";

static struct dwell_tracepoints all(void)
{
	struct dwell_tracepoints tracepoints;
	struct dwell_tracepoint_format *formats = tracepoints.formats;

	cr_assert(dwell_tracepoint_parse(switch_text, DWELL_TRACEPOINT_SWITCH, &formats[0]));
	cr_assert(dwell_tracepoint_parse(waking_text, DWELL_TRACEPOINT_WAKING, &formats[1]));
	cr_assert(dwell_tracepoint_parse(exec_text, DWELL_TRACEPOINT_EXEC, &formats[2]));
	return tracepoints;
}

Test(tracepoints, fields_are_where_the_description_says)
{
	const struct dwell_tracepoints tracepoints = all();
	const struct dwell_tracepoint_format *formats = tracepoints.formats;

	cr_expect(formats[0].id == 316 && formats[1].id == 318 && formats[2].id == 310);
	cr_expect(formats[0].fields[0].offset == 24 && formats[0].fields[0].size == 4);
	cr_expect(formats[0].fields[1].offset == 32 && formats[0].fields[1].size == 8);
	cr_expect(formats[0].fields[2].offset == 56);
	cr_expect(formats[1].fields[0].offset == 2 && formats[1].fields[0].size == 1);
	/* common_pid ends in the same word. */
	cr_expect(formats[1].fields[1].offset == 24);
	cr_expect(formats[2].fields[0].offset == 12 && formats[2].fields[1].offset == 16);
}

Test(tracepoints, descriptions_that_lack_something_are_refused)
{
	struct dwell_tracepoint_format format;
	char text[sizeof(switch_text)];

	/* Cut after each byte: what has all fields is the same, what has not is refused. */
	for (size_t size = 0; size < sizeof(switch_text); size++) {
		snprintf(text, size + 1, "%s", switch_text);
		if (dwell_tracepoint_parse(text, DWELL_TRACEPOINT_SWITCH, &format))
			cr_expect(format.id == 316 && format.fields[2].offset == 56);
	}
	cr_expect_not(dwell_tracepoint_parse(waking_text, DWELL_TRACEPOINT_SWITCH, &format));
	cr_expect_not(dwell_tracepoint_parse(
		"ID: 7\n\tfield:pid_t pid;\toffset:99999;\tsize:4;\n\tfield:pid_t "
		"old_pid;\toffset:4;\tsize:4;\n",
		DWELL_TRACEPOINT_EXEC, &format));
	cr_expect_not(dwell_tracepoint_parse(
		"ID: 7\n\tfield:pid_t pid;\toffset:0;\tsize:3;\n\tfield:pid_t "
		"old_pid;\toffset:4;\tsize:4;\n",
		DWELL_TRACEPOINT_EXEC, &format));
}

static void put(uint8_t *raw, size_t at, uint64_t value, size_t size)
{
	memcpy(raw + at, &value, size);
}

Test(tracepoints, switches)
{
	static const struct {
		uint64_t state;
		uint8_t leave;
	} cases[] = { { 0, DWELL_LEAVE_PREEMPTED }, { 0x100, DWELL_LEAVE_PREEMPTED },
		{ 1, DWELL_LEAVE_SLEEPS }, { 2, DWELL_LEAVE_DISK }, { 4, DWELL_LEAVE_STOPPED },
		{ 8, DWELL_LEAVE_STOPPED }, { 0x10, DWELL_LEAVE_DEAD }, { 0x20, DWELL_LEAVE_DEAD },
		{ 0x80, DWELL_LEAVE_SLEEPS }, { 0x101, DWELL_LEAVE_PREEMPTED } };
	const struct dwell_tracepoints tracepoints = all();
	uint8_t raw[64] = { 0 };

	put(raw, 0, 316, 2);
	put(raw, 24, 77, 4);
	put(raw, 56, 78, 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dwell_kernel_event event = { 0 };

		put(raw, 32, cases[i].state, 8);
		cr_assert(dwell_tracepoints_take(&tracepoints, raw, sizeof(raw), 5, &event));
		cr_expect(event.kind == DWELL_KERNEL_EVENT_SWITCH && event.tid == 77 &&
			  event.peer == 78);
		cr_expect(event.leave == cases[i].leave, "state %llu: %u",
			(unsigned long long)cases[i].state, event.leave);
	}
}

Test(tracepoints, wakes_and_who_wakes)
{
	const struct dwell_tracepoints tracepoints = all();
	uint8_t raw[40] = { 0 };

	put(raw, 0, 318, 2);
	put(raw, 24, 9, 4);
	for (unsigned flags = 0; flags < 256; flags++) {
		struct dwell_kernel_event event = { 0 };

		raw[2] = (uint8_t)flags;
		cr_assert(dwell_tracepoints_take(&tracepoints, raw, sizeof(raw), 5, &event));
		cr_expect(
			event.kind == DWELL_KERNEL_EVENT_WAKE && event.tid == 9 && event.peer == 5);
		cr_expect(event.interrupt == ((flags & 0x18) != 0));
	}
}

Test(tracepoints, an_exec_is_news_where_a_thread_takes_the_process)
{
	const struct dwell_tracepoints tracepoints = all();
	struct dwell_kernel_event event = { 0 };
	uint8_t raw[20] = { 0 };

	put(raw, 0, 310, 2);
	put(raw, 12, 40, 4);
	put(raw, 16, 40, 4);
	cr_expect_not(dwell_tracepoints_take(&tracepoints, raw, sizeof(raw), 40, &event));
	put(raw, 16, 43, 4);
	cr_assert(dwell_tracepoints_take(&tracepoints, raw, sizeof(raw), 40, &event));
	cr_expect(event.kind == DWELL_KERNEL_EVENT_EXEC && event.tid == 40 && event.process == 40 &&
		  event.code == 43);
}

Test(tracepoints, records_that_are_short_or_strange_are_passed_over)
{
	const struct dwell_tracepoints tracepoints = all();
	uint8_t raw[64] = { 0 };

	put(raw, 0, 316, 2);
	for (size_t size = 0; size <= sizeof(raw); size++) {
		struct dwell_kernel_event event = { 0 };
		const bool whole = size >= 60;

		cr_expect(dwell_tracepoints_take(&tracepoints, raw, size, 5, &event) == whole,
			"%zu bytes", size);
	}
	put(raw, 0, 317, 2);
	cr_expect_not(dwell_tracepoints_take(
		&tracepoints, raw, sizeof(raw), 5, &(struct dwell_kernel_event){ 0 }));
}

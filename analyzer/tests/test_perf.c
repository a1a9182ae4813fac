/* perf.data to rows: the same recording in every variant, and each kind of record. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/perf_file.h"
#include "tests/rows_text.h"

static struct rows_text text;

static int drive(const struct perf_file *file)
{
	const bool tables = text.tables;

	rows_text_init(&text);
	text.tables = tables;
	return rows_text_drive(&text, perf_file_bytes(file, SIZE_MAX), NULL);
}

static bool said(const char *name, const char *expected)
{
	if (!strcmp(text.text, expected))
		return true;
	cr_log_warn("%s: expected\n%sgot\n%s", name, expected, text.text);
	return false;
}

/* 100 makes 101; 101 blocks and is woken by 100; a signal stops it; it ends. */
static void write_story(struct perf_file *file)
{
	static const struct perf_at before = { .ns = 0, .cpu = 0, .pid = 100, .tid = 100 };
	struct perf_at a = { .ns = 1000, .cpu = 0, .pid = 100, .tid = 100 };
	struct perf_at b = { .ns = 1400, .cpu = 1, .pid = 100, .tid = 101 };
	const bool old = file->variant->old_states;

	perf_comm(file, before, "main", false);
	perf_round(file);
	perf_switch(file, a, "main", 100, 1, "swapper/0", 0);
	a.ns = 1100;
	perf_switch(file, (struct perf_at){ 1100, 0, 0, 0 }, "swapper/0", 0, 0, "main", 100);
	a.ns = 1200;
	perf_fork(file, a, 100, 101, 100, 100);
	perf_switch(file, (struct perf_at){ 1300, 1, 0, 0 }, "swapper/1", 0, 0, "main", 101);
	perf_round(file);
	perf_comm(file, b, "worker", false);
	b.ns = 1500;
	perf_switch(file, b, "worker", 101, 2, "swapper/1", 0);
	a.ns = 1600;
	perf_wake(file, a, "worker", 101, 0);
	perf_switch(file, (struct perf_at){ 1700, 1, 0, 0 }, "swapper/1", 0, 0, "worker", 101);
	b.ns = 1800;
	perf_switch(file, b, "worker", 101, old ? 1024 : 0x100, "main", 100);
	perf_round(file);
	a = (struct perf_at){ .ns = 1900, .cpu = 1, .pid = 100, .tid = 100 };
	perf_switch(file, a, "main", 100, 4, "worker", 101);
	b.ns = 2000;
	perf_exit(file, b);
	b.ns = 2100;
	b.pid = b.tid = -1;
	perf_switch(file, b, "worker", 101, old ? 64 : 0x10, "swapper/1", 0);
	perf_round(file);
	perf_wake(file, (struct perf_at){ 2200, 0, 0, 0 }, "main", 100, 8);
}

static const char story[] = "0 switch cpu0 100 blocked\n"
			    "100 switch cpu0 peer 100\n"
			    "200 create 101 runnable peer 100\n"
			    "300 switch cpu1 peer 101\n"
			    "500 switch cpu1 101 blocked\n"
			    "600 wake cpu0 101 runnable peer 100\n"
			    "700 switch cpu1 peer 101\n"
			    "800 switch cpu1 101 runnable flags 1 peer 100\n"
			    "900 switch cpu1 100 blocked 17 peer 101\n"
			    "1100 switch cpu1 101 exited\n"
			    "1200 wake cpu0 100 runnable\n";

static const struct perf_variant variants[] = {
	{ .name = "file", .clockid = -1 },
	{ .name = "pipe", .pipe = true, .clockid = -1 },
	{ .name = "big-endian file", .big = true, .clockid = -1 },
	{ .name = "big-endian pipe", .big = true, .pipe = true, .clockid = -1 },
	{ .name = "compressed", .packed = 1, .clockid = -1 },
	{ .name = "compressed, as perf 6.14 does", .packed = 2, .clockid = -1 },
	{ .name = "compressed pipe", .packed = 1, .pipe = true, .clockid = -1 },
	{ .name = "identifiers", .identifier = true, .clockid = -1 },
	{ .name = "identifiers, big-endian", .identifier = true, .big = true, .clockid = -1 },
	{ .name = "attributes of 2009", .attr_size = 64, .clockid = -1 },
	{ .name = "attributes of 2012", .attr_size = 96, .clockid = -1 },
	{ .name = "attributes of later", .attr_size = 136, .pipe = true, .clockid = -1 },
	{ .name = "states before 4.14", .old_states = true, .clockid = -1 },
	{ .name = "short prev_state", .narrow_state = true, .big = true, .clockid = -1 },
	{ .name = "no thread map", .no_thread_map = true, .clockid = -1 },
	{ .name = "sched_wakeup", .wakeup = true, .clockid = -1 },
	{ .name = "counters: value, id", .read_format = 4, .clockid = -1 },
	{ .name = "counters: group with times, ids, losses", .read_format = 31, .clockid = -1 },
	{ .name = "call chains of nothing", .chains = true, .clockid = -1 },
	{ .name = "clock", .clockid = CLOCK_MONOTONIC },
};

Test(perf, variants_tell_the_same)
{
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		const struct perf_variant *v = &variants[i];
		struct perf_file file;

		perf_file_begin(&file, v);
		write_story(&file);
		perf_file_end(&file);
		cr_expect(eq(int, drive(&file), DWELL_OK), "%s", v->name);
		cr_expect(said(v->name, story), "%s", v->name);
		cr_expect(not(text.disorder), "%s", v->name);
		cr_expect(eq(u64, text.end.end_ns, 1200), "%s", v->name);
		cr_expect(text.end.closed, "%s", v->name);
		cr_expect(eq(u64, text.info.start_monotonic_ns, v->clockid < 0 ? 0 : 1000), "%s",
			v->name);
		perf_file_release(&file);
	}
}

/* Every cut of a file either says why it cannot be read, or tells a beginning of the story. */
Test(perf, every_cut_tells_a_beginning)
{
	static const struct perf_variant pipes[] = {
		{ .name = "pipe", .pipe = true, .clockid = -1 },
		{ .name = "compressed", .pipe = true, .packed = 2, .clockid = -1 }
	};

	for (size_t p = 0; p < 2; p++) {
		struct perf_file file;

		perf_file_begin(&file, &pipes[p]);
		write_story(&file);
		perf_file_end(&file);
		for (size_t size = file.data_at; size < file.size; size++) {
			struct dwell_diag diag = { .offset = 0 };

			rows_text_init(&text);
			cr_assert(
				eq(int, rows_text_drive(&text, perf_file_bytes(&file, size), &diag),
					DWELL_OK));

			char *cut = strstr(text.text, "import.broken");
			cr_expect(eq(int, text.end.closed, cut == NULL), "cut at %zu", size);
			cr_expect(not(text.disorder), "cut at %zu", size);
		}
		perf_file_release(&file);
	}
}

struct record_case {
	const char *name;
	struct perf_variant variant;
	void (*write)(struct perf_file *file);
	const char *expected;
	uint32_t levels;
	bool tables;
};

static struct perf_at on(uint64_t ns, uint32_t cpu, int32_t pid, int32_t tid)
{
	return (struct perf_at){ ns, cpu, pid, tid };
}

static void write_losses(struct perf_file *file)
{
	perf_switch(file, on(100, 0, 0, 0), "swapper/0", 0, 0, "a", 10);
	perf_switch(file, on(150, 1, 0, 0), "swapper/1", 0, 0, "b", 11);
	perf_lost(file, on(500, 0, 10, 10), 42);
	perf_switch(file, on(510, 0, 10, 10), "a", 10, 1, "swapper/0", 0);
	perf_lost_samples(file, on(0, 0, 0, 0), 60);
}

static void write_losses_at_the_end(struct perf_file *file)
{
	perf_switch(file, on(100, 0, 0, 0), "swapper/0", 0, 0, "a", 10);
	perf_switch(file, on(150, 0, 10, 10), "a", 10, 1, "swapper/0", 0);
	perf_lost_samples(file, on(0, 0, 0, 0), 7);
}

static void write_switch_records(struct perf_file *file)
{
	perf_comm(file, on(1, 0, 100, 100), "prog", true);
	perf_in_out(file, on(10, 0, 100, 100), false, false);
	perf_fork(file, on(20, 0, 100, 100), 100, 101, 100, 100);
	perf_in_out(file, on(30, 0, 100, 100), true, true);
	perf_in_out(file, on(31, 0, 100, 101), false, false);
	perf_in_out(file, on(40, 0, 100, 101), true, false);
	perf_exit(file, on(50, 0, 100, 100));
}

static void write_own(struct perf_file *file)
{
	static const uint64_t where[] = { (uint64_t)-512, 0x5000 };

	perf_in_out(file, on(10, 0, 100, 100), false, false);
	perf_chain(file, where, 2);
	perf_switch(file, on(20, 0, 100, 100), "prog", 100, 1, "other", 7);
	perf_in_out(file, on(21, 0, 100, 100), true, false);
	perf_in_out(file, on(30, 1, 100, 100), false, false);
	perf_in_out(file, on(40, 1, 100, 100), true, true);
}

static void write_newborn(struct perf_file *file)
{
	perf_switch(file, on(5, 0, 0, 0), "swapper/0", 0, 0, "a", 10);
	perf_fork(file, on(10, 0, 10, 10), 20, 20, 10, 10);
	perf_new(file, on(12, 0, 10, 10), "a", 20);
	perf_switch(file, on(20, 1, 0, 0), "swapper/1", 0, 0, "a", 20);
	perf_new(file, on(30, 0, 10, 10), "a", 21); /* its fork is missing */
	perf_switch(file, on(40, 1, 20, 20), "a", 20, 2, "a", 21);
}

static void write_reuse(struct perf_file *file)
{
	perf_switch(file, on(5, 0, 0, 0), "swapper/0", 0, 0, "a", 10);
	perf_switch(file, on(10, 0, 10, 10), "a", 10, 0x10, "b", 11);
	perf_fork(file, on(20, 0, 11, 11), 11, 10, 11, 11); /* the number again */
	perf_switch(file, on(30, 0, 11, 11), "b", 11, 1, "b", 10);
	perf_fork(file, on(40, 1, 5, 5), 5, 10, 5, 5); /* and again: its end is missing */
	perf_switch(file, on(50, 1, 0, 0), "swapper/1", 0, 0, "c", 10);
	perf_switch(file, on(60, 1, 5, 10), "c", 10, 0x20, "swapper/1", 0);
	perf_wake(file, on(70, 0, 0, 0), "d", 10, 0); /* and its creation */
}

static void write_exit_unseen(struct perf_file *file)
{
	perf_switch(file, on(5, 0, 0, 0), "swapper/0", 0, 0, "a", 10);
	perf_exit(file, on(10, 0, 10, 10));
	perf_switch(file, on(20, 0, 0, 0), "swapper/0", 0, 0, "b", 11);
	perf_exit(file, on(30, 0, 11, 11));
}

static void write_names(struct perf_file *file)
{
	perf_fork(file, on(0, 0, 1, 1), 100, 100, 1, 1);
	perf_comm(file, on(0, 0, 100, 100), "sh", false);
	perf_fork(file, on(0, 0, 1, 1), 100, 101, 1, 1);
	perf_comm(file, on(0, 0, 100, 101), "helper", false);
	perf_switch(file, on(5, 0, 0, 0), "swapper/0", 0, 0, "helper", 101);
	perf_switch(file, on(10, 0, 100, 101), "helper", 101, 1, "sh", 100);
	perf_comm(file, on(20, 0, 100, 100), "server", true);
	perf_switch(file, on(30, 0, 100, 100), "server", 100, 1, "unseen", 200);
	perf_switch(file, on(40, 0, 199, 200), "unseen", 200, 1, "swapper/0", 0);
}

static void write_stacks(struct perf_file *file)
{
	static const uint64_t both[] = { (uint64_t)-128, 0xffffffff81000010, (uint64_t)-512,
		0x400100, 0x7f0000001000 };
	static const uint64_t other[] = { (uint64_t)-512, 0x400100, 0x900000 };

	perf_mmap(file, on(0, 0, -1, 0), 0xffffffff81000000, 0x1000000, 0, "[kernel.kallsyms]_text",
		NULL);
	perf_mmap(file, on(0, 0, 100, 100), 0x400000, 0x1000, 0x1000, "/bin/prog", "ABCDEFGH");
	perf_chain(file, both, 5);
	perf_switch(file, on(5, 0, 100, 100), "prog", 100, 1, "swapper/0", 0);
	perf_fork(file, on(6, 0, 100, 100), 101, 101, 100, 100);
	perf_switch(file, on(10, 0, 101, 101), "prog", 101, 1, "swapper/0", 0);
	perf_switch(file, on(15, 0, 100, 100), "prog", 100, 1, "swapper/0", 0);
	perf_mmap(file, on(20, 0, 100, 100), 0x400000, 0x1000, 0, "/lib/late", NULL);
	perf_chain(file, other, 3);
	perf_wake(file, on(25, 0, 100, 100), "prog", 101, 0);
}

static void write_clock(struct perf_file *file)
{
	perf_comm(file, on(0, 0, 100, 100), "prog", false);
	perf_clock_sample(file, on(10, 1, 100, 100), 250000);
	perf_clock_sample(file, on(20, 1, 0, 0), 250000); /* idle */
}

static void write_no_cpu(struct perf_file *file)
{
	perf_in_out(file, on(10, 0, 100, 100), false, false);
	perf_in_out(file, on(20, 0, 100, 100), true, false);
}

static const struct record_case record_cases[] = {
	{ "losses", { .clockid = -1 }, write_losses,
		"0 switch cpu0 peer 10\n50 switch cpu1 peer 11\n400 loss cpu0 3 value 42\n"
		"410 switch cpu0 10 blocked\nimport.lost_at_end: 18\n",
		DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER, false },
	{ "losses that no record tells", { .clockid = -1 }, write_losses_at_the_end,
		"0 switch cpu0 peer 10\n50 switch cpu0 10 blocked\n50 loss 3 value 7 extra 50\n",
		DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER, false },
	{ "switch records",
		{ .own = true, .context_switch = true, .no_tracepoints = true, .clockid = -1 },
		write_switch_records,
		"0 switch cpu0 peer 100\n10 create 101 runnable peer 100\n"
		"20 switch cpu0 100 runnable flags 1\n21 switch cpu0 peer 101\n"
		"30 switch cpu0 101 blocked\n40 exit 100\n",
		DWELL_LEVEL_SWITCHES, false },
	{ "switch records and tracepoints",
		{ .own = true, .context_switch = true, .chains = true, .clockid = -1 }, write_own,
		"location 1 mapping 0 5000\nstack 1 1\n0 switch cpu0 peer 100\n"
		"11 switch cpu0 100 blocked stack 1\n20 switch cpu1 peer 100\n"
		"30 switch cpu1 100 runnable flags 1\n",
		DWELL_LEVEL_SWITCHES | DWELL_LEVEL_STACKS, false },
	{ "sched_wakeup_new", { .newborn = true, .clockid = -1 }, write_newborn,
		"0 switch cpu0 peer 10\n5 create 20 unknown peer 10\n"
		"7 create 20 runnable peer 10\n15 switch cpu1 peer 20\n"
		"25 create 21 runnable peer 10\n35 switch cpu1 20 blocked peer 21\n",
		DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER, false },
	{ "numbers used again", { .clockid = -1 }, write_reuse,
		"0 switch cpu0 peer 10\n5 switch cpu0 10 exited peer 11\n"
		"15 create 10 runnable peer 11\n25 switch cpu0 11 blocked peer 10\n"
		"35 exit 10\n35 create 10 runnable\n45 switch cpu1 peer 10\n"
		"55 switch cpu1 10 exited\n65 wake cpu0 10 runnable\n",
		DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER, false },
	{ "the last switch is missing", { .clockid = -1 }, write_exit_unseen,
		"0 switch cpu0 peer 10\n15 exit 10\n15 switch cpu0 peer 11\n"
		"25 exit 11\n",
		DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER, false },
	{ "names and processes", { .clockid = -1 }, write_names,
		"process 1 pid 100 sh\ntask 1 tid 101 process 1 parent 0 at 0 helper\n"
		"task 2 tid 100 process 1 parent 0 at 5 sh\nprocess 1 pid 100 server\n"
		"task 2 tid 100 process 1 parent 0 at 5 server\n"
		"task 3 tid 200 process 0 parent 0 at 25 unseen\nprocess 2 pid 199 unseen\n"
		"task 3 tid 200 process 2 parent 0 at 25 unseen\n"
		"0 switch cpu0 peer 101\n5 switch cpu0 101 blocked peer 100\n"
		"25 switch cpu0 100 blocked peer 200\n35 switch cpu0 200 blocked\n",
		DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER, true },
	{ "stacks", { .chains = true, .clockid = -1 }, write_stacks,
		"mapping 1 process 0 ffffffff81000000-ffffffff82000000 +0 [kernel.kallsyms]_text \n"
		"location 1 mapping 1 ffffffff81000010\n"
		"mapping 2 process 1 400000-401000 +1000 /bin/prog ABCDEFGH\n"
		"location 2 mapping 2 400100\nlocation 3 mapping 0 7f0000000fff\nstack 1 1 2 3\n"
		"mapping 3 process 2 400000-401000 +1000 /bin/prog ABCDEFGH\n"
		"location 4 mapping 3 400100\nlocation 5 mapping 0 7f0000000fff\nstack 2 1 4 5\n"
		"mapping 4 process 1 400000-401000 +0 /lib/late \n"
		"location 6 mapping 4 400100\nlocation 7 mapping 0 8fffff\nstack 3 6 7\n"
		"0 switch cpu0 100 blocked stack 1\n1 create 101 runnable peer 100\n"
		"5 switch cpu0 101 blocked stack 2\n10 switch cpu0 100 blocked stack 1\n"
		"20 wake cpu0 101 runnable peer 100 stack 3\n",
		DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_STACKS, false },
	{ "samples of what runs", { .clockid = -1 }, write_clock,
		"0 sample cpu1 100 1 value 250000\n", DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER,
		false },
	{ "no CPU",
		{ .no_cpu = true,
			.own = true,
			.context_switch = true,
			.no_tracepoints = true,
			.clockid = -1 },
		write_no_cpu, "0 switch peer 100\n10 switch 100 blocked\n", DWELL_LEVEL_SWITCHES,
		false },
};

Test(perf, each_kind_of_record)
{
	for (size_t i = 0; i < sizeof(record_cases) / sizeof(record_cases[0]); i++) {
		const struct record_case *c = &record_cases[i];
		struct perf_file file;

		perf_file_begin(&file, &c->variant);
		c->write(&file);
		perf_file_end(&file);
		text.tables = c->tables;
		cr_expect(eq(int, drive(&file), DWELL_OK), "%s", c->name);
		cr_expect(said(c->name, c->expected), "%s", c->name);
		cr_expect(eq(u32, text.info.levels, c->levels), "%s", c->name);
		perf_file_release(&file);
	}
}

Test(perf, wall_clock)
{
	static const struct perf_variant v = {
		.clockid = CLOCK_MONOTONIC, .wall_ns = 1700000000000000000, .wall_clock_ns = 600
	};
	struct perf_file file;

	perf_file_begin(&file, &v);
	write_story(&file);
	perf_file_end(&file);
	cr_expect(eq(int, drive(&file), DWELL_OK));
	cr_expect(eq(u64, text.info.start_unix_ns, 1700000000000000400));
	perf_file_release(&file);
}

/* A source may be driven again, and tells the same. */
Test(perf, drives_twice)
{
	static const struct perf_variant v = { .packed = 1, .clockid = -1 };
	struct dwell_import import;
	struct perf_file file;

	perf_file_begin(&file, &v);
	write_story(&file);
	perf_file_end(&file);
	cr_assert(eq(int, dwell_import_open_bytes(&import, perf_file_bytes(&file, SIZE_MAX), NULL),
		DWELL_OK));
	for (int i = 0; i < 2; i++) {
		rows_text_init(&text);
		cr_expect(eq(int, dwell_source_drive(import.source, NULL, &text.sink), DWELL_OK));
		cr_expect(said("again", story));
	}
	dwell_import_close(&import);
	perf_file_release(&file);
}

static const char *const recorded[] = { "file", "pipe", "wakeup", "chains", "switches" };

/* The whole text of a file, or "" where there is none. */
static char *content_of(const char *path)
{
	static char content[sizeof(text.text)];
	FILE *file = fopen(path, "r");

	content[file ? fread(content, 1, sizeof(content) - 1, file) : 0] = '\0';
	if (file)
		fclose(file);
	return content;
}

/* Real files, to rows that were read before they were committed (DWELL_UPDATE=1 writes them). */
Test(perf, recorded_files)
{
	for (size_t i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++) {
		char path[300], rows[300];
		struct dwell_import import;

		snprintf(path, sizeof(path), DWELL_TESTDATA "/import/perf/%s.data", recorded[i]);
		snprintf(rows, sizeof(rows), DWELL_TESTDATA "/import/perf/%s.rows", recorded[i]);
		cr_assert(eq(int, dwell_import_open(&import, path, NULL), DWELL_OK), "%s", path);
		rows_text_init(&text);
		text.tables = true;
		cr_expect(eq(int, dwell_source_drive(import.source, NULL, &text.sink), DWELL_OK));
		dwell_import_close(&import);
		cr_expect(not(text.disorder), "%s", path);
		if (getenv("DWELL_UPDATE")) {
			FILE *file = fopen(rows, "w");

			fputs(text.text, file);
			fclose(file);
		}
		cr_expect(eq(int, strcmp(text.text, content_of(rows)), 0), "%s", path);
	}
}

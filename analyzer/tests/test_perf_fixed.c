/* perf.data to rows: made-up histories, the same by each of the two ways to read a sample. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/perf_file.h"
#include "tests/rows_text.h"

static struct rows_text text;

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16) % sides;
}

/* What one CPU's ring brings in a round: threads 1 to 9 of three processes, whose names change. */
static void write_ring(struct perf_file *file, uint32_t *seed, struct perf_at at, int32_t *on)
{
	static const uint64_t states[] = { 0, 0, 1, 1, 2, 4, 0x10 };

	for (uint32_t i = dice(seed, 40); i; i--) {
		const int32_t other = (int32_t)dice(seed, 10);
		char name[16], others[16];

		snprintf(name, sizeof(name), "t%d", *on);
		snprintf(others, sizeof(others), dice(seed, 50) ? "t%d" : "new%d", other);
		at.ns += dice(seed, 3) * 10;
		at.tid = *on;
		at.pid = *on ? *on / 3 * 3 + 1 : 0;
		if (dice(seed, 3)) {
			perf_wake(file, at, others, other, dice(seed, 4) ? 0 : 8);
			continue;
		}
		perf_switch(file, at, name, *on, states[dice(seed, dice(seed, 9) ? 6 : 7)], others,
			other);
		*on = other;
	}
}

static void write_history(struct perf_file *file, uint32_t seed, unsigned rounds)
{
	int32_t on[3] = { 0 };

	for (unsigned round = 1; round < rounds; round++) {
		for (uint32_t cpu = 0; cpu < 3; cpu++)
			write_ring(file, &seed,
				(struct perf_at){ .ns = round * 300 + dice(&seed, 90), .cpu = cpu },
				&on[cpu]);
		perf_round(file);
	}
}

/* Samples whose fields lie at the same places are read in another way than those that vary. */
Test(perf_fixed, histories_are_the_same_with_and_without_counters)
{
	static const struct perf_variant both[] = {
		{ .name = "fixed", .clockid = -1 },
		{ .name = "varying", .read_format = 4, .clockid = -1 },
		{ .name = "fixed, compressed", .packed = 1, .identifier = true, .clockid = -1 },
		{ .name = "fixed, the CPU not told", .no_cpu = true, .clockid = -1 },
		{ .name = "varying, the CPU not told",
			.no_cpu = true,
			.read_format = 4,
			.clockid = -1 },
	};
	static char expected[sizeof(text.text)];

	for (uint32_t seed = 0; seed < 20; seed++)
		for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
			struct perf_file file;

			perf_file_begin(&file, &both[i]);
			write_history(&file, seed, 30);
			perf_file_end(&file);
			rows_text_init(&text);
			text.tables = true;
			cr_assert(eq(int,
				rows_text_drive(&text, perf_file_bytes(&file, SIZE_MAX), NULL),
				DWELL_OK));
			perf_file_release(&file);
			if (i && both[i].no_cpu == both[i - 1].no_cpu)
				cr_expect(eq(int, strcmp(text.text, expected), 0), "%s, %u",
					both[i].name, seed);
			else
				memcpy(expected, text.text, sizeof(expected));
			cr_expect(gt(uint, text.rows, 500));
		}
}

/*
 * So long that a thread of its own reads it, but for those with call chains, and pipes.
 */
Test(perf_fixed, long_histories_are_the_same_by_one_thread_and_two)
{
	static const struct perf_variant all[] = {
		{ .name = "two threads", .clockid = -1 },
		{ .name = "chains of nothing", .chains = true, .clockid = -1 },
		{ .name = "pipe", .pipe = true, .clockid = -1 },
		{ .name = "two threads, counters", .read_format = 4, .clockid = -1 },
	};
	static char expected[sizeof(text.text)];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct perf_file file;

		perf_file_begin(&file, &all[i]);
		write_history(&file, 7, 170);
		perf_file_end(&file);
		cr_expect(gt(sz, file.size, (size_t)1 << 20));
		rows_text_init(&text);
		cr_assert(eq(int, rows_text_drive(&text, perf_file_bytes(&file, SIZE_MAX), NULL),
			DWELL_OK));
		perf_file_release(&file);
		cr_expect(lt(sz, text.size, sizeof(text.text) - 100));
		if (i)
			cr_expect(eq(int, strcmp(text.text, expected), 0), "%s", all[i].name);
		else
			memcpy(expected, text.text, sizeof(expected));
	}
}

struct full {
	struct dwell_sink sink;
	unsigned left;
};

static int take_few(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct full *full = (struct full *)sink;

	(void)events;
	(void)count;
	return full->left-- ? DWELL_OK : DWELL_ELIMIT;
}

/* Who takes rows has enough, at once or later: the other thread ends, and the trace can be driven
 * again. */
Test(perf_fixed, ends_where_nobody_wants_more)
{
	static const struct perf_variant variant = { .name = "two threads", .clockid = -1 };
	static const struct dwell_sink_ops ops = { .events = take_few };
	struct dwell_import import;
	struct perf_file file;

	perf_file_begin(&file, &variant);
	write_history(&file, 3, 170);
	perf_file_end(&file);
	cr_assert(eq(int, dwell_import_open_bytes(&import, perf_file_bytes(&file, SIZE_MAX), NULL),
		DWELL_OK));
	for (unsigned i = 0; i < 40; i++) {
		struct full full = { { &ops }, i };

		cr_expect(
			eq(int, dwell_source_drive(import.source, NULL, &full.sink), DWELL_ELIMIT));
	}
	dwell_import_close(&import);
	perf_file_release(&file);
}

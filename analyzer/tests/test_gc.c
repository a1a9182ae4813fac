/* What a collector took: the sliding minimum against brute force, and a trace by hand. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/utilization.h"
#include "dwell/analysis.h"
#include "dwell/bytes.h"
#include "dwell/importer.h"

enum { STEPS = 60, SPAN = 400 };

static uint32_t seed;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* The function by the nanosecond. */
static void fill(uint32_t *by_ns, struct utilization *u)
{
	uint32_t ppm = 0, at = 0;

	for (int i = 0; i < STEPS && at < SPAN; i++) {
		const uint32_t next = at + chance(20);

		ppm = chance(4) * 250000;
		cr_assert_eq(utilization_set(u, 1000 + at, ppm), 0);
		for (uint32_t t = at; t < SPAN; t++)
			by_ns[t] = ppm;
		at = next;
	}
	utilization_end(u, 1000 + SPAN);
}

static uint64_t area_of(const uint32_t *by_ns, size_t from, size_t length)
{
	uint64_t area = 0;

	for (size_t i = from; i < from + length; i++)
		area += by_ns[i];
	return area;
}

Test(gc, least_of_any_stretch_is_that_of_brute_force)
{
	static const uint64_t lengths[UTILIZATION_WINDOWS] = { 1, 2, 7, 50, 399, 401 };

	for (uint32_t run = 0; run < 2000; run++) {
		struct utilization u = { 0 };
		uint32_t by_ns[SPAN];

		for (size_t i = 0; i < UTILIZATION_WINDOWS; i++)
			u.windows[i].length_ns = lengths[i];
		seed = run;
		fill(by_ns, &u);
		for (size_t i = 0; i < UTILIZATION_WINDOWS; i++) {
			uint64_t least = UINT64_MAX;

			for (size_t from = 0; from + lengths[i] <= SPAN; from++) {
				const uint64_t area = area_of(by_ns, from, lengths[i]);

				least = area < least ? area : least;
			}
			cr_expect_eq(u.windows[i].begun, least != UINT64_MAX);
			if (least == UINT64_MAX)
				continue;
			cr_expect_eq(u.windows[i].least, least, "run %u, length %zu", run, i);
			cr_expect_eq(area_of(by_ns, u.windows[i].at_ns - 1000, lengths[i]), least);
		}
		cr_expect_eq((uint64_t)u.total, area_of(by_ns, 0, SPAN));
		utilization_release(&u);
	}
}

static const char trace[] =
	"dwell-text 1\n"
	"trace source=\"go\" tick=1 levels=runtime\n"
	"process p1 name=\"p\"\n"
	"label b1 text=\"stop-the-world (GC mark termination)\"\n"
	"label b2 text=\"stop-the-world (start trace)\"\n"
	"label b3 text=\"GC mark assist\"\n"
	"label b4 text=\"GC (dedicated)\"\n"
	"label b5 text=\"GC (idle)\"\n"
	"counter c1 kind=gauge name=\"/sched/gomaxprocs\" unit=\"threads\"\n"
	"task t1 kind=goroutine process=p1 name=\"main\"\n"
	"task t2 kind=goroutine process=p1 name=\"worker\"\n"
	"executor x1 kind=p number=0\n"
	"executor x2 kind=p number=1\n"
	"0 counter value=2 object=c1\n"
	"0 switch peer=t1 executor=x1\n"
	/* the whole world, for 100 us; for others it does not count */
	"100000 span-begin task=t1 executor=x1 reason=world-pause object=b1 value=1\n"
	"200000 span-end task=t1 executor=x1 value=1\n"
	"300000 span-begin task=t1 executor=x1 reason=world-pause object=b2 value=2\n"
	"400000 span-end task=t1 executor=x1 value=2\n"
	/* a dedicated worker takes one of two for 500 us; an idle one none */
	"500000 switch peer=t2 executor=x2\n"
	"500000 mark task=t2 executor=x2 object=b4\n"
	"1000000 switch task=t2 state=blocked reason=gc executor=x2\n"
	"1500000 switch peer=t2 executor=x2\n"
	"1500000 mark task=t2 executor=x2 object=b5\n"
	"2000000 switch task=t2 state=blocked reason=gc executor=x2\n"
	/* an assist counts while its task runs */
	"3000000 span-begin task=t1 executor=x1 reason=gc-assist object=b3 value=3\n"
	"3100000 switch task=t1 state=runnable executor=x1\n"
	"3900000 switch peer=t1 executor=x1\n"
	"4000000 span-end task=t1 executor=x1 value=3\n"
	"end time=10000000 closed\n";

Test(gc, a_trace_by_hand)
{
	const struct dwell_query query = { .analyses = DWELL_ANALYZE_GC };
	struct dwell_bytes *bytes;
	struct dwell_import import;
	struct dwell_answer *answer;
	const struct dwell_gc *gc;

	cr_assert_eq(dwell_bytes_open_memory(&bytes, trace, sizeof(trace) - 1), 0);
	cr_assert_eq(dwell_import_open_bytes(&import, bytes, NULL), 0);
	cr_assert_eq(dwell_analyze(&answer, import.source, &query, NULL), 0);
	gc = answer->gc;
	cr_assert(gc->has_utilization);
	/* 100 us of two, 500 + 100 + 100 us of one of two, of 10 ms of two */
	cr_expect_eq(gc->mean_ppm, 1000000 - (2 * 100 + 700) * 1000000 / (2 * 10000));
	cr_assert_eq(gc->window_count, 4);
	cr_expect_eq(gc->windows[1].minimum_ppm, 0);
	cr_expect_eq(gc->windows[1].at_ns, 100000);
	/* 1 ms: from 0 on, 100 us of all and 500 us of half */
	cr_expect_eq(gc->windows[2].minimum_ppm, 650000);
	cr_expect_eq(gc->windows[2].at_ns, 0);
	cr_assert_eq(gc->assist_count, 1);
	cr_expect_eq(gc->assists[0].count, 1);
	cr_expect_eq(gc->assists[0].total_ns, 1000000);
	dwell_answer_free(answer);
	dwell_import_close(&import);
}

/* Counters of a long trace: fewer readings, but no spike less. */
#include <criterion/criterion.h>

#include "dwell/event.h"
#include "timeline/readings.h"

enum { READINGS = 700000, SERIES = 3 };

struct seen {
	int64_t min, max, last;
	bool any;
};

static uint64_t random_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void see(struct seen *seen, int64_t min, int64_t max, int64_t last)
{
	seen->min = !seen->any || min < seen->min ? min : seen->min;
	seen->max = !seen->any || max > seen->max ? max : seen->max;
	seen->last = last;
	seen->any = true;
}

Test(readings, are_fewer_and_lose_nothing)
{
	struct readings readings = { .count = 0 };
	struct seen all[SERIES] = { { .any = false } };
	uint64_t state = 42, before_ns = 0;

	for (uint64_t i = 0; i < READINGS; i++) {
		const uint64_t number = random_number(&state);
		const uint32_t which = (uint32_t)(number % 100 / 49);
		const int64_t value =
			number % 1000003 ? (int64_t)(number >> 50) - 5000 : INT64_MAX / 2;
		const struct dwell_event row = { .kind = DWELL_EVENT_COUNTER,
			.time_ns = i * 10,
			.object = SERIES - which,
			.value = (uint64_t)value };

		cr_assert_eq(readings_add(&readings, &row), 0);
		see(&all[SERIES - which - 1], value, value, value);
	}
	readings_sort(&readings);
	cr_assert_eq(readings.count, SERIES);
	cr_assert(readings.all <= 1 << 17, "%zu", readings.all);
	for (uint32_t i = 0; i < SERIES; i++) {
		const struct dwell_counted *series = &readings.series[i];
		struct seen kept = { .any = false };

		cr_assert_eq(series->counter, i + 1);
		for (size_t k = 0; k < series->count; k++) {
			cr_assert(!k || series->at[k].time_ns > before_ns);
			before_ns = series->at[k].time_ns;
			see(&kept, series->at[k].min, series->at[k].max, series->at[k].last);
		}
		cr_assert_eq(kept.min, all[i].min);
		cr_assert_eq(kept.max, all[i].max);
		cr_assert_eq(kept.last, all[i].last);
	}
	readings_release(&readings);
}

/* Of one counter each task and executor has its own; of very many the first are kept. */
Test(readings, of_each_task_and_no_more_than_are_kept)
{
	struct readings readings = { .count = 0 };

	for (uint32_t i = 0; i < 3000; i++) {
		const struct dwell_event row = {
			.kind = DWELL_EVENT_COUNTER, .time_ns = i, .object = 1, .task = i
		};

		cr_assert_eq(readings_add(&readings, &row), 0);
		cr_assert_eq(readings_add(&readings, &row), 0);
	}
	cr_assert_eq(readings.count, 1024);
	cr_assert(readings.cut);
	cr_assert_eq(readings.all, 2048);
	readings_release(&readings);
}

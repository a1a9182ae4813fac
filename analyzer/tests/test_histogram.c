/* Quantiles within 1 %, counts and maxima exact, the same in any order. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "dwell/histogram.h"

enum { VALUES = 20000 };

static uint64_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 11;
}

/* From a few nanoseconds to hours. */
static uint64_t random_duration(uint64_t *state)
{
	return random_next(state) >> (random_next(state) % 53);
}

static int ascending(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t nearest_rank(const uint64_t *sorted, size_t count, uint32_t millionths)
{
	const size_t rank = (count * millionths + 999999) / 1000000;

	return sorted[rank ? rank - 1 : 0];
}

static void expect_close(uint64_t got, uint64_t want, size_t count)
{
	const uint64_t slack = want / 100;

	cr_expect(got >= want - slack && got <= want + slack, "%zu values: %lu, not %lu", count,
		got, want);
}

Test(histogram, quantiles)
{
	static const size_t counts[] = { 1, 2, 3, 10, 24, 25, 26, 100, 999, VALUES };
	static const uint32_t quantiles[] = { 1, 100000, 500000, 900000, 990000, 999000, 1000000 };
	static uint64_t values[VALUES];
	uint64_t state = 1;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct dwell_histogram h = { 0 };
		uint64_t sum = 0;

		for (size_t j = 0; j < counts[i]; j++) {
			values[j] = random_duration(&state);
			sum += values[j];
			cr_assert(eq(int, dwell_histogram_add(&h, values[j], 1), 0));
		}
		qsort(values, counts[i], sizeof(values[0]), ascending);
		for (size_t j = 0; j < sizeof(quantiles) / sizeof(quantiles[0]); j++)
			expect_close(dwell_histogram_quantile(&h, quantiles[j]),
				nearest_rank(values, counts[i], quantiles[j]), counts[i]);
		cr_expect(eq(u64, h.count, counts[i]));
		cr_expect(eq(u64, h.sum, sum));
		cr_expect(eq(u64, dwell_histogram_quantile(&h, 1000000), values[counts[i] - 1]));
		dwell_histogram_release(&h);
	}
}

Test(histogram, merged_is_added)
{
	uint64_t state = 7;

	for (size_t count = 1; count < 200; count += 3) {
		struct dwell_histogram parts[3] = { 0 }, all = { 0 }, merged = { 0 };

		for (size_t i = 0; i < count; i++) {
			const uint64_t value = random_duration(&state);

			cr_assert(eq(int, dwell_histogram_add(&all, value, 1), 0));
			cr_assert(eq(int, dwell_histogram_add(&parts[value % 3], value, 1), 0));
		}
		for (size_t i = 0; i < 3; i++)
			cr_assert(eq(int, dwell_histogram_merge(&merged, &parts[2 - i]), 0));
		cr_expect(eq(u64, merged.count, all.count));
		cr_expect(eq(u64, merged.sum, all.sum));
		for (uint32_t q = 0; q <= 1000000; q += 50000)
			cr_expect(eq(u64, dwell_histogram_quantile(&merged, q),
				dwell_histogram_quantile(&all, q)));
		for (size_t i = 0; i < 3; i++)
			dwell_histogram_release(&parts[i]);
		dwell_histogram_release(&all);
		dwell_histogram_release(&merged);
	}
}

/* Few values of many sizes, then so many that they are counted in another way. */
Test(histogram, few_become_many)
{
	struct dwell_histogram h = { 0 };

	for (unsigned times = 1; times <= 20; times++) {
		size_t at = 0, buckets = 0;
		unsigned bucket;
		uint64_t count;

		for (uint64_t value = 0; value < 50; value++)
			cr_assert(eq(int, dwell_histogram_add(&h, value, 1), 0));
		for (; dwell_histogram_next(&h, &at, &bucket, &count); buckets++)
			cr_expect(eq(u64, count, times));
		cr_expect(eq(sz, buckets, 50));
		cr_expect(eq(int, h.pages != NULL, times > 10));
		cr_expect(eq(u64, h.count, times * 50));
	}
	dwell_histogram_release(&h);
}

Test(histogram, merged_buckets_do_not_overflow)
{
	struct dwell_histogram a = { 0 }, b = { 0 };
	size_t at = 0, buckets = 0;
	unsigned bucket;
	uint64_t count;

	/* So many values that there are pages. */
	for (uint64_t value = 0; value < 60; value++) {
		cr_assert(eq(int, dwell_histogram_add(&a, value, UINT32_MAX - value), 0));
		cr_assert(eq(int, dwell_histogram_add(&b, value, 30), 0));
	}
	cr_assert(a.pages && b.pages);
	cr_assert(eq(int, dwell_histogram_merge(&a, &b), 0));
	for (; dwell_histogram_next(&a, &at, &bucket, &count); buckets++)
		cr_expect(eq(u64, count, (uint64_t)UINT32_MAX - bucket + 30));
	cr_expect(eq(sz, buckets, 60));
	dwell_histogram_release(&a);
	dwell_histogram_release(&b);
}

Test(histogram, bars_add_up)
{
	struct dwell_histogram h = { 0 };
	struct dwell_bar *bars;
	size_t count;
	uint64_t state = 3, sum = 0;

	cr_assert(eq(int, dwell_histogram_bars(&h, &bars, &count), 0));
	cr_expect(eq(sz, count, 0));
	for (size_t i = 0; i < 5000; i++)
		cr_assert(eq(int, dwell_histogram_add(&h, random_duration(&state), 1), 0));
	cr_assert(eq(int, dwell_histogram_add(&h, UINT64_MAX, 2), 0));
	cr_assert(eq(int, dwell_histogram_bars(&h, &bars, &count), 0));
	for (size_t i = 0; i < count; i++) {
		sum += bars[i].count;
		cr_expect(lt(u64, 0, bars[i].count));
		cr_expect(i == 0 || bars[i].le_ns > bars[i - 1].le_ns);
	}
	cr_expect(eq(u64, sum, h.count));
	cr_expect(eq(u64, bars[count - 1].le_ns, UINT64_MAX));
	free(bars);
	dwell_histogram_release(&h);
}

/* More of one value than a small cell can count. */
Test(histogram, many_of_one)
{
	struct dwell_histogram h = { 0 };
	struct dwell_bar *bars;
	size_t count;

	cr_assert(eq(int, dwell_histogram_add(&h, 5, UINT32_MAX), 0));
	cr_assert(eq(int, dwell_histogram_add(&h, 5, 3), 0));
	cr_assert(eq(int, dwell_histogram_add(&h, 900, 1), 0));
	cr_expect(eq(u64, h.count, (uint64_t)UINT32_MAX + 4));
	cr_expect(eq(u64, dwell_histogram_quantile(&h, 999999), 5));
	cr_assert(eq(int, dwell_histogram_bars(&h, &bars, &count), 0));
	cr_assert(eq(sz, count, 2));
	cr_expect(eq(u64, bars[0].count, (uint64_t)UINT32_MAX + 3));
	cr_expect(eq(u64, bars[1].count, 1));
	free(bars);
	dwell_histogram_release(&h);
}

#ifndef DWELL_HISTOGRAM_H
#define DWELL_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A distribution of durations in log-linear buckets: 64 to each power of two. Quantiles are within
 * 1 %; count, sum and maximum are exact. Small until many different values came, then a page for
 * each power of two that has any. Merging is adding: the same in any order.
 */
struct dwell_histogram {
	uint64_t count, sum, max;
	struct dwell_histogram_cell *cells; /* sorted; NULL once there are pages */
	uint32_t **pages;
	uint32_t *carries; /* of all buckets, in 2^32: made where one overflows */
	uint32_t cell_count, cell_cap;
};

/* All zero is empty. release takes it, too. */
void dwell_histogram_release(struct dwell_histogram *histogram);

/* 0 or DWELL_ENOMEM. */
int dwell_histogram_add(struct dwell_histogram *histogram, uint64_t value, uint64_t times);
int dwell_histogram_merge(struct dwell_histogram *into, const struct dwell_histogram *from);

/* The value at nearest rank of `millionths` (990000: p99), the maximum being exact; 0 when empty.
 */
uint64_t dwell_histogram_quantile(const struct dwell_histogram *histogram, uint32_t millionths);
uint64_t dwell_histogram_mean(const struct dwell_histogram *histogram);

/*
 * Walk over the buckets that hold any, in order of their values: *at is 0 at first. False at the
 * end. dwell_histogram_low is the lowest value of a bucket; that of the next one is where it ends.
 */
bool dwell_histogram_next(
	const struct dwell_histogram *histogram, size_t *at, unsigned *bucket, uint64_t *count);
uint64_t dwell_histogram_low(unsigned bucket);
enum { DWELL_HISTOGRAM_BUCKETS = 59 * 64 };

/* One bar: values above the one before it, up to le_ns. */
struct dwell_bar {
	uint64_t le_ns, count;
};

/* The bars that hold any, four to each power of two: an array of the caller's to free, or NULL
 * (*count 0) when empty. 0 or DWELL_ENOMEM. */
int dwell_histogram_bars(
	const struct dwell_histogram *histogram, struct dwell_bar **bars, size_t *count);

#endif

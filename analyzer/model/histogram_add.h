#ifndef DWELL_MODEL_HISTOGRAM_ADD_H
#define DWELL_MODEL_HISTOGRAM_ADD_H

#include "dwell/error.h"
#include "dwell/histogram.h"

enum {
	HISTOGRAM_SUB_BITS = 6,
	HISTOGRAM_SUB = 1 << HISTOGRAM_SUB_BITS, /* buckets in a page */
};

static inline unsigned histogram_bucket(uint64_t value)
{
	if (value < HISTOGRAM_SUB)
		return (unsigned)value;

	const unsigned shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
	return (shift + 1) * HISTOGRAM_SUB + (unsigned)((value >> shift) - HISTOGRAM_SUB);
}

/* Ask for where a value will be counted. */
__attribute__((always_inline)) static inline void histogram_fetch(
	const struct dwell_histogram *histogram, uint64_t value)
{
	const unsigned bucket = histogram_bucket(value);
	const uint32_t *page = histogram->pages ? histogram->pages[bucket / HISTOGRAM_SUB] : NULL;

	if (page)
		__builtin_prefetch(&page[bucket % HISTOGRAM_SUB]);
}

/* The same as dwell_histogram_add of one, for loops: quick where its page is there. bucket: that of
 * the value. */
static inline int histogram_add_in(
	struct dwell_histogram *histogram, uint64_t value, unsigned bucket)
{
	uint32_t *page = histogram->pages ? histogram->pages[bucket / HISTOGRAM_SUB] : NULL;

	if (!page || page[bucket % HISTOGRAM_SUB] == UINT32_MAX)
		return dwell_histogram_add(histogram, value, 1);
	histogram->count++;
	histogram->sum += value;
	if (value > histogram->max)
		histogram->max = value;
	page[bucket % HISTOGRAM_SUB]++;
	return DWELL_OK;
}

static inline int histogram_add_one(struct dwell_histogram *histogram, uint64_t value)
{
	return histogram_add_in(histogram, value, histogram_bucket(value));
}

#endif

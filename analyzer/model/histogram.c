/* Distributions in log-linear buckets. */
#include "model/histogram_add.h"

#include <stdlib.h>
#include <string.h>

enum {
	SUB = HISTOGRAM_SUB,
	PAGES = 64 - HISTOGRAM_SUB_BITS + 1,
	/* Cells; more become pages: of few values, as there may be very many histograms, later
	 * than of many, which pages count faster. */
	FEW = 24,
	FEW_OF_FEW = 96,
	MANY = 512 /* values */
};

struct dwell_histogram_cell {
	uint16_t bucket;
	uint16_t count;
};

_Static_assert(PAGES *SUB <= UINT16_MAX, "a bucket of a cell");

/* The lowest value of a bucket, and how many values it has. */
static uint64_t bucket_low(unsigned bucket, uint64_t *width)
{
	const unsigned page = bucket / SUB;

	if (page == 0) {
		*width = 1;
		return bucket;
	}
	*width = 1ull << (page - 1);
	return (uint64_t)(SUB + bucket % SUB) << (page - 1);
}

void dwell_histogram_release(struct dwell_histogram *histogram)
{
	for (unsigned i = 0; histogram->pages && i < PAGES; i++)
		free(histogram->pages[i]);
	free(histogram->pages);
	free(histogram->carries);
	free(histogram->cells);
	*histogram = (struct dwell_histogram){ 0 };
}

static int carry(struct dwell_histogram *histogram, unsigned bucket, uint32_t times)
{
	if (!histogram->carries)
		histogram->carries = calloc(PAGES * SUB, sizeof(*histogram->carries));
	if (!histogram->carries)
		return DWELL_ENOMEM;
	histogram->carries[bucket] += times;
	return DWELL_OK;
}

static int add_to_page(struct dwell_histogram *histogram, unsigned bucket, uint64_t times)
{
	uint32_t **page = &histogram->pages[bucket / SUB];
	uint64_t sum = times;

	if (!*page)
		*page = calloc(SUB, sizeof(**page));
	if (!*page)
		return DWELL_ENOMEM;
	sum += (*page)[bucket % SUB];
	(*page)[bucket % SUB] = (uint32_t)sum;
	return sum >> 32 ? carry(histogram, bucket, (uint32_t)(sum >> 32)) : DWELL_OK;
}

static int spread(struct dwell_histogram *histogram)
{
	int err = DWELL_OK;

	histogram->pages = calloc(PAGES, sizeof(*histogram->pages));
	if (!histogram->pages)
		return DWELL_ENOMEM;
	for (uint32_t i = 0; i < histogram->cell_count && !err; i++)
		err = add_to_page(histogram, histogram->cells[i].bucket, histogram->cells[i].count);
	free(histogram->cells);
	histogram->cells = NULL;
	histogram->cell_count = 0;
	histogram->cell_cap = 0;
	return err;
}

/* Where the bucket is among the cells, or would be. */
static uint32_t find_cell(const struct dwell_histogram *histogram, unsigned bucket)
{
	uint32_t low = 0, high = histogram->cell_count;

	while (low < high) {
		const uint32_t middle = (low + high) / 2;

		if (histogram->cells[middle].bucket < bucket)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int insert_cell(
	struct dwell_histogram *histogram, uint32_t at, unsigned bucket, uint64_t times)
{
	if (histogram->cell_count == histogram->cell_cap) {
		const uint32_t cap = histogram->cell_cap + histogram->cell_cap / 4 + 4;
		struct dwell_histogram_cell *cells =
			realloc(histogram->cells, cap * sizeof(*cells));

		if (!cells)
			return DWELL_ENOMEM;
		histogram->cells = cells;
		histogram->cell_cap = cap;
	}
	memmove(&histogram->cells[at + 1], &histogram->cells[at],
		(histogram->cell_count - at) * sizeof(*histogram->cells));
	histogram->cells[at] = (struct dwell_histogram_cell){ (uint16_t)bucket, (uint16_t)times };
	histogram->cell_count++;
	return DWELL_OK;
}

static int add_to_cells(struct dwell_histogram *histogram, unsigned bucket, uint64_t times)
{
	const uint32_t at = find_cell(histogram, bucket);
	const bool there = at < histogram->cell_count && histogram->cells[at].bucket == bucket;
	const uint64_t sum = times + (there ? histogram->cells[at].count : 0);
	const uint32_t most = histogram->count < MANY ? FEW_OF_FEW : FEW;

	if (sum <= UINT16_MAX && there && histogram->cell_count <= most) {
		histogram->cells[at].count = (uint16_t)sum;
		return DWELL_OK;
	}
	if (sum <= UINT16_MAX && !there && histogram->cell_count < most)
		return insert_cell(histogram, at, bucket, times);

	const int err = spread(histogram);
	return err ? err : add_to_page(histogram, bucket, times);
}

static int add_to_bucket(struct dwell_histogram *histogram, unsigned bucket, uint64_t times)
{
	return histogram->pages ? add_to_page(histogram, bucket, times)
				: add_to_cells(histogram, bucket, times);
}

int dwell_histogram_add(struct dwell_histogram *histogram, uint64_t value, uint64_t times)
{
	if (!times)
		return DWELL_OK;
	histogram->count += times;
	histogram->sum += value * times;
	if (value > histogram->max)
		histogram->max = value;
	return add_to_bucket(histogram, histogram_bucket(value), times);
}

uint64_t dwell_histogram_low(unsigned bucket)
{
	uint64_t width;

	return bucket < PAGES * SUB ? bucket_low(bucket, &width) : UINT64_MAX;
}

bool dwell_histogram_next(
	const struct dwell_histogram *histogram, size_t *at, unsigned *bucket, uint64_t *count)
{
	if (!histogram->pages) {
		if (*at >= histogram->cell_count)
			return false;
		*bucket = histogram->cells[*at].bucket;
		*count = histogram->cells[*at].count;
		(*at)++;
		return true;
	}
	for (; *at < (size_t)PAGES * SUB; (*at)++) {
		const uint32_t *page = histogram->pages[*at / SUB];

		if (!page) {
			*at |= SUB - 1;
			continue;
		}
		*bucket = (unsigned)*at;
		*count = page[*at % SUB];
		if (histogram->carries)
			*count += (uint64_t)histogram->carries[*at] << 32;
		if (!*count)
			continue;
		(*at)++;
		return true;
	}
	return false;
}

/* No bucket overflows: true, and they are added. Without a branch for each. */
static bool add_page(uint32_t *into, const uint32_t *from)
{
	uint32_t over = 0;

	for (unsigned i = 0; i < SUB; i++)
		over |= into[i] + from[i] < from[i];
	for (unsigned i = 0; i < SUB && !over; i++)
		into[i] += from[i];
	return !over;
}

static int add_pages(struct dwell_histogram *into, const struct dwell_histogram *from)
{
	int err = DWELL_OK;

	for (unsigned page = 0; page < PAGES && !err; page++) {
		const uint32_t *of = from->pages[page];

		if (!of || (into->pages[page] && add_page(into->pages[page], of)))
			continue;
		for (unsigned i = 0; i < SUB && !err; i++)
			err = of[i] ? add_to_page(into, page * SUB + i, of[i]) : DWELL_OK;
	}
	return err;
}

int dwell_histogram_merge(struct dwell_histogram *into, const struct dwell_histogram *from)
{
	size_t at = 0;
	unsigned bucket;
	uint64_t count;

	into->count += from->count;
	into->sum += from->sum;
	if (from->max > into->max)
		into->max = from->max;
	if (into->pages && from->pages && !from->carries)
		return add_pages(into, from);
	while (dwell_histogram_next(from, &at, &bucket, &count)) {
		const int err = add_to_bucket(into, bucket, count);

		if (err)
			return err;
	}
	return DWELL_OK;
}

uint64_t dwell_histogram_quantile(const struct dwell_histogram *histogram, uint32_t millionths)
{
	const uint64_t part = histogram->count % 1000000 * millionths;
	const uint64_t rank = histogram->count / 1000000 * millionths + (part + 999999) / 1000000;
	size_t at = 0;
	unsigned bucket;
	uint64_t count, seen = 0;

	if (!histogram->count || rank >= histogram->count)
		return histogram->max;
	while (dwell_histogram_next(histogram, &at, &bucket, &count)) {
		seen += count;
		if (seen < rank)
			continue;

		uint64_t width;
		const uint64_t middle = bucket_low(bucket, &width) + width / 2;
		return middle < histogram->max ? middle : histogram->max;
	}
	return histogram->max;
}

uint64_t dwell_histogram_mean(const struct dwell_histogram *histogram)
{
	return histogram->count ? histogram->sum / histogram->count : 0;
}

int dwell_histogram_bars(
	const struct dwell_histogram *histogram, struct dwell_bar **bars, size_t *count)
{
	struct dwell_bar all[PAGES * 4];
	size_t at = 0, n = 0;
	unsigned bucket;
	uint64_t of_bucket;

	while (dwell_histogram_next(histogram, &at, &bucket, &of_bucket)) {
		uint64_t width;
		const uint64_t last = bucket_low(bucket | (SUB / 4 - 1), &width);
		const uint64_t le_ns = last + (width - 1);

		if (n && all[n - 1].le_ns == le_ns)
			all[n - 1].count += of_bucket;
		else
			all[n++] = (struct dwell_bar){ le_ns, of_bucket };
	}
	/* Mostly a few, and there may be very many distributions: room that fits is found where
	 * little was left. */
	*bars = n ? malloc(n * sizeof(**bars)) : NULL;
	*count = *bars ? n : 0;
	if (*bars)
		memcpy(*bars, all, n * sizeof(**bars));
	return *bars || !n ? DWELL_OK : DWELL_ENOMEM;
}

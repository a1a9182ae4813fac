/* Statistics on plain numbers. */
#include "analysis/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

uint64_t stat_next(struct stat_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t stat_below(struct stat_random *random, uint32_t below)
{
	return (uint32_t)((stat_next(random) >> 32) * below >> 32);
}

static int compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double middle(const double *sorted, size_t count)
{
	if (!count)
		return NAN;
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

double stat_median(double *values, size_t count)
{
	if (count)
		qsort(values, count, sizeof(*values), compare_doubles);
	return middle(values, count);
}

double stat_variance(const double *values, size_t count)
{
	double mean = 0, sum = 0;

	if (count < 2)
		return 0;
	for (size_t i = 0; i < count; i++)
		mean += values[i];
	mean /= (double)count;
	for (size_t i = 0; i < count; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return sum / (double)(count - 1);
}

enum { EXACT = 40 };

/* How many of all orders of m and n values have each U: counts[0 .. m n], by adding one value at a
 * time (Mann and Whitney 1947), as shares. */
static void count_orders(double *counts, size_t m, size_t n)
{
	const size_t size = m * n + 1;

	memset(counts, 0, size * sizeof(*counts));
	counts[0] = 1;
	/* The Gaussian binomial: times (1 - x^(n + i)), by (1 - x^i). */
	for (size_t i = 1; i <= m; i++) {
		for (size_t u = size; u-- > n + i;)
			counts[u] -= counts[u - n - i];
		for (size_t u = i; u < size; u++)
			counts[u] += counts[u - i];
		/* Kept small: only shares are wanted. */
		for (size_t u = 0; u < size; u++)
			counts[u] *= (double)i / (double)(n + i);
	}
}

double stat_mann_whitney(size_t m, size_t n, double u)
{
	const double mean = (double)m * (double)n / 2;
	double counts[EXACT * EXACT + 1], sum = 0;

	if (m > EXACT || n > EXACT)
		return erfc(-(u + 0.5 - mean) / sqrt((double)(m + n + 1) * mean / 6 * 2)) / 2;
	count_orders(counts, m, n);
	for (size_t i = 0; i <= m * n && (double)i <= u; i++)
		sum += counts[i];
	return sum;
}

/* The rank k of the k-th smallest difference, which bounds the shift from below; 0: none does. */
static size_t bound_rank(size_t m, size_t n)
{
	size_t low = 0, high = m * n / 2;

	while (low < high) {
		const size_t k = (low + high + 1) / 2;

		if (stat_mann_whitney(m, n, (double)(k - 1)) <= 0.025)
			low = k;
		else
			high = k - 1;
	}
	return low;
}

int stat_shift_of(struct stat_shift *out, const double *a, size_t m, const double *b, size_t n)
{
	const size_t count = m * n, k = bound_rank(m, n);
	double *differences = malloc((count ? count : 1) * sizeof(*differences));

	if (!differences)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			differences[i * n + j] = b[j] - a[i];
	*out = (struct stat_shift){ stat_median(differences, count), NAN, NAN };
	if (k) {
		out->low = differences[k - 1];
		out->high = differences[count - k];
	}
	free(differences);
	return DWELL_OK;
}

double stat_normal_quantile(double p)
{
	/* Bisection on erfc: exact enough, and nobody waits for it. */
	double low = -40, high = 40;

	for (int i = 0; i < 80; i++) {
		const double z = (low + high) / 2;

		if (erfc(-z * M_SQRT1_2) / 2 < p)
			low = z;
		else
			high = z;
	}
	return (low + high) / 2;
}

double stat_histogram_quantile(const struct dwell_histogram *histogram, double q)
{
	const double rank = q * (double)histogram->count;
	double seen = 0;
	size_t at = 0;
	unsigned bucket;
	uint64_t count;

	if (!histogram->count)
		return NAN;
	while (dwell_histogram_next(histogram, &at, &bucket, &count)) {
		if (seen + (double)count >= rank) {
			const double low = (double)dwell_histogram_low(bucket);
			const double high = (double)dwell_histogram_low(bucket + 1);
			const double value = low + (high - low) * (rank - seen) / (double)count;

			return value < (double)histogram->max ? value : (double)histogram->max;
		}
		seen += (double)count;
	}
	return (double)histogram->max;
}

#ifndef DWELL_ANALYSIS_STATISTICS_H
#define DWELL_ANALYSIS_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/histogram.h"

/* The statistics of docs/statistics.md, which has their sources, on plain numbers. */

/* Repeatable random numbers: splitmix64 (Steele, Lea, Flood 2014). */
struct stat_random {
	uint64_t state;
};
uint64_t stat_next(struct stat_random *random);
/* 0 .. below - 1 */
uint32_t stat_below(struct stat_random *random, uint32_t below);

/* The mean of the middle two where count is even; NAN of nothing. Sorts values. */
double stat_median(double *values, size_t count);

/* Sample variance (n - 1); 0 where count < 2. */
double stat_variance(const double *values, size_t count);

/*
 * Hodges and Lehmann's shift from a to b: the median of all differences, with the interval of
 * Moses at a confidence of at least 95 %; NAN where so few values have none.
 */
struct stat_shift {
	double at, low, high;
};
/* 0 or DWELL_ENOMEM. */
int stat_shift_of(
	struct stat_shift *out, const double *a, size_t a_count, const double *b, size_t b_count);

/* P(U <= u) of Mann and Whitney's U without ties: exact, normal beyond 40 values a side. */
double stat_mann_whitney(size_t a_count, size_t b_count, double u);

/* z with P(Z <= z) = p of the normal distribution; 1e-9 (Acklam, one Newton step). */
double stat_normal_quantile(double p);

/* The value at a share q of the distribution, between bucket edges in proportion. NAN: empty. */
double stat_histogram_quantile(const struct dwell_histogram *histogram, double q);

/*
 * Westfall and Young's step-down p-values of the maximum statistic, one-sided (head above base),
 * over `rows` rows of base_count + head_count values each: value of run j, row i at
 * values[j * rows + i]. The statistic is (mean of head - mean of base) / sqrt(V + fudge^2), V being
 * the variance of all values of the row. All splits of the runs where they are
 * at most STAT_SPLITS, else as many random ones and the observed. Runs that are odd (NULL: none
 * is) are dealt among themselves: each side keeps as many of them as it has.
 */
enum { STAT_SPLITS = 5000 };
struct stat_permutation {
	double *p;         /* of each row */
	double *statistic; /* of each row */
	double critical; /* what the maximum statistic has to pass: only so many of the other splits
			    reach it that with the observed one they are a share alpha */
	uint64_t splits;
};
/* 0 or DWELL_ENOMEM. */
int stat_permute(struct stat_permutation *out, const double *values, size_t rows, size_t base_count,
	size_t head_count, const bool *odd, double fudge, double alpha);
void stat_permutation_release(struct stat_permutation *permutation);

#endif

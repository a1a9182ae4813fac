#ifndef DWELL_ANALYSIS_SERIES_H
#define DWELL_ANALYSIS_SERIES_H

#include "dwell/digest.h"

/*
 * Windows while they are folded. How long a trace is shows at its end only, so windows begin
 * short and double until all of it fits. They lie at multiples of their length from the trace's
 * zero, so that a cut and a window of the whole have the same.
 */
enum { WINDOW_SHIFT = 20 }; /* 1 ms: the shortest */

/* The shift at which [from_ns, to_ns] fits, at least `shift`. */
unsigned windows_shift(uint64_t from_ns, uint64_t to_ns, unsigned shift);

/* The window of a time: relative to that of from_ns. */
static inline unsigned window_of(uint64_t from_ns, uint64_t at_ns, unsigned shift)
{
	return (unsigned)((at_ns >> shift) - (from_ns >> shift));
}

/* Four buckets to each power of two. */
unsigned windows_bucket(uint64_t value);
/* Lowest value of a bucket, and that of the next one. */
uint64_t windows_low(unsigned bucket);

/* Make the windows longer. */
void windows_widen(struct dwell_windows *windows, uint64_t from_ns, unsigned shift);

/* Add to a bucket at a time; widens as it must. 0 or DWELL_ENOMEM. */
int windows_add(struct dwell_windows *windows, uint64_t from_ns, uint64_t at_ns, unsigned bucket,
	uint32_t count, uint64_t total_ns);

/* Add a cell, of windows as long as these. 0 or DWELL_ENOMEM. */
int windows_put(struct dwell_windows *windows, const struct dwell_window_cell *cell);

/* Of the same shift. */
int windows_merge(struct dwell_windows *into, const struct dwell_windows *from);

int series_add(struct dwell_series *series, uint64_t from_ns, uint64_t at_ns, uint64_t value);
int series_merge(struct dwell_series *into, const struct dwell_series *from);
void series_release(struct dwell_series *series);

#endif

#ifndef DWELL_ANALYSIS_UTILIZATION_H
#define DWELL_ANALYSIS_UTILIZATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The least mean of a step function over any stretch of some lengths, while the function is told
 * from left to right. Exact: the mean over a stretch is least where the stretch begins or ends at
 * a step. Memory: the steps within the longest length.
 */
struct utilization_step {
	uint64_t at_ns;
	uint64_t area; /* ppm * ns before it, modulo 2^64: only differences are used */
	uint32_t ppm;  /* from here on */
};

enum { UTILIZATION_WINDOWS = 6 };

struct utilization {
	struct utilization_step *steps;
	size_t first, count, cap; /* steps[first ..] are still needed */
	uint64_t dropped;         /* steps before steps[0] */
	struct {
		uint64_t length_ns;
		uint64_t tail; /* number of the step in which the last stretch began */
		bool begun;
		uint64_t least; /* area */
		uint64_t at_ns;
	} windows[UTILIZATION_WINDOWS];
	uint64_t begin_ns, now_ns;
	uint32_t ppm;
	__uint128_t total; /* ppm * ns */
	bool begun;
};

/* From at_ns on it is ppm; times do not go back. 0 or DWELL_ENOMEM. */
int utilization_set(struct utilization *utilization, uint64_t at_ns, uint32_t ppm);
/* It ends. */
void utilization_end(struct utilization *utilization, uint64_t at_ns);
void utilization_release(struct utilization *utilization);

#endif

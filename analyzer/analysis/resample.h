#ifndef DWELL_ANALYSIS_RESAMPLE_H
#define DWELL_ANALYSIS_RESAMPLE_H

#include "analysis/comparing.h"

/* How often each window of each run was drawn; windows beyond the run's end never are. */
struct draw {
	uint16_t *times; /* by run, then window */
	double *seconds; /* by run */
};

/* Windows of a run; at least 1. */
unsigned run_windows(const struct dwell_digest *digest);

/* A figure of the runs first .. last - 1 of a match together, as often as their windows were drawn;
 * NAN: not known of windows, or nothing was drawn. */
double drawn_figure(const struct comparing *comparing, const struct match *match, unsigned what,
	const struct draw *draw, size_t first, size_t last);

/* Windows that hold anything of a figure, of one run. */
unsigned filled_windows(const struct dwell_digest *digest,
	const struct dwell_digest_subject *subject, unsigned what);

#endif

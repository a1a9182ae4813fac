#ifndef DWELL_ANALYSIS_RESAMPLE_H
#define DWELL_ANALYSIS_RESAMPLE_H

#include "analysis/comparing.h"

/* So many draws are looked at together. */
enum { DRAWS = 4 };

/* How often each window of a run was drawn, in each draw. */
typedef double drawn_windows[DWELL_WINDOWS][DRAWS];

/* The same of each run; windows beyond the run's end never are. */
struct draw {
	drawn_windows *times; /* by run */
	double *seconds;      /* by run */
	uint64_t number;      /* another one each time that they change; from 1 */
	struct pile *piles;   /* what the last figures of both sides were taken from */
};

/* 0 or DWELL_ENOMEM; released in both cases. */
int draw_make(struct draw *draw, size_t runs);
void draw_release(struct draw *draw);

/* Windows of a run; at least 1. */
unsigned run_windows(const struct dwell_digest *digest);

/* A figure of the runs first .. last - 1 of a match together, as often as their windows were drawn,
 * in each draw; NAN: not known of windows, or nothing was drawn. Figures of one match are best
 * asked for in turn.
 */
void drawn_figures(struct draw *draw, const struct match *match, unsigned what, size_t first,
	size_t last, double out[DRAWS]);

/* Windows that hold anything of a figure, of one run. */
unsigned filled_windows(const struct dwell_digest_subject *subject, unsigned what);

#endif

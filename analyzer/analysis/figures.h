#ifndef DWELL_ANALYSIS_FIGURES_H
#define DWELL_ANALYSIS_FIGURES_H

#include "dwell/compare.h"

/* What a figure is made of. */
enum figure {
	FIGURE_DURATION = 0, /* of the run */
	FIGURE_RUNNING_RATE, /* CPUs used */
	FIGURE_BORN,
	FIGURE_LEFT,
	FIGURE_RUNNING, /* shares of the known time */
	FIGURE_RUNNABLE,
	FIGURE_BLOCKED,
	FIGURE_TIME_RATE, /* total of the series per second */
	FIGURE_TIME_WORK, /* per unit of work */
	FIGURE_COUNT_RATE,
	FIGURE_COUNT_WORK,
	FIGURE_P50,
	FIGURE_P90,
	FIGURE_P99,
	FIGURE_P999,
	FIGURE_MAX,
	FIGURE_HOLD_P50,
	FIGURE_HOLD_P90,
	FIGURE_HOLD_P99,
	FIGURE_HOLD_P999,
	FIGURE_HOLD_MAX,
	FIGURE_VALUE,
	FIGURE_TIMES /* in all states */
};

static inline bool figure_is_hold(unsigned what)
{
	return what >= FIGURE_HOLD_P50 && what <= FIGURE_HOLD_MAX;
}

/* A run that has none of what was looked for has 0 of it. */
static inline bool figure_is_zero_without(unsigned kind)
{
	return kind == DWELL_SUBJECT_LEAK || kind == DWELL_SUBJECT_PATH ||
	       kind == DWELL_SUBJECT_LEFT;
}

/* The share of a percentile; 0 for what is none. */
double figure_quantile(unsigned what);

/* How many values a run must have on the mean for a figure to say anything. */
double figure_least_count(unsigned what);

/* The series that a figure is taken from. */
static inline const struct dwell_series *figure_series(
	unsigned what, const struct dwell_digest_subject *subject)
{
	return figure_is_hold(what) ? &subject->hold : &subject->series;
}

double digest_seconds(const struct dwell_digest *digest);

/* How many units of work a run did; 0 where it is not known. */
double digest_work(const struct dwell_digest *digest, const char *span, const char *counter);

/* The subject of this kind and key; NULL: there is none. */
const struct dwell_digest_subject *digest_find(
	const struct dwell_digest *digest, unsigned kind, const char *key);

#endif

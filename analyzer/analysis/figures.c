/* The figures of subjects, under their names. */
#include "analysis/figures.h"

#include <math.h>
#include <string.h>

#include "analysis/statistics.h"

#define PERCENTILES(kind, name, prefix)                                                            \
	{ name ".p50", kind, prefix##_P50, DWELL_UNIT_NS, 1, 0.05 },                               \
		{ name ".p90", kind, prefix##_P90, DWELL_UNIT_NS, 1, 0.05 },                       \
		{ name ".p99", kind, prefix##_P99, DWELL_UNIT_NS, 1, 0.10 },                       \
		{ name ".p999", kind, prefix##_P999, DWELL_UNIT_NS, 1, 0.25 },                     \
	{                                                                                          \
		name ".max", kind, prefix##_MAX, DWELL_UNIT_NS, 0, 0                               \
	}
/* For information: where one share shrinks, the others grow. */
#define STATES(kind, name)                                                                         \
	{ name ".running", kind, FIGURE_RUNNING, DWELL_UNIT_SHARE, 0, 0 },                         \
		{ name ".runnable", kind, FIGURE_RUNNABLE, DWELL_UNIT_SHARE, 0, 0 },               \
	{                                                                                          \
		name ".blocked", kind, FIGURE_BLOCKED, DWELL_UNIT_SHARE, 0, 0                      \
	}
#define RATES(kind, name, count)                                                                   \
	{ name "_per_s", kind, FIGURE_TIME_RATE, DWELL_UNIT_NS_PER_S, 1, 0.05 },                   \
		{ name "_per_work", kind, FIGURE_TIME_WORK, DWELL_UNIT_NS, 1, 0.05 },              \
		{ count "_per_s", kind, FIGURE_COUNT_RATE, DWELL_UNIT_PER_S, 0, 0 },               \
	{                                                                                          \
		count "_per_work", kind, FIGURE_COUNT_WORK, DWELL_UNIT_COUNT, 0, 0                 \
	}

const struct dwell_metric_spec dwell_metric_specs[] = {
	{ "run.duration", DWELL_SUBJECT_RUN, FIGURE_DURATION, DWELL_UNIT_NS, 1, 0.05 },
	{ "run.cpus", DWELL_SUBJECT_RUN, FIGURE_RUNNING_RATE, DWELL_UNIT_COUNT, 0, 0 },
	{ "run.tasks_created", DWELL_SUBJECT_RUN, FIGURE_BORN, DWELL_UNIT_COUNT, 0, 0 },
	{ "run.tasks_left", DWELL_SUBJECT_RUN, FIGURE_LEFT, DWELL_UNIT_COUNT, 1, 0.05 },
	PERCENTILES(DWELL_SUBJECT_RUN, "run.latency", FIGURE),
	STATES(DWELL_SUBJECT_CLASS, "class"),
	PERCENTILES(DWELL_SUBJECT_CLASS, "class.latency", FIGURE),
	RATES(DWELL_SUBJECT_SITE, "site.blocked", "site.waits"),
	PERCENTILES(DWELL_SUBJECT_SITE, "site.wait", FIGURE),
	RATES(DWELL_SUBJECT_LOCK, "lock.wait", "lock.contended"),
	PERCENTILES(DWELL_SUBJECT_LOCK, "lock.wait", FIGURE),
	PERCENTILES(DWELL_SUBJECT_LOCK, "lock.hold", FIGURE_HOLD),
	{ "span.per_s", DWELL_SUBJECT_SPAN, FIGURE_COUNT_RATE, DWELL_UNIT_PER_S, -1, 0.05 },
	PERCENTILES(DWELL_SUBJECT_SPAN, "span.time", FIGURE),
	STATES(DWELL_SUBJECT_SPAN, "span"),
	RATES(DWELL_SUBJECT_PAUSE, "pause.time", "pause.count"),
	PERCENTILES(DWELL_SUBJECT_PAUSE, "pause.time", FIGURE),
	{ "counter.value", DWELL_SUBJECT_COUNTER, FIGURE_VALUE, DWELL_UNIT_NONE, 0, 0 },
	{ "leak.tasks", DWELL_SUBJECT_LEAK, FIGURE_VALUE, DWELL_UNIT_COUNT, 1, 0.05 },
	{ "left.tasks", DWELL_SUBJECT_LEFT, FIGURE_VALUE, DWELL_UNIT_COUNT, 0, 0 },
	{ "pool.reuse", DWELL_SUBJECT_POOL, FIGURE_VALUE, DWELL_UNIT_SHARE, -1, 0.05 },
	{ "path.share", DWELL_SUBJECT_PATH, FIGURE_VALUE, DWELL_UNIT_SHARE, 0, 0 },
	{ "path.time", DWELL_SUBJECT_PATH, FIGURE_TIMES, DWELL_UNIT_NS, 0, 0 },
	{ "reason.blocked_per_s", DWELL_SUBJECT_REASON, FIGURE_TIME_RATE, DWELL_UNIT_NS_PER_S, 0,
		0 },
	{ "reason.blocked_per_work", DWELL_SUBJECT_REASON, FIGURE_TIME_WORK, DWELL_UNIT_NS, 0, 0 },
	{ "reason.waits_per_s", DWELL_SUBJECT_REASON, FIGURE_COUNT_RATE, DWELL_UNIT_PER_S, 0, 0 },
	{ "reason.waits_per_work", DWELL_SUBJECT_REASON, FIGURE_COUNT_WORK, DWELL_UNIT_COUNT, 0,
		0 },
	{ .name = NULL },
};

const char *dwell_unit_name(unsigned unit)
{
	static const char *const names[] = { "ns", "ns/s", "1/s", "share", "count" };

	return unit < DWELL_UNIT_NONE ? names[unit] : NULL;
}

double digest_seconds(const struct dwell_digest *digest)
{
	return (double)(digest->trace.end_ns - digest->trace.begin_ns) / 1e9;
}

const struct dwell_digest_subject *digest_find(
	const struct dwell_digest *digest, unsigned kind, const char *key)
{
	size_t low = 0, high = digest->count;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		const struct dwell_digest_subject *at = &digest->subjects[middle];
		const int order = at->kind != kind ? (at->kind > kind) - (at->kind < kind)
						   : strcmp(at->key, key);

		if (!order)
			return at;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

double digest_work(const struct dwell_digest *digest, const char *span, const char *counter)
{
	const struct dwell_digest_subject *subject =
		span      ? digest_find(digest, DWELL_SUBJECT_SPAN, span)
		: counter ? digest_find(digest, DWELL_SUBJECT_COUNTER, counter)
			  : NULL;

	if (!subject)
		return 0;
	return span ? (double)subject->series.whole.count : subject->value * digest_seconds(digest);
}

double figure_quantile(unsigned what)
{
	static const double shares[] = { 0.5, 0.9, 0.99, 0.999 };

	if (what >= FIGURE_P50 && what <= FIGURE_P999)
		return shares[what - FIGURE_P50];
	if (what >= FIGURE_HOLD_P50 && what <= FIGURE_HOLD_P999)
		return shares[what - FIGURE_HOLD_P50];
	return 0;
}

/* Five values beyond a percentile, at least. */
double figure_least_count(unsigned what)
{
	const double share = figure_quantile(what);

	return share > 0 ? 5 / (1 - share) : 5;
}

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

static double state_share(const struct dwell_times *times, unsigned what)
{
	const double known =
		(double)times->running_ns + (double)times->runnable_ns + (double)times->blocked_ns;
	const uint64_t part = what == FIGURE_RUNNING    ? times->running_ns
			      : what == FIGURE_RUNNABLE ? times->runnable_ns
							: times->blocked_ns;

	return ratio((double)part, known);
}

static double time_of(const struct dwell_times *times)
{
	return (double)times->running_ns + (double)times->runnable_ns + (double)times->blocked_ns +
	       (double)times->unknown_ns;
}

double dwell_metric_value(const struct dwell_metric_spec *spec, const struct dwell_digest *digest,
	const struct dwell_digest_subject *subject, double work)
{
	const struct dwell_histogram *whole = &figure_series(spec->what, subject)->whole;
	const double seconds = digest_seconds(digest);

	switch (spec->what) {
	case FIGURE_DURATION:
		return seconds * 1e9;
	case FIGURE_RUNNING_RATE:
		return ratio((double)subject->times.running_ns, seconds * 1e9);
	case FIGURE_BORN:
		return (double)digest->born;
	case FIGURE_LEFT:
		return (double)digest->left;
	case FIGURE_RUNNING:
	case FIGURE_RUNNABLE:
	case FIGURE_BLOCKED:
		return state_share(&subject->times, spec->what);
	case FIGURE_TIME_RATE:
		return ratio((double)whole->sum, seconds);
	case FIGURE_TIME_WORK:
		return ratio((double)whole->sum, work);
	case FIGURE_COUNT_RATE:
		return ratio((double)whole->count, seconds);
	case FIGURE_COUNT_WORK:
		return ratio((double)whole->count, work);
	case FIGURE_MAX:
	case FIGURE_HOLD_MAX:
		return whole->count ? (double)whole->max : NAN;
	case FIGURE_TIMES:
		return time_of(&subject->times);
	case FIGURE_VALUE:
		return subject->has_value ? subject->value : NAN;
	default:
		return stat_histogram_quantile(whole, figure_quantile(spec->what));
	}
}

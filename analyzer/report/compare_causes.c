/* Why a row regressed, in words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/compare.h"

static double share(uint64_t part, const struct dwell_times *times)
{
	const double all = (double)times->running_ns + (double)times->runnable_ns +
			   (double)times->blocked_ns + (double)times->unknown_ns;

	return all > 0 ? 100 * (double)part / all : 0;
}

/* "running 17 %, runnable 20 %, blocked 62 % (most on sleep)" */
static void say_times(char out[160], const struct dwell_blame *blame)
{
	const struct dwell_times *t = &blame->times;
	const char *reason = dwell_reason_name(blame->reason);
	int used = snprintf(out, 160, "running %.0f %%, runnable %.0f %%, blocked %.0f %%",
		share(t->running_ns, t), share(t->runnable_ns, t), share(t->blocked_ns, t));

	if (reason && t->blocked_ns && used > 0)
		snprintf(out + used, 160 - (size_t)used, " (most on %s)", reason);
}

static double log_ratio(uint64_t from, uint64_t to)
{
	return from && to ? fabs(log((double)to / (double)from)) : 0;
}

/* Same subject, other figure: how long a lock is held says why it is waited for. */
static void say_hold(char out[WORDS_SIZE], const struct dwell_compare_row *row, bool ascii)
{
	const struct dwell_histogram *base = &row->base->hold.whole, *head = &row->head->hold.whole;
	const uint64_t p50[] = { dwell_histogram_quantile(base, 500000),
		dwell_histogram_quantile(head, 500000) };
	const uint64_t p90[] = { dwell_histogram_quantile(base, 900000),
		dwell_histogram_quantile(head, 900000) };
	const bool tail = log_ratio(p90[0], p90[1]) > log_ratio(p50[0], p50[1]);
	const uint64_t *of = tail ? p90 : p50;
	char was[DWELL_NUMBER_SIZE], is[DWELL_NUMBER_SIZE], change[DWELL_NUMBER_SIZE];
	const size_t used = strlen(out);

	if (!base->count || !head->count)
		return;
	words_value(was, (double)of[0], DWELL_UNIT_NS, ascii);
	words_value(is, (double)of[1], DWELL_UNIT_NS, ascii);
	words_change(change, (double)of[1] / (double)of[0], ascii);
	snprintf(out + used, WORDS_SIZE - used, "; it was held for %s (%s), before %s (%s)", is,
		tail ? "p90" : "median", was, change);
}

static bool is_latency(const struct dwell_compare_row *row)
{
	return strstr(row->metric->name, ".latency.");
}

/* On the mean of the latencies that were looked into; NAN: none was. */
static double mean_of(const struct dwell_instead *instead, uint64_t ns)
{
	return instead->latencies ? (double)ns / (double)instead->latencies : NAN;
}

static uint64_t ran_of(const struct dwell_instead *instead, const char *who)
{
	for (size_t i = 0; i < instead->count; i++)
		if (!strcmp(instead->ran[i].who, who))
			return instead->ran[i].ns;
	return 0;
}

/* What nobody who is named ran of them. */
static uint64_t rest_of(const struct dwell_instead *instead)
{
	uint64_t rest = instead->total_ns;

	for (size_t i = 0; i < instead->count; i++)
		rest -= instead->ran[i].ns < rest ? instead->ran[i].ns : rest;
	return rest;
}

static double growth(const struct instead_row *row)
{
	return isnan(row->base_ns) ? row->head_ns : row->head_ns - row->base_ns;
}

static int grown_first(const void *a, const void *b)
{
	const double x = growth(a), y = growth(b);

	return (x < y) - (x > y);
}

size_t words_instead(struct instead_row out[INSTEAD_ROWS], const struct dwell_compare_row *row)
{
	static const struct dwell_instead none;
	const struct dwell_instead *head = row->head ? &row->head->instead : &none;
	const struct dwell_instead *base = row->base ? &row->base->instead : &none;
	size_t count = 0;

	if (!is_latency(row) || !head->latencies)
		return 0;
	for (size_t i = 0; i < head->count && i < DWELL_INSTEAD; i++)
		out[count++] = (struct instead_row){
			.who = head->ran[i].who,
			.head_ns = mean_of(head, head->ran[i].ns),
			.base_ns = mean_of(base, ran_of(base, head->ran[i].who)),
		};
	out[count++] = (struct instead_row){
		.head_ns = mean_of(head, rest_of(head)),
		.base_ns = mean_of(base, rest_of(base)),
	};
	qsort(out, count, sizeof(*out), grown_first);
	return count;
}

/* A percentile may grow while the mean does not: who ran on the mean is no cause of that then. */
static bool has_grown_mean(const struct dwell_compare_row *row)
{
	const struct dwell_instead *head = &row->head->instead;
	const struct dwell_instead *base = row->base ? &row->base->instead : NULL;

	return !base || !base->latencies ||
	       mean_of(head, head->total_ns) > mean_of(base, base->total_ns);
}

/* "of 612 µs that they were ready (mean) app/hog ran 600 µs (before 300 µs), ..." */
static void say_instead(char out[WORDS_SIZE], const struct dwell_compare_row *row, bool ascii)
{
	enum { SAID = 3 };
	struct instead_row rows[INSTEAD_ROWS];
	const size_t count = words_instead(rows, row);
	const struct dwell_instead *before = row->base ? &row->base->instead : NULL;
	char is[DWELL_NUMBER_SIZE], was[DWELL_NUMBER_SIZE];
	size_t used, said = 0;

	if (!count)
		return;
	words_value(is, mean_of(&row->head->instead, row->head->instead.total_ns), DWELL_UNIT_NS,
		ascii);
	words_value(was, before ? mean_of(before, before->total_ns) : NAN, DWELL_UNIT_NS, ascii);
	if (!has_grown_mean(row)) {
		snprintf(out, WORDS_SIZE,
			"they were ready for %s on the mean, before %s: it did not grow, so who ran "
			"meanwhile does not tell why",
			is, was);
		return;
	}
	used = (size_t)snprintf(out, WORDS_SIZE, "of the %s (mean%s%s) for which they were ready",
		is, before && before->latencies ? "; before " : "",
		before && before->latencies ? was : "");
	for (size_t i = 0; i < count && said < SAID && used < WORDS_SIZE; i++) {
		words_value(is, rows[i].head_ns, DWELL_UNIT_NS, ascii);
		words_value(was, rows[i].base_ns, DWELL_UNIT_NS, ascii);
		if (rows[i].head_ns * 20 * (double)row->head->instead.latencies <
			(double)row->head->instead.total_ns)
			continue; /* less than a twentieth */
		used += (size_t)snprintf(out + used, WORDS_SIZE - used, "%s %.80s ran for %s",
			said ? "," : "", rows[i].who ? rows[i].who : "nobody who is known", is);

		if (!isnan(rows[i].base_ns) && used < WORDS_SIZE)
			used += (size_t)snprintf(
				out + used, WORDS_SIZE - used, " (before %s)", was);
		said++;
	}
	if (!said)
		*out = '\0';
}

static bool is_duration(const struct dwell_compare_row *row)
{
	return !strcmp(row->metric->name, "run.duration");
}

static double path_growth(const struct path_row *row)
{
	return row->head_ns - row->base_ns;
}

static int most_grown_first(const void *a, const void *b)
{
	const double x = path_growth(a), y = path_growth(b);

	return (x < y) - (x > y);
}

size_t words_path(struct path_row out[PATH_ROWS], const struct dwell_comparison *comparison,
	const struct dwell_compare_row *row)
{
	size_t count = 0;

	if (!is_duration(row))
		return 0;
	for (size_t i = 0; i < comparison->count; i++) {
		const struct dwell_compare_row *of = &comparison->rows[i];
		const struct path_row part = { (of->head ? of->head : of->base)->key,
			of->base_value, of->head_value };

		if (strcmp(of->metric->name, "path.time") != 0 || !(path_growth(&part) > 0))
			continue;
		if (count < PATH_ROWS)
			out[count++] = part;
		else if (path_growth(&part) > path_growth(&out[PATH_ROWS - 1]))
			out[PATH_ROWS - 1] = part;
		qsort(out, count, sizeof(*out), most_grown_first);
	}
	return count;
}

/* "its critical path has more of app/worker: sleep at rest < work (612 ms, before 300 ms), ..." */
static void say_path(char out[WORDS_SIZE], const struct dwell_comparison *comparison,
	const struct dwell_compare_row *row, bool ascii)
{
	enum { SAID = 3 };
	const double grown = row->head_value - row->base_value;
	struct path_row parts[PATH_ROWS];
	const size_t count = words_path(parts, comparison, row);
	char is[DWELL_NUMBER_SIZE], was[DWELL_NUMBER_SIZE];
	size_t used = 0;

	for (size_t i = 0; i < count && i < SAID && used < WORDS_SIZE; i++) {
		if (path_growth(&parts[i]) * 10 < grown)
			break;
		words_value(is, parts[i].head_ns, DWELL_UNIT_NS, ascii);
		words_value(was, parts[i].base_ns, DWELL_UNIT_NS, ascii);
		used += (size_t)snprintf(out + used, WORDS_SIZE - used, "%s%.110s (%s, before %s)",
			i ? ", " : "its critical path has more of ", parts[i].part, is, was);
	}
}

/* What the tasks did in a state within the spans of a row, on the mean of these. */
struct doing {
	const char *name;
	double base_ns, head_ns;
};

static double mean_span(const struct dwell_digest_subject *subject, uint64_t ns)
{
	return (double)ns / (double)subject->series.whole.count;
}

static int most_done_first(const void *a, const void *b)
{
	const struct doing *x = a, *y = b;
	const double of_x = x->head_ns - x->base_ns, of_y = y->head_ns - y->base_ns;

	return (of_x < of_y) - (of_x > of_y);
}

enum { DOINGS = 3 };

/* " blocked for 118 us (most on sleep; before 98 us), running for 6 us (before 6 us)": what grew
 * most comes first, less than a twentieth is left out. How many are said. */
static size_t say_doing(
	char *out, size_t room, struct doing all[DOINGS], const char *most_on, bool ascii)
{
	const double mean = all[0].head_ns + all[1].head_ns + all[2].head_ns;
	char now[DWELL_NUMBER_SIZE], before[DWELL_NUMBER_SIZE];
	size_t used = 0, said = 0;

	qsort(all, DOINGS, sizeof(*all), most_done_first);
	for (size_t i = 0; i < DOINGS && used < room; i++) {
		const bool why = *most_on && !strcmp(all[i].name, "blocked");

		if (all[i].head_ns * 20 < mean)
			continue;
		words_value(now, all[i].head_ns, DWELL_UNIT_NS, ascii);
		words_value(before, all[i].base_ns, DWELL_UNIT_NS, ascii);
		used += (size_t)snprintf(out + used, room - used, "%s %s for %s (%s%s%sbefore %s)",
			said++ ? "," : "", all[i].name, now, why ? "most on " : "",
			why ? most_on : "", why ? "; " : "", before);
	}
	return said;
}

/* "127 us on the mean: blocked for 118 us (before 98 us), running for 6 us (before 6 us)" */
static void say_span(char out[WORDS_SIZE], const struct dwell_compare_row *row, bool ascii)
{
	const struct dwell_digest_subject *base = row->base, *head = row->head;
	const struct dwell_times *was = &base->times, *is = &head->times;
	struct doing all[DOINGS] = {
		{ "running", mean_span(base, was->running_ns), mean_span(head, is->running_ns) },
		{ "runnable", mean_span(base, was->runnable_ns), mean_span(head, is->runnable_ns) },
		{ "blocked", mean_span(base, was->blocked_ns), mean_span(head, is->blocked_ns) },
	};
	char whole[DWELL_NUMBER_SIZE];
	size_t used;

	words_value(whole, mean_span(head, head->series.whole.sum), DWELL_UNIT_NS, ascii);
	used = (size_t)snprintf(out, WORDS_SIZE, "%s on the mean:", whole);
	if (!say_doing(out + used, WORDS_SIZE - used, all, "", ascii))
		*out = '\0';
}

static bool is_of_spans(const struct dwell_compare_row *row)
{
	const unsigned kind = row->metric->kind;

	return (kind == DWELL_SUBJECT_SPAN || kind == DWELL_SUBJECT_PAUSE) && row->base &&
	       row->head && row->base->series.whole.count && row->head->series.whole.count;
}

static double all_of(const struct dwell_times *t)
{
	return (double)t->running_ns + (double)t->runnable_ns + (double)t->blocked_ns +
	       (double)t->unknown_ns;
}

/* What holders did while they were waited for, of waits that have ended only: else it is no time of
 * these. */
static bool is_of_waits(const struct dwell_digest_subject *of)
{
	return of && of->blame.holder && of->series.whole.count &&
	       all_of(&of->blame.times) <= (double)of->series.whole.sum;
}

/* "; in a wait (mean) its holders were blocked for 4.7 ms (most on sleep; before 2.3 ms), ..." As
 * shares where there is nothing to compare these with: they say nothing where all took twice as
 * long. */
static void say_holders(char *out, size_t room, const struct dwell_compare_row *row, bool ascii)
{
	const struct dwell_digest_subject *base = row->base, *head = row->head;
	const char *reason = dwell_reason_name(head->blame.reason);
	char times[160];
	size_t used;

	if (is_of_waits(base) && is_of_waits(head)) {
		const struct dwell_times *was = &base->blame.times, *is = &head->blame.times;
		struct doing all[DOINGS] = {
			{ "running", mean_span(base, was->running_ns),
				mean_span(head, is->running_ns) },
			{ "runnable", mean_span(base, was->runnable_ns),
				mean_span(head, is->runnable_ns) },
			{ "blocked", mean_span(base, was->blocked_ns),
				mean_span(head, is->blocked_ns) },
		};

		used = (size_t)snprintf(out, room, "; in a wait (mean) its holders were");
		if (used < room &&
			!say_doing(out + used, room - used, all, reason ? reason : "", ascii))
			*out = '\0';
		return;
	}
	say_times(times, &head->blame);
	used = (size_t)snprintf(out, room, "; its holders were %s", times);
	if (base && base->blame.holder && used < room) {
		say_times(times, &base->blame);
		snprintf(out + used, room - used, ", before %s", times);
	}
}

static bool is_left(const struct dwell_compare_row *row)
{
	return !strcmp(row->metric->name, "run.tasks_left");
}

/* What has no times. */
static void say_found(char out[WORDS_SIZE], const struct dwell_comparison *comparison,
	const struct dwell_compare_row *row, bool ascii)
{
	if (is_left(row))
		words_left(out, comparison, row);
	else if (row->head->kind == DWELL_SUBJECT_LEAK)
		words_leak(out, row);
	else if (row->head->kind == DWELL_SUBJECT_POOL)
		words_pool(out, row, ascii);
	else if (row->head->kind == DWELL_SUBJECT_COUNTER)
		words_counter(out, row, ascii);
}

void words_cause(char out[WORDS_SIZE], const struct dwell_comparison *comparison,
	const struct dwell_compare_row *row, bool ascii)
{
	const struct dwell_blame *head = row->head ? &row->head->blame : NULL;
	const struct dwell_blame *base = row->base ? &row->base->blame : NULL;
	size_t used;

	*out = '\0';
	if (!head)
		return;
	if (is_duration(row)) {
		say_path(out, comparison, row, ascii);
		return;
	}
	if (is_of_spans(row)) {
		say_span(out, row, ascii);
		return;
	}
	if (is_left(row) || row->head->kind >= DWELL_SUBJECT_COUNTER) {
		say_found(out, comparison, row, ascii);
		return;
	}
	if (row->head->kind <= DWELL_SUBJECT_CLASS) {
		say_instead(out, row, ascii);
		used = strlen(out);
		if (is_latency(row) && head->holder && has_grown_mean(row) && used < WORDS_SIZE)
			snprintf(out + used, WORDS_SIZE - used,
				"%sin the worst of them %.120s ran instead", used ? "; " : "",
				head->holder);
	} else if (head->holder)
		snprintf(out, WORDS_SIZE, "held by %.200s", head->holder);
	else if (head->waker)
		snprintf(out, WORDS_SIZE, "ended by %.200s", head->waker);
	used = strlen(out);
	if (head->holder && row->head->kind > DWELL_SUBJECT_CLASS && used < WORDS_SIZE) {
		say_holders(out + used, WORDS_SIZE - used, row, ascii);
	} else if (*out && base && base->holder && head->holder &&
		   strcmp(base->holder, head->holder) != 0 && used < WORDS_SIZE) {
		snprintf(out + used, WORDS_SIZE - used, ", before %.120s", base->holder);
	}
	if (base && row->head->kind == DWELL_SUBJECT_LOCK && strlen(out) < WORDS_SIZE)
		say_hold(out, row, ascii);
}

bool is_same_subject(const struct dwell_compare_row *a, const struct dwell_compare_row *b)
{
	return a->head && b->head && a->head->kind == b->head->kind &&
	       is_latency(a) == is_latency(b) && is_duration(a) == is_duration(b) &&
	       is_left(a) == is_left(b) && !strcmp(a->head->key, b->head->key);
}

bool is_fault(const struct dwell_comparison *comparison, const struct dwell_compare_row *row)
{
	return row->status == DWELL_ROW_REGRESSED ||
	       (row->status == DWELL_ROW_NEW && comparison->new_fails);
}

bool is_explained_before(const struct dwell_comparison *comparison, size_t row)
{
	const struct dwell_compare_row *rows = comparison->rows;
	bool before = !is_fault(comparison, &rows[row]);

	for (size_t i = 0; i < row && !before; i++)
		before = is_same_subject(&rows[i], &rows[row]);
	return before;
}

/* Why there are more tasks left, more leaks, more objects made, in words. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "report/compare.h"

/* More text after what is there, as much as there is room for. */
__attribute__((format(printf, 2, 3))) static void add(char out[WORDS_SIZE], const char *format, ...)
{
	const size_t used = strlen(out);
	va_list list;

	va_start(list, format);
	vsnprintf(out + used, WORDS_SIZE - used, format, list);
	va_end(list);
}

static double growth(const struct dwell_compare_row *row)
{
	return row->head_value - row->base_value;
}

/* The largest growth below a limit, of what is left; the first of those that grew alike. */
static const struct dwell_compare_row *next_left(
	const struct dwell_comparison *comparison, const struct dwell_compare_row *before)
{
	const struct dwell_compare_row *next = NULL;

	for (size_t i = 0; i < comparison->count; i++) {
		const struct dwell_compare_row *of = &comparison->rows[i];
		const bool later = !before || growth(of) < growth(before) ||
				   (!(growth(of) > growth(before)) && of > before);

		if (strcmp(of->metric->name, "left.tasks") != 0 || !of->head || !later)
			continue;
		if (!next || growth(of) > growth(next))
			next = of;
	}
	return next;
}

/* "12 server/conn-# serve, made in accept_all < main (before 0; at the end 9 of 12: poll at read <
 * serve), ..." */
void words_left(char out[WORDS_SIZE], const struct dwell_comparison *comparison,
	const struct dwell_compare_row *row)
{
	enum { SAID = 3 };
	const struct dwell_compare_row *of = NULL;

	for (size_t i = 0; i < SAID; i++) {
		of = next_left(comparison, of);
		if (!of || growth(of) <= 0 || growth(of) * 10 < growth(row))
			break;
		add(out, "%s%.4g of %.140s (before %.4g", i ? ", " : "left are ", of->head_value,
			of->head->key, of->base_value);
		if (of->head->blame.waker)
			add(out, "; at the end %.4g of %.4g: %.110s",
				(double)of->head->blame.holder_ns, of->head->value,
				of->head->blame.waker);
		add(out, ")");
	}
}

void words_leak(char out[WORDS_SIZE], const struct dwell_compare_row *row)
{
	const struct dwell_blame *blame = &row->head->blame;

	if (blame->waker)
		add(out, "tasks of %.220s", blame->waker);
	if (blame->holder)
		add(out, "%s%.200s", *out ? "; " : "", blame->holder);
}

/* Of a pool: gets, those that made a new object, those that nothing was put back for, and how long
 * the others were held. */
struct pool_figures {
	double gets, news, kept, held_ns;
};

static struct pool_figures figures_of(const struct dwell_digest_subject *pool)
{
	const struct dwell_times *t = &pool->times;
	const double put = (double)t->running_ns - (double)t->blocked_ns;

	return (struct pool_figures){
		.gets = (double)t->running_ns,
		.news = (double)t->runnable_ns,
		.kept = (double)t->blocked_ns,
		.held_ns = put > 0 ? (double)t->unknown_ns / put : NAN,
	};
}

void words_pool(char out[WORDS_SIZE], const struct dwell_compare_row *row, bool ascii)
{
	static const struct dwell_digest_subject none;
	const struct pool_figures is = figures_of(row->head);
	const struct pool_figures was = figures_of(row->base ? row->base : &none);
	char held[DWELL_NUMBER_SIZE], before[DWELL_NUMBER_SIZE];

	if (is.gets <= 0 || was.gets <= 0)
		return;
	add(out, "of %.9g gets %.9g made a new object (before %.9g of %.9g)", is.gets, is.news,
		was.news, was.gets);
	if (is.kept > 0)
		add(out, "; %.9g were not put back (before %.9g)", is.kept, was.kept);
	else
		add(out, "; all were put back");
	if (is.kept > 0 && row->head->blame.waker)
		add(out, ", most of them got %.160s", row->head->blame.waker);
	if (isnan(is.held_ns) || isnan(was.held_ns))
		return;
	words_value(held, is.held_ns, DWELL_UNIT_NS, ascii);
	words_value(before, was.held_ns, DWELL_UNIT_NS, ascii);
	add(out, "; %s held for %s (mean; before %s)",
		is.kept > 0 ? "the others were" : "they were", held, before);
}

void words_counter(char out[WORDS_SIZE], const struct dwell_compare_row *row, bool ascii)
{
	const char *is = row->head->blame.waker, *was = row->base ? row->base->blame.waker : NULL;
	char at[DWELL_NUMBER_SIZE];

	if (is)
		add(out, "the largest part is told by %.200s", is);
	else
		add(out, "no task tells it");
	if (is && was && strcmp(is, was) != 0)
		add(out, ", before by %.160s", was);
	if (!row->head->blame.holder_ns)
		return; /* as high all the time, or a digest of before */
	words_value(at, (double)row->head->blame.holder_ns, DWELL_UNIT_NS, ascii);
	add(out, "; its height is at %s", at);
}

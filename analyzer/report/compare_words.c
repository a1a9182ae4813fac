/* The words that all forms of a comparison share. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/compare.h"

static uint64_t whole(double value)
{
	return value > 0 ? value < 1e18 ? (uint64_t)(value + 0.5) : (uint64_t)1e18 : 0;
}

void words_value(char out[DWELL_NUMBER_SIZE], double value, unsigned unit, bool ascii)
{
	char number[DWELL_NUMBER_SIZE];

	if (isnan(value)) {
		snprintf(out, DWELL_NUMBER_SIZE, "%s", ascii ? "-" : "–");
		return;
	}
	switch (unit) {
	case DWELL_UNIT_NS:
		dwell_format_duration(out, whole(value), ascii);
		break;
	case DWELL_UNIT_NS_PER_S:
		dwell_format_duration(number, whole(value), ascii);
		snprintf(out, DWELL_NUMBER_SIZE, "%.28s/s", number);
		break;
	case DWELL_UNIT_SHARE:
		snprintf(out, DWELL_NUMBER_SIZE, "%.3g %%", value * 100);
		break;
	case DWELL_UNIT_PER_S:
		snprintf(out, DWELL_NUMBER_SIZE, "%.4g/s", value);
		break;
	default:
		snprintf(out, DWELL_NUMBER_SIZE, "%.4g", value);
	}
}

void words_change(char out[DWELL_NUMBER_SIZE], double ratio, bool ascii)
{
	const double percent = (ratio - 1) * 100;

	if (isnan(ratio))
		snprintf(out, DWELL_NUMBER_SIZE, "%s", ascii ? "-" : "–");
	else if (ratio >= 10)
		snprintf(out, DWELL_NUMBER_SIZE, "x %.3g", ratio);
	else
		snprintf(out, DWELL_NUMBER_SIZE, "%+.1f %%", percent);
}

void words_moved(char out[WORDS_SIZE], const struct dwell_compare_row *row, bool ascii)
{
	char base[DWELL_NUMBER_SIZE], head[DWELL_NUMBER_SIZE], change[DWELL_NUMBER_SIZE];

	words_value(base, row->base_value, row->metric->unit, ascii);
	words_value(head, row->head_value, row->metric->unit, ascii);
	words_change(change, row->ratio, ascii);
	if (row->status == DWELL_ROW_NEW)
		snprintf(out, WORDS_SIZE, "%s", head);
	else if (isnan(row->ratio))
		snprintf(out, WORDS_SIZE, "%s to %s", base, head);
	else
		snprintf(out, WORDS_SIZE, "%s to %s (%s)", base, head, change);
}

void words_key(char out[WORDS_SIZE], const struct dwell_compare_row *row)
{
	const char *base = row->base ? row->base->key : NULL;
	const char *head = row->head ? row->head->key : NULL;

	if (base && head && strcmp(base, head) != 0)
		snprintf(out, WORDS_SIZE, "%s (was %s)", head, base);
	else
		snprintf(out, WORDS_SIZE, "%s", head ? head : base);
	if (!*out)
		snprintf(out, WORDS_SIZE, "all tasks");
}

void words_method(char out[WORDS_SIZE], const struct compared *compared)
{
	const struct dwell_comparison *c = compared->comparison;
	const size_t base = compared->base_count - c->left_out[0];
	const size_t head = compared->head_count - c->left_out[1];
	const size_t left_out = c->left_out[0] + c->left_out[1];
	int used;

	if (c->method == DWELL_METHOD_RUNS)
		used = snprintf(out, WORDS_SIZE,
			"%" PRIu64 " splits of %zu + %zu runs, false alarms in at most %g %% of "
			"reports",
			c->splits, base, head, compared->alpha * 100);
	else
		used = snprintf(out, WORDS_SIZE,
			"%" PRIu64 " draws of the windows of %zu + %zu runs, bounded by the noise "
			"in each side",
			c->splits, base, head);
	if (left_out && used < WORDS_SIZE)
		snprintf(out + used, WORDS_SIZE - (size_t)used,
			"; too little is known of %zu more of the base, %zu of the head",
			c->left_out[0], c->left_out[1]);
}

static const char *rows_of(size_t count)
{
	return count == 1 ? "row" : "rows";
}

/* "3 of 16 rows, and 1 row that the base does not have" */
static void say_faults(char out[WORDS_SIZE], const struct dwell_comparison *c)
{
	const size_t bad = c->by_status[DWELL_ROW_REGRESSED];
	const size_t fresh = c->new_fails ? c->by_status[DWELL_ROW_NEW] : 0;
	int used = snprintf(out, WORDS_SIZE, "regressed: ");

	if (bad)
		used += snprintf(out + used, WORDS_SIZE - (size_t)used, "%zu of %zu %s", bad,
			c->tested, rows_of(c->tested));
	if (fresh)
		snprintf(out + used, WORDS_SIZE - (size_t)used,
			"%s%zu %s that the base does not have", bad ? ", and " : "", fresh,
			rows_of(fresh));
}

/* What only the head has is compared with nothing: that is said with the verdict. */
static void say_pass(char out[WORDS_SIZE], const struct dwell_comparison *c)
{
	const size_t fresh = c->by_status[DWELL_ROW_NEW];
	const int used = snprintf(
		out, WORDS_SIZE, "pass: none of %zu %s regressed", c->tested, rows_of(c->tested));

	if (fresh)
		snprintf(out + used, WORDS_SIZE - (size_t)used, ", %zu %s %s new", fresh,
			rows_of(fresh), fresh == 1 ? "is" : "are");
}

void words_verdict(char out[WORDS_SIZE], const struct compared *compared)
{
	const struct dwell_comparison *c = compared->comparison;

	if (c->verdict == DWELL_REGRESSED)
		say_faults(out, c);
	else if (c->verdict == DWELL_WITHHELD)
		snprintf(out, WORDS_SIZE, "withheld: %s", c->why);
	else
		say_pass(out, c);
}

bool is_news(const struct dwell_compare_row *row)
{
	return row->status == DWELL_ROW_REGRESSED || row->status == DWELL_ROW_IMPROVED ||
	       row->status == DWELL_ROW_NEW || row->status == DWELL_ROW_GONE;
}

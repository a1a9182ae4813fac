/* Where to look: traces of both sides, at what a row is about. And what is said once. */
#include <string.h>

#include "report/compare.h"

static bool is_of(const struct dwell_compare_row *row, const char *metric)
{
	return !strcmp(row->metric->name, metric);
}

static const struct dwell_compare_row *most_grown(
	const struct dwell_comparison *comparison, const char *metric)
{
	const struct dwell_compare_row *most = NULL;

	for (size_t i = 0; i < comparison->count; i++) {
		const struct dwell_compare_row *of = &comparison->rows[i];
		const double growth = of->head_value - of->base_value;

		if (is_of(of, metric) && of->head && growth > 0 &&
			(!most || growth > most->head_value - most->base_value))
			most = of;
	}
	return most;
}

/* The run has a moment for its latencies only: what else it does is to be seen in its parts. */
bool row_is_at_subject(const struct dwell_compare_row *row)
{
	return row->metric->kind != DWELL_SUBJECT_RUN || strstr(row->metric->name, ".latency.");
}

static const struct dwell_compare_row *row_to_open(
	const struct dwell_comparison *comparison, const struct dwell_compare_row *row)
{
	if (row_is_at_subject(row))
		return row;
	if (is_of(row, "run.duration"))
		return most_grown(comparison, "path.time");
	return is_of(row, "run.tasks_left") ? most_grown(comparison, "left.tasks") : NULL;
}

static struct to_open opens(
	const struct compared *compared, const struct dwell_compare_row *row, bool head)
{
	const struct dwell_digest_subject *subject = head ? row->head : row->base;
	const uint32_t run = head ? row->head_run : row->base_run;
	struct to_open out = { 0 };

	if (!subject || !subject->id || !compared->opens[head ? compared->base_count + run : run])
		return out;
	out.trace = head ? compared->head[run] : compared->base[run];
	snprintf(out.id, sizeof(out.id), "%llx", (unsigned long long)subject->id);
	return out;
}

void row_opens(
	struct to_open out[2], const struct compared *compared, const struct dwell_compare_row *row)
{
	const struct dwell_compare_row *of = row_to_open(compared->comparison, row);

	out[0] = out[1] = (struct to_open){ 0 };
	if (!of)
		return;
	out[0] = opens(compared, of, false);
	out[1] = opens(compared, of, true);
}

static bool begins_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* A lock and the place where it is waited for have one cause: it is told with the first of them. */
void words_cause_once(char out[WORDS_SIZE], const struct compared *compared, size_t row, bool ascii)
{
	const struct dwell_comparison *c = compared->comparison;
	char before[WORDS_SIZE], key[WORDS_SIZE], rest[WORDS_SIZE];

	words_cause(out, c, &c->rows[row], ascii);
	if (!*out || c->rows[row].metric->kind < DWELL_SUBJECT_SITE)
		return;
	for (size_t i = 0; i < row; i++) {
		if (is_explained_before(c, i) || c->rows[i].metric->kind < DWELL_SUBJECT_SITE)
			continue;
		words_cause(before, c, &c->rows[i], ascii);
		if (!*before || (!begins_with(out, before) && !begins_with(before, out)))
			continue;
		snprintf(rest, sizeof(rest), "%s",
			strlen(out) > strlen(before) ? out + strlen(before) : "");
		words_key(key, &c->rows[i]);
		words_key(before, &c->rows[row]);
		/* A lock without a name is called as the place is. */
		if (!strcmp(key, before))
			snprintf(key, sizeof(key), "the %s of this name",
				dwell_digest_kind_name(c->rows[i].metric->kind));
		snprintf(out, WORDS_SIZE, "the same as %.200s%.280s", key, rest);
		return;
	}
}

size_t rows_of_subject(const struct dwell_comparison *comparison, size_t row)
{
	size_t count = 0;

	for (size_t i = row; i < comparison->count; i++)
		count += is_fault(comparison, &comparison->rows[i]) &&
			 is_same_subject(&comparison->rows[row], &comparison->rows[i]);
	return count;
}

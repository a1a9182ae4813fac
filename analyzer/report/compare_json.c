/* Comparisons as JSON. */
#include <math.h>

#include "report/compare.h"

static void put_times(struct dwell_json *json, const struct dwell_times *times)
{
	dwell_json_number(json, "running_ns", times->running_ns);
	dwell_json_number(json, "runnable_ns", times->runnable_ns);
	dwell_json_number(json, "blocked_ns", times->blocked_ns);
	dwell_json_number(json, "unknown_ns", times->unknown_ns);
}

static void put_open(struct dwell_json *json, const char *key, const struct to_open *open)
{
	if (!open->trace) {
		dwell_json_null(json, key);
		return;
	}
	dwell_json_object(json, key);
	dwell_json_string(json, "trace", open->trace);
	dwell_json_string(json, "id", open->id);
	dwell_json_end_object(json);
}

static void put_subject(struct dwell_json *json, const char *key,
	const struct dwell_digest_subject *subject, bool is_there)
{
	char id[24];

	if (!subject) {
		dwell_json_null(json, key);
		return;
	}
	dwell_json_object(json, key);
	dwell_json_string(json, "key", subject->key);
	snprintf(id, sizeof(id), "%llx", (unsigned long long)subject->id);
	dwell_json_string(json, "id", subject->id && is_there ? id : NULL);
	dwell_json_string(json, "holder", subject->blame.holder);
	dwell_json_string(json, "waker", subject->blame.waker);
	dwell_json_object(json, "holders");
	put_times(json, &subject->blame.times);
	dwell_json_string(json, "reason", dwell_reason_name(subject->blame.reason));
	dwell_json_end_object(json);
	dwell_json_end_object(json);
}

static void put_instead(struct dwell_json *json, const struct dwell_compare_row *row)
{
	struct instead_row rows[INSTEAD_ROWS];
	const size_t count = words_instead(rows, row);

	dwell_json_array(json, "ran_instead");
	for (size_t i = 0; i < count; i++) {
		dwell_json_object(json, NULL);
		dwell_json_string(json, "class", rows[i].who);
		dwell_json_double(json, "base_mean_ns", rows[i].base_ns);
		dwell_json_double(json, "head_mean_ns", rows[i].head_ns);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

static void put_path(struct dwell_json *json, const struct dwell_comparison *c,
	const struct dwell_compare_row *row)
{
	struct path_row rows[PATH_ROWS];
	const size_t count = words_path(rows, c, row);

	dwell_json_array(json, "path");
	for (size_t i = 0; i < count; i++) {
		dwell_json_object(json, NULL);
		dwell_json_string(json, "key", rows[i].part);
		dwell_json_double(json, "base_ns", rows[i].base_ns);
		dwell_json_double(json, "head_ns", rows[i].head_ns);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

static void put_row(struct dwell_json *json, const struct compared *compared,
	const struct dwell_compare_row *row)
{
	const struct dwell_comparison *c = compared->comparison;
	const struct dwell_digest_subject *named = row->head ? row->head : row->base;
	struct to_open open[2];
	char cause[WORDS_SIZE];

	words_cause(cause, c, row, true);
	dwell_json_object(json, NULL);
	dwell_json_string(json, "metric", row->metric->name);
	dwell_json_string(json, "key", named->key);
	dwell_json_double(json, "base", row->base_value);
	dwell_json_double(json, "head", row->head_value);
	dwell_json_double(json, "ratio", row->ratio);
	dwell_json_double(json, "low", row->low);
	dwell_json_double(json, "high", row->high);
	dwell_json_double(json, "p", row->p);
	dwell_json_double(json, "threshold", row->threshold);
	dwell_json_string(json, "status", dwell_row_status_name(row->status));
	dwell_json_string(json, "kind", dwell_digest_kind_name(row->metric->kind));
	dwell_json_string(json, "unit", dwell_unit_name(row->metric->unit));
	dwell_json_signed(json, "worse", row->worse);
	dwell_json_double(json, "limit", row->limit);
	dwell_json_double(json, "noise", row->noise);
	dwell_json_double(json, "visible", row->visible);
	if (row->runs_needed)
		dwell_json_number(json, "runs_needed", row->runs_needed);
	else
		dwell_json_null(json, "runs_needed");
	if (is_fault(c, row)) {
		dwell_json_string(json, "cause", *cause ? cause : NULL);
		put_subject(json, "base_subject", row->base, row_is_at_subject(row));
		put_subject(json, "head_subject", row->head, row_is_at_subject(row));
		row_opens(open, compared, row);
		put_open(json, "base_open", &open[0]);
		put_open(json, "head_open", &open[1]);
		put_instead(json, row);
		put_path(json, c, row);
	}
	dwell_json_end_object(json);
}

static void put_paths(
	struct dwell_json *json, const char *key, const char *const *paths, size_t count)
{
	dwell_json_array(json, key);
	for (size_t i = 0; i < count; i++)
		dwell_json_string(json, NULL, paths[i]);
	dwell_json_end_array(json);
}

void compare_json(struct dwell_json *json, const struct compared *compared)
{
	const struct dwell_comparison *c = compared->comparison;
	size_t shown = 0;

	put_paths(json, "base", compared->base, compared->base_count);
	put_paths(json, "head", compared->head, compared->head_count);
	dwell_json_string(json, "verdict", dwell_verdict_name(c->verdict));
	dwell_json_string(json, "why", *c->why ? c->why : NULL);
	dwell_json_string(json, "method", c->method == DWELL_METHOD_RUNS ? "runs" : "windows");
	dwell_json_number(json, "base_left_out", c->left_out[0]);
	dwell_json_number(json, "head_left_out", c->left_out[1]);
	dwell_json_number(json, "splits", c->splits);
	dwell_json_double(json, "alpha", compared->alpha);
	dwell_json_string(json, "work", *c->work ? c->work : NULL);
	dwell_json_number(json, "tested", c->tested);
	if (c->runs_needed)
		dwell_json_number(json, "runs_needed", c->runs_needed);
	else
		dwell_json_null(json, "runs_needed");
	dwell_json_object(json, "rows_by_status");
	for (unsigned i = 0; i < DWELL_ROW_STATUS_COUNT; i++)
		dwell_json_number(json, dwell_row_status_name(i), c->by_status[i]);
	dwell_json_end_object(json);
	dwell_json_number(json, "total", c->count);
	dwell_json_array(json, "rows");
	for (size_t i = 0; i < c->count && shown < compared->limit; i++, shown++)
		put_row(json, compared, &c->rows[i]);
	dwell_json_end_array(json);
}

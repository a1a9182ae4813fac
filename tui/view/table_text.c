#include "view/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/table.h"
#include "view/frame.h"

static const struct column tasks[] = {
	{ "task", 0, false, TONE_STRONG, false, 0 },
	{ "running", 9, true, TONE_RUNNING, false, 0 },
	{ "runnable", 9, true, TONE_RUNNABLE, false, 0 },
	{ "blocked", 9, true, TONE_ACCENT, false, 0 },
	{ "unknown", 9, true, TONE_FAINT, false, 9 },
	{ "ran", 12, false, TONE_RUNNING, true, 10 },
	{ "mostly on", 16, false, TONE_TEXT, false, 8 },
	{ "switches", 9, true, TONE_TEXT, false, 10 },
	{ "preempted", 9, true, TONE_TEXT, false, 13 },
	{ .title = NULL },
};

static const struct column blocked[] = {
	{ "total", 9, true, TONE_STRONG, false, 0 },
	{ "count", 9, true, TONE_TEXT, false, 0 },
	{ "p50", 9, true, TONE_TEXT, false, 9 },
	{ "p99", 9, true, TONE_TEXT, false, 8 },
	{ "longest", 9, true, TONE_HOT, false, 0 },
	{ "reason", 16, false, TONE_ACCENT, false, 0 },
	{ "role", 10, false, TONE_FAINT, false, 12 },
	{ "where", 0, false, TONE_STRONG, false, 0 },
	{ "object", 20, false, TONE_TEXT, false, 18 },
	{ "held by", 20, false, TONE_TEXT, false, 14 },
	{ .title = NULL },
};

static const struct column latency[] = {
	{ "waited", 9, true, TONE_RUNNABLE, false, 0 },
	{ "at", 14, true, TONE_TEXT, false, 0 },
	{ "task", 0, false, TONE_STRONG, false, 0 },
	{ "after", 10, false, TONE_TEXT, false, 8 },
	{ "on", 10, false, TONE_TEXT, false, 10 },
	{ "ran instead", 28, false, TONE_ACCENT, false, 0 },
	{ "for", 9, true, TONE_TEXT, false, 9 },
	{ .title = NULL },
};

static const struct column locks[] = {
	{ "lock", 0, false, TONE_STRONG, false, 0 },
	{ "waited", 9, true, TONE_HOT, false, 0 },
	{ "longest", 9, true, TONE_TEXT, false, 0 },
	{ "waits", 8, true, TONE_TEXT, false, 0 },
	{ "tasks", 6, true, TONE_TEXT, false, 9 },
	{ "holders ran", 12, false, TONE_RUNNING, true, 10 },
	{ "most held by", 24, false, TONE_ACCENT, false, 8 },
	{ "convoys", 8, true, TONE_TEXT, false, 12 },
	{ .title = NULL },
};

static const struct column findings[] = {
	{ "finding", 24, false, TONE_HOT, false, 0 },
	{ "lost", 9, true, TONE_STRONG, false, 0 },
	{ "weight", 7, false, TONE_FAINT, false, 10 },
	{ "at", 14, true, TONE_TEXT, false, 9 },
	{ "what", 0, false, TONE_STRONG, false, 0 },
	{ .title = NULL },
};

static const struct column spans[] = {
	{ "span", 0, false, TONE_STRONG, false, 0 },
	{ "count", 8, true, TONE_TEXT, false, 0 },
	{ "total", 9, true, TONE_TEXT, false, 9 },
	{ "p50", 9, true, TONE_TEXT, false, 8 },
	{ "p99", 9, true, TONE_TEXT, false, 0 },
	{ "longest", 9, true, TONE_HOT, false, 0 },
	{ "running", 8, true, TONE_RUNNING, false, 0 },
	{ "runnable", 8, true, TONE_RUNNABLE, false, 9 },
	{ "blocked", 8, true, TONE_ACCENT, false, 0 },
	{ "unknown", 8, true, TONE_FAINT, false, 11 },
	{ "open", 6, true, TONE_TEXT, false, 12 },
	{ .title = NULL },
};

static const struct column none[] = { { .title = NULL } };

const struct column *table_columns(unsigned screen)
{
	switch (screen) {
	case SCREEN_TASKS:
		return tasks;
	case SCREEN_BLOCKED:
		return blocked;
	case SCREEN_LATENCY:
		return latency;
	case SCREEN_LOCKS:
		return locks;
	case SCREEN_FINDINGS:
		return findings;
	case SCREEN_SPANS:
		return spans;
	default:
		return none;
	}
}

static const char *duration(char out[NAME_SIZE], const struct tui *tui, uint64_t ns)
{
	return dwell_format_duration(out, ns, tui->ascii);
}

static const char *word(char out[NAME_SIZE], const char *text)
{
	snprintf(out, NAME_SIZE, "%s", text ? text : "");
	return out;
}

static unsigned most_reason(const uint64_t by[DWELL_REASON_COUNT])
{
	unsigned most = 0;

	for (unsigned i = 1; i < DWELL_REASON_COUNT; i++)
		if (by[i] > by[most])
			most = i;
	return by[most] ? most : 0;
}

static const char *tasks_text(char out[NAME_SIZE], const struct tui *tui,
	const struct dwell_tasks_row *row, const struct dwell_trace_facts *facts, unsigned column,
	uint64_t *ppm)
{
	const struct dwell_times *t = &row->times;
	const uint64_t whole = t->running_ns + t->runnable_ns + t->blocked_ns + t->unknown_ns;
	const uint64_t times[] = { t->running_ns, t->runnable_ns, t->blocked_ns, t->unknown_ns };

	switch (column) {
	case 0:
		return dwell_name_task(out, tui->catalog, row->task);
	case 1:
	case 2:
	case 3:
	case 4:
		return times[column - 1] ? duration(out, tui, times[column - 1]) : word(out, "");
	case 5:
		*ppm = dwell_share_ppm(t->running_ns, whole);
		return dwell_format_share(out, *ppm);
	case 6:
		return word(out, dwell_reason_name(most_reason(row->blocked_by)));
	case 7:
		return facts->has_switches ? dwell_format_count(out, row->switches) : word(out, "");
	default:
		return facts->has_switches ? dwell_format_count(out, row->preemptions)
					   : word(out, "");
	}
}

static const char *blocked_text(char out[NAME_SIZE], const struct tui *tui,
	const struct dwell_blocked_row *row, unsigned column)
{
	switch (column) {
	case 0:
		return duration(out, tui, row->waits.total_ns + row->open_ns);
	case 1:
		return dwell_format_count(out, row->waits.count + row->open_count);
	case 2:
	case 3:
	case 4:
		if (!row->waits.count)
			return word(out, "");
		return duration(out, tui,
			column == 2   ? row->waits.p50_ns
			: column == 3 ? row->waits.p99_ns
				      : row->waits.max_ns);
	case 5:
		return word(out, dwell_reason_name(row->reason));
	case 6:
		return word(out, dwell_role_name(row->role));
	case 7:
		dwell_name_site(out, tui->catalog, row->stack);
		if (!*out)
			snprintf(out, NAME_SIZE, "%.*s", (int)(row->key.text.size & 0xff),
				row->key.text.at ? row->key.text.at : "");
		return out;
	case 8:
		return dwell_name_object(out, tui->catalog, row->object);
	default:
		return dwell_name_task(
			out, tui->catalog, row->holder_count ? row->holders[0].task : 0);
	}
}

static const char *occupant(
	char out[NAME_SIZE], const struct tui *tui, const struct dwell_occupant *who)
{
	return who->task ? dwell_name_task(out, tui->catalog, who->task)
			 : word(out, dwell_occupant_name(who->kind));
}

static const char *latency_text(
	char out[NAME_SIZE], const struct tui *tui, const struct dwell_worst *row, unsigned column)
{
	switch (column) {
	case 0:
		return duration(out, tui, row->latency_ns);
	case 1:
		return name_time(out, row->at_ns, 1000);
	case 2:
		return dwell_name_task(out, tui->catalog, row->task);
	case 3:
		return word(out, dwell_cause_name(row->cause));
	case 4:
		return dwell_name_executor(out, tui->catalog, row->executor);
	case 5:
		return row->ran_count ? occupant(out, tui, &row->ran_instead[0]) : word(out, "");
	default:
		return row->ran_count ? duration(out, tui, row->ran_instead[0].ns) : word(out, "");
	}
}

static const char *locks_text(char out[NAME_SIZE], const struct tui *tui,
	const struct dwell_lock_row *row, unsigned column, uint64_t *ppm)
{
	struct dwell_times sum = { 0 };

	switch (column) {
	case 0:
		if (row->object)
			return dwell_name_object(out, tui->catalog, row->object);
		return dwell_name_site(out, tui->catalog, row->stack);
	case 1:
		return duration(out, tui, row->waits.total_ns);
	case 2:
		return duration(out, tui, row->waits.max_ns);
	case 3:
		return dwell_format_count(out, row->contended);
	case 4:
		return dwell_format_count(out, row->waiters);
	case 5:
		for (size_t i = 0; i < row->holder_count; i++) {
			sum.running_ns += row->holders[i].times.running_ns;
			sum.blocked_ns += row->holders[i].total_ns;
		}
		*ppm = dwell_share_ppm(sum.running_ns, sum.blocked_ns);
		return row->holder_count ? dwell_format_share(out, *ppm) : word(out, "");
	case 6:
		return dwell_name_task(
			out, tui->catalog, row->holder_count ? row->holders[0].task : 0);
	default:
		return row->convoys ? dwell_format_count(out, row->convoys) : word(out, "");
	}
}

static const char *finding_text(char out[NAME_SIZE], const struct tui *tui,
	const struct dwell_finding *row, unsigned column)
{
	switch (column) {
	case 0:
		return word(out, row->rule);
	case 1:
		return row->lost_ns ? duration(out, tui, row->lost_ns) : word(out, "");
	case 2:
		return word(out, dwell_severity_name(row->severity));
	case 3:
		return name_time(out, row->at_ns, 1000);
	default:
		return word(out, row->title);
	}
}

static const char *spans_text(char out[NAME_SIZE], const struct tui *tui,
	const struct dwell_span_row *row, unsigned column)
{
	const struct dwell_times *t = &row->times;
	const struct dwell_distribution *d = &row->durations;
	const uint64_t lengths[] = { d->total_ns, d->p50_ns, d->p99_ns, d->max_ns };
	const uint64_t times[] = { t->running_ns, t->runnable_ns, t->blocked_ns, t->unknown_ns };
	const uint64_t whole = times[0] + times[1] + times[2] + times[3];

	switch (column) {
	case 0:
		snprintf(out, NAME_SIZE, "%.*s", (int)(row->text.size & 0xff),
			row->text.at ? row->text.at : "");
		return out;
	case 1:
		return dwell_format_count(out, d->count);
	case 2:
	case 3:
	case 4:
	case 5:
		return d->count ? duration(out, tui, lengths[column - 2]) : word(out, "");
	case 10:
		return row->open_count ? dwell_format_count(out, row->open_count) : word(out, "");
	default:
		return times[column - 6]
			       ? dwell_format_share(out, dwell_share_ppm(times[column - 6], whole))
			       : word(out, "");
	}
}

const char *table_text(
	char out[NAME_SIZE], const struct tui *tui, size_t line, unsigned column, uint64_t *ppm)
{
	const struct dwell_answer *answer = table_answer(tui);

	*ppm = 0;
	*out = '\0';
	if (!answer || line >= table_count(tui))
		return out;
	switch (tui->screen) {
	case SCREEN_TASKS:
		return tasks_text(
			out, tui, &answer->tasks->rows[line], &answer->trace, column, ppm);
	case SCREEN_BLOCKED:
		return blocked_text(out, tui, &answer->blocked->rows[line], column);
	case SCREEN_LATENCY:
		return latency_text(out, tui, &answer->latency->worst[line], column);
	case SCREEN_LOCKS:
		return locks_text(out, tui, &answer->locks->rows[line], column, ppm);
	case SCREEN_FINDINGS:
		return finding_text(out, tui, &answer->findings->rows[line], column);
	case SCREEN_SPANS:
		return spans_text(out, tui, &answer->spans->rows[line], column);
	default:
		return out;
	}
}

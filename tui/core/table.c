#include "core/table.h"

#include <stdlib.h>
#include <string.h>

#include "core/find.h"
#include "core/item.h"
#include "core/port.h"
#include "core/rows.h"
#include "core/say.h"
#include "core/work.h"
#include "dwell/explain.h"

enum { WORST = 500 };

/* What each screen asks for. */
static const unsigned analyses[SCREEN_COUNT] = {
	[SCREEN_TASKS] = DWELL_ANALYZE_TASKS,
	[SCREEN_BLOCKED] = DWELL_ANALYZE_BLOCKED,
	[SCREEN_LATENCY] = DWELL_ANALYZE_LATENCY,
	[SCREEN_LOCKS] = DWELL_ANALYZE_LOCKS,
	[SCREEN_FINDINGS] = DWELL_ANALYZE_FINDINGS,
	[SCREEN_FLAME] = DWELL_ANALYZE_FLAME,
	[SCREEN_SPANS] = DWELL_ANALYZE_SPANS,
};

bool table_is_shown(const struct tui *tui)
{
	return tui->screen > SCREEN_TIMELINE && tui->screen < SCREEN_HELP;
}

void table_range(const struct tui *tui, uint64_t *from_ns, uint64_t *to_ns)
{
	*from_ns = tui->has_selection ? tui->select_from : tui->place.from_ns;
	*to_ns = tui->has_selection ? tui->select_to : port_to(tui);
	if (*from_ns < tui->facts->begin_ns)
		*from_ns = tui->facts->begin_ns;
	if (*to_ns > tui->facts->end_ns)
		*to_ns = tui->facts->end_ns;
	if (*to_ns <= *from_ns)
		*to_ns = *from_ns + 1;
}

bool table_update(struct tui *tui, unsigned milliseconds)
{
	struct dwell_query query = {
		.analyses = analyses[tui->screen],
		.threads = 1,
		.worst = WORST,
		.selection.all_processes = tui->others,
	};
	uint64_t key;

	if (!query.analyses)
		return false;
	table_range(tui, &query.selection.from_ns, &query.selection.to_ns);
	tui->last_table = tui->screen;
	tui->table_from = query.selection.from_ns;
	tui->table_to = query.selection.to_ns;
	/* All of it: to the end, as the commands say it. */
	if (query.selection.to_ns == tui->facts->end_ns)
		query.selection.to_ns = 0;
	key = work_key(query.selection.from_ns, query.selection.to_ns);
	key = work_key(work_key(key, tui->screen), tui->others);
	if (!work_is(&tui->answer, key)) {
		tui->line[tui->screen] = tui->line_top[tui->screen] = 0;
		dwell_timeline_want_answer(tui->timeline, &query, &tui->answer.job);
	}
	return work_poll(&tui->answer, milliseconds);
}

const struct dwell_answer *table_answer(const struct tui *tui)
{
	return work_has(&tui->answer) ? dwell_job_answer(tui->answer.job) : NULL;
}

size_t table_count(const struct tui *tui)
{
	const struct dwell_answer *answer = table_answer(tui);

	if (!answer)
		return 0;
	switch (tui->screen) {
	case SCREEN_TASKS:
		return answer->tasks ? answer->tasks->count : 0;
	case SCREEN_BLOCKED:
		return answer->blocked ? answer->blocked->count : 0;
	case SCREEN_LATENCY:
		return answer->latency ? answer->latency->worst_count : 0;
	case SCREEN_LOCKS:
		return answer->locks ? answer->locks->count : 0;
	case SCREEN_FINDINGS:
		return answer->findings ? answer->findings->count : 0;
	case SCREEN_SPANS:
		return answer->spans ? answer->spans->count : 0;
	default:
		return 0;
	}
}

void table_move(struct tui *tui, int64_t lines)
{
	const size_t count = table_count(tui);
	size_t *line = &tui->line[tui->screen], *top = &tui->line_top[tui->screen];

	if (lines < 0)
		*line = *line > (size_t)-lines ? *line - (size_t)-lines : 0;
	else
		*line += (size_t)lines;
	if (*line >= count)
		*line = count ? count - 1 : 0;
	if (*line < *top)
		*top = *line;
	if (tui->table_rows && *line >= *top + tui->table_rows)
		*top = *line - tui->table_rows + 1;
}

static void go_blocked(struct tui *tui, const struct dwell_blocked_row *row)
{
	find_site(tui, row->stack, row->several ? 0 : row->object, row->reason);
}

static void go_worst(struct tui *tui, const struct dwell_worst *worst)
{
	item_go(tui, worst->task, worst->at_ns);
	port_show(tui, worst->at_ns, worst->at_ns + worst->latency_ns);
}

/* The longest of them. */
static void go_span(struct tui *tui, const struct dwell_span_row *row)
{
	if (!row->longest_ns) {
		say(tui, "none of them ended in this time");
		return;
	}
	item_go(tui, row->longest_task, row->longest_at_ns);
	port_show(tui, row->longest_at_ns, row->longest_at_ns + row->longest_ns);
}

/* Who is to blame, at the moment where to look. */
static void go_finding(struct tui *tui, const struct dwell_finding *finding)
{
	item_go(tui, finding->task_count ? finding->tasks[0] : 0,
		finding->at_ns < tui->facts->begin_ns ? tui->facts->begin_ns : finding->at_ns);
	port_settle(tui);
	say(tui, "%s", finding->title);
}

void table_go(struct tui *tui)
{
	const struct dwell_answer *answer = table_answer(tui);
	const size_t line = tui->line[tui->screen];

	if (!answer || line >= table_count(tui))
		return;
	switch (tui->screen) {
	case SCREEN_TASKS:
		port_remember(tui);
		rows_select_task(tui, answer->tasks->rows[line].task);
		tui->screen = SCREEN_TIMELINE;
		break;
	case SCREEN_BLOCKED:
		go_blocked(tui, &answer->blocked->rows[line]);
		break;
	case SCREEN_LATENCY:
		go_worst(tui, &answer->latency->worst[line]);
		break;
	case SCREEN_LOCKS:
		find_site(tui,
			answer->locks->rows[line].object ? 0 : answer->locks->rows[line].stack,
			answer->locks->rows[line].object, 0);
		break;
	case SCREEN_FINDINGS:
		go_finding(tui, &answer->findings->rows[line]);
		break;
	case SCREEN_SPANS:
		go_span(tui, &answer->spans->rows[line]);
		break;
	default:
		break;
	}
}

/* Ids are of findings, blocked sites, locks, latencies, spans and moments: ask for all, of the
 * whole trace. */
void table_go_id(struct tui *tui, const char *id)
{
	const struct dwell_query query = {
		.analyses = DWELL_ANALYZE_BLOCKED | DWELL_ANALYZE_LOCKS | DWELL_ANALYZE_LATENCY |
			    DWELL_ANALYZE_SPANS | DWELL_ANALYZE_FINDINGS,
		.threads = 1,
		.worst = UINT64_MAX,
	};
	char *end;

	tui->wanted_id = strtoull(id, &end, 16);
	if (!*id || *end) {
		say(tui, "not an id: %s", id);
		return;
	}
	work_drop(&tui->look_up);
	if (dwell_timeline_want_answer(tui->timeline, &query, &tui->look_up.job))
		say(tui, "out of memory");
}

/* Of a wait, or of what a task did. */
static bool go_moment(struct tui *tui, const struct dwell_answer *answer)
{
	const struct dwell_catalog *catalog = answer->catalog;
	uint32_t task;
	uint64_t at_ns;

	if (!dwell_moment_of_id(catalog, tui->wanted_id, tui->facts->begin_ns, tui->facts->end_ns,
		    &task, &at_ns))
		return false;
	item_go(tui, task, at_ns);
	port_settle(tui);
	return true;
}

static bool go_found(struct tui *tui, const struct dwell_answer *answer)
{
	for (size_t i = 0; i < answer->latency->worst_count; i++)
		if (answer->latency->worst[i].id == tui->wanted_id) {
			go_worst(tui, &answer->latency->worst[i]);
			return true;
		}
	for (size_t i = 0; i < answer->findings->count; i++)
		if (answer->findings->rows[i].id == tui->wanted_id) {
			go_finding(tui, &answer->findings->rows[i]);
			return true;
		}
	for (size_t i = 0; i < answer->spans->count; i++)
		if (answer->spans->rows[i].id == tui->wanted_id) {
			go_span(tui, &answer->spans->rows[i]);
			return true;
		}
	/* A site or a lock is a place in the program: where it cost most, in all of the trace. */
	tui->has_selection = false;
	tui->table_from = tui->facts->begin_ns;
	tui->table_to = tui->facts->end_ns;
	for (size_t i = 0; i < answer->blocked->count; i++)
		if (answer->blocked->rows[i].id == tui->wanted_id) {
			port_fit(tui);
			go_blocked(tui, &answer->blocked->rows[i]);
			return true;
		}
	for (size_t i = 0; i < answer->locks->count; i++)
		if (answer->locks->rows[i].id == tui->wanted_id) {
			port_fit(tui);
			find_site(tui,
				answer->locks->rows[i].object ? 0 : answer->locks->rows[i].stack,
				answer->locks->rows[i].object, 0);
			return true;
		}
	return go_moment(tui, answer);
}

bool table_look_up(struct tui *tui)
{
	if (!work_poll(&tui->look_up, 0))
		return false;
	if (!work_has(&tui->look_up) || !go_found(tui, dwell_job_answer(tui->look_up.job)))
		say(tui, "nothing has this id");
	work_drop(&tui->look_up);
	return true;
}

void table_step(struct tui *tui, int by)
{
	const size_t line = tui->line[tui->last_table];

	if (!tui->last_table || !table_answer(tui)) {
		say(tui, "no table was shown: Tab shows one");
		return;
	}
	tui->screen = tui->last_table;
	table_move(tui, by);
	if (tui->line[tui->screen] == line) {
		tui->screen = SCREEN_TIMELINE;
		say(tui, by > 0 ? "that was the last row" : "that was the first row");
		return;
	}
	table_go(tui);
}

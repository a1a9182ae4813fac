#include "core/find.h"

#include <stdio.h>
#include <string.h>

#include "core/item.h"
#include "core/port.h"
#include "core/rows.h"
#include "core/say.h"
#include "core/work.h"

static void ask(struct tui *tui, const struct dwell_search_question *question, const char *what)
{
	work_drop(&tui->step);
	tui->step_kind = STEP_THERE;
	tui->step_what = what;
	if (dwell_timeline_want_search(tui->timeline, question, &tui->step.job))
		say(tui, "out of memory");
}

/* One of what is searched for, after or before the cursor. */
static void ask_next(
	struct tui *tui, struct dwell_search_question *question, bool back, const char *what)
{
	const struct dwell_interval *item = item_interval(tui);
	const struct tui_place *place = &tui->place;

	question->keep = 1;
	question->order = back ? DWELL_SEARCH_LAST : DWELL_SEARCH_FIRST;
	if (back) {
		question->from_ns = tui->facts->begin_ns;
		question->to_ns = place->pointed && item ? item->start_ns : place->time_ns;
		if (question->to_ns <= question->from_ns) {
			say(tui, "no %s before", what);
			return;
		}
	} else {
		question->from_ns = place->time_ns + (place->pointed ? 1 : 0);
		if (place->pointed && item && item->start_ns >= question->from_ns)
			question->from_ns = item->start_ns + 1;
	}
	ask(tui, question, what);
}

static uint32_t task_or_say(struct tui *tui)
{
	const struct tui_row *row = rows_selected(tui);

	if (row && row->kind == ROW_TASK)
		return row->id;
	say(tui, "select the row of a task first");
	return 0;
}

void find_event(struct tui *tui, bool back)
{
	struct dwell_search_question question = { .task = task_or_say(tui) };

	if (question.task)
		ask_next(tui, &question, back, "event");
}

static void long_waits(const struct tui *tui, struct dwell_search *search)
{
	char text[64];

	snprintf(text, sizeof(text), "state:blocked dur>%lluns", (unsigned long long)tui->bound_ns);
	dwell_search_parse(search, text, NULL);
}

void find_wait(struct tui *tui, bool back)
{
	struct dwell_search_question question = { .task = task_or_say(tui) };

	long_waits(tui, &question.search);
	if (question.task)
		ask_next(tui, &question, back, "wait over the bound");
}

void find_match(struct tui *tui, bool back)
{
	struct dwell_search_question question = { .search = tui->searching, .own = !tui->others };

	if (!tui->has_search)
		say(tui, "nothing was searched for: press / first");
	else
		ask_next(tui, &question, back, "match");
}

static void range_of(const struct tui *tui, struct dwell_search_question *question)
{
	question->from_ns = tui->has_selection ? tui->select_from : tui->place.from_ns;
	question->to_ns = tui->has_selection ? tui->select_to : port_to(tui);
}

void find_longest(struct tui *tui, bool of_all)
{
	struct dwell_search_question question = {
		.order = DWELL_SEARCH_LONGEST,
		.keep = 1,
		.task = of_all ? 0 : task_or_say(tui),
		.own = of_all,
		.waits = true,
	};

	if (!of_all && !question.task)
		return;
	dwell_search_parse(&question.search, "state:blocked", NULL);
	range_of(tui, &question);
	ask(tui, &question, "wait that ends in view");
}

void find_wakee(struct tui *tui)
{
	struct dwell_search_question question = { .waker = task_or_say(tui) };

	if (!question.waker)
		return;
	dwell_search_parse(&question.search, "state:runnable", NULL);
	ask_next(tui, &question, false, "task that it woke");
}

void find_instead(struct tui *tui)
{
	const struct dwell_interval *item = item_interval(tui);
	struct dwell_search_question question = { .order = DWELL_SEARCH_LONGEST, .keep = 1 };

	if (!item || item->state != DWELL_RUNNABLE) {
		say(tui, "the cursor is not on a stretch of being ready");
		return;
	}
	if (!item->executor) {
		say(tui, "which executor it then entered is not known");
		return;
	}
	dwell_search_parse(&question.search, "state:running", NULL);
	question.executor = item->executor;
	/* Who ran there may have begun before. */
	question.from_ns = item->start_ns > 1000000000 ? item->start_ns - 1000000000 : 0;
	question.to_ns = item->end_ns;
	ask(tui, &question, "task on that executor");
}

void find_site(struct tui *tui, uint32_t stack, uint32_t object, unsigned reason)
{
	struct dwell_search_question question = {
		.order = DWELL_SEARCH_LONGEST,
		.keep = 1,
		.stack = stack,
		.object = object,
		.waits = true,
	};
	char text[64];

	snprintf(text, sizeof(text), reason ? "state:blocked reason:%s" : "state:blocked",
		reason ? dwell_reason_name(reason) : "");
	dwell_search_parse(&question.search, text, NULL);
	question.from_ns = tui->table_from;
	question.to_ns = tui->table_to;
	ask(tui, &question, "wait of this kind");
	tui->step_kind = STEP_ZOOM;
}

void find_count(struct tui *tui)
{
	struct dwell_search_question question = {
		.search = tui->searching, .count = true, .own = !tui->others
	};
	uint64_t key;

	if (!tui->has_search)
		return;
	range_of(tui, &question);
	key = work_key(work_key(question.from_ns, question.to_ns), question.own);
	for (const char *c = tui->searching.text; *c; c++)
		key = work_key(key, (unsigned char)*c);
	if (!work_is(&tui->count, key))
		dwell_timeline_want_search(tui->timeline, &question, &tui->count.job);
}

static void count_tasks(struct tui *tui, const struct dwell_matches *matches)
{
	tui->match_count = matches->count;
	tui->match_total_ns = matches->total_ns;
	tui->match_tasks = 0;
	for (size_t i = 0; i < matches->task_words; i++)
		tui->match_tasks += (uint64_t)__builtin_popcountll(matches->tasks[i]);
}

static void filter(struct tui *tui)
{
	const struct dwell_matches *matches;

	if (!tui->filter_wanted || work_goes_on(&tui->count))
		return;
	tui->filter_wanted = false;
	matches = work_has(&tui->count) ? dwell_job_matches(tui->count.job) : NULL;
	if (!matches || !matches->count)
		say(tui, "no row has that in view");
	else
		rows_filter(tui, matches->tasks, matches->task_words);
}

static void arrive(struct tui *tui, const struct dwell_interval *found)
{
	/* What began before the trace does is seen where that begins. */
	item_go(tui, found->task,
		found->start_ns < tui->facts->begin_ns ? tui->facts->begin_ns : found->start_ns);
	if (tui->step_kind == STEP_ZOOM)
		port_show(tui, found->start_ns, found->end_ns);
}

bool find_update(struct tui *tui, unsigned milliseconds)
{
	bool changed = false;

	if (work_poll(&tui->count, 0) && work_has(&tui->count)) {
		count_tasks(tui, dwell_job_matches(tui->count.job));
		changed = true;
	}
	filter(tui);
	if (work_poll(&tui->step, milliseconds)) {
		const struct dwell_matches *matches =
			work_has(&tui->step) ? dwell_job_matches(tui->step.job) : NULL;

		if (matches && matches->kept_count)
			arrive(tui, &matches->kept[0]);
		else
			say(tui, "no %s", tui->step_what);
		work_drop(&tui->step);
		changed = true;
	}
	return changed;
}

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/callers.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/question.h"
#include "cli/rank.h"

const char *const blocked_by[] = { "site", "object", "reason", "task", "class", NULL };

const char *const blocked_sort[] = { "total", "count", "p50", "p90", "p99", "max", "underused",
	NULL };

const struct option blocked_options[] = {
	{ .name = "all",
		.letter = 'a',
		.type = OPTION_FLAG,
		.target = offsetof(struct blocked_request, all),
		.help = "list waits for work and for a time too" },
	{ .name = NULL },
};

static uint64_t rank_of(const void *at, const char *sort)
{
	const struct dwell_blocked_row *row = at;
	const struct rank ranks[] = {
		{ "total", row->waits.total_ns },
		{ "count", row->waits.count },
		{ "p50", row->waits.p50_ns },
		{ "p90", row->waits.p90_ns },
		{ "p99", row->waits.p99_ns },
		{ "max", row->waits.max_ns },
		{ "underused", row->underused_ns },
	};

	return rank_find(ranks, sizeof(ranks) / sizeof(ranks[0]), sort);
}

static bool lists_all(const struct question *question)
{
	return ((const struct blocked_request *)question->request)->all;
}

/* What a row stands for: of a site, place and object; where no place is known, who waited. */
static const char *part_row(char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog,
	const struct dwell_blocked_row *row)
{
	char object[DWELL_NAME_SIZE], site[DWELL_NAME_SIZE], class[DWELL_NAME_SIZE];

	if (row->key.by != DWELL_BY_SITE)
		return part_key(out, catalog, &row->key);
	dwell_name_object(object, catalog, row->several ? 0 : row->object);
	dwell_name_site(site, catalog, row->stack);
	if (row->several && row->object_kind == DWELL_OBJECT_FILE && *site)
		snprintf(out, DWELL_NAME_SIZE, "files at %.240s", site);
	else if (*object && *site)
		snprintf(out, DWELL_NAME_SIZE, "%.240s at %.240s", object, site);
	else if (*site)
		snprintf(out, DWELL_NAME_SIZE, "%s", site);
	else if (*dwell_name_class(class, catalog, row->first_task) && *object)
		snprintf(out, DWELL_NAME_SIZE, "%.240s in %.240s", object, class);
	else
		snprintf(out, DWELL_NAME_SIZE, "%s", *object ? object : class);
	return out;
}

static void json_wakers(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_blocked_row *row)
{
	char text[DWELL_NAME_SIZE];

	dwell_json_array(json, "wakers");
	for (size_t i = 0; i < row->waker_count; i++) {
		const struct dwell_waker *waker = &row->wakers[i];

		dwell_json_object(json, NULL);
		part_id_json(json, "task", waker->task);
		dwell_json_string(json, "name", dwell_name_task(text, catalog, waker->task));
		dwell_json_string(json, "class", dwell_name_class(text, catalog, waker->task));
		part_stack_json(json, "stack", catalog, waker->stack);
		dwell_json_number(json, "count", waker->count);
		dwell_json_number(json, "total_ns", waker->total_ns);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

static const char *reason_name(unsigned reason)
{
	const char *name = dwell_reason_name(reason);

	return name ? name : "other";
}

static void json_row(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_blocked_row *row)
{
	const struct dwell_distribution *waits = &row->waits;
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, row->id));
	dwell_json_string(json, "by", dwell_by_name(row->key.by));
	dwell_json_string(json, "key", part_row(text, catalog, row));
	dwell_json_string(json, "reason", reason_name(row->reason));
	dwell_json_string(json, "role", dwell_role_name(row->role));
	part_object_json(json, "object", catalog, row->several ? 0 : row->object);
	part_stack_json(json, "stack", catalog, row->stack);
	dwell_json_number(json, "tasks", row->tasks);
	dwell_json_number(json, "count", waits->count);
	dwell_json_number(json, "total_ns", waits->total_ns);
	dwell_json_number(json, "mean_ns", waits->mean_ns);
	dwell_json_number(json, "p50_ns", waits->p50_ns);
	dwell_json_number(json, "p90_ns", waits->p90_ns);
	dwell_json_number(json, "p99_ns", waits->p99_ns);
	dwell_json_number(json, "max_ns", waits->max_ns);
	part_times_json(json, &row->times);
	dwell_json_number(json, "open_count", row->open_count);
	dwell_json_number(json, "open_ns", row->open_ns);
	dwell_json_number(json, "timed_out", row->timed_out);
	if (row->has_underused)
		dwell_json_number(json, "underused_ns", row->underused_ns);
	part_holders_json(json, catalog, row->holders, row->holder_count);
	json_wakers(json, catalog, row);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question, const struct ranked *ranked, size_t count)
{
	const struct dwell_blocked *blocked = question->answer->blocked;
	struct dwell_json json;

	question_json(question, &json);
	dwell_json_object(&json, "idle");
	dwell_json_number(&json, "count", blocked->idle_count);
	dwell_json_number(&json, "total_ns", blocked->idle_ns);
	dwell_json_end_object(&json);
	dwell_json_number(&json, "total", count);
	dwell_json_array(&json, "sites");
	for (size_t i = 0; i < question_limit(question, count); i++)
		json_row(&json, question->answer->catalog, ranked[i].row);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec columns[] = {
	{ "id", "id", DWELL_CELL_TEXT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "", "by", DWELL_CELL_TEXT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "total", "total_ns", DWELL_CELL_DURATION, DWELL_TONE_BLOCKED, 0 },
	{ "", "share", DWELL_CELL_SHARE, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_TABLE_ONLY },
	{ "waits", "count", DWELL_CELL_COUNT, 0, 0 },
	{ "not ended", "open_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_TABLE_ONLY },
	{ "p50", "p50_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "", "p90_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_CSV_ONLY },
	{ "p99", "p99_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "max", "max_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "idle", "underused_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "why", "reason", DWELL_CELL_TEXT, 0, DWELL_COLUMN_WHOLE },
	{ "role", "role", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_WHOLE },
	{ "where", "key", DWELL_CELL_TEXT, 0, 0 },
	{ "", "object", DWELL_CELL_TEXT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "held or ended by", "by_whom", DWELL_CELL_TEXT, 0, 0 },
};

/* "held by writer (12), running 80 %" where it was mostly held; else who woke most. */
static void blame_cell(struct dwell_table *table, const struct dwell_catalog *catalog,
	const struct dwell_blocked_row *row)
{
	const bool is_ended = row->waker_count && row->wakers[0].task;
	char text[DWELL_NAME_SIZE];

	if (row->holder_count && (row->role == DWELL_ROLE_CONTENTION || !is_ended)) {
		const struct dwell_holder *holder = &row->holders[0];
		const uint64_t running =
			dwell_share_ppm(holder->times.running_ns, holder->total_ns) / 10000;

		dwell_table_text(table, "held by %s, running %" PRIu64 " %%",
			dwell_name_task(text, catalog, holder->task), running);
	} else if (is_ended) {
		dwell_table_text(
			table, "ended by %s", dwell_name_task(text, catalog, row->wakers[0].task));
	} else {
		dwell_table_absent(table);
	}
}

/* where: what it stands for. */
static void table_row(struct dwell_table *table, const struct dwell_catalog *catalog,
	const struct dwell_blocked_row *row, uint64_t all_ns, const char *where)
{
	const struct dwell_distribution *waits = &row->waits;
	char text[DWELL_NAME_SIZE];

	dwell_table_string(table, part_id(text, row->id));
	dwell_table_string(table, dwell_by_name(row->key.by));
	dwell_table_number(table, waits->total_ns);
	dwell_table_number(table, dwell_share_ppm(waits->total_ns, all_ns));
	dwell_table_number(table, waits->count);
	if (row->open_count)
		dwell_table_number(table, row->open_ns);
	else
		dwell_table_absent(table);
	dwell_table_number(table, waits->p50_ns);
	dwell_table_number(table, waits->p90_ns);
	dwell_table_number(table, waits->p99_ns);
	dwell_table_number(table, waits->max_ns);
	if (row->has_underused)
		dwell_table_number(table, row->underused_ns);
	else
		dwell_table_absent(table);
	dwell_table_string(table, reason_name(row->reason));
	dwell_table_string(table, dwell_role_name(row->role));
	dwell_table_string(table, where);
	dwell_table_string(table, dwell_name_object(text, catalog, row->several ? 0 : row->object));
	blame_cell(table, catalog, row);
}

/* What is not listed, and why it does not matter. */
static void print_idle(const struct question *question)
{
	const struct dwell_blocked *blocked = question->answer->blocked;
	char count[DWELL_NUMBER_SIZE], ns[DWELL_NUMBER_SIZE];
	uint64_t open_count = 0, open_ns = 0;

	for (size_t i = blocked->matter; i < blocked->count; i++) {
		open_count += blocked->rows[i].open_count;
		open_ns += blocked->rows[i].open_ns;
	}
	if ((!blocked->idle_count && !open_count) || lists_all(question))
		return;
	dwell_style_tone(&question->style, DWELL_TONE_FAINT);
	fputs("beside these, ", stdout);
	if (blocked->idle_count)
		printf("%s in %s waits for work or for a time",
			dwell_format_duration(ns, blocked->idle_ns, question->style.ascii),
			dwell_format_count(count, blocked->idle_count));
	if (open_count)
		printf("%s%s in %s%s that have not ended", blocked->idle_count ? ", and " : "",
			dwell_format_duration(ns, open_ns, question->style.ascii),
			dwell_format_count(count, open_count),
			blocked->idle_count ? "" : " waits for work or for a time");
	puts(": --all");
	dwell_style_tone(&question->style, DWELL_TONE_PLAIN);
}

/* What the rows stand for, so that people can tell them apart. False: no memory. */
static bool tell_places(const struct question *question, struct callers_place *places,
	const struct ranked *ranked, size_t count)
{
	const struct dwell_catalog *catalog = question->answer->catalog;
	char text[DWELL_NAME_SIZE];

	for (size_t i = 0; i < count; i++) {
		const struct dwell_blocked_row *row = ranked[i].row;

		places[i].text = strdup(part_row(text, catalog, row));
		places[i].stack = row->key.by == DWELL_BY_SITE ? row->stack : DWELL_NONE;
		if (!places[i].text)
			return false;
	}
	if (!question->request->csv)
		callers_tell(catalog, places, count);
	return true;
}

/* False: no memory. */
static bool fill_table(const struct question *question, struct dwell_table *table,
	const struct ranked *ranked, size_t count)
{
	const size_t listed = question_limit(question, count);
	struct callers_place *places = calloc(listed + 1, sizeof(*places));
	const bool told = places && tell_places(question, places, ranked, listed);
	uint64_t all_ns = 0;

	for (size_t i = 0; i < count; i++)
		all_ns += ((const struct dwell_blocked_row *)ranked[i].row)->waits.total_ns;
	for (size_t i = 0; told && i < listed; i++)
		table_row(table, question->answer->catalog, ranked[i].row, all_ns, places[i].text);
	for (size_t i = 0; places && i < listed; i++)
		free(places[i].text);
	free(places);
	return told;
}

static int print_text(const struct question *question, const struct ranked *ranked, size_t count)
{
	const bool csv = question->request->csv;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	if (table && !fill_table(question, table, ranked, count)) {
		dwell_table_free(table);
		table = NULL;
	}
	if (!csv)
		head_print(&question->style, &question->head);
	status = question_table(question, table, count);
	if (status || csv)
		return status;
	print_idle(question);
	next_step(
		&question->style, "what the holders were doing: dwell locks", question->trace.path);
	return STATUS_DONE;
}

static int answer(const struct question *question)
{
	const struct dwell_blocked *blocked = question->answer->blocked;
	const size_t count = lists_all(question) ? blocked->count : blocked->matter;
	/* Whoever asks for all of them wants to see the longest. */
	const char *sort =
		lists_all(question) && !question->request->sort ? "total" : question->request->sort;
	struct ranked *ranked =
		rank_rows(blocked->rows, sizeof(*blocked->rows), count, rank_of, sort);
	int status = STATUS_DONE;

	if (!ranked)
		return complain(STATUS_REFUSED, "blocked", "out of memory");
	if (question->request->json)
		print_json(question, ranked, count);
	else
		status = print_text(question, ranked, count);
	free(ranked);
	return status;
}

int cmd_blocked(struct request *request)
{
	struct question question;
	int status = question_open(&question, request, DWELL_ANALYZE_BLOCKED);

	question.query.blocked_by = question_by(request, DWELL_BY_SITE);
	if (!status)
		status = question_ask(&question);
	if (!status)
		status = answer(&question);
	question_close(&question);
	return status;
}

#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/question.h"

static void json_class(
	struct dwell_json *json, const struct dwell_catalog *catalog, uint32_t class_id)
{
	const struct dwell_catalog_class *class = dwell_catalog_class(catalog, class_id);

	if (class)
		dwell_json_bytes(json, "class", class->text.at, class->text.size);
	else
		dwell_json_string(json, "class", "");
}

static void json_causes(struct dwell_json *json, const struct dwell_latency *latency)
{
	for (unsigned cause = DWELL_CAUSE_WAKE; cause < DWELL_CAUSE_COUNT; cause++) {
		dwell_json_object(json, dwell_cause_name(cause));
		part_distribution_json(json, &latency->causes[cause]);
		dwell_json_end_object(json);
	}
}

static void json_rows(struct dwell_json *json, const struct question *question)
{
	const struct dwell_latency *latency = question->answer->latency;
	const struct dwell_catalog *catalog = question->answer->catalog;
	char text[DWELL_NAME_SIZE];

	dwell_json_array(json, "classes");
	for (size_t i = 0; i < question_limit(question, latency->class_count); i++) {
		dwell_json_object(json, NULL);
		json_class(json, catalog, latency->classes[i].id);
		part_distribution_json(json, &latency->classes[i].times);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
	dwell_json_array(json, "executors");
	for (size_t i = 0; i < latency->executor_count; i++) {
		const uint32_t id = latency->executors[i].id;

		dwell_json_object(json, NULL);
		dwell_json_string(json, "executor", dwell_name_executor(text, catalog, id));
		part_distribution_json(json, &latency->executors[i].times);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

static const char *kind_of(const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);

	return task ? dwell_task_kind_name(task->kind) : NULL;
}

static void json_ran(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_occupant *occupant)
{
	const bool task = occupant->kind == DWELL_OCCUPANT_TASK;
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	part_id_json(json, "task", task ? occupant->task : 0);
	dwell_json_string(
		json, "name", task ? dwell_name_task(text, catalog, occupant->task) : NULL);
	dwell_json_string(json, "kind",
		task ? kind_of(catalog, occupant->task) : dwell_occupant_name(occupant->kind));
	dwell_json_number(json, "ns", occupant->ns);
	dwell_json_end_object(json);
}

static void json_worst(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_worst *worst)
{
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, worst->id));
	dwell_json_number(json, "task", worst->task);
	dwell_json_string(json, "name", dwell_name_task(text, catalog, worst->task));
	dwell_json_string(json, "class", dwell_name_class(text, catalog, worst->task));
	dwell_json_number(json, "at_ns", worst->at_ns);
	dwell_json_number(json, "latency_ns", worst->latency_ns);
	dwell_json_string(json, "cause", dwell_cause_name(worst->cause));
	if (worst->executor)
		dwell_json_string(
			json, "executor", dwell_name_executor(text, catalog, worst->executor));
	else
		dwell_json_null(json, "executor");
	part_id_json(json, "waker", worst->waker);
	dwell_json_array(json, "ran_instead");
	for (size_t i = 0; i < worst->ran_count; i++)
		json_ran(json, catalog, &worst->ran_instead[i]);
	dwell_json_end_array(json);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question)
{
	const struct dwell_latency *latency = question->answer->latency;
	struct dwell_json json;

	question_json(question, &json);
	dwell_json_object(&json, "overall");
	part_distribution_json(&json, &latency->overall);
	dwell_json_end_object(&json);
	json_causes(&json, latency);
	json_rows(&json, question);
	dwell_json_array(&json, "worst");
	for (size_t i = 0; i < question_limit(question, latency->worst_count); i++)
		json_worst(&json, question->answer->catalog, &latency->worst[i]);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec columns[] = {
	{ "latency", "by", DWELL_CELL_TEXT, 0, DWELL_COLUMN_CSV_ONLY },
	{ "latency of", "key", DWELL_CELL_TEXT, 0, 0 },
	{ "count", "count", DWELL_CELL_COUNT, 0, 0 },
	{ "total", "total_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "mean", "mean_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "p50", "p50_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "p90", "p90_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "p99", "p99_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "p99.9", "p999_ns", DWELL_CELL_DURATION, 0, DWELL_COLUMN_OPTIONAL },
	{ "max", "max_ns", DWELL_CELL_DURATION, DWELL_TONE_RUNNABLE, 0 },
};

static void table_row(struct dwell_table *table, const char *by, const char *key,
	const struct dwell_distribution *times)
{
	if (!times->count)
		return;
	dwell_table_string(table, by);
	dwell_table_string(table, key);
	dwell_table_number(table, times->count);
	dwell_table_number(table, times->total_ns);
	dwell_table_number(table, times->mean_ns);
	dwell_table_number(table, times->p50_ns);
	dwell_table_number(table, times->p90_ns);
	dwell_table_number(table, times->p99_ns);
	dwell_table_number(table, times->p999_ns);
	dwell_table_number(table, times->max_ns);
}

/* All, by cause, by executor, by class. */
static void fill_table(struct dwell_table *table, const struct question *question)
{
	static const char *const causes[DWELL_CAUSE_COUNT] = {
		[DWELL_CAUSE_WAKE] = "after a wake",
		[DWELL_CAUSE_PREEMPTED] = "after a preemption",
		[DWELL_CAUSE_CREATED] = "after creation",
	};
	const struct dwell_latency *latency = question->answer->latency;
	const struct dwell_catalog *catalog = question->answer->catalog;
	char text[DWELL_NAME_SIZE];

	table_row(table, "all", "all", &latency->overall);
	for (unsigned cause = DWELL_CAUSE_WAKE; cause < DWELL_CAUSE_COUNT; cause++)
		table_row(table, "cause", causes[cause], &latency->causes[cause]);
	for (size_t i = 0; i < latency->executor_count; i++)
		table_row(table, "executor",
			dwell_name_executor(text, catalog, latency->executors[i].id),
			&latency->executors[i].times);
	for (size_t i = 0; i < question_limit(question, latency->class_count); i++) {
		const struct dwell_catalog_class *class =
			dwell_catalog_class(catalog, latency->classes[i].id);

		snprintf(text, sizeof(text), "%.*s",
			class ? (int)(class->text.size < 400 ? class->text.size : 400) : 0,
			class ? class->text.at : "");
		table_row(table, "class", text, &latency->classes[i].times);
	}
}

static const struct dwell_column_spec bar_columns[] = {
	{ "up to", "le_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "count", "count", DWELL_CELL_COUNT, 0, 0 },
	{ "", "share", DWELL_CELL_SHARE, 0, 0 },
};

/* Bars of the histogram, one for each power of four: as many as a screen takes. */
static struct dwell_table *bar_table(const struct dwell_distribution *times)
{
	struct dwell_table *table = dwell_table_new(bar_columns, 3);
	uint64_t count = 0;

	for (size_t i = 0; table && i < times->bar_count; i++) {
		uint64_t bound = 250;

		while (bound < times->bars[i].le_ns && bound < UINT64_MAX / 4)
			bound *= 4;
		count += times->bars[i].count;
		if (i + 1 < times->bar_count && times->bars[i + 1].le_ns <= bound)
			continue;
		dwell_table_number(table, bound);
		dwell_table_number(table, count);
		dwell_table_number(table, dwell_share_ppm(count, times->count));
		count = 0;
	}
	return table;
}

static const struct dwell_column_spec worst_columns[] = {
	{ "worst", "latency_ns", DWELL_CELL_DURATION, DWELL_TONE_RUNNABLE, 0 },
	{ "at", "at_ns", DWELL_CELL_DURATION, 0, 0 },
	{ "task", "task", DWELL_CELL_TEXT, 0, 0 },
	{ "after", "cause", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_WHOLE },
	{ "on", "executor", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_WHOLE },
	{ "who ran instead", "ran", DWELL_CELL_TEXT, 0, 0 },
	{ "id", "id", DWELL_CELL_TEXT, 0, DWELL_COLUMN_OPTIONAL | DWELL_COLUMN_WHOLE },
};

/* Its name alone: whose it is matters more here than which one. */
static const char *short_name(char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog,
	const struct dwell_occupant *ran)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, ran->task);

	if (ran->kind != DWELL_OCCUPANT_TASK)
		return dwell_occupant_name(ran->kind);
	if (!task || !task->name.size)
		return dwell_name_task(out, catalog, ran->task);
	snprintf(out, DWELL_NAME_SIZE, "%.*s", task->name.size < 60 ? (int)task->name.size : 60,
		task->name.at);
	return out;
}

/* "burn 41.2 ms, sh 3.10 ms, 4 more": the longest ones. */
static void ran_cell(
	struct dwell_table *table, const struct question *question, const struct dwell_worst *worst)
{
	enum { SHOWN = 2 };
	const size_t shown = worst->ran_count > SHOWN + 1 ? SHOWN : worst->ran_count;
	char text[DWELL_NAME_SIZE] = "", name[DWELL_NAME_SIZE], ns[DWELL_NUMBER_SIZE];
	size_t used = 0;

	for (size_t i = 0; i < shown; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s", i ? ", " : "",
			short_name(name, question->answer->catalog, &worst->ran_instead[i]),
			dwell_format_duration(ns, worst->ran_instead[i].ns, question->style.ascii));
	if (worst->ran_count > shown)
		snprintf(text + used, sizeof(text) - used, ", %zu more", worst->ran_count - shown);
	dwell_table_string(table, text);
}

static struct dwell_table *worst_table(const struct question *question)
{
	const struct dwell_latency *latency = question->answer->latency;
	const struct dwell_catalog *catalog = question->answer->catalog;
	struct dwell_table *table =
		dwell_table_new(worst_columns, sizeof(worst_columns) / sizeof(worst_columns[0]));
	char text[DWELL_NAME_SIZE];

	for (size_t i = 0; table && i < question_limit(question, latency->worst_count); i++) {
		const struct dwell_worst *worst = &latency->worst[i];

		dwell_table_number(table, worst->latency_ns);
		dwell_table_number(table, worst->at_ns);
		dwell_table_string(table, dwell_name_task(text, catalog, worst->task));
		dwell_table_string(table, dwell_cause_name(worst->cause));
		dwell_table_string(table, dwell_name_executor(text, catalog, worst->executor));
		ran_cell(table, question, worst);
		dwell_table_string(table, part_id(text, worst->id));
	}
	return table;
}

static int print_text(const struct question *question)
{
	const struct dwell_latency *latency = question->answer->latency;
	struct dwell_table *table = dwell_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	if (table)
		fill_table(table, question);
	if (question->request->csv)
		return question_table(question, table, 0);
	head_print(&question->style, &question->head);
	status = question_table(question, table, 0);
	if (status || !latency->overall.count)
		return status;
	putchar('\n');
	status = question_table(question, bar_table(&latency->overall), 0);
	putchar('\n');
	if (!status)
		status = question_table(question, worst_table(question), 0);
	if (!status)
		next_step(&question->style, "each task's share: dwell tasks --sort runnable",
			question->trace.path);
	return status;
}

int cmd_latency(struct request *request)
{
	return question_answer(request, DWELL_ANALYZE_LATENCY, print_json, print_text);
}

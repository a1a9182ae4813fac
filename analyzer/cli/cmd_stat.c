#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/question.h"

/* Millionths of a byte, for each event. */
static uint64_t bytes_per_event_ppm(const struct head *head)
{
	return head->events ? head->bytes * 1000000 / head->events : 0;
}

/* A note that holds a number; UINT64_MAX where there is none. */
static uint64_t note_number(const struct dwell_catalog *catalog, const char *key)
{
	const size_t size = strlen(key);
	char text[24];

	for (size_t i = 0; i < dwell_catalog_notes(catalog); i++) {
		const struct dwell_note *note = dwell_catalog_note(catalog, i);

		if (note->key.size != size || memcmp(note->key.at, key, size) ||
			!note->value.size || note->value.size >= sizeof(text))
			continue;
		memcpy(text, note->value.at, note->value.size);
		text[note->value.size] = '\0';
		return strtoull(text, NULL, 10);
	}
	return UINT64_MAX;
}

static void json_known(struct dwell_json *json, const char *key, uint64_t number)
{
	if (number == UINT64_MAX)
		dwell_json_null(json, key);
	else
		dwell_json_number(json, key, number);
}

static void json_events(struct dwell_json *json, const struct question *question)
{
	const struct dwell_stat *stat = question->answer->stat;

	dwell_json_object(json, "events_by_kind");
	for (unsigned kind = 0; kind < DWELL_EVENT_KIND_COUNT; kind++)
		if (stat->events_by_kind[kind])
			dwell_json_number(
				json, dwell_event_kind_name(kind), stat->events_by_kind[kind]);
	dwell_json_end_object(json);
	if (question->head.events)
		dwell_json_share(json, "bytes_per_event", bytes_per_event_ppm(&question->head));
	else
		dwell_json_null(json, "bytes_per_event");
}

static void json_lost(struct dwell_json *json, const struct dwell_stat *stat)
{
	dwell_json_object(json, "lost_by_cause");
	for (unsigned cause = 0; cause < DWELL_LOSS_CAUSE_COUNT; cause++)
		if (stat->lost_by_cause[cause])
			dwell_json_number(
				json, dwell_loss_cause_name(cause), stat->lost_by_cause[cause]);
	dwell_json_end_object(json);
}

static void json_recorder(struct dwell_json *json, const struct question *question)
{
	const struct dwell_catalog *catalog = question->answer->catalog;
	const struct head *head = &question->head;
	const double seconds = (double)head->duration_ns / 1e9;

	dwell_json_object(json, "recorder");
	json_known(json, "cpu_ns", note_number(catalog, "recorder.cpu_ns"));
	json_known(json, "bytes", note_number(catalog, "recorder.bytes"));
	json_known(json, "events_per_s",
		head->duration_ns ? (uint64_t)((double)head->events / seconds) : UINT64_MAX);
	dwell_json_end_object(json);
}

static void print_json(const struct question *question)
{
	const struct dwell_stat *stat = question->answer->stat;
	struct dwell_json json;

	question_json(question, &json);
	json_events(&json, question);
	dwell_json_object(&json, "states");
	part_times_json(&json, &stat->times);
	dwell_json_end_object(&json);
	dwell_json_number(&json, "waits", stat->waits);
	dwell_json_number(&json, "losses", question->head.losses);
	json_lost(&json, stat);
	json_recorder(&json, question);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec state_columns[] = {
	{ "task-time", "state", DWELL_CELL_TEXT, 0, 0 },
	{ "", "ns", DWELL_CELL_DURATION, 0, 0 },
	{ "", "share", DWELL_CELL_SHARE, 0, 0 },
};

static struct dwell_table *state_table(const struct dwell_times *times)
{
	const struct {
		const char *name;
		uint64_t ns;
	} rows[] = {
		{ "running", times->running_ns },
		{ "runnable", times->runnable_ns },
		{ "blocked", times->blocked_ns },
		{ "unknown", times->unknown_ns },
	};
	struct dwell_table *table = dwell_table_new(state_columns, 3);
	const uint64_t all =
		times->running_ns + times->runnable_ns + times->blocked_ns + times->unknown_ns;

	for (size_t i = 0; table && i < sizeof(rows) / sizeof(rows[0]); i++) {
		dwell_table_string(table, rows[i].name);
		dwell_table_number(table, rows[i].ns);
		dwell_table_number(table, dwell_share_ppm(rows[i].ns, all));
	}
	return table;
}

static const struct dwell_column_spec event_columns[] = {
	{ "events", "kind", DWELL_CELL_TEXT, 0, 0 },
	{ "", "events", DWELL_CELL_COUNT, 0, 0 },
	{ "", "share", DWELL_CELL_SHARE, 0, 0 },
};

static struct dwell_table *event_table(const struct question *question)
{
	struct dwell_table *table = dwell_table_new(event_columns, 3);

	for (unsigned kind = 0; table && kind < DWELL_EVENT_KIND_COUNT; kind++) {
		const uint64_t count = question->answer->stat->events_by_kind[kind];

		if (!count)
			continue;
		dwell_table_string(table, dwell_event_kind_name(kind));
		dwell_table_number(table, count);
		dwell_table_number(table, dwell_share_ppm(count, question->head.events));
	}
	return table;
}

static void print_start(uint64_t start_unix_ns)
{
	const time_t start = (time_t)(start_unix_ns / 1000000000);
	struct tm day;
	char text[64];

	if (start_unix_ns && localtime_r(&start, &day) &&
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &day))
		printf("began      %s\n", text);
}

static void print_levels(uint32_t levels)
{
	const char *between = "levels     ";

	for (uint32_t bit = 1; bit; bit <<= 1) {
		if (!(levels & bit) || !dwell_level_name(bit))
			continue;
		printf("%s%s", between, dwell_level_name(bit));
		between = ", ";
	}
	if (levels)
		putchar('\n');
}

static void print_cost(const struct question *question)
{
	const struct head *head = &question->head;
	const uint64_t each = bytes_per_event_ppm(head) / 10000;
	const uint64_t cpu_ns = note_number(question->answer->catalog, "recorder.cpu_ns");
	char text[DWELL_NUMBER_SIZE];

	printf("size       %s", dwell_format_bytes(text, head->bytes));
	if (head->events)
		printf(", %" PRIu64 ".%02" PRIu64 " bytes per event", each / 100, each % 100);
	putchar('\n');
	if (cpu_ns != UINT64_MAX)
		printf("recorder   %s of CPU time\n",
			dwell_format_duration(text, cpu_ns, question->style.ascii));
}

static void print_waits(const struct question *question)
{
	const struct head *head = &question->head;
	const uint64_t waits = question->answer->stat->waits;
	char all[DWELL_NUMBER_SIZE], stack[DWELL_NUMBER_SIZE], object[DWELL_NUMBER_SIZE],
		holder[DWELL_NUMBER_SIZE], waker[DWELL_NUMBER_SIZE];

	if (waits)
		printf("waits      %s, known: stack %s, object %s, holder %s, waker %s\n",
			dwell_format_count(all, waits), dwell_format_share(stack, head->stack_ppm),
			dwell_format_share(object, head->object_ppm),
			dwell_format_share(holder, head->holder_ppm),
			dwell_format_share(waker, head->waker_ppm));
}

static void print_losses(const struct question *question)
{
	const uint64_t *lost = question->answer->stat->lost_by_cause;
	char text[DWELL_NUMBER_SIZE];

	for (unsigned cause = 0; cause < DWELL_LOSS_CAUSE_COUNT; cause++)
		if (lost[cause])
			printf("lost       %s records: %s\n", dwell_format_count(text, lost[cause]),
				dwell_loss_cause_name(cause));
}

static int print_text(const struct question *question)
{
	int status;

	head_print(&question->style, &question->head);
	print_start(question->head.start_unix_ns);
	print_levels(question->head.levels);
	print_cost(question);
	print_losses(question);
	print_waits(question);
	putchar('\n');
	status = question_table(question, state_table(&question->answer->stat->times), 0);
	if (!status && question->head.events) {
		putchar('\n');
		status = question_table(question, event_table(question), 0);
	}
	if (!status)
		next_step(&question->style, "where time was lost: dwell blocked",
			question->trace.path);
	return status;
}

int cmd_stat(struct request *request)
{
	struct question question;
	int status = question_open(&question, request, DWELL_ANALYZE_STAT);

	if (!status)
		status = question_ask(&question);
	if (!status && request->json)
		print_json(&question);
	else if (!status && request->csv)
		status = question_table(&question, event_table(&question), 0);
	else if (!status)
		status = print_text(&question);
	question_close(&question);
	return status;
}

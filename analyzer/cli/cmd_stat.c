#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli/census.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/trace.h"

static const uint8_t shown_states[] = { DWELL_RUNNING, DWELL_RUNNABLE, DWELL_BLOCKED,
	DWELL_UNKNOWN };

enum { STATE_COUNT = sizeof(shown_states) };

/* Millionths of an event: three digits are shown. */
static uint64_t bytes_per_event_ppm(const struct head *head)
{
	return head->events ? head->bytes * 1000000 / head->events : 0;
}

static void json_events(struct dwell_json *json, const struct census *census)
{
	dwell_json_object(json, "events_by_kind");
	for (unsigned kind = 0; kind < DWELL_EVENT_KIND_COUNT; kind++)
		if (census->events_by_kind[kind])
			dwell_json_number(
				json, dwell_event_kind_name(kind), census->events_by_kind[kind]);
	dwell_json_end_object(json);
}

static void json_losses(struct dwell_json *json, const struct census *census)
{
	dwell_json_array(json, "losses");
	for (unsigned cause = 0; cause < DWELL_LOSS_CAUSE_COUNT; cause++) {
		const struct census_loss *loss = &census->losses[cause];

		if (!loss->count)
			continue;
		dwell_json_object(json, NULL);
		dwell_json_string(json, "cause", dwell_loss_cause_name(cause));
		dwell_json_number(json, "count", loss->count);
		dwell_json_number(json, "lost", loss->lost);
		dwell_json_number(json, "total_ns", loss->total_ns);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

static void json_known(struct dwell_json *json, const char *key, uint64_t number)
{
	if (number == UINT64_MAX)
		dwell_json_null(json, key);
	else
		dwell_json_number(json, key, number);
}

static void json_recorder(
	struct dwell_json *json, const struct census *census, const struct head *head)
{
	dwell_json_object(json, "recorder");
	json_known(json, "cpu_ns", census->recorder_cpu_ns);
	json_known(json, "bytes", census->recorder_bytes);
	json_known(json, "events_per_s",
		head->duration_ns
			? (uint64_t)((double)head->events * 1e9 / (double)head->duration_ns)
			: UINT64_MAX);
	dwell_json_end_object(json);
}

static void print_json(const struct census *census, const struct head *head)
{
	static const char *const keys[DWELL_STATE_COUNT] = {
		[DWELL_RUNNING] = "running_ns",
		[DWELL_RUNNABLE] = "runnable_ns",
		[DWELL_BLOCKED] = "blocked_ns",
		[DWELL_UNKNOWN] = "unknown_ns",
	};
	struct dwell_json json;

	dwell_json_init(&json, stdout);
	dwell_json_object(&json, NULL);
	dwell_json_string(&json, "schema", "dwell.stat/1");
	head_json(&json, head);
	json_events(&json, census);
	if (head->events)
		dwell_json_share(&json, "bytes_per_event", bytes_per_event_ppm(head));
	else
		dwell_json_null(&json, "bytes_per_event");
	dwell_json_object(&json, "states");
	for (size_t i = 0; i < STATE_COUNT; i++)
		dwell_json_number(&json, keys[shown_states[i]], census->state_ns[shown_states[i]]);
	dwell_json_end_object(&json);
	json_recorder(&json, census, head);
	json_losses(&json, census);
	dwell_json_end_object(&json);
}

static const struct dwell_column_spec state_columns[] = {
	{ .title = "task-time", .key = "state", .cell = DWELL_CELL_TEXT },
	{ .title = "", .key = "ns", .cell = DWELL_CELL_DURATION },
	{ .title = "", .key = "share", .cell = DWELL_CELL_SHARE },
};

static struct dwell_table *state_table(const struct census *census)
{
	struct dwell_table *table = dwell_table_new(state_columns, 3);
	uint64_t all = 0;

	for (size_t i = 0; i < STATE_COUNT; i++)
		all += census->state_ns[shown_states[i]];
	for (size_t i = 0; table && i < STATE_COUNT; i++) {
		const uint64_t ns = census->state_ns[shown_states[i]];

		dwell_table_string(table, dwell_state_name(shown_states[i]));
		dwell_table_number(table, ns);
		dwell_table_number(table, dwell_share_ppm(ns, all));
	}
	return table;
}

static const struct dwell_column_spec event_columns[] = {
	{ .title = "events", .key = "kind", .cell = DWELL_CELL_TEXT },
	{ .title = "", .key = "events", .cell = DWELL_CELL_COUNT },
	{ .title = "", .key = "share", .cell = DWELL_CELL_SHARE },
};

static struct dwell_table *event_table(const struct census *census, const struct head *head)
{
	struct dwell_table *table = dwell_table_new(event_columns, 3);

	for (unsigned kind = 0; table && kind < DWELL_EVENT_KIND_COUNT; kind++) {
		const uint64_t count = census->events_by_kind[kind];

		if (!count)
			continue;
		dwell_table_string(table, dwell_event_kind_name(kind));
		dwell_table_number(table, count);
		dwell_table_number(table, dwell_share_ppm(count, head->events));
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

static void print_waits(const struct census *census, const struct head *head)
{
	char all[DWELL_NUMBER_SIZE], stack[DWELL_NUMBER_SIZE], object[DWELL_NUMBER_SIZE],
		holder[DWELL_NUMBER_SIZE], waker[DWELL_NUMBER_SIZE];

	if (census->waits.all)
		printf("waits      %s, known: stack %s, object %s, holder %s, waker %s\n",
			dwell_format_count(all, census->waits.all),
			dwell_format_share(stack, head->stack_ppm),
			dwell_format_share(object, head->object_ppm),
			dwell_format_share(holder, head->holder_ppm),
			dwell_format_share(waker, head->waker_ppm));
}

static void print_cost(const struct census *census, const struct head *head)
{
	char bytes[DWELL_NUMBER_SIZE], cpu[DWELL_NUMBER_SIZE];
	const uint64_t each = bytes_per_event_ppm(head) / 10000;

	printf("size       %s", dwell_format_bytes(bytes, head->bytes));
	if (head->events)
		printf(", %" PRIu64 ".%02" PRIu64 " bytes per event", each / 100, each % 100);
	putchar('\n');
	if (census->recorder_cpu_ns != UINT64_MAX)
		printf("recorder   %s of CPU time\n",
			dwell_format_duration(cpu, census->recorder_cpu_ns, true));
}

static void print_losses(const struct census *census, const struct dwell_style *style)
{
	char lost[DWELL_NUMBER_SIZE], covered[DWELL_NUMBER_SIZE];

	for (unsigned cause = 0; cause < DWELL_LOSS_CAUSE_COUNT; cause++) {
		const struct census_loss *loss = &census->losses[cause];

		if (!loss->count)
			continue;
		printf("loss       %s: ", dwell_loss_cause_name(cause));
		if (loss->lost)
			printf("%s records ", dwell_format_count(lost, loss->lost));
		printf("over %s\n", dwell_format_duration(covered, loss->total_ns, style->ascii));
	}
}

static int print_tables(
	const struct census *census, const struct head *head, const struct dwell_style *style)
{
	struct dwell_table *states = state_table(census), *events = event_table(census, head);
	int err = states && events ? 0 : DWELL_ENOMEM;

	if (!err)
		err = dwell_table_print(states, style);
	if (!err && head->events) {
		putchar('\n');
		err = dwell_table_print(events, style);
	}
	dwell_table_free(states);
	dwell_table_free(events);
	return err;
}

static int print_text(const struct census *census, const struct head *head)
{
	const struct dwell_style style = terminal_style();

	head_print(&style, head);
	print_start(head->start_unix_ns);
	print_levels(head->levels);
	print_cost(census, head);
	print_losses(census, &style);
	print_waits(census, head);
	putchar('\n');
	if (print_tables(census, head, &style))
		return complain(STATUS_REFUSED, "stat", "out of memory");
	next_step(&style, "where time was lost: dwell blocked", head->path);
	return STATUS_DONE;
}

static int print_csv(const struct census *census, const struct head *head)
{
	struct dwell_table *table = event_table(census, head);
	const int err = table ? dwell_table_csv(table, stdout) : DWELL_ENOMEM;

	dwell_table_free(table);
	return err ? complain(STATUS_REFUSED, "stat", "out of memory") : STATUS_DONE;
}

static int answer(const struct request *request, struct trace *trace, struct census *census)
{
	const int err = dwell_source_drive(trace->import.source, NULL, &census->sink);
	struct head head;

	if (census->status)
		return census->status;
	if (err)
		return input_complain(
			trace->path, err, trace->import.source->ops->diag(trace->import.source));
	census_head(census, trace->path, trace->import.bytes, &head);
	if (request->csv)
		return print_csv(census, &head);
	if (!request->json)
		return print_text(census, &head);
	print_json(census, &head);
	return STATUS_DONE;
}

int cmd_stat(struct request *request)
{
	struct census census;
	struct window window;
	struct trace trace;
	int status = window_parse(&window, request);

	if (status)
		return status;
	status = trace_open(&trace, trace_path(request, 0));
	if (status)
		return status;
	census_init(&census, &window);
	status = answer(request, &trace, &census);
	census_release(&census);
	trace_close(&trace);
	return status;
}

#include "cli/head.h"

#include <string.h>

#include "dwell/types.h"

static void json_levels(struct dwell_json *json, uint32_t levels)
{
	dwell_json_array(json, "levels");
	for (uint32_t bit = 1; bit; bit <<= 1)
		if (levels & bit && dwell_level_name(bit))
			dwell_json_string(json, NULL, dwell_level_name(bit));
	dwell_json_end_array(json);
}

void head_json(struct dwell_json *json, const struct head *head)
{
	dwell_json_object(json, "trace");
	dwell_json_string(json, "path", head->path);
	dwell_json_bytes(json, "source", head->source.at, head->source.size);
	dwell_json_number(json, "duration_ns", head->duration_ns);
	if (head->start_unix_ns)
		dwell_json_number(json, "start_unix_ns", head->start_unix_ns);
	else
		dwell_json_null(json, "start_unix_ns");
	dwell_json_bool(json, "closed", head->closed);
	dwell_json_number(json, "tasks", head->tasks);
	dwell_json_number(json, "other_tasks", head->other_tasks);
	dwell_json_number(json, "executors", head->executors);
	dwell_json_number(json, "events", head->events);
	dwell_json_number(json, "lost_events", head->lost_events);
	dwell_json_share(json, "coverage", head->coverage_ppm);
	dwell_json_object(json, "coverage_of_waits");
	dwell_json_share(json, "stack", head->stack_ppm);
	dwell_json_share(json, "object", head->object_ppm);
	dwell_json_share(json, "holder", head->holder_ppm);
	dwell_json_share(json, "waker", head->waker_ppm);
	dwell_json_end_object(json);
	dwell_json_number(json, "bytes", head->bytes);
	json_levels(json, head->levels);
	dwell_json_end_object(json);
}

/* "Not whole: ...": what the recorder knows that it does not know. */
static void print_missing(const struct dwell_style *style, const struct head *head)
{
	char number[DWELL_NUMBER_SIZE];
	const char *between = " ";

	if (head->closed && !head->lost_events && !head->losses)
		return;
	dwell_style_tone(style, DWELL_TONE_BAD);
	fputs("Not whole:", style->file);
	if (head->lost_events) {
		fprintf(style->file, " %s records lost",
			dwell_format_count(number, head->lost_events));
		between = ", ";
	} else if (head->losses) {
		fputs(" records lost, how many is not known", style->file);
		between = ", ";
	}
	if (!head->closed)
		fprintf(style->file, "%snot closed, the end may be missing", between);
	fprintf(style->file, "; %s of the time is known",
		dwell_format_share(number, head->coverage_ppm));
	dwell_style_tone(style, DWELL_TONE_PLAIN);
	putc('\n', style->file);
}

static void print_counted(const struct dwell_style *style, uint64_t count, const char *what)
{
	char number[DWELL_NUMBER_SIZE];

	fprintf(style->file, ", %s %s%s", dwell_format_count(number, count), what,
		count == 1 ? "" : "s");
}

static void print_tasks(const struct dwell_style *style, const struct head *head)
{
	char number[DWELL_NUMBER_SIZE];

	if (!head->other_tasks) {
		print_counted(style, head->tasks, "task");
	} else if (head->left_out) {
		print_counted(style, head->tasks - head->other_tasks, "task");
		fprintf(style->file, " (and %s of others: --all-processes)",
			dwell_format_count(number, head->other_tasks));
	} else {
		print_counted(style, head->tasks, "task");
		fprintf(style->file, " (%s of other processes)",
			dwell_format_count(number, head->other_tasks));
	}
}

void head_print(const struct dwell_style *style, const struct head *head)
{
	char number[DWELL_NUMBER_SIZE];

	print_missing(style, head);
	dwell_style_tone(style, DWELL_TONE_FAINT);
	dwell_print_escaped(style, head->path, strlen(head->path));
	fputs(": ", style->file);
	dwell_print_escaped(style, head->source.at, head->source.size);
	fprintf(style->file, ", %s",
		dwell_format_duration(number, head->duration_ns, style->ascii));
	print_tasks(style, head);
	print_counted(style, head->executors, "executor");
	print_counted(style, head->events, "event");
	dwell_style_tone(style, DWELL_TONE_PLAIN);
	fputs("\n\n", style->file);
}

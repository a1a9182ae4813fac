#include "cli/parts.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_FRAMES = 512, MAX_TEXT = 200 };

const char *part_id(char out[DWELL_NAME_SIZE], uint64_t id)
{
	snprintf(out, DWELL_NAME_SIZE, "%" PRIx64, id);
	return out;
}

const char *part_key(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, const struct dwell_key *key)
{
	switch (key->by) {
	case DWELL_BY_TASK:
		return dwell_name_task(out, catalog, key->id);
	case DWELL_BY_OBJECT:
		return dwell_name_object(out, catalog, key->id);
	default:
		snprintf(out, DWELL_NAME_SIZE, "%.*s",
			key->text.size > MAX_TEXT ? MAX_TEXT : (int)key->text.size, key->text.at);
	}
	return out;
}

void part_object_json(
	struct dwell_json *json, const char *key, const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_object *object = dwell_catalog_object(catalog, id);
	char text[DWELL_NAME_SIZE];

	if (!object) {
		dwell_json_null(json, key);
		return;
	}
	dwell_json_object(json, key);
	snprintf(text, sizeof(text), "%" PRIu32, id);
	dwell_json_string(json, "id", text);
	dwell_json_string(json, "kind", dwell_object_kind_name(object->kind));
	dwell_json_string(json, "name", dwell_name_object(text, catalog, id));
	dwell_json_end_object(json);
}

static void json_text(struct dwell_json *json, const char *key, struct dwell_string text)
{
	if (text.size)
		dwell_json_bytes(json, key, text.at, text.size);
	else
		dwell_json_null(json, key);
}

void part_id_json(struct dwell_json *json, const char *key, uint64_t id)
{
	if (id)
		dwell_json_number(json, key, id);
	else
		dwell_json_null(json, key);
}

static void json_frame(struct dwell_json *json, const struct dwell_frame *frame)
{
	char address[24];

	dwell_json_object(json, NULL);
	json_text(json, "function", frame->function);
	json_text(json, "file", frame->file);
	part_id_json(json, "line", frame->line);
	json_text(json, "module", frame->module);
	snprintf(address, sizeof(address), "0x%" PRIx64, frame->address);
	dwell_json_string(json, "address", address);
	dwell_json_end_object(json);
}

void part_stack_json(struct dwell_json *json, const char *key, const struct dwell_catalog *catalog,
	uint32_t stack)
{
	struct dwell_frame frames[MAX_FRAMES];
	const size_t count = dwell_catalog_frames(catalog, stack, frames, MAX_FRAMES);

	dwell_json_array(json, key);
	for (size_t i = 0; i < count && i < MAX_FRAMES; i++)
		json_frame(json, &frames[i]);
	dwell_json_end_array(json);
}

void part_times_json(struct dwell_json *json, const struct dwell_times *times)
{
	dwell_json_number(json, "running_ns", times->running_ns);
	dwell_json_number(json, "runnable_ns", times->runnable_ns);
	dwell_json_number(json, "blocked_ns", times->blocked_ns);
	dwell_json_number(json, "unknown_ns", times->unknown_ns);
}

void part_reasons_json(struct dwell_json *json, const char *key, const uint64_t *by_reason)
{
	/* Blocked, and nobody said why, is no other reason that has a name. */
	uint64_t other = by_reason[DWELL_REASON_NONE] + by_reason[DWELL_REASON_OTHER];

	dwell_json_object(json, key);
	for (unsigned reason = 1; reason < DWELL_REASON_COUNT; reason++) {
		const uint64_t ns = reason == DWELL_REASON_OTHER ? other : by_reason[reason];

		if (ns)
			dwell_json_number(json, dwell_reason_name(reason), ns);
	}
	dwell_json_end_object(json);
}

void part_distribution_json(struct dwell_json *json, const struct dwell_distribution *times)
{
	dwell_json_number(json, "count", times->count);
	dwell_json_number(json, "mean_ns", times->mean_ns);
	dwell_json_number(json, "p50_ns", times->p50_ns);
	dwell_json_number(json, "p90_ns", times->p90_ns);
	dwell_json_number(json, "p99_ns", times->p99_ns);
	dwell_json_number(json, "p999_ns", times->p999_ns);
	dwell_json_number(json, "max_ns", times->max_ns);
	dwell_json_array(json, "histogram");
	for (size_t i = 0; i < times->bar_count; i++) {
		dwell_json_object(json, NULL);
		dwell_json_number(json, "le_ns", times->bars[i].le_ns);
		dwell_json_number(json, "count", times->bars[i].count);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

void part_holders_json(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_holder *holders, size_t count)
{
	uint64_t by_reason[DWELL_REASON_COUNT];
	char text[DWELL_NAME_SIZE];

	dwell_json_array(json, "holders");
	for (size_t i = 0; i < count; i++) {
		const struct dwell_holder *holder = &holders[i];

		dwell_json_object(json, NULL);
		part_id_json(json, "task", holder->task);
		dwell_json_string(json, "name", dwell_name_task(text, catalog, holder->task));
		dwell_json_string(json, "class", dwell_name_class(text, catalog, holder->task));
		dwell_json_string(json, "how", holder->how == DWELL_HOW_READ ? "read" : "inferred");
		part_stack_json(json, "stack", catalog, holder->stack);
		dwell_json_number(json, "count", holder->count);
		dwell_json_number(json, "total_ns", holder->total_ns);
		part_times_json(json, &holder->times);
		dwell_holder_blocked_by(holder, by_reason);
		part_reasons_json(json, "blocked_by", by_reason);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

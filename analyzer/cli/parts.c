#include "cli/parts.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_FRAMES = 512 };

/* printf's precision for a string of the trace. */
static int length(struct dwell_string text)
{
	return text.size > 200 ? 200 : (int)text.size;
}

const char *part_task(char out[PART_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);

	*out = '\0';
	if (!task && id)
		snprintf(out, PART_SIZE, "task %" PRIu32, id);
	else if (!task)
		return out;
	else if (task->name.size && task->native_id)
		snprintf(out, PART_SIZE, "%.*s (%" PRIu64 ")", length(task->name), task->name.at,
			task->native_id);
	else if (task->name.size && task->tid >= 0)
		snprintf(out, PART_SIZE, "%.*s (%" PRId64 ")", length(task->name), task->name.at,
			task->tid);
	else if (task->name.size)
		snprintf(out, PART_SIZE, "%.*s", length(task->name), task->name.at);
	else if (task->native_id)
		snprintf(out, PART_SIZE, "%s %" PRIu64, dwell_task_kind_name(task->kind),
			task->native_id);
	else
		snprintf(out, PART_SIZE, "%s %" PRId64, dwell_task_kind_name(task->kind),
			task->tid >= 0 ? task->tid : (int64_t)id);
	return out;
}

const char *part_class(char out[PART_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);
	const struct dwell_catalog_class *class =
		task ? dwell_catalog_class(catalog, task->class_id) : NULL;

	*out = '\0';
	if (class)
		snprintf(out, PART_SIZE, "%.*s", length(class->text), class->text.at);
	return out;
}

const char *part_executor(char out[PART_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_executor *executor = dwell_catalog_executor(catalog, id);
	const char *kind = executor ? dwell_executor_kind_name(executor->kind) : NULL;

	*out = '\0';
	if (executor && executor->name.size)
		snprintf(out, PART_SIZE, "%.*s", length(executor->name), executor->name.at);
	else if (executor)
		snprintf(out, PART_SIZE, "%s %" PRIu32, kind ? kind : "executor", executor->number);
	else if (id)
		snprintf(out, PART_SIZE, "executor %" PRIu32, id);
	return out;
}

static struct dwell_string base_name(struct dwell_string path)
{
	for (size_t i = path.size; i--;)
		if (path.at[i] == '/')
			return (struct dwell_string){ path.at + i + 1, path.size - i - 1 };
	return path;
}

const char *part_frame(char out[PART_SIZE], const struct dwell_frame *frame, bool place)
{
	const struct dwell_string file = base_name(frame->file);
	const struct dwell_string module = base_name(frame->module);
	int used;

	if (!frame->function.size) {
		snprintf(out, PART_SIZE, "%.*s%s0x%" PRIx64, length(module), module.at,
			module.size ? " " : "", frame->address);
		return out;
	}
	used = snprintf(out, PART_SIZE, "%.*s", length(frame->function), frame->function.at);
	if (place && file.size && frame->line)
		snprintf(out + used, PART_SIZE - (size_t)used, " (%.*s:%" PRIu32 ")", length(file),
			file.at, frame->line);
	return out;
}

static bool starts_with(struct dwell_string text, const char *prefix)
{
	const size_t size = strlen(prefix);

	return text.size >= size && !memcmp(text.at, prefix, size);
}

/* Where every program waits: it says nothing of this one. */
static bool is_common(const struct dwell_frame *frame)
{
	static const char *const modules[] = { "libc.so", "libc-", "libpthread", "ld-linux",
		"libdwell", "[vdso]", "libstdc++", "libgcc", "[kernel" };
	static const char *const functions[] = { "runtime.", "sync.", "internal/", "syscall." };
	const struct dwell_string module = base_name(frame->module);

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (starts_with(module, modules[i]))
			return true;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (starts_with(frame->function, functions[i]))
			return true;
	return false;
}

const char *part_site(char out[PART_SIZE], const struct dwell_catalog *catalog, uint32_t stack)
{
	struct dwell_frame frames[64];
	const size_t count = dwell_catalog_frames(catalog, stack, frames, 64);
	const size_t held = count < 64 ? count : 64;

	*out = '\0';
	for (size_t i = 0; i < held; i++)
		if (!is_common(&frames[i]))
			return part_frame(out, &frames[i], true);
	return held ? part_frame(out, &frames[0], true) : out;
}

const char *part_object(char out[PART_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_object *object = dwell_catalog_object(catalog, id);
	const char *kind = object ? dwell_object_kind_name(object->kind) : NULL;

	*out = '\0';
	if (!object)
		return out;
	if (object->name.size)
		snprintf(out, PART_SIZE, "%.*s", length(object->name), object->name.at);
	else if (object->creation_stack && *part_site(out, catalog, object->creation_stack))
		return out;
	else if (object->native_id)
		snprintf(
			out, PART_SIZE, "%s 0x%" PRIx64, kind ? kind : "object", object->native_id);
	else
		snprintf(out, PART_SIZE, "%s %" PRIu32, kind ? kind : "object", id);
	return out;
}

const char *part_id(char out[PART_SIZE], uint64_t id)
{
	snprintf(out, PART_SIZE, "%" PRIx64, id);
	return out;
}

const char *part_key(
	char out[PART_SIZE], const struct dwell_catalog *catalog, const struct dwell_key *key)
{
	switch (key->by) {
	case DWELL_BY_TASK:
		return part_task(out, catalog, key->id);
	case DWELL_BY_OBJECT:
		return part_object(out, catalog, key->id);
	default:
		snprintf(out, PART_SIZE, "%.*s", length(key->text), key->text.at);
	}
	return out;
}

void part_object_json(
	struct dwell_json *json, const char *key, const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_object *object = dwell_catalog_object(catalog, id);
	char text[PART_SIZE];

	if (!object) {
		dwell_json_null(json, key);
		return;
	}
	dwell_json_object(json, key);
	snprintf(text, sizeof(text), "%" PRIu32, id);
	dwell_json_string(json, "id", text);
	dwell_json_string(json, "kind", dwell_object_kind_name(object->kind));
	dwell_json_string(json, "name", part_object(text, catalog, id));
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
	char text[PART_SIZE];

	dwell_json_array(json, "holders");
	for (size_t i = 0; i < count; i++) {
		const struct dwell_holder *holder = &holders[i];

		dwell_json_object(json, NULL);
		part_id_json(json, "task", holder->task);
		dwell_json_string(json, "name", part_task(text, catalog, holder->task));
		dwell_json_string(json, "class", part_class(text, catalog, holder->task));
		dwell_json_string(json, "how", holder->how == DWELL_HOW_READ ? "read" : "inferred");
		part_stack_json(json, "stack", catalog, holder->stack);
		dwell_json_number(json, "count", holder->count);
		dwell_json_number(json, "total_ns", holder->total_ns);
		part_times_json(json, &holder->times);
		part_reasons_json(json, "blocked_by", holder->blocked_by);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

/* What stands for tasks, objects and places in every answer. */
#include "dwell/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* printf's precision for a string of the trace. */
static int length(struct dwell_string text)
{
	return text.size > 200 ? 200 : (int)text.size;
}

const char *dwell_name_task(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);

	*out = '\0';
	if (!task && id)
		snprintf(out, DWELL_NAME_SIZE, "task %" PRIu32, id);
	else if (!task)
		return out;
	else if (task->name.size && task->native_id)
		snprintf(out, DWELL_NAME_SIZE, "%.*s (%" PRIu64 ")", length(task->name),
			task->name.at, task->native_id);
	else if (task->name.size && task->tid >= 0)
		snprintf(out, DWELL_NAME_SIZE, "%.*s (%" PRId64 ")", length(task->name),
			task->name.at, task->tid);
	else if (task->name.size)
		snprintf(out, DWELL_NAME_SIZE, "%.*s", length(task->name), task->name.at);
	else if (task->native_id)
		snprintf(out, DWELL_NAME_SIZE, "%s %" PRIu64, dwell_task_kind_name(task->kind),
			task->native_id);
	else
		snprintf(out, DWELL_NAME_SIZE, "%s %" PRId64, dwell_task_kind_name(task->kind),
			task->tid >= 0 ? task->tid : (int64_t)id);
	return out;
}

const char *dwell_name_class(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);
	const struct dwell_catalog_class *class =
		task ? dwell_catalog_class(catalog, task->class_id) : NULL;

	*out = '\0';
	if (class)
		snprintf(out, DWELL_NAME_SIZE, "%.*s", length(class->text), class->text.at);
	return out;
}

const char *dwell_name_executor(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_executor *executor = dwell_catalog_executor(catalog, id);
	const char *kind = executor ? dwell_executor_kind_name(executor->kind) : NULL;

	*out = '\0';
	if (executor && executor->name.size)
		snprintf(out, DWELL_NAME_SIZE, "%.*s", length(executor->name), executor->name.at);
	else if (executor)
		snprintf(out, DWELL_NAME_SIZE, "%s %" PRIu32, kind ? kind : "executor",
			executor->number);
	else if (id)
		snprintf(out, DWELL_NAME_SIZE, "executor %" PRIu32, id);
	return out;
}

const char *dwell_name_frame(char out[DWELL_NAME_SIZE], const struct dwell_frame *frame, bool place)
{
	const struct dwell_string file = dwell_base_name(frame->file);
	const struct dwell_string module = dwell_base_name(frame->module);
	int used;

	if (!frame->function.size) {
		/* Where it was loaded differs from run to run; its place in the file does not. */
		snprintf(out, DWELL_NAME_SIZE, "%.*s%s0x%" PRIx64, length(module), module.at,
			module.size ? "+" : "", module.size ? frame->offset : frame->address);
		return out;
	}
	used = snprintf(out, DWELL_NAME_SIZE, "%.*s", length(frame->function), frame->function.at);
	if (place && file.size && frame->line)
		snprintf(out + used, DWELL_NAME_SIZE - (size_t)used, " (%.*s:%" PRIu32 ")",
			length(file), file.at, frame->line);
	return out;
}

const char *dwell_name_site(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t stack)
{
	struct dwell_frame frames[64];
	const size_t count = dwell_catalog_frames(catalog, stack, frames, 64);
	const size_t held = count < 64 ? count : 64;
	size_t site = dwell_frames_site(frames, held);

	*out = '\0';
	/* All of it is the library's: its innermost call is as good a name as there is. */
	if (site == held)
		for (site = 0; site < held && !dwell_frame_is_code(&frames[site]);)
			site++;
	return site < held ? dwell_name_frame(out, &frames[site], true) : out;
}

/* Recorders give it descriptors that were closed before they were looked at. */
static bool is_descriptor(uint8_t kind, uint64_t native_id)
{
	return kind == DWELL_OBJECT_OTHER && native_id < 1 << 20;
}

const char *dwell_name_native(char out[DWELL_NATIVE_SIZE], uint8_t kind, uint64_t native_id)
{
	const bool numbered = is_descriptor(kind, native_id) ||
			      (kind >= DWELL_OBJECT_FILE && kind <= DWELL_OBJECT_TERMINAL &&
				      kind != DWELL_OBJECT_TIMER && kind != DWELL_OBJECT_POOL);

	snprintf(out, DWELL_NATIVE_SIZE, numbered ? "%" PRIu64 : "0x%" PRIx64, native_id);
	return out;
}

const char *dwell_name_object(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_object *object = dwell_catalog_object(catalog, id);
	const char *kind = object ? dwell_object_kind_name(object->kind) : NULL;
	char native[DWELL_NATIVE_SIZE];

	*out = '\0';
	if (!object)
		return out;
	if (object->name.size)
		snprintf(out, DWELL_NAME_SIZE, "%.*s", length(object->name), object->name.at);
	else if (object->creation_stack && *dwell_name_site(out, catalog, object->creation_stack))
		return out;
	else if (is_descriptor(object->kind, object->native_id))
		snprintf(out, DWELL_NAME_SIZE, "descriptor %" PRIu64, object->native_id);
	else if (object->native_id)
		snprintf(out, DWELL_NAME_SIZE, "%s %s", kind ? kind : "object",
			dwell_name_native(native, object->kind, object->native_id));
	else
		snprintf(out, DWELL_NAME_SIZE, "%s %" PRIu32, kind ? kind : "object", id);
	return out;
}

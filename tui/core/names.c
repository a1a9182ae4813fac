#include "core/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int length(struct dwell_string text)
{
	return text.size > 500 ? 500 : (int)text.size;
}

const char *name_task(char out[NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);
	const char *kind = task ? dwell_task_kind_name(task->kind) : NULL;

	*out = '\0';
	if (!task)
		snprintf(out, NAME_SIZE, id ? "task %" PRIu32 : "", id);
	else if (task->name.size && task->native_id)
		snprintf(out, NAME_SIZE, "%.*s %" PRIu64, length(task->name), task->name.at,
			task->native_id);
	else if (task->name.size && task->tid >= 0)
		snprintf(out, NAME_SIZE, "%.*s %" PRId64, length(task->name), task->name.at,
			task->tid);
	else if (task->name.size)
		snprintf(out, NAME_SIZE, "%.*s", length(task->name), task->name.at);
	else
		snprintf(out, NAME_SIZE, "%s %" PRIu64, kind ? kind : "task",
			task->native_id  ? task->native_id
			: task->tid >= 0 ? (uint64_t)task->tid
					 : (uint64_t)id);
	return out;
}

static const char *name_process(
	char out[NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_process *process = dwell_catalog_process(catalog, id);

	if (process && process->pid >= 0)
		snprintf(out, NAME_SIZE, "%.*s [%" PRId64 "]", length(process->name),
			process->name.at ? process->name.at : "", process->pid);
	else if (process && process->name.size)
		snprintf(out, NAME_SIZE, "%.*s", length(process->name), process->name.at);
	else
		snprintf(out, NAME_SIZE, id ? "process %" PRIu32 : "no process", id);
	return out;
}

const char *name_executor(char out[NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_executor *executor = dwell_catalog_executor(catalog, id);
	const char *kind = executor ? dwell_executor_kind_name(executor->kind) : NULL;

	*out = '\0';
	if (executor && executor->name.size)
		snprintf(out, NAME_SIZE, "%.*s", length(executor->name), executor->name.at);
	else if (executor)
		snprintf(out, NAME_SIZE, "%s %" PRIu32, kind ? kind : "executor", executor->number);
	else if (id)
		snprintf(out, NAME_SIZE, "executor %" PRIu32, id);
	return out;
}

const char *name_row(char out[NAME_SIZE], const struct tui *tui, const struct tui_row *row)
{
	const struct dwell_catalog_class *class;

	switch (row->kind) {
	case ROW_PROCESS:
		return name_process(out, tui->catalog, row->id);
	case ROW_CLASS:
		class = dwell_catalog_class(tui->catalog, row->id);
		if (class)
			snprintf(out, NAME_SIZE, "%.*s", length(class->text), class->text.at);
		else
			snprintf(out, NAME_SIZE, "no class");
		return out;
	case ROW_EXECUTOR:
		return name_executor(out, tui->catalog, row->id);
	default:
		return name_task(out, tui->catalog, row->id);
	}
}

static struct dwell_string base_name(struct dwell_string path)
{
	for (size_t i = path.size; i--;)
		if (path.at[i] == '/')
			return (struct dwell_string){ path.at + i + 1, path.size - i - 1 };
	return path;
}

const char *name_frame(char out[NAME_SIZE], const struct dwell_frame *frame)
{
	const struct dwell_string file = base_name(frame->file), module = base_name(frame->module);
	int used;

	if (!frame->function.size) {
		snprintf(out, NAME_SIZE, "%.*s%s0x%" PRIx64, length(module),
			module.at ? module.at : "", module.size ? " " : "", frame->address);
		return out;
	}
	used = snprintf(out, NAME_SIZE, "%.*s", length(frame->function), frame->function.at);
	if (file.size && frame->line && used < NAME_SIZE - 32)
		snprintf(out + used, NAME_SIZE - (size_t)used, " (%.*s:%" PRIu32 ")", length(file),
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

const char *name_site(char out[NAME_SIZE], const struct dwell_catalog *catalog, uint32_t stack)
{
	struct dwell_frame frames[64];
	const size_t count = dwell_catalog_frames(catalog, stack, frames, 64);

	*out = '\0';
	for (size_t i = 0; i < count && i < 64; i++)
		if (!is_common(&frames[i]))
			return name_frame(out, &frames[i]);
	return count ? name_frame(out, &frames[0]) : out;
}

const char *name_object(char out[NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_object *object = dwell_catalog_object(catalog, id);
	const char *kind = object ? dwell_object_kind_name(object->kind) : NULL;

	*out = '\0';
	if (!object)
		return out;
	if (object->name.size)
		snprintf(out, NAME_SIZE, "%.*s", length(object->name), object->name.at);
	else if (object->creation_stack && *name_site(out, catalog, object->creation_stack))
		return out;
	else
		snprintf(out, NAME_SIZE,
			object->native_id > 0xfff ? "%s 0x%" PRIx64 : "%s %" PRIu64,
			kind ? kind : "object", object->native_id ? object->native_id : id);
	return out;
}

const char *name_time(char out[NAME_SIZE], uint64_t time_ns, uint64_t resolution_ns)
{
	int digits = 0;

	for (uint64_t step = 1000000000; step > resolution_ns && digits < 9; step /= 10)
		digits++;
	if (digits) {
		uint64_t rest = time_ns % 1000000000;

		for (int i = digits; i < 9; i++)
			rest /= 10;
		snprintf(out, NAME_SIZE, "%" PRIu64 ".%0*" PRIu64 " s", time_ns / 1000000000,
			digits, rest);
	} else {
		snprintf(out, NAME_SIZE, "%" PRIu64 " s", time_ns / 1000000000);
	}
	return out;
}

static bool read_duration(const char *text, uint64_t *out)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "µs", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
		{ "min", 6e10 }, { "h", 3.6e12 }, { "", 1e9 } };
	char *end;
	const double value = strtod(text, &end);

	if (end == text || !(value >= 0))
		return false;
	while (*end == ' ')
		end++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (!(value * units[i].ns < 9e18))
			return false;
		*out = (uint64_t)(value * units[i].ns + 0.5);
		return true;
	}
	return false;
}

/* "14:03:22.5", in the user's zone: the first such moment at or after the trace's start. */
static bool read_clock(const struct tui *tui, const char *text, uint64_t *out)
{
	const time_t start = (time_t)(tui->facts->start_unix_ns / 1000000000);
	unsigned hours, minutes;
	double seconds;
	struct tm day;
	uint64_t wanted, midnight;

	if (!tui->facts->start_unix_ns ||
		sscanf(text, "%2u:%2u:%lf", &hours, &minutes, &seconds) != 3 || hours > 23 ||
		minutes > 59 || !(seconds >= 0 && seconds < 61) || !localtime_r(&start, &day))
		return false;
	midnight =
		((uint64_t)start - (uint64_t)(day.tm_hour * 3600 + day.tm_min * 60 + day.tm_sec)) *
		1000000000;
	wanted = midnight + (hours * 3600u + minutes * 60u) * UINT64_C(1000000000) +
		 (uint64_t)(seconds * 1e9);
	if (wanted < tui->facts->start_unix_ns)
		wanted += UINT64_C(86400) * 1000000000;
	*out = wanted - tui->facts->start_unix_ns;
	return true;
}

bool time_of_text(const struct tui *tui, const char *text, uint64_t *out)
{
	const char sign = *text;
	uint64_t ns;

	if (strchr(text, ':'))
		return read_clock(tui, text, out);
	if (!read_duration(text + (sign == '+' || sign == '-'), &ns))
		return false;
	if (sign == '+')
		*out = tui->place.time_ns + ns;
	else if (sign == '-')
		*out = tui->place.time_ns > ns ? tui->place.time_ns - ns : 0;
	else
		*out = ns;
	return true;
}

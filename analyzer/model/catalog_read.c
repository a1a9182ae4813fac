/* The catalog as it is read, and what it works out: classes, identities. */
#include "model/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"

const struct dwell_catalog_process *dwell_catalog_process(
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct catalog_process *kept = table_get(&catalog->processes, id);

	return kept && kept->process.id ? &kept->process : NULL;
}

/* Where it is packed, it is unpacked: the catalog says the same before and after. */
static inline const struct catalog_task *find_task(const struct dwell_catalog *catalog, uint32_t id)
{
	const struct catalog_task *kept = table_get(&catalog->tasks, id);

	return kept || !catalog->packed.end ? kept
					    : catalog_unpack((struct dwell_catalog *)catalog, id);
}

const struct dwell_catalog_task *dwell_catalog_task(
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct catalog_task *kept = find_task(catalog, id);

	return kept && kept->task.id ? &kept->task : NULL;
}

const struct dwell_catalog_class *dwell_catalog_class(
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_class *kept = table_get(&catalog->classes, id);

	return kept && kept->id ? kept : NULL;
}

const struct dwell_catalog_executor *dwell_catalog_executor(
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct catalog_executor *kept = table_get(&catalog->executors, id);

	return kept && kept->executor.id ? &kept->executor : NULL;
}

const struct dwell_catalog_object *dwell_catalog_object(
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct catalog_object *kept = table_get(&catalog->objects, id);

	return kept && kept->object.id ? &kept->object : NULL;
}

const struct dwell_catalog_counter *dwell_catalog_counter(
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct catalog_counter *kept = table_get(&catalog->counters, id);

	return kept && kept->counter.id ? &kept->counter : NULL;
}

struct dwell_string dwell_catalog_label(const struct dwell_catalog *catalog, uint32_t id)
{
	const struct catalog_label *kept = table_get(&catalog->labels, id);

	return kept ? kept->text : (struct dwell_string){ 0 };
}

bool dwell_catalog_recorded(const struct dwell_catalog *catalog, uint32_t task)
{
	const struct catalog_task *kept = find_task(catalog, task);
	const struct catalog_process *process =
		kept ? table_get(&catalog->processes, kept->task.process) : NULL;

	if (catalog_is_other(catalog, task))
		return false;
	return !catalog->marked || (process && process->process.recorded);
}

uint32_t dwell_catalog_processes(const struct dwell_catalog *catalog)
{
	return catalog->processes.end;
}

uint32_t dwell_catalog_tasks(const struct dwell_catalog *catalog)
{
	return catalog->tasks.end;
}

uint32_t dwell_catalog_classes(const struct dwell_catalog *catalog)
{
	return catalog->classes.end;
}

uint32_t dwell_catalog_executors(const struct dwell_catalog *catalog)
{
	return catalog->executors.end;
}

static const struct catalog_stack *find_stack(const struct dwell_catalog *catalog, uint32_t id)
{
	const struct catalog_stack *kept = table_get(&catalog->stacks, id);

	return kept && kept->defined ? kept : NULL;
}

static const struct catalog_location *find_location(
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct catalog_location *kept = table_get(&catalog->locations, id);

	return kept && kept->defined ? kept : NULL;
}

/* The frames of one location from index `at` of the array on; returns the next index. */
static size_t frames_of(const struct dwell_catalog *catalog, uint32_t id,
	struct dwell_frame *frames, size_t cap, size_t at)
{
	const struct catalog_location *location = find_location(catalog, id);
	const struct catalog_mapping *mapping =
		location ? table_get(&catalog->mappings, location->mapping) : NULL;
	struct dwell_frame frame = { .address = location ? location->address : 0 };
	size_t i = 0;

	if (mapping) {
		frame.module = mapping->path;
		frame.offset = frame.address - mapping->base;
	}
	do {
		if (location && i < location->line_count) {
			frame.function = location->lines[i].function;
			frame.file = location->lines[i].file;
			frame.line = location->lines[i].line;
			frame.inlined = i + 1 < location->line_count;
		}
		if (at < cap)
			frames[at] = frame;
		at++;
	} while (location && ++i < location->line_count);
	return at;
}

size_t dwell_catalog_frames(
	const struct dwell_catalog *catalog, uint32_t stack, struct dwell_frame *frames, size_t cap)
{
	const struct catalog_stack *kept = find_stack(catalog, stack);
	size_t at = 0;

	for (uint32_t i = 0; kept && i < kept->count; i++)
		at = frames_of(catalog, kept->locations[i], frames, cap, at);
	return at;
}

bool dwell_catalog_truncated(const struct dwell_catalog *catalog, uint32_t stack)
{
	const struct catalog_stack *kept = find_stack(catalog, stack);

	return kept && kept->truncated;
}

size_t dwell_catalog_notes(const struct dwell_catalog *catalog)
{
	return catalog->note_count;
}

const struct dwell_note *dwell_catalog_note(const struct dwell_catalog *catalog, size_t i)
{
	return i < catalog->note_count ? &catalog->notes[i].note : NULL;
}

struct dwell_frame catalog_place(const struct dwell_catalog *catalog, uint32_t location)
{
	struct dwell_frame frames[DWELL_MAX_INLINE_LINES];
	const size_t count = frames_of(catalog, location, frames, DWELL_MAX_INLINE_LINES, 0);

	for (size_t i = 0; i < count && i < DWELL_MAX_INLINE_LINES; i++)
		if (frames[i].function.size)
			return frames[i];
	return frames[0];
}

static uint64_t hash_string(uint64_t hash, struct dwell_string text)
{
	return hash_bytes(text.at, text.size, hash);
}

/* Behind the C library, where that is not all there is. */
static uint32_t beyond_libc(const struct dwell_catalog *catalog, const struct catalog_stack *stack)
{
	for (uint32_t i = 0; i < stack->count; i++) {
		struct dwell_frame frame;

		(void)frames_of(catalog, stack->locations[i], &frame, 1, 0);
		if (!dwell_frame_is_of_libc(&frame))
			return i;
	}
	return 0;
}

/*
 * Where the part of a stack begins that is the program's own: where frames of an interpreter are
 * named, not addressed, at the first of them. By what way the interpreter came from there to what
 * it waits in changes from run to run, and within one. So does the C library's way from its caller
 * to a call: what it reads ahead and writes behind.
 */
static uint32_t own_part(const struct dwell_catalog *catalog, const struct catalog_stack *stack)
{
	bool addressed = false;

	for (uint32_t i = 0; i < stack->count; i++) {
		const struct catalog_location *location =
			find_location(catalog, stack->locations[i]);

		if (addressed && location && !location->address && location->line_count)
			return i;
		addressed = location && location->address;
	}
	return beyond_libc(catalog, stack);
}

/* What a stack is hashed of: functions, and of these each once. */
struct way {
	uint64_t hash;
	uint64_t seen[128]; /* beyond these each counts */
	uint32_t count;
};

static void add_function(struct way *way, uint64_t function)
{
	for (uint32_t i = 0; i < way->count; i++)
		if (way->seen[i] == function)
			return;
	if (way->count < sizeof(way->seen) / sizeof(way->seen[0]))
		way->seen[way->count++] = function;
	way->hash = hash_mix(way->hash, function);
}

uint64_t catalog_stack_hash(const struct dwell_catalog *catalog, uint32_t stack)
{
	const struct catalog_stack *kept = find_stack(catalog, stack);
	struct way way = { .hash = 0, .count = 0 };

	for (uint32_t i = kept ? own_part(catalog, kept) : 0; kept && i < kept->count; i++) {
		const struct catalog_location *location =
			find_location(catalog, kept->locations[i]);

		if (!location)
			continue;
		for (uint32_t j = 0; j < location->line_count; j++)
			add_function(&way, hash_string(0, location->lines[j].function));
		/* Not symbolized: an address tells places apart within this run only. */
		if (!location->line_count)
			add_function(&way, hash_mix(1, location->address));
	}
	return way.hash;
}

uint64_t catalog_object_hash(const struct dwell_catalog *catalog, uint32_t object)
{
	const struct dwell_catalog_object *kept = dwell_catalog_object(catalog, object);

	if (!kept)
		return 0;
	if (kept->name.size)
		return hash_string(kept->kind + 1u, kept->name);
	return hash_mix(kept->kind + 1u, catalog_stack_hash(catalog, kept->creation_stack));
}

int catalog_keep(struct dwell_catalog *catalog, struct dwell_string text, struct dwell_string *out)
{
	return strings_keep(&catalog->strings, text, out);
}

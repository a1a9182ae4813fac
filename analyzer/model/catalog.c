/* Definitions in: each is kept compactly, a later one replaces an earlier one. */
#include "model/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"

int catalog_new(struct dwell_catalog **out)
{
	struct dwell_catalog *catalog = calloc(1, sizeof(*catalog));

	if (!catalog)
		return DWELL_ENOMEM;
	pthread_mutex_init(&catalog->lock, NULL);
	catalog->processes.item = sizeof(struct catalog_process);
	catalog->tasks.item = sizeof(struct catalog_task);
	catalog->executors.item = sizeof(struct catalog_executor);
	catalog->objects.item = sizeof(struct catalog_object);
	catalog->mappings.item = sizeof(struct catalog_mapping);
	catalog->locations.item = sizeof(struct catalog_location);
	catalog->stacks.item = sizeof(struct catalog_stack);
	catalog->labels.item = sizeof(struct catalog_label);
	catalog->counters.item = sizeof(struct catalog_counter);
	catalog->classes.item = sizeof(struct dwell_catalog_class);
	catalog->shapes.item = sizeof(struct catalog_shape);
	*out = catalog;
	return DWELL_OK;
}

void catalog_free(struct dwell_catalog *catalog)
{
	if (!catalog)
		return;
	table_release(&catalog->processes);
	table_release(&catalog->tasks);
	catalog_drop_packed(catalog);
	table_release(&catalog->executors);
	table_release(&catalog->objects);
	table_release(&catalog->mappings);
	table_release(&catalog->locations);
	table_release(&catalog->stacks);
	table_release(&catalog->labels);
	table_release(&catalog->counters);
	table_release(&catalog->classes);
	table_release(&catalog->shapes);
	free(catalog->shape_slots);
	strings_release(&catalog->strings);
	arena_release(&catalog->arena);
	free(catalog->notes);
	pthread_mutex_destroy(&catalog->lock);
	free(catalog);
}

/* The thing to be filled in *out; NULL where a later stage has defined it. Locks. */
static int begin_put(
	struct dwell_catalog *catalog, struct table *table, uint32_t id, uint32_t limit, void **out)
{
	if (!id || id > limit)
		return DWELL_ELIMIT;
	pthread_mutex_lock(&catalog->lock);
	*out = table_make(table, id);
	if (*out)
		return DWELL_OK;
	pthread_mutex_unlock(&catalog->lock);
	return DWELL_ENOMEM;
}

static int end_put(struct dwell_catalog *catalog, int err)
{
	pthread_mutex_unlock(&catalog->lock);
	return err;
}

int catalog_put_process(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_process *process)
{
	void *at;
	int err = begin_put(catalog, &catalog->processes, process->id, DWELL_MAX_PROCESSES, &at);
	struct catalog_process *kept = at;

	if (err)
		return err;
	if (stage < kept->stage)
		return end_put(catalog, DWELL_OK);
	kept->stage = stage;
	kept->process.id = process->id;
	kept->process.parent = process->parent;
	kept->process.pid = process->pid;
	kept->process.recorded = process->recorded;
	catalog->marked |= process->recorded;
	err = strings_keep(&catalog->strings, process->name, &kept->process.name);
	if (!err)
		err = strings_keep(&catalog->strings, process->command, &kept->process.command);
	return end_put(catalog, err);
}

int catalog_put_task(struct dwell_catalog *catalog, uint32_t stage, const struct dwell_task *task)
{
	void *at;
	int err;

	if (catalog->packed.end && !table_get(&catalog->tasks, task->id))
		catalog_unpack(catalog, task->id);
	err = begin_put(catalog, &catalog->tasks, task->id, DWELL_MAX_TASKS, &at);
	struct catalog_task *kept = at;

	if (err)
		return err;
	if (!kept->task.id || stage < kept->first_stage)
		kept->first_stage = stage;
	/* Knowledge of a task starts where the earliest definition says; any may have seen it. */
	if (!kept->task.id || task->created_ns < kept->task.created_ns)
		kept->task.created_ns = task->created_ns;
	kept->task.born |= task->born;
	if (kept->task.id && stage < kept->stage)
		return end_put(catalog, DWELL_OK);
	kept->stage = stage;
	kept->task.id = task->id;
	kept->task.process = task->process;
	kept->task.parent = task->parent;
	kept->task.creation_stack = task->creation_stack;
	kept->task.start_location = task->start_location;
	kept->task.kind = task->kind;
	kept->task.tid = task->tid;
	kept->task.native_id = task->native_id;
	catalog->has_others |= task->created_ns == DWELL_FOREVER;
	return end_put(catalog, strings_keep(&catalog->strings, task->name, &kept->task.name));
}

int catalog_put_executor(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_executor *executor)
{
	void *at;
	const int err =
		begin_put(catalog, &catalog->executors, executor->id, DWELL_MAX_EXECUTORS, &at);
	struct catalog_executor *kept = at;

	if (err)
		return err;
	if (!kept->executor.id || stage < kept->first_stage)
		kept->first_stage = stage;
	if (stage < kept->stage)
		return end_put(catalog, DWELL_OK);
	kept->stage = stage;
	kept->executor.id = executor->id;
	kept->executor.parent = executor->parent;
	kept->executor.number = executor->number;
	kept->executor.kind = executor->kind;
	return end_put(
		catalog, strings_keep(&catalog->strings, executor->name, &kept->executor.name));
}

int catalog_put_object(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_object *object)
{
	void *at;
	const int err = begin_put(catalog, &catalog->objects, object->id, DWELL_MAX_OBJECTS, &at);
	struct catalog_object *kept = at;

	if (err)
		return err;
	if (stage < kept->stage)
		return end_put(catalog, DWELL_OK);
	kept->stage = stage;
	kept->object.id = object->id;
	kept->object.process = object->process;
	kept->object.creation_stack = object->creation_stack;
	kept->object.kind = object->kind;
	kept->object.native_id = object->native_id;
	return end_put(catalog, strings_keep(&catalog->strings, object->name, &kept->object.name));
}

int catalog_put_mapping(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_mapping *mapping)
{
	void *at;
	/* Mappings have no limit of their own: each has its locations. */
	const int err =
		begin_put(catalog, &catalog->mappings, mapping->id, DWELL_MAX_LOCATIONS, &at);
	struct catalog_mapping *kept = at;

	if (err)
		return err;
	if (stage < kept->stage)
		return end_put(catalog, DWELL_OK);
	kept->stage = stage;
	kept->defined = true;
	kept->base = mapping->start - mapping->file_offset;
	return end_put(catalog, strings_keep(&catalog->strings, mapping->path, &kept->path));
}

static int keep_lines(struct dwell_catalog *catalog, const struct dwell_location *location,
	struct catalog_location *kept)
{
	struct catalog_line *lines =
		arena_take(&catalog->arena, location->line_count * sizeof(*lines));
	int err = lines ? DWELL_OK : DWELL_ENOMEM;

	for (size_t i = 0; i < location->line_count && !err; i++) {
		const struct dwell_line *line = &location->lines[i];

		lines[i].line = line->line;
		err = strings_keep(&catalog->strings, line->function, &lines[i].function);
		if (!err)
			err = strings_keep(&catalog->strings, line->file, &lines[i].file);
	}
	if (err)
		return err;
	kept->lines = lines;
	kept->line_count = (uint32_t)location->line_count;
	return DWELL_OK;
}

static bool same_lines(const struct catalog_location *kept, const struct dwell_location *location)
{
	if (kept->line_count != location->line_count)
		return false;
	for (size_t i = 0; i < location->line_count; i++) {
		const struct catalog_line *a = &kept->lines[i];
		const struct dwell_line *b = &location->lines[i];

		if (a->line != b->line || a->function.size != b->function.size ||
			a->file.size != b->file.size ||
			(a->function.size &&
				memcmp(a->function.at, b->function.at, a->function.size) != 0) ||
			(a->file.size && memcmp(a->file.at, b->file.at, a->file.size) != 0))
			return false;
	}
	return true;
}

int catalog_put_location(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_location *location)
{
	void *at;
	int err = location->line_count > DWELL_MAX_INLINE_LINES
			  ? DWELL_ELIMIT
			  : begin_put(catalog, &catalog->locations, location->id,
				    DWELL_MAX_LOCATIONS, &at);

	if (err)
		return err;

	struct catalog_location *kept = at;
	if (stage < kept->stage)
		return end_put(catalog, DWELL_OK);
	kept->stage = stage;
	kept->defined = true;
	kept->address = location->address;
	kept->mapping = location->mapping;
	if (!same_lines(kept, location))
		err = keep_lines(catalog, location, kept);
	return end_put(catalog, err);
}

int catalog_put_stack(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_stack *stack)
{
	void *at;
	const int err = stack->count > DWELL_MAX_FRAMES ? DWELL_ELIMIT
							: begin_put(catalog, &catalog->stacks,
								  stack->id, DWELL_MAX_STACKS, &at);

	if (err)
		return err;

	struct catalog_stack *kept = at;
	const size_t size = stack->count * sizeof(*stack->locations);
	if (stage < kept->stage)
		return end_put(catalog, DWELL_OK);
	kept->stage = stage;
	kept->defined = true;
	kept->truncated = stack->truncated;
	/* Tables are told again in every part: mostly the same. */
	if (kept->count == stack->count &&
		(!size || memcmp(kept->locations, stack->locations, size) == 0))
		return end_put(catalog, DWELL_OK);

	uint32_t *locations = arena_take(&catalog->arena, size);
	if (!locations)
		return end_put(catalog, DWELL_ENOMEM);
	memcpy(locations, stack->locations, size);
	kept->locations = locations;
	kept->count = (uint32_t)stack->count;
	return end_put(catalog, DWELL_OK);
}

int catalog_put_label(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_label *label)
{
	void *at;
	const int err = begin_put(catalog, &catalog->labels, label->id, DWELL_MAX_LABELS, &at);
	struct catalog_label *kept = at;

	if (err)
		return err;
	if (stage < kept->stage)
		return end_put(catalog, DWELL_OK);
	kept->stage = stage;
	return end_put(catalog, strings_keep(&catalog->strings, label->text, &kept->text));
}

int catalog_put_counter(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_counter *counter)
{
	void *at;
	int err = begin_put(catalog, &catalog->counters, counter->id, DWELL_MAX_COUNTERS, &at);
	struct catalog_counter *kept = at;

	if (err)
		return err;
	if (stage < kept->stage)
		return end_put(catalog, DWELL_OK);
	kept->stage = stage;
	kept->counter.id = counter->id;
	kept->counter.kind = counter->kind;
	kept->counter.exponent = counter->exponent;
	err = strings_keep(&catalog->strings, counter->name, &kept->counter.name);
	if (!err)
		err = strings_keep(&catalog->strings, counter->unit, &kept->counter.unit);
	return end_put(catalog, err);
}

static bool note_room(struct dwell_catalog *catalog)
{
	if (catalog->note_count < catalog->note_cap)
		return true;

	const size_t cap = catalog->note_cap ? catalog->note_cap * 2 : 16;
	struct catalog_note *notes = realloc(catalog->notes, cap * sizeof(*notes));

	if (!notes)
		return false;
	catalog->notes = notes;
	catalog->note_cap = cap;
	return true;
}

int catalog_put_note(struct dwell_catalog *catalog, uint32_t stage, const struct dwell_note *note)
{
	struct catalog_note kept = { .stage = stage };

	pthread_mutex_lock(&catalog->lock);

	int err = note_room(catalog) ? DWELL_OK : DWELL_ENOMEM;
	if (!err)
		err = strings_keep(&catalog->strings, note->key, &kept.note.key);
	if (!err)
		err = strings_keep(&catalog->strings, note->value, &kept.note.value);
	kept.order = (uint32_t)catalog->note_count;
	/* Told again in every part that has tables. */
	for (size_t i = 0; i < catalog->note_count && !err; i++) {
		const struct catalog_note *other = &catalog->notes[i];

		if (other->note.key.at == kept.note.key.at &&
			other->note.value.at == kept.note.value.at) {
			if (stage < other->stage)
				catalog->notes[i].stage = stage;
			return end_put(catalog, DWELL_OK);
		}
	}
	if (!err)
		catalog->notes[catalog->note_count++] = kept;
	return end_put(catalog, err);
}

/* What tasks of one class have in common. */
#include <stdlib.h>

#include "dwell/error.h"
#include "model/catalog.h"

uint64_t catalog_shape_hash(const struct dwell_catalog_task *task)
{
	uint64_t hash = hash_mix(task->kind, task->process);

	hash = hash_mix(hash, (uintptr_t)task->name.at); /* kept once */
	return hash_mix(hash_mix(hash, task->start_location), task->creation_stack);
}

bool catalog_same_shape(const struct dwell_catalog_task *a, const struct dwell_catalog_task *b)
{
	return a->kind == b->kind && a->process == b->process && a->name.at == b->name.at &&
	       a->start_location == b->start_location && a->creation_stack == b->creation_stack;
}

static uint32_t *find_shape(
	const struct dwell_catalog *catalog, const struct dwell_catalog_task *task)
{
	size_t i = catalog_shape_hash(task) & (catalog->shape_cap - 1);

	for (;; i = (i + 1) & (catalog->shape_cap - 1)) {
		uint32_t *slot = &catalog->shape_slots[i];
		const struct catalog_shape *shape = table_get(&catalog->shapes, *slot);

		if (!*slot || catalog_same_shape(&shape->task, task))
			return slot;
	}
}

static int grow(struct dwell_catalog *catalog)
{
	const size_t cap = catalog->shape_cap ? catalog->shape_cap * 2 : 64;
	uint32_t *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return DWELL_ENOMEM;
	free(catalog->shape_slots);
	catalog->shape_slots = slots;
	catalog->shape_cap = cap;
	for (uint32_t id = 1; id < catalog->shapes.end; id++) {
		const struct catalog_shape *shape = table_get(&catalog->shapes, id);

		*find_shape(catalog, &shape->task) = id;
	}
	return DWELL_OK;
}

uint32_t catalog_shape(struct dwell_catalog *catalog, uint32_t task)
{
	const struct catalog_task *kept = table_get(&catalog->tasks, task);
	struct catalog_shape *made;
	uint32_t *slot;

	if (!kept || !kept->task.id)
		return 0;
	if ((size_t)catalog->shapes.end * 2 >= catalog->shape_cap && grow(catalog))
		return 0;
	slot = find_shape(catalog, &kept->task);
	if (*slot)
		return *slot;
	made = table_make(&catalog->shapes, catalog->shapes.end ? catalog->shapes.end : 1);
	if (!made)
		return 0;
	made->task = kept->task;
	*slot = catalog->shapes.end - 1;
	return *slot;
}

void catalog_take_shape(struct dwell_catalog_task *task, const struct dwell_catalog_task *shape)
{
	task->kind = shape->kind;
	task->process = shape->process;
	task->name = shape->name;
	task->start_location = shape->start_location;
	task->creation_stack = shape->creation_stack;
	task->class_id = shape->class_id;
}

uint32_t catalog_class_of_shape(const struct dwell_catalog *catalog, uint32_t shape)
{
	const struct catalog_shape *of = table_get(&catalog->shapes, shape);

	return of ? of->task.class_id : 0;
}

const struct dwell_catalog_task *catalog_like(const struct dwell_catalog *catalog, uint32_t shape)
{
	const struct catalog_shape *of = table_get(&catalog->shapes, shape);

	return of && of->task.id ? &of->task : NULL;
}

uint64_t catalog_first_created(const struct dwell_catalog *catalog, uint32_t process)
{
	uint64_t first_ns = DWELL_FOREVER;

	for (uint32_t id = 1; id < catalog->shapes.end; id++) {
		const struct catalog_shape *shape = table_get(&catalog->shapes, id);

		if (shape->packed && shape->task.process == process && shape->first_ns < first_ns)
			first_ns = shape->first_ns;
	}
	for (uint32_t id = 1; id < catalog->tasks.end; id++) {
		const struct catalog_task *kept = table_get(&catalog->tasks, id);

		if (kept && kept->task.id && kept->task.process == process &&
			kept->task.created_ns < first_ns)
			first_ns = kept->task.created_ns;
	}
	return first_ns;
}

int catalog_restore(struct dwell_catalog *catalog, const struct dwell_catalog_task *task)
{
	struct catalog_task *kept = table_make(&catalog->tasks, task->id);

	if (!kept)
		return DWELL_ENOMEM;
	kept->task = *task;
	if (catalog->shape_cap)
		kept->task.class_id = catalog_class_of_shape(catalog, *find_shape(catalog, task));
	return DWELL_OK;
}

#include "dwell/limits.h"
#include "registry_private.h"

static void define_object(struct dwell_registry *registry, uint32_t id, struct dwell_string name)
{
	const struct registry_object *object = &registry->object[id - 1];
	struct dwell_object definition = { .id = id,
		.process = object->process,
		.kind = object->kind,
		.native_id = object->native_id,
		.name = name };

	if (registry->sink->ops->object)
		dwell_registry_note(
			registry, registry->sink->ops->object(registry->sink, &definition));
}

static uint32_t find_or_make(
	struct dwell_registry *registry, uint32_t process, uint8_t kind, uint64_t native_id)
{
	const uint64_t space = dwell_registry_space(process, kind);
	uint32_t id = dwell_map_get(&registry->by_object, space, native_id);

	if (id != 0)
		return id;
	if (!dwell_registry_grow((void **)&registry->object, &registry->objects,
		    sizeof(*registry->object), DWELL_MAX_OBJECTS))
		return 0;
	id = ++registry->objects.count;
	registry->object[id - 1] = (struct registry_object){ native_id, process, kind, false };
	dwell_registry_note(registry, dwell_map_set(&registry->by_object, space, native_id, id));
	define_object(registry, id, (struct dwell_string){ NULL, 0 });
	return id;
}

uint32_t dwell_registry_object(
	struct dwell_registry *registry, uint32_t process, uint8_t kind, uint64_t native_id)
{
	const uint64_t space = dwell_registry_space(process, kind);
	struct registry_memo *memo = dwell_registry_memo(registry, space, native_id);

	if (memo->id == 0 || memo->native_id != native_id || memo->space != space)
		*memo = (struct registry_memo){ native_id, space,
			find_or_make(registry, process, kind, native_id) };
	return memo->id;
}

uint8_t dwell_registry_object_kind(const struct dwell_registry *registry, uint32_t object)
{
	if (object == 0 || object > registry->objects.count)
		return DWELL_OBJECT_OTHER;
	return registry->object[object - 1].kind;
}

bool dwell_registry_object_is_named(const struct dwell_registry *registry, uint32_t object)
{
	return object != 0 && object <= registry->objects.count &&
	       registry->object[object - 1].named;
}

void dwell_registry_name_object(
	struct dwell_registry *registry, uint32_t object, struct dwell_string name)
{
	if (object == 0 || object > registry->objects.count)
		return;
	registry->object[object - 1].named = true;
	define_object(registry, object, name);
}

static uint32_t new_executor(
	struct dwell_registry *registry, uint8_t kind, uint32_t number, struct dwell_string name)
{
	struct dwell_executor definition = { .kind = kind, .number = number, .name = name };

	if (registry->executors >= DWELL_MAX_EXECUTORS)
		return 0;
	definition.id = ++registry->executors;
	if (registry->sink->ops->executor)
		dwell_registry_note(
			registry, registry->sink->ops->executor(registry->sink, &definition));
	return definition.id;
}

uint32_t dwell_registry_cpu(struct dwell_registry *registry, uint32_t number)
{
	uint32_t id = dwell_map_get(&registry->by_cpu, number, 0);

	if (id != 0)
		return id;
	id = new_executor(registry, DWELL_EXECUTOR_CPU, number, (struct dwell_string){ NULL, 0 });
	if (id != 0)
		dwell_registry_note(registry, dwell_map_set(&registry->by_cpu, number, 0, id));
	return id;
}

uint32_t dwell_registry_worker(
	struct dwell_registry *registry, uint32_t number, struct dwell_string name)
{
	return new_executor(registry, DWELL_EXECUTOR_WORKER, number, name);
}
